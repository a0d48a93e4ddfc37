"""The de-identify dialog: choose on the left; preview, pixels and report on the right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.dialogs.deidentify_pixels import Box, PixelPicture, column_of
from pellucid.ui.dialogs.deidentify_setup import SetUp
from pellucid.ui.dialogs.export import Card
from pellucid.ui.docks.parts import ProgressBar, allow, described, dim, push_button, row
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from pellucid.dicom.deidentify.run import Copied, Source
    from pellucid.session import Session

_PREVIEW_MS = 200
PREVIEW, PIXELS, REPORT = 0, 1, 2


class DeidentifyDialog(QDialog):
    """Copies of DICOM that do not say who the patient is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("De-identify"))
        self.setMinimumSize(880, 600)
        self.resize(1120, 680)
        self._session, self._work = session, session.deidentifying
        self._series: dict[int, tuple[Source, ...]] = {}
        self._boxes: dict[int, list[Box]] = {}
        self._make_controls()
        self._lay_out()
        self._soon = QTimer(self, singleShot=True, interval=_PREVIEW_MS)
        self._soon.timeout.connect(self._ask_preview)
        self.set_up.asked.connect(self._look)
        self.set_up.edited.connect(self._edited)
        self._work.changed.connect(self._changed)
        session.jobs.changed.connect(self._advance)
        self.set_up.begin()

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        self.set_up = SetUp(self._session)
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels([tr("Attribute"), tr("Name"), tr("What happens")])
        self.table.setAccessibleName(tr("What changes in one file"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setProperty("frame", True)
        header = self.table.horizontalHeader()
        header.setProperty("flush", True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for place, width in enumerate((112, 280)):
            header.resizeSection(place, width)
        self.example = dim()
        self.series = Choice()
        described(self.series, tr("Series"), tr("Series whose pixels may name the patient come first"))
        self.series.chosen.connect(lambda _number: self._show_picture())
        self.picture = PixelPicture()
        self.picture.edited.connect(self._drawn)
        self.every = push_button(tr("Use in all series"), self._use_everywhere,
                                 tip=tr("Black out the same rectangles in every series"))  # fmt: skip
        self.clear = push_button(tr("Take all away"), self._clear_boxes, tip=tr("Forget the rectangles of this series"))
        self.confirmed = QCheckBox(tr("I have looked at the pixels: what is left names nobody"))
        self.confirmed.setToolTip(tr("Writes into the copies that their pixels are clean"))
        self.confirmed.toggled.connect(lambda _on: self._edited())
        self.report = QPlainTextEdit(readOnly=True)
        self.report.setAccessibleName(tr("Report"))
        self.save = push_button(tr("Save report…"), self._save_report, tip=tr("As text, JSON or CSV"))
        self.card = Card()
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.folder = push_button(tr("Show folder"), self._show_folder, tip=tr("Open the folder of the copies"))
        self.send = push_button(tr("Send to a server…"), self._send, tip=tr("Send the copies to a PACS"))
        self.close_button = push_button(tr("Close"), self.reject)
        self.go = push_button(tr("De-identify"), self._go, kind="primary")

    def _lay_out(self) -> None:
        self.set_up.setFixedWidth(400)
        self.tabs = QTabWidget()
        self.tabs.addTab(column_of(self.example, self.table), tr("Preview"))
        tools = row(self.series, self.every, self.clear, spacing=theme.MARGIN, stretch=0)
        hint = dim(tr("The brightest values of up to 16 images are shown. Drag rectangles over text; they become "
                      "black in every image of the series."))  # fmt: skip
        self.tabs.addTab(column_of(tools, hint, self.picture, self.confirmed), tr("Pixels"))
        self.tabs.addTab(column_of(self.report, row(self.save)), tr("Report"))
        sides = QHBoxLayout()
        sides.setSpacing(2 * theme.MARGIN)
        sides.addWidget(self.set_up)
        sides.addWidget(self.tabs, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.SECTION_GAP)
        column.addLayout(sides, 1)
        column.addWidget(self.card)
        column.addWidget(row(self.folder, self.send, self.bar, QWidget(), self.close_button, self.go,
                             spacing=theme.MARGIN, stretch=3))  # fmt: skip

    # ---------------------------------------------------------------- what there is

    def _look(self, paths: tuple[Path, ...]) -> None:
        self._series, self._boxes = {}, {}
        self.series.set_options([])
        self.table.setRowCount(0)
        self.example.clear()
        self.picture.show_picture(None, tr("Choose what is to be de-identified; its pictures are shown here."))
        if paths:
            self._work.look(paths)
        self._update()

    def _changed(self) -> None:
        """Show what was found, or what a run did."""
        if self._work.found is not None and not self._series:
            self._series = self._work.numbers()
            self.series.set_options(self._offered())
            self._show_picture()
            self._soon.start()
        if self._work.outcome is not None:
            from pellucid.dicom.deidentify.report import written

            self.report.setPlainText(written(self._work.outcome, ".txt"))
            self.tabs.setCurrentIndex(REPORT)
        self._update()

    def _offered(self) -> list[tuple[str, int]]:
        risky = sorted(self._series.items(), key=lambda one: (not one[1][0].seen.may_show_text, one[0]))
        found = []
        for number, sources in risky:
            about = sources[0].seen
            warned = tr("may show text") if about.may_show_text else ""
            count = tr_count("{count:,} file", "{count:,} files", len(sources))
            parts = (tr("Series {number}", number=number), about.modality, count, warned)
            found.append((" · ".join(part for part in parts if part), number))
        return found

    # ---------------------------------------------------------------- preview and pixels

    def _edited(self) -> None:
        self._soon.start()
        self._update()

    def _ask_preview(self) -> None:
        found = self._work.found
        if found is None or self._work.running:
            return
        try:
            plan = self.set_up.plan(self._black_out(), confirmed=self.confirmed.isChecked())
        except Refused:
            return
        self._work.preview(found.sources[0], plan, while_there(self, self._show_preview))

    def _show_preview(self, copied: Copied) -> None:
        count = len(self._work.found.sources) if self._work.found else 0
        self.example.setText(tr_count("The file would become {name}.",
                                      "The first of {count:,} files would become {name}.", count,
                                      name=copied.name))  # fmt: skip
        self.table.setRowCount(len(copied.changes))
        for n, (where, name, action, count) in enumerate(copied.changes):
            said = f"{tr(action)} × {count}" if count > 1 else tr(action)
            for column, text in enumerate((where, name, said)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(n, column, item)

    def _show_picture(self) -> None:
        number = self.series.value()
        self.picture.set_boxes(self._boxes.setdefault(number, []) if number is not None else [])
        if number is None:
            return
        self.picture.show_picture(None, tr("Reading the picture …"))

        def done(pixels: NDArray[Any]) -> None:
            if self.series.value() == number:
                self.picture.show_picture(pixels)

        def failed(sentence: str) -> None:
            self.picture.show_picture(None, sentence)

        self._work.picture(self._series[number], while_there(self, done), while_there(self, failed))

    def _drawn(self) -> None:
        self.confirmed.setChecked(False)
        self._edited()

    def _use_everywhere(self) -> None:
        chosen = list(self.picture.boxes)
        for number in self._series:
            self._boxes[number] = list(chosen)
        self._show_picture()
        self._drawn()

    def _clear_boxes(self) -> None:
        self.picture.boxes.clear()
        self.picture.update()
        self._drawn()

    def _black_out(self) -> dict[int, tuple[Box, ...]]:
        return {number: tuple(boxes) for number, boxes in self._boxes.items() if boxes}

    # ---------------------------------------------------------------- running

    def _go(self) -> None:
        if self._work.running:
            self._work.cancel()
            return
        folder = self.set_up.folder()
        try:
            plan = self.set_up.plan(self._black_out(), confirmed=self.confirmed.isChecked())
            if folder is not None:
                self._work.run(folder, plan)
        except Refused as refusal:
            self._say([str(refusal)], "danger", tr("This cannot be done"))
            return
        self._update()

    def _update(self) -> None:
        work, complaint = self._work, self.set_up.complaint()
        if work.running:
            self.card.hide()
        elif work.outcome is not None:
            self._say_outcome()
        elif work.sentence:
            self._say([work.sentence], "warning")
        elif work.found is not None and self._risky() and not self.confirmed.isChecked():
            said = tr_count("One series may show the name of the patient in its pixels. Look at it under Pixels.",
                            "{count} series may show the name of the patient in their pixels. Look at them under "
                            "Pixels.", self._risky())  # fmt: skip
            self._say([said], "warning")
        else:
            self.card.hide()
        nothing = "" if work.found is not None else tr("Choose first what is to be de-identified.")
        self.go.setText(tr("Stop") if work.running else tr("De-identify"))
        allow(self.go, "" if work.running else nothing or complaint)
        allow(self.save, "" if work.outcome is not None else tr("There is no report yet."))
        for button in (self.every, self.clear):
            allow(button, nothing)
        for button in (self.folder, self.send):
            button.setVisible(work.outcome is not None and bool(work.outcome.copied) and not work.running)
        self.set_up.setEnabled(not work.running)
        self._advance()

    def _say_outcome(self) -> None:
        from pellucid.dicom.deidentify.report import statement, warnings

        outcome = self._work.outcome
        if outcome is None:
            return
        done = tr_count("{count:,} copy was written.", "{count:,} copies were written.", len(outcome.copied))
        left = len(outcome.left_out)
        out = tr_count("{count:,} file was left out.", "{count:,} files were left out.", left) if left else ""
        found = warnings(outcome)
        lines = [" ".join(part for part in (done, out) if part), *found, statement()]
        self._say(lines, "warning" if found or left or not outcome.copied else "good")

    def _risky(self) -> int:
        return sum(any(one.seen.may_show_text for one in sources) for sources in self._series.values())

    def _say(self, lines: list[str], tone: str, heading: str = "") -> None:
        self.card.show_lines(lines, tone, heading)
        self.card.show()

    def _advance(self) -> None:
        job = self._work.job
        self.bar.setVisible(self._work.running)
        if job is not None:
            self.bar.setValue(round(job.progress * 1000))

    def _show_folder(self) -> None:
        if self._work.folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._work.folder)))

    def _send(self) -> None:
        from pellucid.ui.dialogs.send import show_send

        if self._work.folder is not None:
            show_send(self._session, self, self._work.folder, copies=True)

    def _save_report(self) -> None:
        kinds = tr("Text (*.txt);;JSON (*.json);;CSV (*.csv)")
        name, _ = QFileDialog.getSaveFileName(self, tr("Save the report"), "report.txt", kinds)
        if name:
            self.save_report(Path(name))

    def save_report(self, path: Path) -> None:
        """Write the report in the background; what cannot be written is said in the dialog."""
        try:
            self._work.save_report(path if path.suffix else path.with_suffix(".txt"), self._not_saved)
        except Refused as refusal:
            self._say([str(refusal)], "danger")

    def _not_saved(self, sentence: str) -> None:
        if isValid(self):
            self._say([sentence], "danger")
        else:  # it was closed meanwhile
            self._session.notice.emit(sentence, "warning")

    def done(self, result: int) -> None:
        """Close; a run that is under way stops."""
        self._work.cancel()
        self._work.changed.disconnect(self._changed, missing_ok=True)
        self._session.jobs.changed.disconnect(self._advance, missing_ok=True)
        super().done(result)


def show_deidentify(session: Session, parent: QWidget) -> DeidentifyDialog:
    """Show the dialog."""
    dialog = DeidentifyDialog(session, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog
