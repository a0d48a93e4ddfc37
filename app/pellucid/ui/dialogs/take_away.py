"""The dialog “Take away”: a picture of a pane or of all panes, or a film; copied, or written and verified."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QPixmap
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from pellucid.files import movies
from pellucid.files.movies import FilmFormat
from pellucid.language import tr, tr_count
from pellucid.model.reduction import amount
from pellucid.session.filming import STILL, Film
from pellucid.ui import theme
from pellucid.ui.bridge import while_there
from pellucid.ui.canvas.picturing import AS_IT_IS, Look, Picturing, pixels_of
from pellucid.ui.dialogs.export import Card
from pellucid.ui.dialogs.film_choice import KINDS, PICTURE, FilmChoice
from pellucid.ui.dialogs.writing import WritingDialog
from pellucid.ui.docks.parts import ProgressBar, allow, described, dim, push_button, row, section, titled
from pellucid.ui.filming import FilmMaker
from pellucid.ui.forms.controls import Choice, Segmented, TextLine, translated
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.files.export import Report
    from pellucid.jobs.job import Job
    from pellucid.session import Session
    from pellucid.ui.canvas.canvas_area import CanvasArea

_PREVIEW = QSize(264, 216)
_STEMS = {"picture": "view", "slices": "slices", "cine": "cine", "turn": "turn"}


class TakeAwayDialog(WritingDialog):
    """Choose what and how, see it, copy it or write it."""

    def __init__(self, session: Session, canvas: CanvasArea, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Take away"))
        self.setMinimumWidth(680)
        self._session, self._canvas = session, canvas
        self._picturing = Picturing(canvas)
        self._pane = canvas.pane_in_use()
        self._job: Job | None = None
        self._maker: FilmMaker | None = None
        self._packed: float | None = None
        self._report: Report | None = None
        self._draw_soon = Throttle(self._draw_preview, 150, self)
        self._make_controls()
        self._lay_out()
        self._choose_kind()

    # ---------------------------------------------------------------- building

    def _make_controls(self) -> None:
        view, settings = self._session.view, self._session.settings
        self.kind = Segmented(translated(KINDS))
        self.kind.setAccessibleName(tr("Picture or film"))
        self.what = Choice([(tr("The pane in use"), False), (tr("All panes"), True)])
        self.format, self.resolution = Choice(), Choice()
        for box, name in ((self.what, tr("What")), (self.format, tr("Format")), (self.resolution, tr("Size"))):
            described(box, name)
        self.texts = QCheckBox(tr("Texts, scale bar, crosshair and annotations"))
        self.texts.setToolTip(tr("Off: only the image and the letters of orientation, which always stay"))
        self.texts.setChecked(True)
        self.identity = QCheckBox(tr("Identity of the patient"))
        self.identity.setToolTip(tr("Name, number, birth date and study in the corners. Off unless you ask for it."))
        self.identity.setChecked(settings.picture_identity and not view.hide_identity)
        self.choice = FilmChoice(self._session)
        self.preview = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.preview.setAccessibleName(tr("Preview"))
        self.preview.setFixedSize(_PREVIEW)
        self.about = dim()
        self.path = TextLine(clearButtonEnabled=True)
        described(
            self.path, tr("File"), tr("Where to write; an existing file is replaced only after the new one is verified")
        )
        self.browse = push_button(tr("Browse…"), self._browse, tip=tr("Choose folder and name"))
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.card = Card()
        self.copy = push_button(
            tr("Copy"), self._copy, tip=tr("Put the picture on the clipboard"), glyph="content-copy"
        )
        self.folder = push_button(tr("Show folder"), self._show_folder, tip=tr("Open the folder of the file"))
        self.stop = push_button(tr("Close"), self._close)
        self.go = push_button(tr("Save"), self._save, kind="primary")
        self.kind.chosen.connect(lambda _kind: self._choose_kind())
        self.format.chosen.connect(lambda _form: self._choose_format())
        for box in (self.what, self.resolution):
            box.chosen.connect(lambda _value: self._check())
        for tick in (self.texts, self.identity):
            tick.toggled.connect(lambda _on: self._check())
        self.choice.changed.connect(self._check)
        self.path.textEdited.connect(lambda _text: self._check())

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(theme.MARGIN)
        left.addWidget(self.kind)
        left.addWidget(titled(((tr("What"), self.what), (tr("Size"), self.resolution), (tr("Format"), self.format))))
        for part in (self.texts, self.identity, self.choice):
            left.addWidget(part)
        left.addStretch(1)
        right = QVBoxLayout()
        right.setSpacing(theme.MARGIN)
        right.addWidget(self.preview)
        right.addWidget(self.about)
        right.addStretch(1)
        columns = QHBoxLayout()
        columns.setSpacing(16)
        columns.addLayout(left, 1)
        columns.addLayout(right)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Take away")))
        column.addLayout(columns)
        column.addWidget(titled(((tr("File"), row(self.path, self.browse, spacing=theme.MARGIN, stretch=0)),)))
        column.addWidget(self.card)
        column.addWidget(self.bar)
        column.addStretch(1)
        buttons = (self.folder, QWidget(), self.copy, self.stop, self.go)
        column.addWidget(row(*buttons, spacing=theme.MARGIN, stretch=1))
        for widget in (self.bar, self.folder, self.card):
            widget.hide()

    # ---------------------------------------------------------------- what is chosen

    def look(self) -> Look:
        """Return what the pictures are to show."""
        pane = None if self.what.value() else self._pane
        return Look(pane, self.resolution.value() or 1, self.texts.isChecked(), self.identity.isChecked())

    def film(self) -> Film | None:
        """Return the film that is chosen; None for a single picture, or while a number cannot be used."""
        return None if self._obstacle() else self.choice.film()

    def _choose_kind(self) -> None:
        kind, state = self.kind.value(), self._pane.state if self._pane is not None else None
        for button, (_title, value) in zip(self.kind.buttons, KINDS, strict=True):
            described(button, button.text())
            allow(button, self.choice.obstacle(value, state))
        self.choice.show_kind(kind, state)
        before = self.format.value()
        forms = movies.PICTURES if kind == PICTURE else movies.FILMS
        self.format.set_options([(tr(form.title), form) for form in forms])
        self.format.set_value(before)
        for number, form in enumerate(forms):
            self._allow_format(number, movies.film_obstacle(form, 1, (1, 1)) if kind != PICTURE else "")
        self.path.setText(str(self._folder() / _STEMS[kind]))
        self._choose_format()

    def _allow_format(self, number: int, why_not: str) -> None:
        item = self.format.model().item(number)  # type: ignore[attr-defined]
        item.setEnabled(not why_not)
        item.setToolTip(why_not)

    def _choose_format(self) -> None:
        form: FilmFormat = self.format.value()
        text = self.path.text().strip()
        if text:
            stem = Path(text)
            known = {each.extension for each in (*movies.FILMS, *movies.PICTURES)}
            stem = stem.with_suffix("") if stem.suffix.lower() in known else stem
            self.path.setText(str(stem if form.folder else stem.with_name(stem.name + form.extension)))
        self._check()

    def _browse(self) -> None:
        form: FilmFormat = self.format.value()
        wanted = "" if form.folder else f"*{form.extension}"
        name, _filter = QFileDialog.getSaveFileName(self, tr("Take away to"), self.path.text(), wanted)
        if name:
            self.path.setText(name)
            self._choose_format()

    # ---------------------------------------------------------------- before writing

    def _check(self) -> None:
        """Show what the choice gives: the picture, its size, how many, how long, or why it cannot be."""
        self.folder.hide()
        self._show_sizes()
        self._draw_soon.request()
        self._tell()

    def _show_sizes(self) -> None:
        before = self.resolution.value() or 1
        base = self._picturing.size(Look(None if self.what.value() else self._pane))
        options = [(f"{scale}×: {base[0] * scale} × {base[1] * scale}", scale) for scale in (1, 2, 4)]
        self.resolution.set_options(options)
        self.resolution.set_value(before)

    def _tell(self) -> None:
        busy = tr("It is being written.") if self._job is not None else ""
        obstacle = self._obstacle()
        film = None if obstacle else self.choice.film()
        form: FilmFormat = self.format.value()
        size = self._picturing.size(self.look())
        if film is not None and not obstacle:
            obstacle = movies.film_obstacle(form, len(film), size)
        if obstacle and not busy:
            self.card.show_lines([obstacle], "danger", tr("This cannot be written"))
            self.card.show()
        elif not busy:
            burned = self._burned_in()
            lines = [line for line in (burned, tr(form.note) if form.note else "") if line]
            self.card.setVisible(bool(lines))
            self.card.show_lines(lines, "warning" if burned or form.lossy else "good")
        self.about.setText(summary(film, form, size, self._packed))
        allow(self.go, busy or obstacle)
        allow(self.copy, busy or ("" if self.kind.value() == PICTURE else tr("A film cannot be copied; save it.")))

    def _burned_in(self) -> str:
        """Return what to look at before a picture without identity is given away, or nothing."""
        images = [layer for layer in self._session.document.images if layer.visible]
        if self.identity.isChecked() or not any(layer.volume.acquisition.may_be_burned_in for layer in images):
            return ""
        return tr("The image itself may hold texts that name the patient: they stay. Look at it before you pass it on.")

    def _obstacle(self) -> str:
        kind = self.kind.value()
        text = self.path.text().strip()
        form: FilmFormat = self.format.value()
        state = self._pane.state if self._pane is not None else None
        why = self.choice.obstacle(kind, state) or self.choice.complaint()
        if why:
            return why
        if not text:
            return tr("Give the file a name.")
        path = Path(text).expanduser()
        if not path.parent.is_dir():
            return tr("The folder “{parent}” does not exist. Choose another one.", parent=path.parent)
        if form.folder:
            return (
                tr("“{name}” is there already. Choose another name for the folder.", name=path.name)
                if path.exists()
                else ""
            )
        return (
            ""
            if path.suffix.lower() == form.extension
            else tr("The name must end in {extension}.", extension=form.extension)
        )

    def _draw_preview(self) -> None:
        """Draw the first picture small; how far it packs tells how large the files will be."""
        if self._job is not None:
            return
        film = self.film()
        look = self.look()
        small = Look(look.pane, 1, look.texts, look.identity)
        picture = self._picturing.picture(small, film.scenes[0] if film is not None else AS_IT_IS, patience=0.2)
        raw = pixels_of(picture).tobytes()
        self._packed = len(zlib.compress(raw[: 1 << 21], 1)) / min(len(raw), 1 << 21)
        picture.setDevicePixelRatio(1.0)
        ratio = self.devicePixelRatioF()
        shown = QPixmap.fromImage(picture).scaled(
            _PREVIEW * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        shown.setDevicePixelRatio(ratio)
        self.preview.setPixmap(shown)
        self._tell()

    # ---------------------------------------------------------------- copying and writing

    def _copy(self) -> None:
        picture = self._picturing.picture(self.look())
        picture.setDevicePixelRatio(1.0)
        QGuiApplication.clipboard().setImage(picture)
        self.card.show_lines([tr("The picture is on the clipboard.")], "good")
        self.card.show()

    def _save(self) -> None:
        path = Path(self.path.text().strip()).expanduser()
        film, form = self.choice.film(), self.format.value()
        self._report = None
        settings = self._session.settings
        settings.last_folder, settings.picture_identity = str(path.parent), self.identity.isChecked()
        self._session.playing.pause()
        self._maker = FilmMaker(self._session, self._picturing, while_there(self, self._done), self)
        self._job = self._maker.make(film or STILL, self.look(), path, form)
        self.bar.show()
        self.stop.setText(tr("Cancel"))
        self.card.hide()
        self._job.changed.connect(self._advance)
        self._tell()
        self._advance()

    def _advance(self) -> None:
        job = self._job
        if job is None:
            return
        self.bar.setValue(round(job.progress * 1000))
        written = self._report
        if job.finished and (written is not None or job.state.value != "done"):  # done is told before it is handed over
            job.changed.disconnect(self._advance)
            self._job = None
            self.bar.hide()
            self.stop.setText(tr("Close"))
            self._tell()
            if job.error:
                self.card.show_lines([job.error], "danger", tr("Nothing was written"))
            elif job.state.value == "cancelled":
                self.card.show_lines([tr("Cancelled; nothing was written.")], "warning")
            elif written is not None:
                self.card.show_lines(
                    written.sentences, "good", tr("“{name}” was written and verified", name=written.path.name)
                )
                self.folder.show()
            self.card.show()

    def _done(self, report: Report) -> None:
        self._report = report
        self._advance()

    def _show_folder(self) -> None:
        if self._report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report.path.parent)))

    def _stop_writing(self, job: Job) -> None:
        job.cancel()
        if self._maker is not None:
            self._maker.stop()


def summary(film: Film | None, form: FilmFormat, size: tuple[int, int], packed: float | None) -> str:
    """Return how many pictures of which size there will be, how long the film is and about how large the file."""
    nbytes = amount(movies.expected_size(form, len(film) if film is not None else 1, size, packed))
    if film is None:
        return tr("{size} pixels, about {amount}", size=f"{size[0]} × {size[1]}", amount=nbytes)
    return tr_count(
        "{count} picture of {size} pixels, {seconds:.2f} s, about {amount}",
        "{count} pictures of {size} pixels, {seconds:.2f} s, about {amount}",
        len(film),
        size=f"{size[0]} × {size[1]}",
        seconds=film.seconds,
        amount=nbytes,
    )
