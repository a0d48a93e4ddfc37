"""The batch dialog: one recipe on many images, while the window goes on being used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.recipes.batch.journal import GOOD, Entry
from pellucid.session.batching import Stage
from pellucid.ui import theme
from pellucid.ui.dialogs.batch_results import Results
from pellucid.ui.dialogs.batch_setup import SetUp
from pellucid.ui.dialogs.export import Card
from pellucid.ui.docks.parts import ProgressBar, allow, dim, push_button, row

if TYPE_CHECKING:
    from pellucid.recipes.recipe import Recipe
    from pellucid.session import Session


class BatchDialog(QDialog):
    """Choose on the left, watch on the right; closed while a batch runs, it goes on, and is found here again."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Batch"))
        self.setMinimumSize(880, 620)
        self.resize(1120, 700)
        self._session, self._batching = session, session.batching
        self.set_up, self.results = SetUp(session), Results()
        self._make_controls()
        self._lay_out()
        self.set_up.edited.connect(self._update)
        self.results.opened.connect(self._open)
        self.results.table.selectionModel().selectionChanged.connect(lambda *_: self._update_buttons())
        self._batching.changed.connect(self._stage_changed)
        self._batching.arrived.connect(self._arrived)
        session.jobs.changed.connect(self._advance)
        self.results.set_entries(self._batching.entries)
        self._stage_changed()

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        self.card = Card()
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.progress = dim(wrap=False)
        self.case = push_button(tr("Open case"), self._open_chosen,
                                tip=tr("Open the image and take the recipe on it (double click)"))  # fmt: skip
        self.report = push_button(tr("Export report…"), self._export,
                                  tip=tr("Write a row for each image: CSV, JSON or Parquet"))  # fmt: skip
        self.folder = push_button(tr("Show folder"), self._show_folder, tip=tr("Open the folder of the results"))
        self.close_button = push_button(tr("Close"), self.reject)
        self.go = push_button(tr("Start"), self._go, kind="primary")
        self.go.setDefault(True)

    def _lay_out(self) -> None:
        self.set_up.setFixedWidth(400)
        sides = QHBoxLayout()
        sides.setSpacing(2 * theme.MARGIN)
        sides.addWidget(self.set_up)
        sides.addWidget(self.results, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.SECTION_GAP)
        column.addLayout(sides, 1)
        column.addWidget(self.card)
        column.addWidget(row(self.bar, self.progress, spacing=theme.MARGIN, stretch=0))
        column.addWidget(
            row(self.case, self.report, self.folder, QWidget(), self.close_button, self.go,
                spacing=theme.MARGIN, stretch=3)
        )  # fmt: skip

    # ---------------------------------------------------------------- what is shown

    def _stage_changed(self) -> None:
        """Show how far the batch is, and what that means."""
        stage = self._batching.stage
        if stage is Stage.RUNNING and len(self.results.model.entries) > len(self._batching.entries):
            self.results.set_entries(self._batching.entries)
        self.set_up.setEnabled(stage is not Stage.RUNNING)
        unfinished = stage is Stage.FINISHED and any(entry.state not in GOOD for entry in self._batching.entries)
        if unfinished or (stage in (Stage.CANCELLED, Stage.FAILED) and self._batching.entries):
            self.set_up.resume.setChecked(True)
        self._advance()
        self._update()

    def _update(self) -> None:
        """Say what will be done, what is wrong, or how it went."""
        batching, complaint = self._batching, self.set_up.complaint()
        stage, entries = batching.stage, batching.entries
        bad = sum(entry.state not in GOOD for entry in entries)
        if stage is Stage.RUNNING:
            self.card.hide()
        elif stage is Stage.FAILED:
            self._say(batching.sentence, "danger", tr("The batch was given up"))
        elif stage is Stage.CANCELLED:
            said = tr("{done} of {total} images are done and stay. Start again to go on with the rest.",
                      done=len(entries), total=batching.total)  # fmt: skip
            self._say(said, "warning", tr("Cancelled"))
        elif stage is Stage.FINISHED and bad:
            said = tr_count("{count} image has no result; its sentence is in the list.",
                            "{count} images have no result; their sentences are in the list.", bad)  # fmt: skip
            self._say(said, "warning", tr("Finished with problems"))
        elif stage is Stage.FINISHED:
            said = tr_count("{count} image was worked on.", "{count} images were worked on.", len(entries))
            self._say(said, "good", tr("Finished"))
        elif complaint and self.set_up.inputs.paths and not self.set_up.inputs.looking:
            self._say(complaint, "warning")
        else:
            self.card.hide()
        self._update_buttons(complaint)

    def _say(self, sentence: str, tone: str, heading: str = "") -> None:
        self.card.show_lines([sentence], tone, heading)
        self.card.show()

    def _update_buttons(self, complaint: str | None = None) -> None:
        running = self._batching.stage is Stage.RUNNING
        self.go.setText(tr("Cancel") if running else tr("Start"))
        allow(self.go, "" if running else self.set_up.complaint() if complaint is None else complaint)
        allow(self.report, "" if self._batching.entries else tr("There are no results yet."))
        allow(self.case, "" if self.results.chosen() is not None else tr("Choose a row of the results first."))
        order = self._batching.order
        allow(self.folder, "" if order is not None and order.out.is_dir() else tr("There are no results yet."))

    def _advance(self) -> None:
        running, job = self._batching.stage is Stage.RUNNING, self._batching.job
        self.bar.setVisible(running)
        self.progress.setVisible(running)
        if running and job is not None:
            known = bool(self._batching.entries)
            self.bar.setRange(0, 1000 if known else 0)
            self.bar.setValue(round(job.progress * 1000))
            self.progress.setText(tr("Stopping…") if job.cancelled() else job.text or tr("Starting the workers…"))

    def _arrived(self, entries: list[Entry]) -> None:
        self.results.add(entries)
        self._update_buttons("")

    # ---------------------------------------------------------------- what the user does

    def _go(self) -> None:
        if self._batching.stage is Stage.RUNNING:
            self._batching.cancel()
            self._advance()
            return
        try:
            order = self.set_up.order()
            self.results.set_entries(())
            self._batching.start(order, self.set_up.inputs.cases)
        except Refused as refusal:
            self._say(str(refusal), "danger", tr("This cannot be done"))

    def _open_chosen(self) -> None:
        entry = self.results.chosen()
        if entry is not None:
            self._open(entry)

    def _open(self, entry: Entry) -> None:
        try:
            self._batching.open_case(entry)
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "error")

    def _export(self) -> None:
        start = str(Path(self._session.settings.last_folder or Path.home()) / "report.csv")
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Export the report"), start, tr("Table (*.csv);;JSON (*.json);;Parquet (*.parquet)")
        )
        if name:
            self.export_to(Path(name))

    def export_to(self, path: Path) -> None:
        """Write the report; what cannot be is said in the window."""
        try:
            self._batching.export_report(path if path.suffix else path.with_suffix(".csv"))
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "error")

    def _show_folder(self) -> None:
        if self._batching.order is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._batching.order.out)))

    def done(self, result: int) -> None:
        """Close; a batch that runs goes on."""
        self._batching.changed.disconnect(self._stage_changed, missing_ok=True)
        self._batching.arrived.disconnect(self._arrived, missing_ok=True)
        self._session.jobs.changed.disconnect(self._advance, missing_ok=True)
        self.set_up.inputs.blockSignals(True)
        super().done(result)


def show_batch(session: Session, parent: QWidget, recipe: Recipe | None = None) -> BatchDialog:
    """Show the dialog beside the window, or bring the one that is open to the front; with a recipe chosen if given."""
    shown = next((one for one in parent.findChildren(BatchDialog) if one.isVisible()), None)
    dialog = shown or BatchDialog(session, parent)
    if recipe is not None and session.batching.stage is not Stage.RUNNING:
        dialog.set_up.offer(recipe, recipe.title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()
    return dialog
