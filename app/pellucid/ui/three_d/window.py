"""The window “3-D view”: the picture and what is chosen for it; without VTK it says what to install."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QHideEvent, QImage, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from pellucid.jobs.job import Job
from pellucid.language import mark, tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import EmptyState, allow, described, dim, flat_button, push_button, row
from pellucid.ui.forms.controls import Choice, ValueSlider
from pellucid.ui.forms.numbers import Scale
from pellucid.ui.three_d import availability
from pellucid.ui.three_d.presets import PRESETS, Preset

if TYPE_CHECKING:
    from pellucid.files.export import Report
    from pellucid.ui.main_window import MainWindow
    from pellucid.ui.three_d.following import Following
    from pellucid.ui.three_d.studio import Studio
    from pellucid.ui.three_d.view import StageView

_SIZE = QSize(860, 720)
_SIDES = (
    ("A", mark("From the front (A)")),
    ("P", mark("From the back (P)")),
    ("L", mark("From the left of the patient (L)")),
    ("R", mark("From the right of the patient (R)")),
    ("S", mark("From above (S)")),
    ("I", mark("From below (I)")),
)
HINT = mark("Drag turns · wheel zooms · middle drag moves · click puts the crosshair · double click shows all")
_SHARED = ("edit.undo", "edit.redo", "file.save")


class ThreeDWindow(QWidget):
    """One window over the session of the main window; the picture is made when it is first known that it can be."""

    def __init__(self, main: MainWindow) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._session = main.session
        self.setWindowTitle(tr("3-D view – Pellucid"))
        self.setAccessibleName(tr("3-D view"))
        self.setProperty("panel", True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.addActions([main.actions_table.by_id[name] for name in _SHARED])
        self.view: StageView | None = None
        self.following: Following | None = None
        self.studio: Studio | None = None
        self._asked = False
        self._before: Preset | None = None
        self._make_controls()
        self._lay_out()
        self._allow_sliders()
        self.resize(_SIZE)

    # ---------------------------------------------------------------- assembly

    def _make_controls(self) -> None:
        self.surfaces, self.planes = QCheckBox(tr("Surfaces")), QCheckBox(tr("Slice planes"))
        self.surfaces.setToolTip(tr("Show the labels as surfaces, in their colours"))
        self.planes.setToolTip(tr("Show the slices at the crosshair"))
        for box in (self.surfaces, self.planes):
            box.setChecked(True)
        self.preset = Choice([(tr("No volume"), None), *((tr(preset.title), preset) for preset in PRESETS)])
        self.preset.setMinimumWidth(200)
        described(self.preset, tr("Volume"), tr("Draw the active image as a volume"))
        self.strength, self.shift = ValueSlider(Scale(0.1, 10.0)), ValueSlider(Scale(-400.0, 400.0))
        self.strength.set_value(1.0)
        self.shift.set_value(0.0)
        described(self.strength, tr("Opacity"), tr("How dense the volume is"))
        described(self.shift, tr("Shift"), tr("Move the preset to lower or higher values (HU)"))
        self.sides = [push_button(side, tip=tr(tip), kind="chip") for side, tip in _SIDES]
        for button, (side, tip) in zip(self.sides, _SIDES, strict=True):
            button.setAccessibleName(tr(tip))
            button.setFixedSize(theme.CONTROL_HEIGHT, theme.CONTROL_HEIGHT)
            button.clicked.connect(partial(self._look_from, side))
        self.all = flat_button("fit-to-page-outline", tr("Show all"), self._reset, tip=tr("Show all of it (Home)"))
        self.copy = flat_button("content-copy", tr("Copy the picture"), self._copy)
        self.save = flat_button("content-save-outline", tr("Save the picture…"), self._save)

    def _lay_out(self) -> None:
        self.bar = QWidget()
        lines = QVBoxLayout(self.bar)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(theme.MARGIN)
        buttons = row(*self.sides, self.all, self.copy, self.save)
        lines.addWidget(row(self.surfaces, self.planes, QWidget(), buttons, spacing=theme.SECTION_GAP, stretch=2))
        dense, moved = (self._beside(slider) for slider in (self.strength, self.shift))
        lines.addWidget(row(dim(tr("Volume"), wrap=False), self.preset, dense, moved, spacing=theme.SECTION_GAP))
        self.hint = dim(tr(HINT))
        self.empty = EmptyState("cube-outline", tr("The 3-D view is being started…"))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.MARGIN, theme.MARGIN, theme.MARGIN, theme.MARGIN)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.bar)
        column.addWidget(self.stack, 1)
        column.addWidget(self.hint)
        for part in (self.bar, self.hint):
            part.hide()

    def _beside(self, slider: ValueSlider) -> QWidget:
        slider.setFixedWidth(120)
        return row(dim(slider.accessibleName(), wrap=False), slider, spacing=theme.MARGIN)

    def _begin(self) -> None:
        """Find out in the background whether VTK can draw, then make the picture."""
        self._asked = True

        def done(why_not: str) -> None:
            if why_not:
                self.empty.say(why_not)
            else:
                self._make_view()

        self._session.jobs.query("3-D", tr("Starting the 3-D view"), lambda _job: availability.why_not(), done,
                                 self.empty.say, quiet=True)  # fmt: skip

    def _make_view(self) -> None:
        from pellucid.ui.three_d.following import Following
        from pellucid.ui.three_d.studio import Studio
        from pellucid.ui.three_d.view import StageView

        studio = self.studio = Studio(self)
        view = self.view = StageView(studio)
        following = self.following = Following(self._session, studio, self)
        view.picked.connect(following.go_to)
        studio.failed.connect(view.tell)
        following.changed.connect(view.request)
        following.noted.connect(view.tell)
        following.image_changed.connect(self._show_presets)
        view.taken_back.connect(following.go_back)
        self.surfaces.toggled.connect(following.set_surfaces)
        self.planes.toggled.connect(following.set_planes)
        self.preset.chosen.connect(lambda _preset: self._choose_preset())
        self.strength.moved.connect(following.set_strength)
        self.shift.moved.connect(following.set_shift)
        self.stack.addWidget(view)
        self.stack.setCurrentWidget(view)
        for part in (self.bar, self.hint):
            part.show()
        self._show_presets()
        following.set_active(self.isVisible())
        view.setFocus()

    # ---------------------------------------------------------------- what the controls do

    def _choose_preset(self) -> None:
        preset, before = self.preset.value(), self._before
        self._before = preset
        self._allow_sliders()
        if preset is not None and before is None:
            self.planes.setChecked(False)  # they would hide most of it; they can be shown again
        if self.following is not None:
            self.following.set_preset(preset)

    def _allow_sliders(self) -> None:
        preset = self.preset.value()
        none = tr("Choose a volume first.") if preset is None else ""
        bright = tr("The highest values are drawn as they are.") if preset is not None and preset.brightest else ""
        follows = tr("This preset follows the window of the image.") if preset is not None else ""
        allow(self.strength, none or bright)
        allow(self.shift, none or ("" if preset is not None and preset.hounsfield else follows))

    def _show_presets(self) -> None:
        """Enable the presets that fit the active image; one that fits no more gives way to the brightest values."""
        if self.following is None:
            return
        fits = {preset.name: why_not for preset, why_not in self.following.density.presets()}
        for number, preset in enumerate(PRESETS, 1):
            item = self.preset.model().item(number)  # type: ignore[attr-defined]
            item.setEnabled(not fits[preset.name])
            item.setToolTip(fits[preset.name])
        chosen = self.preset.value()
        if chosen is not None and fits[chosen.name]:
            self.preset.set_value(PRESETS[-1])
            self._choose_preset()

    def _look_from(self, side: str, _on: bool = False) -> None:
        if self.view is not None:
            self.view.look_from(side)

    def _reset(self) -> None:
        if self.view is not None:
            self.view.reset()

    def _copy(self) -> None:
        if self.view is not None:
            pixels = self.view.pixels()
            rows, columns = pixels.shape[:2]
            picture = QImage(pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
            QGuiApplication.clipboard().setImage(picture)
            self._session.notice.emit(tr("The picture is on the clipboard."), "info")

    def _save(self) -> None:
        if self.view is None:
            return
        folder = self._session.settings.last_folder
        start = str(Path(folder) / "view-3d.png") if folder else "view-3d.png"
        name, _filter = QFileDialog.getSaveFileName(self, tr("Save the picture"), start, tr("Picture (*.png)"))
        if name:
            self.write_picture(Path(name).with_suffix(".png"))

    def write_picture(self, path: Path) -> None:
        """Write the picture to a PNG file in the background, verified."""
        session = self._session
        if self.view is None:
            return
        pixels = self.view.pixels()

        def work(_job: Job) -> Report:
            from pellucid.files.export import export_picture

            return export_picture(pixels, path)

        session.jobs.load(
            tr("Writing {name}", name=path.name), work,
            lambda report: session.notice.emit(" ".join(report.sentences), "info"),
            lambda sentence: session.notice.emit(sentence, "error"),
        )  # fmt: skip

    # ---------------------------------------------------------------- the window itself

    def open(self) -> None:
        """Come to the front."""
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the session from now on."""
        super().showEvent(event)
        if not self._asked:
            self._begin()
        elif self.following is not None:
            self.following.set_active(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest while nobody looks."""
        super().hideEvent(event)
        if self.following is not None:
            self.following.set_active(False)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Only hide; the window can be opened again."""
        event.accept()

    def finish(self) -> None:
        """Let go of everything: the main window is being closed."""
        self.close()
        if self.following is not None and self.studio is not None:
            self.following.disconnect_all()
            self.studio.close()
        self.deleteLater()
