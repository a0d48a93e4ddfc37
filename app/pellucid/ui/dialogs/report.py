"""A report or document as text: searched, copied, saved; what names the patient is hidden with the identity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut, QTextCursor, QTextDocument
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, dim, flat_button, push_button, row
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from pellucid.dicom.documents import Document
    from pellucid.session import Session


class ReportDialog(QDialog):
    """Text to read, one document at a time; the window goes on working beside it."""

    def __init__(self, session: Session, documents: tuple[Document, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Report"))
        self.resize(720, 600)
        self._session, self._documents = session, documents
        self._make_controls()
        self._lay_out()
        session.view.events.hide_identity.connect(self._show)
        self._show()

    def _make_controls(self) -> None:
        self.which = Choice(self._titles())
        described(self.which, tr("Document"), tr("Which document of the series is shown"))
        self.which.setVisible(len(self._documents) > 1)
        self.which.activated.connect(lambda _: self._show())
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setAccessibleName(tr("Text of the report"))
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard)  # fmt: skip
        self.search = QLineEdit(placeholderText=tr("Search"))
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName(tr("Search in the report"))
        self.search.textChanged.connect(lambda _: self._find(anew=True))
        self.search.returnPressed.connect(self._find)
        self.found = dim("", wrap=False)
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)
        self.note = dim("")
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=tr("Copy the text as it is shown"))
        self.save = push_button(tr("Save PDF…"), self._save, tip=tr("Write the PDF to a file"))
        tip = tr("Hand the PDF to the viewer of your system; the copy is erased when Pellucid ends")
        self.view = push_button(tr("Open PDF"), self._view, tip=tip, kind="primary")
        self.shut = push_button(tr("Close"), self.accept)
        for button in (self.save, self.view, self.shut):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.which)
        column.addWidget(row(self.search, self.found, self.copy, spacing=theme.MARGIN, stretch=0))
        column.addWidget(self.text, 1)
        column.addWidget(self.note)
        column.addWidget(row(QWidget(), self.save, self.view, self.shut, spacing=theme.MARGIN, stretch=0))

    @property
    def document(self) -> Document:
        """Return the document that is shown."""
        return self._documents[self.which.value() or 0]

    def _titles(self) -> list[tuple[str, int]]:
        """Return what the documents are called as far as it may be shown."""
        hidden, shown = self._session.view.hide_identity, self._session.concealing.text
        titles = [shown(document.heading(hide_identity=hidden)) for document in self._documents]
        return [(title or tr("Document {n}", n=n + 1), n) for n, title in enumerate(titles)]

    def _show(self, *_args: object) -> None:
        document, hidden = self.document, self._session.view.hide_identity
        for n, (title, _) in enumerate(self._titles()):
            self.which.setItemText(n, title)
            self.which.setItemData(n, title, Qt.ItemDataRole.ToolTipRole)
        self.text.setPlainText(self._session.concealing.text(document.text(hide_identity=hidden)))
        private = tr("Identity hidden: names and numbers that are known are left out; free text may still name people.")
        notes = [document.note, private if hidden else ""]
        self.note.setText("\n".join(filter(None, notes)))
        self.note.setVisible(any(notes))
        self.save.setVisible(document.has_file)
        self.view.setVisible(document.has_file)
        self._find(anew=True)

    def done(self, answer: int) -> None:
        """Close, and no longer follow the window."""
        self._session.view.events.hide_identity.disconnect(self._show)
        super().done(answer)

    # ---------------------------------------------------------------- from the user

    def _find(self, *, anew: bool = False) -> None:
        """Select the next place where the words stand; from the top when they are new or there is none below."""
        words = self.search.text()
        if anew:
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
        count = self.text.toPlainText().lower().count(words.lower()) if words else 0
        self.found.setText(tr("{count:,} found", count=count) if words else "")
        if count and not self.text.find(words, QTextDocument.FindFlag(0)):
            self.text.moveCursor(QTextCursor.MoveOperation.Start)
            self.text.find(words, QTextDocument.FindFlag(0))

    def _copy(self) -> None:
        """Copy what the user selected, else all: what a search selected was not chosen to be copied."""
        selected = self.text.textCursor().selectedText().replace("\N{PARAGRAPH SEPARATOR}", "\n")
        chosen = selected and selected.lower() != self.search.text().lower()
        QApplication.clipboard().setText(selected if chosen else self.text.toPlainText())

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("Save PDF"), "document.pdf", tr("PDF (*.pdf)"))
        if name:
            path = Path(name)
            self._session.reports.save(self.document, path if path.suffix else path.with_suffix(".pdf"))

    def _view(self) -> None:
        self._session.reports.hand_over(self.document, _open_outside)


def _open_outside(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
