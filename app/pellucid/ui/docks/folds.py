"""Sections of a panel that fold away behind their titles; what is in them is made when they are first opened."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QVBoxLayout, QWidget

from pellucid.ui import theme
from pellucid.ui.docks.parts import described


class Fold(QWidget):
    """A title that opens and closes what is below it."""

    toggled = Signal(bool)

    def __init__(self, title: str, make: Callable[[], QWidget], tip: str = "", *, is_open: bool = False) -> None:
        super().__init__()
        self._make = make
        self.body: QWidget | None = None
        self.title = QToolButton()
        self.title.setText(title)
        self.title.setFont(theme.small_caps(self.title.font()))
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
        self.title.setCheckable(True)
        self.title.setProperty("fold", True)
        self.title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.title.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        described(self.title, title, tip)
        self.title.toggled.connect(self._fold)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GRID)
        self._column.addWidget(self.title)
        self._draw(is_open)
        self.title.setChecked(is_open)

    def open(self) -> QWidget:
        """Open the section and return what is in it."""
        self.title.setChecked(True)
        assert self.body is not None
        return self.body

    def _fold(self, on: bool) -> None:
        if on and self.body is None:
            self.body = self._make()
            self._column.addWidget(self.body)
        if self.body is not None:
            self.body.setVisible(on)
        self._draw(on)
        self.toggled.emit(on)

    def _draw(self, on: bool) -> None:
        self.title.setIcon(theme.icon("chevron-down" if on else "chevron-right"))
