"""What panes do together: position, zoom and window within a link group.

Panes of a group whose images lie in one world follow one point. A pane of another world (frame of reference) has
a position of its own; tied by the user, it goes along by the same steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.model.geometry import Geometry, Vector, same_world
from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.view import Link, PaneState, Screen

if TYPE_CHECKING:
    from pellucid.model.planes import PlaneFrame
    from pellucid.session.session import Session

Part = Literal["position", "zoom", "window"]
Camera = tuple[float, tuple[float, float]]
OWN, UNKNOWN = "own position: other frame of reference", "own position: frame of reference not stated"
SHORT, OFFSET = "own position", "linked by offset"
_ALONG = 0.999


@dataclass(frozen=True)
class LinkState:
    """How a pane is linked, for its chip: the group, what is linked, and what is to be known about it."""

    group: str
    position: bool = False
    zoom: bool = False
    window: bool = False
    note: str = ""
    short_note: str = ""


class Linking:
    """Keeps the panes of each group together; all of it is view, nothing is undoable."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._worlds: dict[str, Geometry] = {}
        self._cameras: dict[int, Camera] = {}
        self._quiet = False
        self._mover: PaneState | None = None
        self._watchers: dict[str, Callable[[Any], None]] = {}
        view, document = session.view, session.document
        self.watch(view)
        view.events.crosshair.connect(lambda new, old: self._stepped("A", new, old))
        for link in view.links:
            link.events.point.connect(lambda new, old, group=link.name: self._stepped(group, new, old))
        document.inserted.connect(self._came)
        document.removed.connect(self._went)
        document.reordered.connect(lambda: self.settle())

    def watch(self, screen: Screen) -> None:
        """Follow the zoom of the panes of a screen."""
        for pane in screen.panes:
            pane.events.connect(lambda info, pane=pane: self._pane_changed(pane, info))

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let changes of panes, crosshair and windows be nobody else's business for a while."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    # ---------------------------------------------------------------- groups

    def link(self, pane: PaneState) -> Link | None:
        """Return the link of the group a pane is in."""
        return self._session.view.link(pane.group)

    def state(self, pane: PaneState) -> LinkState:
        """Return how a pane is linked, for people."""
        link = self.link(pane)
        if link is None:
            return LinkState("")
        apart = link.position and pane.position is not None
        linked = link.position and (not apart or pane.tied)
        note = self._note(link, pane) if apart else ""
        short = "" if not apart else OFFSET if pane.tied else SHORT
        return LinkState(link.name, linked, link.zoom, link.window, note, short)

    def _note(self, link: Link, pane: PaneState) -> str:
        if pane.tied:
            return OFFSET
        grids = (self._worlds.get(link.name), self._session.viewing.geometry(pane))
        stated = all(grid is not None and grid.frame_of_reference for grid in grids)
        return OWN if stated else UNKNOWN

    def set_group(self, pane: PaneState, group: str) -> None:
        """Put a pane into a group (an empty name: into none); where the group has a place already, it goes there."""
        pane.position = self._session.viewing.position(pane)
        pane.group, pane.tied = group, False
        self.settle()
        self.take_zoom(pane)

    def set_part(self, group: str, part: Part, on: bool, like: PaneState | None = None) -> None:
        """Link or unlink position, zoom or window of a group; the others become like one pane."""
        link = self._session.view.link(group)
        if link is None or getattr(link, part) is on:
            return
        setattr(link, part, on)
        like = like or next(iter(self._members(link)), None)
        if part == "position":
            grid = self._session.viewing.geometry(like) if like is not None else None
            if on and like is not None and like.position is not None and grid is not None:
                self._worlds[group] = grid
                self._put(group, like.position)
            self.settle()
        elif on and like is not None and part == "zoom":
            now = _camera(like)
            self._zoom_like(link, like, now, now)
        elif on and like is not None:
            image = self._session.viewing.image(like)
            if image is not None:
                self._window_like(image)

    def tie(self, pane: PaneState, tied: bool) -> None:
        """Let a pane of another frame of reference go along with its group by the offset it has now, or no longer."""
        pane.tied = tied and pane.position is not None

    def _members(self, link: Link) -> list[PaneState]:
        shown = (pane for screen in self._session.view.screens for pane in screen.shown)
        return [pane for pane in shown if pane.group == link.name and not pane.information]

    # ---------------------------------------------------------------- position

    def point(self, group: str) -> Vector:
        """Return the world point the panes of a group follow."""
        link = self._session.view.link(group)
        return self._session.view.crosshair if link is None or group == "A" else link.point

    def _put(self, group: str, world: Vector) -> None:
        link = self._session.view.link(group)
        if link is None or group == "A":
            self._session.view.crosshair = world
        else:
            link.point = world

    def move(self, pane: PaneState, world: Vector) -> None:
        """Put the place of a pane, and of those that go with it, at a world point."""
        if pane.position is None:
            self._put(pane.group, world)
            return
        before, pane.position = pane.position, world
        if pane.tied:
            self._mover = pane
            self._put(pane.group, _stepped(self.point(pane.group), before, world))
            self._mover = None

    def _stepped(self, group: str, new: Vector, old: Vector) -> None:
        """Let tied panes go along with the point of their group."""
        if self._quiet:
            return
        for pane in self._session.viewing.panes():
            if pane.tied and pane.group == group and pane.position is not None and pane is not self._mover:
                pane.position = _stepped(pane.position, old, new)

    def settle(self, *, stay: bool = False) -> None:
        """Let panes of one world follow the point of their group, and others have a position of their own.

        A group whose first pane shows another world than before goes there; with ``stay`` its point is right already.
        """
        with self.quiet():
            for link in self._session.view.links:
                self._settle_group(link, stay)
            for pane in self._session.viewing.panes():
                if self.link(pane) is None and pane.position is None:
                    pane.position = self._session.view.crosshair

    def _settle_group(self, link: Link, stay: bool) -> None:
        viewing, shown = self._session.viewing, self._members(link)
        hidden = [pane for pane in viewing.panes() if pane.group == link.name and pane not in shown]
        members = [(pane, grid) for pane in (*shown, *hidden) if (grid := viewing.geometry(pane)) is not None]
        if not members or members[0][0] not in shown:
            self._worlds.pop(link.name, None)
        if not members:
            return
        if not link.position:
            for pane, _ in members:
                pane.position = viewing.position(pane)
            return
        world, known = members[0][1], self._worlds.get(link.name)
        self._worlds[link.name] = world
        if not stay and (known is None or not same_world(known, world)):
            own = next((pane.position for pane, grid in members if pane.position and same_world(grid, world)), None)
            if own is not None:
                self._put(link.name, own)
            elif known is not None:
                self._put(link.name, _centre(world))
        for pane, grid in members:
            if same_world(grid, world):
                pane.position, pane.tied = None, False
            elif pane.position is None:
                pane.position = _centre(grid)

    # ---------------------------------------------------------------- zoom

    def take_zoom(self, pane: PaneState) -> None:
        """Zoom a pane like the others of its group where that is linked."""
        link = self.link(pane)
        if link is None or not link.zoom:
            return
        for other in self._members(link):
            if other is not pane and other.scale > 0 and self._match(other, pane) == "world":
                with self.quiet():
                    self._follow(pane, other, _camera(other), _camera(other))
                return

    def _pane_changed(self, pane: PaneState, info: Any) -> None:
        if info.signal.name not in ("scale", "centre", "fit", "fit_centre"):
            return
        now = _camera(pane)
        before = self._cameras.get(id(pane), now)
        self._cameras[id(pane)] = now
        link = self.link(pane)
        if not self._quiet and link is not None and link.zoom and info.signal.name in ("scale", "centre"):
            self._zoom_like(link, pane, before, now)

    def _zoom_like(self, link: Link, pane: PaneState, before: Camera, now: Camera) -> None:
        with self.quiet():
            for other in self._members(link):
                if other is not pane:
                    self._follow(other, pane, before, now)

    def _match(self, one: PaneState, other: PaneState) -> str:
        """Return how two panes see: the same ``world`` along one normal, ``alike`` elsewhere, or neither."""
        viewing = self._session.viewing
        a, b = viewing.frame(one), viewing.frame(other)
        if a is None or b is None:
            return ""
        if abs(a.normal @ b.normal) > _ALONG and same_world(a.geometry, b.geometry):
            return "world"
        return "alike" if a.right @ b.right > _ALONG and a.down @ b.down > _ALONG else "scale"

    def _follow(self, pane: PaneState, leader: PaneState, before: Camera, now: Camera) -> None:
        """Zoom a pane as another was zoomed: to the same world where it sees that, else by the same step."""
        match, viewing = self._match(leader, pane), self._session.viewing
        if not match:
            return
        if leader.scale == 0:
            pane.scale = 0.0
            return
        scale, centre = _camera(pane)
        scale *= now[0] / before[0]
        if match == "world":
            here, there = viewing.frame(leader), viewing.frame(pane)
            assert here is not None and there is not None
            scale, centre = now[0], there.plane_coordinates(_world(here, now[1]))
        elif match == "alike":
            centre = (centre[0] + now[1][0] - before[1][0], centre[1] + now[1][1] - before[1][1])
        pane.centre, pane.scale = centre, scale

    # ---------------------------------------------------------------- window

    def _came(self, layer: Layer) -> None:
        if isinstance(layer, ImageLayer):
            self._watchers[layer.id] = self._window_watcher(layer)
            layer.display.events.connect(self._watchers[layer.id])
        self.settle()

    def _went(self, layer: Layer) -> None:
        watcher = self._watchers.pop(layer.id, None)
        if watcher is not None and isinstance(layer, ImageLayer):
            layer.display.events.disconnect(watcher, missing_ok=True)
        self.settle()

    def _window_watcher(self, layer: ImageLayer) -> Callable[[Any], None]:
        def changed(info: Any) -> None:
            if info.signal.name in ("level", "width"):
                self._window_like(layer)

        return changed

    def _window_like(self, layer: ImageLayer) -> None:
        """Give the other images of its groups the window of an image, where modality and unit are the same."""
        if self._quiet:
            return
        viewing, display = self._session.viewing, layer.display
        with self.quiet():
            for link in self._session.view.links:
                members = self._members(link) if link.window else []
                shown = {image.id: image for pane in members for image in viewing.layers(pane)}
                for image in shown.values() if layer.id in shown else ():
                    if isinstance(image, ImageLayer) and image is not layer and _comparable(image, layer):
                        image.display.level, image.display.width = display.level, display.width


def _camera(pane: PaneState) -> Camera:
    """Return the scale and the centre in force."""
    return (pane.scale, pane.centre) if pane.scale > 0 else (pane.fit, pane.fit_centre)


def _world(frame: PlaneFrame, centre: tuple[float, float]) -> Any:
    return frame.world_at(*centre, 0)


def _stepped(point: Vector, old: Vector, new: Vector) -> Vector:
    x, y, z = (float(c) for c in np.add(point, np.subtract(new, old)))
    return x, y, z


def _centre(grid: Geometry) -> Vector:
    x, y, z = (float(c) for c in grid.index_to_world([(n - 1) // 2 for n in grid.size]))
    return x, y, z


def _comparable(one: ImageLayer, other: ImageLayer) -> bool:
    a, b = one.volume, other.volume
    same = a.acquisition.modality == b.acquisition.modality and a.unit == b.unit
    return same and not a.is_colour and not b.is_colour
