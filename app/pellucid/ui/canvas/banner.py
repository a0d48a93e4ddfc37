"""One line above the panes that says what is doubtful about the image; the details are a click away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import tr
from pellucid.model.findings import Finding
from pellucid.ui import theme
from pellucid.ui.docks.parts import Elided

if TYPE_CHECKING:
    from pellucid.session.mending import Mend

_MOST = 2
"""Buttons beside the line; what else can be done stands in the information pane."""


class Banner(QFrame):
    """Shows warnings and errors of an image until they are dismissed; other images show theirs again."""

    mend_asked = Signal(object)
    """Emitted with the ``Mend`` whose button was pressed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Warnings about the image"))
        self._mark = QLabel()
        self._line = Elided()
        self._line.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.details_button = QPushButton(tr("Details"))
        self.details_button.setProperty("link", True)
        self.details_button.setCheckable(True)
        self.details_button.setToolTip(tr("Show everything that was noticed about this image"))
        self.details_button.setAccessibleName(tr("Details of the warnings"))
        self.close_button = QToolButton()
        self.close_button.setProperty("flat", True)
        self.close_button.setToolTip(tr("Dismiss for this image"))
        self.close_button.setAccessibleName(tr("Dismiss the warnings of this image"))
        for button in (self.details_button, self.close_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._all = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._all.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._all.hide()
        row = QHBoxLayout()
        row.setSpacing(theme.MARGIN)
        for widget in (self._mark, self._line, self.details_button, self.close_button):
            row.addWidget(widget, 1 if widget is self._line else 0)
        self._row, self.mend_buttons = row, list[QPushButton]()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 2, 4, 2)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self._all)
        self.details_button.toggled.connect(self._all.setVisible)
        self.close_button.clicked.connect(self._dismiss)
        theme.signals.changed.connect(self._dress)
        self._dismissed: set[str] = set()
        self._image = ""
        self._findings: tuple[Finding, ...] = ()
        self._mends: dict[str, Mend] = {}
        self._dress()
        self.hide()

    @property
    def text(self) -> str:
        """Return the line that is shown, or nothing."""
        return "" if self.isHidden() else self._line.text()

    def show_findings(self, image: str, findings: tuple[Finding, ...], mends: Sequence[Mend] = ()) -> None:
        """Show the findings of an image, named by the id of its layer; facts without doubt are no warning.

        What can be done about them is offered as buttons.
        """
        doubts = tuple(finding for finding in findings if finding.severity != "info")
        warned = {finding.code for finding in doubts}
        self._offer([mend for mend in mends if mend.code in warned][:_MOST])
        if (image, doubts) == (self._image, self._findings):
            return
        self._image, self._findings = image, doubts
        self.details_button.setChecked(False)
        first = doubts[0].message if doubts else ""
        more = tr("{finding} And {count} more.", finding=first, count=len(doubts) - 1)
        self._line.setText(more if len(doubts) > 1 else first)
        self._all.setText("\n".join(f"•  {finding.message}" for finding in doubts))
        self._dress()
        self.setVisible(bool(doubts) and image not in self._dismissed)

    def _offer(self, mends: Sequence[Mend]) -> None:
        """Put a button for each before the details; those that stay are not touched."""
        keys = [(mend.words, mend.tip) for mend in mends]
        self._mends = {mend.words: mend for mend in mends}
        if keys == [(button.text(), button.toolTip()) for button in self.mend_buttons]:
            return
        for button in self.mend_buttons:
            button.deleteLater()
        self.mend_buttons = [self._mend_button(*key) for key in keys]
        for place, button in enumerate(self.mend_buttons, start=2):
            self._row.insertWidget(place, button)

    def _mend_button(self, words: str, tip: str) -> QPushButton:
        button = QPushButton(words)
        button.setProperty("link", True)
        button.setToolTip(tip)
        button.setAccessibleName(words)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: self.mend_asked.emit(self._mends[words]))
        return button

    def _dismiss(self) -> None:
        self._dismissed.add(self._image)
        self.hide()

    def _dress(self) -> None:
        colors = theme.colors()
        severe = any(finding.severity == "error" for finding in self._findings)
        color = colors.danger if severe else colors.warning
        self._mark.setPixmap(theme.icon("alert-outline", color).pixmap(16, 16))
        self.close_button.setIcon(theme.icon("close"))
        sheet = f"Banner {{ background: {colors.raised}; border-left: 3px solid {color}; }}"
        if sheet != self.styleSheet():  # Qt styles everything on it anew, although nothing changed
            self.setStyleSheet(sheet)
