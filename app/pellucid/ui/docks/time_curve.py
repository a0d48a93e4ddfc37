"""The panel “Time curve”: how values change over the frames of the active image; a click goes to a frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QGridLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.time_curves import Curve, curves_to_table
from pellucid.model.timing import TITLES, timing
from pellucid.session.text_files import write_in_job
from pellucid.ui import theme
from pellucid.ui.docks.line_chart import Line, LineChart
from pellucid.ui.docks.parts import Elided, EmptyState, Panel, allow, described, dim, flat_button, row, scrolling
from pellucid.ui.docks.swatches import square
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.numbers import format_number
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.session import Session

EMPTY = mark("The active image has one frame. Open a time series to see how its values change.")


class TimeCurvePanel(Panel):
    """Curves of the crosshair, of what is drawn and of the labels, counted again when any of them changes."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Time curve"), parent)
        self._session = session
        self._in_front = True
        self._points: tuple[Curve, ...] = ()
        self._labels: tuple[Curve, ...] = ()
        self._jobs: dict[str, Job | None] = {}
        self._values: list[QLabel] = []
        self._rows: tuple[tuple[str, str, str], ...] = ()
        self._follow_points = Throttle(self._ask_points, 60, self)
        self._later = QTimer(self, singleShot=True, interval=300)
        self._later.timeout.connect(self._ask_labels)
        self._image_watch = LayerWatch(self._image_changed)
        self._labels_watch = LayerWatch(self._labels_changed)
        self._build()
        document = session.document
        for signal in (document.active_changed, document.inserted, document.removed):
            signal.connect(self._follow)
        for signal in (document.annotations.inserted, document.annotations.removed, document.annotations.changed):
            signal.connect(lambda _mark: self._follow_points.request())
        session.view.events.crosshair.connect(lambda *_: self._follow_points.request())
        theme.signals.changed.connect(self._show)
        self._follow()

    def _build(self) -> None:
        session = self._session
        self.pin = flat_button("map-marker-plus-outline", tr("Pin the point"), session.curving.pin,
                               tip=tr("Keep the curve at the crosshair: adds a point to the image"))  # fmt: skip
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=tr("Copy the table with full precision"))
        self.csv = flat_button("file-delimited-outline", tr("Save as CSV"), self._save,
                               tip=tr("Write the table with full precision to a CSV file"))  # fmt: skip
        self.crosshair, self.marks, self.labels = (
            QCheckBox(tr("Crosshair")),
            QCheckBox(tr("Drawn")),
            QCheckBox(tr("Labels")),
        )
        tips = (
            tr("Follow the voxel at the crosshair"),
            tr("Follow the points and regions drawn on the image"),
            tr("Follow the mean of every label of the active label layer; the band is one standard deviation"),
        )
        for box, tip in zip((self.crosshair, self.marks, self.labels), tips, strict=True):
            described(box, box.text(), tip)
            box.setChecked(True)
            box.toggled.connect(lambda _on: self.refresh())
        self.chart = LineChart(tr("Time curve"))
        self.chart.setToolTip(tr("Click or drag: go to that frame"))
        self.chart.chosen.connect(self._go)
        self.axis = dim()
        self.legend = QWidget()
        self._grid = QGridLayout(self.legend)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(1, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (row(self.crosshair, self.marks, self.labels, spacing=theme.SECTION_GAP), self.chart, self.axis,
                     self.legend):  # fmt: skip
            column.addWidget(part, 1 if part is self.chart else 0)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("chart-line", tr(EMPTY)))
        self.stack.addWidget(scrolling(body))
        self.set_header(tr("Time curve"), self.pin, self.copy, self.csv)
        self.column.addWidget(self.stack, 1)

    # ---------------------------------------------------------------- following the session

    def refresh(self) -> None:
        """Count everything that is shown again."""
        self._ask_points()
        self._ask_labels()

    def set_in_front(self, on: bool) -> None:
        """Take note whether the panel can be seen."""
        self._in_front = on
        if on:
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Count when first seen."""
        super().showEvent(event)
        self.refresh()

    def _is_seen(self) -> bool:
        return self._in_front and self.isVisible()

    def _follow(self, *_args: object) -> None:
        layer = self._session.curving.layer()
        self._image_watch.on(layer)
        self._labels_watch.on(self._session.document.active_labels)
        self.stack.setCurrentIndex(0 if layer is None else 1)
        self._points, self._labels = (), ()
        self._show()
        self.refresh()

    def _image_changed(self, what: str) -> None:
        if what == "frame":
            self._show_place()
        elif what == "frames":
            self._follow()

    def _labels_changed(self, what: str) -> None:
        if what in ("voxels", "labels", "table"):
            self._later.start()

    def _ask_points(self) -> None:
        crosshair, marks, curving = self.crosshair.isChecked(), self.marks.isChecked(), self._session.curving
        if not (self._is_seen() and (crosshair or marks)):
            self._wait_for("points", None)
        else:
            self._wait_for("points", curving.of_points(self._take_points, crosshair=crosshair, marks=marks))

    def _ask_labels(self) -> None:
        asked = self._is_seen() and self.labels.isChecked()
        self._wait_for("labels", self._session.curving.of_labels(self._take_labels) if asked else None)

    def _wait_for(self, what: str, job: Job | None) -> None:
        """Show no curves of points or labels where none are asked for, and take no late answer to an older question."""
        before, self._jobs[what] = self._jobs.get(what), job
        if job is None:
            if before is not None:
                before.cancel()
            (self._take_points if what == "points" else self._take_labels)(())

    def _take_points(self, curves: tuple[Curve, ...]) -> None:
        self._points = curves
        self._show()

    def _take_labels(self, curves: tuple[Curve, ...]) -> None:
        self._labels = curves
        self._show()

    # ---------------------------------------------------------------- showing

    def curves(self) -> tuple[Curve, ...]:
        """Return what is shown, as far as it fits the frames there are now."""
        layer = self._session.curving.layer()
        count = len(layer.frames) if layer is not None else 0
        return tuple(curve for curve in (*self._points, *self._labels) if len(curve.mean) == count)

    def _show(self) -> None:
        layer, curves = self._session.curving.layer(), self.curves()
        for button in (self.copy, self.csv):
            allow(button, "" if curves else tr("There is nothing to copy yet."))
        allow(self.pin, "" if layer is not None else tr("The active image has one frame."))
        if layer is None:
            return
        stated = timing(layer.frames)
        known = stated.times is not None
        axis = np.array(stated.times) if known else np.arange(1.0, len(layer.frames) + 1)
        lines = [Line(curve.mean, curve.color or theme.colors().accent, curve.std) for curve in curves]
        self.chart.show_lines(axis, "s" if known else "frame", lines)
        unit = layer.volume.unit
        across = (
            tr("Time in s ({source})", source=tr(TITLES[stated.times_source]))
            if known
            else tr("Frames; the file states no times")
        )
        self.axis.setText(tr("{across}. Values in {unit}.", across=across, unit=unit) if unit else f"{across}.")
        self._show_legend(curves)
        self._show_place()

    def _show_legend(self, curves: Sequence[Curve]) -> None:
        """Show a row for each curve; rows are made anew only when there are others."""
        rows = tuple((curve.key, curve.name, curve.color or theme.colors().accent) for curve in curves)
        if rows == self._rows:
            return
        self._rows, self._values = rows, []
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for n, (_key, name, color) in enumerate(rows):
            sign, value = QLabel(), QLabel()
            sign.setPixmap(square(color))
            value.setFont(theme.figures(value.font()))
            self._values.append(value)
            for number, widget in enumerate((sign, Elided(name), value)):
                self._grid.addWidget(widget, n, number)

    def _show_place(self) -> None:
        layer = self._session.curving.layer()
        if layer is None:
            return
        place = min(layer.frame, len(layer.frames) - 1)
        self.chart.show_place(place)
        for curve, value in zip(self.curves(), self._values, strict=False):
            value.setText(reading(curve, place, layer.volume.unit))

    # ---------------------------------------------------------------- from the user

    def _go(self, place: int) -> None:
        track = self._session.playing.frame_track()
        if track is not None and track.place != place:
            track.go(place)
            self._session.running.refresh_preview()

    def _table(self, delimiter: str) -> str:
        layer = self._session.curving.layer()
        assert layer is not None
        return curves_to_table(self.curves(), timing(layer.frames).times, layer.volume.unit, delimiter=delimiter)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._table("\t"))

    def _save(self) -> None:
        name, _filter = QFileDialog.getSaveFileName(
            self, tr("Save the time curve"), tr("time curve.csv"), tr("CSV (*.csv)")
        )
        if not name:
            return
        path, text = Path(name) if Path(name).suffix else Path(f"{name}.csv"), self._table(",")
        written = tr("The time curve was written to “{name}”.", name=path.name)
        write_in_job(self._session, path, lambda: text, written)


def reading(curve: Curve, place: int, unit: str) -> str:
    """Return the value of a curve in a frame for reading: ``123 HU``, ``−812 ± 40 HU``, a dash where there is none."""
    mean = float(curve.mean[place])
    if np.isnan(mean):
        return "–"
    if curve.std is None:
        return f"{format_number(mean, 4)} {unit}".strip()
    return f"{format_number(mean, 4)} ± {format_number(float(curve.std[place]), 4)} {unit}".strip()
