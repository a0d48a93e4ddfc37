"""Where the user looks: crosshair, layout, zoom. The work does not change here: nothing is undoable."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from psygnal import SignalGroupDescriptor

from pellucid.model.geometry import Vector


class Plane(StrEnum):
    """The three anatomical planes, and the plane as it was acquired."""

    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    ACQUIRED = "acquired"


class Layout(StrEnum):
    """How panes are arranged."""

    SINGLE = "single"
    QUAD = "quad"


class Tool(StrEnum):
    """What the left mouse button does on a pane."""

    WINDOW = "window"
    CROSSHAIR = "crosshair"
    PAN = "pan"
    ZOOM = "zoom"
    SCROLL = "scroll"
    BRUSH = "brush"
    ERASER = "eraser"


@dataclass
class ViewState:
    """Shared by all panes of a window; ``crosshair`` is a world point in mm."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    crosshair: Vector = (0.0, 0.0, 0.0)
    layout: Layout = Layout.SINGLE
    single_plane: Plane = Plane.AXIAL
    tool: Tool = Tool.WINDOW
    show_crosshair: bool = True
    show_annotations: bool = True
    hide_identity: bool = False
    hide_preview: bool = False
    """True while the user holds the key that shows the image before the previewed change."""
    brush_diameter: float = 10.0
    brush_ball: bool = False


@dataclass
class Camera:
    """Zoom and centre of one plane: ``scale`` in screen pixels per mm (0 means fit), ``centre`` in mm."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    scale: float = 0.0
    centre: tuple[float, float] = field(default=(0.0, 0.0))
