"""Choosing the operation of a new step: a searchable list of all that fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.operation_list import OperationList
from pellucid.ui.docks.parts import dim, push_button, row

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation


class OperationChoice(QWidget):
    """A sentence that says where the step will stand, the list, and a way back."""

    chosen = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.said = dim()
        self.list = OperationList("")
        self.list.chosen.connect(self.chosen)
        self.cancel = push_button(tr("Cancel"), self.cancelled.emit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.said)
        column.addWidget(self.list, 1)
        column.addWidget(row(QWidget(), self.cancel, stretch=0))

    def offer(self, operations: Iterable[Operation], position: int) -> None:
        """List operations for a step at a position, and be ready for typing."""
        self.list.set_operations(operations)
        self.said.setText(
            tr("Choose what is done after step {number}.", number=position)
            if position
            else tr("Choose what is done first.")
        )
        self.list.search.clear()
        self.list.search.setFocus()
