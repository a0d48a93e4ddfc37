"""Recording a key: press it, see at once whom it belongs to, take it over or not."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QKeySequenceEdit, QLabel, QVBoxLayout

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.canvas.key_book import KeyBook, KeyRow, shown
from pellucid.ui.docks.parts import dim, push_button, row


class KeyRecorder(QFrame):
    """Hidden until a key is to be recorded for a row of the book."""

    done = Signal(str)
    """Emitted with the sentence that says what was changed, ``""`` when nothing was."""

    def __init__(self, book: KeyBook) -> None:
        super().__init__()
        self._book = book
        self._row: KeyRow | None = None
        self._besides: tuple[str, ...] = ()
        self.setProperty("card", True)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setAccessibleName(tr("New key"))
        self.field.setToolTip(tr("Press the key, alone or together with Ctrl, Shift or Alt"))
        self.field.keySequenceChanged.connect(self._pressed)
        self.said = dim(tr("Press the key, alone or together with Ctrl, Shift or Alt."))
        self.take = push_button(
            tr("Take it over"), self._take, kind="primary", tip=tr("Its owner has no such key any more")
        )
        self.cancel = push_button(tr("Cancel"), self._give_up, tip=tr("Leave the keys as they are"))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.SECTION_GAP, theme.MARGIN, theme.SECTION_GAP, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(row(self.title, self.field, spacing=theme.MARGIN, stretch=1))
        column.addWidget(self.said)
        column.addWidget(row(self.take, self.cancel, spacing=theme.MARGIN))
        self.hide()

    def record(self, key_row: KeyRow, besides: tuple[str, ...]) -> None:
        """Wait for a key for a row; ``besides`` are the keys it keeps."""
        self._row, self._besides = key_row, besides
        self.title.setText(tr("New key for “{title}”", title=key_row.title))
        self._show(tr("Press the key, alone or together with Ctrl, Shift or Alt."), taken=False)
        self._clear()
        self.show()
        self.field.setFocus()

    def stop(self) -> None:
        """Record no more."""
        self._row = None
        self.hide()

    def _pressed(self, sequence: QKeySequence) -> None:
        if self._row is None or sequence.isEmpty():
            return
        key = sequence.toString(QKeySequence.SequenceFormat.PortableText)
        owner = self._book.owner(key, besides=self._row.id)
        if owner is None:
            self._give(key)
        else:
            self._show(
                tr("{shown} belongs to “{title}” ({group}).", shown=shown([key]), title=owner.title, group=owner.group),
                taken=True,
            )

    def _take(self) -> None:
        self._give(self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText))

    def _give(self, key: str) -> None:
        key_row = self._row
        assert key_row is not None
        try:
            self._book.give(key_row.id, (*self._besides, key))
        except Refused as refusal:
            self._clear()
            self._show(str(refusal), taken=False)
            return
        self.stop()
        self.done.emit(tr("{shown} now means “{title}”.", shown=shown([key]), title=key_row.title))

    def _give_up(self) -> None:
        self.stop()
        self.done.emit("")

    def _show(self, sentence: str, *, taken: bool) -> None:
        self.said.setText(sentence)
        self.said.setProperty("tone", "warning" if taken else "")
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.take.setVisible(taken)

    def _clear(self) -> None:
        self.field.blockSignals(True)
        self.field.clear()
        self.field.blockSignals(False)
