"""The outline of the brush under the mouse, in the colour of the label it would paint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.model.layer import LabelLayer
from pellucid.ui.canvas.decorations import Brush
from pellucid.ui.canvas.tools import BrushTool

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
