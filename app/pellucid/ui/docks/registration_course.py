"""The metric curve of a registration while it runs and after: one stage at a time, its levels one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.session.registration_words import TRANSFORMS
from pellucid.ui import theme
from pellucid.ui.docks.line_chart import Line, LineChart
from pellucid.ui.docks.parts import dim
from pellucid.ui.forms.controls import Segmented
from pellucid.ui.forms.numbers import format_number

if TYPE_CHECKING:
    from pellucid.operations.engines.registration.outcome import Point
    from pellucid.operations.engines.registration.plans import Stage

_MOST = 300
"""Points of a curve that are drawn."""


class CourseBox(QWidget):
    """A caption that says where it is, the stages to choose from where there are several, and the curve."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: tuple[Point, ...] = ()
        self._stages: tuple[Stage, ...] = ()
        self._stage: int | None = None
        self._shown: list[Point] = []
        self._place: int | None = None
        self.caption = dim()
        self.caption.setFont(theme.figures(self.caption.font()))
        self.tabs: Segmented | None = None
        self.chart = LineChart(tr("Metric of each iteration"))
        self.chart.setToolTip(tr("Lower is better. Click or drag to read the metric of an iteration."))
        self.chart.setFixedHeight(124)
        self.chart.chosen.connect(self._read)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID)
        self._column.addWidget(self.caption)
        self._column.addWidget(self.chart)
        theme.signals.changed.connect(self._draw)

    def begin(self, stages: Sequence[Stage]) -> None:
        """Show a new curve from now on."""
        self._points, self._stage, self._place = (), None, None
        if tuple(stages) != self._stages:
            self._stages = tuple(stages)
            self._make_tabs()
        self._draw()

    def show_points(self, points: Sequence[Point]) -> None:
        """Show what there is of the curve."""
        self._points = tuple(points)
        self._draw()

    def say(self, sentence: str) -> None:
        """Say something instead of a number."""
        self.caption.setText(sentence)

    def _make_tabs(self) -> None:
        if self.tabs is not None:
            self.tabs.hide()
            self.tabs.deleteLater()
            self.tabs = None
        if len(self._stages) > 1:
            titles = [tr(TRANSFORMS[stage.transform]) for stage in self._stages]
            self.tabs = Segmented([(f"{n} {title}", n - 1) for n, title in enumerate(titles, 1)])
            self.tabs.chosen.connect(self._choose)
            self._column.insertWidget(1, self.tabs)

    def _choose(self, stage: int) -> None:
        self._stage, self._place = stage, None
        self._draw()

    def _read(self, place: int) -> None:
        self._place = place
        self._draw()

    def _draw(self) -> None:
        newest = self._points[-1].stage if self._points else 0
        stage = newest if self._stage is None else self._stage
        if self.tabs is not None:
            self.tabs.set_value(stage)
        mine = [point for point in self._points if point.stage == stage]
        step = max(1, -(-len(mine) // _MOST))
        self._shown = mine[::-step][::-1]  # the newest one is always there
        first = (len(mine) - 1) % step + 1
        axis = np.arange(len(self._shown), dtype=float) * step + first
        self.chart.show_lines(axis, tr("iteration"), self._lines())
        last = len(self._shown) - 1
        place = last if self._place is None else min(self._place, last)
        self.chart.show_place(max(0, place))
        if self._shown:
            self.caption.setText(self._words(self._shown[place]))

    def _lines(self) -> list[Line]:
        """Return one line for each level of the pyramid, in two colours in turn."""
        colors = theme.colors()
        values = np.array([point.metric for point in self._shown])
        levels = np.array([point.level for point in self._shown])
        return [
            Line(np.where(levels == level, values, np.nan), colors.good if level % 2 else colors.accent)
            for level in range(int(levels.max()) + 1 if len(levels) else 0)
        ]

    def _words(self, point: Point) -> str:
        stage = self._stages[point.stage] if point.stage < len(self._stages) else None
        title = tr(TRANSFORMS[stage.transform]) if stage is not None else ""
        said = tr("{stage}, level {level} of {levels}, iteration {number}: {metric}", stage=title,
                  level=point.level + 1, levels=len(stage.shrink) if stage is not None else point.level + 1,
                  number=point.iteration + 1, metric=format_number(float(f"{point.metric:.5g}")))  # fmt: skip
        if len(self._stages) < 2:
            return said
        return tr("Stage {number} of {count}: {said}", number=point.stage + 1, count=len(self._stages), said=said)
