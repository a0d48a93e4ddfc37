"""A live wire while it is drawn: where it is fixed, the way in between, and the way on to the mouse.

The ways from where it was fixed last are found in the background; until they are known it runs straight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.askew import Sight
from pellucid.model.geometry import Floats, Vector
from pellucid.model.live_wire import HALF, Tracks, tracks
from pellucid.model.planes import PlaneFrame
from pellucid.model.slicing import layer_plane
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.session.session import Session

Place = tuple[float, float]


@dataclass(eq=False)
class _Knot:
    """Where the wire is fixed; ``way`` holds the points from here to the next knot, without the first."""

    place: Place
    straight: bool = False
    """Whether the way to it is a straight line."""
    tracks: Tracks | None = None
    known: bool = False
    way: tuple[Vector, ...] = field(default=())


class Wire:
    """One live wire on slice ``index`` of a frame over an image; ``outline`` is what it becomes when it is closed."""

    def __init__(
        self, session: Session, volume: Volume, frame: PlaneFrame, index: int, outline: Annotation, snap: float
    ) -> None:
        self._session, self._volume, self._frame, self._index = session, volume, frame, index
        self._outline, self._snap = outline, snap
        self._base = frame.world_at(0.0, 0.0, index)
        self._knots: list[_Knot] = []
        self._mouse: tuple[Place, bool] | None = None
        self._closing: Callable[[Annotation], object] | None = None

    @property
    def knots(self) -> tuple[Place, ...]:
        """Return where the wire is fixed, in plane coordinates."""
        return tuple(knot.place for knot in self._knots)

    @property
    def world_knots(self) -> tuple[Vector, ...]:
        """Return the same as world points."""
        return self._world(np.array(self.knots))

    def fix(self, u: float, v: float, *, straight: bool = False) -> None:
        """Fix the wire at a place, or where the edge next to it is; ``straight`` leads there without either."""
        before = self._knots[-1] if self._knots else None
        known = before is not None and before.tracks is not None
        snaps = not straight and (before is None or known)
        place = (u, v) if straight else self._snapped(before, u, v)
        knot = _Knot(place, straight)
        self._knots.append(knot)
        if before is not None:
            before.way = self._way(before, place, straight)
        self._mouse = None
        self._look_around(knot, 0.0 if straight or (snaps and known) else self._snap)
        self.show()

    def lead(self, u: float, v: float, *, straight: bool = False) -> None:
        """Let the wire run on to the mouse."""
        if self._closing is None:
            self._mouse = ((u, v) if straight else self._snapped(self._knots[-1], u, v)), straight
            self.show()

    def back(self) -> bool:
        """Let the wire loose where it was fixed last; return whether anything is left of it."""
        self._knots.pop()
        if self._knots:
            self._knots[-1].way = ()
            self.show()
        return bool(self._knots)

    def close(self, done: Callable[[Annotation], object]) -> None:
        """Lead the wire back to its beginning and hand it over, as soon as all ways are known."""
        self._closing, self._mouse = done, None
        self._hand_over()

    def show(self) -> None:
        """Let the outline be drawn as far as it goes."""
        self._session.outlining.draft = replace(self._outline, points=self._points())

    # ---------------------------------------------------------------- the ways

    def _look_around(self, knot: _Knot, snap: float) -> None:
        """Find the ways from a knot in the background."""
        volume, frame, index, (u, v) = self._volume, self._frame, self._index, knot.place
        pitch = min(frame.pixel_mm)
        reach = (HALF + 1) * pitch
        sight = Sight((u - reach, v - reach, u + reach, v + reach), pitch)

        def work(_job: Job) -> Tracks | None:
            image = layer_plane(volume.array, volume.geometry, frame, index, smooth=True, sight=sight)
            return None if image is None else tracks(image, u, v, snap)

        def done(found: Tracks | None) -> None:
            if knot in self._knots:
                self._take(knot, found, moved=snap > 0)

        self._session.jobs.query(("live wire", id(knot)), tr("Live wire"), work, done, quiet=True)

    def _take(self, knot: _Knot, found: Tracks | None, *, moved: bool) -> None:
        n = self._knots.index(knot)
        knot.known, knot.tracks = True, found
        if found is not None and moved:
            knot.place = found.place
            if n:
                self._knots[n - 1].way = self._way(self._knots[n - 1], knot.place, knot.straight)
        if n + 1 < len(self._knots):
            after = self._knots[n + 1]
            knot.way = self._way(knot, after.place, after.straight)
        if self._mouse is not None:
            (u, v), straight = self._mouse
            self._mouse = ((u, v) if straight else self._snapped(self._knots[-1], u, v)), straight
        if self._session.outlining.wire is self:
            self.show()
            self._hand_over()

    def _hand_over(self) -> None:
        if self._closing is None or not all(knot.known for knot in self._knots):
            return
        done, last = self._closing, self._knots[-1]
        last.way = self._way(last, self._knots[0].place, straight=False)[:-1]
        done(replace(self._outline, points=self._points()))

    def _snapped(self, knot: _Knot | None, u: float, v: float) -> Place:
        found = knot.tracks if knot is not None else None
        return (u, v) if found is None else found.snapped(u, v, self._snap)

    def _way(self, knot: _Knot, place: Place, straight: bool) -> tuple[Vector, ...]:
        if straight or knot.tracks is None:
            return self._world(np.array([place]))
        return self._world(knot.tracks.way_to(*place))

    def _points(self) -> tuple[Vector, ...]:
        points = list(self._world(np.array([self._knots[0].place])))
        for knot in self._knots:
            points.extend(knot.way)
        if self._mouse is not None:
            place, straight = self._mouse
            points.extend(self._way(self._knots[-1], place, straight))
        return tuple(points)

    def _world(self, flat: Floats) -> tuple[Vector, ...]:
        world = self._base + flat @ np.stack([self._frame.right, self._frame.down])
        return tuple((x, y, z) for x, y, z in world.tolist())
