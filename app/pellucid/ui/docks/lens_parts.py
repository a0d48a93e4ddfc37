"""The small controls the lens is made of."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from pellucid.ui import theme
from pellucid.ui.docks.lens_words import NOTHING
from pellucid.ui.docks.number_grid import NumberGrid
from pellucid.ui.forms.controls import Choice


def choice(name: str, options: Any, tip: str) -> Choice:
    """Return a list to choose from with its name and its tooltip."""
    box = Choice(options)
    box.setAccessibleName(name)
    box.setToolTip(tip)
    return box


def beside(*widgets: QWidget) -> QHBoxLayout:
    """Return controls side by side: the first as wide as it is, the others share the rest."""
    layout = QHBoxLayout()
    layout.setSpacing(theme.MARGIN)
    for n, widget in enumerate(widgets):
        layout.addWidget(widget, int(n > 0))
    widgets[0].setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return layout


def line() -> QLabel:
    """Return a line of figures that can be selected."""
    label = QLabel(NOTHING)
    label.setFont(theme.figures(label.font()))
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setWordWrap(True)
    return label


def sideways(grid: NumberGrid) -> QScrollArea:
    """Return the grid in an area that scrolls sideways where the dock is too narrow for its numbers."""
    area = _Sideways()
    area.setWidget(grid)
    return area


class _Sideways(QScrollArea):
    """As high as what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setProperty("panel", True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.horizontalScrollBar().rangeChanged.connect(lambda _low, _high: self._fit())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the height of what is in it."""
        if watched is self.widget() and event.type() == QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        """Make room for the scroll bar, and keep the middle in sight."""
        body, bar = self.widget(), self.horizontalScrollBar()
        if body is not None:
            wanted = body.height() + (bar.sizeHint().height() if bar.maximum() else 0)
            if self.height() != wanted:
                self.setFixedHeight(wanted)
            bar.setValue(bar.maximum() // 2)
