"""Zoom and centre that panes of a link group share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.model.geometry import same_world
from pellucid.model.view import Link, PaneState

if TYPE_CHECKING:
    from pellucid.session.linking import Linking
    from pellucid.session.session import Session

Camera = tuple[float, tuple[float, float]]
_ALONG = 0.999


class ZoomLinks:
    """Zooms and pans the other panes of a group as one of them was.

    Panes that see one world along one normal get the same scale in mm and the same point in the middle; others are
    zoomed by the same factor, and moved by as much where their planes lie alike.
    """

    def __init__(self, session: Session, linking: Linking) -> None:
        self._session, self._linking = session, linking
        self._cameras: dict[int, Camera] = {}

    def watch(self, pane: PaneState) -> None:
        """Follow the zoom of a pane."""
        pane.events.connect(lambda info: self._pane_changed(pane, info))

    def lead(self, link: Link, pane: PaneState) -> None:
        """Zoom the other panes of a group like one of them."""
        self._lead(link, pane, _camera(pane), _camera(pane))

    def take(self, pane: PaneState) -> None:
        """Zoom a pane like the others of its group where that is linked."""
        link = self._linking.link(pane)
        if link is None or not link.zoom:
            return
        for other in self._linking.members(link):
            if other is not pane and other.scale > 0 and self._match(other, pane) == "world":
                with self._linking.quiet():
                    self._follow(pane, other, _camera(other), _camera(other))
                return

    def _pane_changed(self, pane: PaneState, info: Any) -> None:
        if info.signal.name not in ("scale", "centre", "fit", "fit_centre"):
            return
        now = _camera(pane)
        before = self._cameras.get(id(pane), now)
        self._cameras[id(pane)] = now
        link = self._linking.link(pane)
        if not self._linking.is_quiet and link is not None and link.zoom and info.signal.name in ("scale", "centre"):
            self._lead(link, pane, before, now)

    def _lead(self, link: Link, pane: PaneState, before: Camera, now: Camera) -> None:
        with self._linking.quiet():
            for other in self._linking.members(link):
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
            scale, centre = now[0], there.plane_coordinates(here.world_at(*now[1], 0))
        elif match == "alike":
            centre = (centre[0] + now[1][0] - before[1][0], centre[1] + now[1][1] - before[1][1])
        pane.centre, pane.scale = centre, scale


def _camera(pane: PaneState) -> Camera:
    """Return the scale and the centre in force."""
    return (pane.scale, pane.centre) if pane.scale > 0 else (pane.fit, pane.fit_centre)
