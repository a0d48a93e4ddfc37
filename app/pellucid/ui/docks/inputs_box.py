"""The further images and labels of an operation: a list to choose from for each, ticks where there can be many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QListWidget, QListWidgetItem, QSizePolicy, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.forms.controls import Choice
from pellucid.ui.forms.operation_form import LABEL_WIDTH

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation, Port

Options = Sequence[tuple[str, Any]]
_ROLE = Qt.ItemDataRole.UserRole
_LONGEST = 5


class InputsBox(QWidget):
    """One row for each image or label beside the active one."""

    edited = Signal()
    """Emitted after the user chose something else."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[Port, Choice | _Ticks]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(1, 1)

    def start(self, operation: Operation) -> None:
        """Show the rows of an operation."""
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._rows = []
        for row, port in enumerate(operation.ports[1:]):
            control: Choice | _Ticks = _Ticks() if port.many else Choice()
            title = tr(port.title)
            control.setAccessibleName(title)
            control.setToolTip(_tip(port))
            label = QLabel(title, wordWrap=True)
            label.setBuddy(control)
            label.setMinimumHeight(theme.CONTROL_HEIGHT)
            label.setFixedWidth(LABEL_WIDTH)
            top = Qt.AlignmentFlag.AlignTop if port.many else Qt.AlignmentFlag.AlignVCenter
            self._grid.addWidget(label, row, 0, top)
            self._grid.addWidget(control, row, 1)
            (control.ticked if isinstance(control, _Ticks) else control.chosen).connect(self._edited)
            self._rows.append((port, control))
        self.setVisible(bool(self._rows))

    def offer(self, options: Callable[[Port], Options]) -> None:
        """Fill the rows with what can be chosen now, and keep what is chosen."""
        for port, control in self._rows:
            found = list(options(port))
            if isinstance(control, _Ticks):
                control.set_options(found)
                continue
            chosen = control.value()
            none = [(tr("None"), None)] if port.optional else []
            control.set_options([*none, *found])
            if chosen is None and port.kind == "labels" and not port.optional and found:
                chosen = found[0][1]
            control.set_value(chosen)
            control.setPlaceholderText("" if found or none else tr("None is open"))
        self._follow()

    def value(self) -> tuple[Any, ...]:
        """Return what is chosen, in the order of the rows; nothing after the first row that is empty."""
        chosen: list[Any] = []
        for _port, control in self._rows:
            if isinstance(control, _Ticks):
                chosen.extend(control.value())
            elif control.value() is None:
                break
            else:
                chosen.append(control.value())
        return tuple(chosen)

    def set_value(self, chosen: Sequence[Any]) -> None:
        """Choose without telling anybody; what is not offered is left out."""
        rest = list(chosen)
        for _port, control in self._rows:
            if isinstance(control, _Ticks):
                control.set_value(rest)
            elif rest:
                control.set_value(rest.pop(0))
        self._follow()

    def _edited(self, *_args: object) -> None:
        self._follow()
        self.edited.emit()

    def _follow(self) -> None:
        """Let an optional row wait for the one before it."""
        waiting = False
        for port, control in self._rows:
            control.setEnabled(not waiting)
            control.setToolTip(tr("Choose the one above first.") if waiting else _tip(port))
            waiting = waiting or (isinstance(control, Choice) and control.value() is None)


class _Ticks(QListWidget):
    """A short list whose rows are ticked."""

    ticked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("frame", True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.itemChanged.connect(lambda _item: self.ticked.emit())

    def set_options(self, options: Options) -> None:
        """Replace the rows and keep the ticks of those that stay."""
        chosen = self.value()
        self.blockSignals(True)
        self.clear()
        for title, value in options:
            item = QListWidgetItem(title, self)
            item.setData(_ROLE, value)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsSelectable)
        self.blockSignals(False)
        self.set_value(chosen)
        rows = min(max(2, len(options)), _LONGEST)
        self.setFixedHeight(rows * max(20, self.sizeHintForRow(0)) + 2 * theme.GRID)

    def value(self) -> list[Any]:
        """Return what is ticked."""
        rows = [self.item(n) for n in range(self.count())]
        return [_plain(item.data(_ROLE)) for item in rows if item.checkState() is Qt.CheckState.Checked]

    def set_value(self, chosen: Sequence[Any]) -> None:
        """Tick these and no others, without telling anybody."""
        self.blockSignals(True)
        for n in range(self.count()):
            on = _plain(self.item(n).data(_ROLE)) in chosen
            self.item(n).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.blockSignals(False)


def _plain(value: Any) -> Any:
    """Return a choice as it was put in: Qt hands tuples back as lists."""
    return tuple(value) if isinstance(value, list) else value


def _tip(port: Port) -> str:
    if port.kind == "labels":
        return tr("A label layer; all its labels count")
    if port.kind == "mask":
        return tr("A label; its voxels are the mask") if port.optional else tr("The label this one is combined with")
    if port.many:
        return tr("Tick every image that takes part")
    return tr("Another image of the work")
