"""Pictures of panes for taking away: at any resolution, with or without texts and identity, nothing left changed.

A picture is drawn within one turn of the event loop: what is shown is changed, drawn into an image and changed
back before the window is painted again, so nobody sees it and nobody is told.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSignalBlocker, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from pellucid.session.filming import Change, Scene, staged
from pellucid.ui import theme

if TYPE_CHECKING:
    from pellucid.ui.canvas.canvas_area import CanvasArea
    from pellucid.ui.canvas.slice_view import SliceView

AS_IT_IS = Scene()


@dataclass(frozen=True)
class Look:
    """What a picture is to show. ``pane`` None is the whole layout; ``scale`` multiplies the size on the screen.

    Without ``texts`` there are no corner texts, scale bar, crosshair and annotations; the letters of orientation
    always stay. Without ``identity`` nothing in the corners tells who it is and when it was.
    """

    pane: SliceView | None = None
    scale: int = 1
    texts: bool = True
    identity: bool = False


class Picturing:
    """Draws the panes of a canvas into pictures."""

    def __init__(self, canvas: CanvasArea) -> None:
        self._canvas = canvas

    def size(self, look: Look) -> tuple[int, int]:
        """Return columns and rows of a picture."""
        area = look.pane.rect() if look.pane is not None else self._area()
        return area.width() * look.scale, area.height() * look.scale

    def picture(self, look: Look, scene: Scene = AS_IT_IS) -> QImage:
        """Draw one picture."""
        panes = (look.pane,) if look.pane is not None else self._canvas.shown_panes()
        with ExitStack() as stack:
            for pane in panes:
                stack.enter_context(_Untouched(pane))
            with staged((*self._changes(look), *scene.changes)):
                for pane in panes:
                    _settle(pane, scene if pane is self._filmed(look) else AS_IT_IS)
                return self._draw(look, panes)

    def _filmed(self, look: Look) -> SliceView | None:
        return look.pane or self._canvas.pane_in_use()

    def _changes(self, look: Look) -> tuple[Change, ...]:
        view = self._canvas.session.view
        return (
            (view, "show_annotations", look.texts and view.show_annotations),
            (view, "show_crosshair", look.texts and view.show_crosshair),
            (view, "hide_identity", not look.identity),
            (view, "hide_preview", False),
        )

    def _draw(self, look: Look, panes: tuple[SliceView, ...]) -> QImage:
        if look.pane is not None:
            return _rendered(look.pane, look.scale)
        area, information = self._area(), self._canvas.information
        image = _blank(area.size(), look.scale)
        painter = QPainter(image)
        try:
            for widget in (*panes, *((information,) if information.isVisible() else ())):
                painter.drawImage(self._place(widget).topLeft() - area.topLeft(), _rendered(widget, look.scale))
        finally:
            painter.end()
        return image

    def _place(self, widget: QWidget) -> QRect:
        return QRect(widget.mapTo(self._canvas.window(), QPoint()), widget.size())

    def _area(self) -> QRect:
        """Return the rectangle of all panes in the window."""
        area = QRect()
        for pane in self._canvas.shown_panes():
            area = area.united(self._place(pane))
        if self._canvas.information.isVisible():
            area = area.united(self._place(self._canvas.information))
        return area


class _Untouched:
    """A pane that is drawn differently for a moment: no mark of mouse or focus, and its camera as it was after."""

    def __init__(self, pane: SliceView) -> None:
        self._pane = pane

    def __enter__(self) -> None:
        pane = self._pane
        self._quiet = QSignalBlocker(pane)
        self._told = pane.state.events.blocked()
        self._told.__enter__()
        self._look = pane.state.scale, pane.state.centre
        self._at, pane.mouse.at = pane.mouse.at, None
        pane.is_pictured = True

    def __exit__(self, *_: object) -> None:
        pane = self._pane
        pane.mouse.at, pane.is_pictured = self._at, False
        try:
            pane.flush()
            pane.state.scale, pane.state.centre = self._look
            pane.camera.apply()
            pane.flush()
        finally:
            self._told.__exit__(None, None, None)
            self._quiet.unblock()


def _settle(pane: SliceView, scene: Scene) -> None:
    """Let a pane take up what it is to show; the second time it does so finely."""
    look = pane.state.scale, pane.state.centre
    pane.flush()
    if scene.extent is not None:
        left, top, right, bottom = scene.extent
        pane.state.centre = (left + right) / 2, (top + bottom) / 2
        pane.state.scale = 0.97 * min(pane.width() / (right - left), pane.height() / (bottom - top))
    else:
        pane.state.scale, pane.state.centre = look
    pane.camera.apply()
    pane.flush()
    pane.flush()


def _blank(size: QSize, scale: int) -> QImage:
    image = QImage(size * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(QColor(theme.DARK.line))
    return image


def _rendered(widget: QWidget, scale: int) -> QImage:
    """Draw a widget as on a screen of so many times the resolution.

    Straight into the image: through a painter Qt would apply the resolution twice to what resets its transform.
    """
    image = _blank(widget.size(), scale)
    QWidget.render(widget, image, QPoint())
    return image


def pixels_of(picture: QImage) -> NDArray[np.uint8]:
    """Return a picture as an array (rows, columns, 3) of 8 bits."""
    rgb = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3).copy()
