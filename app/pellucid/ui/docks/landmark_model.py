"""The table of landmarks as a Qt model; what is edited goes through the session, so that it can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QColor, QFont

from pellucid.language import mark, tr
from pellucid.model.annotations import Annotation
from pellucid.model.findings import Refused
from pellucid.model.landmark_pairs import Pair
from pellucid.model.layer import ImageLayer
from pellucid.session.landmark_fitting import Fit, distance_text
from pellucid.ui import theme
from pellucid.ui.docks.tables import side

if TYPE_CHECKING:
    from pellucid.session import Session

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
NAME, AWAY, PREDICTED, FIXED, MOVING = range(5)
TITLES = (mark("Name"), mark("Residual"), mark("Left out"), mark("Fixed"), mark("Moving"))
TIPS = (
    mark("Tick: used in the fit. Double click or F2: rename"),
    mark("Distance of the two points after the fit"),
    mark("Distance of the two points when the fit is made without this pair: what to expect elsewhere"),
    mark("Place on the fixed image"),
    mark("Place on the moving image, in its own coordinates"),
)
NOTHING = "–"


class LandmarkModel(QAbstractTableModel):
    """One row per landmark, in the order in which they were set."""

    def __init__(self, session: Session, refused: Callable[[str], object], parent: Any = None) -> None:
        super().__init__(parent)
        self._landmarks, self._refused = session.landmarks, refused
        self.rows: tuple[Pair, ...] = ()
        self.fit = Fit("rigid")
        self._cells: list[tuple[str, ...]] = []

    def refresh(self) -> None:
        """Read everything again; rows stay where they are when only their contents changed."""
        rows, fit, images = self._landmarks.pairs(), self._landmarks.fit(), self._landmarks.images()
        cells = [] if images is None else [self._row(pair, fit, images) for pair in rows]
        same = [pair.name for pair in rows] == [pair.name for pair in self.rows]
        if not same:
            self.beginResetModel()
        self.rows, self.fit, self._cells = rows, fit, cells
        if not same:
            self.endResetModel()
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, AWAY, PREDICTED)
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, MOVING))

    def _row(self, pair: Pair, fit: Fit, images: tuple[ImageLayer, ImageLayer]) -> tuple[str, ...]:
        places = [self._place(point, image) for point, image in zip((pair.fixed, pair.moving), images, strict=True)]
        lengths = [distance_text(found[pair.name]) if pair.name in found else NOTHING
                   for found in (fit.away, fit.predicted)]  # fmt: skip
        return pair.name, *lengths, *places

    def _place(self, point: Annotation | None, image: ImageLayer) -> str:
        if point is None:
            return NOTHING
        place, own = np.array(self._landmarks.place_of(point)), image.volume.geometry
        if not own.has_lengths:
            place = own.world_to_index(place)
        shown = place[:2] if own.size[2] == 1 and not own.oriented else place
        return ", ".join(f"{n + 0.0:.1f}".replace("-", "\N{MINUS SIGN}") for n in np.round(shown, 1))

    def row(self, annotation: Annotation | None) -> int:
        """Return the row of the landmark a point belongs to, −1 when there is none."""
        ids = "" if annotation is None else annotation.id
        return next((n for n, pair in enumerate(self.rows) if any(one.id == ids for one in pair.points)), -1)

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return len(TITLES)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way != Qt.Orientation.Horizontal:
            return None
        title = tr(TITLES[section])
        if section in (AWAY, PREDICTED):
            title = f"{title} ({self._landmarks.unit()})"
        found = {
            Qt.ItemDataRole.DisplayRole: title, Qt.ItemDataRole.ToolTipRole: tr(TIPS[section]),
            Qt.ItemDataRole.TextAlignmentRole: side(text=section == NAME),
        }  # fmt: skip
        return found.get(Qt.ItemDataRole(role))

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        pair, column = self.rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self._cells[index.row()][column]
        if role == Qt.ItemDataRole.CheckStateRole and column == NAME:
            return Qt.CheckState.Checked if pair.is_wanted else Qt.CheckState.Unchecked
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=column == NAME)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(pair, index)
        return self._look(pair, column, role)

    def _look(self, pair: Pair, column: int, role: int) -> Any:
        """Return how a cell looks: the worst in bold and in the colour of warnings, what is left out dim."""
        worst = pair.name == self.fit.worst and column in (NAME, AWAY, PREDICTED)
        if role == Qt.ItemDataRole.ForegroundRole and (worst or not pair.is_used):
            return QBrush(QColor(theme.colors().warning if worst else theme.colors().dim))
        if role == Qt.ItemDataRole.FontRole and worst:
            font = QFont(theme.figures(QFont()))
            font.setBold(True)
            return font
        return None

    def _tip(self, pair: Pair, index: Index) -> str:
        if pair.name == self.fit.worst and index.column() in (NAME, AWAY, PREDICTED):
            return tr("The farthest off: look whether both points mark the same place.")
        whole = self._cells[index.row()][index.column()]
        return whole if index.column() in (FIXED, MOVING) else tr(TIPS[index.column()])

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: D102
        pair = self.rows[index.row()]
        if index.column() != NAME:
            return False
        try:
            if role == Qt.ItemDataRole.CheckStateRole:
                self._landmarks.set_used(pair, Qt.CheckState(value) == Qt.CheckState.Checked)
            elif role == Qt.ItemDataRole.EditRole:
                self._landmarks.rename(pair, str(value))
        except Refused as refusal:
            self._refused(str(refusal))
            return False
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        flag = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() != NAME:
            return flag
        return flag | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsUserCheckable
