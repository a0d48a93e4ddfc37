"""Annotations over the image of a pane: drawn, hovered, taken hold of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QTransform

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer
from pellucid.model.shapes import moved, with_handle
from pellucid.model.view import EDITING_TOOLS, Tool
from pellucid.ui import theme
from pellucid.ui.canvas.landmark_tool import is_in_the_way
from pellucid.ui.canvas.measure_editor import edit_annotation
from pellucid.ui.canvas.measure_painting import paint_handles, paint_line
from pellucid.ui.canvas.measure_plates import Places, Plate, paint_plate, plate_size
from pellucid.ui.canvas.measure_scene import Item, Scene
from pellucid.ui.canvas.measure_tools import DrawTool
from pellucid.ui.canvas.measure_words import plate_lines
from pellucid.ui.canvas.words import Words

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView
    from pellucid.ui.canvas.tools import CanvasTool, Pointer

REACH = 6.0
"""Widget pixels from a line or handle within which it is taken hold of."""
_FONT_PIXELS = 12
_SAMPLES = 64
BODY = -1
_UNDISTURBED = EDITING_TOOLS | {Tool.MOVE_LAYER}


@dataclass(frozen=True)
class _State:
    """Everything the picture of the annotations depends on; ``mouse`` matters only while something is drawn."""

    items: tuple[Item, ...]
    lines: tuple[tuple[str, ...], ...]
    transform: QTransform
    lit: frozenset[str]
    hovered: tuple[Annotation, int] | None
    mouse: QPointF | None


class MeasureOverlay:
    """Draws the annotations of the slice and finds the one under the mouse."""

    def __init__(self) -> None:
        font = theme.figures(QGuiApplication.font())
        font.setPixelSize(_FONT_PIXELS)
        self._words = Words(font)
        self._scene = Scene()
        self._plates: list[Plate] = []
        self._drawn: tuple[object, QImage] | None = None

    # ---------------------------------------------------------------- under the mouse

    def hit(self, pane: SliceView, at: QPointF) -> tuple[Annotation, int] | None:
        """Return the annotation under a widget position and the number of its handle there, or ``BODY``."""
        if pane.frame is None:
            return None
        self._scene.refresh(pane)
        u, v = pane.camera.to_plane(at)
        reach = REACH / pane.camera.scale
        chosen = pane.session.measuring.selected
        near = self._scene.near(u, v, reach)
        for item in self._scene.items:
            if (chosen is not None and item.annotation.id == chosen.id) or item is near:
                handle = _handle_at(item, u, v, reach)
                if handle is not None and not item.faint:
                    return item.annotation, handle
        if near is not None:
            return near.annotation, BODY
        return self._on_plate(pane, at)

    def _on_plate(self, pane: SliceView, at: QPointF) -> tuple[Annotation, int] | None:
        """Return the annotation whose words lie under a position; while drawing only words that are the thing."""
        drawing = isinstance(pane.mouse.tool, DrawTool)
        for plate in reversed(self._plates):
            if plate.box.contains(at):
                item = next((one for one in self._scene.items if one.annotation.id == plate.id), None)
                if item is not None and (not drawing or item.annotation.kind is Kind.TEXT):
                    return item.annotation, BODY
        return None

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what moves or reshapes the annotation under the mouse, unless something is painted or drawn."""
        tool = pane.mouse.tool
        if pane.session.view.tool in _UNDISTURBED or (isinstance(tool, DrawTool) and tool.is_drawing(pane)):
            return None
        found = self.hit(pane, pointer.at)
        return AnnotationGrip(*found) if found is not None and not is_in_the_way(pane, found[0]) else None

    # ---------------------------------------------------------------- painting

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw lines, then handles, then plates; what has not changed is a picture that is kept."""
        self._scene.refresh(pane)
        if not self._scene.items:
            self._plates, self._drawn = [], None
            return
        measuring, at = pane.session.measuring, pane.mouse.at
        hovered = self.hit(pane, at) if at is not None else None
        in_hand = () if pane.is_pictured else (measuring.selected, measuring.draft)
        state = _State(
            self._scene.items, tuple(self._lines(pane, item) for item in self._scene.items),
            _to_widget(pane), frozenset(one.id for one in in_hand if one is not None), hovered,
            at if measuring.draft is not None else None,
        )  # fmt: skip
        if pane.is_pictured:
            self._paint(painter, pane, state)
            return
        ratio = pane.devicePixelRatioF()
        key = (state, pane.width(), pane.height(), ratio)
        if self._drawn is None or self._drawn[0] != key:
            picture = QImage(pane.size() * ratio, QImage.Format.Format_ARGB32_Premultiplied)
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            inner = QPainter(picture)
            self._paint(inner, pane, state)
            inner.end()
            self._drawn = (key, picture)
        painter.drawImage(0, 0, self._drawn[1])

    def _lines(self, pane: SliceView, item: Item) -> tuple[str, ...]:
        """Return the words of a plate; half of a shape and what is faint have none."""
        one = item.annotation
        if item.faint or (not one.is_complete and one.kind is not Kind.TEXT):
            return ()
        if one.kind is Kind.POINT and one.name and pane.session.landmarks.has(one):
            return (one.name,)
        measuring = pane.session.measuring
        own = measuring.layer(one)
        known = own if isinstance(own, ImageLayer) else None
        return plate_lines(one, measuring.reading(one), measuring.fused_readings(one), known)

    def _paint(self, painter: QPainter, pane: SliceView, state: _State) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for item in state.items:
            paint_line(painter, item, state.transform, strong=item.annotation.id in state.lit)
        for item in state.items:
            over = state.hovered is not None and state.hovered[0].id == item.annotation.id
            if not item.faint and (over or item.annotation.id in state.lit) and item.annotation.kind is not Kind.TEXT:
                handle = state.hovered[1] if over and state.hovered is not None else None
                paint_handles(painter, item, state.transform, handle)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._plates = self._place(pane, state)
        for plate in self._plates:
            paint_plate(painter, plate, self._words)

    def _place(self, pane: SliceView, state: _State) -> list[Plate]:
        draft, transform, plates = pane.session.measuring.draft, state.transform, []
        boxes = np.array([transform.mapRect(_rect(item)).getCoords() for item in state.items])
        places = Places(pane.width(), pane.height(), boxes)
        for item, lines in zip(state.items, state.lines, strict=True):
            one = item.annotation
            if not lines:
                continue
            size = plate_size(lines, self._words)
            at = state.mouse if draft is not None and one.id == draft.id else None
            fixed = self._fixed_place(item, size, transform, at)
            box = places.at(size, fixed) if fixed is not None else self._free_place(places, size, item, transform)
            headed = bool(one.name) and one.kind is not Kind.TEXT
            anchor = _nearest(item, transform, box)
            plates.append(Plate(one.id, box, lines, one.color, headed, one.id in state.lit, anchor))
        return plates

    def _free_place(self, places: Places, size: QSizeF, item: Item, transform: QTransform) -> QRectF:
        """Return where a plate is free: beside a region, at the ends of a line, at the vertex of an angle."""
        line = _sampled(item.line) * transform.m11() + np.array([transform.dx(), transform.dy()])
        if item.annotation.is_region:
            return places.beside(size, [transform.mapRect(_rect(item))], line)
        ends = [1, 0, 2] if item.annotation.kind is Kind.ANGLE else [-1, 0]
        around = [QRectF(transform.map(QPointF(*item.line[n])), QSizeF()) for n in ends]
        return places.beside(size, around, line)

    def _fixed_place(self, item: Item, size: QSizeF, transform: QTransform, mouse: QPointF | None) -> QPointF | None:
        """Return where the plate must stand: beside the mouse while drawing, words at their place."""
        if item.annotation.kind is Kind.TEXT:
            return transform.map(QPointF(*item.line[0])) + QPointF(0, -self._words.height / 2 - 2)
        if item.annotation.kind is Kind.ARROW:
            tip, tail = (transform.map(QPointF(*end)) for end in item.line)
            x = tail.x() + 4 if tail.x() >= tip.x() else tail.x() - size.width() - 4
            return QPointF(x, tail.y() - size.height() / 2)
        return mouse + QPointF(18, 18) if mouse is not None else None


class AnnotationGrip:
    """Moves an annotation, or one of its handles; a click selects it, a double click edits its words."""

    def __init__(self, annotation: Annotation, handle: int) -> None:
        self.annotation = annotation
        self.handle = handle
        self.cursor = Qt.CursorShape.SizeAllCursor if handle == BODY else Qt.CursorShape.PointingHandCursor
        self._start = np.zeros(3)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnnotationGrip):
            return False
        return other.annotation.id == self.annotation.id and other.handle == self.handle

    __hash__ = None  # type: ignore[assignment]

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Select it."""
        self._start = pane.world_at(pointer.at)
        pane.session.measuring.select(self.annotation)

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Follow the mouse; nothing is kept before the button is let go."""
        at, before = pane.world_at(pointer.at), self.annotation
        if self.handle == BODY:
            changed = moved(before, at - self._start)
        else:
            changed = with_handle(before, self.handle, at)
        pane.session.measuring.draft = changed

    def release(self, pane: SliceView) -> None:
        """Keep the change as one step."""
        measuring = pane.session.measuring
        changed, measuring.draft = measuring.draft, None
        if changed is not None and changed.id == self.annotation.id:
            measuring.change(changed)

    def cancel(self, pane: SliceView) -> None:
        """Leave the annotation as it was."""
        pane.session.measuring.draft = None

    def double_click(self, pane: SliceView, _pointer: Pointer) -> bool:
        """Edit the words or the name."""
        edit_annotation(pane, self.annotation)
        return True


def _handle_at(item: Item, u: float, v: float, reach: float) -> int | None:
    if item.annotation.kind is Kind.TEXT:
        return None
    away = np.hypot(item.handles[:, 0] - u, item.handles[:, 1] - v)
    nearest = int(np.argmin(away))
    return nearest if away[nearest] <= reach * 1.2 else None


def _to_widget(pane: SliceView) -> QTransform:
    """Return the transform from plane coordinates to widget pixels."""
    scale, origin = pane.camera.scale, pane.camera.to_widget(0.0, 0.0)
    return QTransform(scale, 0, 0, scale, origin.x(), origin.y())


def _rect(item: Item) -> QRectF:
    left, top, right, bottom = item.bounds
    return QRectF(left, top, right - left, bottom - top)


def _sampled(line: Floats) -> Floats:
    """Return points along a line, close enough to tell whether a plate would hide it."""
    if len(line) < 2:
        return line
    share = np.linspace(0, 1, max(2, _SAMPLES // (len(line) - 1)))[:, None, None]
    return np.asarray((line[:-1] + share * (line[1:] - line[:-1])).reshape(-1, 2))


def _nearest(item: Item, transform: QTransform, box: QRectF) -> QPointF:
    """Return the corner of the line of an annotation that is nearest to a box, in widget pixels."""
    line = item.line * transform.m11() + np.array([transform.dx(), transform.dy()])
    x = np.clip(line[:, 0], box.left(), box.right()) - line[:, 0]
    y = np.clip(line[:, 1], box.top(), box.bottom()) - line[:, 1]
    return QPointF(*line[int(np.argmin(x**2 + y**2))])
