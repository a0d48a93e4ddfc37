"""The window of what lies inside a rectangle: drawn with the mouse on a pane, Esc gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from pellucid.language import tr
from pellucid.model.channels import seen_channel
from pellucid.model.histogram import region_limits
from pellucid.model.plane_values import values_inside
from pellucid.ui import theme
from pellucid.ui.canvas.corner_texts import window_text

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView
    from pellucid.ui.canvas.tools import CanvasTool, Pointer

Corner = tuple[float, float]


class WindowRegionTool:
    """Drags a rectangle; on release the values of the image inside it get the whole range of brightness."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self) -> None:
        self.corners: tuple[Corner, Corner] | None = None
        """Two opposite corners in plane coordinates (mm) while the button is held."""
        self._limits: tuple[float, float] | None = None

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Begin a rectangle, unless there is no image with values here."""
        image = pane.image
        if image is not None and image.shows_colour:
            pane.say(tr("Colours are shown as they are"))
        elif image is not None and image.id in pane.stack.shown:
            corner = pane.camera.to_plane(pointer.at)
            self.corners, self._limits = (corner, corner), None

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Stretch the rectangle and say which window it would give."""
        if self.corners is None:
            return
        self.corners = self.corners[0], pane.camera.to_plane(pointer.at)
        self._limits = self._measure(pane)
        image = pane.image
        if self._limits is None or image is None:
            pane.say(tr("No values here"))
            return
        low, high = self._limits
        factor, unit = image.volume.told_in
        pane.say(window_text((low + high) / 2 * factor, (high - low) * factor, unit))

    def _measure(self, pane: SliceView) -> tuple[float, float] | None:
        image = pane.image
        shown = pane.stack.shown.get(image.id) if image is not None else None
        if image is None or shown is None or pane.frame is None or self.corners is None:
            return None
        values = values_inside(shown, *self.corners, pane.frame, pane.index, image.geometry)
        seen = values if values.ndim == 1 else seen_channel(values, image.display.channel)
        return region_limits(seen, image.volume.padding)

    def release(self, pane: SliceView) -> None:
        """Set the window."""
        if self.corners is not None and self._limits is not None and pane.image is not None:
            pane.image.display.set_limits(*self._limits)
        self.cancel(pane)

    def cancel(self, pane: SliceView) -> None:
        """Take the rectangle away and leave the window as it is."""
        self.corners = self._limits = None
        pane.say(None)


class RegionOutline:
    """Draws the rectangle while it is dragged."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw in widget pixels."""
        tool = pane.mouse.tool
        if not isinstance(tool, WindowRegionTool) or tool.corners is None:
            return
        first, second = (QPointF(pane.camera.to_widget(*corner)) for corner in tool.corners)
        box = QRectF(first, second).normalized()
        for color, width, style in (
            (QColor(0, 0, 0, 170), 3.0, Qt.PenStyle.SolidLine),
            (QColor(theme.DARK.accent), 1.0, Qt.PenStyle.DashLine),
        ):
            painter.setPen(QPen(color, width, style))
            painter.drawRect(box)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: nothing here can be taken hold of."""
        return None
