"""What dragging parts of the crosshair does: turn the other planes, shift one of them, move the crossing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt

from pellucid.model.geometry import IDENTITY, Vector
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Plane
from pellucid.ui.canvas.tools import Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_SNAP = 15.0


class TurnTool:
    """Turns the other planes about the crosshair, around the normal of this one; Shift snaps to 15° on the screen."""

    cursor = Qt.CursorShape.OpenHandCursor

    def __init__(self) -> None:
        self.active = False
        self._start, self._before = 0.0, IDENTITY

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of where the handle is."""
        self.active = True
        self._start, self._before = self._angle(pane, pointer.at), pane.session.view.rotation

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Turn by as much as the handle went around the crosshair."""
        frame = pane.frame
        if frame is None:
            return
        angle = self._angle(pane, pointer.at)
        if pointer.has(Qt.KeyboardModifier.ShiftModifier):
            angle = round(angle / _SNAP) * _SNAP
        turned = (angle - self._start + 180.0) % 360.0 - 180.0
        about = np.cross(frame.right, frame.down)  # turns what points to the right downwards, as the angle does
        pane.session.view.rotation = combined(turn_about(about, turned), self._before)
        pane.say(f"{abs(turned):.0f}° {'clockwise' if turned >= 0 else 'counterclockwise'}")

    def release(self, pane: SliceView) -> None:
        """Take the read-out away."""
        self.active = False
        pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Turn the planes back."""
        pane.session.view.rotation = self._before
        self.release(pane)

    def _angle(self, pane: SliceView, position: QPointF) -> float:
        """Return the angle in degrees, clockwise from the right, of a position seen from the crosshair."""
        way = position - pane.widget_at(pane.session.viewing.position(pane.state))
        return float(np.degrees(np.arctan2(way.y(), way.x())))


class CentreTool:
    """Moves the crosshair by as much as the mouse moves."""

    cursor: Qt.CursorShape = Qt.CursorShape.SizeAllCursor

    def __init__(self) -> None:
        self._start = QPointF()
        self._before: Vector = (0.0, 0.0, 0.0)

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of where the crosshair is."""
        self._start, self._before = pointer.at, pane.session.viewing.position(pane.state)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse, within the grid."""
        frame = pane.frame
        if frame is None:
            return
        step = self.step(pointer.at - self._start) / pane.camera.scale
        left, top, right, bottom = frame.extent
        u, v = frame.plane_coordinates(self._before)
        wanted = min(max(u + step.x(), left), right) - u, min(max(v + step.y(), top), bottom) - v
        world = np.array(self._before) + wanted[0] * frame.right + wanted[1] * frame.down
        pane.session.viewing.move_to(pane.state, (float(world[0]), float(world[1]), float(world[2])))

    def step(self, moved: QPointF) -> QPointF:
        """Return what of a movement of the mouse counts."""
        return moved

    def release(self, pane: SliceView) -> None:
        """Leave it where it is."""

    def cancel(self, pane: SliceView) -> None:
        """Put the crosshair back."""
        pane.session.viewing.move_to(pane.state, self._before)


class ShiftTool(CentreTool):
    """Shifts the plane of a line: the crosshair moves across the line only."""

    def __init__(self) -> None:
        super().__init__()
        self._offered = self._across = QPointF(1, 0)
        self.plane = Plane.AXIAL

    def take(self, plane: Plane, across: QPointF) -> None:
        """Say which plane the next drag shifts, and the unit vector across its line on the screen."""
        self.plane, self._offered = plane, across
        angle = float(np.degrees(np.arctan2(across.y(), across.x()))) % 180.0
        shapes = (Qt.CursorShape.SizeHorCursor, Qt.CursorShape.SizeFDiagCursor, Qt.CursorShape.SizeVerCursor,
                  Qt.CursorShape.SizeBDiagCursor)  # fmt: skip
        self.cursor = shapes[int(angle / 45.0 + 0.5) % 4]

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of where the line is."""
        super().press(pane, pointer)
        self._across = self._offered

    def step(self, moved: QPointF) -> QPointF:
        """Return the part of a movement that goes across the line."""
        return self._across * QPointF.dotProduct(moved, self._across)
