"""The moving layer put in its place by hand: dragged, turned, nudged, or by numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.compare import CompareMode
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.placement import Placement
from pellucid.model.rigid_parts import RigidParts, motion_of, parts_of, shift
from pellucid.model.view import Layout, Plane, Tool
from pellucid.session.hand_motions import carried, inverse, moved

if TYPE_CHECKING:
    from pellucid.session.session import Session


@dataclass(frozen=True, eq=False)
class _Held:
    """An image in the hand with what goes along: where all of it was."""

    layer: ImageLayer
    together: tuple[Layer, ...]
    before: Placement | None
    annotations: tuple[Annotation, ...]


class HandPlacing:
    """Moves the moving layer; what is dragged is one step, and so are nudges that follow each other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: _Held | None = None
        self._numbers = count()
        self._nudges = next(self._numbers)
        session.view.events.tool.connect(self._end_nudges)
        session.history.changed.connect(self._overtaken)

    # ---------------------------------------------------------------- which images

    def fixed_and_moving(self) -> tuple[ImageLayer, ImageLayer]:
        """Return the image that stays and the one that is moved; raise Refused with a sentence without them."""
        images = self._session.document.images
        if len(images) < 2:
            raise Refused(tr("Open a second image: one stays, the other is moved onto it."))
        choosing = self._session.registering.choosing
        fixed, moving = choosing.fixed, choosing.moving
        if fixed is None or moving is None:
            raise Refused(tr("Choose the fixed and the moving image in the dock Registration."))
        return fixed, moving

    def free(self) -> tuple[ImageLayer, ImageLayer]:
        """Return the two images where they may be moved now; raise Refused while a registration moves them."""
        if self._session.registering.is_running:
            raise Refused(tr("A registration is running. Keep or drop its estimate first."))
        return self.fixed_and_moving()

    def moving(self) -> ImageLayer | None:
        """Return the image that is moved, or None where there is none."""
        images = self._images()
        return None if images is None else images[1]

    def is_planar(self, layer: ImageLayer) -> bool:
        """Return whether a layer lies in a plane that it cannot leave: a picture, or a single slice on another."""
        return layer.volume.geometry.size[2] == 1 and self._onto(layer).size[2] == 1

    # ---------------------------------------------------------------- with the mouse and keys

    def take(self) -> ImageLayer:
        """Take the moving layer into the hand; raise Refused with a sentence where there is none."""
        _, layer = self.free()
        self.put_back()
        self._end_nudges()
        together: tuple[Layer, ...] = (layer, *self._session.placing.followers(layer))
        ids = {one.id for one in together}
        drawn = tuple(one for one in self._session.document.annotations if one.layer in ids)
        self._held = _Held(layer, together, layer.placement, drawn)
        return layer

    def move(self, motion: Floats) -> None:
        """Show what is in the hand moved by a motion (4 × 4, LPS mm) from where it was; nothing is kept yet."""
        held = self._held
        if held is not None:
            after = self._moved(held.layer, held.before, motion)
            self._show(held, after, [carried(one, motion) for one in held.annotations])

    @property
    def is_held(self) -> bool:
        """Return whether something is in the hand."""
        return self._held is not None

    def let_go(self, title: str = "") -> None:
        """Leave what is in the hand where it is, as one step."""
        held, after = self._held, None if self._held is None else self._held.layer.placement
        self.put_back()
        if held is not None and after is not held.before:
            self._session.placing.put(held.layer, after, title or _by_hand(held.layer))

    def put_back(self) -> None:
        """Put what is in the hand where it was."""
        held, self._held = self._held, None
        if held is not None:
            self._show(held, held.before, held.annotations)

    def _show(self, held: _Held, placement: Placement | None, drawn: Iterable[Annotation]) -> None:
        for layer in held.together:
            layer.placement = placement
        annotations = self._session.document.annotations
        for one in drawn:
            if annotations.find(one.id) is not None:
                annotations.replace(one)

    def _overtaken(self) -> None:
        """Let go without a step: something else was done meanwhile, such as undo, and has put all in its place."""
        self._held = None

    def nudge(self, motion: Floats, title: str = "") -> None:
        """Move the moving layer on by a motion; nudges that follow each other are one step."""
        _, layer = self.free()
        self._put(layer, layer.placement, motion, title, f"nudge {self._nudges}")

    def _end_nudges(self, _tool: object = None) -> None:
        self._nudges = next(self._numbers)

    def _put(self, layer: ImageLayer, before: Placement | None, motion: Floats, title: str, key: str = "") -> None:
        placement = self._moved(layer, before, motion)
        self._session.placing.put(layer, placement, title or _by_hand(layer), merge_key=key)

    def _moved(self, layer: ImageLayer, before: Placement | None, motion: Floats) -> Placement:
        return moved(before, motion, self._onto(layer), planar=_is_picture(layer))

    # ---------------------------------------------------------------- by numbers

    def parts(self, layer: ImageLayer) -> RigidParts:
        """Return how a layer was shifted, turned and scaled about its centre; of a bent one its linear part."""
        own = layer.volume.geometry
        motion = np.eye(4) if layer.placement is None else inverse(layer.placement.matrix)
        return parts_of(motion, own.centre(), planar=self.is_planar(layer))

    def set_parts(self, layer: ImageLayer, parts: RigidParts) -> None:
        """Put a layer where the numbers say; numbers set one after another are one step."""
        self.free()
        if parts.scale <= 0:
            raise Refused(tr("A scale is more than 0."))
        planar, before = self.is_planar(layer), layer.placement
        wanted = motion_of(parts, planar=planar)
        now = np.eye(4) if before is None else before.matrix
        title = tr("Place {name} by numbers", name=layer.name)
        self._put(layer, before, wanted @ now, title, f"numbers {layer.id} {self._nudges}")

    def centre(self, layer: ImageLayer) -> None:
        """Bring the centre of a layer onto that of the fixed image."""
        fixed, _ = self.free()
        way = fixed.geometry.centre() - layer.geometry.centre()
        title = tr("Centre {name} on {other}", name=layer.name, other=fixed.name)
        self._put(layer, layer.placement, shift(way), title)

    @property
    def is_side_by_side(self) -> bool:
        """Return whether the first two panes show the two images, each one of them."""
        images = self._images()
        shown = [self._session.viewing.layers(pane) for pane in self._session.view.shown[:2]]
        return images is not None and len(shown) == 2 and all(
            [layer for layer in layers if isinstance(layer, ImageLayer)] == [image]
            for layers, image in zip(shown, images, strict=True)
        )  # fmt: skip

    def side_by_side(self) -> None:
        """Show the fixed image on the left and the moving one on the right, in one plane."""
        images, view = self.fixed_and_moving(), self._session.view
        plane = next((pane.plane for pane in view.shown if not pane.information), Plane.AXIAL)
        view.compare = None
        self._session.arranging.choose(Layout(1, 2))
        for pane, image in zip(view.shown, images, strict=True):
            pane.information, pane.plane = False, plane
            self._session.viewing.show(pane, image)

    def lay_over(self) -> None:
        """Show both images over each other in all panes again."""
        self._session.viewing.lay_over(self.fixed_and_moving())

    def _images(self) -> tuple[ImageLayer, ImageLayer] | None:
        try:
            return self.fixed_and_moving()
        except Refused:
            return None

    def reset(self, layer: ImageLayer) -> None:
        """Take the placement of a layer away."""
        self.free()
        self._session.placing.reset(layer)

    def choose_tool(self, tool: Tool) -> None:
        """Take up a tool that places images; both are shown in red and green where that is wanted.

        Raises Refused where there are not two images.
        """
        fixed, moving = self.fixed_and_moving()
        view = self._session.view
        view.tool = tool
        if self._session.registering.overlay and view.compare is None and tool is Tool.MOVE_LAYER:
            self._session.comparing.start(CompareMode.RED_GREEN, first=fixed.id, second=moving.id)

    def _onto(self, layer: ImageLayer) -> Geometry:
        if layer.placement is not None:
            return layer.placement.onto
        others = [image for image in self._session.document.images if image is not layer]
        try:
            fixed, moving = self.fixed_and_moving()
        except Refused:
            return others[0].geometry if others else layer.geometry
        return fixed.geometry if moving is layer else others[0].geometry


def _by_hand(layer: ImageLayer) -> str:
    return tr("Move {name} by hand", name=layer.name)


def _is_picture(layer: ImageLayer) -> bool:
    """Return whether an image has two dimensions, so that its transform has too."""
    return int(layer.volume.image.GetDimension()) == 2
