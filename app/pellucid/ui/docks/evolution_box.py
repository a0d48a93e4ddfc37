"""The row that lets a contour move: play and pause, single steps, back to the start, how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, dim, flat_button, push_button, row

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation
    from pellucid.session import Session

_HEIGHT = 26
_MOST_POINTS = 400


class ChangeCurve(QWidget):
    """By how much the contour moved in each iteration: it falls as the contour comes to rest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values = np.zeros(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        described(self, tr("Movement of the contour"), tr("How far the contour moved in each iteration so far"))

    def sizeHint(self) -> QSize:
        """Return the height of a line or so."""
        return QSize(80, _HEIGHT)

    def show_values(self, values: tuple[float, ...]) -> None:
        """Draw these from left to right, thinned where there are many."""
        thinned = np.asarray(values[:: max(1, len(values) // _MOST_POINTS)], np.float64)
        if len(thinned) != len(self._values) or not np.array_equal(thinned, self._values):
            self._values = thinned
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw a base line and the curve above it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        width, height = self.width() - 1, self.height() - 3
        colors = theme.colors()
        painter.setPen(QPen(QColor(colors.line), 1))
        painter.drawLine(QPointF(0, height + 1), QPointF(width, height + 1))
        if len(self._values) > 1:
            top = max(float(self._values.max()), 1e-12)
            across = np.linspace(0, width, len(self._values))
            points = [QPointF(x, 1 + height * (1 - v / top)) for x, v in zip(across, self._values, strict=True)]
            painter.setPen(QPen(QColor(colors.accent), 1.5))
            painter.drawPolyline(QPolygonF(points))


class EvolutionBox(QWidget):
    """Shown for operations whose result comes about step by step."""

    wanted = Signal()
    """Emitted before anything moves: whoever knows the settings begins."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._evolving = session, session.evolving
        self._build()
        self.hide()
        self._evolving.changed.connect(self._show)

    def _build(self) -> None:
        self._why_not = ""
        self.play = push_button(tr("Play"), self._toggle, glyph="play", tip=tr("Let the contour move"))
        self.one = flat_button("step-forward", tr("One iteration"), lambda: self._step(1))
        self.ten = flat_button("skip-forward", tr("Ten iterations"), lambda: self._step(10))
        self.restart = flat_button("restart", tr("Back to the start"), self._evolving.restart)
        self.count = QLabel()
        self.count.setFont(theme.figures(self.count.font()))
        self.change = dim(wrap=False)
        self.change.setFont(theme.figures(self.change.font()))
        self.curve = ChangeCurve()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(row(self.play, self.one, self.ten, self.restart, QWidget(), self.count, stretch=4))
        self._way = row(self.curve, self.change, spacing=theme.MARGIN, stretch=0)
        column.addWidget(self._way)

    def start(self, operation: Operation) -> None:
        """Begin with an operation."""
        self.setVisible(operation.evolution is not None)
        self.allow("")
        self._show()

    def allow(self, why_not: str) -> None:
        """Enable the buttons, or say why they are not."""
        for button in (self.play, self.one, self.ten):
            allow(button, why_not)
        self._why_not = why_not

    # ---------------------------------------------------------------- what the buttons do

    def _begun(self) -> bool:
        if not self._evolving.is_begun:
            self.wanted.emit()
        return self._evolving.is_begun

    def _toggle(self) -> None:
        if self._evolving.is_moving:
            self._evolving.pause()
        elif self._begun():
            self._evolving.play()

    def _step(self, count: int) -> None:
        if self._begun():
            self._evolving.step(count)

    # ---------------------------------------------------------------- what is shown

    def _show(self) -> None:
        if self.isHidden():
            return
        moving, changes = self._evolving.is_moving, self._evolving.changes
        self.play.setText(tr("Pause") if moving else tr("Play"))
        self.play.setIcon(theme.icon("pause" if moving else "play"))
        tip = tr("Let the contour rest where it is") if moving else tr("Let the contour move")
        described(self.play, self.play.text(), tip)
        self.allow(self._why_not)
        allow(self.restart, "" if self._evolving.iteration else tr("The contour is at its start."))
        number = self._evolving.iteration
        self.count.setText(tr("Iteration {number}", number=number))
        self.change.setText(self._said(changes))
        self.curve.show_values(changes)
        self._way.setVisible(bool(changes) or self._evolving.has_ended)

    def _said(self, changes: tuple[float, ...]) -> str:
        if self._evolving.has_ended:
            return tr("Nothing is left inside") if self._evolving.is_gone else tr("At rest")
        image = self._session.document.active_image
        unit = tr("mm") if image is None or image.geometry.has_lengths else tr("px")
        return tr("Moves {length} {unit}", length=f"{changes[-1]:.3g}", unit=unit) if changes else ""
