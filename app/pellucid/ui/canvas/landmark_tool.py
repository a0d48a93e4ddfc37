"""The tool that sets landmarks, on the fixed and the moving image in turn, and the lines between those of a pair."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPen

from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.model.landmark_pairs import LANDMARK
from pellucid.model.layer import ImageLayer
from pellucid.model.shapes import on_plane, vector
from pellucid.model.view import Tool
from pellucid.ui.canvas.measure_scene import places_on
from pellucid.ui.canvas.measure_tools import DrawTool

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView
    from pellucid.ui.canvas.tools import CanvasTool, Pointer

_SAID_MS = 4000
_LINE = QColor("#ffffff")


class LandmarkTool(DrawTool):
    """Sets a landmark where the button is let go; the other point of the pair is next."""

    def __init__(self) -> None:
        super().__init__(Kind.POINT)

    def _begin(self, pane: SliceView, pointer: Pointer) -> None:
        frame = pane.frame
        if frame is None:
            return
        try:
            layer, name = pane.session.landmarks.next_on(pane.session.viewing.layers(pane.state))
        except Refused as reason:
            pane.session.notice.emit(str(reason), "warning")
            return
        draft = on_plane(
            Kind.POINT, (vector(pane.world_at(pointer.at)),), frame, layer=layer.id, frame=layer.frame, name=name,
            text=LANDMARK, color=pane.session.landmarks.color(layer),
        )  # fmt: skip
        self._id = draft.id
        pane.session.measuring.select(None)
        pane.session.measuring.draft = draft

    def _keep(self, pane: SliceView, drawn: Annotation) -> None:
        pane.session.measuring.draft = None
        layer = pane.session.document.find(drawn.layer)
        if not isinstance(layer, ImageLayer):
            return
        pane.session.landmarks.add(replace(drawn, frame=layer.frame))
        said = next_words(pane)
        pane.say(said)
        QTimer.singleShot(_SAID_MS, pane, lambda: pane.hush(said))


def next_words(pane: SliceView) -> str:
    """Return what the next click sets: ``2 on CT``."""
    landmarks = pane.session.landmarks
    awaited, images = landmarks.awaited(), landmarks.images()
    if awaited is not None and images is not None:
        return tr("Now the same place on “{layer}”", layer=images[0 if awaited.fixed is None else 1].name)
    try:
        layer, name = landmarks.next_on(pane.session.viewing.layers(pane.state))
    except Refused:
        return ""
    return tr("Next: {name} on “{layer}”", name=name, layer=layer.name)


def is_in_the_way(pane: SliceView, annotation: Annotation) -> bool:
    """Return whether a point is the mate of the one to be set next: where images nearly fit both lie at one place."""
    if pane.session.view.tool is not Tool.LANDMARKS:
        return False
    awaited = pane.session.landmarks.awaited()
    return awaited is not None and any(point.id == annotation.id for point in awaited.points)


class LandmarkLines:
    """Draws a fine line from each fixed point to its moving one where a pane shows both."""

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Take hold of nothing: the points themselves can be dragged."""
        return None

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the lines of the landmarks on this slice."""
        frame, session = pane.frame, pane.session
        if frame is None or not session.view.show_measurements or not len(session.document.annotations):
            return
        shown = {layer.id for layer in session.viewing.layers(pane.state) if layer.visible}
        ends = [
            (pair.fixed, pair.moving) for pair in session.landmarks.pairs()
            if pair.fixed is not None and pair.moving is not None
            and {pair.fixed.layer, pair.moving.layer} <= shown
        ]  # fmt: skip
        places = places_on([point for pair in ends for point in pair], frame, pane.index, 0.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for number, (first, second) in enumerate(ends):
            if places[2 * number] or places[2 * number + 1]:
                line = pane.widget_at(first.points[0]), pane.widget_at(second.points[0])
                for pen in (QPen(QColor(0, 0, 0, 160), 3.0), QPen(_LINE, 1.0, Qt.PenStyle.DotLine)):
                    painter.setPen(pen)
                    painter.drawLine(*line)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
