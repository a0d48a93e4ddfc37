"""What dragging a side, a corner or the inside of the crop box does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt

from pellucid.language import tr
from pellucid.model.crop_box import moved, resized
from pellucid.session.framing import Framed
from pellucid.ui.canvas.tools import Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView


class BoxGrip:
    """Moves the ends of the box along two voxel axes by whole voxels, or all of it; Shift keeps the middle.

    ``sides`` says which end (-1, 0 or 1) of each axis was taken; without any the box moves.
    """

    def __init__(self, axes: tuple[int, int], sides: tuple[int, int], cursor: Qt.CursorShape) -> None:
        self.axes, self.sides, self.cursor = axes, sides, cursor
        self._start: Framed | None = None
        self._place = np.zeros(3)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BoxGrip) and (other.axes, other.sides) == (self.axes, self.sides)

    __hash__ = None  # type: ignore[assignment]

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of the box and of where the mouse is on its grid."""
        self._start = pane.session.framing.shown
        if self._start is not None:
            self._place = self._start.geometry.world_to_index(pane.world_at(pointer.at))

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse by whole voxels and say the size."""
        start = self._start
        if start is None or pane.frame is None:
            return
        way = start.geometry.world_to_index(pane.world_at(pointer.at)) - self._place
        steps = {axis: int(np.floor(way[axis] + 0.5)) for axis in self.axes}
        if self.sides == (0, 0):
            box = moved(start.box, start.geometry.size, steps)
        else:
            sides = {axis: side for axis, side in zip(self.axes, self.sides, strict=True) if side}
            centred = pointer.has(Qt.KeyboardModifier.ShiftModifier)
            box = resized(start.box, start.geometry.size, sides, steps, centred=centred)
        pane.session.framing.drag(box)
        pane.say(size_text(Framed(start.layer, start.geometry, box)))

    def release(self, pane: SliceView) -> None:
        """Take the read-out away."""
        pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Put the box back."""
        if self._start is not None:
            pane.session.framing.drag(self._start.box)
        self.release(pane)


def size_text(framed: Framed) -> str:
    """Return the size of a box in voxels, and in mm where the spacing is known."""
    geometry, counts = framed.geometry, framed.box[3:]
    voxels = tr("{size} voxels", size=" × ".join(map(str, counts)))
    if not all(geometry.known_spacing):
        return voxels
    lengths = " × ".join(f"{n * step:.1f}" for n, step in zip(counts, geometry.spacing, strict=True))
    return tr("{voxels}, {lengths} mm", voxels=voxels, lengths=lengths)
