"""What README and the map of the canvas name is there, and the map names every module."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "app" / "pellucid"
NAMED_BESIDE_MODULES = {"Query", "What", "Progress", "Fetched", "Sent", "Received", "FoundStudy", "Refused", "Listener",
                        "echo", "find", "fetch", "send", "cancelled", "session", "requests"}  # fmt: skip


def test_what_the_readme_names_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text[text.index("| To change …") : text.index("The map of the code")]
    missing = []
    for line in table.splitlines()[2:]:
        folder = PACKAGE
        for name in re.findall(r"`([\w/]+(?:/|\.\w+))`", line):
            found = [top / name for top in (ROOT, PACKAGE, folder) if (top / name).exists()]
            missing += [] if found else [name]
            folder = found[0].parent if found else folder
    assert len(table.splitlines()) > 15 and not missing
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links and all((ROOT / link).exists() for link in links)
    assert all((ROOT / path).exists() for path in re.findall(r"\b(?:packaging|benchmarks|tests)/\w+\.(?:py|sh)", text))


def test_the_map_of_the_canvas_names_every_module_and_no_other() -> None:
    room = PACKAGE / "ui" / "canvas"
    there = {path.stem for path in room.glob("*.py")} - {"__init__"}
    words = re.findall(r"\w+", (room / "__init__.py").read_text(encoding="utf-8").split('"""')[1])
    named = {f"measure{word}" if word.startswith("_") else word for word in words}
    assert not there - named
    files = re.findall(r"(\w+)\.py", (room / "__init__.py").read_text(encoding="utf-8"))
    assert set(files) <= there


@pytest.mark.parametrize(
    "room",
    ["operations", "operations/engines", "dicom", "dicom/writing", "dicom/deidentify", "files", "database", "network",
     "network/dimse", "network/web", "ui/browser"],
)  # fmt: skip
def test_the_map_of_a_room_names_every_module_and_no_other(room: str) -> None:
    there = {path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__"}
    text = (PACKAGE / room / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
    assert not there - set(re.findall(r"\w+", text))
    inner = {path.parent.name for path in (PACKAGE / room).glob("*/__init__.py")}
    listed = set(re.findall(r"^    (\w+)  ", text, re.MULTILINE)) | set(re.findall(r"``(\w+)``", text))
    assert listed - inner <= there | NAMED_BESIDE_MODULES


def test_the_map_of_the_session_names_every_module_and_no_other() -> None:
    room = PACKAGE / "session"
    there = {path.stem for path in room.glob("*.py")} - {"__init__"}
    text = (room / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
    named = set(re.findall(r"(\w+)\.py", text))
    beginnings = tuple(re.findall(r"(\w+)\*\.py", text))
    assert named <= there
    assert not {name for name in there - named if not name.startswith(beginnings)}
