"""What to look for: words, a modality and a time; every change asks anew."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from pellucid.database.asking import FIRST_DAY, LAST_DAY, Question, question
from pellucid.language import mark, tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import described
from pellucid.ui.forms.controls import Choice

TIMES = (
    (mark("Any date"), -1), (mark("Today"), 0), (mark("Last 7 days"), 7), (mark("Last 30 days"), 30),
    (mark("Last 12 months"), 365),
)  # fmt: skip


class SearchBar(QWidget):
    """A field and two choices; Down goes on to the list, Enter opens what is chosen there."""

    asked = Signal()
    """Emitted when something else is looked for."""
    left_downwards = Signal()
    entered = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QLineEdit(clearButtonEnabled=True)
        self.field.setPlaceholderText(tr("Name, ID, description, modality, accession, or a date such as 2024-03"))
        described(self.field, tr("Search studies"), tr("Every word has to begin a word of the study, in any order.\n"
                  "Look in one place: name:doe  id:42  modality:CT  accession:77  body:knee\n"
                  "Dates: 2024  2024-03  2024-03-01  2023..2024  2024-03.."))  # fmt: skip
        self.field.textChanged.connect(lambda _text: self.asked.emit())
        self.field.returnPressed.connect(self.entered.emit)
        self.field.installEventFilter(self)
        self.modality = Choice([(tr("All modalities"), "")])
        described(self.modality, tr("Modality"), tr("Only studies with a series of this modality"))
        self.time = Choice([(tr(title), days) for title, days in TIMES])
        described(self.time, tr("Time"), tr("Only studies made in this time"))
        for choice in (self.modality, self.time):
            choice.setFixedWidth(140)
            choice.chosen.connect(lambda _value: self.asked.emit())
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.MARGIN)
        line.addWidget(self.field, 1)
        line.addWidget(self.modality)
        line.addWidget(self.time)

    def question(self) -> Question:
        """Return what is looked for."""
        days = self.time.value()
        first = FIRST_DAY if days < 0 else int((date.today() - timedelta(days=days)).strftime("%Y%m%d"))
        return question(self.field.text(), self.modality.value() or "", first, LAST_DAY)

    def is_empty(self) -> bool:
        """Return whether everything is looked for."""
        return self.question() == Question()

    def clear(self) -> None:
        """Look for everything again."""
        self.modality.set_value("")
        self.time.set_value(-1)
        self.field.clear()
        self.asked.emit()

    def offer(self, modalities: tuple[str, ...]) -> None:
        """Offer the modalities there are, and keep the one that is chosen."""
        if modalities == tuple(self.modality.itemText(n) for n in range(1, self.modality.count())):
            return
        chosen = self.modality.value()
        self.modality.set_options([(tr("All modalities"), ""), *((one, one) for one in modalities)])
        self.modality.set_value(chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Down go on from the field to the list."""
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Down:
                self.left_downwards.emit()
                return True
        return super().eventFilter(watched, event)
