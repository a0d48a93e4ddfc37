"""The language texts are shown in: written in English, looked up at the moment they are shown.

``tr("“{name}” is not there.", name=name)`` translates the sentence and then fills its fields, so that every language
may put them where it wants. Texts of tables that are made at import are ``mark``-ed there and translated where they
are shown. Catalogues are gettext's: ``resources/translations/<code>.po`` is edited and compiled to ``.mo``.
"""

from __future__ import annotations

import gettext
from pathlib import Path

ENGLISH = "en"

_catalogue = gettext.NullTranslations()


def available(folder: Path) -> tuple[str, ...]:
    """Return the codes of the languages there are: English, and every catalogue of a folder."""
    return (ENGLISH, *sorted(file.stem for file in folder.glob("*.mo")))


def use(folder: Path, code: str) -> None:
    """Show texts in a language from now on; English where there is no catalogue for it."""
    file = folder / f"{code}.mo"
    if not file.is_file():
        use_catalogue(gettext.NullTranslations())
        return
    with file.open("rb") as stream:
        use_catalogue(gettext.GNUTranslations(stream))


def use_catalogue(catalogue: gettext.NullTranslations) -> None:
    """Show texts as a catalogue gives them from now on."""
    global _catalogue
    _catalogue = catalogue


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


def mark(text: str) -> str:
    """Return a text as it is, marked for translation where it will be shown."""
    return text
