"""What a mouse button does on a pane: one small class per tool, told of press, move and release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QPointF, Qt

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.view import Tool
from pellucid.ui.canvas.corner_texts import layer_window
from pellucid.ui.canvas.window_region import WindowRegionTool

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

DRAG_DISTANCE = 4.0
"""Widget pixels a button may move and still be a click."""
_FULL_DRAG = 300.0
"""Widget pixels that double the width of a window."""
_ZOOM_DRAG = 120.0
"""Widget pixels that enlarge e times."""
_SLICE_DRAG = 6.0


@dataclass(frozen=True)
class Pointer:
    """Where the mouse is on a pane, and which modifier keys are held."""

    at: QPointF
    modifiers: Qt.KeyboardModifier

    def has(self, modifier: Qt.KeyboardModifier) -> bool:
        """Return whether a modifier key is held."""
        return bool(self.modifiers & modifier)


class CanvasTool(Protocol):
    """A tool between press and release of its button."""

    cursor: Qt.CursorShape

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Begin."""

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse while the button is held."""

    def release(self, pane: SliceView) -> None:
        """Finish."""

    def cancel(self, pane: SliceView) -> None:
        """Give up and restore what was there, as far as the tool can."""


class _Drag:
    """The common part of tools that only look at how far the mouse went."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self) -> None:
        self._start = self._last = QPointF()

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of where the drag begins."""
        self._start = self._last = pointer.at

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Hand on how far the mouse went since the last move."""
        step, self._last = pointer.at - self._last, pointer.at
        self.drag(pane, step, pointer)

    def drag(self, pane: SliceView, step: QPointF, pointer: Pointer) -> None:
        """Follow the mouse."""
        raise NotImplementedError

    def release(self, pane: SliceView) -> None:
        """Take the read-out away."""
        pane.say(None)

    def cancel(self, pane: SliceView) -> None:
        """Stop where it is."""
        self.release(pane)


class WindowTool(_Drag):
    """Right is wider, down is brighter; Shift makes it ten times finer."""

    def __init__(self) -> None:
        super().__init__()
        self._layer: ImageLayer | None = None
        self._before = self._exact = (0.0, 0.0)

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Take note of the window there is."""
        super().press(pane, pointer)
        self._layer = pane.image
        if self._layer is not None:
            self._before = self._exact = (self._layer.display.level, self._layer.display.width)

    def drag(self, pane: SliceView, step: QPointF, pointer: Pointer) -> None:
        """Follow the mouse."""
        layer = self._layer
        if layer is None or layer not in pane.session.document:
            return
        if layer.shows_colour:
            pane.say(tr("Colours are shown as they are: choose one channel in Layers to window it"))
            return
        low, high = layer.first_limits or layer.display.limits
        speed = max(self._before[1], 0.02 * (high - low)) / _FULL_DRAG
        if pointer.has(Qt.KeyboardModifier.ShiftModifier):
            speed /= 10
        down = -1.0 if pane.session.settings.invert_window_vertical else 1.0
        level, width = self._exact
        whole = layer.volume.dtype.kind in "iub"
        self._exact = level - down * step.y() * speed, max(width + step.x() * speed, 0.0)
        least = 1.0 if whole else 1e-6 * max(abs(high - low), 1e-30)
        layer.display.level = self._rounded(0, whole)
        layer.display.width = max(self._rounded(1, whole), least)
        pane.say(layer_window(layer))

    def _rounded(self, part: int, whole: bool) -> float:
        """Return level or width; whole numbers for whole values, but what was not dragged stays exactly."""
        exact = self._exact[part]
        return float(round(exact)) if whole and exact != self._before[part] else exact

    def cancel(self, pane: SliceView) -> None:
        """Restore the window there was."""
        if self._layer is not None:
            self._layer.display.level, self._layer.display.width = self._before
        self.release(pane)


class CrosshairTool(_Drag):
    """Puts the crosshair of all panes where the mouse is."""

    cursor = Qt.CursorShape.CrossCursor

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Put the crosshair here."""
        super().press(pane, pointer)
        pane.put_crosshair(pointer.at)

    def drag(self, pane: SliceView, step: QPointF, pointer: Pointer) -> None:
        """Follow the mouse."""
        pane.put_crosshair(pointer.at)


class PanTool(_Drag):
    """Moves the image with the mouse."""

    cursor = Qt.CursorShape.OpenHandCursor

    def drag(self, pane: SliceView, step: QPointF, pointer: Pointer) -> None:
        """Follow the mouse."""
        pane.camera.pan(step.x(), step.y())
        pane.schedule()


class ZoomTool(_Drag):
    """Up enlarges, down reduces, about the point where the button went down."""

    cursor = Qt.CursorShape.SizeVerCursor

    def drag(self, pane: SliceView, step: QPointF, pointer: Pointer) -> None:
        """Follow the mouse."""
        pane.camera.zoom(float(np.exp(-step.y() / _ZOOM_DRAG)), self._start)
        pane.say(f"{pane.camera.percent:.0f} %")
        pane.schedule()


class ScrollTool(_Drag):
    """Steps through the slices: down is the next one."""

    cursor = Qt.CursorShape.SplitVCursor

    def __init__(self) -> None:
        super().__init__()
        self._rest = 0.0

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Begin to count."""
        super().press(pane, pointer)
        self._rest = 0.0

    def drag(self, pane: SliceView, step: QPointF, pointer: Pointer) -> None:
        """Follow the mouse."""
        self._rest += step.y() / _SLICE_DRAG
        whole = int(self._rest)
        if whole:
            self._rest -= whole
            pane.step(whole)


class BrushTool:
    """Paints the active label; one stroke is one step of the history. Ctrl turns painting into erasing."""

    cursor = Qt.CursorShape.BlankCursor

    def __init__(self, *, erases: bool = False, smart: bool = False) -> None:
        self._erases, self._smart = erases, smart
        self._painting = False

    def erasing(self, modifiers: Qt.KeyboardModifier) -> bool:
        """Return whether a stroke begun now would erase."""
        return self._erases != bool(modifiers & Qt.KeyboardModifier.ControlModifier)

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Begin a stroke with a dab under the mouse."""
        frame = pane.frame
        if frame is None:
            return
        erase = self.erasing(pointer.modifiers)
        try:
            if self._smart and pane.image is None:
                raise Refused(tr("The smart brush compares values, and there is no image here."))
            like = pane.image if self._smart else None
            pane.session.labelling.begin_stroke(frame, pane.index, erase=erase, like=like)
        except Refused as reason:
            pane.session.notice.emit(str(reason), "warning")
            return
        self._painting = True
        self.move(pane, pointer)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Paint to where the mouse is."""
        if self._painting:
            pane.session.labelling.stroke_to(pane.world_at(pointer.at))

    def release(self, pane: SliceView) -> None:
        """Record the stroke."""
        if self._painting:
            self._painting = False
            pane.session.labelling.end_stroke()

    def cancel(self, pane: SliceView) -> None:
        """Take the stroke back."""
        if self._painting:
            self._painting = False
            pane.session.labelling.abort_stroke()


def make_tools() -> dict[Tool, CanvasTool]:
    """Return the tools of one pane."""
    return {
        Tool.WINDOW: WindowTool(),
        Tool.WINDOW_REGION: WindowRegionTool(),
        Tool.CROSSHAIR: CrosshairTool(),
        Tool.PAN: PanTool(),
        Tool.ZOOM: ZoomTool(),
        Tool.SCROLL: ScrollTool(),
        Tool.BRUSH: BrushTool(),
        Tool.ERASER: BrushTool(erases=True),
        Tool.SMART_BRUSH: BrushTool(smart=True),
    }
