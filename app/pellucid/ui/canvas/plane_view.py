"""A pane as a plane in the world: which one it shows, where a point of it lies on the screen, and going along it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import PlaneFrame
from pellucid.model.view import PaneState, Plane
from pellucid.ui.canvas.camera import PaneCamera
from pellucid.ui.canvas.sheet import SheetView

if TYPE_CHECKING:
    from pellucid.session import Session


class PlaneView(SheetView):
    """The plane of a pane, the slice of it that is shown, and the camera over it."""

    def __init__(self, session: Session, state: PaneState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.state = state
        self.frame: PlaneFrame | None = None
        self.index = 0
        self.camera = PaneCamera(self.sheet, state)

    @property
    def plane(self) -> Plane:
        """Return the plane that is shown."""
        return self.session.viewing.plane(self.state)

    def world_at(self, position: QPointF) -> Floats:
        """Return the world point under a widget position, on the slice shown."""
        assert self.frame is not None
        return self.frame.world_at(*self.camera.to_plane(position), self.index)

    def widget_at(self, world: ArrayLike) -> QPointF:
        """Return the widget position of a world point, projected onto the slice."""
        assert self.frame is not None
        return self.camera.to_widget(*self.frame.plane_coordinates(world))

    def step(self, slices: int) -> None:
        """Move the crosshair along the normal by a number of slices; a plane of one slice steps its frames."""
        cine = self._cine()
        if cine is not None:
            self.go_to(cine.frame + slices)
        elif self.frame is not None:
            self.go_to(self.frame.slice_index(self.session.viewing.position(self.state)) + slices)

    @property
    def image(self) -> ImageLayer | None:
        """Return the image that tools work on here."""
        return self.session.viewing.image(self.state)

    def _cine(self) -> ImageLayer | None:
        """Return the time series that is seen through one slice, if that is what is shown."""
        image = self.image
        several = image is not None and len(image.frames) > 1
        return image if several and self.frame is not None and self.frame.slice_count == 1 else None

    def go_to(self, index: int) -> None:
        """Move the crosshair along the normal to a slice, or a cine to a frame."""
        cine, frame = self._cine(), self.frame
        if frame is None:
            return
        if cine is not None:
            cine.frame = min(max(index, 0), len(cine.frames) - 1)
            self.session.running.refresh_preview()
            return
        index = min(max(index, 0), frame.slice_count - 1)
        viewing = self.session.viewing
        u, v = frame.plane_coordinates(viewing.position(self.state))
        x, y, z = (float(c) for c in frame.world_at(u, v, index))
        viewing.move_to(self.state, (x, y, z))

    def put_crosshair(self, position: QPointF) -> None:
        """Put the crosshair under a widget position, kept inside the grid."""
        if self.frame is None:
            return
        left, top, right, bottom = self.frame.extent
        u, v = self.camera.to_plane(position)
        u, v = min(max(u, left), right), min(max(v, top), bottom)
        x, y, z = (float(c) for c in self.frame.world_at(u, v, self.index))
        self.session.viewing.move_to(self.state, (x, y, z))
