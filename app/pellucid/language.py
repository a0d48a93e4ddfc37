"""The language texts are shown in: written in English, looked up at the moment they are shown.

``tr("“{name}” is not there.", name=name)`` translates the sentence and then fills its fields, so that every language
may put them where it wants. Texts of tables that are made at import are ``mark``-ed there and translated where they
are shown. Catalogues are gettext's: ``resources/translations/<code>.po`` is edited and compiled to ``.mo``.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from pathlib import Path

ENGLISH = "en"
NAMES = {ENGLISH: "English", "de": "Deutsch"}
"""What languages call themselves."""

_catalogue = gettext.NullTranslations()
_source: tuple[Path, str] | None = None


def available(folder: Path) -> tuple[str, ...]:
    """Return the codes of the languages there are: English, and every catalogue of a folder."""
    return (ENGLISH, *sorted(file.stem for file in folder.glob("*.mo")))


def best(wanted: Iterable[str], known: Iterable[str]) -> str:
    """Return the first wanted language there is, ``"de"`` for ``"de-AT"``; English where there is none of them."""
    known = set(known)
    for code in wanted:
        for one in (code.replace("-", "_"), code.replace("-", "_").partition("_")[0]):
            if one in known:
                return one
    return ENGLISH


def use(folder: Path, code: str) -> None:
    """Show texts in a language from now on; English where there is no catalogue for it that can be read."""
    global _source
    try:
        with (folder / f"{code}.mo").open("rb") as stream:
            use_catalogue(gettext.GNUTranslations(stream))
        _source = folder, code
    except (OSError, UnicodeDecodeError):
        use_catalogue(gettext.NullTranslations())


def use_catalogue(catalogue: gettext.NullTranslations) -> None:
    """Show texts as a catalogue gives them from now on."""
    global _catalogue, _source
    _catalogue, _source = catalogue, None


def source() -> tuple[Path, str] | None:
    """Return the folder and the code of the catalogue in use, for a process that shall speak as this one does."""
    return _source


def tr(text: str, **fields: object) -> str:
    """Return a text in the language of the user, its ``{fields}`` filled."""
    shown = _catalogue.gettext(text) if text else text
    return shown.format(**fields) if fields else shown


def tr_count(one: str, many: str, count: int, **fields: object) -> str:
    """Return the text for a number of things, ``{count}`` and the other fields filled."""
    return _catalogue.ngettext(one, many, count).format(count=count, **fields)


def within(text: str) -> str:
    """Return a title as it stands inside a sentence: English writes it small there, a translation as it is."""
    return tr(text) if type(_catalogue) is not gettext.NullTranslations else text.lower()


def quoted(name: str) -> str:
    """Return a name in the quotation marks of the language."""
    return tr("“{name}”", name=name)


def mark(text: str) -> str:
    """Return a text as it is, marked for translation where it will be shown."""
    return text
