"""Landmarks as tables: CSV with columns X, Y and perhaps Z, pairs of fixed and moving points, fiducials of 3D Slicer.

A column is called ``x``, ``fixed_x`` or ``moving_x``; ``_mm``, ``_px`` or ``_ras`` behind it says what it counts. A
column ``name``, ``label``, ``id`` or without a title names the points. 3D Slicer's ``.fcsv`` says in comments which
columns there are and whether they are LPS or RAS (``vtkMRMLMarkupsFiducialStorageNode``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats

_COLUMN = re.compile(r"(?:(fixed|moving)[ _.])?([xyz])(?:[ _.\[(]*(mm|px|pixels?|ras|lps)[\])]*)?")
_NAMES = ("label", "name", "landmark", "id", "")
_UNITS = {"mm": "mm", "lps": "mm", "ras": "ras", "": ""}
_MOST_BYTES = 20 << 20


@dataclass(frozen=True)
class LandmarkTable:
    """Points (n, 3) of one side (``""``) or of both (``fixed`` and ``moving``), NaN where there is none.

    ``unit`` is ``mm`` (LPS) or ``px`` where the file says so, else empty. Names are empty where it has none.
    """

    names: tuple[str, ...]
    points: dict[str, Floats]
    unit: str = ""


def read_landmarks(path: Path) -> LandmarkTable:
    """Read a table of landmarks; raise Refused with a sentence that says what is wrong and where."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise Refused(tr("“{name}” is too large to be a table of landmarks.", name=path.name))
        text = path.read_text("utf-8-sig", "replace")
    except OSError as error:
        why = error.strerror or str(error)
        raise Refused(tr("“{name}” cannot be read: {why}.", name=path.name, why=why)) from error
    comments = [line.lstrip("# ").strip() for line in text.splitlines() if line.startswith("#")]
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    named = {key.strip().lower(): value.strip() for key, _, value in (line.partition("=") for line in comments)}
    slicer = "columns" in named
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=_delimiter(lines)))
    header = named["columns"].split(",") if slicer else rows.pop(0) if rows else []
    turned = slicer and named.get("coordinatesystem", "RAS").upper() in ("0", "RAS")
    table = _table(path, header, rows, 1 if slicer else 2)
    if slicer:
        table = LandmarkTable(table.names, table.points, "ras" if turned else "mm")
    return _in_lps(table)


def landmarks_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table of landmarks as text; what is not known stays empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([["" if value is None else value for value in row] for row in rows])
    return text.getvalue()


def _delimiter(lines: Sequence[str]) -> str:
    first = lines[0] if lines else ""
    return max(",;\t", key=first.count)


def _table(path: Path, header: Sequence[str], rows: list[list[str]], first_line: int) -> LandmarkTable:
    found, units, names = {}, set(), None
    titles = [title.strip().strip('"').lower() for title in header]
    for column, title in enumerate(titles):
        match = _COLUMN.fullmatch(title)
        if match is not None:
            side, axis, unit = match[1] or "", match[2], match[3] or ""
            found[side, axis] = column
            units.add(_UNITS.get(unit, "px"))
    for title in _NAMES:
        if names is None and title in titles:
            names = titles.index(title)
    sides = [side for side in ("", "fixed", "moving") if {(side, "x"), (side, "y")} <= found.keys()]
    if not sides:
        raise Refused(tr("“{name}” has no columns X and Y in its first line.", name=path.name))
    if len(units) > 1:
        raise Refused(tr("“{name}” counts some columns otherwise than the rest.", name=path.name))
    points = {side: np.full((len(rows), 3), np.nan) for side in sides}
    for number, row in enumerate(rows):
        for side in sides:
            points[side][number] = _place(path, row, found, side, number + first_line)
    said = tuple(row[names].strip() if names is not None and names < len(row) else "" for row in rows)
    return LandmarkTable(said, points, units.pop())


def _place(path: Path, row: list[str], found: dict[tuple[str, str], int], side: str, line: int) -> Floats:
    place = np.zeros(3)
    for axis, name in enumerate("xyz"):
        column = found.get((side, name))
        text = "" if column is None or column >= len(row) else row[column].strip()
        if column is None and name == "z":
            continue
        try:
            place[axis] = float(text) if text else np.nan
        except ValueError as error:
            said = tr("Line {line} of “{name}”: “{written}” is no number.", line=line, name=path.name, written=text)
            raise Refused(said) from error
    return place if np.isfinite(place).all() else np.full(3, np.nan)


def _in_lps(table: LandmarkTable) -> LandmarkTable:
    if table.unit != "ras":
        return table
    return LandmarkTable(table.names, {side: points * [-1, -1, 1] for side, points in table.points.items()}, "mm")
