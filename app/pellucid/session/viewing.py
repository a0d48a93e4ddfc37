"""What each pane shows: its layers, the grid it follows, its plane and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.model.geometry import Geometry, Vector
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.oblique import turned_frame
from pellucid.model.planes import PlaneFrame
from pellucid.model.view import PaneState, Plane

if TYPE_CHECKING:
    from pellucid.session.session import Session


class Viewing:
    """Answers for panes from document and view; nothing here changes a voxel or the history."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def layers(self, pane: PaneState) -> tuple[Layer, ...]:
        """Return the layers a pane draws, from bottom to top."""
        layers = self._session.document.layers
        return tuple(layer for layer in layers if not pane.shows or layer.id in pane.shows)

    def geometry(self, pane: PaneState) -> Geometry | None:
        """Return the grid a pane follows: that of its lowest image, else of its lowest layer."""
        layers = self.layers(pane)
        images = [layer for layer in layers if isinstance(layer, ImageLayer)]
        return next((layer.geometry for layer in (*images, *layers)), None)

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

    def position(self, pane: PaneState) -> Vector:
        """Return the world point whose slice a pane shows."""
        return self._session.view.crosshair if pane.position is None else pane.position

    def move_to(self, pane: PaneState, world: Vector) -> None:
        """Put the place of a pane, and of those that go with it, at a world point."""
        if pane.position is None:
            self._session.view.crosshair = world
        else:
            pane.position = world
