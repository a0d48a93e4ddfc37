"""The left side of the de-identify dialog: what, where to, under which code, and what may stay."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QVBoxLayout, QWidget

from pellucid.dicom.deidentify.plan import OPTIONS, Plan, Rectangle
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, dim, push_button, row, scrolling, section, titled
from pellucid.ui.forms.controls import Segmented, TextLine

if TYPE_CHECKING:
    from pellucid.session import Session

_OPEN, _FOLDER = "open", "folder"
_EXCLUSIVE = ("full_dates", "modified_dates")


class SetUp(QWidget):
    """``plan`` and ``folder`` are what was chosen; ``complaint`` is what is missing."""

    asked = Signal(object)
    """Emitted with the paths to look at."""
    edited = Signal()
    """Emitted when something else is chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._make_controls()
        self._lay_out()

    def _make_controls(self) -> None:
        self.what = Segmented([(tr("Open series"), _OPEN), (tr("A folder"), _FOLDER)])
        described(self.what, tr("What to de-identify"))
        self.what.chosen.connect(lambda _value: self._what_chosen())
        self.source = TextLine(clearButtonEnabled=True)
        described(self.source, tr("Folder of the originals"), tr("Everything below it that is DICOM is copied"))
        self.source.editingFinished.connect(self.look)
        self.browse_source = push_button(tr("Browse…"), self._browse_source, tip=tr("Choose a folder with DICOM"))
        self.out = TextLine(clearButtonEnabled=True)
        described(self.out, tr("Folder of the copies"), tr("A new or empty folder; originals are never changed"))
        self.out.textEdited.connect(lambda _text: self.edited.emit())
        self.browse_out = push_button(tr("Browse…"), self._browse_out, tip=tr("Choose a new or empty folder"))
        self.code = TextLine(placeholderText="P0001")
        described(self.code, tr("Patient code"), tr("Takes the place of name and ID; further patients are counted"))
        self.code.textEdited.connect(lambda _text: self.edited.emit())
        self.boxes: dict[str, QCheckBox] = {}
        for name, option in OPTIONS.items():
            box = self.boxes[name] = QCheckBox(tr(option.title))
            box.setToolTip(f"{option.meaning} ({option.code})")
            box.setAccessibleDescription(tr(option.help))
            box.toggled.connect(lambda on, name=name: self._toggled(name, on))

    def _lay_out(self) -> None:
        self.source_row = row(self.source, self.browse_source, spacing=theme.MARGIN, stretch=0)
        where = titled([
            (tr("Copies"), row(self.out, self.browse_out, spacing=theme.MARGIN, stretch=0)),
            (tr("Patient code"), self.code),
        ])  # fmt: skip
        options = QWidget()
        list_of = QVBoxLayout(options)
        list_of.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, 0)
        list_of.setSpacing(theme.GRID)
        for name, box in self.boxes.items():
            help_of = dim(tr(OPTIONS[name].help))
            help_of.setContentsMargins(24, 0, 0, theme.GRID)
            list_of.addWidget(box)
            list_of.addWidget(help_of)
        list_of.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (section(tr("What")), self.what, self.source_row, section(tr("Where to")), where):
            column.addWidget(part)
        column.addWidget(section(tr("What may stay")))
        column.addWidget(scrolling(options), 1)

    # ---------------------------------------------------------------- what was chosen

    def plan(self, black_out: dict[int, tuple[Rectangle, ...]], *, confirmed: bool) -> Plan:
        """Return the plan; raise Refused for a code that cannot be one."""
        options = frozenset(name for name, box in self.boxes.items() if box.isChecked())
        return Plan(options, self.code.text().strip(), {}, black_out, confirmed)

    def folder(self) -> Path | None:
        """Return where the copies go."""
        text = self.out.text().strip()
        return Path(text).expanduser() if text else None

    def complaint(self) -> str:
        """Return what is missing or wrong, empty when nothing is."""
        if self.folder() is None:
            return tr("Choose a folder for the copies.")
        try:
            self.plan({}, confirmed=False)
        except Refused as refusal:
            return str(refusal)
        return ""

    def begin(self) -> None:
        """Look at the open series, or ask for a folder where none is open."""
        if not self._session.deidentifying.open_series():
            self.what.set_value(_FOLDER)
        self._what_chosen()

    def look(self) -> None:
        """Ask to look at what is chosen now."""
        if self.what.value() == _OPEN:
            self.asked.emit(self._session.deidentifying.open_series())
        elif text := self.source.text().strip():
            self.asked.emit((Path(text).expanduser(),))
        else:
            self.asked.emit(())

    # ---------------------------------------------------------------- what the user does

    def _what_chosen(self) -> None:
        self.source_row.setVisible(self.what.value() == _FOLDER)
        self.look()

    def _toggled(self, name: str, on: bool) -> None:
        if on and name in _EXCLUSIVE:
            for other in _EXCLUSIVE:
                if other != name:
                    self.boxes[other].setChecked(False)
        self.edited.emit()

    def _browse_source(self) -> None:
        start = self._session.settings.last_folder
        if folder := QFileDialog.getExistingDirectory(self, tr("Choose a folder with DICOM"), start):
            self.source.setText(folder)
            self.look()

    def _browse_out(self) -> None:
        if folder := QFileDialog.getExistingDirectory(self, tr("Choose a new or empty folder")):
            self.out.setText(folder)
            self.edited.emit()
