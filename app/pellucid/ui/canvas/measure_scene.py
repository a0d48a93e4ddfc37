"""Which annotations a pane shows, as paths in its plane coordinates, and what lies under the mouse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import PlaneFrame
from pellucid.model.shapes import handles, outline, to_world

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_PARALLEL = 1 - 1e-8  # cosine: 0.008°
_NEIGHBOURS = 2.5
"""Slices on each side whose annotations are drawn faint where that is wanted."""


@dataclass(frozen=True, eq=False)
class Item:
    """One annotation on a pane: its line and handles in the plane coordinates of the pane, shape (n, 2)."""

    annotation: Annotation
    line: Floats
    handles: Floats
    faint: bool = False

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom."""
        (left, top), (right, bottom) = self.line.min(axis=0), self.line.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    @cached_property
    def path(self) -> QPainterPath:
        """Return the line as it is drawn; a Cobb angle has two."""
        path = QPainterPath()
        parts = (self.line[:2], self.line[2:]) if self.annotation.kind is Kind.COBB else (self.line,)
        for part in parts:
            path.addPolygon(QPolygonF([QPointF(u, v) for u, v in part.tolist()]))
        return path

    @cached_property
    def segments(self) -> tuple[Floats, Floats]:
        """Return the two ends of every piece of the line."""
        if len(self.line) == 1:
            return self.line, self.line
        if self.annotation.kind is Kind.COBB:
            return self.line[0::2], self.line[1::2]
        return self.line[:-1], self.line[1:]


def make_item(annotation: Annotation, frame: PlaneFrame, *, faint: bool = False) -> Item:
    """Return an annotation as it lies in a frame."""
    axes = np.stack([frame.right, frame.down], axis=1)

    def flat(points: Floats) -> Floats:
        return np.asarray((to_world(annotation, points) - frame.origin) @ axes)

    return Item(annotation, flat(outline(annotation)), flat(handles(annotation)), faint)


class Scene:
    """The annotations of one pane, made again only when they, the slice or the layers changed."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._frame: PlaneFrame | None = None
        self._made: dict[str, Item] = {}
        self._boxes = np.zeros((0, 4))
        self.items: tuple[Item, ...] = ()

    def refresh(self, pane: SliceView) -> None:
        """Bring the items to the state of the session."""
        session, frame = pane.session, pane.frame
        annotations, view = session.document.annotations, session.view
        layers = session.viewing.layers(pane.state)
        times = {layer.id: layer.frame if isinstance(layer, ImageLayer) else 0 for layer in layers if layer.visible}
        draft = session.measuring.draft
        wanted = (view.neighbour_measurements, view.show_measurements)
        key = (annotations.version, draft, frame, pane.index, times, wanted)
        if key == self._key:
            return
        self._key = key
        if frame is not self._frame:
            self._frame, self._made = frame, {}
        if frame is None or not view.show_measurements:
            self._set(())
            return
        shown = [one for one in annotations if times.get(one.layer) == one.frame]
        if draft is not None and not any(one.id == draft.id for one in shown):
            shown.append(draft)
        shown = [session.measuring.shown(one) for one in shown]
        reach = _NEIGHBOURS if view.neighbour_measurements else 0.0
        places = places_on(shown, frame, pane.index, reach)
        items = [self._item(one, frame, place == 2) for one, place in zip(shown, places, strict=True) if place]
        self._made = {item.annotation.id: item for item in items}
        self._set(tuple(items))

    def _item(self, annotation: Annotation, frame: PlaneFrame, faint: bool) -> Item:
        known = self._made.get(annotation.id)
        same = known is not None and known.annotation == annotation and known.faint == faint
        return known if known is not None and same else make_item(annotation, frame, faint=faint)

    def _set(self, items: tuple[Item, ...]) -> None:
        self.items = items
        self._boxes = np.array([item.bounds for item in items]).reshape(-1, 4)

    def near(self, u: float, v: float, reach: float) -> Item | None:
        """Return the annotation whose line is nearest to a point, within a distance; topmost first."""
        if not self.items:
            return None
        left, top, right, bottom = self._boxes.T
        inside = (u >= left - reach) & (u <= right + reach) & (v >= top - reach) & (v <= bottom + reach)
        best: tuple[float, Item] | None = None
        for n in np.flatnonzero(inside)[::-1]:
            item = self.items[n]
            away = distance(np.array([u, v]), *item.segments)
            if not item.faint and away <= reach and (best is None or away < best[0]):
                best = away, item
        return best[1] if best is not None else None


def distance(point: Floats, first: Floats, last: Floats) -> float:
    """Return how far a point (2,) is from the nearest of some straight pieces, (n, 2) and (n, 2)."""
    along = last - first
    square = np.maximum((along**2).sum(axis=1), 1e-30)
    share = np.clip(((point - first) * along).sum(axis=1) / square, 0, 1)
    away = point - first - share[:, None] * along
    return float(np.sqrt((away**2).sum(axis=1).min()))


def places_on(annotations: list[Annotation], frame: PlaneFrame, index: int, reach: float) -> list[int]:
    """Return for each annotation 1 if it lies on a slice of a frame, 2 if within ``reach`` slices of it, else 0.

    It lies on the slice whose middle is nearest, at most half a step away. A point has no plane of its own.
    """
    if not annotations:
        return []
    points = np.array([one.points[0] for one in annotations])
    normals = np.array([one.normal for one in annotations])
    depths = frame.depths
    depth = (points - frame.origin) @ frame.normal
    flat = np.abs(normals @ frame.normal) >= _PARALLEL
    flat |= np.array([one.kind is Kind.POINT for one in annotations])
    nearest = np.searchsorted((depths[1:] + depths[:-1]) / 2, depth, side="right")
    step = abs(frame.step_mm)
    here = flat & (nearest == index) & (np.abs(depth - depths[index]) <= step / 2 * (1 + 1e-6))
    beside = flat & ~here & (np.abs(depth - depths[index]) <= reach * step)
    return [int(n) for n in np.where(here, 1, np.where(beside, 2, 0))]
