"""The numbers of two masks that are compared: a grid for one label, a table for many; as text for other programs."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHeaderView, QLabel, QTableView, QWidget

from pellucid.files.label_comparison import Agreement, rows_to_csv
from pellucid.language import tr
from pellucid.operations.comparison_words import MEASURES, Measure
from pellucid.ui import theme
from pellucid.ui.canvas.agreement_legend import COLORS
from pellucid.ui.docks.parts import described, dim, row
from pellucid.ui.docks.swatches import square
from pellucid.ui.docks.tables import show_whole_rows, side
from pellucid.ui.forms.numbers import MINUS, format_number

if TYPE_CHECKING:
    from pellucid.operations.engines.object_matching import Matching

    Color = Callable[[Agreement], str]

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
NOTHING = "–"
SORT = Qt.ItemDataRole.UserRole
_NAME_WIDTH = 136


def written(row: Agreement, measure: Measure) -> tuple[str, str]:
    """Return a number for reading, and its unit: px and voxels where the spacing is not known."""
    value, known = row.values[measure.name], row.known(measure.name)
    unit = measure.unit if known else {"mm": "px", "mm³": "voxels"}[measure.unit]
    if value is None:
        return NOTHING, ""
    if unit == "mm³" and abs(value) >= 1000:
        value, unit = value / 1000, "ml"
    if isinstance(value, int):
        return f"{value:,}", ""
    if measure.unit:
        return format_number(float(f"{value:.4g}")), tr(unit)
    return f"{value:.4f}".replace("-", MINUS), ""


def why_nothing(row: Agreement, measure: Measure) -> str:
    """Return why there is no number, or nothing."""
    if row.values[measure.name] is not None:
        return ""
    empty = [side for side, name in (("A", "first_voxels"), ("B", "second_voxels")) if not row.values[name]]
    return tr("{side} holds no voxel, so there is no answer.", side=" + ".join(empty)) if empty else ""


def as_csv(rows: Sequence[Agreement], delimiter: str = ",") -> str:
    """Return rows with full precision."""
    if delimiter == ",":
        return rows_to_csv(rows)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(csv.reader(io.StringIO(rows_to_csv(rows))))
    return out.getvalue()


def as_json(rows: Sequence[Agreement]) -> str:
    """Return rows as JSON, as the command line prints them."""
    return json.dumps([row.row() for row in rows], indent=2, allow_nan=False) + "\n"


class NumberList(QWidget):
    """Title, value and unit of every number of one label, each with its definition as a tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(0, 1)
        self.values: dict[str, tuple[QLabel, QLabel]] = {}
        for number, measure in enumerate(MEASURES):
            title, value, unit = QLabel(tr(measure.title)), QLabel(NOTHING), QLabel()
            value.setFont(theme.figures(value.font()))
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setAccessibleName(tr(measure.title))
            unit.setProperty("dim", True)
            for column, widget in enumerate((title, value, unit)):
                widget.setToolTip(tr(measure.help))
                grid.addWidget(widget, number, column)
            self.values[measure.name] = value, unit

    def show_row(self, row: Agreement) -> None:
        """Show the numbers of a label."""
        for measure in MEASURES:
            value, unit = self.values[measure.name]
            text, said = written(row, measure)
            value.setText(text)
            unit.setText(said)
            tip = f"{tr(measure.help)}\n{why_nothing(row, measure)}".strip()
            value.setToolTip(tip)


class AgreementModel(QAbstractTableModel):
    """One row for each label."""

    def __init__(self, color: Color, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Agreement, ...] = ()
        self._color = color

    def show_rows(self, rows: Sequence[Agreement]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return 1 + len(MEASURES)

    def headerData(self, number: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=number == 0)
        if number == 0:
            return tr("Label") if role == Qt.ItemDataRole.DisplayRole else None
        measure = MEASURES[number - 1]
        texts = {Qt.ItemDataRole.DisplayRole: tr(measure.title), Qt.ItemDataRole.ToolTipRole: tr(measure.help)}
        return texts.get(Qt.ItemDataRole(role))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=column == 0)
        if column == 0:
            texts: dict[int, Any] = {Qt.ItemDataRole.DisplayRole: row.name, SORT: row.label}
            if role == Qt.ItemDataRole.DecorationRole:
                return square(self._color(row))
            return texts.get(role)
        measure = MEASURES[column - 1]
        if role == Qt.ItemDataRole.DisplayRole:
            return " ".join(written(row, measure)).strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            return why_nothing(row, measure) or None
        if role == SORT:
            value = row.values[measure.name]
            return -math.inf if value is None else float(value)
        return None


class AgreementTable(QTableView):
    """The rows, to be sorted by any column; a double click or Enter chooses a label."""

    row_chosen = Signal(object)
    """Emitted with the row the user chose."""

    def __init__(self, color: Color, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = AgreementModel(color, self)
        order = QSortFilterProxyModel(self)
        order.setSourceModel(self.rows)
        order.setSortRole(SORT)
        self.setModel(order)
        self.setAccessibleName(tr("Agreement of the labels"))
        self.setToolTip(tr("Double click: compare this label alone"))
        show_whole_rows(self)
        self.setMinimumHeight(160)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMaximumSectionSize(_NAME_WIDTH)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.activated.connect(self._choose)

    def show_rows(self, rows: Sequence[Agreement]) -> None:
        """Show other rows in the order that was chosen."""
        self.rows.show_rows(rows)

    def _choose(self, index: QModelIndex) -> None:
        order = self.model()
        assert isinstance(order, QSortFilterProxyModel)
        self.row_chosen.emit(self.rows.rows[order.mapToSource(index).row()])


class ObjectsLine(QLabel):
    """How many objects of two layers are the same; hidden where they are not counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent, wordWrap=True)
        tip = tr("Each label is an object; in a layer with one label, each connected part of it. Objects of A and B "
                 "are the same where at least half of their union is in both.")  # fmt: skip
        described(self, tr("Objects of both"), tip)

    def show_matching(self, matching: Matching | None) -> None:
        """Say how many objects of B were found, missed, and are in A only."""
        self.setVisible(matching is not None)
        if matching is not None:
            found = matching.numbers()
            self.setText(tr(
                "Objects: {same} of {count} in B found, {missed} missed, {wrong} in A only · F1 {f1:.3f}",
                same=found["true_positives"], count=found["objects_second"], missed=found["false_negatives"],
                wrong=found["false_positives"], f1=found["f1"],
            ))  # fmt: skip


def legend() -> QWidget:
    """Return the colours of the map in words."""
    parts: list[QWidget] = []
    for color, words in list(COLORS.values())[:3]:
        sign, said = QLabel(), dim(tr(words), wrap=False)
        sign.setPixmap(square(color))
        parts += [sign, said]
    return row(*parts, spacing=theme.GRID)
