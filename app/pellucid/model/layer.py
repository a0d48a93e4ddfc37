"""The things a document shows: image layers and label layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

import numpy as np
from numpy.typing import ArrayLike, NDArray
from psygnal import SignalGroupDescriptor

from pellucid.model.display import Channel, ImageDisplay, LabelDisplay
from pellucid.model.geometry import Geometry
from pellucid.model.hand_edits import HandPatch
from pellucid.model.labels import LabelMap
from pellucid.model.placement import Placement
from pellucid.model.reduction import Reduction
from pellucid.model.transfer import STRAIGHT, Transfer
from pellucid.model.volume import Volume


@dataclass(frozen=True)
class Source:
    """Where the pixels of a layer came from, so that a saved work can find them again.

    ``kind`` is ``"dicom"``, ``"image"`` or ``"none"`` (computed); ``paths`` are absolute; ``detail`` names
    the series UID and volume number of a DICOM source; ``reduction`` says what of it is open.
    """

    kind: str = "none"
    paths: tuple[str, ...] = ()
    detail: str = ""
    reduction: Reduction | None = None


HAND_EDIT = "hand.edit"
"""The step that stands for what was done by hand; its ``patches`` hold the voxels."""


@dataclass(frozen=True)
class Start:
    """The image that steps began with: the id and the name of its layer, and which ``of`` how many frames."""

    layer: str
    name: str
    frame: int = 0
    of: int = 1


@dataclass(frozen=True)
class Provenance:
    """One step that made a layer: operation id, its parameters, and the names of the inputs.

    A label layer holds the steps of all its labels, each with the value of its ``label``; an image with several frames
    says in ``frame`` which of them was changed (None: all). A step that is not ``enabled`` is kept but passed over.
    The first step of a label, and of a layer that was made from another, names its ``start``. A ``name`` keeps the
    result for later steps.
    """

    operation: str
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)
    inputs: tuple[str, ...] = ()
    label: int = 0
    frame: int | None = None
    enabled: bool = True
    patches: tuple[HandPatch, ...] = ()
    start: Start | None = None
    name: str = ""


@dataclass(frozen=True, eq=False)
class Preview:
    """The result of an operation on what is visible, not yet part of the document.

    ``slices`` maps (voxel axis that the plane steps through, slice index) to a 2-D array in the orientation
    of ``array.take(index, axis)``; ``whole`` is used instead when the operation needed the whole volume.
    ``is_mask`` says that the values are 0/1 to be drawn as a tint of ``color`` instead of as an image, and with
    ``is_labels`` any labels in the colours labels begin with; ``replaces`` is
    the label (layer id, value) that it stands for, which is not drawn meanwhile. ``limits`` are the window of values
    that are not in the unit of the layer; without them its own window holds.
    """

    title: str
    slices: dict[tuple[int, int], NDArray[Any]] = field(default_factory=dict)
    whole: Volume | None = None
    is_mask: bool = False
    is_labels: bool = False
    color: str = "#4aa3ff"
    replaces: tuple[str, int] | None = None
    limits: tuple[float, float] | None = None


def _new_id() -> str:
    return uuid4().hex[:12]


@dataclass(eq=False)
class ImageLayer:
    """An image in the document; a time series has several ``frames`` on one grid and shows one of them."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    name: str
    frames: tuple[Volume, ...]
    frame: int = 0
    visible: bool = True
    opacity: float = 1.0
    preview: Preview | None = None
    source: Source = Source()
    provenance: tuple[Provenance, ...] = ()
    display: ImageDisplay = field(default_factory=ImageDisplay)
    first_limits: tuple[float, float] | None = None
    """The window first shown; reset returns to it."""
    first_transfer: Transfer = STRAIGHT
    """The curve first shown; reset returns to it."""
    base: tuple[Volume, ...] = ()
    """The frames before the first step that can be taken again; none without steps, or when they are not known."""
    id: str = field(default_factory=_new_id)
    placement: Placement | None = None
    """The transform that registration gave it; its voxels stay on the grid of their own."""
    estimate: Placement | None = None
    """Where a registration that is running has it now: shown instead of the placement, and no part of the work."""

    @property
    def lies(self) -> Placement | None:
        """Return the transform it is shown by."""
        return self.placement if self.estimate is None else self.estimate

    @property
    def volume(self) -> Volume:
        """Return the frame that is shown, on the grid of its own."""
        return self.frames[min(self.frame, len(self.frames) - 1)]

    @property
    def placed(self) -> Volume:
        """Return the frame that is shown, where it lies: for everything that goes by places in the world."""
        return self.where_it_lies(self.volume)

    def where_it_lies(self, volume: Volume) -> Volume:
        """Return an image on the layer's own grid, such as a frame, a preview or what it was before, where it lies."""
        return volume if self.lies is None else self.lies.volume(volume)

    @property
    def geometry(self) -> Geometry:
        """Return the grid of the layer where it lies."""
        return self.placed.geometry

    @property
    def own_geometry(self) -> Geometry:
        """Return the grid of its voxels, wherever it lies: for everything that works on voxels."""
        return self.volume.geometry

    @property
    def shows_colour(self) -> bool:
        """Return whether its own colours are seen, not one channel through a window."""
        return self.volume.is_colour and self.display.channel is Channel.ALL

    def frames_with(self, volume: Volume) -> tuple[Volume, ...]:
        """Return the frames with the shown one replaced."""
        return (*self.frames[: self.frame], volume, *self.frames[self.frame + 1 :])


@dataclass(eq=False)
class LabelLayer:
    """A label map in the document, and which of its labels is being edited."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    name: str
    labels: LabelMap
    active_label: int = 1
    visible: bool = True
    opacity: float = 1.0
    source: Source = Source()
    provenance: tuple[Provenance, ...] = ()
    display: LabelDisplay = field(default_factory=LabelDisplay)
    id: str = field(default_factory=_new_id)
    placement: Placement | None = None
    """The transform of the image it was made for; its voxels stay on the grid of their own."""
    made_for: str = ""
    """The id of the image it was made for, where that is known: several may have its grid, and it goes with one."""
    estimate: Placement | None = None
    """Where a registration of that image that is running has it now."""

    @property
    def lies(self) -> Placement | None:
        """Return the transform it is shown by."""
        return self.placement if self.estimate is None else self.estimate

    @property
    def geometry(self) -> Geometry:
        """Return the grid of the layer where it lies; that of ``labels`` is its own."""
        own = self.labels.geometry
        return own if self.lies is None else self.lies.geometry(own)

    @property
    def own_geometry(self) -> Geometry:
        """Return the grid of its voxels, wherever it lies: for everything that works on voxels."""
        return self.labels.geometry

    def value_at(self, world: ArrayLike) -> int | None:
        """Return the value of the label at a world point, or None outside."""
        return self.labels.value_at(world if self.lies is None else self.lies.to_own(world))


Layer = ImageLayer | LabelLayer


def made_for(like: Layer) -> str:
    """Return the id of the image that labels are made for when they are made from a layer."""
    return like.id if isinstance(like, ImageLayer) else like.made_for


def on_same_voxels(one: Layer, other: Layer) -> bool:
    """Return whether each voxel of two layers lies on one of the other, and stays there wherever both are put."""
    return one.placement is other.placement and one.own_geometry.same_grid(other.own_geometry)


def unique_name(wanted: str, taken: set[str]) -> str:
    """Return ``wanted``, or ``wanted 2``, ``wanted 3`` … when the name is taken."""
    name, n = wanted, 2
    while name in taken:
        name, n = f"{wanted} {n}", n + 1
    return name


def blank_labels(geometry: Geometry) -> LabelMap:
    """Return an empty label map on a grid."""
    return LabelMap(geometry, np.zeros(geometry.size[::-1], np.uint8))
