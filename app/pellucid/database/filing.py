"""Headers that were read become rows: files, series, studies, patients, and the words they are found by."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.database.asking import folded
from pellucid.database.store import stored
from pellucid.dicom.records import FileRecord, from_json

_DATE_SHIFT = 32
_BURNED = "YES"


@dataclass(frozen=True)
class Stamp:
    """What tells whether a file is still the one that was read."""

    size: int
    mtime: int
    inode: int


@dataclass(frozen=True)
class Read:
    """One file that was looked at; ``record`` is None where it is no DICOM or cannot be read."""

    path: Path
    stamp: Stamp
    record: dict[str, Any] | None


class Filing:
    """Files what was read under one folder; used inside one change of the store."""

    def __init__(self, connection: sqlite3.Connection, root: int) -> None:
        self._connection, self._root = connection, root
        self._series: dict[str, int] = {}
        self.touched: set[int] = set()

    def put(self, found: Iterable[Read]) -> None:
        """Write rows for files, new or read again, and bring counts and words up to date."""
        for read in found:
            series = None if read.record is None else self._series_of(read.record, str(read.path))
            packed = None if read.record is None else pack(read.record)
            self._note_old(read.path)
            self._connection.execute(
                "INSERT INTO files (root, path, size, mtime, inode, series, record) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (path) DO UPDATE SET root = excluded.root, size = excluded.size, mtime = excluded.mtime,"
                " inode = excluded.inode, series = excluded.series, record = excluded.record, missing = 0",
                (self._root, stored(read.path), read.stamp.size, read.stamp.mtime, read.stamp.inode, series, packed),
            )
            if series is not None:
                self.touched.add(series)
        self.settle()

    def _note_old(self, path: Path) -> None:
        """Remember the series a file was in before: it may have gone over to another.

        Its thumbnail goes: it may show what was taken out of the file since.
        """
        old = self._connection.execute("SELECT series FROM files WHERE path = ?", (stored(path),)).fetchone()
        if old is not None and old[0] is not None:
            self.touched.add(old[0])
            self._connection.execute("DELETE FROM pictures WHERE series = ?", (old[0],))

    def settle(self) -> None:
        """Bring the counts and words of everything that was touched up to date; what holds no file goes."""
        settle(self._connection, self.touched)
        self.touched = set()
        self._series.clear()

    def _series_of(self, record: dict[str, Any], path: str) -> int:
        key = record.get("series_uid") or f"file:{path}"
        if key not in self._series:
            self._series[key] = self._filed(key, record)
        return self._series[key]

    def _filed(self, key: str, record: dict[str, Any]) -> int:
        there = self._connection.execute("SELECT id FROM series WHERE key = ?", (key,)).fetchone()
        if there is not None:
            return int(there[0])
        texts = record.get("texts", {})
        patient = self._patient(texts)
        study = self._study(record, texts, patient)
        return self._insert(
            "INSERT INTO series (key, study, modality, number, description, protocol, body_part, burned_in)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (key, study, record.get("modality", ""), texts.get("series_number", ""),
             texts.get("series_description", ""), texts.get("protocol", ""), texts.get("body_part", ""),
             int(texts.get("burned_in", "").strip().upper() == _BURNED)),
        )  # fmt: skip

    def _patient(self, texts: dict[str, str]) -> int:
        name, number = texts.get("patient_name", ""), texts.get("patient_id", "")
        key = f"{number}\n{folded(name)}"
        there = self._connection.execute("SELECT id FROM patients WHERE key = ?", (key,)).fetchone()
        if there is not None:
            return int(there[0])
        return self._insert(
            "INSERT INTO patients (key, name, patient_id, birth_date, sex) VALUES (?, ?, ?, ?, ?)",
            (key, name, number, texts.get("birth_date", ""), texts.get("sex", "")),
        )

    def _study(self, record: dict[str, Any], texts: dict[str, str], patient: int) -> int:
        uid, date = record.get("study_uid", ""), texts.get("study_date", "")
        key = f"{patient}\n{uid or date}"
        there = self._connection.execute("SELECT id FROM studies WHERE key = ?", (key,)).fetchone()
        if there is not None:
            return int(there[0])
        return self._insert(
            "INSERT INTO studies (key, patient, uid, date, description, accession) VALUES (?, ?, ?, ?, ?, ?)",
            (key, patient, uid, date, texts.get("study_description", ""), texts.get("accession", "")),
        )

    def _insert(self, statement: str, values: tuple[Any, ...]) -> int:
        number = self._connection.execute(statement, values).lastrowid
        assert number is not None
        return number


def settle(connection: sqlite3.Connection, series: Iterable[int]) -> None:
    """Count the files of series again, drop what holds none, and index the words of their studies again."""
    studies: set[int] = set()
    for number in series:
        row = connection.execute("SELECT study FROM series WHERE id = ?", (number,)).fetchone()
        if row is None:
            continue
        studies.add(row[0])
        total, missing = connection.execute(
            "SELECT count(*), coalesce(sum(missing), 0) FROM files WHERE series = ?", (number,)
        ).fetchone()
        if total:
            connection.execute("UPDATE series SET files = ?, missing = ? WHERE id = ?", (total, missing, number))
        else:
            connection.execute("DELETE FROM series WHERE id = ?", (number,))
            connection.execute("DELETE FROM pictures WHERE series = ?", (number,))
    for study in studies:
        _settle_study(connection, study)


def _settle_study(connection: sqlite3.Connection, study: int) -> None:
    patient, old = connection.execute("SELECT patient, place FROM studies WHERE id = ?", (study,)).fetchone()
    if old is not None:
        connection.execute("DELETE FROM words WHERE rowid = ?", (old,))
    rows = connection.execute(
        "SELECT modality, description, protocol, body_part, files, missing FROM series WHERE study = ?", (study,)
    ).fetchall()
    if not rows:
        connection.execute("DELETE FROM studies WHERE id = ?", (study,))
        left = connection.execute("SELECT 1 FROM studies WHERE patient = ? LIMIT 1", (patient,)).fetchone()
        if left is None:
            connection.execute("DELETE FROM patients WHERE id = ?", (patient,))
        return
    modalities = " ".join(sorted({row[0] for row in rows if row[0]}))
    date, description, accession = connection.execute(
        "SELECT date, description, accession FROM studies WHERE id = ?", (study,)
    ).fetchone()
    place = place_of(date, study)
    connection.execute(
        "UPDATE studies SET modalities = ?, series = ?, files = ?, missing = ?, place = ? WHERE id = ?",
        (modalities, len(rows), sum(r[4] for r in rows), sum(r[5] for r in rows), place, study),
    )
    name, number = connection.execute("SELECT name, patient_id FROM patients WHERE id = ?", (patient,)).fetchone()
    said = " ".join(dict.fromkeys(text for row in rows for text in row[1:3] if text))
    body = " ".join(sorted({row[3] for row in rows if row[3]}))
    words = (name, number, f"{description} {said}", digits(date), modalities, accession, body)
    connection.execute(
        "INSERT INTO words (rowid, name, id, description, date, modality, accession, body) VALUES (?,?,?,?,?,?,?,?)",
        (place, *(folded(word) for word in words)),
    )


def place_of(date: str, study: int) -> int:
    """Return the number of a study in the list of words: in the order of dates, so that the newest are met first."""
    return int(digits(date) or 0) << _DATE_SHIFT | study


def first_place(day: int) -> int:
    """Return the first number a study of a day (as 20240131) may have."""
    return day << _DATE_SHIFT


def digits(date: str) -> str:
    """Return a DICOM date as eight digits, ``""`` when it is none."""
    kept = date.replace("-", "").replace(".", "").strip()[:8]
    return kept if len(kept) == 8 and kept.isascii() and kept.isdigit() else ""


def pack(record: dict[str, Any]) -> bytes:
    """Return a header record as it is kept; its path is that of the row."""
    kept = {key: value for key, value in record.items() if key != "path"}
    return zlib.compress(json.dumps(kept, separators=(",", ":")).encode(), 1)


def unpack(packed: bytes, path: Path) -> FileRecord:
    """Return the header record of a row."""
    return from_json({**json.loads(zlib.decompress(packed)), "path": str(path)})
