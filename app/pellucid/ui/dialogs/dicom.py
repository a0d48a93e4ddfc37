"""The dialog “Export DICOM”: what, about whom, how exactly – what is lost is said before – and where to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from pellucid.dicom.deidentify.finishing import Finisher
from pellucid.dicom.writing.compressing import JPEG_2000, JPEG_LS, NONE, RLE
from pellucid.dicom.writing.request import EXACT, WORDS, Request, Subject
from pellucid.files.new_folder import obstacle
from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, Layer
from pellucid.session import dicom_writing
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.canvas.picturing import Look, Picturing, pixels_of
from pellucid.ui.dialogs.dicom_targets import What, align, choices, free_name, of_cleaning
from pellucid.ui.dialogs.export import Card
from pellucid.ui.dialogs.export_targets import Target, file_name
from pellucid.ui.dialogs.writing import WritingDialog, show_no_result
from pellucid.ui.docks.parts import ProgressBar, allow, described, make_room, push_button, row, section, titled
from pellucid.ui.forms.controls import Choice, Segmented, TextLine, translated
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.files.export import Report
    from pellucid.jobs.job import Job
    from pellucid.session import Session
    from pellucid.session.dicom_writing import Planned
    from pellucid.ui.canvas.canvas_area import CanvasArea

COMPRESSIONS = ((mark("None"), NONE), (mark("RLE"), RLE), (mark("JPEG-LS"), JPEG_LS), (mark("JPEG 2000"), JPEG_2000))
NUMBERS = ((mark("Exact"), EXACT), (mark("16 bits"), WORDS))


class DicomDialog(WritingDialog):
    """Choose, read what it becomes and what is lost, write, read what was verified."""

    def __init__(self, session: Session, canvas: CanvasArea, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export DICOM"))
        self.setMinimumWidth(560)
        self._session, self._canvas = session, canvas
        self._pane = canvas.pane_in_use()
        self._job: Job | None = None
        self._planned: Planned | None = None
        self._why_not = ""
        self._asked = object()
        self._report: Report | None = None
        self._proposed = ""
        self._ask_soon = Throttle(self._ask, 150, self)
        self._make_controls()
        self._lay_out()
        self._choose_what()

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        view, settings = self._session.view, self._session.settings
        self.what = Choice(choices(self._session))
        self.name, self.number, self.patient, self.patient_id = (TextLine(clearButtonEnabled=True) for _ in range(4))
        self.numbers = Segmented(translated(NUMBERS))
        self.compression = Segmented(translated(COMPRESSIONS))
        self.identity = QCheckBox(tr("Patient, and texts that name the patient"))
        self.identity.setToolTip(tr("Off: the picture names nobody and joins no study, neither in it nor beside it"))
        self.identity.setChecked(settings.picture_identity and not view.hide_identity)
        self.clean = QCheckBox(tr("De-identify"))
        self.clean.setToolTip(tr("By the Basic Profile of DICOM (PS3.15 Annex E), in everything that is written"))
        self.accept_loss = QCheckBox(tr("Export nevertheless"))
        self.accept_loss.setToolTip(tr("I have read what will not be kept"))
        self.path = TextLine(clearButtonEnabled=True)
        described(self.what, tr("What to export"))
        described(self.name, tr("Description"), tr("The description of the new series; cut at 64 characters"))
        described(self.number, tr("Series number"), tr("A whole number, or nothing"))
        described(self.patient, tr("Patient's name"), tr("Family, given. Nothing is written unless you fill it in."))
        described(self.patient_id, tr("Patient's number"), tr("Nothing is written unless you fill it in."))
        described(self.path, tr("Folder"), tr("A new folder; it appears when everything in it was read back"))
        self.numbers.setAccessibleName(tr("Numbers"))
        self.numbers.buttons[0].setToolTip(tr("Every value comes back as it is, if need be as floating-point numbers"))
        self.numbers.buttons[1].setToolTip(tr("What every program opens; the largest difference is stated before"))
        self.compression.setAccessibleName(tr("Compression"))
        self.compression.setToolTip(tr("Without loss: every value comes back as it is. Few programs open JPEG-LS."))
        self.browse = push_button(tr("Browse…"), self._browse, tip=tr("Choose folder and name"))
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.card = Card()
        self.folder = push_button(tr("Show folder"), self._show_folder, tip=tr("Open the new folder"))
        self.send = push_button(tr("Send to a server…"), self._send, tip=tr("Send what was written to a PACS"))
        self.stop = push_button(tr("Close"), self._close)
        self.go = push_button(tr("Export"), self._export, kind="primary")
        self._connect()

    def _connect(self) -> None:
        self.what.chosen.connect(lambda _what: self._choose_what())
        for choice in (self.numbers, self.compression):
            choice.chosen.connect(lambda _value: self._ask_soon.request())
        self.identity.toggled.connect(lambda _on: self._tell())
        self.clean.toggled.connect(lambda _on: self._show_who())
        self.accept_loss.toggled.connect(lambda _on: self._update_button())
        for box in (self.path, self.number):
            box.textEdited.connect(lambda _text: self._tell())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        self.who = titled(((tr("Patient"), self.patient), (tr("Patient's number"), self.patient_id)))
        self.exactness = titled(((tr("Numbers"), row(self.numbers)),))
        self.packing = titled(((tr("Compression"), row(self.compression)),))
        controls = (
            (tr("What"), self.what),
            (tr("Description"), self.name),
            (tr("Series number"), self.number),
            (tr("Folder"), row(self.path, self.browse, spacing=theme.MARGIN, stretch=0)),
        )
        first = titled(controls)
        align(first, self.who, self.exactness, self.packing)
        parts = (section(tr("Export DICOM")), first, self.who, self.exactness, self.packing, self.identity,
                 self.clean, self.card, self.accept_loss, self.bar)  # fmt: skip
        for part in parts:
            column.addWidget(part)
        column.addStretch(1)
        column.addWidget(row(self.folder, self.send, QWidget(), self.stop, self.go, spacing=theme.MARGIN, stretch=2))
        for widget in (self.bar, self.folder, self.send):
            widget.hide()
        self.go.setDefault(True)

    # ---------------------------------------------------------------- before writing

    def _choose_what(self) -> None:
        what: What = self.what.value()
        layer = what.layer
        known = dicom_writing.subject_of(self._session, layer) if layer is not None else Subject()
        for line in (self.patient, self.patient_id):
            hide = self._session.view.hide_identity
            line.setEchoMode(QLineEdit.EchoMode.Password if hide else QLineEdit.EchoMode.Normal)
        self.patient.setText(known.name)
        self.patient_id.setText(known.id)
        self.exactness.setVisible(isinstance(layer, ImageLayer) and not layer.volume.is_colour)
        self.packing.setVisible(isinstance(layer, ImageLayer))
        self.identity.setVisible(layer is None)
        self.clean.setVisible(layer is not None)
        self._show_who()
        self._propose()
        self.name.setText(tr("View") if layer is None else layer.name)
        self._ask()

    def _stem_of(self, layer: Layer) -> str:
        return file_name(Target("", layer), "", self._session.concealing.nameless)

    def _propose(self) -> None:
        """Propose a folder that is not there yet; layers may be named after the patient."""
        layer = self.what.value().layer
        stem = "picture" if layer is None else "De-identified" if self._cleans() else self._stem_of(layer)
        self._proposed = str(free_name(self._folder() / f"{stem} DICOM"))
        self.path.setText(self._proposed)

    def _show_who(self) -> None:
        """Ask who it is about only where no file says so and it is written."""
        layer = self.what.value().layer
        if self.path.text() == self._proposed:
            self._propose()
        named = layer is None or bool(dicom_writing.source_files(self._session, layer))
        self.who.setVisible(not named and not self.clean.isChecked())
        self._tell()

    def _ask(self) -> None:
        """Ask what the choice becomes; a large image takes a while."""
        what: What = self.what.value()
        self._planned, self._why_not, self._asked = None, "", object()
        asked = self._asked
        self.accept_loss.setChecked(False)
        if what.layer is not None:
            dicom_writing.plan(
                self._session, what.layer, self._request(),
                while_there(self, lambda planned: self._answered(asked, planned)),
                while_there(self, lambda text: self._answered(asked, None, text)),
            )  # fmt: skip
        self._tell()

    def _answered(self, asked: object, planned: Planned | None, why_not: str = "") -> None:
        """Take an answer, unless something else was chosen meanwhile."""
        if asked is self._asked:
            self._planned, self._why_not = planned, why_not
            self._tell()

    def _tell(self) -> None:
        """Say what will be written and what is lost, or why it cannot be."""
        for widget in (self.folder, self.send):
            widget.hide()
        planned, why = self._planned, self._obstacle()
        losses = planned.losses if planned is not None else ()
        if why:
            self.card.show_lines([why], "danger", tr("This cannot be written"))
        elif losses:
            self.card.show_lines([*losses, *self._of_cleaning()], "warning", tr("Not kept"))
        elif planned is not None:
            said = [tr("It becomes: {title}. Values and places are read back.", title=planned.title)]
            said += [*planned.remarks, *self._of_cleaning()]
            self.card.show_lines(said, "warning" if len(said) > 1 else "good")
        else:
            self.card.show_lines([self._of_picture()], "good")
        self.accept_loss.setVisible(bool(losses) and not why)
        self._update_button()
        make_room(self)

    def _of_cleaning(self) -> list[str]:
        layer = self.what.value().layer
        return of_cleaning(dicom_writing.image_of(self._session, layer)) if self._cleans() else []

    def _cleans(self) -> bool:
        return self.clean.isChecked() and self.what.value().layer is not None

    def _of_picture(self) -> str:
        if self.what.value().layer is not None:
            return tr("Looking at what will be written…")
        if self.identity.isChecked():
            return tr("The picture joins patient and study of the image; texts in it name the patient.")
        image = self._session.document.active_image
        if image is not None and image.volume.acquisition.may_be_burned_in:
            return tr("The image itself may hold texts that name the patient: they stay. Look at it before you pass it "
                      "on.")  # fmt: skip
        return tr("The picture names nobody and joins no study.")

    def _obstacle(self) -> str:
        text, number = self.path.text().strip(), self.number.text().strip()
        if not text:
            return tr("Give the folder a name.")
        if number and not (number.isascii() and number.isdecimal() and len(number) <= 9):
            return tr("The series number must be a whole number.")
        return self._why_not or obstacle(Path(text).expanduser())

    def _update_button(self) -> None:
        waiting = self.what.value().layer is not None and self._planned is None
        unread = bool(self._planned and self._planned.losses) and not self.accept_loss.isChecked()
        busy = tr("It is being written.") if self._job is not None else ""
        tick = tr("Tick “Export nevertheless” first.") if unread else ""
        allow(self.go, busy or self._obstacle() or (tr("Looking at what will be written…") if waiting else tick))

    def _request(self) -> Request:
        number, layer = self.number.text().strip(), self.what.value().layer
        known = dicom_writing.subject_of(self._session, layer) if layer is not None else Subject()
        return Request(
            subject=replace(known, name=self.patient.text().strip(), id=self.patient_id.text().strip()),
            description=self.name.text().strip(), number=int(number) if number.isdecimal() else None,
            numbers=self.numbers.value(), finish=Finisher() if self._cleans() else None,
            compression=self.compression.value() if isinstance(layer, ImageLayer) else NONE,
        )  # fmt: skip

    def _browse(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, tr("Export to a new folder"), self.path.text())
        if name:
            self.path.setText(name)
            self._tell()

    # ---------------------------------------------------------------- writing and after

    def _export(self) -> None:
        what: What = self.what.value()
        folder = Path(self.path.text().strip()).expanduser()
        self._report = None
        self._session.settings.last_folder = str(folder.parent)
        try:
            job = self._begin(what, folder)
        except Refused as refusal:
            self._answered(self._asked, None, str(refusal))
            return
        self._watch(job)
        self.accept_loss.hide()
        self._update_button()
        self._advance()

    def _begin(self, what: What, folder: Path) -> Job:
        session, request, done = self._session, self._request(), while_there(self, self._done)
        if what.layer is not None:
            return dicom_writing.write_layer(session, what.layer, what.kinds, folder, request, done)
        identity = self.identity.isChecked()
        look = Look(self._pane, identity=identity)
        pixels = pixels_of(Picturing(self._canvas).picture(look))
        return dicom_writing.write_picture(
            session, pixels, session.document.active_image, folder, request, texts=True, identity=identity,
            done=done,
        )  # fmt: skip

    def _advance(self) -> None:
        job = self._ended(handed_over=self._report is not None)
        if job is None:
            return
        if not show_no_result(self.card, job) and self._report is not None:
            self.card.show_lines(self._report.sentences, "good", tr("Written and verified"))
            self.folder.show()
            self.send.show()
        self._update_button()
        make_room(self)

    def _done(self, report: Report) -> None:
        self._report = report
        self._advance()

    def _send(self) -> None:
        from pellucid.ui.dialogs.send import show_send

        if self._report is not None:
            show_send(self._session, self, self._report.path)

    def _show_folder(self) -> None:
        if self._report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report.path)))
