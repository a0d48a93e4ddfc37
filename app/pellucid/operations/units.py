"""The vocabulary of parameters: units, what is valid, and what a slider offers.

``Annotated[Millimetres, Range(0), Slider(0.1, 20, 0.1)]`` says that any length from zero is valid and that
a slider runs from 0.1 to 20 mm. A quantity whose useful range depends on the image (an intensity, a box)
has no Slider; the form takes it from the histogram or the grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator


@dataclass(frozen=True)
class Unit:
    """The unit of a parameter, as shown behind its value; ``"intensity"`` means that of the image."""

    text: str


@dataclass(frozen=True)
class Range:
    """The closed range of valid values; None means no limit."""

    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Slider:
    """The range and the step a slider offers; any valid value can still be typed."""

    minimum: float
    maximum: float
    step: float


@dataclass(frozen=True)
class Title:
    """The name of a parameter or, for a choice, also the words for its values."""

    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Begins:
    """What a form begins with on an image, where one default cannot fit CT, photographs and shares from 0 to 1.

    ``at`` is the ``"level"``, ``"width"``, ``"low"`` or ``"high"`` end of the window that is shown, the ``"lowest"``
    value, or the ``"span"`` of most values, per voxel in mm as a ``"slope"``; ``share`` multiplies it. Of the grid
    it is the ``"spacing"``, ``"origin"`` or ``"size"`` along an ``axis`` (x, y, z).
    """

    at: Literal["level", "width", "low", "high", "lowest", "span", "slope", "spacing", "origin", "size"]
    share: float = 1.0
    axis: int = 0

    @property
    def is_extent(self) -> bool:
        """Return whether it is a difference of values, which counts from 0."""
        return self.at in ("width", "span")

    @property
    def of_grid(self) -> bool:
        """Return whether the values of the image do not matter."""
        return self.at in ("spacing", "origin", "size")


@dataclass(frozen=True)
class When:
    """Marks a parameter that counts only while the choice ``name`` has one of these values; forms then show it."""

    name: str
    values: tuple[str | bool, ...]


@dataclass(frozen=True)
class KernelGrid:
    """Marks a text that holds a grid of numbers, ``"0 -1 0; -1 5 -1; 0 -1 0"``, slices apart by ``|``."""


@dataclass(frozen=True)
class Places:
    """Marks a text that holds places, ``"x y z; x y z"`` in LPS mm: seeds that are set with the mouse."""


def _split(value: Any) -> Any:
    """Let a box be written as one text, ``"0,0,0,10,10,10"``."""
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


Millimetres = Annotated[float, Unit("mm")]
Voxels = Annotated[int, Unit("voxels")]
Intensity = Annotated[float, Unit("intensity")]
Percent = Annotated[float, Unit("%"), Range(0, 100), Slider(0, 100, 1)]
Box = Annotated[tuple[int, int, int, int, int, int], Unit("voxels"), BeforeValidator(_split)]
"""First voxel x, y, z, then the number of voxels along x, y, z."""
SeedText = Annotated[str, Unit("mm"), Places()]
"""Places in LPS mm, the numbers apart by blanks, the places by ``;``."""
KernelText = Annotated[str, Unit(""), KernelGrid()]
"""Numbers in rows, rows apart by ``;``, slices by ``|``."""
