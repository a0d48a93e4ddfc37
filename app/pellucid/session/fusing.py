"""Fusion: one image laid over another of the same world with sensible looks, how much is seen of each, and back.

Nothing here changes a voxel. Only the order of the layers is part of the work and undone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import whole_thickness
from pellucid.model.view import Layout, PaneState, Plane, Projection
from pellucid.session.consenting import Question

if TYPE_CHECKING:
    from pellucid.session.session import Session

FUNCTIONAL = ("PT", "NM")
"""Modalities that are looked at in colours over an image of another kind."""
EVEN = 0.5
"""The balance that shows as much of both."""
_STEP = 0.1
_WARM = "hot-metal-blue"
"""The colours of an image that is no PET, over one of another modality."""

Pair = tuple[ImageLayer, ImageLayer]


class Fusing:
    """Lays images over each other and takes them apart again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fused: set[tuple[str, str]] = set()

    # ---------------------------------------------------------------- which images

    def candidates(self) -> Pair:
        """Return the two images to fuse, the lower of them first: PET over what it lies on, else the topmost two.

        Raises Refused where there are no two images of one world.
        """
        images = self._session.document.images
        if len(images) < 2:
            raise Refused(tr("Fusion needs two images. Open a second one over the first: Studies ▸ Add as a layer."))
        active = self._session.document.active_image
        highest_first = tuple(reversed(images))
        for above in sorted(highest_first, key=lambda one: (_modality(one) not in FUNCTIONAL, one is not active)):
            below = next((one for one in images if self._fits(one, above)), None)
            if below is not None:
                return (below, above) if _modality(above) in FUNCTIONAL else self._ordered(below, above)
        strangers = Question(images[0], images[-1])
        raise Refused(strangers.says)

    def _fits(self, below: ImageLayer, above: ImageLayer) -> bool:
        other_kind = _modality(below) != _modality(above) or _modality(above) not in FUNCTIONAL
        return below is not above and other_kind and self._session.consenting.lie_together(below, above)

    def _ordered(self, one: ImageLayer, other: ImageLayer) -> Pair:
        first, second = sorted((one, other), key=self._session.document.images.index)
        return first, second

    def pair(self) -> Pair | None:
        """Return the two images that are fused on the screen, the lower of them first, or None.

        They are of different modalities, or the user fused them; a layer computed from another is no fusion.
        """
        if self._session.view.compare is not None:
            return None
        for pane in self._session.view.shown:
            images = [one for one in self._session.viewing.layers(pane) if isinstance(one, ImageLayer) and one.visible]
            if len(images) > 1 and not pane.information and self._are_fused(images[-2], images[-1]):
                return images[-2], images[-1]
        return None

    def _are_fused(self, below: ImageLayer, above: ImageLayer) -> bool:
        kinds = {_modality(below), _modality(above)}
        return (below.id, above.id) in self._fused or ("" not in kinds and len(kinds) == 2)

    def fused_with(self, layer: ImageLayer) -> tuple[ImageLayer, ...]:
        """Return the other images that lie on or under one on the screen, as a fusion and not computed from it."""
        found: dict[str, ImageLayer] = {}
        for pane in self._session.view.shown:
            images = [one for one in self._session.viewing.layers(pane) if isinstance(one, ImageLayer) and one.visible]
            if layer in images and not pane.information:
                others = (one for one in images if self._are_fused(layer, one) or self._are_fused(one, layer))
                found.update((one.id, one) for one in others if one is not layer)
        return tuple(found.values())

    # ---------------------------------------------------------------- laying over and taking apart

    def fuse(self, below: ImageLayer | None = None, above: ImageLayer | None = None) -> Pair:
        """Lay one image over another everywhere, half seen through and in colours; return the two.

        Raises Refused where there are no two images of one world.
        """
        if below is None or above is None:
            below, above = self.candidates()
        session = self._session
        if not session.consenting.lie_together(below, above):
            raise Refused(Question(below, above).says)
        session.comparing.stop()
        self._fused.add((below.id, above.id))
        document = session.document
        if document.position(above) < document.position(below):
            with session.history.group(tr("Fuse {first} and {second}", first=below.name, second=above.name)):
                session.move(above, document.position(below))
        self._dress(below, above)
        session.viewing.lay_over((below, above))
        return below, above

    def _dress(self, below: ImageLayer, above: ImageLayer) -> None:
        below.visible = above.visible = True
        if below.opacity < 1:
            below.opacity = 1.0
        if above.opacity in (0.0, 1.0):
            above.opacity = EVEN
        if above.display.colormap == "grey" and not above.shows_colour:
            above.display.colormap = "PET" if _modality(above) in FUNCTIONAL else _WARM

    def separate(self) -> None:
        """Show the two images side by side, in the same plane; raise Refused where there are no two."""
        below, above = self.pair() or self.candidates()
        session = self._session
        session.arranging.arrange(Layout(1, 2), session.view)
        view = session.view
        view.apart = (*(known for known in view.apart if known not in (below.id, above.id)), below.id, above.id)
        plane = view.panes[0].plane
        for pane, layer in zip(view.panes, (below, above), strict=False):
            self._give(pane, layer, plane)
        session.linking.settle()

    def add_projection(self) -> None:
        """Show three fused planes and beside them the brightest of the upper image along the coronal view."""
        _, above = self.fuse(*(self.pair() or ()))
        session, view = self._session, self._session.view
        session.arranging.arrange(Layout.QUAD, view)
        for pane, plane in zip(view.panes, (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL), strict=False):
            pane.plane, pane.information, pane.shows, pane.slab = plane, False, (), 0.0
        last = view.panes[3]
        self._give(last, above, Plane.CORONAL)
        session.linking.settle()
        frame = session.viewing.frame(last)
        last.slab, last.projection = whole_thickness(frame) if frame is not None else 0.0, Projection.MAXIMUM

    def _give(self, pane: PaneState, layer: ImageLayer, plane: Plane) -> None:
        pane.information, pane.plane, pane.shows = False, plane, (layer.id,)

    # ---------------------------------------------------------------- how much of each

    @property
    def balance(self) -> float:
        """Return how much of the upper image is seen: 0 shows only the lower one, 1 only the upper."""
        found = self.pair()
        return found[1].opacity if found is not None else EVEN

    @balance.setter
    def balance(self, share: float) -> None:
        found = self.pair()
        if found is not None:
            found[1].opacity = min(max(share, 0.0), 1.0)

    def step(self, steps: int) -> None:
        """Show more of the upper image, or less; raise Refused where nothing is fused."""
        if self.pair() is None:
            raise Refused(tr("No two images lie on each other. Fuse two first: View ▸ Fusion."))
        self.balance = round(self.balance / _STEP + steps) * _STEP


def _modality(layer: ImageLayer) -> str:
    return layer.volume.acquisition.modality
