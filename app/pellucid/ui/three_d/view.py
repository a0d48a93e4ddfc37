"""The picture of the 3-D view: the studio draws it, Qt shows it; mouse and keys move the camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.three_d.sides import SIDES

if TYPE_CHECKING:
    from pellucid.ui.three_d.stage import Stage
    from pellucid.ui.three_d.studio import Studio

_SETTLE = 160
"""ms after the last move until the picture is drawn well."""
_NOTCH = 1.15
_TURNS = {
    Qt.Key.Key_Left: (-15, 0),
    Qt.Key.Key_Right: (15, 0),
    Qt.Key.Key_Up: (0, -15),
    Qt.Key.Key_Down: (0, 15),
}
_ZOOMS = {Qt.Key.Key_Plus: _NOTCH, Qt.Key.Key_Equal: _NOTCH, Qt.Key.Key_Minus: 1 / _NOTCH}
_BUTTONS = {
    Qt.MouseButton.LeftButton: "turn",
    Qt.MouseButton.MiddleButton: "pan",
    Qt.MouseButton.RightButton: "zoom",
}


class StageView(QWidget):
    """Shows what the studio draws; asks only when something changed, and for a rough picture while it is moved."""

    picked = Signal(object)
    """Emitted with the world point of what was clicked."""
    taken_back = Signal()
    """Emitted when a click became a double click, so that it was not meant as one."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._studio = studio
        self.note = ""
        self._picture = QImage()
        self._keep: NDArray[np.uint8] | None = None
        self._doing, self._pressed, self._last = "", QPointF(), QPointF()
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.draw)
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE)
        self._settle.timeout.connect(self._draw_well)
        self._rough = self._asked = False
        studio.drawn.connect(self._take)
        studio.picked.connect(self._take_pick)
        self.setAccessibleName(tr("3-D picture"))
        self.setAccessibleDescription(tr("Surfaces, slice planes and volume; A, P, L, R, S and I look from a side"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(720, 560)

    # ---------------------------------------------------------------- drawing

    def request(self) -> None:
        """Draw as soon as nothing else happens."""
        if not self._soon.isActive():
            self._soon.start()

    def tell(self, note: str) -> None:
        """Show a line at the bottom of the picture."""
        if note != self.note:
            self.note = note
            self.update()

    def draw(self) -> None:
        """Ask for a picture now."""
        self._soon.stop()
        if self.isVisible():
            ratio = self.devicePixelRatioF()
            width, height = (max(1, round(n * ratio)) for n in (self.width(), self.height()))
            self._studio.draw(width, height, rough=self._rough)

    def _take(self, pixels: NDArray[np.uint8], _rough: bool) -> None:
        self._keep = pixels
        rows, columns = pixels.shape[:2]
        self._picture = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBX8888)
        self.update()

    def _move(self, action: Callable[[Stage], object]) -> None:
        """Move the camera, draw roughly now, and well when the hand rests."""
        self._studio.do(lambda parts: action(parts.stage))
        self._rough = True
        self._settle.start()
        self.request()

    def _draw_well(self) -> None:
        if self._doing:
            self._settle.start()
            return
        self._rough = False
        self.draw()

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture that is shown (rows, columns, 3), without the note."""
        return np.ascontiguousarray(self._keep[..., :3]) if self._keep is not None else np.zeros((1, 1, 3), np.uint8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Show the picture, the note, and the focus."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor("#000000"))
        painter.drawImage(self.rect(), self._picture)
        if self.note:
            painter.setPen(QColor(theme.DARK.dim))
            place = self.rect().adjusted(96, 0, -theme.MARGIN, -theme.MARGIN)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom | Qt.TextFlag.TextWordWrap
            painter.drawText(place, int(flags), self.note)
        if self.hasFocus():
            painter.setPen(QColor(theme.colors().accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw in the new size."""
        super().resizeEvent(event)
        self.request()

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what happened while hidden."""
        super().showEvent(event)
        self.request()

    # ---------------------------------------------------------------- the camera

    def look_from(self, side: str) -> None:
        """Look from a side of the patient."""
        self._studio.do(lambda parts: parts.stage.look_from(side))
        self.request()

    def reset(self) -> None:
        """Show everything as at first."""
        self._studio.do(lambda parts: parts.stage.frame())
        self.request()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to turn (left), pan (middle) or zoom (right)."""
        self._doing = _BUTTONS.get(event.button(), "")
        self._pressed = self._last = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn, pan or zoom."""
        step, self._last = event.position() - self._last, event.position()
        right, down = (n * self.devicePixelRatioF() for n in (step.x(), step.y()))
        if step.isNull() or not self._doing:
            return
        if self._doing == "turn":
            self._move(lambda stage: stage.turn(right, down))
        elif self._doing == "pan":
            self._move(lambda stage: stage.pan(right, down))
        else:
            self._move(lambda stage: stage.zoom(1.01**-down))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End; a left click without a drag picks."""
        was, self._doing = self._doing, ""
        way = (event.position() - self._pressed).manhattanLength()
        if was == "turn" and way < QApplication.startDragDistance():
            ratio = self.devicePixelRatioF()
            self._asked = True
            self._studio.pick(int(event.position().x() * ratio), int(event.position().y() * ratio))

    def _take_pick(self, world: object) -> None:
        if self._asked:
            self._asked = False
            self.picked.emit(world)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show everything again; the first of the two clicks is taken back."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._doing, self._asked = "", False
            self.taken_back.emit()
            self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Come nearer or go back."""
        factor = _NOTCH ** (event.angleDelta().y() / 120)
        self._move(lambda stage: stage.zoom(factor))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A, P, L, R, S, I: look from that side; Home: all of it; arrows turn, plus and minus zoom."""
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if plain and event.text().upper() in SIDES:
            self.look_from(event.text().upper())
        elif key == Qt.Key.Key_Home:
            self.reset()
        elif key in _TURNS:
            self._move(lambda stage: stage.turn(*_TURNS[key]))
        elif key in _ZOOMS:
            self._move(lambda stage: stage.zoom(_ZOOMS[key]))
        else:
            super().keyPressEvent(event)
