"""Rows of patients, studies and series as text to show and values to sort by. No Qt here, and no database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from pellucid.database.rows import SeriesRow, StudyRow
from pellucid.language import mark, tr, tr_count
from pellucid.ui.docks.study_nodes import date, person

NAME, DATE, MODALITY, SERIES, FILES = range(5)
COLUMNS = 5
AWAY = mark("cannot be reached")
DRAG = mark("Double click or drag onto the image to open")
_GLYPHS = {
    **dict.fromkeys(("SR", "DOC", "KO"), "file-document-outline"), "SEG": "shape-outline", "RTSTRUCT": "vector-polygon",
}  # fmt: skip
Cover = Callable[[str, StudyRow], str]
"""Takes what tells the patient of a study out of a text."""
MAY_SHOW_TEXT = frozenset({"US", "SC", "XA", "ES", "OT", "RF", "XC", "GM", "SM", "DOC"})
"""Kinds of image that often have the name of the patient burned in (hazard H36)."""


@dataclass(eq=False)
class Row:
    """One row: what stands in its columns, by what these are sorted, and the rows below it.

    ``children`` is None where they have not been asked for. ``kind`` is patient, study or series.
    """

    kind: str
    key: str
    texts: tuple[str, ...]
    values: tuple[Any, ...]
    detail: str = ""
    sign: str = ""
    """``""``, ``"offline"`` or ``"missing"``: why not all of it can be opened."""
    tip: str = ""
    parent: Row | None = None
    children: list[Row] | None = field(default_factory=list)
    pictured: bool = False
    uid: str = ""
    glyph: str = "image-outline"
    """What stands where there is no picture."""


def _as_it_is(text: str, _study: StudyRow) -> str:
    return text


def patients(studies: Iterable[StudyRow], *, hidden: bool = False, cover: Cover = _as_it_is) -> list[Row]:
    """Return a row for every patient, in the order in which their studies come, with their studies below.

    While the identity is ``hidden``, descriptions go through ``cover``: people write names into them.
    """
    found: dict[str, Row] = {}
    for study in studies:
        key = study.patient_key or f"{study.patient_id}\n{study.patient_name}"
        if key not in found:
            found[key] = _patient(key, study, len(found) + 1, hidden)
        row = _study(study, hidden, cover)
        row.parent = found[key]
        children = found[key].children
        assert children is not None
        children.append(row)
    for row in found.values():
        _sum_up(row, hidden)
    return list(found.values())


def _patient(key: str, study: StudyRow, number: int, hidden: bool) -> Row:
    title = tr("Patient {number}", number=number) if hidden else person(study.patient_name)
    facts = (study.patient_id and tr("ID {patient_id}", patient_id=study.patient_id), date(study.birth_date), study.sex)
    detail = tr("identity hidden") if hidden else " · ".join(fact for fact in facts if fact)
    return Row("patient", key, (title, "", "", "", ""), ("" if hidden else title.casefold(),), detail)


def _sum_up(row: Row, hidden: bool) -> None:
    """Fill the columns of a patient with those of the studies."""
    studies = row.children or []
    newest = max((study.values[DATE] for study in studies), default="")
    modalities = sorted({one for study in studies for one in study.values[MODALITY].split()})
    series, files = (sum(study.values[column] for study in studies) for column in (SERIES, FILES))
    title = row.texts[NAME]
    row.texts = (title, "" if hidden else date(newest), ", ".join(modalities), "", _count(files))
    row.values = (*row.values, newest, " ".join(modalities), series, files)
    count = tr_count("{count:,} study", "{count:,} studies", len(studies))
    row.detail = " · ".join(part for part in (row.detail, count) if part)
    if studies and all(study.sign == "offline" for study in studies):
        row.sign, row.detail = "offline", " · ".join((tr(AWAY), row.detail))
    row.tip = "\n".join((title, row.detail))


def _study(study: StudyRow, hidden: bool, cover: Cover) -> Row:
    described = cover(study.description, study) if hidden else study.description
    title = described or tr("Study without a description")
    accession = study.accession and not hidden and tr("Accession {number}", number=study.accession)
    gone = tr(AWAY) if study.offline else (
        study.missing and tr_count("{count:,} file missing", "{count:,} files missing", study.missing))  # fmt: skip
    detail = " · ".join(part for part in (gone, accession) if part)
    when = "" if hidden else date(study.date)
    texts = (title, when, ", ".join(study.modalities), _count(study.series), _count(study.files))
    values = (title.casefold(), study.date, " ".join(study.modalities), study.series, study.files)
    help_of = study.offline and tr("Connect its drive, then update the folder.")
    tip = "\n".join(part for part in (title, when, texts[MODALITY], detail, help_of) if part)
    sign = "offline" if study.offline else "missing" if study.missing else ""
    return Row("study", study.key, texts, values, detail, sign, tip, children=None, uid=study.uid)


def _count(number: int) -> str:
    """Return a count, nothing for 0: a server that does not tell it has some all the same."""
    return f"{number:,}" if number else ""


def series_row(one: SeriesRow, parent: Row, described: str, *, hidden: bool = False, hint: str = DRAG) -> Row:
    """Return the row of a series, ``described`` so, below its study; ``hint`` says what can be done with it."""
    title = described or (
        tr("Series {number}", number=one.number) if one.number else tr("Series without a description")
    )
    number = one.number and described and tr("Series {number}", number=one.number)
    sign = "offline" if one.offline else "missing" if one.missing else ""
    where = tr(AWAY) if one.offline else (
        one.missing and tr_count("{count:,} file missing", "{count:,} files missing", one.missing))  # fmt: skip
    detail = " · ".join(part for part in (where, number, one.body_part.capitalize()) if part)
    when = "" if hidden else date(one.date)
    texts = (title, when, one.modality or "?", "", _count(one.files))
    values = (title.casefold(), one.date, one.modality, 0, one.files)
    shown = not (hidden and (one.burned_in or one.modality in MAY_SHOW_TEXT))
    tip = "\n".join(part for part in (title, detail, tr(hint)) if part)
    return Row("series", one.key, texts, values, detail, sign, tip, parent, [], shown, one.uid,
               _GLYPHS.get(one.modality, Row.glyph))  # fmt: skip


def sort(rows: list[Row], column: int, *, descending: bool) -> None:
    """Sort rows and all below them; what is equal keeps its order."""
    rows.sort(key=lambda row: row.values[column], reverse=descending)
    for row in rows:
        if row.children:
            sort(row.children, column, descending=descending)
