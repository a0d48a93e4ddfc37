"""The panel “Measurements”: everything that was drawn, with its numbers; a click goes there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHeaderView,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from pellucid.language import mark, tr
from pellucid.model.annotations import Annotation
from pellucid.model.findings import Refused
from pellucid.model.layer import Layer
from pellucid.session.measurement_export import copy, export
from pellucid.ui import theme
from pellucid.ui.docks.measurement_model import NAME, MeasurementModel
from pellucid.ui.docks.parts import EmptyState, Panel, allow, flat_button
from pellucid.ui.docks.tables import RowTable, show_whole_rows

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.docks.measurement_plot import MeasurementPlot

EMPTY = mark("Draw with a tool of the menu Measure (D length, E ellipse, A angle …); what it measures appears here.")
_NAME_WIDTH = 128


class MeasurementsPanel(Panel):
    """A table of all annotations and, for a line or region, its profile or histogram below."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Measurements"), parent)
        self._session = session
        self._in_front = True
        self._quiet = False
        self._plot: MeasurementPlot | None = None
        self._wait = QTimer(self, singleShot=True, interval=60)
        self._wait.timeout.connect(self.refresh)
        self._build()
        self._connect()
        self.refresh()

    def _build(self) -> None:
        measuring = self._session.measuring
        self.delete = flat_button("delete-outline", tr("Delete measurement"), measuring.remove_selected,
                                  tip=tr("Delete the chosen measurement (Del)"))  # fmt: skip
        self.copy = flat_button(
            "content-copy", tr("Copy"), self._copy, tip=tr("Copy the table with full precision (Ctrl+C)")
        )
        self.save = flat_button("export-variant", tr("Export measurements"), self._export,
                                tip=tr("Write the table to a CSV or JSON file; no patient is named"))  # fmt: skip
        self.model = MeasurementModel(self._session, self)
        self.table = RowTable()
        self.table.setModel(self.model)
        self._set_table()
        self.split = QSplitter(Qt.Orientation.Vertical)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(self.table)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("ruler", tr(EMPTY)))
        self.stack.addWidget(self.split)
        self.set_header(tr("Measurements"), self.delete, self.copy, self.save)
        self.column.addWidget(self.stack, 1)

    def _set_table(self) -> None:
        table = self.table
        table.setAccessibleName(tr("Measurements"))
        show_whole_rows(table, editable=True)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setMinimumHeight(4 * theme.CONTROL_HEIGHT)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Interactive)
        header.resizeSection(NAME, _NAME_WIDTH)

    def _connect(self) -> None:
        session, measuring = self._session, self._session.measuring
        self.table.selectionModel().currentRowChanged.connect(self._chosen)
        self.table.clicked.connect(self._go)
        self.table.delete_asked.connect(measuring.remove_selected)
        self.table.copy_asked.connect(self._copy)
        annotations, document = session.document.annotations, session.document
        for signal in (annotations.inserted, annotations.removed, annotations.changed, measuring.changed):
            signal.connect(self._later)
        measuring.selected_changed.connect(self._show_chosen)
        document.inserted.connect(self._watch)
        document.removed.connect(self._unwatch)
        for layer in document.layers:
            self._watch(layer)

    # ---------------------------------------------------------------- following the session

    def _watch(self, layer: Layer) -> None:
        layer.events.connect(self._layer_changed)
        self._later()

    def _unwatch(self, layer: Layer) -> None:
        layer.events.disconnect(self._layer_changed, missing_ok=True)
        self._later()

    def _layer_changed(self, info: Any) -> None:
        if info.signal.name in ("frames", "labels", "name", "visible", "frame"):
            self._later()

    def _later(self) -> None:
        if not self._wait.isActive():
            self._wait.start()

    def refresh(self) -> None:
        """Read the measurements again, if anybody sees them."""
        self._wait.stop()
        if not self._in_front:
            return
        self.model.refresh()
        self.stack.setCurrentIndex(1 if self.model.rows else 0)
        why = "" if self.model.rows else tr("There are no measurements yet.")
        for button in (self.copy, self.save):
            allow(button, why)
        self._show_chosen()

    def _show_chosen(self) -> None:
        chosen = self._session.measuring.selected
        allow(self.delete, "" if chosen is not None else tr("Choose a measurement first."))
        row = self.model.row(chosen.id) if chosen is not None else -1
        self._quiet = True
        if row < 0:
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())
        elif row != self.table.currentIndex().row():
            self.table.setCurrentIndex(self.model.index(row, NAME))
        self._quiet = False
        self._show_plot(self._session.measuring.shown(chosen) if chosen is not None else None)

    def _show_plot(self, annotation: Annotation | None) -> None:
        wanted = annotation is not None and (annotation.is_line or annotation.is_region)
        if self._plot is None and wanted and self.isVisible():
            from pellucid.ui.docks.measurement_plot import MeasurementPlot

            self._plot = MeasurementPlot(self._session)
            self.split.addWidget(self._plot)
            self.split.setSizes([300, 220])
        if self._plot is not None:
            self._plot.setVisible(wanted)
            if wanted and annotation is not None:
                self._plot.show_annotation(annotation)

    # ---------------------------------------------------------------- what the user does

    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        if not self._quiet and index.isValid():
            self._go(index)

    def _go(self, index: QModelIndex) -> None:
        annotation = self.model.rows[index.row()]
        self._session.measuring.select(annotation)
        self._session.measuring.go_to(annotation)

    def _copy(self) -> None:
        copy(self._session, QGuiApplication.clipboard().setText)

    def _export(self) -> None:
        name, chosen = QFileDialog.getSaveFileName(
            self, tr("Export measurements"), "measurements.csv", tr("Table (*.csv);;JSON (*.json)"))  # fmt: skip
        if not name:
            return
        path = Path(name)
        try:
            export(self._session, path if path.suffix else path.with_suffix(".json" if "json" in chosen else ".csv"))
        except Refused as reason:
            self._session.notice.emit(str(reason), "warning")

    def showEvent(self, event: QShowEvent) -> None:
        """Take up what happened while hidden."""
        super().showEvent(event)
        self._later()

    def set_in_front(self, on: bool) -> None:
        """Take note whether the panel can be seen: Qt hides a dock behind another tab without telling its widget."""
        self._in_front = on
        if on:
            self._later()
