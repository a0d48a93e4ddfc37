"""The tools that draw an outline and change the labels within it, from polygon to live wire and scissors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.view import Tool
from pellucid.session.outlining import Outlining, Use
from pellucid.ui.canvas.measure_tools import DrawTool
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.session.wiring import Wire
    from pellucid.ui.canvas.slice_view import SliceView

_SNAP = 8.0
"""Widget pixels within which a live wire is drawn to an edge."""
_CLOSE = 8.0
"""Widget pixels around the beginning of a wire in which a click closes it."""


class OutlineTool(DrawTool):
    """Draws an outline as an annotation is drawn; closing it paints the active label.

    Ctrl at the first press erases instead, Alt reaches through all slices. Shift keeps boxes square and lines at 45°.
    An outline stays where it was begun while other slices are looked at; a press there begins anew.
    """

    scissors = False

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self._use = Use()

    def _desk(self, pane: SliceView) -> Outlining:
        return pane.session.outlining

    def outline(self, pane: SliceView) -> Annotation | None:
        """Return what is half drawn on the slice of a pane."""
        return self._draft(pane)

    def use(self, pane: SliceView) -> Use:
        """Return what the outline does that is being drawn, or the one that a press would begin now."""
        return self._use if self.is_drawing(pane) else self._use_of(pane, pane.mouse.modifiers)

    def _use_of(self, pane: SliceView, modifiers: Qt.KeyboardModifier) -> Use:
        inverted = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        through = bool(modifiers & Qt.KeyboardModifier.AltModifier)
        return pane.session.outlining.use(scissors=self.scissors, inverted=inverted, through=through)

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Begin, or set the next point."""
        if not self.is_drawing(pane):
            self._use = self._use_of(pane, pointer.modifiers)
            if not _may_change(pane):
                return
        super().press(pane, pointer)

    def _keep(self, pane: SliceView, drawn: Annotation) -> None:
        outlining = pane.session.outlining
        outlining.draft = None
        drawn = self._simplified(pane, drawn)
        if drawn.is_complete:
            _attempt(pane, lambda: outlining.close(drawn, self._use))


class ScissorsTool(OutlineTool):
    """Cuts the active label along an outline, as the view says: fill, erase or keep what is inside, and how deep."""

    scissors = True

    def __init__(self) -> None:
        super().__init__(Kind.FREEHAND)

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Begin with the shape that is chosen, or set the next point."""
        if not self.is_drawing(pane):
            self.kind = Kind(pane.session.view.cut_shape.value)
        super().press(pane, pointer)


class LiveWireTool(OutlineTool):
    """Follows the edges of the image between clicks; Shift leads straight and where the mouse is."""

    def __init__(self) -> None:
        super().__init__(Kind.POLYGON)

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Fix the wire here; on its beginning, close it."""
        wire = self._wire(pane)
        if wire is None:
            self._begin_wire(pane, pointer)
        elif len(wire.knots) > 1 and self._is_beginning(pane, pointer, wire):
            self.finish(pane)
        else:
            wire.fix(*pane.camera.to_plane(pointer.at), straight=pointer.has(Qt.KeyboardModifier.ShiftModifier))

    def _begin_wire(self, pane: SliceView, pointer: Pointer) -> None:
        image, frame = pane.image, pane.frame
        if image is None:
            pane.session.notice.emit(tr("The live wire follows an image, and there is none here."), "warning")
            return
        super().press(pane, pointer)
        draft = self._draft(pane)
        if draft is None or frame is None:
            return
        snap = _SNAP / pane.camera.scale
        wire = pane.session.outlining.begin_wire(image.placed, frame, pane.index, draft, snap)
        wire.fix(*pane.camera.to_plane(pointer.at), straight=pointer.has(Qt.KeyboardModifier.ShiftModifier))

    def _wire(self, pane: SliceView) -> Wire | None:
        return pane.session.outlining.wire if self.is_drawing(pane) else None

    def _is_beginning(self, pane: SliceView, pointer: Pointer, wire: Wire) -> bool:
        step = pane.camera.to_widget(*wire.knots[0]) - pointer.at
        return bool(step.manhattanLength() < _CLOSE)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Let the wire follow the mouse."""
        self.hover(pane, pointer)

    def hover(self, pane: SliceView, pointer: Pointer) -> None:
        """Let the wire follow the mouse between clicks."""
        wire = self._wire(pane)
        if wire is not None:
            wire.lead(*pane.camera.to_plane(pointer.at), straight=pointer.has(Qt.KeyboardModifier.ShiftModifier))

    def release(self, pane: SliceView) -> None:
        """Do nothing: the press fixed the wire."""

    def finish(self, pane: SliceView) -> bool:
        """Close the wire; return whether there was one."""
        wire = self._wire(pane)
        if wire is None:
            return False
        wire.close(lambda outline: self._keep(pane, outline))
        return True

    def step_back(self, pane: SliceView) -> bool:
        """Let the wire loose where it was fixed last; return whether there was one."""
        wire = self._wire(pane)
        if wire is not None and not wire.back():
            pane.session.outlining.draft = None
        return wire is not None


def _may_change(pane: SliceView) -> bool:
    """Return whether the active label may change; say why it may not before anything is drawn in vain."""
    layer = pane.session.document.active_labels
    if layer is None:
        return True
    return _attempt(pane, lambda: pane.session.editing.check(layer))


def _attempt(pane: SliceView, action: Callable[[], object]) -> bool:
    try:
        action()
    except Refused as reason:
        pane.session.notice.emit(str(reason), "warning")
        return False
    return True


def make_outline_tools() -> dict[Tool, CanvasTool]:
    """Return the outline tools of one pane."""
    return {
        Tool.LABEL_POLYGON: OutlineTool(Kind.POLYGON),
        Tool.LABEL_LASSO: OutlineTool(Kind.FREEHAND),
        Tool.LABEL_RECTANGLE: OutlineTool(Kind.RECTANGLE),
        Tool.LABEL_ELLIPSE: OutlineTool(Kind.ELLIPSE),
        Tool.LIVE_WIRE: LiveWireTool(),
        Tool.SCISSORS: ScissorsTool(),
    }
