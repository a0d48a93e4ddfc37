"""One operation to be set: its name and help, further images, the form, the answer, the foot with preview and apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.answer_table import AnswerTable
from pellucid.ui.docks.evolution_box import EvolutionBox
from pellucid.ui.docks.inputs_box import InputsBox
from pellucid.ui.docks.parts import dim, flat_button, row, scrolling
from pellucid.ui.docks.run_box import RunBox
from pellucid.ui.forms.operation_form import OperationForm

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation
    from pellucid.session import Session


class OperationCard(QWidget):
    """The parts that stand around the form of an operation; they know no operation by name."""

    closed = Signal()
    defaults_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.inputs, self.answer, self.run = InputsBox(), AnswerTable(), RunBox(session)
        self.evolution = EvolutionBox(session)
        self._make_head()
        self._lay_out()

    def start(self, operation: Operation, form: OperationForm) -> None:
        """Show an operation with its form; the one before is gone."""
        while (item := self._form_place.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()  # deleted later: not to be seen below the new one until then
                old.deleteLater()
        self._form_place.addWidget(form)
        self.title.setText(tr(operation.title))
        self.summary.setText(tr(operation.help).partition("\n")[0])
        source = tr("Source: {source}", source=operation.source) if operation.source else ""
        self.help.setToolTip("\n".join(filter(None, (tr(operation.help), source))))
        self.more.hide()
        self.defaults.setVisible(bool(operation.fields))
        self.inputs.start(operation)
        self.answer.show_table(None)
        self.evolution.start(operation)
        self.run.start(operation)
        first = next(iter(form.seeds().values()), None)
        if first is not None:  # without seeds nothing begins
            QTimer.singleShot(0, first, lambda: self._scroll.ensureWidgetVisible(first, 0, 0))

    def _make_head(self) -> None:
        self.title, self.summary, self.more = QLabel(), dim(), dim()
        font = self.title.font()
        font.setWeight(font.Weight.DemiBold)
        self.title.setFont(font)
        self.more.hide()
        self.help = flat_button("help-circle-outline", tr("About this operation"), self._show_help)
        self.defaults = flat_button(
            "restore", tr("Defaults"), self.defaults_asked.emit, tip=tr("Return to the default values")
        )
        self.back = flat_button(
            "arrow-left", tr("Back"), self.closed.emit, tip=tr("Back to the list without applying (Esc)")
        )

    def _lay_out(self) -> None:
        body = QWidget()
        inner = QVBoxLayout(body)
        self._form_place = QVBoxLayout()
        column = QVBoxLayout(self)
        for layout in (inner, column):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(theme.MARGIN)
        for part in (self.summary, self.more, self.inputs):
            inner.addWidget(part)
        inner.addLayout(self._form_place)
        inner.addWidget(self.answer)
        inner.addStretch(1)
        column.addWidget(row(self.back, self.title, QWidget(), self.defaults, self.help, stretch=2))
        self._scroll = scrolling(body)
        column.addWidget(self._scroll, 1)
        column.addWidget(self.evolution)
        column.addWidget(self.run)

    def _show_help(self) -> None:
        self.more.setText(self.help.toolTip())
        self.more.setVisible(not self.more.isVisible())
