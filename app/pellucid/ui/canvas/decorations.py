"""What is painted over the image of a pane: letters, texts, bar, crosshair, brush, border and badge."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPainter, QPen

from pellucid.model.planes import PlaneFrame
from pellucid.ui import theme
from pellucid.ui.canvas import crosshair, scale_bar
from pellucid.ui.canvas.corner_texts import MARGIN, TEXT, Corners, TextBlock, rows_that_fit, shadowed

_TEXT_PIXELS = 12
_LETTER_PIXELS = 15


@dataclass(frozen=True)
class Brush:
    """The outline of the brush: radius in widget pixels, colour, and whether it erases."""

    at: QPointF
    radius: float
    color: str
    erases: bool


@dataclass(frozen=True)
class Picture:
    """Everything a pane paints over its image at one moment."""

    frame: PlaneFrame
    scale: float
    corners: Corners | None
    crosshair: QPointF | None
    preview: str = ""
    under_mouse: bool = False
    focused: bool = False
    brush: Brush | None = None
    readout: tuple[QPointF, str] | None = None


class Decorations:
    """Paints pictures; keeps drawn texts until they change."""

    def __init__(self) -> None:
        self._blocks = {
            name: TextBlock(right="right" in name, bottom="bottom" in name)
            for name in ("top_left", "top_right", "bottom_left", "bottom_right")
        }
        font = theme.figures(QGuiApplication.font())
        font.setPixelSize(_TEXT_PIXELS)
        self._font = font
        self._bold = QFont(font)
        self._bold.setPixelSize(_LETTER_PIXELS)
        self._bold.setWeight(QFont.Weight.DemiBold)

    def paint(self, painter: QPainter, picture: Picture, width: int, height: int) -> None:
        """Paint over the image; ``painter`` works in widget pixels."""
        if picture.crosshair is not None:
            crosshair.paint(painter, picture.frame, picture.crosshair, width, height)
        if picture.brush is not None:
            _paint_brush(painter, picture.brush)
        used = 0
        if picture.corners is not None:
            for name, block in self._blocks.items():
                block.paint(painter, getattr(picture.corners, name), self._font, width, height)
            measure = scale_bar.bar(picture.frame, picture.scale, width)
            used = scale_bar.paint(painter, measure, self._font, width, height)
        self._paint_letters(painter, picture.frame, width, height, used)
        self._paint_border(painter, picture, width, height)
        if picture.readout is not None:
            self._paint_readout(painter, *picture.readout, width, height)

    def _paint_letters(
        self, painter: QPainter, frame: PlaneFrame, width: int, height: int, used: int
    ) -> None:
        left, right, top, bottom = frame.letters()
        painter.setFont(self._bold)
        flag, line = Qt.AlignmentFlag, QFontMetrics(self._bold).height()
        middle = QRect(MARGIN, (height - line) // 2, width - 2 * MARGIN, line)
        centre = QRect(0, MARGIN - 2, width, line)
        lowest = QRect(0, height - line - max(used, MARGIN), width, line)
        for letter, box, side in (
            (left, middle, flag.AlignLeft),
            (right, middle, flag.AlignRight),
            (top, centre, flag.AlignHCenter),
            (bottom, lowest, flag.AlignHCenter),
        ):
            if letter:
                shadowed(painter, box, side | flag.AlignVCenter, letter, QColor(TEXT))
        painter.setFont(self._font)

    def _paint_border(self, painter: QPainter, picture: Picture, width: int, height: int) -> None:
        frame = QRectF(0.5, 0.5, width - 1, height - 1)
        if picture.preview:
            pen = QPen(QColor(theme.DARK.accent), 2, Qt.PenStyle.DashLine)
            painter.setPen(pen)
            painter.drawRect(frame.adjusted(0.5, 0.5, -0.5, -0.5))
            texts = picture.corners
            lines = max(len(texts.top_left), len(texts.top_right)) if texts is not None else 0
            lines = min(lines, rows_that_fit(self._font, height))
            self._paint_badge(painter, f"preview · {picture.preview}", width, max(2, lines))
            return
        color = QColor(theme.PLANE_COLORS[picture.frame.plane])
        color.setAlphaF(1.0 if picture.under_mouse else 0.45)
        painter.setPen(QPen(color, 2 if picture.focused else 1))
        painter.drawRect(frame)

    def _paint_badge(self, painter: QPainter, text: str, width: int, lines: int) -> None:
        metrics = QFontMetrics(self._font)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - 8 * MARGIN)
        size = metrics.horizontalAdvance(text) + 2 * MARGIN
        box = QRect((width - size) // 2, MARGIN + lines * metrics.height(), size, metrics.height() + 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.DARK.accent))
        painter.drawRoundedRect(box, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(theme.DARK.on_accent))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_readout(self, painter: QPainter, at: QPointF, text: str, width: int, height: int) -> None:
        metrics = QFontMetrics(self._font)
        size = (metrics.horizontalAdvance(text) + 2 * MARGIN, metrics.height() + 6)
        x = min(max(MARGIN, round(at.x()) + 16), width - size[0] - MARGIN)
        y = min(max(MARGIN, round(at.y()) + 16), height - size[1] - MARGIN)
        box = QRect(x, y, *size)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 190))
        painter.drawRoundedRect(box, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(TEXT))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _paint_brush(painter: QPainter, brush: Brush) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for color, thick, style in (
        (QColor(0, 0, 0, 160), 3.0, Qt.PenStyle.SolidLine),
        (QColor(brush.color), 1.5, Qt.PenStyle.DashLine if brush.erases else Qt.PenStyle.SolidLine),
    ):
        painter.setPen(QPen(color, thick, style))
        painter.drawEllipse(brush.at, brush.radius, brush.radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
