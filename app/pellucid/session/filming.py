"""What a film of the panes shows, scene by scene: slices, frames or a turn. Plain changes of the view, no drawing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pellucid.language import tr
from pellucid.model.geometry import IDENTITY, Matrix
from pellucid.model.oblique import combined, turn_about, turned_frame
from pellucid.model.planes import PlaneFrame
from pellucid.model.timing import timing
from pellucid.model.view import GROUPS, PaneState, Plane, Projection

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer
    from pellucid.session.session import Session

Change = tuple[Any, str, Any]
"""An object of the model, the name of one of its fields, and the value it has in the scene."""


@dataclass(frozen=True)
class Scene:
    """One picture of a film; ``extent`` is the part of the plane (left, top, right, bottom in mm) to be fitted."""

    changes: tuple[Change, ...] = ()
    extent: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Film:
    """Scenes and how long each lasts (ms)."""

    scenes: tuple[Scene, ...]
    durations: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.scenes)

    @property
    def seconds(self) -> float:
        """Return how long the film is."""
        return sum(self.durations) / 1000.0

    def sped(self, factor: float) -> Film:
        """Return the film played so many times as fast."""
        return replace(self, durations=tuple(ms / factor for ms in self.durations))


STILL = Film((Scene(),), (1000.0,))
"""The panes as they are, once."""


def picked(first: int, last: int, step: int) -> range:
    """Return the numbers from first to last, both with them where the step meets them, forwards or backwards."""
    step = max(1, abs(step))
    return range(first, last + 1, step) if last >= first else range(first, last - 1, -step)


def scroll(session: Session, pane: PaneState, numbers: Sequence[int], rate: float) -> Film:
    """Return a film through slices of a pane."""
    frame, viewing = session.viewing.frame(pane), session.viewing
    assert frame is not None
    owner = _place_of(session, pane)
    u, v = frame.plane_coordinates(viewing.position(pane))
    scenes = []
    for number in numbers:
        x, y, z = (float(c) for c in frame.world_at(u, v, number))
        scenes.append(Scene(((*owner, (x, y, z)),)))
    return Film(tuple(scenes), (1000.0 / rate,) * len(scenes))


def cine(session: Session, layer: ImageLayer, numbers: Sequence[int]) -> Film:
    """Return a film of the frames of an image, each as long as it is played; images with as many go along."""
    stated = timing(layer.frames)
    together = [other for other in session.document.images if len(other.frames) == len(layer.frames)]
    scenes = tuple(Scene(tuple((other, "frame", n) for other in together)) for n in numbers)
    passed = [sum(stated.durations[min(a, b) : max(a, b)]) for a, b in pairwise(numbers)]
    return Film(scenes, (*passed, stated.durations[numbers[-1]]))


def rotation(session: Session, pane: PaneState, count: int, rate: float, *, whole: bool) -> Film:
    """Return a film of one turn about the vertical of a pane in ``count`` steps.

    With ``whole`` the pane shows a maximum projection through all of the image; else the plane or slab as it is.
    """
    view, viewing = session.view, session.viewing
    geometry, frame = viewing.geometry(pane), viewing.frame(pane)
    assert geometry is not None and frame is not None
    changes: list[Change] = []
    if whole:
        size = [n * s for n, s in zip(geometry.size, geometry.spacing, strict=True)]
        diagonal = float(sum(edge * edge for edge in size) ** 0.5)
        changes = [(pane, "slab", diagonal), (pane, "projection", Projection.MAXIMUM)]
    x, y, z = (float(c) for c in geometry.centre())
    owner = _place_of(session, pane)
    changes.append((*owner, (x, y, z)))
    turns = [_turned(view.rotation, frame, 360.0 * n / count) for n in range(count)]
    frames = [
        turned_frame(geometry, viewing.plane(pane), (x, y, z), mode=view.plane_mode, rotation=turn) for turn in turns
    ]
    extents = [_around_middle(other, (x, y, z)) for other in frames]
    across = max(extent[2] - extent[0] for extent in extents)
    down = max(extent[3] - extent[1] for extent in extents)
    scenes = []
    for turn, (left, top, right, bottom) in zip(turns, extents, strict=True):
        u, v = (left + right) / 2, (top + bottom) / 2
        fitted = (u - across / 2, v - down / 2, u + across / 2, v + down / 2)
        scenes.append(Scene((*changes, (view, "rotation", turn)), fitted))
    return Film(tuple(scenes), (1000.0 / rate,) * count)


def can_turn(session: Session, pane: PaneState) -> str:
    """Return why the planes of a pane cannot be turned, or nothing."""
    geometry = session.viewing.geometry(pane)
    if geometry is None or geometry.is_planar:
        return tr("A single slice cannot be turned.")
    return tr("The acquired plane is not turned; choose another plane.") if pane.plane is Plane.ACQUIRED else ""


def _place_of(session: Session, pane: PaneState) -> tuple[Any, str]:
    """Return the object and the field that hold where a pane is: its own place, its group's, or the crosshair."""
    if pane.position is not None:
        return pane, "position"
    link = session.linking.link(pane)
    return (session.view, "crosshair") if link is None or link.name == GROUPS[0] else (link, "point")


def _turned(before: Matrix, frame: PlaneFrame, degrees: float) -> Matrix:
    return before if degrees == 0 and before == IDENTITY else combined(turn_about(frame.down, degrees), before)


def _around_middle(frame: PlaneFrame, middle: tuple[float, float, float]) -> tuple[float, float, float, float]:
    """Return the extent of a frame widened so that the middle of the image is the middle of the picture."""
    left, top, right, bottom = frame.extent
    u, v = (float(c) for c in frame.plane_coordinates(middle))
    across, down = max(right - u, u - left), max(bottom - v, v - top)
    return u - across, v - down, u + across, v + down


@contextmanager
def staged(changes: Sequence[Change]) -> Iterator[None]:
    """Give fields other values for a moment, without telling anybody, and bring the old ones back whatever happens."""
    with ExitStack() as stack:
        for owner in {id(owner): owner for owner, _, _ in changes}.values():
            stack.enter_context(owner.events.blocked())
        before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
        try:
            for owner, name, value in changes:
                setattr(owner, name, value)
            yield
        finally:
            for owner, name, value in reversed(before):
                setattr(owner, name, value)
