"""The panel “Statistics”: what each label measures on the active image; copy and CSV with full precision."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHeaderView, QStackedWidget, QTableView, QWidget

from pellucid.language import mark, tr
from pellucid.model.statistics import LabelRow, rows_to_csv
from pellucid.session.text_files import write_in_job
from pellucid.ui.docks.parts import EmptyState, Panel, allow, dim, flat_button
from pellucid.ui.docks.swatches import square
from pellucid.ui.docks.tables import show_whole_rows, side
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.numbers import format_number, short_number

if TYPE_CHECKING:
    from pellucid.model.labels import LabelMap
    from pellucid.session import Session

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
NOTHING = "–"
LABEL_WIDTH = 176
EMPTY = mark("Make a label with a threshold or the brush; its volume and values appear here.")


def headings(unit: str) -> tuple[str, ...]:
    """Return the titles of the columns, values with their unit."""
    values = [
        f"{name}, {unit}" if unit else name for name in (tr("Mean"), tr("SD"), tr("Min"), tr("Median"), tr("Max"))
    ]
    return (tr("Label"), tr("Voxels"), tr("Volume"), *values, tr("Centroid L, P, S in mm"))


def volume_text(volume_mm3: float | None) -> str:
    """Write a volume in mm³ below a millilitre, else in ml; a dash where the spacing is unknown."""
    if volume_mm3 is None:
        return NOTHING
    return f"{short_number(volume_mm3)} mm³" if volume_mm3 < 1000 else f"{short_number(volume_mm3 / 1000)} ml"


def cells(row: LabelRow) -> tuple[str, ...]:
    """Return a row as it is read on the screen."""
    values = (row.mean, row.std, row.minimum, row.median, row.maximum)
    written = [NOTHING if value is None else short_number(float(value)) for value in values]
    centroid = NOTHING if row.centroid is None else ", ".join(format_number(round(c, 1)) for c in row.centroid)
    return (row.name, f"{row.voxels:,}", volume_text(row.volume_mm3), *written, centroid)


def as_text(rows: Sequence[LabelRow]) -> str:
    """Return the rows for the clipboard: tab-separated, full precision, as a spreadsheet takes them."""
    import csv
    import io

    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(csv.reader(io.StringIO(rows_to_csv(list(rows)))))
    return out.getvalue()


class StatisticsModel(QAbstractTableModel):
    """The rows of the last count."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: tuple[LabelRow, ...] = ()
        self._labels: LabelMap | None = None
        self._titles = headings("")

    def show_rows(self, rows: Sequence[LabelRow], labels: LabelMap | None, unit: str) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows, self._labels, self._titles = tuple(rows), labels, headings(unit)
        self.endResetModel()

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _parent: Index = TOP) -> int:  # noqa: D102
        return len(self._titles)

    def headerData(self, number: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if way != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=number == 0)
        return self._titles[number] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cells(row)[column]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return side(text=column == 0)
        if role == Qt.ItemDataRole.DecorationRole and column == 0 and self._labels is not None:
            return square(self._labels.label(row.label).color)
        if role == Qt.ItemDataRole.ToolTipRole and column == 2 and row.volume_mm3 is None:
            return tr("The spacing is unknown, so there is no volume.")
        return None


class StatisticsPanel(Panel):
    """A table of all labels of the active label layer, counted again when voxels change."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Statistics"), parent)
        self._session = session
        self._in_front = True
        self._stale = True
        self._wait = QTimer(self, singleShot=True, interval=300)
        self._wait.timeout.connect(self.refresh)
        self._labels_watch = LayerWatch(self._changed)
        self._image_watch = LayerWatch(self._changed)
        self._build()
        document = session.document
        for signal in (document.active_changed, document.inserted, document.removed):
            signal.connect(self._follow)
        self._follow()

    def _build(self) -> None:
        self.again = flat_button("refresh", tr("Count again"), self.refresh)
        self.copy = flat_button(
            "content-copy", tr("Copy"), self._copy, tip=tr("Copy the table with full precision (Ctrl+C)")
        )
        self.csv = flat_button(
            "file-delimited-outline",
            tr("Save as CSV"),
            self._save,
            tip=tr("Write the table with full precision to a CSV file"),
        )
        self.about = dim(wrap=True)
        self.model = StatisticsModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(tr("Statistics of the labels"))
        show_whole_rows(self.table)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.horizontalHeader().setMaximumSectionSize(LABEL_WIDTH)
        self.table.doubleClicked.connect(lambda index: self._go_to(index.row()))
        self.table.setToolTip(tr("Double click: put the crosshair on the label's centroid"))
        self.stack = QStackedWidget()
        self.empty = EmptyState("sigma", tr(EMPTY))
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        self.set_header(tr("Statistics"), self.again, self.copy, self.csv)
        self.column.addWidget(self.about)
        self.column.addWidget(self.stack, 1)

    def refresh(self) -> None:
        """Count now, in the background."""
        self._wait.stop()
        if not (self._in_front and self.isVisible()):
            self._stale = True
            return
        self._stale = False
        self._session.labelling.statistics(self._show)

    def _follow(self, *_args: object) -> None:
        document = self._session.document
        self._labels_watch.on(document.active_labels)
        self._image_watch.on(document.active_image)
        self._changed("labels")

    def _changed(self, what: str) -> None:
        if what in ("voxels", "labels", "table", "frames", "frame"):
            self._wait.start()

    def _show(self, rows: Sequence[LabelRow]) -> None:
        document = self._session.document
        labels, image = document.active_labels, document.active_image
        self.model.show_rows(rows, labels.labels if labels else None, image.volume.told_in[1] if image else "")
        self.stack.setCurrentIndex(1 if rows else 0)
        self.about.setVisible(bool(rows))
        if labels is not None and rows:
            self.about.setText(
                tr("{labels} on {image}", labels=labels.name, image=image.name) if image is not None else labels.name
            )
        why = "" if rows else tr("There is nothing to copy yet.")
        for button in (self.copy, self.csv):
            allow(button, why)
        allow(self.again, "" if labels is not None else tr("There is no label layer."))

    def _go_to(self, row: int) -> None:
        centroid = self.model.rows[row].centroid
        if centroid is not None:
            x, y, z = centroid
            self._session.view.crosshair = (x, y, z)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self.model.rows))

    def _save(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(self, tr("Save statistics"), "statistics.csv", tr("CSV (*.csv)"))
        if not name:
            return
        path, rows = Path(name) if Path(name).suffix else Path(f"{name}.csv"), list(self.model.rows)
        written = tr("Statistics were written to “{name}”.", name=path.name)
        write_in_job(self._session, path, lambda: rows_to_csv(rows), written)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy with Ctrl+C."""
        if event.matches(QKeySequence.StandardKey.Copy) and self.model.rows:
            self._copy()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Count when first seen."""
        super().showEvent(event)
        self._catch_up()

    def set_in_front(self, on: bool) -> None:
        """Take note whether the panel can be seen: Qt hides a dock behind another tab without telling its widget."""
        self._in_front = on
        if on:
            self._catch_up()

    def _catch_up(self) -> None:
        if self._stale:
            self._wait.start()
            self._show(self.model.rows)
