"""The seeds of a form over the panes: whole on their slice, faint on the slices next to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from pellucid.model.geometry import Vector
from pellucid.session.seeding import SeedGroup, Seeds
from pellucid.ui.canvas.seed_tool import SeedGrip, SeedSetter
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

REACH = 9.0
"""Widget pixels within which a seed is taken hold of."""
_NEAR = 2.5
"""Slices on each side of a seed on which it is drawn faint."""
_RADIUS, _FAINT_RADIUS = 5.0, 3.5
_FAINT = 120


@dataclass(frozen=True)
class Mark:
    """One seed on a pane, in widget pixels."""

    group: SeedGroup
    number: int
    at: QPointF
    faint: bool


def seeds_on(pane: SliceView) -> Seeds | None:
    """Return the seeds there are on a pane that shows their image."""
    seeds = pane.session.seeding.shown
    if seeds is None or pane.frame is None or pane.is_pictured:
        return None
    shows = any(layer.id == seeds.layer for layer in pane.session.viewing.layers(pane.state))
    return seeds if shows else None


def marks_on(pane: SliceView) -> Iterator[Mark]:
    """Yield the seeds on the slice of a pane and on those next to it, those set last on top."""
    seeds = seeds_on(pane)
    if seeds is None:
        return
    for group in seeds.groups:
        for number, place in enumerate(group.places):
            away = _slices_away(pane, place)
            if away <= _NEAR:
                yield Mark(group, number, pane.widget_at(place), away > 0.5 * (1 + 1e-6))


def _slices_away(pane: SliceView, place: Vector) -> float:
    """Return how many slices lie between a place and the slice of a pane; the one that is nearest counts as 0."""
    frame = pane.frame
    assert frame is not None
    depth = float((np.asarray(place) - frame.origin) @ frame.normal)
    away = abs(depth - float(frame.depths[pane.index])) / abs(frame.step_mm)
    return 0.0 if frame.slice_index(place) == pane.index and away < 1 else max(away, 0.51)


class SeedMarks:
    """Draws the seeds; while placing it takes hold of them, and of the image to set further ones."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw faint ones first."""
        marks = sorted(marks_on(pane), key=lambda mark: not mark.faint)
        if not marks:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for mark in marks:
            _paint(painter, mark)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what moves or removes the seed under the mouse, else what sets one."""
        seeds = seeds_on(pane)
        if seeds is None or not seeds.placing:
            return None
        near = [
            (_distance(mark.at, pointer.at), mark)
            for mark in marks_on(pane)
            if mark.group.name == seeds.placing and not mark.faint
        ]
        found = min((pair for pair in near if pair[0] <= REACH), key=lambda pair: pair[0], default=None)
        return SeedGrip(seeds.placing, found[1].number) if found is not None else SeedSetter(seeds.placing)


def _distance(first: QPointF, second: QPointF) -> float:
    return float(np.hypot(first.x() - second.x(), first.y() - second.y()))


def _paint(painter: QPainter, mark: Mark) -> None:
    """Draw a ring with a dot in it, dark around it so that it is seen on any image."""
    radius, color = (_FAINT_RADIUS if mark.faint else _RADIUS), QColor(mark.group.color)
    shadow = QColor(0, 0, 0, 200)
    if mark.faint:
        color.setAlpha(_FAINT)
        shadow.setAlpha(_FAINT // 2)
    ring = QRectF(mark.at.x() - radius, mark.at.y() - radius, 2 * radius, 2 * radius)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(shadow, 4.0), QPen(color, 2.0)):
        painter.setPen(pen)
        painter.drawEllipse(ring)
    if not mark.faint:
        painter.setPen(Qt.PenStyle.NoPen)
        for color_of, size in ((shadow, 2.4), (color, 1.6)):
            painter.setBrush(color_of)
            painter.drawEllipse(mark.at, size, size)
        painter.setBrush(Qt.BrushStyle.NoBrush)
