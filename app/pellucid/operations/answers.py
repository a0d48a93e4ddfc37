"""What an operation can answer besides an image: points in space, a table of named numbers, rows of objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Points:
    """Places found in an image, the strongest first.

    ``positions`` (n, 3) are world points (LPS, mm), ``radii`` (n,) lengths in mm (0 where a place has no size) and
    ``strengths`` (n,) how sure the finder is, in its own unit. ``name`` says in a word what one of them is.
    """

    positions: NDArray[np.float64]
    radii: NDArray[np.float64]
    strengths: NDArray[np.float64]
    name: str = ""

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True)
class Entry:
    """One number of a table; ``unit`` is ``"intensity"`` for values of the image, ``""`` for a pure number."""

    name: str
    title: str
    value: float
    unit: str = ""
    help: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers that were measured on an image, in the order in which they are read."""

    entries: tuple[Entry, ...]

    def __getitem__(self, name: str) -> float:
        return next(entry.value for entry in self.entries if entry.name == name)


@dataclass(frozen=True)
class Column:
    """One column of rows; ``unit`` is ``"intensity"`` for values of the image, ``""`` for a pure number or a text."""

    name: str
    title: str
    unit: str = ""
    help: str = ""


@dataclass(frozen=True, eq=False)
class Rows:
    """A row for each object that was measured; ``values`` holds a list for each column, all of one length.

    A value is a number, a text, or None where it cannot be said.
    """

    columns: tuple[Column, ...]
    values: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(self.values[self.columns[0].name]) if self.columns else 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Go through the rows as dictionaries by the names of the columns."""
        for n in range(len(self)):
            yield {column.name: self.values[column.name][n] for column in self.columns}
