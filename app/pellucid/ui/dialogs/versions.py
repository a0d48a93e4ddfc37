"""Which version of an image to open where several have one identity and contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QDialog, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, dim, push_button, row, section

if TYPE_CHECKING:
    from pellucid.session.session import Session
    from pellucid.session.versions import Undecided

_WIDTH, _ROWS = 560, 6


class VersionsDialog(QDialog):
    """Names the versions by what differs; nothing is chosen until the user chooses, nothing opened until then."""

    def __init__(self, undecided: Undecided, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._undecided = undecided
        self.setWindowTitle(tr("Versions that contradict each other"))
        self.setMinimumWidth(_WIDTH)
        said = tr("“{title}” exists in {count} versions: files of one identity have other contents. Which do you mean?",
                  title=session.concealing.text(undecided.title), count=len(undecided.versions))  # fmt: skip
        self.sentence = QLabel(said, wordWrap=True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.list = self._made_list(session)
        self.go = push_button(tr("Open"), self.accept, kind="primary")
        self.all = push_button(tr("Open all as layers"), self._open_all, tip=tr("One over the other, to compare them"))
        self.cancel = push_button(tr("Cancel"), self.reject, tip=tr("Open nothing"))
        self._lay_out()
        self._follow()

    def _made_list(self, session: Session) -> QListWidget:
        rows = self._undecided.rows(session.concealing.path if session.view.hide_identity else None)
        made = QListWidget()
        described(made, tr("Versions"), tr("Versions of the image and what tells them apart"))
        made.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setSpacing(theme.GRID)
        for name, how, where in rows:
            item = QListWidgetItem(f"{session.concealing.text(' – '.join(filter(None, (name, how))))}\n{where}", made)
            item.setToolTip(where)
        height = (made.sizeHintForRow(0) + 2 * theme.GRID) * min(len(rows), _ROWS)
        made.setFixedHeight(height + 2 * made.frameWidth() + theme.GRID)
        made.itemSelectionChanged.connect(self._follow)
        made.itemDoubleClicked.connect(lambda _item: self.accept())
        return made

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Versions that contradict each other")))
        column.addWidget(self.sentence)
        column.addWidget(self.list)
        column.addWidget(dim(tr("All of them stay in the list of studies, each under its name.")))
        column.addSpacing(theme.SECTION_GAP)
        column.addWidget(row(self.all, QWidget(), self.cancel, self.go, spacing=theme.MARGIN, stretch=1))
        self.go.setDefault(True)

    def _follow(self) -> None:
        chosen = bool(self.list.selectedItems())
        allow(self.go, "" if chosen else tr("Choose a version first."))

    def accept(self) -> None:
        """Open the version that is chosen; without one the question stands."""
        if self.list.selectedItems():
            super().accept()
            self._undecided.open([self._undecided.versions[self.list.currentRow()].part])

    def _open_all(self) -> None:
        super().accept()
        self._undecided.open([one.part for one in self._undecided.versions])
