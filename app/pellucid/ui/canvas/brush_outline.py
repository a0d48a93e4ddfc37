"""The outline of the brush under the mouse, in the colour of the label it would paint, and what limits painting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.layer import LabelLayer
from pellucid.model.view import LABEL_TOOLS, Tool
from pellucid.ui.canvas.decorations import Brush
from pellucid.ui.canvas.tools import BrushTool
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_NO_LABEL = "#d8dbe0"


def brush_outline(pane: SliceView) -> Brush | None:
    """Return the outline on a pane, or None when no brush is over it."""
    tool, at, session = pane.mouse.tool, pane.mouse.at, pane.session
    if not isinstance(tool, BrushTool) or at is None:
        return None
    layer = session.document.active_labels
    color = layer.labels.label(layer.active_label).color if isinstance(layer, LabelLayer) else _NO_LABEL
    radius = session.view.brush_diameter / 2 * pane.camera.scale
    return Brush(at, radius, color, tool.erasing(pane.mouse.modifiers))


def limits_note(pane: SliceView) -> str:
    """Return what limits the tool in force on a pane, or nothing."""
    view, document = pane.session.view, pane.session.document
    if view.tool not in LABEL_TOOLS or view.tool is Tool.PICK_LABEL or pane.pictured:
        return ""
    parts = []
    if view.paint_range is not None:
        low, high = map(short_number, view.paint_range)
        unit = pane.image.volume.unit if pane.image is not None else ""
        parts.append(tr("{low} to {high} {unit}", low=low, high=high, unit=unit).rstrip())
    if view.paint_within is not None:
        layer = document.active_labels
        name = layer.labels.label(view.paint_within).name if layer is not None else str(view.paint_within)
        parts.append(tr("inside “{name}”", name=name) if view.paint_within else tr("background only"))
    return tr("Painting limited: {limits}", limits=" · ".join(parts)) if parts else ""
