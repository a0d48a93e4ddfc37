"""What cine can go through: the frames of an image, or the slices of a pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.layer import ImageLayer
from pellucid.model.timing import DEFAULT_RATE, Timing, even, timing
from pellucid.model.view import PaneState

if TYPE_CHECKING:
    from pellucid.session.session import Session


class FrameTrack:
    """The frames of an image; images with as many frames go along with it."""

    def __init__(self, session: Session, layer: ImageLayer) -> None:
        self._session, self.layer = session, layer
        self.count = len(layer.frames)
        self.key: tuple[object, ...] = ("frames", layer.id, self.count)

    @property
    def place(self) -> int:
        """Return the number of the frame that is shown."""
        return min(self.layer.frame, self.count - 1)

    def go(self, place: int) -> None:
        """Show a frame."""
        for layer in self._session.document.images:
            if len(layer.frames) == self.count and layer.frame != place:
                layer.frame = place

    def timing(self) -> Timing:
        """Return how long each frame is shown."""
        return timing(self.layer.frames)

    def tell(self) -> None:
        """Tell listeners that did not follow every frame which one is shown now."""
        self.layer.events.frame.emit(self.layer.frame, self.layer.frame)


class SliceTrack:
    """The slices of a pane, one after the other."""

    def __init__(self, session: Session, pane: PaneState) -> None:
        frame = session.viewing.frame(pane)
        assert frame is not None
        self._viewing, self._pane, self._frame = session.viewing, pane, frame
        self.count = frame.slice_count
        self.key: tuple[object, ...] = ("slices", id(pane), frame.plane, self.count)

    @property
    def place(self) -> int:
        """Return the index of the slice that is shown."""
        return self._frame.slice_index(self._viewing.position(self._pane))

    def go(self, place: int) -> None:
        """Show a slice."""
        u, v = self._frame.plane_coordinates(self._viewing.position(self._pane))
        x, y, z = (float(c) for c in self._frame.world_at(u, v, place))
        self._viewing.move_to(self._pane, (x, y, z))

    def timing(self) -> Timing:
        """Return a rate for looking through slices: they have no times."""
        return even(self.count, DEFAULT_RATE, tr("Slices have no rate of their own; choose one"))

    def tell(self) -> None:
        """Every listener followed."""


Track = FrameTrack | SliceTrack
