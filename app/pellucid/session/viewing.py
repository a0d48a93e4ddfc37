"""What each pane shows: its layers, the grid it follows, its plane and its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pellucid.model.geometry import Geometry, Vector, same_world
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.model.oblique import turned_frame
from pellucid.model.planes import PlaneFrame
from pellucid.model.view import PaneState, Plane

if TYPE_CHECKING:
    from pellucid.session.session import Session


class Viewing:
    """Answers for panes from document and view; nothing here changes a voxel or the history.

    Most layers are common: every pane that names no layers of its own shows all of them. A layer that was given
    to one pane is *apart*: only panes that name it show it. Labels are shown with the images they lie on.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        session.document.inserted.connect(self._came)

    def panes(self) -> Iterator[PaneState]:
        """Return the states of all panes of all windows, on the screen or not."""
        return (pane for screen in self._session.view.screens for pane in screen.panes)

    # ---------------------------------------------------------------- what a pane shows

    def layers(self, pane: PaneState) -> tuple[Layer, ...]:
        """Return the layers a pane draws, from bottom to top: what of ``wanted`` may lie on its lowest image."""
        return self._session.consenting.drawn(self.wanted(pane))

    def wanted(self, pane: PaneState) -> tuple[Layer, ...]:
        """Return the layers a pane is to show, whether they may lie on each other or not."""
        layers, apart = self._session.document.layers, self._session.view.apart
        named = {layer.id for layer in layers if layer.id in pane.shows}
        if named:
            images = [layer for layer in layers if layer.id in named and isinstance(layer, ImageLayer)]
            return tuple(layer for layer in layers if layer.id in named or _lies_on(layer, images))
        strangers = [layer for layer in layers if layer.id in apart and isinstance(layer, ImageLayer)]
        if not strangers:
            return layers
        common = [layer for layer in layers if isinstance(layer, ImageLayer) and layer not in strangers]
        return tuple(
            layer for layer in layers
            if layer in common or _lies_on(layer, common)
            or (isinstance(layer, LabelLayer) and not _lies_on(layer, strangers))
        )  # fmt: skip

    def is_alone(self, pane: PaneState) -> bool:
        """Return whether a pane shows layers of its own instead of those common to all."""
        return any(layer.id in pane.shows for layer in self._session.document.layers)

    def geometry(self, pane: PaneState) -> Geometry | None:
        """Return the grid a pane follows: that of its lowest image, else of its lowest layer.

        An image that registration put where it lies goes along with one that was not.
        """
        layers = self.layers(pane)
        images = [layer for layer in layers if isinstance(layer, ImageLayer)]
        unmoved = [image for image in images if image.lies is None]
        return next((layer.geometry for layer in (*unmoved, *images, *layers)), None)

    def image(self, pane: PaneState) -> ImageLayer | None:
        """Return the image that tools on a pane work on: the active one if it is there, else the topmost."""
        images = [layer for layer in self.layers(pane) if isinstance(layer, ImageLayer)]
        active = self._session.document.active_image
        return active if active in images else images[-1] if images else None

    def plane(self, pane: PaneState) -> Plane:
        """Return the plane a pane shows: the acquired one where there is no other."""
        geometry = self.geometry(pane)
        return Plane.ACQUIRED if geometry is not None and geometry.is_planar else pane.plane

    def frame(self, pane: PaneState) -> PlaneFrame | None:
        """Return how the plane of a pane lies in the world, or None when it shows nothing."""
        geometry, view = self.geometry(pane), self._session.view
        if geometry is None:
            return None
        return turned_frame(
            geometry, self.plane(pane), self.position(pane), mode=view.plane_mode, rotation=view.rotation
        )

    # ---------------------------------------------------------------- choosing what a pane shows

    def put(self, pane: PaneState, layer: Layer, *, over: bool = False) -> None:
        """Show an open layer in a pane, alone or ``over`` what is there, and turn to that pane."""
        if over:
            self.overlay(pane, layer)
        else:
            self.show(pane, layer)
        self.make_active(pane)

    def show(self, pane: PaneState, layer: Layer) -> None:
        """Show one layer in a pane and nothing else; labels are shown on their image."""
        if isinstance(layer, LabelLayer):
            layer = next((image for image in reversed(self._session.document.images)
                          if same_world(image.geometry, layer.geometry)), layer)  # fmt: skip
        pane.shows = (layer.id,)
        self._session.linking.settle()

    def show_all(self, pane: PaneState) -> None:
        """Show every layer that is not apart."""
        pane.shows = ()
        self._session.linking.settle()

    def lay_over(self, layers: Sequence[Layer]) -> None:
        """Show layers over each other in all panes, also in those that showed one of them alone."""
        view, ids = self._session.view, {layer.id for layer in layers}
        view.apart = tuple(known for known in view.apart if known not in ids)
        for pane in self.panes():
            if ids & set(pane.shows):
                pane.shows = ()
        self._session.linking.settle()

    def are_apart(self, layers: Sequence[Layer]) -> bool:
        """Return whether no pane on the screen shows all of some layers."""
        shown = [self.wanted(pane) for pane in self._session.view.shown if not pane.information]
        return bool(shown) and not any(all(layer in wanted for layer in layers) for wanted in shown)

    def overlay(self, pane: PaneState, layer: Layer) -> None:
        """Show a layer over what a pane shows."""
        view = self._session.view
        if self.is_alone(pane):
            pane.shows = (*(known for known in pane.shows if known != layer.id), layer.id)
        else:
            view.apart = tuple(known for known in view.apart if known != layer.id)
        self._session.linking.settle()

    def give(self, pane: PaneState, layer_id: str, *, over: bool = False) -> None:
        """Give a layer that comes in next to one pane: instead of what it shows, or ``over`` it."""
        view = self._session.view
        if over and not self.is_alone(pane):
            return
        view.apart = (*view.apart, layer_id)
        pane.shows = (*pane.shows, layer_id) if over else (layer_id,)

    def make_active(self, pane: PaneState) -> None:
        """Make the image of a pane active unless what is active is shown there: the user turned to it."""
        image, document = self.image(pane), self._session.document
        if image is not None and document.active not in self.layers(pane):
            document.active = image

    def forget(self) -> None:
        """Forget what panes show: everything was closed."""
        self._session.view.apart = self._session.view.consented = ()
        for pane in self.panes():
            pane.shows = ()

    def _came(self, layer: Layer) -> None:
        """Show what was computed from an image apart where that image is shown."""
        view, source = self._session.view, self._session.document.active_image
        if not isinstance(layer, ImageLayer) or not layer.provenance or layer.id in view.apart:
            return
        if source is None or source.id not in view.apart or not same_world(source.geometry, layer.geometry):
            return
        view.apart = (*view.apart, layer.id)
        for pane in self.panes():
            if source.id in pane.shows:
                pane.shows = (*pane.shows, layer.id)

    # ---------------------------------------------------------------- where a pane is

    def position(self, pane: PaneState) -> Vector:
        """Return the world point whose slice a pane shows."""
        return self._session.linking.point(pane.group) if pane.position is None else pane.position

    def move_to(self, pane: PaneState, world: Vector) -> None:
        """Put the place of a pane, and of those that go with it, at a world point."""
        self._session.linking.move(pane, world)


def _lies_on(layer: Layer, images: list[ImageLayer]) -> bool:
    """Return whether labels lie in the world of one of some images."""
    return isinstance(layer, LabelLayer) and any(same_world(image.geometry, layer.geometry) for image in images)
