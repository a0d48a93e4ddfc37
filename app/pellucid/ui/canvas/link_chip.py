"""The chip of a pane: its link group and what the group does together; a click opens the menu of links."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QMenu

from pellucid.session.linking import OWN, UNKNOWN, LinkState
from pellucid.ui import theme
from pellucid.ui.canvas.corner_texts import MARGIN, is_narrow, rows_that_fit
from pellucid.ui.canvas.fused_texts import fused_lines
from pellucid.ui.canvas.link_menu import PARTS, fill_link_menu
from pellucid.ui.canvas.words import Words
from pellucid.ui.icons import icon

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView
    from pellucid.ui.canvas.tools import CanvasTool, Pointer

_TEXT_PIXELS, _ICON, _HEIGHT, _PAD = 12, 14, 20, 5
_LINES = 3
"""Lines of text that may stand in the corner below the chip."""


class LinkChip:
    """Shown where there is more than one pane to link; faint while nothing but the position is linked."""

    def __init__(self) -> None:
        font = theme.figures(QGuiApplication.font())
        font.setPixelSize(_TEXT_PIXELS)
        self._words = Words(font)
        self._tool = _OpenMenu(self)

    def place(self, pane: SliceView) -> QRect:
        """Return where the chip stands: above the texts in the corner at the bottom left."""
        state = pane.session.linking.state(pane.state)
        line = self._words.height
        lines = 0
        if pane.session.view.show_annotations:
            most = 1 if is_narrow(pane.width()) else rows_that_fit(line, pane.height())
            lines = min(_LINES + len(fused_lines(pane)), most)
        top = pane.height() - MARGIN - lines * line - theme.GRID - _HEIGHT
        return QRect(MARGIN - 2, top, self._width(state, pane.width()), _HEIGHT)

    def paint(self, painter: QPainter, pane: SliceView) -> None:
        """Draw the letter of the group, an icon for all that is linked, and what is to be known about it."""
        if not self._is_shown(pane):
            return
        state, box = pane.session.linking.state(pane.state), self.place(pane)
        warns = state.note in (OWN, UNKNOWN)
        calm = not (state.note or state.zoom or state.window) and state.group == "A" and not pane.mouse.is_here
        color = theme.DARK.warning if warns else theme.DARK.dim if calm else theme.DARK.text
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 110 if calm else 190))
        painter.drawRoundedRect(box, 4, 4)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        x = box.left() + _PAD
        middle = box.center().y() + 1
        if state.group:
            self._words.draw(painter, state.group, color, x, middle - self._words.height / 2)
            x += self._words.width(state.group) + theme.GRID
        for name in _icons(state):
            painter.drawPixmap(x, middle - _ICON // 2, _glyph(name, color, pane.devicePixelRatioF()))
            x += _ICON + theme.GRID
        if state.note:
            room = box.right() - _PAD + 1 - x
            fits = [note for note in (state.note, state.short_note) if self._words.width(note) <= room]
            text = fits[0] if fits else self._words.fitted(state.short_note, room)
            self._words.draw(painter, text, color, x, middle - self._words.height / 2)

    def grip(self, pane: SliceView, pointer: Pointer) -> CanvasTool | None:
        """Return what opens the menu while the mouse is on the chip."""
        on_it = self._is_shown(pane) and self.place(pane).contains(pointer.at.toPoint())
        return self._tool if on_it else None

    def _is_shown(self, pane: SliceView) -> bool:
        wanted = pane.session.view.show_annotations or pane.mouse.is_here
        return wanted and pane.beside_others and not pane.is_pictured

    def _width(self, state: LinkState, room: int) -> int:
        letter = self._words.width(state.group) + theme.GRID if state.group else 0
        icons = len(_icons(state)) * (_ICON + theme.GRID)
        most = room - 2 * MARGIN
        wanted = [2 * _PAD + letter + icons + (self._words.width(note) if note else -theme.GRID)
                  for note in (state.note, state.short_note)]  # fmt: skip
        return next((width for width in wanted if width <= most), most)


@lru_cache(maxsize=64)
def _glyph(name: str, color: str, ratio: float) -> QPixmap:
    """Return an icon drawn once: fonts are slow, and a pane is painted with every slice."""
    return icon(name, color).pixmap(QSize(_ICON, _ICON), ratio)


def _icons(state: LinkState) -> list[str]:
    if not state.group:
        return ["link-variant-off"]
    return [picture for part, _, picture in PARTS if getattr(state, part)] or ["link-variant-off"]


class _OpenMenu:
    """Opens the menu of links when the button is let go."""

    cursor = Qt.CursorShape.PointingHandCursor

    def __init__(self, chip: LinkChip) -> None:
        self._chip = chip

    def press(self, pane: SliceView, pointer: Pointer) -> None:
        """Do nothing yet."""

    def move(self, pane: SliceView, pointer: Pointer) -> None:
        """Do nothing: a chip is not dragged."""

    def release(self, pane: SliceView) -> None:
        """Open the menu above the chip."""
        menu = QMenu(pane)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_link_menu(menu, pane.session, pane.state)
        top = self._chip.place(pane).topLeft() - QPoint(0, menu.sizeHint().height() + theme.GRID)
        menu.popup(pane.mapToGlobal(top))

    def cancel(self, pane: SliceView) -> None:
        """Do nothing."""
