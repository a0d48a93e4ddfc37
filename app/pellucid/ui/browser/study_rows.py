"""Rows of patients, studies and series as text to show and values to sort by. No Qt here, and no database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pellucid.database.rows import SeriesRow, StudyRow
from pellucid.language import tr, tr_count
from pellucid.ui.docks.study_nodes import date, person

NAME, DATE, MODALITY, SERIES, FILES = range(5)
COLUMNS = 5
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


def patients(studies: Iterable[StudyRow], *, hidden: bool = False) -> list[Row]:
    """Return a row for every patient, in the order in which their studies come, with their studies below."""
    found: dict[str, Row] = {}
    for n, study in enumerate(studies):
        key = study.patient_key or f"{study.patient_id}\n{study.patient_name}"
        if key not in found:
            found[key] = _patient(key, study, len(found) + 1, hidden)
        row = _study(study, hidden, n)
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
    row.texts = (title, "" if hidden else date(newest), ", ".join(modalities), "", f"{files:,}")
    row.values = (*row.values, newest, " ".join(modalities), series, files)
    count = tr_count("{count:,} study", "{count:,} studies", len(studies))
    row.detail = " · ".join(part for part in (row.detail, count) if part)
    row.tip = "\n".join((title, row.detail))


def _study(study: StudyRow, hidden: bool, _number: int) -> Row:
    title = study.description or tr("Study without a description")
    accession = study.accession and not hidden and tr("Accession {number}", number=study.accession)
    gone = study.missing and tr_count("{count:,} file missing", "{count:,} files missing", study.missing)
    detail = " · ".join(part for part in (accession, gone) if part)
    when = "" if hidden else date(study.date)
    texts = (title, when, ", ".join(study.modalities), f"{study.series:,}", f"{study.files:,}")
    values = (title.casefold(), study.date, " ".join(study.modalities), study.series, study.files)
    tip = "\n".join(part for part in (title, when, detail) if part)
    sign = "missing" if study.missing else ""
    return Row("study", study.key, texts, values, detail, sign, tip, children=None, uid=study.uid)


def series_row(one: SeriesRow, parent: Row, *, hidden: bool = False) -> Row:
    """Return the row of a series below its study."""
    title = one.description or (
        tr("Series {number}", number=one.number) if one.number else tr("Series without a description")
    )
    number = one.number and one.description and tr("Series {number}", number=one.number)
    sign = "offline" if one.offline else "missing" if one.missing else ""
    where = tr("drive not connected") if one.offline else (
        one.missing and tr_count("{count:,} file missing", "{count:,} files missing", one.missing))  # fmt: skip
    detail = " · ".join(part for part in (number, one.body_part.capitalize(), where) if part)
    when = "" if hidden else date(one.date)
    texts = (title, when, one.modality or "?", "", f"{one.files:,}")
    values = (title.casefold(), one.date, one.modality, 0, one.files)
    shown = not (hidden and (one.burned_in or one.modality in MAY_SHOW_TEXT))
    tip = "\n".join(part for part in (title, detail, tr("Double click or drag onto the image to open")) if part)
    return Row("series", one.key, texts, values, detail, sign, tip, parent, [], shown, one.uid)


def sort(rows: list[Row], column: int, *, descending: bool) -> None:
    """Sort rows and all below them; what is equal keeps its order."""
    rows.sort(key=lambda row: row.values[column], reverse=descending)
    for row in rows:
        if row.children:
            sort(row.children, column, descending=descending)
