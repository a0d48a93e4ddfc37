"""The box of voxels that a form sets and the panes show: each tells the other what the user does with it."""

from __future__ import annotations

from dataclasses import dataclass

from psygnal import Signal

from pellucid.model.crop_box import Box
from pellucid.model.geometry import Geometry


@dataclass(frozen=True)
class Framed:
    """A box on the grid of an image layer."""

    layer: str
    geometry: Geometry
    box: Box


class Framing:
    """Only the screen: nothing here is undoable or saved."""

    changed = Signal()
    dragged = Signal(object)
    """Emitted with the box while the user drags it on a pane."""

    def __init__(self) -> None:
        self.shown: Framed | None = None
        self.owner: object = None
        """Whoever showed the box, and alone may take it away."""

    def show(self, owner: object, framed: Framed | None) -> None:
        """Show a box, or take it away."""
        if framed is None and owner is not self.owner:
            return
        self.owner = owner if framed is not None else None
        if framed != self.shown:
            self.shown = framed
            self.changed.emit()

    def drag(self, box: Box) -> None:
        """Take a box that is dragged on a pane."""
        if self.shown is not None and box != self.shown.box:
            self.shown = Framed(self.shown.layer, self.shown.geometry, box)
            self.changed.emit()
            self.dragged.emit(box)
