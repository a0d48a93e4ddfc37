"""Rows of objects with honest units: millimetres only where the grid they were measured on knows them."""

from __future__ import annotations

from dataclasses import replace

from pellucid.model.geometry import Geometry
from pellucid.operations.answers import Column, Rows

_PIXELS = {"mm": "px", "mm²": "px²", "mm³": "px³"}
_ENDINGS = ("_mm", "_mm2", "_mm3")


def honest(rows: Rows, geometry: Geometry) -> Rows:
    """Return rows as they may be said of a grid.

    Where no spacing is known, lengths are in pixels and columns are called so; where only some are, lengths that mix
    both cannot be said.
    """
    known = geometry.known_spacing if geometry.size[2] > 1 else geometry.known_spacing[:2]
    if all(known):
        return rows
    columns = tuple(_renamed(column) for column in rows.columns)
    mixed = any(known)
    values = {
        new.name: [None] * len(rows) if mixed and new is not old else rows.values[old.name]
        for old, new in zip(rows.columns, columns, strict=True)
    }
    return Rows(columns, values)


def _renamed(column: Column) -> Column:
    ending = next((one for one in _ENDINGS if column.name.endswith(one)), "")
    if not ending or column.unit not in _PIXELS:
        return column
    return replace(
        column, name=column.name.removesuffix(ending) + ending.replace("mm", "px"), unit=_PIXELS[column.unit]
    )
