"""Kernels written as text, the way they are typed and pasted: ``"0 -1 0; -1 5 -1; 0 -1 0"``, slices apart by ``|``.

Read are also tabs, commas and lines as tables and programs copy them, brackets, fractions (``1/9``) and one divisor
of all weights at the end (``1 2 1; 2 4 2; 1 2 1 / 16``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.operations.context import Refused

LARGEST = 15
"""The most rows, columns and slices of a kernel."""
_DIVISOR = re.compile(r"(?<![^\s;|\])])/\s*([^\s;|]+)\s*$")
_NUMBER_PARTS = 2


@dataclass(frozen=True, eq=False)
class WrittenKernel:
    """Weights (slices, rows, columns) as they are written, and what all of them are divided by."""

    weights: NDArray[np.float64]
    divisor: float = 1.0

    @property
    def array(self) -> NDArray[np.float64]:
        """Return the weights, divided."""
        return self.weights / self.divisor


def read_kernel(text: str) -> WrittenKernel:
    """Return the kernel that a text writes; raise Refused with a sentence that says where it cannot be read."""
    body, divisor = _without_divisor(text.replace("\N{MINUS SIGN}", "-").strip())
    slices = _fields(body)
    if not slices:
        raise Refused(tr("Write the weights of the kernel, row by row."))
    _check_rows(slices)
    shape = len(slices), len(slices[0]), len(slices[0][0])
    weights = np.zeros(shape)
    for s, r, c in np.ndindex(shape):
        value = read_number(slices[s][r][c])
        if value is None:
            place, given = _place(s, r, len(slices)), slices[s][r][c]
            raise Refused(
                tr("{place}, column {column}: “{given}” is not a number.", place=place, column=c + 1, given=given)
            )
        weights[s, r, c] = value
    _check_size(shape)
    return WrittenKernel(weights, divisor)


def read_number(text: str) -> float | None:
    """Return the finite number that a text writes, ``-2``, ``0.5`` or ``1/9``, or None."""
    parts = text.replace("\N{MINUS SIGN}", "-").split("/")
    try:
        value = float(parts[0]) / (float(parts[1]) if len(parts) == _NUMBER_PARTS else 1.0)
    except (ValueError, ZeroDivisionError):
        return None
    return value if len(parts) <= _NUMBER_PARTS and math.isfinite(value) else None


def write_kernel(kernel: WrittenKernel) -> str:
    """Return the text of a kernel, which reads as exactly the same numbers."""
    slices = ("; ".join(" ".join(map(write_number, row)) for row in rows) for rows in kernel.weights)
    divided = f" / {write_number(kernel.divisor)}" if kernel.divisor != 1 else ""
    return " | ".join(slices) + divided


def write_number(value: float) -> str:
    """Write a number in as few characters as tell it from every other."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _without_divisor(text: str) -> tuple[str, float]:
    """Split the divisor at the end from the rows: a ``/`` that no number stands directly before."""
    found = _DIVISOR.search(text)
    if found is None:
        return text, 1.0
    divisor = read_number(found[1])
    if not divisor:
        raise Refused(tr("The kernel cannot be divided by “{given}”.", given=found[1]))
    return text[: found.start()], divisor


def _fields(text: str) -> list[list[list[str]]]:
    """Return the fields of each row of each slice; empty rows and slices are left out."""
    if "\t" in text:  # a copied table: a comma within a field marks decimals
        text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    text = re.sub(r"[\])]\s*[\])]", "|", text)
    text = re.sub(r"[\])\r\n]", ";", re.sub(r"[\[(]", " ", text))
    slices = ([re.split(r"[\s,]+", row.strip(" ,\t")) for row in part.split(";")] for part in text.split("|"))
    kept = ([fields for fields in rows if fields != [""]] for rows in slices)
    return [rows for rows in kept if rows]


def _check_rows(slices: list[list[list[str]]]) -> None:
    """Raise Refused when slices or rows are not of one length."""
    height, width = len(slices[0]), len(slices[0][0])
    for s, rows in enumerate(slices):
        if len(rows) != height:
            number, count = s + 1, len(rows)
            raise Refused(
                tr("Slice {number} has {count} rows, slice 1 has {wanted}.", number=number, count=count, wanted=height)
            )
        for r, fields in enumerate(rows):
            if len(fields) != width:
                place, count = _place(s, r, len(slices)), len(fields)
                raise Refused(
                    tr("{place} has {count} numbers, the first has {wanted}.", place=place, count=count, wanted=width)
                )


def _place(slice_: int, row: int, slices: int) -> str:
    if slices == 1:
        return tr("Row {row}", row=row + 1)
    return tr("Slice {number}, row {row}", number=slice_ + 1, row=row + 1)


def _check_size(shape: tuple[int, ...]) -> None:
    size = " × ".join(str(n) for n in reversed(shape if shape[0] > 1 else shape[1:]))
    if any(n % 2 == 0 for n in shape):
        raise Refused(
            tr(
                "A kernel needs odd numbers of rows, columns and slices, so that it has a middle; this is {size}.",
                size=size,
            )
        )
    if max(shape) > LARGEST:
        raise Refused(
            tr("A kernel has at most {most} rows, columns and slices; this is {size}.", most=LARGEST, size=size)
        )
