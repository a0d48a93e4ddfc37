"""What README and the map of the canvas name is there, and the map names every module."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "app" / "pellucid"


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


def test_the_maps_of_the_operations_name_every_module_and_no_other() -> None:
    for room in (PACKAGE / "operations", PACKAGE / "operations" / "engines"):
        there = {path.stem for path in room.glob("*.py")} - {"__init__"}
        text = (room / "__init__.py").read_text(encoding="utf-8").split('"""')[1]
        assert not there - set(re.findall(r"\w+", text))
        assert set(re.findall(r"``(\w+)``", text)) - {"engines"} <= there
