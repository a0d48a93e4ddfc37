"""The colours of a map of agreement, and the legend that says what they mean on a pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from pellucid.language import mark, tr
from pellucid.model.labels import Label
from pellucid.operations.engines.agreement_values import BOTH, FIRST_ONLY, OTHER, SECOND_ONLY
from pellucid.ui.canvas.tools import CanvasTool, Pointer

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

AGREEMENT_FILL = 0.45
# Okabe and Ito (2008): told apart with any kind of colour vision
COLORS: dict[int, tuple[str, str]] = {
    BOTH: ("#009E73", mark("A and B agree")),
    FIRST_ONLY: ("#E69F00", mark("only A (over)")),
    SECOND_ONLY: ("#56B4E9", mark("only B (under)")),
    OTHER: ("#CC79A7", mark("another label")),
}
_LEAST = 260  # pixels of a pane that has room for the legend
_ROW, _SWATCH, _AIR = 16, 10, 6
_LETTER = 14  # half the room of the letter in the middle of the side


def agreement_labels() -> tuple[Label, ...]:
    """Return the values of the map as labels with their colours."""
    return tuple(Label(value, tr(words), color) for value, (color, words) in COLORS.items())


class AgreementLegend:
    """Stands at the left side of every large pane that shows the map, above the letter."""

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw swatches and words."""
        session = pane.session
        found = session.agreeing.map()
        if found is None or not session.view.show_annotations or min(pane.width(), pane.height()) < _LEAST:
            return
        if not {layer.id for layer in session.viewing.layers(pane.state)} & {side[0] for side in found.sides}:
            return
        whole = all(value == 0 for _layer, value in found.sides)
        rows = [(color, tr(words)) for value, (color, words) in COLORS.items() if whole or value != OTHER]
        font = QFont(painter.font())
        font.setPixelSize(11)
        painter.setFont(font)
        widest = max(painter.fontMetrics().horizontalAdvance(words) for _color, words in rows)
        height = len(rows) * _ROW + 2 * _AIR
        plate = QRectF(8, pane.height() / 2 - _LETTER - height, widest + _SWATCH + 3 * _AIR, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 150))
        painter.drawRoundedRect(plate, 4, 4)
        for n, (color, words) in enumerate(rows):
            corner = plate.topLeft() + QPointF(_AIR, _AIR + n * _ROW)
            painter.fillRect(QRectF(corner.x(), corner.y() + (_ROW - _SWATCH) / 2, _SWATCH, _SWATCH), QColor(color))
            painter.setPen(QColor("#d8dbe0"))
            box = QRectF(corner.x() + _SWATCH + _AIR, corner.y(), widest + 2, _ROW)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, words)
            painter.setPen(Qt.PenStyle.NoPen)

    def grip(self, _pane: SliceView, _pointer: Pointer) -> CanvasTool | None:
        """Return None: it cannot be taken hold of."""
        return None
