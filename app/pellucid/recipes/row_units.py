"""Rows and tables with honest units: millimetres only where the grid they were measured on knows them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar, overload

from pellucid.model.geometry import Geometry
from pellucid.operations.answers import Column, Entry, Rows, Table

_Said = TypeVar("_Said", Column, Entry)
_PIXELS = {"mm": "px", "mm²": "px²", "mm³": "px³"}
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
    columns = tuple(_renamed(column) for column in rows.columns)
    values = {
        new.name: [None] * len(rows) if mixed and new is not old else rows.values[old.name]
        for old, new in zip(rows.columns, columns, strict=True)
    }
    return Rows(columns, values)


def _table(table: Table, *, mixed: bool) -> Table:
    entries = [(old, _renamed(old)) for old in table.entries]
    return Table(tuple(replace(new, value=float("nan")) if mixed and new is not old else new for old, new in entries))


def _renamed(one: _Said) -> _Said:
    ending = next((end for end in _ENDINGS if one.name.endswith(end)), "")
    if not ending or one.unit not in _PIXELS:
        return one
    return replace(one, name=one.name.removesuffix(ending) + ending.replace("mm", "px"), unit=_PIXELS[one.unit])
