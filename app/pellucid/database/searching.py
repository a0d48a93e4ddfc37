"""Studies that answer a question, newest first; the series of a study; what there is to filter by."""

from __future__ import annotations

import time
from typing import Any

from pellucid.database.asking import FIRST_DAY, LAST_DAY, Question
from pellucid.database.filing import first_place
from pellucid.database.rows import SeriesRow, Studies, StudyRow
from pellucid.database.store import Store

LIMIT = 500
_STUDY = (
    "SELECT studies.id, studies.uid, patients.id, patients.name, patients.patient_id, patients.birth_date,"
    " patients.sex, studies.date, studies.description, studies.accession, studies.modalities, studies.series,"
    " studies.files, studies.missing,"
    " EXISTS (SELECT 1 FROM roots WHERE offline) AND EXISTS (SELECT 1 FROM series WHERE study = studies.id)"
    " AND NOT EXISTS (SELECT 1 FROM series WHERE study = studies.id AND NOT coalesce((SELECT offline FROM files"
    " JOIN roots ON roots.id = files.root WHERE files.series = series.id LIMIT 1), 0))"
    " FROM studies JOIN patients ON patients.id = studies.patient"
)
"""Whether a study can be reached is asked of every one that is listed, so one file of a series speaks for all of it."""


def search(store: Store, asked: Question, limit: int = LIMIT) -> Studies:
    """Return the newest studies that answer a question; ``more`` when there are others."""
    start = time.perf_counter()
    low, high = first_place(asked.first), first_place(asked.last + 1) - 1
    limits = (low if asked.first != FIRST_DAY else 0, high if asked.last < LAST_DAY else (1 << 62))
    if asked.match:
        rows = store.ask(
            f"{_STUDY} WHERE studies.place IN (SELECT rowid FROM words WHERE words MATCH ? AND rowid BETWEEN ? AND ?"  # noqa: S608
            " ORDER BY rowid DESC LIMIT ?) ORDER BY studies.place DESC",
            (asked.match, *limits, limit + 1),
        )
    else:
        rows = store.ask(
            f"{_STUDY} WHERE studies.place BETWEEN ? AND ? ORDER BY studies.place DESC LIMIT ?", (*limits, limit + 1)
        )
    found = tuple(_study(row) for row in rows[:limit])
    return Studies(found, len(rows) > limit, time.perf_counter() - start)


def _study(row: tuple[Any, ...]) -> StudyRow:
    number, uid, patient, name, patient_id, birth, sex, date, description, accession, modalities, *rest = row
    series, files, missing, away = rest
    return StudyRow(f"study:{number}", uid, f"patient:{patient}", name, patient_id, birth, sex, date, description,
                    accession, tuple(modalities.split()), series, files, missing, bool(away))  # fmt: skip


def series_of(store: Store, study: str) -> tuple[SeriesRow, ...]:
    """Return the series of a study, in the order of their numbers."""
    rows = store.ask(
        "SELECT series.id, series.key, modality, number, series.description, protocol, body_part, studies.date,"
        " series.files, series.missing, burned_in, coalesce((SELECT min(roots.offline) FROM files JOIN roots"
        " ON roots.id = files.root WHERE files.series = series.id), 0)"
        " FROM series JOIN studies ON studies.id = series.study WHERE series.study = ?",
        (number_of(study),),
    )
    return tuple(sorted(map(_series, rows), key=lambda one: (_order(one.number), one.description)))


def _series(row: tuple[Any, ...]) -> SeriesRow:
    number, uid, modality, count, description, protocol, body, date, files, missing, burned, offline = row
    return SeriesRow(f"indexed:{number}", uid, modality, count, description or protocol, body, date, files, missing,
                     bool(offline), bool(burned))  # fmt: skip


def _order(number: str) -> int:
    return int(number) if number.strip().isdecimal() else 1 << 31


def number_of(key: str) -> int:
    """Return the number in the key of a row."""
    return int(key.rpartition(":")[2])


def modalities(store: Store) -> tuple[str, ...]:
    """Return every modality there is."""
    return tuple(row[0] for row in store.ask("SELECT DISTINCT modality FROM series WHERE modality <> '' ORDER BY 1"))


def counts(store: Store) -> tuple[int, int, int]:
    """Return how many patients, studies and series there are."""
    tables = ("patients", "studies", "series")
    patients, studies, series = (store.ask(f"SELECT count(*) FROM {table}")[0][0] for table in tables)  # noqa: S608
    return patients, studies, series
