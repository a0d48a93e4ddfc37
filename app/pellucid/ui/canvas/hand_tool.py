"""The tool that moves and turns the moving layer on the canvas, with the mouse and with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QKeyEvent

from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer
from pellucid.model.measuring import written
from pellucid.model.planes import PlaneFrame
from pellucid.model.rigid_parts import shift, turn
from pellucid.ui.canvas.tools import Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

FINER = 0.1
"""How much of a movement of the mouse counts while Shift is held."""
_CENTRAL = 0.25
"""Share of the pane at each side in which a crosshair is too far out to be turned about."""
_RING, _LEAST_RING = 0.4, 40.0
_TURN_STEP = 0.5
_MORE = 10
_SAID_MS = 1500
_WAYS = {
    Qt.Key.Key_Left: (-1, 0, 0), Qt.Key.Key_Right: (1, 0, 0), Qt.Key.Key_Up: (0, -1, 0), Qt.Key.Key_Down: (0, 1, 0),
    Qt.Key.Key_PageUp: (0, 0, -1), Qt.Key.Key_PageDown: (0, 0, 1),
}  # fmt: skip


class HandTool:
    """Moves the moving layer in the plane of the pane, or turns it about the pivot; Shift makes it ten times finer."""

    def __init__(self, *, turns: bool = False) -> None:
        self.turns = turns
        self.cursor = Qt.CursorShape.CrossCursor if turns else Qt.CursorShape.SizeAllCursor
        self._last, self._pivot = QPointF(), QPointF()
        self._about = np.zeros(3)
        self._way, self._angle = np.zeros(2), 0.0
        self._layer: ImageLayer | None = None

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take the layer into the hand, or say why there is none."""
        self._way, self._angle, self._layer = np.zeros(2), 0.0, None
        try:
            layer = movable(pane)
            self._layer = pane.session.hand_placing.take()
        except Refused as reason:
            pane.session.notice.emit(str(reason), "warning")
            return
        assert layer is self._layer
        self._last, self._pivot = pointer.at, pivot(pane)
        self._about = pane.world_at(self._pivot)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse."""
        frame = pane.frame
        if self._layer is None or frame is None or not pane.session.hand_placing.is_held:
            return
        share = FINER if pointer.has(Qt.KeyboardModifier.ShiftModifier) else 1.0
        before, self._last = self._last, pointer.at
        if self.turns:
            turned = _bearing(pointer.at - self._pivot) - _bearing(before - self._pivot)
            self._angle += share * ((turned + 180.0) % 360.0 - 180.0)
            motion = turn(_towards(frame), self._angle, self._about)
        else:
            step = pointer.at - before
            self._way += share * np.array([step.x(), step.y()]) / pane.camera.scale
            motion = shift(self._way[0] * frame.right + self._way[1] * frame.down)
        pane.session.hand_placing.move(motion)
        pane.say(turned_text(self._angle) if self.turns else moved_text(frame, *self._way))

    def release(self, pane: SliceView) -> None:
        """Leave the layer there as one step."""
        layer, self._layer = self._layer, None
        frame = pane.frame
        if layer is not None and frame is not None:
            pane.session.hand_placing.let_go(self._title(layer, frame))
        pane.say(None)

    def _title(self, layer: ImageLayer, frame: PlaneFrame) -> str:
        if self.turns:
            return tr("Turn {name} by {angle}", name=layer.name, angle=written(abs(self._angle)) + "°")
        return tr("Move {name} by {length}", name=layer.name, length=_length(frame, *self._way))

    def cancel(self, pane: SliceView) -> None:
        """Put the layer back."""
        self._layer = None
        pane.session.hand_placing.put_back()
        pane.say(None)

    def key(self, pane: SliceView, event: QKeyEvent) -> bool:
        """Move by a pixel, through the plane by a slice, or turn by half a degree; return whether the key does so."""
        way, held = _WAYS.get(Qt.Key(event.key())), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        turns = bool(held & Qt.KeyboardModifier.AltModifier)
        shift_key = bool(held & Qt.KeyboardModifier.ShiftModifier)
        known = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
        if way is None or held & ~known or (turns and not way[0]) or pane.frame is None:
            return False
        try:
            _nudge(pane, pane.frame, np.array(way) * (_MORE if shift_key else 1), turns=turns)
        except Refused as reason:
            pane.session.notice.emit(str(reason), "warning")
        return True


def _nudge(pane: SliceView, frame: PlaneFrame, steps: Floats, *, turns: bool) -> None:
    layer, hand = movable(pane), pane.session.hand_placing
    if turns:
        angle = _TURN_STEP * float(steps[0])
        hand.nudge(turn(_towards(frame), angle, pane.world_at(pivot(pane))))
        said = turned_text(angle)
    elif steps[2]:
        if hand.is_planar(layer):
            raise Refused(tr("“{name}” is a single slice and moves within its plane only.", name=layer.name))
        way = float(steps[2]) * abs(frame.step_mm)
        hand.nudge(shift(way * frame.normal))
        said = f"{written(way)} mm" if frame.has_depths else tr_count("1 slice", "{count} slices", int(steps[2]))
    else:
        u, v = steps[:2] * np.array(frame.pixel_mm)
        hand.nudge(shift(u * frame.right + v * frame.down))
        said = moved_text(frame, u, v)
    pane.say(said)
    QTimer.singleShot(_SAID_MS, pane, lambda: pane.hush(said))


def movable(pane: SliceView) -> ImageLayer:
    """Return the layer that can be moved on a pane; raise Refused with a sentence where there is none."""
    fixed, moving = pane.session.hand_placing.fixed_and_moving()
    shown = pane.session.viewing.layers(pane.state)
    if moving not in shown:
        raise Refused(tr("“{name}” is not shown in this pane.", name=moving.name))
    if not any(isinstance(layer, ImageLayer) and layer is not moving for layer in shown):
        raise Refused(tr("Show “{name}” in this pane too, so that “{other}” is seen to move against it.",
                         name=fixed.name, other=moving.name))  # fmt: skip
    return moving


def pivot(pane: SliceView) -> QPointF:
    """Return where a layer is turned about: the crosshair, or the middle of the pane where that is far out."""
    at = pane.widget_at(pane.session.viewing.position(pane.state))
    width, height = pane.width(), pane.height()
    central = QRectF(_CENTRAL * width, _CENTRAL * height, (1 - 2 * _CENTRAL) * width, (1 - 2 * _CENTRAL) * height)
    return at if central.contains(at) else QPointF(width / 2, height / 2)


def ring(pane: SliceView) -> float:
    """Return the radius of the ring about the pivot, on and outside of which the mouse turns."""
    return max(_RING * min(pane.width(), pane.height()), _LEAST_RING)


def _towards(frame: PlaneFrame) -> Floats:
    """Return the axis about which what points to the right turns downwards."""
    return np.cross(frame.right, frame.down)


def _bearing(way: QPointF) -> float:
    return float(np.degrees(np.arctan2(way.y(), way.x())))


def turned_text(angle: float) -> str:
    """Return how far something was turned: ``12.5° clockwise``."""
    size = f"{abs(angle):.1f}°"
    return tr("{angle} clockwise", angle=size) if angle >= 0 else tr("{angle} counterclockwise", angle=size)


def moved_text(frame: PlaneFrame, u: float, v: float) -> str:
    """Return how far something was moved to the right and down, in mm or px."""
    across = f"{'→' if u >= 0 else '←'} {_number(frame, 0, u)}"
    down = f"{'↓' if v >= 0 else '↑'} {_number(frame, 1, v)}"
    return f"{across}  {down} {_unit(frame)}"


def _number(frame: PlaneFrame, axis: int, way: float) -> str:
    return f"{abs(way) if frame.has_lengths else abs(way) / frame.pixel_mm[axis]:.1f}"


def _unit(frame: PlaneFrame) -> str:
    return "mm" if frame.has_lengths else "px"


def _length(frame: PlaneFrame, u: float, v: float) -> str:
    across, down = (1.0, 1.0) if frame.has_lengths else frame.pixel_mm
    return f"{written(float(np.hypot(u / across, v / down)))} {_unit(frame)}"
