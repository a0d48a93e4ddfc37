"""How one pane compares two layers: which part of the pane belongs to which, and what the badge says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QRegion

from pellucid.language import tr
from pellucid.model.compare import Compare, CompareMode
from pellucid.model.compositing import difference_span, same_quantity
from pellucid.model.layer import ImageLayer, Layer
from pellucid.ui.canvas.corner_texts import number

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

SMALLEST_SQUARE = 8.0
"""Widget pixels; squares that would be smaller are doubled until they are not."""


class Comparison:
    """What is compared on a pane at the moment; ``refresh`` takes up the state of the session."""

    def __init__(self, pane: SliceView) -> None:
        self._pane = pane
        self.compare: Compare | None = None
        self.layers: tuple[ImageLayer, ImageLayer] | None = None
        self._squares: tuple[tuple[object, ...], QRegion] | None = None

    def refresh(self) -> None:
        """Take up what the session compares, if this pane shows it."""
        session = self._pane.session
        self.layers = session.comparing.layers(self._pane.state)
        self.compare = session.view.compare if self.layers is not None else None

    def drawn(self, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """Return the layers of the pane, and with them those they are compared with."""
        pair = self.layers or ()
        if all(layer in layers for layer in pair):
            return layers
        found = tuple(layer for layer in self._pane.session.document.layers if layer in layers or layer in pair)
        return (*(layer for layer in pair if layer not in found), *found)  # first what a layer was before

    @property
    def mode(self) -> CompareMode | None:
        """Return the mode in force here."""
        return self.compare.mode if self.compare is not None else None

    def shows(self, second: bool) -> bool:
        """Return whether a layer is to be seen at all; in a flicker they take turns."""
        view = self._pane.session.view
        if self.mode is CompareMode.FLICKER:
            return second == (view.flicker != view.hide_preview)
        return not (second and view.hide_preview)

    def region(self, second: bool) -> QRegion | None:
        """Return the part of the pane, in widget pixels, where a layer is seen; None is everywhere."""
        if self._pane.session.view.hide_preview or self.compare is None:
            return None
        if self.mode is CompareMode.SWIPE:
            return self._beside(second)
        if self.mode is CompareMode.CHECKERBOARD:
            squares = self._checkered()
            return squares if second else QRegion(self._whole()) - squares
        return None

    def divider(self) -> float:
        """Return where the divider of a swipe lies, in widget pixels from the left or from the top."""
        assert self.compare is not None
        length = self._pane.height() if self.compare.level else self._pane.width()
        return self.compare.position * length

    def square(self) -> float:
        """Return the side of the squares that are drawn, in mm (px without lengths)."""
        assert self.compare is not None
        side = self.compare.square
        while side * self._pane.camera.scale < SMALLEST_SQUARE:
            side *= 2
        return side

    def says(self) -> str:
        """Return the lines of the badge."""
        if self.compare is None or self.layers is None or self._pane.frame is None:
            return ""
        first, second = self.layers
        text = self._words(self.compare, first, second)
        resampled = not first.geometry.same_grid(second.geometry)
        computed = self.mode in (CompareMode.DIFFERENCE, CompareMode.RED_GREEN)
        return "\n".join((text, tr("Different grids: resampled"))) if resampled and computed else text

    def _words(self, compare: Compare, first: ImageLayer, second: ImageLayer) -> str:
        one, two = first.name, second.name
        if compare.mode is CompareMode.CHECKERBOARD:
            unit = "mm" if first.geometry.has_lengths else "px"
            return tr(
                "Checkerboard {side} {unit}: {first} | {second}",
                side=number(self.square()),
                unit=unit,
                first=one,
                second=two,
            )
        if compare.mode is CompareMode.FLICKER:
            return tr("Flicker: {layer}", layer=two if self.shows(True) else one)
        if compare.mode is CompareMode.RED_GREEN:
            return (
                tr("{first} red, {second} cyan", first=one, second=two)
                if compare.cyan
                else tr("{first} red, {second} green", first=one, second=two)
            )
        if compare.mode is CompareMode.SWIPE:
            return tr("Swipe: {first} | {second}", first=one, second=two)
        span = difference_span(first, second, compare)
        if not same_quantity(first.volume, second.volume):
            percent = number(100 * span)
            return tr(
                "Difference of brightness: {first} − {second}\nBlue −{percent} % to red +{percent} %",
                first=one,
                second=two,
                percent=percent,
            )
        values = f"{number(span)} {first.volume.unit}".strip()
        return tr(
            "Difference: {first} − {second}\nBlue −{values} to red +{values}", first=one, second=two, values=values
        )

    def _whole(self) -> QRect:
        return QRect(0, 0, self._pane.width(), self._pane.height())

    def _beside(self, second: bool) -> QRegion:
        assert self.compare is not None
        whole, at = self._whole(), round(self.divider())
        if self.compare.level:
            return QRegion(whole.adjusted(0, at, 0, 0) if second else QRect(0, 0, whole.width(), at))
        return QRegion(whole.adjusted(at, 0, 0, 0) if second else QRect(0, 0, at, whole.height()))

    def _checkered(self) -> QRegion:
        """Return every other square; squares are anchored to the plane, so that they move with the image."""
        whole, camera, side = self._whole(), self._pane.camera, self.square()
        key = (whole.width(), whole.height(), camera.scale, camera.centre, side)
        if self._squares is None or self._squares[0] != key:
            self._squares = key, _squares(whole, side * camera.scale, camera.to_widget(0.0, 0.0))
        return self._squares[1]


def _squares(whole: QRect, side: float, anchor: QPointF) -> QRegion:
    first_x, first_y = int(np.floor(-anchor.x() / side)), int(np.floor(-anchor.y() / side))
    count_x, count_y = (int(np.ceil(n / side)) + 1 for n in (whole.width(), whole.height()))
    xs = [round(anchor.x() + n * side) for n in range(first_x, first_x + count_x + 1)]
    ys = [round(anchor.y() + n * side) for n in range(first_y, first_y + count_y + 1)]
    region = QRegion()
    for j in range(count_y):
        for i in range(count_x):
            if (first_x + i + first_y + j) % 2:
                region += QRect(xs[i], ys[j], xs[i + 1] - xs[i], ys[j + 1] - ys[j])
    return region & QRegion(whole)
