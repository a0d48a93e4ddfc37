"""Conditions on the rows of a table of objects, as they are typed: ``volume > 100; touches_border = 0``, or a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.operations.answers import Column, Rows

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<=": np.less_equal, ">=": np.greater_equal, "!=": np.not_equal, "<": np.less, ">": np.greater, "=": np.equal,
}  # fmt: skip
_CONDITION = re.compile(r"^\s*(.+?)\s*(<=|>=|!=|==|<|>|=)\s*(-?[\d.,]+(?:[eE][-+]?\d+)?)\s*(\S*)\s*$")
_LENGTHS = {"mm": 1.0, "µm": 1e-3, "μm": 1e-3, "um": 1e-3}
_POWERS = {"": 1, "²": 2, "2": 2, "³": 3, "3": 3}


def matching(rows: Rows, text: str) -> NDArray[np.bool_]:
    """Return which rows fulfil all conditions, apart by ``;`` or ``and``; raise Refused for one that means nothing.

    A condition compares a column, by its heading, its name or how that begins, with a number. Other words are looked
    for in the names of the labels.
    """
    found = np.ones(len(rows), bool)
    for part in re.split(r";|&|\band\b", text):
        if part.strip():
            found &= _one(rows, part)
    return found


def _one(rows: Rows, part: str) -> NDArray[np.bool_]:
    condition = _CONDITION.match(part)
    if condition is None:
        if re.search(r"[<>=]", part):
            raise Refused(tr("Write a condition like “volume > 100”, or a part of a name."))
        wanted = part.strip().casefold()
        names = rows.values.get("name") or [str(value) for value in rows.values["label"]]
        return np.array([wanted in str(name).casefold() for name in names], bool)
    title, sign, number, unit = condition.groups()
    column = _column(rows, title)
    try:
        value = float(number.replace(",", ".")) * _scale(unit, column.unit)
    except ValueError:
        raise Refused(tr("“{text_given}” is no number.", text_given=number)) from None
    with np.errstate(invalid="ignore"):
        held = numbers(rows, column.name)
        return np.asarray(_SIGNS[sign.replace("==", "=")](held, value) & np.isfinite(held))


def _scale(given: str, shown: str) -> float:
    """Return what a number in the unit that was typed is multiplied with, to be one in the unit of the column."""
    typed, wanted = _length(given), _length(shown)
    if typed is None or wanted is None or given == shown:
        return 1.0
    if typed[1] != wanted[1]:
        raise Refused(tr("This column is measured in {unit}.", unit=shown))
    return float((typed[0] / wanted[0]) ** typed[1])


def _length(unit: str) -> tuple[float, int] | None:
    """Return how many mm a unit of length is, and to what power it is taken; None for other units."""
    power = unit[2:]
    return (_LENGTHS[unit[:2]], _POWERS[power]) if unit[:2] in _LENGTHS and power in _POWERS else None


def _column(rows: Rows, title: str) -> Column:
    wanted = _plain(title)
    measured = [column for column in rows.columns if column.name != "name"]
    for fits in (str.__eq__, str.startswith):
        for column in measured:
            if fits(_plain(column.name), wanted) or fits(_plain(column.title), wanted):
                return column
    raise Refused(tr("There is no column “{title}”.", title=title))


def _plain(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def numbers(rows: Rows, name: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where there is none."""
    return np.array([np.nan if value is None else value for value in rows.values[name]], np.float64)
