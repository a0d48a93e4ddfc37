"""Where the user looks: crosshair, panes, links, zoom. The work does not change here: nothing is undoable."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from pellucid.model.compare import Compare
from pellucid.model.geometry import IDENTITY, Matrix, Vector


class Plane(StrEnum):
    """The three anatomical planes, and the plane as it was acquired."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    ACQUIRED = "acquired"


class PlaneMode(StrEnum):
    """Along which axes the three planes lie."""

    NEAREST = "nearest"
    """Along the stored axes nearest to those of the patient: exact voxels, slice by slice."""
    ANATOMICAL = "anatomical"
    """Along the axes of the patient, resampled where the acquisition is oblique."""
    ACQUISITION = "acquisition"
    """Along the stored axes x–y, x–z and y–z, whatever they are in the patient."""


class Projection(StrEnum):
    """How the slices of a thick slab become one picture."""

    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    MEAN = "mean"
    SUM = "sum"


class Tool(StrEnum):
    """What the left mouse button does on a pane."""

    WINDOW = "window"
    WINDOW_REGION = "window region"
    CROSSHAIR = "crosshair"
    PAN = "pan"
    ZOOM = "zoom"
    SCROLL = "scroll"
    BRUSH = "brush"
    ERASER = "eraser"
    SMART_BRUSH = "smart brush"
    FILL = "fill"
    WAND = "wand"
    PICK_LABEL = "pick label"
    ISLAND = "island"
    LENGTH = "length"
    POLYLINE = "polyline"
    ANGLE = "angle"
    COBB = "cobb"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    POLYGON = "polygon"
    FREEHAND = "freehand"
    POINT = "point"
    ARROW = "arrow"
    TEXT = "text"
    LABEL_POLYGON = "label polygon"
    LABEL_LASSO = "label lasso"
    LABEL_RECTANGLE = "label rectangle"
    LABEL_ELLIPSE = "label ellipse"
    LIVE_WIRE = "live wire"
    SCISSORS = "scissors"
    MOVE_LAYER = "move layer"
    LANDMARKS = "landmarks"


OUTLINES = frozenset({
    Tool.LABEL_POLYGON, Tool.LABEL_LASSO, Tool.LABEL_RECTANGLE, Tool.LABEL_ELLIPSE, Tool.LIVE_WIRE, Tool.SCISSORS,
})  # fmt: skip
"""The tools that draw an outline and change the labels within it."""


class Depth(StrEnum):
    """How far from the slice it was drawn on an outline reaches."""

    SLICE = "slice"
    NEAR = "near"
    """As many millimetres to each side as ``outline_reach`` says."""
    ALL = "all"


class Cut(StrEnum):
    """What the scissors do to the active label."""

    FILL = "fill"
    ERASE = "erase"
    KEEP = "keep"
    """Erase what lies outside."""


class CutShape(StrEnum):
    """What the scissors draw."""

    FREEHAND = "freehand"
    POLYGON = "polygon"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"


BRUSHES = frozenset({Tool.BRUSH, Tool.ERASER, Tool.SMART_BRUSH})
"""The tools with a size."""
LABEL_TOOLS = BRUSHES | {Tool.FILL, Tool.WAND, Tool.PICK_LABEL, Tool.ISLAND}
"""The tools that change labels where the mouse is, or ask for them."""
EDITING_TOOLS = LABEL_TOOLS | OUTLINES
"""All tools that change labels."""


@dataclass(frozen=True)
class Layout:
    """How many panes stand below and beside each other, at most 4×4."""

    rows: int = 1
    columns: int = 1

    SINGLE: ClassVar[Layout]
    QUAD: ClassVar[Layout]
    LARGEST: ClassVar[int] = 4

    @property
    def count(self) -> int:
        """Return the number of panes."""
        return self.rows * self.columns

    @classmethod
    def parse(cls, text: str) -> Layout:
        """Read ``"2x3"`` as two rows of three panes; raise ValueError for anything else."""
        rows, _, columns = text.partition("x")
        layout = cls(int(rows), int(columns))
        if not (1 <= layout.rows <= cls.LARGEST and 1 <= layout.columns <= cls.LARGEST):
            raise ValueError(f"a layout has 1 to {cls.LARGEST} rows and columns, not {text}")
        return layout

    def __str__(self) -> str:
        return f"{self.rows}x{self.columns}"


Layout.SINGLE, Layout.QUAD = Layout(1, 1), Layout(2, 2)


@dataclass(eq=False)
class PaneState:
    """What one pane shows and how; the canvas draws it, a saved work keeps it.

    ``shows`` holds the ids of the layers the pane shows. Ids of layers that are not open (any more) count for
    nothing; without others the pane shows every layer that is not apart (``ViewState.apart``).
    ``group`` names the link group of the pane, empty for none. ``position`` is the world point of the pane where
    it goes its own way; None follows the point of its group (that of group A is the crosshair). A ``tied`` pane
    lies in another world than its group and goes along by the same steps.
    ``scale`` is in screen pixels per mm (0 fits the plane) and ``centre`` in plane coordinates (mm); ``fit`` is
    the scale and ``fit_centre`` the centre that show the whole plane, as the canvas found them.
    ``slab`` is the thickness in mm that ``projection`` brings into one picture; 0 shows one slice.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    plane: Plane = Plane.AXIAL
    information: bool = False
    shows: tuple[str, ...] = ()
    position: Vector | None = None
    scale: float = 0.0
    centre: tuple[float, float] = (0.0, 0.0)
    slab: float = 0.0
    projection: Projection = Projection.MAXIMUM
    group: str = "A"
    tied: bool = False
    fit: float = 1.0
    fit_centre: tuple[float, float] = (0.0, 0.0)


def _first_panes() -> tuple[PaneState, ...]:
    """Return the states of all panes there can be: three planes and the information pane come first."""
    planes = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)
    rest = Layout.LARGEST**2 - len(planes) - 1
    return (*map(PaneState, planes), PaneState(information=True), *(PaneState() for _ in range(rest)))


GROUPS = ("A", "B", "C")
"""The names of the link groups."""


@dataclass(eq=False)
class Link:
    """What the panes of one group do together.

    ``point`` is the world point that the panes of a group follow; that of group A is the crosshair instead.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    name: str
    position: bool = True
    zoom: bool = False
    window: bool = False
    point: Vector = (0.0, 0.0, 0.0)


def _links() -> tuple[Link, ...]:
    return tuple(map(Link, GROUPS))


@dataclass(eq=False)
class Screen:
    """The panes of one window: the layout shows the first of ``panes``, row by row.

    ``maximised`` is the index of one that has the whole canvas for a while. With ``spread`` every pane is shown
    even where all of them would show the same single picture.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    layout: Layout = Layout.SINGLE
    maximised: int | None = None
    spread: bool = False
    panes: tuple[PaneState, ...] = field(default_factory=_first_panes)

    @property
    def shown(self) -> tuple[PaneState, ...]:
        """Return the states of the panes the layout has room for."""
        return self.panes[: self.layout.count]


@dataclass(eq=False)
class ViewState(Screen):
    """The screen of the main window, and what all windows share; ``crosshair`` is a world point in mm.

    ``others`` are the screens of further windows. ``apart`` holds the ids of layers that were given to single
    panes: they are seen only where the ``shows`` of a pane names them. ``rotation`` turns axial, coronal and
    sagittal planes together: a rotation of the world, row-major, that takes their normals to where they point now.
    """

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    crosshair: Vector = (0.0, 0.0, 0.0)
    plane_mode: PlaneMode = PlaneMode.NEAREST
    rotation: Matrix = IDENTITY
    tool: Tool = Tool.WINDOW
    show_crosshair: bool = True
    show_annotations: bool = True
    color_bar: bool | None = None
    """None shows the colour bar for all colour maps but grey."""
    show_measurements: bool = True
    neighbour_measurements: bool = False
    """Whether measurements of other slices of the plane are drawn, too, faint and dashed."""
    hide_identity: bool = False
    hide_preview: bool = False
    """True while the user holds the key that shows the image before the previewed change."""
    compare: Compare | None = None
    """The two layers that are compared, and how."""
    flicker: bool = False
    """True while a comparison by flicker shows its second layer."""
    brush_diameter: float = 10.0
    brush_ball: bool = False
    outline_depth: Depth = Depth.SLICE
    """How deep outlines are filled."""
    cut_depth: Depth = Depth.ALL
    """How deep the scissors cut."""
    outline_reach: float = 10.0
    """Millimetres to each side of the slice for ``Depth.NEAR``."""
    cut: Cut = Cut.ERASE
    cut_shape: CutShape = CutShape.FREEHAND
    smart_strictness: float = 2.5
    """How many standard deviations a value may be away from those under the middle of the smart brush."""
    fill_volume: bool = False
    """Whether filling and the wand go through all slices."""
    wand_tolerance: float | None = None
    """How far a value may be away for the wand; None: what fits the window of the image."""
    wand_mean: bool = False
    """Whether the wand compares with the mean around the click instead of the voxel."""
    wand_connected: bool = True
    """Whether the wand takes only voxels that are connected with the click."""
    island_volume: bool = True
    """Whether an island is what is connected through all slices."""
    paint_range: tuple[float, float] | None = None
    """The intensities that tools of labels may change the voxels of; None: any."""
    paint_range_kept: tuple[float, float] | None = None
    """The range that is taken up again when the limit is switched on."""
    paint_within: int | None = None
    """The label that they may change, 0 for the background; None: any."""
    others: tuple[Screen, ...] = ()
    apart: tuple[str, ...] = ()
    consented: tuple[tuple[str, str], ...] = ()
    """Pairs of layers that the user lets lie on each other although nothing says that they do so rightly."""
    links: tuple[Link, ...] = field(default_factory=_links)

    @property
    def screens(self) -> tuple[Screen, ...]:
        """Return the screens of all windows, that of the main window first."""
        return (self, *self.others)

    def link(self, group: str) -> Link | None:
        """Return the link of a group, or None when there is no group of that name."""
        return next((link for link in self.links if link.name == group), None)
