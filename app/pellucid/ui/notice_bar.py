"""Strips above the panes for sentences to the user; they never block and never cover the image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.icons import icon

INFO_SECONDS = 8
MOST_OFFERS = 3
_ICONS = {"info": "information-outline", "warning": "alert-outline", "error": "alert-circle-outline"}


class Strip(QFrame):
    """One sentence, with a button where it offers something, until it is closed."""

    closed = Signal()
    taken = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Notice"))
        self.severity, self._said, self._words = "info", "", ""
        self._icon, self.label = QLabel(), QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.accept = QPushButton()
        self.accept.clicked.connect(self.taken)
        self.accept.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self.label, 1)
        row.addWidget(self.accept)
        row.addWidget(self._closer())
        theme.signals.changed.connect(self.dress)

    def _closer(self) -> QToolButton:
        close = QToolButton()
        close.setIcon(icon("close"))
        close.setAutoRaise(True)
        close.setToolTip(tr("Dismiss"))
        close.setAccessibleName(tr("Dismiss the notice"))
        close.clicked.connect(self.closed)
        return close

    def say(self, sentence: str, severity: str = "info", words: str = "") -> None:
        """Take a sentence, and words for a button where there is to be one."""
        self.severity, self._said, self._words = severity, sentence, words
        self.accept.setVisible(bool(words))
        self.dress()

    def write(self, shown: Callable[[str], str]) -> None:
        """Write what was said as far as it may be shown."""
        self.label.setText(shown(self._said))
        self.accept.setText(shown(self._words))
        self.accept.setAccessibleName(shown(self._words))

    @property
    def said(self) -> str:
        """Return the whole sentence, whoever may see it."""
        return self._said

    def dress(self) -> None:
        """Take the colours of the severity from the theme in force."""
        colors = theme.colors()
        color = {"info": colors.accent, "warning": colors.warning, "error": colors.danger}[self.severity]
        self._icon.setPixmap(icon(_ICONS[self.severity], color).pixmap(18, 18))
        self.setStyleSheet(f"Strip {{ background: {colors.raised}; border-left: 3px solid {color}; }}")


class NoticeBar(QFrame):
    """Shows the newest sentence, and below it what is offered.

    Information goes away by itself; warnings, errors and offers stay until they are answered or closed. An offer has a
    button that does what its sentence suggests; several stand side by side, as no answer to one is one to the others.
    ``shown`` says what of a text may be seen; ``rewrite`` asks it again.
    """

    def __init__(self, shown: Callable[[str], str] = str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self._told = Strip()
        self._told.closed.connect(self.hush)
        self._offers: list[tuple[Strip, Callable[[], object]]] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(1)
        self._column.addWidget(self._told)
        self._timer = QTimer(self, singleShot=True, interval=INFO_SECONDS * 1000)
        self._timer.timeout.connect(self.hush)
        self._told.hide()
        self.hide()

    @property
    def text(self) -> str:
        """Return the sentence shown, that of the newest offer where there is no other, or ``""``."""
        strips = [*([] if self._told.isHidden() else [self._told]), *(strip for strip, _ in reversed(self._offers))]
        return strips[0].label.text() if strips else ""

    def tell(self, sentence: str, severity: str = "info") -> None:
        """Show a sentence; severity is info, warning or error."""
        self._told.say(sentence, severity)
        self._told.write(self._shown)
        self._told.show()
        self.show()
        self._timer.start() if severity == "info" else self._timer.stop()

    def offer(self, sentence: str, words: str, do: Callable[[], object]) -> None:
        """Show a sentence with a button beside what is offered already; the same sentence is offered once."""
        for strip, known in list(self._offers):
            if strip.said == sentence:
                self._drop(strip, known)
        while len(self._offers) >= MOST_OFFERS:
            self._drop(*self._offers[0])
        strip = Strip()
        strip.say(sentence, words=words)
        strip.write(self._shown)
        strip.closed.connect(lambda: self._drop(strip, do))
        strip.taken.connect(lambda: self._take(strip, do))
        self._offers.append((strip, do))
        self._column.addWidget(strip)
        strip.show()
        self.show()

    def rewrite(self) -> None:
        """Write everything anew: what may be seen has changed."""
        for strip in (self._told, *(strip for strip, _ in self._offers)):
            strip.write(self._shown)

    def withdraw(self, *, all_of_them: bool = True) -> None:
        """Take back what is offered, but for offers that say of themselves that they still hold.

        Without ``all_of_them`` only those go that say that they hold no longer.
        """
        for strip, do in list(self._offers):
            if not getattr(do, "holds", not all_of_them):
                self._drop(strip, do)

    def _take(self, strip: Strip, do: Callable[[], object]) -> None:
        self._drop(strip, do)
        do()

    def _drop(self, strip: Strip, do: Callable[[], object]) -> None:
        if (strip, do) in self._offers:
            self._offers.remove((strip, do))
            self._column.removeWidget(strip)
            strip.hide()
            strip.deleteLater()
        self._settle()

    def hush(self) -> None:
        """Take away the sentence; what is offered stays."""
        self._timer.stop()
        self._told.hide()
        self._settle()

    def _settle(self) -> None:
        """Go away where there is nothing to show."""
        if self._told.isHidden() and not self._offers:
            self.hide()
