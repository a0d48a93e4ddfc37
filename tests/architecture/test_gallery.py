"""Every state of the gallery is listed in its docstring, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path


def test_the_docstring_lists_every_state_once_or_more():
    folder = Path(__file__).parents[2] / "packaging"
    text = (folder / "pictures.py").read_text("utf-8")
    siblings = ("operation_pictures.py", "object_pictures.py")
    sources = text + "".join((folder / name).read_text("utf-8") for name in siblings)
    states = set(re.findall(r"^@state\ndef (\w+)", sources, re.M))
    listed = set(re.findall(r"\w+", text.split("What shows what:")[1].split('"""')[0]))
    assert states and not states - listed
