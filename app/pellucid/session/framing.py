"""The box of voxels that a form sets and the panes show: each tells the other what the user does with it."""

from __future__ import annotations

from dataclasses import dataclass

from psygnal import Signal

from pellucid.model.crop_box import Box
from pellucid.model.geometry import Geometry
from pellucid.session.showing import Showing


@dataclass(frozen=True)
class Framed:
    """A box on the grid of an image layer."""

    layer: str
    geometry: Geometry
    box: Box


class Framing(Showing[Framed]):
    """Only the screen: nothing here is undoable or saved."""

    dragged = Signal(object)
    """Emitted with the box while the user drags it on a pane."""

    def drag(self, box: Box) -> None:
        """Take a box that is dragged on a pane."""
        if self.shown is not None and box != self.shown.box:
            self.shown = Framed(self.shown.layer, self.shown.geometry, box)
            self.changed.emit()
            self.dragged.emit(box)
