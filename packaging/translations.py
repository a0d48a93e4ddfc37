"""Bring the translation catalogues up to date: ``python packaging/translations.py [CODE …]``.

Collects every text marked in the source (``tr``, ``tr_count``, ``mark``) and those that declarations hold (operations),
merges them into ``resources/translations/<code>.po`` and compiles the ``.mo``. Says how many texts have no translation.
"""

from __future__ import annotations

import io
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
    for message in declared():
        found.add(message, locations=[("operations", 0)])
    return found


def declared() -> Iterator[str]:
    """Yield the texts that the declarations of operations hold."""
    from pellucid.operations.operation import registry

    for operation in registry().values():
        yield from filter(None, (operation.title, operation.help, *operation.menu.split("/")))
        for field in operation.fields:
            yield from filter(None, (field.title, field.help, *map(str, field.choices or ())))


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
        for text in lacking[:20]:
            print("   ", text)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "app"))
    main(sys.argv[1:])
