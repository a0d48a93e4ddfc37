"""The Tab key in reading order: line by line from the top, in each line from left to right."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QComboBox, QKeySequenceEdit, QScrollBar, QWidget
from shiboken6 import isValid

_WHOLES = (QComboBox, QKeySequenceEdit)
"""Controls whose parts are no stops of their own."""


def stops(panel: QWidget) -> list[QWidget]:
    """Return the controls in sight that the Tab key stops at, in the order they were made."""
    return [widget for widget in panel.findChildren(QWidget) if isValid(widget) and _is_stop(widget)]


def read_in_order(panel: QWidget) -> None:
    """Let the Tab key go through a panel as its controls are read."""
    for before, after in pairwise(in_order(stops(panel), panel)):
        QWidget.setTabOrder(before, after)


def in_order(widgets: list[QWidget], panel: QWidget) -> list[QWidget]:
    """Return widgets line by line; what overlaps by more than half of its height stands in one line."""
    places = {widget: QRect(widget.mapTo(panel, QPoint(0, 0)), widget.size()) for widget in widgets}
    lines: list[list[QWidget]] = []
    for widget in sorted(widgets, key=lambda w: (places[w].top(), places[w].left())):
        line = next((line for line in lines if _beside(places[line[0]], places[widget])), None)
        if line is None:
            lines.append([widget])
        else:
            line.append(widget)
    return [widget for line in lines for widget in sorted(line, key=lambda w: places[w].left())]


def _beside(first: QRect, second: QRect) -> bool:
    common = min(first.bottom(), second.bottom()) - max(first.top(), second.top())
    return common > min(first.height(), second.height()) / 2


def _is_stop(widget: QWidget) -> bool:
    if not widget.isVisible() or not widget.isEnabled() or isinstance(widget, QScrollBar):
        return False
    if isinstance(widget.parentWidget(), _WHOLES) or widget.focusProxy() is not None:
        return False
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
