"""The plot of the table of objects with the choice of its columns, and what is said of the column along x."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.object_model import ObjectModel, heading
from pellucid.ui.docks.object_plot import ObjectPlot
from pellucid.ui.docks.parts import described, dim
from pellucid.ui.forms.controls import Choice
from pellucid.ui.forms.numbers import short_number


class ObjectPlots(QWidget):
    """Two choices side by side and the plot below them."""

    changed = Signal()
    """Emitted after another column was chosen."""

    def __init__(self, model: ObjectModel) -> None:
        super().__init__()
        self._model = model
        self.plot = ObjectPlot()
        self.across, self.up = Choice(), Choice()
        described(self.across, tr("Column along x"))
        described(self.up, tr("Column along y, or a histogram"))
        line = QHBoxLayout()
        line.setSpacing(theme.GRID)
        for title, choice in (("x", self.across), ("y", self.up)):
            line.addWidget(dim(title, wrap=False))
            line.addWidget(choice, 1)
            choice.chosen.connect(self._chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addLayout(line)
        column.addWidget(self.plot, 1)

    def _chosen(self, _name: object) -> None:
        self.draw()
        self.changed.emit()

    def offer(self) -> None:
        """Offer the columns that are shown, and keep what is chosen."""
        table = self._model.table
        unit = table.unit if table is not None else ""
        found = [(heading(one, unit), one.name) for one in self._model.columns if one.name not in ("name", "label")]
        across, up = self.across.value(), self.up.value()
        self.across.set_options(found)
        self.up.set_options([(tr("Histogram"), None), *found])
        size = next((name for _title, name in found if name.startswith(("area", "volume"))), None)
        self.across.set_value(across if across is not None else size)
        self.up.set_value(up)
        self.draw()

    def draw(self) -> None:
        """Plot the rows that pass the filter."""
        across, up, order = self.across.value(), self.up.value(), self._model.order
        if self._model.table is None or across is None:
            self.plot.show_columns(np.zeros(0, np.int64), np.zeros(0), None, ("", ""))
            return
        values = self._model.numbers(up)[order] if up is not None else None
        titles = (self.across.currentText(), self.up.currentText() if up is not None else tr("Objects"))
        self.plot.show_columns(order, self._model.numbers(across)[order], values, titles)

    def summary(self, selected: frozenset[int]) -> str:
        """Return how many rows are selected or shown, and mean, SD and median of the column along x."""
        table, name = self._model.table, self.across.value()
        if table is None:
            return ""
        rows = np.array(sorted(selected), np.int64) if selected else self._model.order
        said = (tr("{count} of {all} objects selected", count=len(rows), all=len(table)) if selected else
                tr("{count} of {all} objects", count=len(rows), all=len(table)))  # fmt: skip
        held = self._model.numbers(name)[rows] if name is not None else np.zeros(0)
        held = held[np.isfinite(held)]
        if not len(held):
            return said
        mean, spread, middle = (short_number(float(one)) for one in (held.mean(), held.std(), np.median(held)))
        return said + " · " + tr("{column}: mean {mean}, SD {sd}, median {median}", column=self.across.currentText(),
                                 mean=mean, sd=spread, median=middle)  # fmt: skip
