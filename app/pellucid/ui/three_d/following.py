"""Keeps the stage true to the session: surfaces of labels, planes at the crosshair, the volume of the active image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from pellucid.language import quoted, tr
from pellucid.model.geometry import Vector
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.session.solids import Solid, ask_solids
from pellucid.session.spaces import space_of
from pellucid.ui.canvas.lookup import Colorer
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.throttle import Throttle
from pellucid.ui.three_d.cuts import cuts
from pellucid.ui.three_d.density import Density
from pellucid.ui.three_d.presets import Preset
from pellucid.ui.three_d.surfaces import SurfaceLook

if TYPE_CHECKING:
    from pellucid.model.view import PaneState
    from pellucid.session import Session
    from pellucid.ui.three_d.studio import Parts, Studio

_REST = 300
"""ms without a further change of voxels until surfaces are made again: never during a stroke."""
_VIEW = ("crosshair", "plane_mode", "rotation")


class Following(QObject):
    """Listens while it is ``active``; computes in jobs of which the latest wins."""

    changed = Signal()
    """Emitted when the picture is to be drawn again."""
    noted = Signal(str)
    """Emitted with what should be said about the picture."""
    image_changed = Signal()
    """Emitted when another image is active, or its values are others."""

    def __init__(self, session: Session, studio: Studio, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._studio = session, studio
        self.show_surfaces, self.show_planes = True, True
        self.density = Density(session, studio, lambda text: self._note("volume", text), self._draw)
        self._active = False
        self._solids: dict[str, dict[int, Solid]] = {}
        self._left_out: dict[str, int] = {}
        self._stale: set[str] = set()
        self._said: dict[str, str] = {}
        self._before: tuple[Vector, PaneState | None] | None = None
        self._colorer = Colorer()
        self._watches: dict[str, LayerWatch] = {}
        self._image: ImageLayer | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST)
        self._rest.timeout.connect(self._ask_surfaces)
        self._cut_soon = Throttle(self._cut, 40, self)
        document = session.document
        document.inserted.connect(self._structure_changed)
        document.removed.connect(self._structure_changed)
        document.reordered.connect(self._structure_changed)
        document.active_changed.connect(self._structure_changed)
        session.view.events.connect(self._view_changed)
        session.consenting.changed.connect(self._space_changed)
        for pane in session.view.panes:
            pane.events.connect(self._pane_changed)

    def disconnect_all(self) -> None:
        """Listen to nothing any more."""
        self.set_active(False)
        document = self._session.document
        for signal in (document.inserted, document.removed, document.reordered, document.active_changed):
            signal.disconnect(self._structure_changed)
        self._session.view.events.disconnect(self._view_changed)
        self._session.consenting.changed.disconnect(self._space_changed)
        for pane in self._session.view.panes:
            pane.events.disconnect(self._pane_changed)
        self._follow_image(None)
        for watch in self._watches.values():
            watch.on(None)

    # ---------------------------------------------------------------- what the user chooses

    def set_active(self, on: bool) -> None:
        """Follow, or rest while nobody looks; on waking everything is looked at again."""
        self._active = on
        if on:
            self._structure_changed()

    def set_surfaces(self, on: bool) -> None:
        """Show or hide all surfaces."""
        self.show_surfaces = on
        self._ask_surfaces()
        self._dress()

    def set_planes(self, on: bool) -> None:
        """Show or hide the slice planes."""
        self.show_planes = on
        self._cut()

    def set_preset(self, preset: Preset | None) -> None:
        """Draw the volume in this way, or not at all."""
        self.density.preset = preset
        self._refresh_volume()

    def set_strength(self, strength: float) -> None:
        """Multiply the opacity of the volume."""
        self.density.strength = strength
        self.density.dress()

    def set_shift(self, shift: float) -> None:
        """Move the values of a preset in Hounsfield units."""
        self.density.shift = shift
        self.density.dress()

    def go_to(self, world: Any) -> None:
        """Move the crosshair to a world point, or the place of the pane that shows what is drawn."""
        x, y, z = (float(n) for n in world)
        space = space_of(self._session)
        self._before = space.point, space.pane
        self._move(space.pane, (x, y, z))

    def go_back(self) -> None:
        """Move the crosshair, or that pane, back to where it was before the last ``go_to``."""
        if self._before is not None:
            (place, pane), self._before = self._before, None
            self._move(pane, place)

    def _move(self, pane: PaneState | None, place: Vector) -> None:
        if pane is not None:
            self._session.linking.move(pane, place)
        elif not space_of(self._session).is_elsewhere:
            self._session.view.crosshair = place

    # ---------------------------------------------------------------- what happens in the session

    def _layers(self) -> list[LabelLayer]:
        """Return the label layers that may be drawn with the active image."""
        return list(space_of(self._session).labels)

    def _space_changed(self) -> None:
        """Look again at what may be drawn together: consent was given or withdrawn, a layer was placed."""
        if self._active and {layer.id for layer in self._layers()} != self._watches.keys():
            self._structure_changed()

    def _pane_changed(self, info: Any) -> None:
        if self._active and info.signal.name == "position":
            self._cut_soon.request()

    def _structure_changed(self, _what: object = None) -> None:
        if not self._active:
            return
        document = self._session.document
        there = {layer.id: layer for layer in self._layers()}
        for name in [name for name in self._watches if name not in there]:
            self._watches.pop(name).on(None)
            for kept in (self._solids, self._left_out):
                kept.pop(name, None)
        for name, layer in there.items():
            if name not in self._watches:
                watch = self._watches[name] = LayerWatch(partial(self._labels_changed, name))
                watch.on(layer)
                self._stale.add(name)
        if not document.layers:
            self._do(lambda parts: parts.stage.forget_frame())
        space = space_of(self._session)
        self._note("left out of the world", _left_out(space.left_out, document.active_image))
        lettered = space.grid is not None and space.grid.oriented
        self._do(lambda parts: parts.stage.marker.show(lettered))
        self._follow_image(document.active_image)
        self._show_solids()
        self._ask_surfaces()
        self._cut_soon.request()
        self._refresh_volume()

    def _follow_image(self, image: ImageLayer | None) -> None:
        if image is self._image:
            return
        if self._image is not None:
            self._image.events.disconnect(self._image_event)
            self._image.display.events.disconnect(self._look_event)
        self._image = image
        if image is not None:
            image.events.connect(self._image_event)
            image.display.events.connect(self._look_event)
        self.image_changed.emit()

    def _image_event(self, info: Any) -> None:
        if self._active and info.signal.name == "estimate":
            self._cut_soon.request()  # surfaces and volumes take too long to follow a registration that is running
        elif self._active and info.signal.name in ("frames", "frame", "visible", "placement"):
            self._cut_soon.request()
            self._refresh_volume()
            self.image_changed.emit()

    def _look_event(self, _info: Any) -> None:
        if self._active:
            self._cut_soon.request()
            self.density.window_changed()

    def _labels_changed(self, name: str, what: str) -> None:
        if what in ("voxels", "labels", "placement"):
            if what == "placement":
                self._solids.pop(name, None)
            self._stale.add(name)
            if self._active:
                self._rest.start()
        elif self._active:
            self._dress()

    def _view_changed(self, info: Any) -> None:
        if self._active and info.signal.name in _VIEW:
            self._cut_soon.request()

    # ---------------------------------------------------------------- surfaces

    def _ask_surfaces(self) -> None:
        if not (self._active and self.show_surfaces):
            return
        for layer in self._layers():
            if layer.id in self._stale:
                self._stale.discard(layer.id)
                self._ask(layer)

    def _ask(self, layer: LabelLayer) -> None:
        def done(made: dict[int, Solid], left_out: int) -> None:
            if layer.id in self._watches:
                self._solids[layer.id], self._left_out[layer.id] = made, left_out
                self._show_solids()
            self._note("making", "")

        def failed(sentence: str) -> None:
            self._note("making", sentence)

        if not self._solids.get(layer.id):
            self._note("making", tr("The surfaces are being made…"))
        ask_solids(self._session, layer, self._solids.get(layer.id, {}), done, failed)

    def _show_solids(self) -> None:
        shown = {(name, value): solid for name, solids in self._solids.items() for value, solid in solids.items()}
        self._do(lambda parts: parts.surfaces.show(shown))
        count = sum(self._left_out.values())
        self._note("left out", tr("{count} small labels are not shown.", count=count) if count else "")
        self._dress()

    def _dress(self) -> None:
        looks: dict[tuple[str, int], SurfaceLook] = {}
        for layer in self._layers():
            for value in self._solids.get(layer.id, {}):
                label = layer.labels.label(value)
                on = self.show_surfaces and layer.visible and label.visible
                looks[layer.id, value] = SurfaceLook(label.color, layer.opacity * label.opacity, on)
        self._do(lambda parts: parts.surfaces.dress(looks))
        self._draw()

    # ---------------------------------------------------------------- planes and volume

    def _cut(self) -> None:
        if self._active:
            found = cuts(self._session, self._colorer) if self.show_planes else []
            self._do(lambda parts: parts.planes.show(found))
            self._draw()

    def _refresh_volume(self) -> None:
        if self._active:
            self.density.refresh()

    # ---------------------------------------------------------------- telling

    def _note(self, about: str, sentence: str) -> None:
        self._said[about] = sentence
        self.noted.emit("\n".join(text for text in self._said.values() if text))

    def _do(self, action: Callable[[Parts], object]) -> None:
        self._studio.do(action)

    def _draw(self) -> None:
        self._do(lambda parts: parts.stage.frame_first())
        self.changed.emit()


def _left_out(layers: Sequence[LabelLayer], image: ImageLayer | None) -> str:
    """Say which labels are not drawn because nothing ties them to the image."""
    if not layers or image is None:
        return ""
    return tr("Not drawn, as nothing says that it lies in one space with “{image}”: {names}.", image=image.name,
              names=", ".join(quoted(layer.name) for layer in layers))  # fmt: skip
