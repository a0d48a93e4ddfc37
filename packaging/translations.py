"""Bring the translation catalogues up to date: ``python packaging/translations.py [CODE …]``.

Collects every text marked in the source (``tr``, ``tr_count``, ``mark``) and those that tables and declarations hold,
merges them into ``resources/translations/<code>.po`` and compiles the ``.mo``. Says how many texts have no translation
and what is wrong with the others.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources" / "translations"
KEYWORDS = {"tr": None, "tr_count": (1, 2), "mark": None}


def texts() -> Catalog:
    """Return a catalogue of every text there is, without translations."""
    found = Catalog(project="Pellucid", charset="utf-8")
    source = ROOT / "app" / "pellucid"
    for name, _line, message, comments, _context in extract_from_dir(
        str(source), [("**.py", "python")], keywords=KEYWORDS, strip_comment_tags=True
    ):
        found.add(message, locations=[(f"app/pellucid/{name}", 0)], auto_comments=comments)
    for message, place in declared():
        found.add(message, locations=[(place, 0)])
    return found


def declared() -> Iterator[tuple[str, str]]:
    """Yield the texts that tables and declarations hold without a mark, each with where it stands."""
    for place, found in (
        ("app/pellucid/operations", _of_operations()), ("app/pellucid/ui/actions", _of_actions()),
        ("app/pellucid/ui", _of_window()), ("resources/presets/windows.json", _of_presets()),
        ("resources/recipes", _of_recipes()), ("resources/label_tables", _of_label_tables()),
    ):  # fmt: skip
        yield from ((text, place) for text in found if text)


def _of_operations() -> Iterator[str]:
    from pellucid.operations.operation import registry
    from pellucid.operations.time_series import declared as of_frames

    for operation in (*registry().values(), *of_frames().values()):
        yield from (operation.title, operation.help, operation.family)
        yield from (port.title for port in operation.ports[1:])
        for field in operation.fields:
            yield from (field.title, field.help, *field.shown_choices)
            yield field.unit if field.unit not in ("intensity", "mm", "mm³", "%") else ""


def _of_actions() -> Iterator[str]:
    from pellucid.ui.actions.entry import menu_texts
    from pellucid.ui.actions.table import TABLE
    from pellucid.ui.actions.toolbar import TOOLBAR, Popup
    from pellucid.ui.canvas.keys import ACTIONS

    for entry in TABLE:
        yield from (*menu_texts(entry.menu), *(text for text in (entry.title, entry.tip) if isinstance(text, str)))
    yield from (action.title for action in ACTIONS)
    yield from (row.title for group in TOOLBAR for row in group if isinstance(row, Popup))


def _of_window() -> Iterator[str]:
    from pellucid.model import colormaps
    from pellucid.ui.dock_table import DOCKS
    from pellucid.ui.docks.swatches import english_title
    from pellucid.ui.window_menus import MENUS

    yield from (f"&{name}" for name in MENUS)
    yield from (row.name for row in DOCKS)
    yield from map(english_title, colormaps.names())


def _of_presets() -> Iterator[str]:
    from pellucid.ui.docks.presets import built_in

    for preset in built_in():
        yield from (preset.name, preset.source)


def _of_recipes() -> Iterator[str]:
    from pellucid.recipes.examples import examples, read_recipe

    for recipe in map(read_recipe, examples().values()):
        yield from (recipe.title, recipe.notes)


def _of_label_tables() -> Iterator[str]:
    from pellucid.files.label_tables import presets

    for preset in presets():
        yield from (preset.title, *(row.name for row in preset.labels))


def merged(code: str) -> Catalog:
    """Return the catalogue of a language with the texts of today; translations of texts that went away are dropped."""
    file = FOLDER / f"{code}.po"
    old = read_po(io.BytesIO(file.read_bytes()), locale=code) if file.exists() else Catalog(locale=code)
    new = Catalog(
        locale=code, project="Pellucid", version="", charset="utf-8", header_comment="# Texts of Pellucid", fuzzy=False,
        msgid_bugs_address="", last_translator="Pellucid", language_team="Pellucid",
    )  # fmt: skip
    for message in sorted(texts(), key=lambda m: str(m.id)):
        if message.id:
            known = old.get(message.id)
            places = sorted({place for place, _ in message.locations})
            new.add(message.id, known.string if known else None, locations=[(place, None) for place in places])
    new.creation_date = new.revision_date = old.creation_date
    return new


def compiled(catalog: Catalog) -> bytes:
    """Return the ``.mo`` of a catalogue."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def missing(catalog: Catalog) -> list[str]:
    """Return the texts without a translation."""
    lacking = (m for m in catalog if m.id and not (all(m.string) if isinstance(m.string, tuple) else m.string))
    return [str(message.id) for message in lacking]


def mistakes(catalog: Catalog) -> list[str]:
    """Return what is wrong with the translations of a catalogue: fields, blanks at the ends, marks of keys."""
    found = []
    for message in catalog:
        if not message.id:
            continue
        english = message.id if isinstance(message.id, tuple) else (message.id,)
        given = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in filter(None, given):
            one, many = english[0], english[-1]
            if _fields(text) not in (_fields(one), _fields(many)):
                found.append(f"other fields: {text!r} for {many!r}")
            if _blanks(text) != _blanks(many):
                found.append(f"other blanks at the ends: {text!r} for {many!r}")
            if _has_key(text) != _has_key(many):
                found.append(f"a mark of the key in one only: {text!r} for {many!r}")
    return found


def _fields(text: str) -> list[str]:
    return sorted(re.findall(r"{[^{}]*}", text))


def _blanks(text: str) -> tuple[int, int]:
    return len(text) - len(text.lstrip()), len(text) - len(text.rstrip())


def _has_key(text: str) -> bool:
    return re.search(r"&[^&\s]", text.replace("&&", "").replace("&nbsp;", "")) is not None


def main(codes: list[str]) -> None:
    """Update the catalogues of the named languages, or of all there are."""
    for code in codes or sorted(file.stem for file in FOLDER.glob("*.po")):
        catalog = merged(code)
        out = io.BytesIO()
        write_po(out, catalog, width=120, sort_output=True)
        (FOLDER / f"{code}.po").write_bytes(out.getvalue())
        (FOLDER / f"{code}.mo").write_bytes(compiled(catalog))
        lacking = missing(catalog)
        print(f"{code}: {len(catalog)} texts, {len(lacking)} without a translation")
        for text in (*lacking[:20], *mistakes(catalog)):
            print("   ", text)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "app"))
    main(sys.argv[1:])
