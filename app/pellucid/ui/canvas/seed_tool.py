"""What the left button does on a pane while seeds are placed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from pellucid.language import tr
from pellucid.model.geometry import Vector
from pellucid.ui.canvas.tools import Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView


class SeedSetter:
    """Sets a seed where the button goes down; it follows the mouse until the button is let go."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, group: str) -> None:
        self.group = group
        self._before: tuple[Vector, ...] | None = None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.group == self.group

    __hash__ = None  # type: ignore[assignment]

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Set a seed, or say that the image ends before; Ctrl, which removes seeds, sets none."""
        shown = pane.session.seeding.shown
        if shown is None or pointer.has(Qt.KeyboardModifier.ControlModifier):
            return
        before = shown.group(self.group).places
        if put(pane, pointer, self.group, before, len(before)):
            self._before = before

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Take the new seed along."""
        if self._before is not None:
            put(pane, pointer, self.group, self._before, len(self._before))

    def release(self, pane: SliceView) -> None:
        """Take the read-out away."""
        self._before = None
        pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Take the new seed away."""
        if self._before is not None:
            pane.session.seeding.set_places(self.group, self._before)
        self.release(pane)

    def double_click(self, _pane: SliceView, _pointer: Pointer) -> bool:
        """Go on as after one click: the second one is no wish to enlarge the pane."""
        return False


class SeedGrip:
    """Moves a seed; a click that moves nothing takes it away."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, group: str, number: int) -> None:
        self.group, self.number = group, number
        self._before: tuple[Vector, ...] | None = None
        self._moved = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SeedGrip) and (other.group, other.number) == (self.group, self.number)

    __hash__ = None  # type: ignore[assignment]

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of the seeds; with Ctrl remove the one under the mouse at once."""
        shown = pane.session.seeding.shown
        if shown is None:
            return
        self._before, self._moved = shown.group(self.group).places, False
        if pointer.has(Qt.KeyboardModifier.ControlModifier):
            self.release(pane)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse as far as the image goes."""
        if self._before is not None:
            self._moved = True
            put(pane, pointer, self.group, self._before, self.number)

    def release(self, pane: SliceView) -> None:
        """Remove the seed unless it was moved."""
        before, self._before = self._before, None
        if before is not None and not self._moved:
            rest = before[: self.number] + before[self.number + 1 :]
            pane.session.seeding.set_places(self.group, rest)
        pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Put the seed back."""
        if self._before is not None:
            pane.session.seeding.set_places(self.group, self._before)
        self._before = None
        pane.say(None)

    def double_click(self, _pane: SliceView, _pointer: Pointer) -> bool:
        """Do nothing: the first click of the two has just set this seed."""
        return True


def put(pane: SliceView, pointer: Pointer, group: str, places: tuple[Vector, ...], number: int) -> bool:
    """Put the seed of a number where the mouse is; return False, and say it, where the image does not reach."""
    seeding = pane.session.seeding
    place = seeding.snapped(pane.world_at(pointer.at))
    if place is None:
        pane.say(tr("Beyond the image"))
        return False
    seeding.set_places(group, (*places[:number], place, *places[number + 1 :]))
    pane.say(None)
    return True
