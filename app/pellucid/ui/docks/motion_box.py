"""The curves of how frames or sections had moved: shifts, angles, which are doubtful; a click goes there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.timing import timing
from pellucid.session.motion_curves import Motion
from pellucid.ui import theme
from pellucid.ui.docks.line_chart import Line, LineChart
from pellucid.ui.docks.parts import dim, flat_button, section, tell
from pellucid.ui.docks.swatches import square
from pellucid.ui.forms.numbers import format_number

if TYPE_CHECKING:
    from pellucid.session import Session

_COLORS = ("#e5645a", "#5ccf8a", "#4aa3ff")
_LISTED, _HEIGHT = 8, 136


class MotionBox(QWidget):
    """Two charts over the frames of a series or the sections of a stack, hidden while nothing is known."""

    appeared = Signal()
    """Emitted when there is something to see."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._motion: Motion | None = None
        self._readings: list[QLabel] = []
        self._build()
        session.view.events.crosshair.connect(lambda *_: self.show_place())
        self.hide()

    def _build(self) -> None:
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=tr("Copy the table with full precision"))
        self.csv = flat_button("file-delimited-outline", tr("Save as CSV"), self._save,
                               tip=tr("Write the table with full precision to a CSV file"))  # fmt: skip
        self.shifts, self.angles = LineChart(tr("Shifts")), LineChart(tr("Angles"))
        self.shift_title, self.angle_title = dim(wrap=False), dim(wrap=False)
        self.doubts = QLabel(wordWrap=True)
        self.legend = QWidget()
        self._grid = QGridLayout(self.legend)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(3, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for part in (section(tr("Motion"), self.copy, self.csv), self.shift_title, self.shifts, self.angle_title,
                     self.angles, self.legend, self.doubts):  # fmt: skip
            column.addWidget(part)
        for chart in (self.shifts, self.angles):
            chart.setFixedHeight(_HEIGHT)
            chart.setToolTip(tr("Click or drag: go there. Triangles mark what is doubtful."))
            chart.chosen.connect(self._go)

    # ---------------------------------------------------------------- showing

    def show_motion(self, motion: Motion | None) -> None:
        """Show these curves, or nothing."""
        known, before = motion is not None and bool(motion.axes), self.isHidden()
        self._motion = motion
        self.setVisible(known)
        if known and before:
            self.appeared.emit()
        if motion is None or not motion.axes:
            return
        times = None if motion.is_stack else timing(motion.layer.frames).times
        axis = np.arange(1.0, len(motion.movements) + 1) if times is None else np.array(times)
        across = tr("section") if motion.is_stack else tr("frame") if times is None else "s"
        lines = [Line(motion.shifts(n), _COLORS[n]) for n in range(len(motion.axes))]
        self.shifts.show_lines(axis, across, lines)
        turns = len(motion.turns)
        turned = any(np.nan_to_num(motion.angles(n)).any() for n in range(turns))
        colors = _COLORS if turns > 1 else _COLORS[2:]
        self.angles.show_lines(axis, across, [Line(motion.angles(n), colors[n]) for n in range(turns)])
        self.angles.setVisible(turned)
        self.angle_title.setVisible(turned)
        self.shift_title.setText(tr("Shift in {unit}", unit=motion.unit))
        self.angle_title.setText(tr("Angle in °"))
        doubts = motion.doubts
        for chart in (self.shifts, self.angles):
            chart.mark_places(tuple(doubts))
        self._show_legend(motion, turned)
        self._show_doubts(doubts)
        self.show_place()

    def _show_legend(self, motion: Motion, turned: bool) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._readings = []
        for n, name in enumerate(motion.axes):
            sign, shift, angle = QLabel(), QLabel(), QLabel()
            sign.setPixmap(square(_COLORS[n]))
            for label in (shift, angle):
                label.setFont(theme.figures(label.font()))
            cells = (sign, QLabel(name), shift, angle)
            for column, widget in enumerate(cells):
                self._grid.addWidget(widget, n, column)
            self._readings += [shift, angle]
        if turned and len(motion.turns) == 1:
            sign, angle = QLabel(), self._readings[1]
            sign.setPixmap(square(_COLORS[2]))
            self._grid.addWidget(sign, len(motion.axes), 0)
            self._grid.addWidget(QLabel(motion.turns[0]), len(motion.axes), 1)
            self._grid.addWidget(angle, len(motion.axes), 2)

    def _show_doubts(self, doubts: dict[int, str]) -> None:
        listed = [f"{n + 1}: {said}" for n, said in list(doubts.items())[:_LISTED]]
        more = tr("and {count} more", count=len(doubts) - _LISTED) if len(doubts) > _LISTED else ""
        tell(self.doubts, "\n".join(filter(None, [tr("Doubtful:"), *listed, more])) if doubts else "", "warning")

    def show_place(self) -> None:
        """Mark the frame or section that is seen, and say how it had moved."""
        motion = self._motion
        if motion is None or self.isHidden():
            return
        place = self._place(motion)
        for chart in (self.shifts, self.angles):
            chart.show_place(place)
        known = motion.movements[place]
        for n, label in enumerate(self._readings):
            axis, is_angle = divmod(n, 2)
            values = np.zeros(0) if known is None else known.angles if is_angle else known.shift
            unit = "°" if is_angle else motion.unit
            label.setText(f"{format_number(float(values[axis]), 3)} {unit}" if axis < len(values) else "")

    def _place(self, motion: Motion) -> int:
        last = len(motion.movements) - 1
        if not motion.is_stack:
            return min(motion.layer.frame, last)
        index = motion.layer.geometry.world_to_index(self._session.view.crosshair)
        return int(np.clip(round(float(index[2])), 0, last))

    # ---------------------------------------------------------------- from the user

    def _go(self, place: int) -> None:
        motion, session = self._motion, self._session
        if motion is None:
            return
        if not motion.is_stack:
            track = session.playing.frame_track()
            if track is not None and track.place != place:
                track.go(place)
                session.running.refresh_preview()
            return
        geometry = motion.layer.geometry
        x, y, _ = geometry.world_to_index(session.view.crosshair)
        a, b, c = (float(n) for n in geometry.index_to_world((x, y, place)))
        session.view.crosshair = (a, b, c)

    def _copy(self) -> None:
        if self._motion is not None:
            QGuiApplication.clipboard().setText(self._motion.table("\t"))

    def _save(self) -> None:
        if self._motion is None:
            return
        name, _ = QFileDialog.getSaveFileName(self, tr("Save the motion"), tr("motion.csv"), tr("CSV (*.csv)"))
        if name:
            self._session.aligning.save_table(self._motion, Path(name))
