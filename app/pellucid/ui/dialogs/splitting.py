"""By which tags the frames of a series become volumes, and whether those are frames of one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QHeaderView,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from pellucid.dicom.splitting import AUTOMATIC, Splitting
from pellucid.language import tr, tr_count
from pellucid.session.opening import title_of
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.docks.parts import allow, dim, push_button, row, section, tell
from pellucid.ui.forms.controls import Segmented

if TYPE_CHECKING:
    from pellucid.dicom.resplit import Splittable
    from pellucid.dicom.splitting import Varying
    from pellucid.dicom.stack import Series
    from pellucid.session import Session

_NAME = Qt.ItemDataRole.UserRole


class SplittingDialog(QDialog):
    """A row for each tag that varies; below it one line that says what the choice makes."""

    def __init__(self, session: Session, series: Series, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Split differently"))
        self.resize(680, 440)
        self._session, self._series = session, series
        self.found: Splittable | None = None
        self._make_controls()
        self._lay_out()
        self._job = session.resplitting.read(
            series, while_there(self, self._show_found), while_there(self, self._say_wrong)
        )

    def _make_controls(self) -> None:
        self.tags = QTreeWidget()
        self.tags.setHeaderLabels([tr("Varies"), tr("DICOM tag"), tr("Values"), tr("What they are")])
        self.tags.header().setProperty("flush", True)
        self.tags.setRootIsDecorated(False)
        self.tags.setProperty("frame", True)
        self.tags.setAccessibleName(tr("Tags that vary in the series"))
        self.tags.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tags.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.tags.itemChanged.connect(lambda *_: self._chosen())
        self.how = Segmented([(tr("Frames of one layer"), False), (tr("Separate volumes"), True)])
        self.how.setAccessibleName(tr("What each value becomes"))
        self.how.set_value(True)
        self.how.chosen.connect(lambda _: self._chosen())
        self.merge = QCheckBox(tr("Merge what is split by orientation, size or frame of reference"))
        self.merge.toggled.connect(lambda _: self._chosen())
        self.why = dim("")
        self.why.hide()
        self.makes = QLabel("", wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.makes.setAccessibleName(tr("What the choice makes"))
        self.cancel = push_button(tr("Cancel"), self.reject)
        self.go = push_button(tr("Split"), self.accept, kind="primary")
        self.go.setDefault(True)
        self.go.setEnabled(False)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Split differently")))
        column.addWidget(dim(title_of(self._series)))
        column.addWidget(self.tags, 1)
        column.addWidget(row(QLabel(tr("Each value becomes")), self.how, QWidget(), spacing=theme.MARGIN, stretch=2))
        column.addWidget(self.merge)
        column.addWidget(self.why)
        column.addSpacing(theme.GRID)
        column.addWidget(self.makes)
        column.addWidget(row(QWidget(), self.cancel, self.go, spacing=theme.MARGIN, stretch=0))
        tell(self.makes, tr("Reading headers…"))

    # ---------------------------------------------------------------- what varies

    def _show_found(self, found: Splittable) -> None:
        self.found = found
        before = self._series.splitting
        self.tags.blockSignals(True)
        for varying in found.varying:
            self.tags.addTopLevelItem(_row(varying, varying.name in before.by))
        self.tags.blockSignals(False)
        header = self.tags.header()
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
        for column in range(3):  # room between columns; and the box of the first is larger than Qt thinks
            self.tags.resizeColumnToContents(column)
            self.tags.setColumnWidth(column, self.tags.columnWidth(column) + theme.MARGIN)
        if not found.varying:
            nothing = QTreeWidgetItem([tr("No tag varies that would tell volumes apart.")])
            self.tags.addTopLevelItem(nothing)
            nothing.setFirstColumnSpanned(True)
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
        if before.by:
            self.how.set_value(before.apart)
        self._show_merging(found, before)
        self._chosen()

    def _show_merging(self, found: Splittable, before: Splitting) -> None:
        why = found.why_not_merged if found.kinds > 1 else tr("The series is on one grid: there is nothing to merge.")
        allow(self.merge, why)
        self.merge.blockSignals(True)
        self.merge.setChecked(before.merged and not why)
        self.merge.blockSignals(False)
        self.why.setText(why)
        self.why.setVisible(bool(why))

    # ---------------------------------------------------------------- from the user

    @property
    def choice(self) -> Splitting:
        """Return what is chosen; nothing ticked leaves it to Pellucid."""
        items = filter(None, (self.tags.topLevelItem(n) for n in range(self.tags.topLevelItemCount())))
        by = tuple(item.data(0, _NAME) for item in items if item.checkState(0) == Qt.CheckState.Checked)
        return Splitting(by, bool(by) and bool(self.how.value()), self.merge.isChecked())

    def _chosen(self) -> None:
        """Find out what the choice makes."""
        if self.found is None:
            return
        self.go.setEnabled(False)
        self._session.resplitting.try_out(
            self.found, self.choice, while_there(self, self._say), while_there(self, self._say_wrong)
        )

    def _say(self, outcome: str) -> None:
        if self.found is None:
            return
        automatic = self.choice == AUTOMATIC
        tell(self.makes, tr("As found by itself: {outcome}.", outcome=outcome) if automatic else f"{outcome}.")
        self.go.setEnabled(self.choice != self._series.splitting)

    def _say_wrong(self, sentence: str) -> None:
        if not self._job.cancelled():
            tell(self.makes, sentence, "danger")

    def accept(self) -> None:
        """Split in the background and close."""
        if self.found is not None:
            self._session.resplitting.apply(self.found, self.choice)
        super().accept()

    def done(self, answer: int) -> None:
        """Close; what is still being found out is no longer wanted."""
        self.found = None
        self._job.cancel()
        super().done(answer)


def ask_splitting(session: Session, series: Series, parent: QWidget) -> None:
    """Ask by which tags a series is to be split."""
    dialog = SplittingDialog(session, series, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _row(varying: Varying, ticked: bool) -> QTreeWidgetItem:
    """Return a row with a check box."""
    more = " …" if varying.count > len(varying.values) else ""
    values = tr("each slice its own") if varying.each else ", ".join(varying.values) + more
    count = tr_count("{count:,} value", "{count:,} values", varying.count)
    item = QTreeWidgetItem([varying.title, str(varying.tag), count, values])
    item.setData(0, _NAME, varying.name)
    item.setCheckState(0, Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
    item.setToolTip(3, ", ".join(varying.values) + more)
    return item
