"""What is painted over the image of a pane: letters, texts, bar, brush, border and badge."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPainter, QPen

from pellucid.language import tr
from pellucid.model.planes import PlaneFrame
from pellucid.ui import theme
from pellucid.ui.canvas import corner_texts, scale_bar
from pellucid.ui.canvas.corner_texts import MARGIN, TEXT, Corners, rows_that_fit
from pellucid.ui.canvas.words import CENTRE, LEFT, RIGHT, Words

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
    preview: str = ""
    under_mouse: bool = False
    focused: bool = False
    brush: Brush | None = None
    readout: tuple[QPointF, str] | None = None
    note: str = ""
    """What is shown otherwise than usual: which layers are compared, or what was before."""
    withheld: bool = False
    """Whether there is a preview that this pane cannot show."""
    doubt: str = ""
    """What may not lie rightly on what is below it; this is always said."""


class Decorations:
    """Paints what a picture holds."""

    def __init__(self) -> None:
        font = theme.figures(QGuiApplication.font())
        font.setPixelSize(_TEXT_PIXELS)
        bold = QFont(font)
        bold.setPixelSize(_LETTER_PIXELS)
        bold.setWeight(QFont.Weight.DemiBold)
        self._words, self._letters = Words(font), Words(bold)
        self._frame: PlaneFrame | None = None
        self._sides_of_patient = ("", "", "", "")

    def paint(self, painter: QPainter, picture: Picture, width: int, height: int) -> None:
        """Paint over the image; ``painter`` works in widget pixels."""
        if picture.brush is not None:
            _paint_brush(painter, picture.brush)
        used = 0
        if picture.corners is not None:
            corner_texts.paint(painter, picture.corners, self._words, width, height)
            measure = scale_bar.bar(picture.frame, picture.scale, width)
            used = scale_bar.paint(painter, measure, self._words, width, height)
        self._paint_letters(painter, picture.frame, width, height - max(used, MARGIN))
        self._paint_border(painter, picture, width, height)
        line = self._badge_line(picture, height) + (2 if picture.preview else 0)
        if picture.note:
            self._paint_lines(painter, picture.note, line, width, TEXT)
            line += picture.note.count("\n") + 2
        if picture.doubt:
            self._paint_lines(painter, picture.doubt, line, width, theme.DARK.warning)
        if picture.readout is not None:
            self._paint_readout(painter, *picture.readout, width, height)

    def _paint_letters(self, painter: QPainter, frame: PlaneFrame, width: int, bottom: int) -> None:
        if frame is not self._frame:
            self._frame, self._sides_of_patient = frame, frame.letters()
        left, right, top, low = self._sides_of_patient
        line = self._letters.height
        middle = (bottom - line) / 2
        for letter, x, y, side in (
            (left, MARGIN, middle, LEFT),
            (right, width - MARGIN, middle, RIGHT),
            (top, width / 2, MARGIN - 2, CENTRE),
            (low, width / 2, bottom - line, CENTRE),
        ):
            if letter:
                self._letters.draw(painter, letter, TEXT, x, y, side)

    def _paint_border(self, painter: QPainter, picture: Picture, width: int, height: int) -> None:
        if picture.preview:
            painter.setPen(QPen(QColor(theme.DARK.accent), 2, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(1, 1, width - 2, height - 2))
            self._paint_badge(
                painter, tr("preview · {preview}", preview=picture.preview), width, self._badge_line(picture, height)
            )
            return
        if picture.withheld:
            self._paint_badge(painter, tr("No preview on slabs and oblique planes"), width, 2, quiet=True)
        color = QColor(theme.PLANE_COLORS[picture.frame.plane])
        color = color if picture.under_mouse else color.darker(220)
        thick = 2 if picture.focused else 1
        for line in _sides(width, height, thick):
            painter.fillRect(line, color)

    def _paint_badge(self, painter: QPainter, text: str, width: int, lines: int, *, quiet: bool = False) -> None:
        text = self._words.fitted(text, width - 8 * MARGIN)
        size = self._words.width(text) + 2 * MARGIN
        box = QRect((width - size) // 2, MARGIN + lines * self._words.height, size, self._words.height + 4)
        colors = ("#be000000", TEXT) if quiet else (theme.DARK.accent, theme.DARK.on_accent)
        self._paint_plate(painter, box, text, *colors)

    def _badge_line(self, picture: Picture, height: int) -> int:
        """Return how many lines stay free above a badge, so that it keeps clear of the texts in the corners."""
        texts = picture.corners
        lines = max(len(texts.top_left), len(texts.top_right)) if texts is not None else 0
        return max(2, min(lines, rows_that_fit(self._words.height, height)))

    def _paint_lines(self, painter: QPainter, said: str, line: int, width: int, color: str) -> None:
        texts = [self._words.fitted(text, width - 4 * MARGIN) for text in said.split("\n")]
        size = max(map(self._words.width, texts)) + 2 * MARGIN
        top, tall = MARGIN + line * self._words.height, len(texts) * self._words.height + 4
        self._paint_plate(painter, QRect((width - size) // 2, top, size, tall), "\n".join(texts), "#be000000", color)

    def _paint_readout(self, painter: QPainter, at: QPointF, text: str, width: int, height: int) -> None:
        size = (self._words.width(text) + 2 * MARGIN, self._words.height + 6)
        x = min(max(MARGIN, round(at.x()) + 16), width - size[0] - MARGIN)
        y = min(max(MARGIN, round(at.y()) + 16), height - size[1] - MARGIN)
        self._paint_plate(painter, QRect(x, y, *size), text, "#be000000", TEXT)

    def _paint_plate(self, painter: QPainter, box: QRect, text: str, back: str, front: str) -> None:
        painter.setFont(self._words.font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(back))
        painter.drawRoundedRect(box, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QColor(front))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)


def _sides(width: int, height: int, thick: int) -> tuple[QRect, QRect, QRect, QRect]:
    return (
        QRect(0, 0, width, thick),
        QRect(0, height - thick, width, thick),
        QRect(0, thick, thick, height - 2 * thick),
        QRect(width - thick, thick, thick, height - 2 * thick),
    )


def _paint_brush(painter: QPainter, brush: Brush) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for color, thick, style in (
        (QColor(0, 0, 0, 160), 3.0, Qt.PenStyle.SolidLine),
        (QColor(brush.color), 1.5, Qt.PenStyle.DashLine if brush.erases else Qt.PenStyle.SolidLine),
    ):
        painter.setPen(QPen(color, thick, style))
        painter.drawEllipse(brush.at, brush.radius, brush.radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
