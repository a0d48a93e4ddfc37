"""The section “Landmarks” of the dock Registration: the tool, the table with residuals, the fit, and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import EmissionInfo
from PySide6.QtCore import QModelIndex, QTimer
from PySide6.QtWidgets import QFileDialog, QHeaderView, QMenu, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.view import Tool
from pellucid.session.landmark_files import Side, load_landmarks, save_landmarks
from pellucid.session.landmark_fitting import Fit, distance_text
from pellucid.session.landmarks import KINDS
from pellucid.ui import theme
from pellucid.ui.docks.landmark_model import AWAY, NAME, PREDICTED, LandmarkModel
from pellucid.ui.docks.parts import allow, described, dim, flat_button, push_button, row, tell
from pellucid.ui.docks.tables import RowTable, show_whole_rows
from pellucid.ui.forms.controls import Choice, translated

if TYPE_CHECKING:
    from pellucid.session import Session

EMPTY = mark(
    "Mark places that both images show: click one on the fixed image, then the same place on the moving one. "
    "Side by side each pane sets its own."
)
_ROWS = 6


class LandmarksBox(QWidget):
    """Shows and changes what ``session.landmarks`` knows."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._landmarks = session, session.landmarks
        self._quiet = False
        self._wait = QTimer(self, singleShot=True, interval=0)
        self._wait.timeout.connect(self.refresh)
        self._make_buttons()
        self._make_table()
        self.hint, self.summary, self.problem = dim(tr(EMPTY)), dim(), dim()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        buttons = row(self.tool, self.beside, self.delete, self.open, self.save, spacing=theme.GRID, stretch=0)
        for part in (buttons, self.hint, self.table, row(self.kind, self.fit, spacing=theme.MARGIN, stretch=0),
                     self.summary, self.problem):  # fmt: skip
            column.addWidget(part)
        self._connect()
        self.refresh()

    # ---------------------------------------------------------------- assembly

    def _make_buttons(self) -> None:
        take = tr("Click places on the panes, on the fixed and the moving image in turn (Shift+K)")
        self.tool = push_button(tr("Set landmarks"), self._take, glyph="map-marker-plus-outline", kind="chip",
                                tip=take)  # fmt: skip
        self.tool.setCheckable(True)
        beside = tr("Show the fixed image on the left and the moving one on the right")
        self.beside = flat_button(
            "view-split-vertical", tr("Side by side"), self._beside, checkable=True, tip=beside
        )
        self.delete = flat_button("delete-outline", tr("Delete landmarks"), self._delete,
                                  tip=tr("Delete the chosen landmarks with both points (Del)"))  # fmt: skip
        self.open = flat_button("folder-open-outline", tr("Import landmarks"),
                                tip=tr("Read points from a table (X, Y, Z) or from 3D Slicer"))  # fmt: skip
        self.open.setMenu(self._files())
        self.open.setPopupMode(self.open.ToolButtonPopupMode.InstantPopup)
        self.save = flat_button("export-variant", tr("Export landmarks"), self._export,
                                tip=tr("Write places and residuals to a CSV file"))  # fmt: skip
        self.kind = Choice(translated(KINDS))
        freely = tr("How freely the moving image may be brought to its landmarks")
        described(self.kind, tr("Transform of the fit"), freely)
        self.kind.chosen.connect(lambda kind: setattr(self._landmarks, "kind", kind))
        fit = tr("Bring the moving image to where its landmarks meet those of the fixed one")
        self.fit = push_button(tr("Fit"), self._fit, kind="primary", tip=fit)

    def _files(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addAction(tr("Points of the fixed image…")).triggered.connect(lambda: self._import("fixed"))
        menu.addAction(tr("Points of the moving image…")).triggered.connect(lambda: self._import("moving"))
        return menu

    def _make_table(self) -> None:
        self.model = LandmarkModel(self._session, self._warn, self)
        self.table = table = RowTable()
        table.setModel(self.model)
        table.setAccessibleName(tr("Landmarks"))
        show_whole_rows(table, editable=True)
        header = table.horizontalHeader()
        header.setMinimumSectionSize(44)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)

    def _connect(self) -> None:
        self._landmarks.changed.connect(self._later)
        self._session.view.events.connect(self._view_changed)
        self._session.measuring.selected_changed.connect(self._show_chosen)
        self.table.delete_asked.connect(self._delete)
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.table.selectionModel().selectionChanged.connect(lambda _on, _off: self._allow())
        self.table.clicked.connect(lambda index: self._go(index.row()))

    # ---------------------------------------------------------------- from the session

    def _later(self) -> None:
        self._wait.start()

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name == "tool":
            self.tool.setChecked(info.args[0] is Tool.LANDMARKS)

    def refresh(self) -> None:
        """Show the landmarks and how well they can be brought together."""
        self._wait.stop()
        self.model.refresh()
        rows = len(self.model.rows)
        self.table.setVisible(rows > 0)
        self.hint.setVisible(rows == 0)
        lines = min(max(rows, 2), _ROWS)
        bar = self.table.horizontalScrollBar().sizeHint().height()
        self.table.setFixedHeight((lines + 1) * theme.CONTROL_HEIGHT + bar + theme.GRID)
        self.table.setColumnHidden(PREDICTED, not self.model.fit.predicted)
        self.table.setColumnHidden(AWAY, self.model.fit.kind == "thin_plate" and bool(self.model.fit.predicted))
        self.kind.set_value(self._landmarks.kind)
        self.tool.setChecked(self._session.view.tool is Tool.LANDMARKS)
        tell(self.summary, summary(self.model.fit))
        tell(self.problem, self.model.fit.problem if rows else "")
        self._allow()
        self._show_chosen()

    def _allow(self) -> None:
        landmarks, fit = self._landmarks, self.model.fit
        none = "" if landmarks.images() is not None else tr("Choose two images above.")
        busy = tr("A registration is running.") if self._session.registering.is_running else ""
        nothing = tr("There are no landmarks yet.")
        allow(self.tool, none)
        allow(self.beside, none)
        self.beside.setChecked(self._session.hand_placing.is_side_by_side)
        allow(self.open, none)
        allow(self.save, none or ("" if self.model.rows else nothing))
        allow(self.delete, "" if self._rows() else tr("Choose landmarks in the table first."))
        allow(self.fit, none or busy or fit.problem or ("" if fit.used else nothing))

    def _show_chosen(self) -> None:
        number = self.model.row(self._session.measuring.selected)
        if number >= 0 and number not in self._rows():
            self._quiet = True
            self.table.setCurrentIndex(self.model.index(number, NAME))
            self._quiet = False

    # ---------------------------------------------------------------- from the user

    def _rows(self) -> list[int]:
        return sorted({index.row() for index in self.table.selectionModel().selectedIndexes()})

    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            self._go(index.row())

    def _go(self, number: int) -> None:
        """Bring the panes to a landmark: to its fixed point where there is one."""
        points = self.model.rows[number].points
        if points and self._session.measuring.selected not in points:
            self._session.measuring.select(points[0])
        if points:
            self._session.measuring.go_to(points[0])

    def _take(self) -> None:
        on = self._session.view.tool is not Tool.LANDMARKS
        if on:
            self._try(lambda: self._session.hand_placing.choose_tool(Tool.LANDMARKS))
        else:
            self._session.view.tool = Tool(self._session.settings.left_tool)
        self.tool.setChecked(self._session.view.tool is Tool.LANDMARKS)

    def _beside(self) -> None:
        hand = self._session.hand_placing
        self._try(hand.lay_over if hand.is_side_by_side else hand.side_by_side)
        self._allow()

    def _delete(self) -> None:
        self._landmarks.remove([self.model.rows[number] for number in self._rows()])

    def _fit(self) -> None:
        self._try(self._landmarks.place)

    def _import(self, side: Side) -> None:
        pixels, lengths = tr("Points in pixels (*.csv *.txt)"), tr("Points in mm (*.csv *.txt *.fcsv)")
        filters = [lengths, pixels] if self._landmarks.unit() == "mm" else [pixels, lengths]
        title = tr("Points of the fixed image") if side == "fixed" else tr("Points of the moving image")
        name, chosen = QFileDialog.getOpenFileName(self, title, "", ";;".join(filters))
        if name:
            unit = "px" if chosen == pixels else "mm"
            self._try(lambda: load_landmarks(self._session, Path(name), side, unit))

    def _export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("Export landmarks"), "landmarks.csv", tr("Table (*.csv)"))
        if name:
            path = Path(name)
            self._try(lambda: save_landmarks(self._session, path if path.suffix else path.with_suffix(".csv")))

    def _try(self, what: Callable[[], object]) -> None:
        try:
            what()
        except Refused as refusal:
            self._warn(str(refusal))

    def _warn(self, sentence: str) -> None:
        self._session.notice.emit(sentence, "warning")


def summary(fit: Fit) -> str:
    """Return how well the landmarks fit: the RMS of the residuals, and of each predicted from the others."""
    if fit.problem or not fit.used:
        return ""
    lines = []
    if fit.kind != "thin_plate":
        length = f"{distance_text(fit.rms)} {fit.unit}"
        lines.append(tr("{count} pairs, RMS residual {length}", count=fit.used, length=length))
    else:
        lines.append(tr("{count} pairs: a thin-plate spline passes through all of them", count=fit.used))
    if fit.predicted_rms is not None:
        length = f"{distance_text(fit.predicted_rms)} {fit.unit}"
        lines.append(tr("Each left out once: RMS {length}", length=length))
    return "\n".join(lines)
