"""Where the mouse is in the images, and which square of pixels the lens shows: for docks and panes alike."""

from __future__ import annotations

from dataclasses import dataclass

from psygnal import Signal

from pellucid.model.geometry import Floats
from pellucid.model.view import PaneState


@dataclass(frozen=True, eq=False)
class LensSpot:
    """The square the lens shows: its pane, its corners in the world, shape (4, 3), and whether it is pinned."""

    pane: PaneState
    corners: Floats
    pinned: bool


class Pointing:
    """Only the screen: nothing here is undoable or saved."""

    pointed = Signal(object, object)
    """Emitted with the world point under the mouse, or None when it left, and the state of the pane."""
    lens_changed = Signal()

    def __init__(self) -> None:
        self._lens: LensSpot | None = None

    @property
    def lens(self) -> LensSpot | None:
        """Return what the lens shows, or None while it is closed."""
        return self._lens

    @lens.setter
    def lens(self, spot: LensSpot | None) -> None:
        if spot is not self._lens:
            self._lens = spot
            self.lens_changed.emit()
