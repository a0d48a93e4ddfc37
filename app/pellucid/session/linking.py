"""What panes do together within a link group: their groups and positions; zoom and windows have rooms of their own.

Panes of a group whose images lie in one world follow one point. A pane of another world (frame of reference) has
a position of its own; tied by the user, it goes along by the same steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pellucid.language import mark
from pellucid.model.geometry import Geometry, Vector, same_world
from pellucid.model.view import Link, PaneState, Screen
from pellucid.session.window_links import WindowLinks
from pellucid.session.zoom_links import ZoomLinks

if TYPE_CHECKING:
    from pellucid.session.session import Session

Part = Literal["position", "zoom", "window"]
OWN, UNKNOWN = mark("own position: other frame of reference"), mark("own position: frame of reference not stated")
SHORT, OFFSET = mark("own position"), mark("linked by offset")


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
        self.is_quiet = False
        self._mover: PaneState | None = None
        view, document = session.view, session.document
        self.zoom = ZoomLinks(session, self)
        self.windows = WindowLinks(session, self)
        self.watch(view)
        view.events.crosshair.connect(lambda new, old: self._stepped("A", new, old))
        for link in view.links:
            link.events.point.connect(lambda new, old, group=link.name: self._stepped(group, new, old))
        document.inserted.connect(lambda _layer: self.settle())
        document.removed.connect(lambda _layer: self.settle())
        document.reordered.connect(lambda: self.settle())

    def watch(self, screen: Screen) -> None:
        """Follow the zoom of the panes of a screen."""
        for pane in screen.panes:
            self.zoom.watch(pane)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Let changes of panes, crosshair and windows be nobody else's business for a while."""
        before, self.is_quiet = self.is_quiet, True
        try:
            yield
        finally:
            self.is_quiet = before

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
        self.zoom.take(pane)

    def set_part(self, group: str, part: Part, on: bool, like: PaneState | None = None) -> None:
        """Link or unlink position, zoom or window of a group; the others become like one pane."""
        link = self._session.view.link(group)
        if link is None or getattr(link, part) is on:
            return
        setattr(link, part, on)
        like = like or next(iter(self.members(link)), None)
        if part == "position":
            grid = self._session.viewing.geometry(like) if like is not None else None
            if on and like is not None and like.position is not None and grid is not None:
                self._worlds[group] = grid
                self._put(group, like.position)
            self.settle()
        elif on and like is not None and part == "zoom":
            self.zoom.lead(link, like)
        elif on and like is not None:
            image = self._session.viewing.image(like)
            if image is not None:
                self.windows.lead(image)

    def tie(self, pane: PaneState, tied: bool) -> None:
        """Let a pane of another frame of reference go along with its group by the offset it has now, or no longer."""
        pane.tied = tied and pane.position is not None

    def members(self, link: Link) -> list[PaneState]:
        """Return the panes of a group that have room on a screen."""
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
        if self.is_quiet:
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
        viewing, shown = self._session.viewing, self.members(link)
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

    def centre(self) -> None:
        """Put every position that follows no crosshair into the middle of what is shown there."""
        viewing, view = self._session.viewing, self._session.view
        for pane in viewing.panes():
            grid = viewing.geometry(pane)
            if grid is None or pane.tied or (pane.position is None and pane.group == "A"):
                continue
            if pane.position is not None:
                pane.position = _centre(grid)
            elif view.link(pane.group) is not None:
                self._put(pane.group, _centre(grid))


def _stepped(point: Vector, old: Vector, new: Vector) -> Vector:
    x, y, z = (float(c) for c in np.add(point, np.subtract(new, old)))
    return x, y, z


def _centre(grid: Geometry) -> Vector:
    x, y, z = (float(c) for c in grid.index_to_world([(n - 1) // 2 for n in grid.size]))
    return x, y, z
