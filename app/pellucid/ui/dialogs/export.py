"""The export dialog: what, in which format, what that loses – said before writing – and the proof after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import mark, tr
from pellucid.model.layer import ImageLayer
from pellucid.session.saving import where_written
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.dialogs.export_targets import (
    Target,
    file_name,
    slice_at_crosshair,
    slice_losses,
    targets,
    with_extension,
)
from pellucid.ui.dialogs.writing import WritingDialog, file_complaint, show_no_result
from pellucid.ui.docks.parts import ProgressBar, allow, described, dim, push_button, row, section, titled
from pellucid.ui.forms.controls import Choice, translated

if TYPE_CHECKING:
    from pellucid.files.export import Report
    from pellucid.jobs.job import Job
    from pellucid.session import Session

NOTHING_LOST = mark("Nothing is lost: values, size and place are kept and read back after writing.")


class ExportDialog(WritingDialog):
    """Choose, read what will be lost, export, read what was verified."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export"))
        self.setMinimumWidth(520)
        self._session = session
        self._job: Job | None = None
        self._lost: tuple[str, ...] = ()
        self._where = ""
        self._make_controls()
        self._lay_out()
        self._choose_target()

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        self.what = Choice([(target.title, target) for target in targets(self._session)])
        self.format = Choice()
        self.path = QLineEdit(clearButtonEnabled=True)
        described(self.what, tr("What to export"))
        described(self.format, tr("Format"))
        described(
            self.path,
            tr("File"),
            tr("Where to write; an existing file is replaced only after the new one is verified"),
        )
        self.browse = push_button(tr("Browse…"), self._browse, tip=tr("Choose folder and name"))
        self.accept_loss = QCheckBox(tr("Export nevertheless"))
        self.accept_loss.setToolTip(tr("I have read what will not be kept"))
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.card = Card()
        self.where = dim()
        self.go = push_button(tr("Export"), self._export, kind="primary")
        self.stop = push_button(tr("Close"), self._close)
        self.folder = push_button(tr("Show folder"), self._show_folder, tip=tr("Open the folder of the file"))
        self.what.chosen.connect(lambda _target: self._choose_target())
        self.format.chosen.connect(lambda _extension: self._choose_format())
        self.path.textEdited.connect(lambda _text: self._check())
        self.accept_loss.toggled.connect(lambda _on: self._update_button())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        controls = (
            (tr("What"), self.what),
            (tr("Format"), self.format),
            (tr("File"), row(self.path, self.browse, spacing=theme.MARGIN, stretch=0)),
        )
        for part in (section(tr("Export")), titled(controls), self.card, self.where, self.accept_loss, self.bar):
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(row(self.folder, QWidget(), self.stop, self.go, spacing=theme.MARGIN, stretch=1))
        self.bar.hide()
        self.folder.hide()
        self.go.setDefault(True)

    # ---------------------------------------------------------------- before writing

    def target(self) -> Target | None:
        """Return what is chosen for export."""
        return self.what.value()

    def _choose_target(self) -> None:
        target = self.target()
        if target is None:
            self.card.show_lines([tr("There is nothing to export. Open an image first.")], "warning")
            allow(self.go, tr("There is nothing to export."))
            return
        before = self.format.value()
        self.format.set_options(translated(target.formats()))
        self.format.set_value(before)
        folder = Path(self.path.text()).parent if self.path.text() else self._folder()
        self.path.setText(str(folder / file_name(target, self.format.value(), self._session.concealing.nameless)))
        self._check()

    def _choose_format(self) -> None:
        if self.path.text().strip():
            self.path.setText(str(with_extension(Path(self.path.text()), self.format.value())))
        self._check()

    def _browse(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, tr("Export to"), self.path.text(), f"*{self.format.value()}")
        if name:
            self.path.setText(str(with_extension(Path(name), self.format.value())))
            self._check()

    def _check(self) -> None:
        """Say what the choice loses, or why it cannot be."""
        self.folder.hide()
        target, extension = self.target(), self.format.value()
        if target is None:
            return
        self._obstacle = file_complaint(self.path.text().strip(), self.format.value())
        if target.plane is not None:
            self._lost, self._where = slice_losses(target, extension), ""
        else:
            saving, path = self._session.saving, Path(f"x{extension}")
            self._where = where_written(target.layer, path)
            self._obstacle = self._obstacle or saving.obstacle(target.layer, path)
            self._lost = saving.losses(target.layer, path)
        self._show_losses()

    def _show_losses(self) -> None:
        if self._obstacle:
            self.card.show_lines([self._obstacle], "danger", tr("This cannot be written"))
        elif self._lost:
            self.card.show_lines(self._lost, "warning", tr("Not kept in this format"))
        else:
            self.card.show_lines([tr(NOTHING_LOST)], "good")
        self.where.setText("" if self._obstacle else self._where)
        self.where.setVisible(bool(self.where.text()))
        self.accept_loss.setVisible(bool(self._lost) and not self._obstacle)
        self.accept_loss.setChecked(False)
        self._update_button()

    def _update_button(self) -> None:
        unread = bool(self._lost) and not self.accept_loss.isChecked()
        busy = tr("The file is being written.") if self._job is not None else ""
        allow(self.go, self._obstacle or busy or (tr("Tick “Export nevertheless” first.") if unread else ""))

    # ---------------------------------------------------------------- writing and after

    def _export(self) -> None:
        target, path = self.target(), Path(self.path.text().strip()).expanduser()
        if target is None:
            return
        saving, done = self._session.saving, while_there(self, self._done)
        if target.plane is not None and isinstance(target.layer, ImageLayer):
            frame, index = slice_at_crosshair(self._session, target.plane)
            job = saving.export_slice(target.layer, frame, index, path, as_shown=target.as_shown, done=done)
        else:
            job = saving.export_layer(target.layer, path, accept_loss=True, done=done)
        self._session.settings.last_folder = str(path.parent)
        self._watch(job)
        self.accept_loss.hide()
        self._update_button()
        self._advance()

    def _advance(self) -> None:
        job = self._ended()
        if job is not None:
            show_no_result(self.card, job)
            self._update_button()

    def _done(self, report: Report) -> None:
        self.card.show_lines(report.sentences, "good", tr("“{name}” was written and verified", name=report.path.name))
        self._written = report.path
        self.folder.show()

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._written.parent)))


class Card(QFrame):
    """A frame with a heading and a few sentences, each behind an icon of its tone."""

    GLYPHS = {"good": "check-circle-outline", "warning": "alert-outline", "danger": "alert-circle-outline"}

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(theme.GRID)
        self.lines: tuple[str, ...] = ()
        self._tone, self.signs = "good", list[QLabel]()
        theme.signals.changed.connect(self._dress)

    def show_lines(self, lines: Sequence[str], tone: str, heading: str = "") -> None:
        """Replace what the card says."""
        self.lines, self._tone, self.signs = tuple(lines), tone, []
        while (item := self._column.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if heading:
            title = QLabel(heading, wordWrap=True)
            title.setProperty("tone", tone)
            self._column.addWidget(title)
        for line in lines:
            self._column.addWidget(self._line(line))
        self._dress()

    def _dress(self) -> None:
        """Draw the icons in the colours of the theme in force."""
        c = theme.colors()
        color = {"good": c.good, "warning": c.warning, "danger": c.danger}[self._tone]
        pixmap = theme.icon(self.GLYPHS[self._tone], color).pixmap(QSize(18, 18), self.devicePixelRatioF())
        for sign in self.signs:
            sign.setPixmap(pixmap)

    def _line(self, text: str) -> QWidget:
        sign, label = QLabel(), QLabel(text, wordWrap=True)
        self.signs.append(sign)
        sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return row(sign, label, spacing=theme.MARGIN, stretch=1)
