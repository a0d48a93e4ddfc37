"""A strip above the panes for one sentence to the user; it never blocks and never covers the image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.icons import icon

INFO_SECONDS = 8
_ICONS = {"info": "information-outline", "warning": "alert-outline", "error": "alert-circle-outline"}


class NoticeBar(QFrame):
    """Shows the newest sentence; information goes away by itself, the rest stays until closed.

    An offer has a button that does what the sentence suggests.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Notice"))
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._accept = QPushButton()
        self._accept.clicked.connect(self._take_offer)
        self._offered: Callable[[], object] | None = None
        close = QToolButton()
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        close.setToolTip(tr("Dismiss"))
        close.setAccessibleName(tr("Dismiss the notice"))
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        row.addWidget(self._accept)
        row.addWidget(close)
        self._timer = QTimer(self, singleShot=True, interval=INFO_SECONDS * 1000)
        self._timer.timeout.connect(self.hide)
        self._severity = "info"
        theme.signals.changed.connect(self._dress)
        self.hide()

    @property
    def text(self) -> str:
        """Return the sentence shown, or ``""``."""
        return self._text.text() if not self.isHidden() else ""

    def tell(self, sentence: str, severity: str = "info") -> None:
        """Show a sentence; severity is info, warning or error."""
        self._offered = None
        self._accept.hide()
        self._severity = severity
        self._dress()
        self._text.setText(sentence)
        self.show()
        self._timer.start() if severity == "info" else self._timer.stop()

    def _dress(self) -> None:
        """Take the colours of the severity from the theme in force."""
        colors = theme.colors()
        color = {"info": colors.accent, "warning": colors.warning, "error": colors.danger}[self._severity]
        self._icon.setPixmap(icon(_ICONS[self._severity], color).pixmap(18, 18))
        self.setStyleSheet(f"NoticeBar {{ background: {colors.raised}; border-left: 3px solid {color}; }}")

    def offer(self, sentence: str, words: str, do: Callable[[], object]) -> None:
        """Show a sentence with a button; it stays until it is answered, closed or withdrawn."""
        self.tell(sentence)
        self._timer.stop()
        self._offered = do
        self._accept.setText(words)
        self._accept.setAccessibleName(words)
        self._accept.show()

    def withdraw(self) -> None:
        """Take back an offer: what it was about is not shown any more."""
        if self._offered is not None:
            self._offered = None
            self.hide()

    def _take_offer(self) -> None:
        do = self._offered
        self.withdraw()
        if do is not None:
            do()
