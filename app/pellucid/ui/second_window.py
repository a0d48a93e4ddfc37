"""A window with panes only, for a second monitor: the same session, a layout and panes of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QScreen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.view import Screen
from pellucid.ui import theme
from pellucid.ui.actions.toolbar import LAYOUT_POPUP, LINK_POPUP
from pellucid.ui.canvas.canvas_area import CanvasArea
from pellucid.ui.docks.parts import dim

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow

_SIZE, _BESIDE = QSize(960, 760), QPoint(60, 60)


class SecondWindow(QWidget):
    """Panes over the session of the main window; keys and drops work as there."""

    def __init__(self, main: MainWindow) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._main, session = main, main.session
        self.setWindowTitle(tr("Panes – Pellucid"))
        self.setAccessibleName(tr("Second window"))
        self.screen_state = Screen()
        session.linking.watch(self.screen_state)
        self.canvas = CanvasArea(session, self.screen_state)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar())
        column.addWidget(self.canvas, 1)
        self.addActions(list(main.actions_table.by_id.values()))
        self.resize(_SIZE)

    def _bar(self) -> QWidget:
        bar = QWidget()
        line = QHBoxLayout(bar)
        line.setContentsMargins(theme.MARGIN, theme.GRID, theme.MARGIN, theme.GRID)
        line.setSpacing(theme.GRID)
        for popup in (LAYOUT_POPUP, LINK_POPUP):
            button = popup.button(self._main.actions_table.by_id, self._main)
            button.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            line.addWidget(button)
        line.addWidget(dim(tr("The crosshair is shared with the main window"), wrap=False))
        line.addStretch(1)
        return bar

    def open(self) -> None:
        """Come to the front: large on another monitor, or beside the main window."""
        session = self._main.session
        if not self.isVisible():
            session.view.others = (self.screen_state,)
            session.linking.settle()
            free = _other_screen(self._main)
            if free is not None:
                self.setGeometry(free.availableGeometry())
            else:
                self.move(self._main.pos() + _BESIDE)
            self.show() if free is None else self.showMaximized()
        self.raise_()
        self.activateWindow()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Take the panes out of what is linked; the window can be opened again."""
        self._main.session.view.others = ()
        event.accept()


def _other_screen(main: QWidget) -> QScreen | None:
    """Return a monitor the main window is not on."""
    return next((screen for screen in QGuiApplication.screens() if screen is not main.screen()), None)
