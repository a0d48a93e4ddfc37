"""The panel “Recipe”: the steps that made the active image or label, each of which can still be changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QMenu, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.recipes import together
from pellucid.session.chains import Chain
from pellucid.ui import theme
from pellucid.ui.docks.operations import ROOM_FOR_BOTH
from pellucid.ui.docks.parts import Elided, EmptyState, Panel, allow, dim, flat_button, push_button, tell
from pellucid.ui.docks.recipe_choice import OperationChoice
from pellucid.ui.docks.recipe_list import StepList, rows_of
from pellucid.ui.docks.recipe_menus import RecipeMenus
from pellucid.ui.docks.recipe_step import StepCard
from pellucid.ui.docks.recipe_words import note, subject
from pellucid.ui.docks.watching import LayerWatch

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation
    from pellucid.session import Session
    from pellucid.session.recipes import Failure

_EMPTY, _STEPS = range(2)
_HINT, _CARD, _CHOOSE, _NOTE = range(4)
_ANY_HEIGHT = 16_777_215  # what Qt calls QWIDGETSIZE_MAX
_WATCHED = ("provenance", "active_label", "frame", "frames", "name", "labels", "table")


class RecipePanel(Panel):
    """The list of steps above, the step that is chosen below."""

    code_asked = Signal()
    """Emitted when the steps shall be seen as Python."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Recipe"), parent)
        self._session = session
        self._operations: Mapping[str, Operation] = {}
        self._asked = False
        self._insert_at = 0
        self._in_front = True
        self._chain: Chain | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        self.menus = RecipeMenus(session, self)
        self._build()
        self._watch = LayerWatch(lambda what: self._soon.start() if what in _WATCHED else None)
        session.document.active_changed.connect(self._follow)
        session.document.inserted.connect(lambda _layer: self._soon.start())
        session.document.removed.connect(lambda _layer: self._soon.start())
        session.recipes.failed.connect(self._failed)
        session.recipes.selected_changed.connect(lambda _n: self._soon.start())
        session.preview_state.connect(self.card.preview_state)
        session.running.remarked.connect(self.card.remarked)
        self._follow(session.document.active)

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        self.insert = flat_button("playlist-plus", tr("Insert a step"), self.ask_step)
        self.code = flat_button("language-python", tr("Show as Python"), self.code_asked.emit)
        self.more = flat_button("dots-vertical", tr("More"), lambda: self._pop_up(self.menus.more()))
        self.set_header(tr("Recipe"), self.insert, self.code, self.more)
        self.subject = Elided()
        self.list = StepList()
        self.list.currentRowChanged.connect(self._choose)
        self.list.switched.connect(lambda n, on: self.attempt(lambda: self._session.recipes.set_enabled(n, on)))
        self.list.removed.connect(lambda n: self.attempt(lambda: self._session.recipes.remove(n)))
        self.list.customContextMenuRequested.connect(self._context)
        self.message = QLabel("", wordWrap=True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.hide()
        self.card = StepCard(self._session)
        self.card.closed.connect(self.close_step)
        self.card.inserted.connect(self._inserted)
        self.choice = OperationChoice()
        self.choice.chosen.connect(self._take_new)
        self.choice.cancelled.connect(self.close_step)
        self.hint, self.note = dim(tr("Choose a step to change it.")), dim()
        self.stack = QStackedWidget()
        for page in (self.hint, self.card, self.choice, self.note):
            self.stack.addWidget(page)
        self.stack.currentChanged.connect(lambda _page: self._fold())
        for label in (self.hint, self.note):
            label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.pages = QStackedWidget()
        self.load = push_button(tr("Load a recipe…"), self.menus.load)
        self.empty = EmptyState("playlist-edit", "", self.load)
        self.pages.addWidget(self.empty)
        self.pages.addWidget(self._steps_page())
        self.column.addWidget(self.pages, 1)

    def _steps_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part, share in ((self.subject, 0), (self.list, 3), (self.message, 0), (self.stack, 5)):
            column.addWidget(part, share)
        return page

    def _fold(self) -> None:
        """Let the list and the summary make room for the form of a step where there is little."""
        tight = self.stack.currentIndex() == _CARD and self.height() < ROOM_FOR_BOTH
        self.list.set_short(tight)
        line = {_HINT: self.hint, _NOTE: self.note}.get(self.stack.currentIndex())
        self.stack.setMaximumHeight(line.sizeHint().height() if line is not None else _ANY_HEIGHT)
        self.card.summary.setVisible(not tight)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold or unfold the list."""
        super().resizeEvent(event)
        self._fold()

    # ---------------------------------------------------------------- following the document

    def _follow(self, layer: object) -> None:
        self._watch.on(self._session.document.active)
        self.say("")
        self.close_step()
        self._soon.start()

    def refresh(self) -> None:
        """Show the steps as they are now."""
        chain = self._session.recipes.chain()
        if self._moved_on(chain):
            self.say("")
            self.close_step()
        self._chain = chain
        steps = chain.steps if chain is not None else ()
        why = "" if chain is not None else tr("Open an image first.")
        allow(self.insert, why or (self._session.recipes.why_not(chain) if chain is not None else ""))
        allow(self.code, "" if steps else tr("There are no steps yet."))
        inserting = self.stack.currentIndex() == _CHOOSE or (self.card.position is not None and self.card.is_new)
        if chain is None or not (steps or inserting):
            self._show_empty(chain)
            return
        if not self._operations:
            self._load_registry()
            return
        self.pages.setCurrentIndex(_STEPS)
        self.subject.setText(subject(chain))
        self.list.set_rows(rows_of(chain, self._session.recipes.failure, self._session.recipes.unit(chain)))
        selected = self._session.recipes.selected
        self._mark(selected if selected is not None and selected < len(steps) else None)

    def _failed(self, failure: Failure | None) -> None:
        """Say why a step could not be taken, unless its card does."""
        if failure is not None and not self.card.isVisible():
            self.say(failure.sentence, "danger")
        self._soon.start()

    def _moved_on(self, chain: Chain | None) -> bool:
        before = self._chain
        if before is None or chain is None:
            return (before is None) != (chain is None)
        return before.layer is not chain.layer or before.label != chain.label

    def _show_empty(self, chain: Chain | None) -> None:
        self.pages.setCurrentIndex(_EMPTY)
        self.card.clear()
        self.load.setVisible(chain is not None)
        if chain is None:
            self.empty.say(tr("Open an image. What is done to it becomes a recipe here, step by step."))
        else:
            self.empty.say(
                tr("“{name}” has no steps yet. Each filter, threshold and brush stroke becomes one; change it here "
                   "later, and what follows is taken again.", name=subject(chain))
            )  # fmt: skip

    def _load_registry(self) -> None:
        """Read the registry in the background the first time: it loads SimpleITK."""

        def done(operations: Mapping[str, Operation]) -> None:
            self._operations = operations
            self.refresh()

        if not self._asked:
            self._asked = True
            running = self._session.running
            self._session.jobs.query(
                "operations recipe", tr("Reading the operations"), lambda _job: running.operations(), done, quiet=True
            )

    # ---------------------------------------------------------------- the chosen step

    def _choose(self, n: int) -> None:
        self.say("")
        if self.card.is_new or self.stack.currentIndex() == _CHOOSE:
            self.card.clear()
            self.stack.setCurrentIndex(_HINT)
        self._session.recipes.selected = n if n >= 0 else None
        self._show_step(n if n >= 0 else None)

    def _mark(self, n: int | None) -> None:
        """Mark the chosen row and show its step."""
        self.list.blockSignals(True)
        self.list.setCurrentRow(-1 if n is None else n)
        self.list.blockSignals(False)
        if not self.card.is_new and self.stack.currentIndex() != _CHOOSE:
            self._show_step(n)

    def _show_step(self, n: int | None) -> None:
        chain = self._chain
        if chain is None or n is None or n >= len(chain.steps):
            self.card.clear()
            self.stack.setCurrentIndex(_HINT)
            return
        step = chain.steps[n]
        operation = together.declaration(step.operation) or self._operations.get(step.operation)
        why = self._session.recipes.why_not(chain)
        if operation is None or why:
            self.card.clear()
            self.note.setText(why or note(chain, n))
            self.stack.setCurrentIndex(_NOTE)
            return
        self.card.show_step(n, step, operation)
        self.stack.setCurrentIndex(_CARD)

    def close_step(self) -> None:
        """Choose no step; what Escape does."""
        self.card.clear()
        self.stack.setCurrentIndex(_HINT)
        self._session.recipes.selected = None
        self._mark(None)
        self._soon.start()

    # ---------------------------------------------------------------- a new step

    def ask_step(self, position: int | None = None) -> None:
        """Let the user choose an operation for a step: before a position, after the chosen step, or at the end."""
        chain, recipes = self._session.recipes.chain(), self._session.recipes
        if chain is None:
            return
        if not self._operations:
            self._operations = self._session.running.operations()
        here = recipes.selected
        self._insert_at = position if position is not None else len(chain.steps) if here is None else here + 1
        kind = recipes.kind_before(chain, self._insert_at)
        fitting = [one for one in self._operations.values() if one.inputs[0] == kind == one.output]
        self.card.clear()
        self.stack.setCurrentIndex(_CHOOSE)
        self.refresh()
        self.choice.offer(fitting, self._insert_at)

    def _take_new(self, operation_id: str) -> None:
        self.card.show_new(self._insert_at, self._operations[operation_id])
        self.stack.setCurrentIndex(_CARD)
        if self.card.form is not None:
            self.card.form.setFocus()

    def _inserted(self, position: int) -> None:
        """Look at the new step once it is there."""
        self._session.recipes.selected = position

    # ---------------------------------------------------------------- menus, keys

    def attempt(self, action: Callable[[], object]) -> None:
        """Do something the user asked for; a refusal becomes a sentence below the list."""
        self.say("")
        try:
            action()
        except Refused as refusal:
            self.say(str(refusal), "warning")

    def say(self, sentence: str, tone: str = "") -> None:
        """Show a sentence below the list."""
        tell(self.message, sentence, tone)

    def _context(self, where: QPoint) -> None:
        item = self.list.itemAt(where)
        if item is not None:
            self.menus.of_step(self.list.row(item)).popup(self.list.viewport().mapToGlobal(where))

    def _pop_up(self, menu: QMenu) -> None:
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the step with Escape; Ctrl+Enter updates; the menu key opens the menu of the step."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape and self.stack.currentIndex() != _HINT:
            self.close_step()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.card.run.apply.isEnabled():
            self.card.apply(False)
        else:
            super().keyPressEvent(event)

    def set_in_front(self, on: bool) -> None:
        """Drop the preview when the panel goes behind another tab."""
        if not on and self._in_front:
            self.card.stop_preview()
        self._in_front = on

    def showEvent(self, event: QShowEvent) -> None:
        """Show what has happened meanwhile."""
        super().showEvent(event)
        self._soon.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Drop the preview when the panel is hidden."""
        super().hideEvent(event)
        if not event.spontaneous():
            self.card.stop_preview()
