"""Which panes of a screen are drawn again when something of the session changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pellucid.model.labels import Box
from pellucid.model.layer import LabelLayer, Layer

if TYPE_CHECKING:
    from pellucid.ui.canvas.canvas_area import CanvasArea
    from pellucid.ui.canvas.slice_view import SliceView

_TOLD_ELSEWHERE = ("name", "frames", "frame", "labels", "placement")
"""Fields of a layer that banner and information pane tell, too."""


class Redrawing:
    """Follows document, view and tools; ``settle`` brings what stands around the panes up to date a moment later."""

    def __init__(self, area: CanvasArea, settle: Callable[[], object]) -> None:
        self._area, self._settle = area, settle
        self._follow_document()
        self._follow_view()

    def _follow_document(self) -> None:
        document = self._area.session.document
        document.inserted.connect(self._layer_came)
        document.removed.connect(self._layer_went)
        document.reordered.connect(self._look_changed)
        document.active_changed.connect(self._look_changed)
        for signal in (document.annotations.inserted, document.annotations.removed, document.annotations.changed):
            signal.connect(self._draw_again)
        for layer in document.layers:
            self._watch(layer)

    def _follow_view(self) -> None:
        session, screen = self._area.session, self._area.screen_state
        session.view.events.connect(self._view_changed)
        if screen is not session.view:
            screen.events.connect(self._view_changed)
        session.pointing.lens_changed.connect(self._draw_again)
        session.objects.selected_changed.connect(self._draw_again)
        for overlaid in (session.measuring, session.outlining, session.framing, session.seeding, session.agreeing,
                         session.judging):  # fmt: skip
            overlaid.changed.connect(self._draw_again)

    def _watch(self, layer: Layer) -> None:
        layer.events.connect(self._layer_changed)
        if isinstance(layer, LabelLayer):
            layer.labels.changed.connect(self._voxels_changed)
            layer.labels.table_changed.connect(self._look_changed)

    def _layer_came(self, layer: Layer) -> None:
        self._watch(layer)
        self._look_changed()

    def _layer_went(self, layer: Layer) -> None:
        layer.events.disconnect(self._layer_changed, missing_ok=True)
        if isinstance(layer, LabelLayer):
            layer.labels.changed.disconnect(self._voxels_changed, missing_ok=True)
            layer.labels.table_changed.disconnect(self._look_changed, missing_ok=True)
        self._look_changed()

    def _voxels_changed(self, box: Box) -> None:
        for pane in self._area.panes:
            pane.stack.labels_changed(box)
            if pane.isVisible() and self._cuts(pane, box):
                pane.schedule()

    def _cuts(self, pane: SliceView, box: Box) -> bool:
        """Return whether what a pane shows may hold voxels of a box (z, y, x) of some label layer."""
        layers = self._area.session.viewing.layers(pane.state)
        places = [pane.slice_of(layer) for layer in layers if isinstance(layer, LabelLayer)]
        return any(place is None or box[2 - place[0]].start <= place[1] < box[2 - place[0]].stop for place in places)

    def _layer_changed(self, info: Any) -> None:
        self._draw_again()
        if info.signal.name in _TOLD_ELSEWHERE:
            self._settle()

    def _look_changed(self, *_: object) -> None:
        self._draw_again()
        self._settle()

    def _view_changed(self, info: Any) -> None:
        if info.signal.name in ("layout", "maximised", "spread", "apart"):
            self._settle()
        self._draw_again()

    def _draw_again(self) -> None:
        for pane in self._area.panes:
            if pane.isVisible():
                pane.schedule()
