"""Zoom and centre of one pane: plane coordinates (mm) to widget pixels and back, in square millimetres."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF, QRectF

from pellucid.model.planes import PlaneFrame
from pellucid.model.view import PaneState

_MARGIN = 0.97
_CLOSEST = 64.0
"""Screen pixels per voxel beyond which zooming in stops."""


class PaneCamera:
    """Keeps a ViewBox at the zoom and centre of a pane."""

    def __init__(self, box: pg.ViewBox, state: PaneState) -> None:
        self.state = state
        self._box = box
        self._size = (1.0, 1.0)
        self._frame: PlaneFrame | None = None
        self._scale = 1.0
        self._centre = (0.0, 0.0)

    @property
    def scale(self) -> float:
        """Return the screen pixels per mm in force."""
        return self._scale

    @property
    def centre(self) -> tuple[float, float]:
        """Return the plane coordinates in the middle of the pane."""
        return self._centre

    @property
    def frame(self) -> PlaneFrame | None:
        """Return the frame that is looked at."""
        return self._frame

    @property
    def is_told(self) -> bool:
        """Return whether somebody else gave the pane a zoom since it was last taken up: links, a saved work."""
        state = self.state
        return state.scale > 0 and (state.scale, state.centre) != (self._scale, self._centre)

    def follow(self) -> None:
        """Take up the zoom the pane was given."""
        state = self.state
        fits = state.scale == 0 and (self._scale, self._centre) == (state.fit, state.fit_centre)
        if self._frame is not None and not fits and (state.scale == 0 or self.is_told):
            self.apply()

    def look_at(self, frame: PlaneFrame | None, *, keep: bool) -> None:
        """Look at another frame; fit it unless the zoom is to be kept."""
        self._frame = frame
        if not keep:
            self.state.scale = 0.0
        self.apply()

    def turn(self, frame: PlaneFrame, about: ArrayLike) -> None:
        """Look at the same grid along other axes: the zoom stays, and a world point keeps its place."""
        before, self._frame = self._frame, frame
        same = before is not None and np.allclose([before.right, before.down], [frame.right, frame.down], atol=1e-6)
        if before is not None and not (same and self.state.scale == 0.0):
            at = self.to_widget(*before.plane_coordinates(about))
            u, v = frame.plane_coordinates(about)
            width, height = self._size
            self.state.scale = self._scale
            self.state.centre = (u - (at.x() - width / 2) / self._scale, v - (at.y() - height / 2) / self._scale)
        self.apply()

    def seen(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of what the pane shows of the plane."""
        (left, top), (right, bottom) = self.to_plane(QPointF(0, 0)), self.to_plane(QPointF(*self._size))
        return left, top, right, bottom

    def resize(self, width: float, height: float) -> None:
        """Follow the size of the pane."""
        self._size = (max(1.0, width), max(1.0, height))
        self.apply()

    def fit(self) -> None:
        """Show the whole plane."""
        self.state.scale = 0.0
        self.apply()

    def zoom(self, factor: float, at: QPointF) -> None:
        """Enlarge by a factor; what is at a widget position stays there."""
        u, v = self.to_plane(at)
        scale = self._limited(self._scale * factor)
        width, height = self._size
        self.state.scale = scale
        self.state.centre = (u - (at.x() - width / 2) / scale, v - (at.y() - height / 2) / scale)
        self.apply()

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by widget pixels."""
        self.state.centre = (self._centre[0] - dx / self._scale, self._centre[1] - dy / self._scale)
        self.state.scale = self._scale
        self.apply()

    def show(self, u: float, v: float) -> None:
        """Bring a point of the plane to the middle."""
        self.state.centre, self.state.scale = (u, v), self._scale
        self.apply()

    def to_plane(self, position: QPointF) -> tuple[float, float]:
        """Map a widget position to plane coordinates."""
        width, height = self._size
        return (
            self._centre[0] + (position.x() - width / 2) / self._scale,
            self._centre[1] + (position.y() - height / 2) / self._scale,
        )

    def to_widget(self, u: float, v: float) -> QPointF:
        """Map plane coordinates to a widget position."""
        width, height = self._size
        return QPointF(
            (u - self._centre[0]) * self._scale + width / 2, (v - self._centre[1]) * self._scale + height / 2
        )

    @property
    def percent(self) -> float:
        """Return the zoom: 100 when a voxel is as wide as a pixel of the screen."""
        frame = self._frame
        return 0.0 if frame is None else self._scale * frame.pixel_mm[0] * 100

    def apply(self) -> None:
        """Bring the view to the state."""
        width, height = self._size
        if self._frame is not None:
            self.state.fit, self.state.fit_centre = self._fitting()
        if self._frame is not None and self.state.scale == 0.0:
            self._scale, self._centre = self.state.fit, self.state.fit_centre
        elif self.state.scale > 0.0:
            self._scale, self._centre = self.state.scale, self.state.centre
        w, h = width / self._scale, height / self._scale
        rect = QRectF(self._centre[0] - w / 2, self._centre[1] - h / 2, w, h)
        self._box.setRange(rect, padding=0)

    def _fitting(self) -> tuple[float, tuple[float, float]]:
        assert self._frame is not None
        left, top, right, bottom = self._frame.extent
        width, height = self._size
        scale = _MARGIN * min(width / (right - left), height / (bottom - top))
        return scale, ((left + right) / 2, (top + bottom) / 2)

    def _limited(self, scale: float) -> float:
        if self._frame is None:
            return scale
        finest = min(self._frame.pixel_mm)
        return min(max(scale, self._fitting()[0] / 10), max(_CLOSEST / finest, self._fitting()[0]))
