"""Rows and tables with honest units: mm only where the grid knows them, and µm on the screen where it is fine."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar, overload

from pellucid.model.geometry import Geometry
from pellucid.operations.answers import Column, Entry, Rows, Table

_Said = TypeVar("_Said", Column, Entry)
_PIXELS = {"mm": "px", "mm²": "px²", "mm³": "px³"}
_MICROMETRES = {"mm": ("µm", 1e3), "mm²": ("µm²", 1e6), "mm³": ("µm³", 1e9)}
FINE = 0.05
"""Millimetres; objects of smaller voxels are read in µm."""
_ENDINGS = ("_mm", "_mm2", "_mm3")


@overload
def honest(answer: Rows, geometry: Geometry) -> Rows: ...
@overload
def honest(answer: Table, geometry: Geometry) -> Table: ...
def honest(answer: Rows | Table, geometry: Geometry) -> Rows | Table:
    """Return rows or a table as they may be said of a grid.

    Where no spacing is known, lengths are in pixels and are called so; where only some are, lengths that mix both
    cannot be said.
    """
    known = geometry.known_spacing if geometry.size[2] > 1 else geometry.known_spacing[:2]
    if all(known):
        return answer
    if isinstance(answer, Table):
        return _table(answer, mixed=any(known))
    return _rows(answer, mixed=any(known))


def _rows(rows: Rows, *, mixed: bool) -> Rows:
    columns = tuple(_in_pixels(column) for column in rows.columns)
    values = {
        new.name: [None] * len(rows) if mixed and new is not old else rows.values[old.name]
        for old, new in zip(rows.columns, columns, strict=True)
    }
    return Rows(columns, values)


def _table(table: Table, *, mixed: bool) -> Table:
    entries = [(old, _in_pixels(old)) for old in table.entries]
    return Table(tuple(replace(new, value=float("nan")) if mixed and new is not old else new for old, new in entries))


def _in_pixels(one: _Said) -> _Said:
    return _renamed(one, "px", _PIXELS.get(one.unit, ""))


def for_reading(rows: Rows, geometry: Geometry) -> Rows:
    """Return rows as they are read on the screen: in µm, µm² and µm³ where voxels are small; files keep mm."""
    sides = zip(geometry.spacing, geometry.known_spacing, geometry.size, strict=True)
    if min((side for side, known, count in sides if known and count > 1), default=FINE) >= FINE:
        return rows
    columns, values = [], {}
    for old in rows.columns:
        unit, scale = _MICROMETRES.get(old.unit, ("", 1.0))
        new = _renamed(old, "um", unit)
        columns.append(new)
        held = rows.values[old.name]
        values[new.name] = held if new is old else [None if value is None else value * scale for value in held]
    return Rows(tuple(columns), values)


def _renamed(one: _Said, length: str, unit: str) -> _Said:
    """Return a column or number of lengths, areas or volumes under the name of another unit, others as they are."""
    ending = next((end for end in _ENDINGS if one.name.endswith(end)), "")
    if not ending or one.unit not in _PIXELS:
        return one
    return replace(one, name=one.name.removesuffix(ending) + ending.replace("mm", length), unit=unit)
