"""The table of measurements as a Qt model; renaming goes through the session, so that it can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from pellucid.language import mark, tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.reading import Reading
from pellucid.session.looking import format_value
from pellucid.session.measuring import KINDS
from pellucid.ui import theme
from pellucid.ui.canvas.measure_words import COUNTING, NO_VOXEL, NOTHING, number
from pellucid.ui.docks.tables import side

if TYPE_CHECKING:
    from pellucid.session import Session

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
_SEPARATOR = " · "
NAME, VALUE, MEAN, SD, LOW, HIGH, AREA, SLICE = range(8)
TITLES = (mark("Name"), mark("Value"), mark("Mean"), mark("SD"), mark("Min"), mark("Max"), mark("Area"), mark("Slice"))
QUANTITIES = {
    "length": mark("length"), "angle": mark("angle"), "obtuse angle": mark("obtuse angle"), "area": mark("area"),
    "perimeter": mark("perimeter"), "width": mark("width"), "height": mark("height"),
}  # fmt: skip
ICONS: dict[Kind, str] = {
    Kind.LENGTH: "ruler",
    Kind.POLYLINE: "vector-polyline",
    Kind.ANGLE: "angle-acute",
    Kind.COBB: "angle-obtuse",
    Kind.RECTANGLE: "rectangle-outline",
    Kind.ELLIPSE: "ellipse-outline",
    Kind.POLYGON: "vector-polygon",
    Kind.FREEHAND: "lasso",
    Kind.POINT: "crosshairs-gps",
    Kind.ARROW: "arrow-top-left-thin",
    Kind.TEXT: "format-text",
}


def words_of(annotation: Annotation) -> str:
    """Return the name of an annotation, or what a text or arrow says, or nothing."""
    return annotation.text if annotation.kind in (Kind.TEXT, Kind.ARROW) else annotation.name


def cells(annotation: Annotation, reading: Reading, place: str, fused: Sequence[Reading] = ()) -> tuple[str, ...]:
    """Return a row as it is read on the screen; channels, and images that are fused, stand behind each other."""
    name = words_of(annotation) or tr(KINDS[annotation.kind])
    area = reading.measured("area")
    value = NOTHING
    if annotation.kind is Kind.POINT:
        value = _SEPARATOR.join(format_value(one.value, one.unit) for one in (reading, *fused))
    elif reading.measures and area is None:
        value = reading.measures[0].text
    several = (reading, *fused)
    statistics = [_SEPARATOR.join(_column(one, field) for one in several)
                  for field in ("mean", "std", "minimum", "maximum")]  # fmt: skip
    if reading.pending:
        statistics[0] = tr(COUNTING)
    return name, value, *statistics, area.text if area is not None else NOTHING, place


def _column(reading: Reading, field: str) -> str:
    found = [getattr(row, field) for row in reading.statistics]
    if not found or any(value is None for value in found):
        return NOTHING
    unit = f" {reading.unit}" if reading.unit and field == "mean" else ""
    return " / ".join(number(value) for value in found) + unit


class MeasurementModel(QAbstractTableModel):
    """One row per annotation, in the order they were drawn."""

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(parent)
        self._session = session
        self.rows: tuple[Annotation, ...] = ()
        self._cells: list[tuple[str, ...]] = []
        self._readings: list[Reading] = []

    def refresh(self) -> None:
        """Read everything again; rows stay where they are when only their contents changed."""
        measuring = self._session.measuring
        rows = tuple(measuring.shown(one) for one in self._session.document.annotations)
        readings = [measuring.reading(one) for one in rows]
        shown = [cells(one, reading, measuring.slice_text(one), [told for _, told in measuring.fused_readings(one)])
                 for one, reading in zip(rows, readings, strict=True)]  # fmt: skip
        if [one.id for one in rows] == [one.id for one in self.rows]:
            changed = shown != self._cells
            self.rows, self._cells, self._readings = rows, shown, readings
            if changed:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, SLICE))
            return
        self.beginResetModel()
        self.rows, self._cells, self._readings = rows, shown, readings
        self.endResetModel()

    def row(self, annotation_id: str) -> int:
        """Return the row of an annotation, −1 when there is none."""
        return next((n for n, one in enumerate(self.rows) if one.id == annotation_id), -1)

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return len(TITLES)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=section == NAME)
        return tr(TITLES[section]) if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        annotation, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cells[index.row()][column]
        if role == Qt.ItemDataRole.EditRole and column == NAME:
            return words_of(annotation)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=column == NAME)
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return theme.icon(ICONS[annotation.kind])
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(index.row(), column)
        return None

    def _tip(self, row: int, column: int) -> str:
        annotation, reading = self.rows[row], self._readings[row]
        if column == NAME:
            return tr("{kind}. Double click or F2: rename", kind=tr(KINDS[annotation.kind]))
        if column in (MEAN, SD, LOW, HIGH) and reading.statistics:
            if not reading.has_voxels:
                return tr(NO_VOXEL)
            counted = tr(
                "{voxels:,} voxels; SD of these voxels themselves (divided by n)", voxels=reading.statistics[0].voxels
            )
            return (
                counted
                if reading.step is None
                else tr("{counted}; plane sampled every {number} mm", counted=counted, number=number(reading.step))
            )
        lines = [f"{tr(QUANTITIES[one.quantity])}: {one.text}" for one in reading.measures]
        notes = dict.fromkeys(tr(one.note) for one in reading.measures if one.note)
        return "\n".join([*lines, *notes]) if column in (VALUE, AREA) else self._cells[row][column]

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: D102
        if role != Qt.ItemDataRole.EditRole or index.column() != NAME:
            return False
        self._session.measuring.rename(self.rows[index.row()], str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        flag = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flag | Qt.ItemFlag.ItemIsEditable if index.column() == NAME else flag
