"""The tabs of docks that share a place: whole names, with arrows where there is no room for all."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QMainWindow, QTabBar

from pellucid.language import tr


class DockTabs(QObject):
    """Qt makes and drops the tab bars of a window as docks come and go; each is set right when it comes."""

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.installEventFilter(self)
        self._set_right()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look for new tab bars when the window got a child."""
        if event.type() == QEvent.Type.ChildPolished:
            QTimer.singleShot(0, self, self._set_right)
        return super().eventFilter(watched, event)

    def _set_right(self) -> None:
        for bar in self._window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)
            bar.setAccessibleName(tr("Panels"))
