"""Rows of objects with honest units: millimetres only where the grid knows them, micrometres where it is fine."""

from __future__ import annotations

from dataclasses import replace

from pellucid.model.geometry import Geometry
from pellucid.operations.answers import Column, Rows

_PIXELS = {"mm": "px", "mm²": "px²", "mm³": "px³"}
_MICROMETRES = {"mm": ("µm", 1e3), "mm²": ("µm²", 1e6), "mm³": ("µm³", 1e9)}
FINE = 0.05
"""Millimetres; objects of smaller voxels are read in µm."""
_ENDINGS = ("_mm", "_mm2", "_mm3")


def honest(rows: Rows, geometry: Geometry) -> Rows:
    """Return rows as they may be said of a grid.

    Where no spacing is known, lengths are in pixels and columns are called so; where only some are, lengths that mix
    both cannot be said.
    """
    known = geometry.known_spacing if geometry.size[2] > 1 else geometry.known_spacing[:2]
    if all(known):
        return rows
    columns = tuple(_renamed(column, "px", _PIXELS.get(column.unit, "")) for column in rows.columns)
    mixed = any(known)
    values = {
        new.name: [None] * len(rows) if mixed and new is not old else rows.values[old.name]
        for old, new in zip(rows.columns, columns, strict=True)
    }
    return Rows(columns, values)


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


def _renamed(column: Column, length: str, unit: str) -> Column:
    """Return a column of lengths, areas or volumes under the name of another unit, others as they are."""
    ending = next((one for one in _ENDINGS if column.name.endswith(one)), "")
    if not ending or column.unit not in _PIXELS:
        return column
    return replace(column, name=column.name.removesuffix(ending) + ending.replace("mm", length), unit=unit)
