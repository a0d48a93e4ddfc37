"""How the frames of a series or the sections of a stack had moved, as curves and as a table."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeGuard

import numpy as np

from pellucid.language import mark, tr
from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer
from pellucid.model.timing import timing
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.operations.engines.registration.series import Movement

DOUBTS = {
    "unlike": mark("Looks unlike what it was compared with"),
    "outside": mark("More than half would lie outside"),
    "restless": mark("The search did not come to rest"),
}
"""What speaks against a movement, in words."""


@dataclass(frozen=True, eq=False)
class Motion:
    """How the pictures of a layer had moved: None where it is not known yet; in ``unit``, and degrees."""

    layer: ImageLayer
    frames: tuple[tuple[Volume, ...], ...]
    movements: tuple[Movement | None, ...]
    unit: str
    is_stack: bool
    is_growing: bool = False

    @property
    def axes(self) -> tuple[str, ...]:
        """Return the names of the shifts."""
        known = next((one for one in self.movements if one is not None), None)
        return ("x", "y", "z")[: len(known.shift)] if known is not None else ()

    @property
    def turns(self) -> tuple[str, ...]:
        """Return the names of the angles."""
        return (tr("Turn"),) if len(self.axes) == 2 else tuple(tr("About {axis}", axis=axis) for axis in self.axes)

    @property
    def doubts(self) -> dict[int, str]:
        """Return what speaks against the movements that are doubtful, by their place."""
        return {n: tr(DOUBTS[one.doubt]) for n, one in enumerate(self.movements) if one is not None and one.doubt}

    def shifts(self, axis: int) -> Floats:
        """Return the shifts along an axis, NaN where none is known."""
        return np.array([one.shift[axis] if _known(one) else np.nan for one in self.movements])

    def angles(self, number: int) -> Floats:
        """Return the angles about an axis, NaN where none is known."""
        return np.array([one.angles[number] if _known(one) else np.nan for one in self.movements])

    def table(self, delimiter: str = ",") -> str:
        """Return one row for each frame or section, with a header; numbers with every digit."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        times = None if self.is_stack else timing(self.layer.frames).times
        writer.writerow([
            tr("Section") if self.is_stack else tr("Frame"), *([tr("Time, s")] if times is not None else []),
            *(tr("Shift {axis}, {unit}", axis=axis, unit=self.unit) for axis in self.axes),
            *(f"{turn}, °" for turn in self.turns), tr("Correlation before"), tr("Correlation after"), tr("Doubt"),
        ])  # fmt: skip
        for n, one in enumerate(self.movements):
            if one is not None:
                writer.writerow([
                    n + 1, *([times[n]] if times is not None else []), *map(float, one.shift), *map(float, one.angles),
                    one.before, one.after, tr(DOUBTS[one.doubt]) if one.doubt else "",
                ])  # fmt: skip
        return text.getvalue()


def _known(movement: Movement | None) -> TypeGuard[Movement]:
    """Return whether a motion was found: what looks unlike stayed where it was, and says nothing of it."""
    return movement is not None and movement.doubt != "unlike"
