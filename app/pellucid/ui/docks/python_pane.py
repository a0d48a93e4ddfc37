"""The panel “Python”: the steps of the active layer as plain lines, to copy or to save as a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QFontDatabase, QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from pellucid.jobs.job import Job
from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.recipes.python_code import steps_rule
from pellucid.ui import theme
from pellucid.ui.docks.code_colours import PythonColours
from pellucid.ui.docks.parts import Elided, EmptyState, Panel, allow, described, flat_button, tell
from pellucid.ui.docks.recipe_menus import plain_name
from pellucid.ui.docks.watching import LayerWatch

if TYPE_CHECKING:
    from pellucid.session import Session

FILTER = mark("Python script (*.py)")
_WATCHED = ("provenance", "active_label", "frame", "name", "labels")


@dataclass(frozen=True)
class Written:
    """The lines of the chosen step and of all of them, and the line that runs them; or why there are none."""

    step: str = ""
    whole: str = ""
    command: str = ""
    step_refused: str = ""
    refused: str = ""


class PythonPanel(Panel):
    """Code in a fixed-width font; what cannot be written is said in a sentence."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Python"), parent)
        self._session = session
        self._written = Written()
        self._job: Job | None = None
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        self._build()
        self._watch = LayerWatch(lambda what: self._soon.start() if what in _WATCHED else None)
        session.document.active_changed.connect(self._follow)
        session.recipes.selected_changed.connect(lambda _n: self._soon.start())
        self._follow(session.document.active)

    def _build(self) -> None:
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=tr("Copy the code that is shown"))
        self.save = flat_button("content-save-outline", tr("Save as script…"), self._save)
        self.set_header(tr("Python"), self.copy, self.save)
        self.whole = QCheckBox(tr("Whole recipe"))
        described(self.whole, tr("Whole recipe"), tr("Show all steps as one script, not only the chosen one"))
        self.whole.setChecked(True)
        self.whole.toggled.connect(self._show)
        self.code = QPlainTextEdit(readOnly=True)
        self.code.setAccessibleName(tr("Python code"))
        self.code.setProperty("frame", True)
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setTabChangesFocus(True)
        self.code.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._colours = PythonColours(self.code.document())
        self.message = QLabel("", wordWrap=True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.command = Elided()
        self.command.setProperty("dim", True)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part, share in ((self.whole, 0), (self.message, 0), (self.code, 1), (self.command, 0)):
            column.addWidget(part, share)
        column.addStretch(0)  # takes the room where there is a sentence in place of the code
        self.pages = QStackedWidget()
        said = tr("The steps of the active image or label stand here as a Python script that runs without Pellucid.")
        self.pages.addWidget(EmptyState("language-python", said))
        self.pages.addWidget(page)
        self.column.addWidget(self.pages, 1)

    # ---------------------------------------------------------------- following the document

    def _follow(self, _layer: object) -> None:
        self._watch.on(self._session.document.active)
        self._soon.start()

    def refresh(self) -> None:
        """Write the code anew, in the background: the first time that loads SimpleITK."""
        if not self.isVisible():
            return
        recipes = self._session.recipes
        chain = recipes.chain()
        if self._job is not None:
            self._job.cancel()  # it would answer after this, with the steps of a layer that is not shown any more
        if chain is None or not chain.steps:
            self._take(Written())
            return
        selected = recipes.selected

        def work(_job: Job) -> Written:
            from pellucid.recipes.python_code import command, script, step_code

            def attempt(write: Callable[[], str]) -> tuple[str, str]:
                try:
                    return write(), ""
                except Refused as refusal:
                    return "", str(refusal)

            try:
                recipe, start = recipes.nameless(recipes.of(chain.layer)), recipes.script_start(chain)
            except Refused as refusal:
                return Written(refused=str(refusal), step_refused=str(refusal))
            whole, refused = attempt(lambda: script(recipe, start))
            line, _why = attempt(lambda: command(recipe))
            if selected is None or selected >= len(recipe.steps):
                return Written("", whole, line, tr("Choose a step in the recipe to see its lines."), refused)
            step, step_refused = attempt(lambda: step_code(recipe, selected, start))
            return Written(step, whole, line, step_refused, refused)

        self._job = self._session.jobs.query("python code", tr("Writing the Python code"), work, self._take, quiet=True)

    def _take(self, written: Written) -> None:
        self._written = written
        self._show()

    def _show(self) -> None:
        written, whole = self._written, self.whole.isChecked()
        text = written.whole if whole else written.step
        why = written.refused if whole else written.step_refused
        self.pages.setCurrentIndex(1 if text or why else 0)
        if self.code.toPlainText() != text:
            self.code.setPlainText(text)
            self._go_to_steps()
        self.code.setVisible(bool(text))
        tell(self.message, why, "warning" if whole or written.step else "")
        self.command.setText(tr("Run it with: {command}", command=written.command) if whole and text else "")
        none = why or tr("There are no steps yet.")
        allow(self.copy, "" if text else none)
        allow(self.save, "" if written.whole else written.refused or none)

    def _go_to_steps(self) -> None:
        """Begin with the steps themselves: what they call stands before them and may be long."""
        found = self.code.document().find(steps_rule())
        if not found.isNull():
            self.code.verticalScrollBar().setValue(found.blockNumber())

    # ---------------------------------------------------------------- actions

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.toPlainText())
        self._session.notice.emit(tr("The Python code was copied."), "info")

    def _save(self) -> None:
        chain, settings = self._session.recipes.chain(), self._session.settings
        name = plain_name(self._session.concealing.nameless(chain.layer.name) if chain is not None else "")
        start = str(Path(settings.last_folder or Path.home()) / f"{name}.py")
        path, _ = QFileDialog.getSaveFileName(self, tr("Save as script"), start, tr(FILTER))
        if path:
            whole = Path(path) if Path(path).suffix else Path(f"{path}.py")
            self._session.recipes.write(whole, self._written.whole)

    def showEvent(self, event: QShowEvent) -> None:
        """Write what has happened meanwhile."""
        super().showEvent(event)
        self._soon.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Write nothing while nobody reads it."""
        super().hideEvent(event)
        self._soon.stop()
