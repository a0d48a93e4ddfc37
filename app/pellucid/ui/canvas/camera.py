"""Zoom and centre of one pane: plane coordinates (mm) to widget pixels and back, in square millimetres."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPointF

from pellucid.model.planes import PlaneFrame
from pellucid.model.view import PaneState
from pellucid.ui.canvas.sheet import Sheet

_MARGIN = 0.97
_CLOSEST = 64.0
"""Screen pixels per voxel beyond which zooming in stops."""


class PaneCamera:
    """Keeps a sheet at the zoom and centre of a pane."""

    def __init__(self, sheet: Sheet, state: PaneState) -> None:
        self.state = state
        self._sheet = sheet
        self._size = (1.0, 1.0)
        self._frame: PlaneFrame | None = None
        self._turned: tuple[float, float, float] | None = None
        """Width, height and scale when a plane that was shown whole was turned: it still grows with its pane."""
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

    def look_at(self, frame: PlaneFrame | None, about: ArrayLike) -> bool:
        """Look at another frame as before where it shows nearly the same, else at all of it; return whether as before.

        Of planes that turn the zoom stays, and the world point ``about`` keeps its place on the screen.
        """
        before, told, self._frame = self._frame, self.is_told, frame
        keep = frame is not None and told
        if frame is not None and before is not None:
            if _is_turn(frame, before):
                self._turn(frame, before, about)
                keep = True
            keep = keep or _is_alike(frame, before)
        if not keep:
            self.state.scale, self._turned = 0.0, None
        self.apply()
        return keep

    def _turn(self, frame: PlaneFrame, before: PlaneFrame, about: ArrayLike) -> None:
        same = np.allclose([before.right, before.down], [frame.right, frame.down], rtol=0, atol=1e-6)
        if self.state.scale == 0.0 and (same or frame.mode is not before.mode):
            return
        width, height = self._size
        if self.state.scale == 0.0:
            self._turned = (width, height, self._scale)
        at, (u, v) = self.to_widget(*before.plane_coordinates(about)), frame.plane_coordinates(about)
        self.state.scale = self._scale
        self.state.centre = (u - (at.x() - width / 2) / self._scale, v - (at.y() - height / 2) / self._scale)

    def seen(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of what the pane shows of the plane."""
        (left, top), (right, bottom) = self.to_plane(QPointF(0, 0)), self.to_plane(QPointF(*self._size))
        return left, top, right, bottom

    def resize(self, width: float, height: float) -> None:
        """Follow the size of the pane."""
        self._size = width, height = (max(1.0, width), max(1.0, height))
        if self._turned is not None and self.state.scale == self._scale:
            before = self._turned
            self.state.scale = before[2] * min(width / before[0], height / before[1])
        self.apply()

    def fit(self) -> None:
        """Show the whole plane."""
        self.state.scale, self._turned = 0.0, None
        self._take_up()

    def zoom(self, factor: float, at: QPointF) -> None:
        """Enlarge by a factor; what is at a widget position stays there."""
        u, v = self.to_plane(at)
        scale = self._limited(self._scale * factor)
        width, height = self._size
        self.state.scale, self._turned = scale, None
        self.state.centre = (u - (at.x() - width / 2) / scale, v - (at.y() - height / 2) / scale)
        self._take_up()

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by widget pixels."""
        self.state.centre = (self._centre[0] - dx / self._scale, self._centre[1] - dy / self._scale)
        self.state.scale = self._scale
        self._take_up()

    def show(self, u: float, v: float) -> None:
        """Bring a point of the plane to the middle."""
        self.state.centre, self.state.scale = (u, v), self._scale
        self._take_up()

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
        self._take_up()
        self.lay()

    def lay(self) -> None:
        """Bring the sheet to where the camera is; what the user moves is laid with the next refresh: painted once."""
        self._sheet.look_at(self._centre, self._scale, self._size)

    def _take_up(self) -> None:
        if self._frame is not None:
            self.state.fit, self.state.fit_centre = self._fitting()
        if self._frame is not None and self.state.scale == 0.0:
            self._scale, self._centre = self.state.fit, self.state.fit_centre
        elif self.state.scale > 0.0:
            self._scale, self._centre = self.state.scale, self.state.centre

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


def _is_turn(new: PlaneFrame, old: PlaneFrame) -> bool:
    """Return whether the same grid is seen along other axes, or from another place along them."""
    askew = not (new.is_along_grid and old.is_along_grid)
    return askew and new.geometry == old.geometry and new.plane is old.plane


def _is_alike(new: PlaneFrame, old: PlaneFrame) -> bool:
    """Return whether zoom and centre may be kept: both frames lie alike and cover nearly the same place."""
    if new.plane is not old.plane or (new.origin - old.origin) @ (new.origin - old.origin) > 1.0:
        return False
    same = abs(new.right @ old.right) > 0.999 and abs(new.down @ old.down) > 0.999
    ends = zip(new.extent, old.extent, strict=True)
    return bool(same) and all(abs(a - b) <= 0.1 * max(abs(b), 1.0) for a, b in ends)
