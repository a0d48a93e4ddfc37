"""The stages of a registration: a list to add to, remove from and put in order, the form of one, and their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.engines.registration.plans import Stage, read_stages, stages_text
from pellucid.session.registration_words import METRICS, TRANSFORMS, VARIANTS
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, dim, flat_button, row, tell
from pellucid.ui.docks.stage_form import StageForm
from pellucid.ui.forms.controls import TextLine

if TYPE_CHECKING:
    from pellucid.session import Session

_ROW = 24
_MOST_ROWS = 5


class StageEditor(QWidget):
    """Edits the stages in force; with the first change they become the user's own."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choosing = session.registering.choosing
        self._stages: tuple[Stage, ...] = ()
        self._at = 0
        self.problem = dim()
        self.problem.hide()
        self._make_list()
        line = self._make_text()
        self.form = StageForm()
        self.form.edited.connect(self._edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (self._buttons, self.list, self.form, line, self.problem):
            column.addWidget(part)
        session.registering.changed.connect(self._show)
        self._show()

    def _make_list(self) -> None:
        self.list = QListWidget()
        self.list.setProperty("frame", True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        described(self.list, tr("Stages in their order"), tr("Each stage begins where the one before it ended"))
        self.list.currentRowChanged.connect(self._select)
        self.add = flat_button("plus", tr("Add a stage"), self._add, tip=tr("Add a stage after the chosen one"))
        self.remove = flat_button("trash-can-outline", tr("Remove the stage"), self._remove)
        self.up = flat_button("arrow-up", tr("Earlier"), lambda: self._move(-1), tip=tr("Do this stage earlier"))
        self.down = flat_button("arrow-down", tr("Later"), lambda: self._move(1), tip=tr("Do this stage later"))
        self.reset = flat_button("restore", tr("Back to the method"), lambda: self._choosing.choose(stages=()),
                                 tip=tr("Take the stages of the chosen method again"))  # fmt: skip
        self._buttons = row(self.add, self.remove, self.up, self.down, QWidget(), self.reset, stretch=4)

    def _make_text(self) -> QWidget:
        self.text = TextLine()
        described(self.text, tr("Stages as text"), tr("What recipes and the command line know the stages by; type or "
                                                      "paste other ones and press Enter"))  # fmt: skip
        self.text.textEdited.connect(lambda _text: tell(self.problem, ""))
        self.text.returnPressed.connect(self._read)
        self.copy = flat_button("content-copy", tr("Copy the text"), self._copy)
        self.paste = flat_button("content-paste", tr("Paste stages"), self._paste,
                                 tip=tr("Take the stages of a text that was copied"))  # fmt: skip
        return row(self.text, self.copy, self.paste, stretch=0)

    # ---------------------------------------------------------------- showing

    def _show(self) -> None:
        stages = self._choosing.plan.stages
        if stages != self._stages:
            self._stages = stages
            self._at = min(self._at, len(stages) - 1)
            self._fill()
            if not self.text.hasFocus() or not self.text.isModified():
                self._write()
        images = (self._choosing.fixed, self._choosing.moving)
        self.form.set_lengths(known=all(image is None or image.geometry.has_lengths for image in images))
        allow(self.remove, "" if len(stages) > 1 else tr("At least one stage is needed."))
        allow(self.up, "" if self._at else tr("It is the first."))
        allow(self.down, "" if self._at < len(stages) - 1 else tr("It is the last."))
        allow(self.reset, "" if self._choosing.setup.stages else tr("These are the stages of the method."))

    def _fill(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([f"{n}  {title(stage)}" for n, stage in enumerate(self._stages, 1)])
        self.list.setCurrentRow(self._at)
        self.list.blockSignals(False)
        rows = min(len(self._stages), _MOST_ROWS)
        self.list.setFixedHeight(_ROW * rows + 2 * self.list.frameWidth() + theme.GRID)
        self.form.show_stage(self._stages[self._at])

    def _write(self) -> None:
        self.text.setText(stages_text(self._stages))
        self.text.setCursorPosition(0)
        self.text.setModified(False)
        tell(self.problem, "")

    # ---------------------------------------------------------------- from the user

    def _select(self, at: int) -> None:
        if 0 <= at < len(self._stages):
            self._at = at
            self.form.show_stage(self._stages[at])
            self._show()

    def _take(self, stages: tuple[Stage, ...], at: int) -> None:
        self._at = at
        self.text.setModified(False)
        own = stages != self._choosing.preset_plan.stages
        self._choosing.choose(stages=stages if own else ())

    def _edited(self, stage: Stage) -> None:
        self._take((*self._stages[: self._at], stage, *self._stages[self._at + 1 :]), self._at)

    def _add(self) -> None:
        at = self._at + 1
        self._take((*self._stages[:at], self._stages[self._at], *self._stages[at:]), at)

    def _remove(self) -> None:
        self._take((*self._stages[: self._at], *self._stages[self._at + 1 :]), max(0, self._at - 1))

    def _move(self, by: int) -> None:
        stages = list(self._stages)
        stages.insert(self._at + by, stages.pop(self._at))
        self._take(tuple(stages), self._at + by)

    def _read(self) -> None:
        try:
            stages = read_stages(self.text.text())
            if not stages:
                raise Refused(tr("Write at least one stage, such as “rigid metric=mattes”."))
        except Refused as refusal:
            tell(self.problem, str(refusal), "warning")
            return
        self._take(stages, 0)
        self._write()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(stages_text(self._stages))

    def _paste(self) -> None:
        self.text.setText(QGuiApplication.clipboard().text().strip())
        self._read()


def title(stage: Stage) -> str:
    """Return a stage in a few words: its transform and what it goes by."""
    by = VARIANTS[stage.variant] if stage.transform == "demons" else METRICS[stage.metric]
    return f"{tr(TRANSFORMS[stage.transform])} – {tr(by)}"
