"""The docks of a window: placed by their table, filled when they are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabWidget, QWidget

from pellucid.language import tr
from pellucid.session import Session
from pellucid.ui.dock_table import BELOW, DOCKS, Dock
from pellucid.ui.dock_tabs import DockTabs

_AFTER_PAINT = 30
"""ms after which the window was painted for the first time."""
_LOW = 900
"""Pixels below which a window has no room for the whole histogram and a form."""

_BELOW_SHARE = 0.38
"""Of the height of the window, for a list below the panes: left to Qt it gets the least it can do with."""


class _Waiting(QWidget):
    """Keeps the place of a panel that is made later."""

    def sizeHint(self) -> QSize:
        """Return about the size of the panel to come."""
        return QSize(340, 460)


class Docking:
    """Places the docks of a window and makes their panels; ``made`` is told of each panel."""

    def __init__(self, window: QMainWindow, session: Session, made: Callable[[QWidget], None]) -> None:
        self._window, self._session, self._made = window, session, made
        self._soon = QTimer(window, singleShot=True, interval=_AFTER_PAINT)
        self._soon.timeout.connect(self.fill_waiting)
        self._asked = False
        self._filling: set[str] = set()
        self.docks: dict[str, QDockWidget] = {}
        for row in DOCKS:
            self._add(row)
        self.docks["Filters"].raise_()
        DockTabs(window)
        window.setCorner(Qt.Corner.BottomLeftCorner, Qt.DockWidgetArea.LeftDockWidgetArea)
        window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.share_room()

    def share_room(self) -> None:
        """Give every dock its share of the window."""
        window, docks = self._window, self.docks
        window.resizeDocks([docks["Studies"], docks["Histogram"]], [280, 340], Qt.Orientation.Horizontal)
        window.resizeDocks([docks["Studies"], docks["Layers"]], [400, 440], Qt.Orientation.Vertical)
        above = 500 if window.height() >= _LOW else 300  # a form needs more than the window presets
        window.resizeDocks([docks["Histogram"], docks["Filters"]], [above, 380], Qt.Orientation.Vertical)

    def _add(self, row: Dock) -> None:
        dock = QDockWidget(tr(row.name), self._window)
        dock.setObjectName(f"dock.{row.name}")
        self.docks[row.name] = dock
        if not row.open:
            dock.hide()  # before it is put in its place: tabs made for it would stay behind on the window, dead
        self._window.addDockWidget(row.area, dock)
        if row.beside:
            self._window.tabifyDockWidget(self.docks[row.beside], dock)
        if row.open and row.later:
            dock.setWidget(_Waiting())
        elif row.open:
            self._fill(row)
        else:
            dock.visibilityChanged.connect(lambda shown: self._fill(row) if shown else None)

    def _fill(self, row: Dock) -> None:
        """Make the panel of a dock, once."""
        dock = self.docks[row.name]
        if self.is_made(row.name) or row.name in self._filling:
            return
        self._filling.add(row.name)  # a floating dock is hidden and shown again when its title is put in
        try:
            panel = row.make(self._session)
            dock.setWidget(panel)
        finally:
            self._filling.discard(row.name)
        self._made(panel)
        if row.area == BELOW and self._window.isVisible():  # before that a layout of the user comes back
            self._window.resizeDocks([dock], [round(self._window.height() * _BELOW_SHARE)], Qt.Orientation.Vertical)
        if hasattr(panel, "set_in_front"):
            dock.visibilityChanged.connect(panel.set_in_front)
            panel.set_in_front(dock.isVisible())

    def is_made(self, name: str) -> bool:
        """Return whether the panel of a dock is there already."""
        widget = self.docks[name].widget()
        return widget is not None and not isinstance(widget, _Waiting)

    def fill_soon(self) -> None:
        """Make the panels that wait in a moment, once: the window was painted."""
        if not self._asked:
            self._asked = True
            self._soon.start()

    def fill_waiting(self) -> None:
        """Make the panels that wait for the window to be painted."""
        for row in DOCKS:
            if row.later:
                self._fill(row)

    def show(self, name: str) -> QWidget:
        """Bring a dock to the front and return its panel."""
        self._fill(next(row for row in DOCKS if row.name == name))
        self.docks[name].show()
        self.docks[name].raise_()
        return self.panel(name)

    def offer(self, name: str) -> None:
        """Bring a dock to the front unless the user closed it."""
        if not self.is_made(name) or not self.docks[name].isHidden():
            self.show(name)

    def panel(self, name: str) -> Any:
        """Return the panel of a dock that is made already."""
        return self.docks[name].widget()
