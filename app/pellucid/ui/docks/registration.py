"""The panel “Registration”: two images, one button, what is seen while it runs, and what came of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.operations.engines.registration.plans import PRESETS
from pellucid.ui import theme
from pellucid.ui.docks.folds import Fold
from pellucid.ui.docks.parts import (
    EmptyState,
    Panel,
    allow,
    described,
    dim,
    flat_button,
    push_button,
    rule,
    scrolling,
    tell,
)
from pellucid.ui.docks.registration_course import CourseBox
from pellucid.ui.docks.registration_result import ResultBox
from pellucid.ui.docks.registration_sections import SECTIONS
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from pellucid.session import Session

NONE_OPEN = mark(
    "Registration lays one image on another. Open the one that stays, then a second one over it: in Studies, right "
    "click, Add as a layer."
)
ONE_OPEN = mark(
    "“{name}” is open and will stay where it is. Open a second image over it: in Studies, right click, Add as a layer."
)


class RegistrationPanel(Panel):
    """Shows and changes what ``session.registering`` knows."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Registration"), parent)
        self._session = session
        self._registering = session.registering
        self._choosing = session.registering.choosing
        self._was_running = False
        self.folds: dict[str, Fold] = {}
        self._make_choices()
        self._make_buttons()
        self.course, self.result, self.line = CourseBox(), ResultBox(session), rule()
        self._lay_out()
        self._registering.changed.connect(self._show)
        self._registering.progressed.connect(self._show_progress)
        self._show()

    # ---------------------------------------------------------------- assembly

    def _make_choices(self) -> None:
        self.fixed, self.moving, self.preset = Choice(), Choice(), Choice()
        described(self.fixed, tr("Fixed"), tr("The image that stays where it is"))
        described(self.moving, tr("Moving"), tr("The image that is brought onto the fixed one; its voxels stay"))
        described(self.preset, tr("Method"), tr("What is registered: a plan of stages that suits it"))
        self.fixed.chosen.connect(lambda id: self._choosing.choose(fixed=id))
        self.moving.chosen.connect(lambda id: self._choosing.choose(moving=id))
        self.preset.chosen.connect(self._choose_preset)
        self.swap = flat_button("swap-vertical", tr("Swap fixed and moving"), self._choosing.swap)
        self.help, self.asked = dim(), dim()

    def _make_buttons(self) -> None:
        self.overlay = QCheckBox(tr("Show both in red and green"))
        overlay = tr("While it runs and after: fixed red, moving green. The bar above the images ends it.")
        described(self.overlay, self.overlay.text(), overlay)
        self.overlay.setChecked(self._registering.overlay)
        self.overlay.toggled.connect(lambda on: setattr(self._registering, "overlay", on))
        begin = tr("Bring the moving image onto the fixed one; one step that can be undone")
        keep = tr("Stop, and leave the moving image where it is shown now")
        drop = tr("Stop, and leave everything as it was")
        self.begin = push_button(tr("Register"), self._begin, kind="primary", tip=begin)
        self.keep = push_button(tr("Keep"), self._registering.keep, glyph="check", tip=keep)
        self.drop = push_button(tr("Drop"), self._registering.drop, glyph="close", tip=drop)
        self.why = dim()

    def _lay_out(self) -> None:
        self.set_header(tr("Registration"))
        self.choices = QWidget()
        grid = QGridLayout(self.choices)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(theme.MARGIN)
        grid.setColumnStretch(1, 1)
        for n, (title, control) in enumerate(((tr("Fixed"), self.fixed), (tr("Moving"), self.moving),
                                              (tr("Method"), self.preset))):  # fmt: skip
            label = QLabel(title)
            label.setBuddy(control)
            grid.addWidget(label, n, 0)
            grid.addWidget(control, n, 1, 1, 1 if n < 2 else 2)
        grid.addWidget(self.swap, 0, 2, 2, 1)
        self.stopping = QWidget()
        halves = QHBoxLayout(self.stopping)
        halves.setContentsMargins(0, 0, 0, 0)
        halves.setSpacing(theme.MARGIN)
        halves.addWidget(self.keep, 1)
        halves.addWidget(self.drop, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (self.choices, self.help, self.overlay, self.asked, self.begin, self.stopping, self.why,
                     self.result, self.course, self.line):  # fmt: skip
            column.addWidget(part)
        for section in SECTIONS:
            fold = Fold(tr(section.title), partial(section.make, self._session), tr(section.tip))
            self.folds[section.title] = fold
            column.addWidget(fold)
        column.addStretch(1)
        self.empty = EmptyState("layers-triple-outline", tr(NONE_OPEN))
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.area = scrolling(body)
        self.stack.addWidget(self.area)
        self.column.addWidget(self.stack, 1)

    def open_section(self, title: str) -> QWidget:
        """Open a section by its title in English and return what is in it."""
        return self.folds[title].open()

    def show_section(self, title: str) -> None:
        """Open a section and scroll to it."""
        self.open_section(title)
        fold = self.folds[title]
        QTimer.singleShot(0, fold, lambda: self.area.verticalScrollBar().setValue(fold.y()))  # it may be taller

    # ---------------------------------------------------------------- from the session

    def _show(self) -> None:
        images, choosing = self._choosing.images(), self._choosing
        self.stack.setCurrentIndex(1 if len(images) > 1 else 0)
        self.empty.say(tr(ONE_OPEN, name=images[0].name) if images else tr(NONE_OPEN))
        running = self._registering.is_running
        for control, image in ((self.fixed, choosing.fixed), (self.moving, choosing.moving)):
            control.set_options([(image.name, image.id) for image in images])
            control.set_value(image.id if image is not None else None)
        self._show_preset()
        for widget in (self.choices, self.help, self.overlay, self.line, *self.folds.values()):
            widget.setVisible(not running)
        reason = choosing.why_not()
        allow(self.begin, reason)
        tell(self.why, "" if running else reason, "warning")
        self.begin.setVisible(not running)
        self.stopping.setVisible(running)
        tell(self.asked, self._registering.title)
        if running and not self._was_running:
            self.course.begin(self._registering.stages)
            self.course.say(tr("Looking for a start …"))
        elif self._was_running and not running:
            QTimer.singleShot(0, self, lambda: self.area.ensureWidgetVisible(self.result, 0, theme.MARGIN))
        self._was_running = running
        self._show_progress()

    def _show_preset(self) -> None:
        own = bool(self._choosing.setup.stages)
        options = [(tr(preset.title), name) for name, preset in PRESETS.items()]
        self.preset.set_options([*options, (tr("Own stages"), "own")] if own else options)
        self.preset.set_value("own" if own else self._choosing.preset)
        said = tr("The stages as you set them below: {stages}.", stages=self._choosing.how)
        self.help.setText(said if own else tr(PRESETS[self._choosing.preset].help))

    def _show_progress(self) -> None:
        registering = self._registering
        points, keeping = registering.points, registering.is_keeping
        self.course.setVisible(registering.is_running or len(points) > 1)
        if registering.is_running or registering.result is not None:
            self.course.show_points(points)
        wait = tr("It is being put in place.") if keeping else ""
        allow(self.keep, wait or ("" if registering.has_estimate else tr("There is no estimate yet.")))
        allow(self.drop, wait)

    # ---------------------------------------------------------------- from the user

    def _choose_preset(self, name: str) -> None:
        if name != "own":
            self._choosing.choose(preset=name, stages=())

    def _begin(self) -> None:
        try:
            self._registering.begin()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")

