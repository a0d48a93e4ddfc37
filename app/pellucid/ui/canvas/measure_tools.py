"""The tools that draw annotations: click by click, or pressed and dragged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QPointF, Qt

from pellucid.language import tr
from pellucid.model.annotations import BOXED, POINT_COUNTS, Annotation, Kind
from pellucid.model.geometry import Vector
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.shapes import on_plane, simplified, to_plane, to_world, vector
from pellucid.model.view import Tool
from pellucid.ui.canvas.measure_editor import edit_annotation
from pellucid.ui.canvas.tools import DRAG_DISTANCE, CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_FREEHAND_STEP = 2.0
"""Widget pixels between the points of a freehand line while it is drawn."""
_FREEHAND_TOLERANCE = 0.5
"""Widget pixels that a finished freehand line may be away from what was drawn."""
_ON_SLICE = 1e-6
_SECOND_LINE = 3
"""Points of a Cobb angle once its second line has begun."""


class Desk(Protocol):
    """Where what is half drawn lies."""

    draft: Annotation | None


class DrawTool:
    """Draws one kind of annotation.

    Points are set by clicks, or two at once by pressing, dragging and letting go. While something is being drawn
    its last point follows the mouse. Shift makes lines run at multiples of 45° and boxes square.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._id = ""
        self._begins = False
        """Whether a drag from the point just pressed makes another point: it begins a line."""

    @property
    def _fewest(self) -> int:
        return POINT_COUNTS[self.kind][0]

    @property
    def _most(self) -> int | None:
        return POINT_COUNTS[self.kind][1]

    def _desk(self, pane: SliceView) -> Desk:
        """Return who holds what is half drawn."""
        return pane.session.measuring

    # ---------------------------------------------------------------- the mouse

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Begin, or set the next point."""
        draft = self._draft(pane)
        second = self.kind is Kind.COBB and draft is not None and len(draft.points) == _SECOND_LINE
        self._begins = self._most != 1 and (draft is None or second)
        if draft is not None:
            self._desk(pane).draft = self._with_last(pane, draft, pointer)
        else:
            self._begin(pane, pointer)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse while the button is held."""
        draft = self._draft(pane)
        if draft is None:
            return
        if self.kind is Kind.FREEHAND:
            self._append(pane, draft, pointer)
            return
        if self._begins:
            self._begins = False
            draft = replace(draft, points=(*draft.points, draft.points[-1]))
        self._desk(pane).draft = self._with_last(pane, draft, pointer)

    def release(self, pane: SliceView) -> None:
        """Set the point where the button was let go; the last one finishes."""
        draft = self._draft(pane)
        if draft is None:
            return
        points = draft.points
        if len(points) > 1 and self._near(pane, points[-1], points[-2]) and self.kind is not Kind.FREEHAND:
            points = points[:-1]
        closed = self.kind is Kind.POLYGON and len(points) > self._fewest and self._near(pane, points[-1], points[0])
        if closed:
            points = points[:-1]
        if closed or self.kind is Kind.FREEHAND or len(points) == self._most:
            self._keep(pane, replace(draft, points=points))
        else:
            self._desk(pane).draft = replace(draft, points=(*points, points[-1]))

    def hover(self, pane: SliceView, pointer: Pointer) -> None:
        """Let the last point follow the mouse between clicks."""
        draft = self._draft(pane)
        if draft is not None:
            self._desk(pane).draft = self._with_last(pane, draft, pointer)

    def double_click(self, pane: SliceView, pointer: Pointer) -> bool:
        """Finish what may have any number of points; return whether there was anything to finish."""
        return self.finish(pane) if self._most is None else False

    def cancel(self, pane: SliceView) -> None:
        """Give up what is being drawn."""
        if self._draft(pane) is not None:
            self._desk(pane).draft = None

    # ---------------------------------------------------------------- the keyboard

    def is_drawing(self, pane: SliceView) -> bool:
        """Return whether something is half drawn on a pane."""
        return self._draft(pane) is not None

    def finish(self, pane: SliceView) -> bool:
        """Keep the points that were set, if they are enough; return whether anything was being drawn."""
        draft = self._draft(pane)
        if draft is None:
            return False
        self._keep(pane, replace(draft, points=draft.points[:-1]))
        return True

    def step_back(self, pane: SliceView) -> bool:
        """Take the point back that was set last; return whether anything was being drawn."""
        draft = self._draft(pane)
        if draft is None:
            return False
        kept = (*draft.points[:-2], draft.points[-1])
        self._desk(pane).draft = replace(draft, points=kept) if len(kept) > 1 else None
        return True

    # ---------------------------------------------------------------- what is drawn

    def _draft(self, pane: SliceView) -> Annotation | None:
        """Return what this tool is drawing, if it still lies on the slice of the pane."""
        draft, frame = self._desk(pane).draft, pane.frame
        if draft is None or draft.id != self._id or frame is None:
            return None
        away = np.dot(draft.points[0], frame.normal) - np.dot(frame.world_at(0, 0, pane.index), frame.normal)
        return draft if abs(away) < _ON_SLICE and np.allclose(draft.normal, frame.normal) else None

    def _begin(self, pane: SliceView, pointer: Pointer) -> None:
        layer, frame = measured_layer(pane), pane.frame
        if layer is None or frame is None:
            return
        if pane.session.loading.is_placeholder(layer):
            pane.session.notice.emit(tr("The series is still being opened."), "info")
            return
        time = layer.frame if isinstance(layer, ImageLayer) else 0
        start = (vector(pane.world_at(pointer.at)),)
        draft = on_plane(self.kind, start, frame, layer=layer.id, frame=time)
        self._id = draft.id
        pane.session.measuring.select(None)
        self._desk(pane).draft = draft

    def _with_last(self, pane: SliceView, draft: Annotation, pointer: Pointer) -> Annotation:
        at = vector(pane.world_at(pointer.at))
        if len(draft.points) > 1 and pointer.has(Qt.KeyboardModifier.ShiftModifier):
            at = constrained(draft, draft.points[-2], at)
        return replace(draft, points=(*draft.points[:-1], at))

    def _append(self, pane: SliceView, draft: Annotation, pointer: Pointer) -> None:
        if (pane.widget_at(draft.points[-1]) - pointer.at).manhattanLength() >= _FREEHAND_STEP:
            points = (*draft.points, vector(pane.world_at(pointer.at)))
            self._desk(pane).draft = replace(draft, points=points)

    def _near(self, pane: SliceView, one: Vector, other: Vector) -> bool:
        step: QPointF = pane.widget_at(one) - pane.widget_at(other)
        return bool(step.manhattanLength() < DRAG_DISTANCE)

    def _simplified(self, pane: SliceView, drawn: Annotation) -> Annotation:
        """Return a freehand line without points that the eye would not miss, anything else as it is."""
        if self.kind is not Kind.FREEHAND or not drawn.is_complete:
            return drawn
        flat = simplified(to_plane(drawn, drawn.points), _FREEHAND_TOLERANCE / pane.camera.scale)
        return replace(drawn, points=tuple(vector(p) for p in to_world(drawn, flat)))

    def _keep(self, pane: SliceView, drawn: Annotation) -> None:
        measuring = pane.session.measuring
        measuring.draft = None
        drawn = self._simplified(pane, drawn)
        if not drawn.is_complete:
            return
        if self.kind is Kind.TEXT:
            edit_annotation(pane, drawn, is_new=True)
        else:
            measuring.add(drawn)


def measured_layer(pane: SliceView) -> Layer | None:
    """Return the layer that is measured on a pane: the image tools work on, else the topmost labels."""
    layers = pane.session.viewing.layers(pane.state)
    return pane.image or (layers[-1] if layers else None)


def constrained(draft: Annotation, start: Vector, at: Vector) -> Vector:
    """Return a point so that the line from ``start`` runs at a multiple of 45°, or the box is a square."""
    origin, end = to_plane(draft, start), to_plane(draft, at)
    u, v = end - origin
    if draft.kind in BOXED:
        side = max(abs(u), abs(v))
        step = np.array([np.copysign(side, u), np.copysign(side, v)])
    else:
        turn = np.round(np.arctan2(v, u) / (np.pi / 4)) * (np.pi / 4)
        along = np.array([np.cos(turn), np.sin(turn)])
        step = along * (u * along[0] + v * along[1])
    return vector(to_world(draft, origin + step))


def make_draw_tools() -> dict[Tool, CanvasTool]:
    """Return the drawing tools of one pane."""
    return {Tool(kind.value): DrawTool(kind) for kind in Kind}
