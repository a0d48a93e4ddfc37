"""The table of contents of a saved work (`.pellucid`), checked field by field; no value in it is ever run."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from pellucid.files.entries import ArrayEntry, Entry, Number, Point, Share, Text, check_grid
from pellucid.files.placement_entries import PlacementEntry
from pellucid.model.annotations import POINT_COUNTS
from pellucid.model.annotations import Kind as AnnotationKind
from pellucid.model.compare import CompareMode
from pellucid.model.display import Blending, Channel
from pellucid.model.findings import Finding
from pellucid.model.geometry import IDENTITY, Geometry, Matrix
from pellucid.model.labels import MAX_VALUE, Label
from pellucid.model.layer import Provenance
from pellucid.model.reduction import Reduction
from pellucid.model.transfer import LEAST_GAMMA, MOST_GAMMA, Kind, ValueTable
from pellucid.model.view import Layout, Plane, PlaneMode, Projection
from pellucid.model.volume import Acquisition, WindowPreset

SCHEMA_VERSION: Literal[5] = 5


class VolumeEntry(Entry):
    """One frame whose pixels are in the file."""

    geometry: Geometry
    array: ArrayEntry
    unit: Text = ""
    padding: tuple[float, float] | None = None
    acquisition: Acquisition = Acquisition()
    findings: tuple[Finding, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> VolumeEntry:
        check_grid(self.geometry, self.array)
        return self


class SourceEntry(Entry):
    """Where pixels came from; ``sha256`` is over the files' contents, ``""`` when they were gone."""

    kind: Literal["dicom", "image", "none"] = "none"
    paths: tuple[Text, ...] = ()
    detail: Text = ""
    reduction: Reduction | None = None
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class LayerEntry(Entry):
    """What image and label layers share."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    name: Text
    visible: bool = True
    opacity: Number = 1.0
    source: SourceEntry = SourceEntry()
    provenance: tuple[Provenance, ...] = ()
    placement: Annotated[int, Field(ge=0)] | None = None
    """Which of the placements of the work the layer has."""


class TransferEntry(Entry):
    """The curve between a window and the screen; what an equalised one follows is counted again."""

    kind: Kind = Kind.EXACT
    gamma: Number = Field(default=1.0, ge=LEAST_GAMMA, le=MOST_GAMMA)
    points: Annotated[tuple[tuple[Share, Share], ...], Field(max_length=256)] = ()
    table: ValueTable | None = None

    @model_validator(mode="after")
    def _rises(self) -> TransferEntry:
        if any(after[0] < before[0] for before, after in pairwise(self.points)):
            raise ValueError("the points of a curve go from left to right")
        return self


class ImageEntry(LayerEntry):
    """An image layer; without ``frames`` its pixels are read from the source, as those of a missing ``base`` can be."""

    kind: Literal["image"] = "image"
    frame: Annotated[int, Field(ge=0)] = 0
    level: Number = 0.5
    width: Number = 1.0
    colormap: Text = "grey"
    invert: bool = False
    interpolate: bool = True
    blending: Blending = Blending.OVER
    channel: Channel = Channel.ALL
    transfer: TransferEntry = TransferEntry()
    first_limits: tuple[Number, Number] | None = None
    first_transfer: TransferEntry = TransferEntry()
    frames: tuple[VolumeEntry, ...] = ()
    base: tuple[VolumeEntry, ...] = ()
    suv_kind: Literal["bw", "lbm", "lbmj", "bsa", ""] | None = None
    """The kind of SUV that was chosen to tell values in, where it was."""
    windows: Annotated[tuple[WindowPreset, ...], Field(max_length=1000)] = ()
    """Windows that came from elsewhere than the source: from presentation states."""


class ContoursEntry(Entry):
    """The contours that labels were made of: of each the label, the kind and how many of the points it has."""

    values: Annotated[tuple[Annotated[int, Field(ge=1, le=MAX_VALUE)], ...], Field(min_length=1)]
    kinds: tuple[Annotated[str, Field(max_length=16)], ...]
    counts: tuple[Annotated[int, Field(ge=1)], ...]
    points: ArrayEntry

    @model_validator(mode="after")
    def _fits(self) -> ContoursEntry:
        if not len(self.values) == len(self.kinds) == len(self.counts):
            raise ValueError("every contour has a label, a kind and points")
        if self.points.dtype != "f8" or self.points.shape != (sum(self.counts), 1, 3):
            raise ValueError("contours have three numbers for each of their points")
        return self


class LabelEntry(LayerEntry):
    """A label layer; its voxels are always in the file."""

    kind: Literal["labels"] = "labels"
    active_label: Annotated[int, Field(ge=0)] = 1
    fill: Number = 0.35
    outline: bool = True
    filled: bool = True
    outline_width: Number = Field(default=1.6, gt=0, le=20)
    as_drawn: bool = True
    geometry: Geometry
    array: ArrayEntry
    labels: tuple[Label, ...] = ()
    made_for: Annotated[str, Field(max_length=64)] = ""
    contours: ContoursEntry | None = None

    @model_validator(mode="after")
    def _fits(self) -> LabelEntry:
        check_grid(self.geometry, self.array)
        if np.dtype(self.array.dtype).kind not in "ui" or len(self.array.shape) != 3:
            raise ValueError("labels are whole numbers, one per voxel")
        values = [label.value for label in self.labels]
        if len(set(values)) != len(values) or any(not 1 <= value <= MAX_VALUE for value in values):
            raise ValueError("label values must differ, be above 0 and fit into voxels")
        if any(not re.fullmatch(r"#[0-9A-Fa-f]{6}", label.color) for label in self.labels):
            raise ValueError("label colours are written #RRGGBB")
        if any(not 0 <= label.opacity <= 1 for label in self.labels):
            raise ValueError("label opacities lie between 0 and 1")
        return self


class PaneEntry(Entry):
    """What one pane showed."""

    plane: Plane = Plane.AXIAL
    information: bool = False
    shows: tuple[str, ...] = ()
    position: tuple[Number, Number, Number] | None = None
    scale: Number = Field(default=0.0, ge=0)
    centre: tuple[Number, Number] = (0.0, 0.0)
    slab: Number = Field(default=0.0, ge=0)
    projection: Projection = Projection.MAXIMUM
    group: Literal["", "A", "B", "C"] = "A"
    tied: bool = False


class CompareEntry(Entry):
    """Which layers were compared, and how."""

    mode: CompareMode
    first: Text
    second: Text
    position: Number = Field(default=0.5, ge=0, le=1)
    level: bool = False
    square: Number = Field(default=20.0, gt=0)
    rate: Number = Field(default=2.0, gt=0, le=60)
    paused: bool = False
    span: Number = Field(default=0.0, ge=0)
    cyan: bool = False


class LinkEntry(Entry):
    """What the panes of one group did together."""

    name: Literal["A", "B", "C"]
    position: bool = True
    zoom: bool = False
    window: bool = False
    point: tuple[Number, Number, Number] = (0.0, 0.0, 0.0)


def _layout(value: object) -> object:
    return Layout.parse(value) if isinstance(value, str) else value


def _rotation(matrix: Matrix) -> Matrix:
    axes = np.array(matrix).reshape(3, 3)
    if not np.allclose(axes @ axes.T, np.eye(3), atol=1e-3) or np.linalg.det(axes) < 0:
        raise ValueError("planes can only be turned by a rotation")
    return matrix


class ViewEntry(Entry):
    """Where the user looked."""

    crosshair: tuple[Number, Number, Number] = (0.0, 0.0, 0.0)
    plane_mode: PlaneMode = PlaneMode.NEAREST
    rotation: Annotated[Matrix, AfterValidator(_rotation)] = IDENTITY
    layout: Annotated[Layout, BeforeValidator(_layout), PlainSerializer(str)] = Layout.SINGLE
    maximised: int | None = Field(default=None, ge=0, lt=Layout.LARGEST**2)
    spread: bool = False
    panes: tuple[PaneEntry, ...] = Field(default=(), max_length=Layout.LARGEST**2)
    apart: tuple[Text, ...] = ()
    consented: tuple[tuple[Text, Text], ...] = ()
    links: tuple[LinkEntry, ...] = Field(default=(), max_length=3)
    compare: CompareEntry | None = None
    show_crosshair: bool = True
    show_annotations: bool = True
    color_bar: bool | None = None
    show_measurements: bool = True
    neighbour_measurements: bool = False


class AnnotationEntry(Entry):
    """Something drawn on a layer: world points on one plane."""

    id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: AnnotationKind
    points: Annotated[tuple[Point, ...], Field(min_length=1, max_length=100_000)]
    normal: Point
    right: Point
    down: Point
    layer: Text
    frame: Annotated[int, Field(ge=0)] = 0
    name: Text = ""
    text: Text = ""
    color: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
    frame_of_reference: Text = ""

    @model_validator(mode="after")
    def _lies_in_a_plane(self) -> AnnotationEntry:
        fewest, most = POINT_COUNTS[self.kind]
        if len(self.points) < fewest or (most is not None and len(self.points) > most):
            raise ValueError(f"a {self.kind} does not have {len(self.points)} points")
        axes = np.array([self.right, self.down, self.normal])
        if not np.allclose(axes @ axes.T, np.eye(3), atol=1e-6):
            raise ValueError("the axes of a plane are perpendicular and of length 1")
        return self


class Manifest(Entry):
    """Everything about a saved work but its numbers. Layers are listed from bottom to top."""

    format: Literal["pellucid-work"] = "pellucid-work"
    schema_version: Literal[5] = SCHEMA_VERSION
    layers: tuple[Annotated[ImageEntry | LabelEntry, Field(discriminator="kind")], ...] = ()
    active: str | None = None
    view: ViewEntry = ViewEntry()
    annotations: Annotated[tuple[AnnotationEntry, ...], Field(max_length=100_000)] = ()
    placements: Annotated[tuple[PlacementEntry, ...], Field(max_length=10_000)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Manifest:
        ids = [*(layer.id for layer in self.layers), *(f"annotation {one.id}" for one in self.annotations)]
        members = [array.member for array in self.arrays()]
        if len(set(ids)) != len(ids) or len(set(members)) != len(members):
            raise ValueError("layers and arrays must be distinct")
        if any(layer.placement is not None and layer.placement >= len(self.placements) for layer in self.layers):
            raise ValueError("a layer has a placement that is not there")
        return self

    def arrays(self) -> list[ArrayEntry]:
        """Return the entries of all arrays: in the order of the layers, then of the placements."""
        found: list[ArrayEntry] = []
        for layer in self.layers:
            if isinstance(layer, LabelEntry):
                found += [layer.array] if layer.contours is None else [layer.array, layer.contours.points]
            else:
                found += [volume.array for volume in (*layer.frames, *layer.base)]
        return found + [array for placement in self.placements for array in placement.arrays()]
