"""The dialog “Export surface”: which labels, how smooth, which coordinates and format; written and verified."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.layer import LabelLayer
from pellucid.session.saving import bent
from pellucid.session.surfacing import export, sentences
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.dialogs.export import Card
from pellucid.ui.dialogs.writing import WritingDialog, file_complaint, show_no_result
from pellucid.ui.docks.parts import ProgressBar, allow, described, dim, push_button, row, section, titled
from pellucid.ui.forms.controls import Choice, NumberBox, Segmented, TextLine, translated
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.files.surfaces import SurfaceReport
    from pellucid.jobs.job import Job
    from pellucid.session import Session

FORMATS = (
    (mark("STL, for printing and planning"), ".stl"),
    (mark("PLY, with colours"), ".ply"),
    (mark("OBJ, with a group for each label"), ".obj"),
)
SPACES = ((mark("LPS"), False), (mark("RAS"), True))
_MOST_ROWS = 300


@dataclass(frozen=True, eq=False)
class Which:
    """One choice of labels: of a layer, these values (None: all that have voxels)."""

    layer: LabelLayer
    values: tuple[int, ...] | None

    @property
    def several(self) -> bool:
        """Return whether there may be more than one."""
        return self.values is None or len(self.values) > 1


class SurfaceDialog(WritingDialog):
    """Choose labels, smoothing, coordinates and format; export; read what was written."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export surface"))
        self.setMinimumWidth(520)
        self._session = session
        self._job: Job | None = None
        self._report: SurfaceReport | None = None
        self._make_controls()
        self._lay_out()
        self._choose_labels()
        self._choose_format()

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        options = choices(self._session)
        self.which = Choice(options)
        self.which.set_value(first_choice(self._session, [which for _title, which in options]))
        self.smooth = NumberBox(Bounds(minimum=0.0), 0.1)
        self.smooth_unit = dim("mm", wrap=False)
        self.space = Segmented(translated(SPACES))
        self.format = Choice(translated(FORMATS))
        self.together = QCheckBox(tr("All labels in one file"))
        described(self.together, self.together.text(), tr("Off: a file for each label, named after it"))
        self.path = TextLine(clearButtonEnabled=True)
        self.browse = push_button(tr("Browse…"), self._browse, tip=tr("Choose folder and name"))
        described(self.which, tr("Labels"), tr("The labels whose surfaces are written"))
        described(self.smooth, tr("Smoothing"))
        self.smooth.set_tip(
            tr("Standard deviation of the Gaussian; 0 leaves the steps of the voxels. The volume stays.")
        )
        self.space.setAccessibleName(tr("Coordinates"))
        self.space.buttons[0].setToolTip(tr("Left, posterior, superior: as in DICOM; what other programs expect today"))
        self.space.buttons[1].setToolTip(tr("Right, anterior, superior: for programs that expect it"))
        described(self.format, tr("Format"))
        described(
            self.path, tr("File"), tr("Where to write; an existing file is replaced only after the new one is verified")
        )
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.card = Card()
        self.folder = push_button(tr("Show folder"), self._show_folder, tip=tr("Open the folder of the file"))
        self.stop = push_button(tr("Close"), self._close)
        self.go = push_button(tr("Export"), self._export, kind="primary")
        self.which.chosen.connect(lambda _which: self._choose_labels())
        self.format.chosen.connect(lambda _form: self._choose_format())
        self.path.textEdited.connect(lambda _text: self._check())
        self.together.toggled.connect(lambda _on: self._check())
        self.smooth.edited.connect(lambda _value: self._check())
        self.smooth.invalid.connect(lambda _why: self._check())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        controls = (
            (tr("Labels"), self.which),
            (tr("Smoothing"), row(self.smooth, self.smooth_unit)),
            (tr("Coordinates"), row(self.space)),
            (tr("Format"), self.format),
            ("", self.together),
            (tr("File"), row(self.path, self.browse, spacing=theme.MARGIN, stretch=0)),
        )
        for part in (section(tr("Export surface")), titled(controls), self.card, self.bar):
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(row(self.folder, QWidget(), self.stop, self.go, spacing=theme.MARGIN, stretch=1))
        self.bar.hide()
        self.folder.hide()
        self.go.setDefault(True)

    # ---------------------------------------------------------------- before writing

    def _choose_labels(self) -> None:
        from pellucid.files.surfaces import unit_of, usual_smoothing

        which: Which = self.which.value()
        self.smooth.set_value(usual_smoothing(which.layer.geometry))
        self.smooth_unit.setText(unit_of(which.layer.geometry))
        allow(self.together, "" if which.several else tr("One label makes one file."))
        name = which.layer.name if which.values is None else which.layer.labels.label(which.values[0]).name
        name = clean(self._session.concealing.nameless(name))
        self.path.setText(str(self._folder() / f"{name}{self.format.value()}"))
        self._check()

    def _choose_format(self) -> None:
        form: str = self.format.value()
        self.together.setChecked(form == ".obj")
        if text := self.path.text().strip():
            self.path.setText(str(Path(text).with_suffix(form)))
        self._check()

    def _browse(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, tr("Export to"), self.path.text(), f"*{self.format.value()}")
        if name:
            self.path.setText(str(Path(name).with_suffix(self.format.value())))
            self._check()

    def _check(self) -> None:
        """Say what will be written, or why it cannot be."""
        self.folder.hide()
        obstacle = self._obstacle()
        busy = tr("The file is being written.") if self._job is not None else ""
        if obstacle:
            self.card.show_lines([obstacle], "danger", tr("This cannot be written"))
        elif not busy:
            lines = [tr("The surface is closed and encloses the volume of the voxels; files are read back.")]
            if self.smooth_unit.text() == "px":
                lines = [tr("The spacing is not known, so the coordinates are voxels (px), not mm.")]
            self.card.show_lines(lines, "good" if self.smooth_unit.text() == "mm" else "warning")
        allow(self.go, obstacle or busy)

    def _obstacle(self) -> str:
        which: Which = self.which.value()
        text, form = self.path.text().strip(), self.format.value()
        if which.layer.geometry.size[2] < 2:
            return tr("These labels lie on one slice only; a surface needs a stack of slices.")
        if why := bent(which.layer):
            return why
        if self.smooth.complaint():
            return self.smooth.complaint()
        return file_complaint(text, form)

    # ---------------------------------------------------------------- writing and after

    def _export(self) -> None:
        from pellucid.files.surfaces import SurfaceChoice

        which: Which = self.which.value()
        path = Path(self.path.text().strip()).expanduser()
        together = self.together.isChecked() and which.several
        choice = SurfaceChoice(self.smooth.value(), self.space.value(), together)
        self._report = None
        self._session.settings.last_folder = str(path.parent)
        done = while_there(self, self._done)
        self._watch(export(self._session, which.layer, which.values, path, choice, done))
        self.card.hide()
        self._check()
        self._advance()

    def _advance(self) -> None:
        job = self._ended(handed_over=self._report is not None)
        if job is None:
            return
        allow(self.go)
        self.card.show()
        if not show_no_result(self.card, job) and self._report is not None:
            tone = "warning" if self._report.remarks else "good"
            self.card.show_lines(sentences(self._report), tone, tr("Written and verified"))
            self.folder.show()

    def _done(self, report: SurfaceReport) -> None:
        self._report = report
        self._advance()

    def _show_folder(self) -> None:
        if self._report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report.paths[0].parent)))


def choices(session: Session) -> list[tuple[str, Which]]:
    """Return what can be chosen: of each label layer all labels, those shown, and each one; the active layer first."""
    active = session.document.active_labels
    layers = sorted(session.document.label_layers, key=lambda layer: layer is not active)
    rows: list[tuple[str, Which]] = []
    for layer in layers:
        table = layer.labels.labels
        rows.append((tr("All labels of “{name}”", name=layer.name), Which(layer, None)))
        shown = tuple(label.value for label in table if label.visible)
        if 1 < len(shown) < len(table):
            rows.append((tr("The labels of “{name}” that are shown", name=layer.name), Which(layer, shown)))
        rows += [(label.name, Which(layer, (label.value,))) for label in table[:_MOST_ROWS]]
    return rows


def first_choice(session: Session, options: list[Which]) -> Which:
    """Return the choice of the active label, else the first."""
    active = session.document.active_labels
    return next((w for w in options if w.layer is active and w.values == (w.layer.active_label,)), options[0])


def clean(name: str) -> str:
    """Return a name that can be that of a file."""
    return "".join(c if c.isalnum() or c in " -_" else "-" for c in name).strip() or "surface"
