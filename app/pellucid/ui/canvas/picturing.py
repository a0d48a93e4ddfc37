"""Pictures of panes for taking away: at any resolution, with or without texts and identity, nothing left changed.

A picture is drawn within one turn of the event loop: what is shown is changed, drawn into an image and changed
back before the window is painted again, so nobody sees it and nobody is told.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from time import monotonic
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
_MARGIN = 0.97


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

    def picture(self, look: Look, scene: Scene = AS_IT_IS, *, patience: float = 1.0) -> QImage:
        """Draw one picture now; a thick slab becomes as fine as ``patience`` (s) allows."""
        with self.pose(look, scene) as pose:
            end = monotonic() + patience
            while not pose.refine() and monotonic() < end:
                pass
            return pose.draw()

    def pose(self, look: Look, scene: Scene = AS_IT_IS) -> Pose:
        """Show a scene to nobody until the pose is closed; for pictures whose details take a while."""
        return Pose(self, look, scene, look.pane or self._canvas.pane_in_use())

    def panes(self, look: Look) -> tuple[SliceView, ...]:
        """Return the panes that are in a picture."""
        return (look.pane,) if look.pane is not None else self._canvas.shown_panes()

    def changes(self, look: Look) -> tuple[Change, ...]:
        """Return what a look changes in the view."""
        view = self._canvas.session.view
        return (
            (view, "show_annotations", look.texts and view.show_annotations),
            (view, "show_crosshair", look.texts and view.show_crosshair),
            (view, "show_measurements", look.texts and view.show_measurements),
            (view, "hide_identity", not look.identity),
            (view, "hide_preview", False),
        )

    def quiet(self) -> AbstractContextManager[None]:
        """Let the links of panes rest."""
        return self._canvas.session.linking.quiet()

    def draw(self, look: Look) -> QImage:
        """Draw the panes as they are."""
        if look.pane is not None:
            return _rendered(look.pane, look.scale)
        area, information = self._area(), self._canvas.information
        image = _blank(area.size(), look.scale)
        painter = QPainter(image)
        try:
            for widget in (*self.panes(look), *((information,) if information.isVisible() else ())):
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


class Pose:
    """Panes that show something else for a while, unseen: they are not painted on the screen until it is closed."""

    def __init__(self, picturing: Picturing, look: Look, scene: Scene, filmed: SliceView | None) -> None:
        self._picturing, self._look = picturing, look
        self._panes = picturing.panes(look)
        self._stack = ExitStack()
        try:
            for pane in self._panes:
                self._stack.enter_context(_Untouched(pane, look.scale))
            self._stack.enter_context(picturing.quiet())
            self._stack.enter_context(staged((*picturing.changes(look), *scene.changes)))
            for pane in self._panes:
                _settle(pane, scene if pane is filmed else AS_IT_IS)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> Pose:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def refine(self) -> bool:
        """Spend a moment on details; return whether there are no more."""
        for pane in self._panes:
            if pane.stack.is_coarse():
                pane.refine()
        return not any(pane.stack.is_coarse() for pane in self._panes)

    def draw(self) -> QImage:
        """Draw the picture."""
        for pane in self._panes:
            pane.setUpdatesEnabled(True)
        try:
            return self._picturing.draw(self._look)
        finally:
            for pane in self._panes:
                pane.setUpdatesEnabled(False)

    def close(self) -> None:
        """Show everything as it was."""
        self._stack.close()


class _Untouched:
    """A pane that is drawn differently for a while: no mark of mouse or focus, and its camera as it was after."""

    def __init__(self, pane: SliceView, scale: int) -> None:
        self._pane, self._scale = pane, scale

    def __enter__(self) -> None:
        pane = self._pane
        self._quiet = QSignalBlocker(pane)
        pane.setUpdatesEnabled(False)
        self._told = pane.state.events.blocked()
        self._told.__enter__()
        self._look = pane.state.scale, pane.state.centre
        self._at, pane.mouse.at = pane.mouse.at, None
        pane.pictured = self._scale

    def __exit__(self, *_: object) -> None:
        pane = self._pane
        pane.mouse.at, pane.pictured = self._at, 0
        try:
            pane.flush()
            pane.state.scale, pane.state.centre = self._look
            pane.camera.apply()
            pane.flush()
        finally:
            self._told.__exit__(None, None, None)
            pane.setUpdatesEnabled(True)
            self._quiet.unblock()


def _settle(pane: SliceView, scene: Scene) -> None:
    """Let a pane take up what it is to show; the second time it does so finely."""
    look = pane.state.scale, pane.state.centre
    pane.flush()
    if scene.extent is not None:
        left, top, right, bottom = scene.extent
        pane.state.centre = (left + right) / 2, (top + bottom) / 2
        pane.state.scale = _MARGIN * min(pane.width() / (right - left), pane.height() / (bottom - top))
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
