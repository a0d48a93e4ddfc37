"""Every catalogue holds all texts of today, none of yesterday, with the same fields and marks as the English."""

from __future__ import annotations

import ast
import importlib.util
import io
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted((ROOT / "resources" / "translations").glob("*.po"))
CALLS = {"tr": 1, "mark": 1, "within": 1, "tr_count": 2}
by_language = pytest.mark.parametrize("file", CATALOGUES, ids=lambda file: file.stem)


@cache
def script() -> ModuleType:
    """Return the script that makes the catalogues."""
    spec = importlib.util.spec_from_file_location("translations", ROOT / "packaging" / "translations.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["translations"] = module
    spec.loader.exec_module(module)
    return module


@cache
def texts() -> Catalog:
    return script().texts()


def read(file: Path) -> Catalog:
    return read_po(io.BytesIO(file.read_bytes()), locale=file.stem)


def ids(catalog: Catalog) -> set:
    return {message.id for message in catalog if message.id}


@by_language
def test_nothing_is_missing_and_nothing_is_stale(file):
    catalog = read(file)
    assert sorted(map(str, ids(texts()) - ids(catalog))) == []
    assert sorted(map(str, ids(catalog) - ids(texts()))) == []
    assert script().missing(catalog) == []


@by_language
def test_what_is_shown_is_what_was_translated(file):
    assert file.with_suffix(".mo").read_bytes() == script().compiled(read(file))


@by_language
def test_fields_blanks_and_marks_of_keys_are_those_of_the_english(file):
    assert script().mistakes(read(file)) == []


def test_the_texts_of_tables_and_declarations_are_collected():
    found = ids(texts())
    assert len(found) > 1500
    wanted = {
        "&View", "&Layout", "Thick slab", "Gaussian", "Faces, edges and corners", "Next slice", "Link panes",
        "Time curve", "Soft tissue", "Viridis", "voxels", "Rises where values grow downwards",
        "Standard deviation of the Gaussian; details much smaller than this disappear.",
        ("1 slice", "{count} slices"),
    }  # fmt: skip
    assert wanted - found == set()


def test_every_call_in_the_source_is_collected():
    """Read the source as Python does: what stands inside an f-string is no string for the collector."""
    called = set()
    for file in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
                given = [n.value for n in node.args[: CALLS[node.func.id]] if isinstance(n, ast.Constant)]
                called |= {tuple(given) if len(given) == 2 else given[0]} if all(given) and given else set()
    assert len(called) > 1000
    assert sorted(map(str, called - ids(texts()))) == []


@pytest.mark.parametrize(("english", "german", "said"), [
    ("{name} is there.", "{nam} ist da.", "fields"),
    ("{name} is there.", "Es ist da.", "fields"),
    ("{size:,} voxels", "{size} Voxel", "fields"),
    ("Open ", "Öffnen", "blanks"),
    ("&Open", "Öffnen", "key"),
    ("Open", "&Öffnen", "key"),
])  # fmt: skip
def test_a_mistake_is_found(english, german, said):
    catalog = Catalog(locale="de")
    catalog.add(english, german)
    (found,) = script().mistakes(catalog)
    assert said in found


def test_what_is_right_is_no_mistake():
    catalog = Catalog(locale="de")
    catalog.add("&Cut {name} && paste", "{name} aus&schneiden && einfügen")
    catalog.add(("One file ({name})", "{count} files ({name})"), ("Eine Datei ({name})", "{count} Dateien ({name})"))
    assert script().mistakes(catalog) == []
    catalog.add("Open")
    assert script().missing(catalog) == ["Open"]
