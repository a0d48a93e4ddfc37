"""One pane: a plane of the reference grid with all layers, its texts, and the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import EmissionInfo
from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from pellucid.model.layer import ImageLayer, Layer
from pellucid.model.planes import PlaneFrame
from pellucid.model.projecting import Thickness
from pellucid.model.slicing import layer_slice
from pellucid.model.view import PaneState
from pellucid.ui.canvas.brush_outline import brush_outline, limits_note
from pellucid.ui.canvas.comparison import Comparison
from pellucid.ui.canvas.corner_texts import corners, plane_title
from pellucid.ui.canvas.cutting import Section, sight
from pellucid.ui.canvas.decorations import Decorations, Picture
from pellucid.ui.canvas.drawing import Work, drawing
from pellucid.ui.canvas.fused_texts import fused_lines, overlay_doubts
from pellucid.ui.canvas.layer_stack import LayerStack
from pellucid.ui.canvas.lookup import Look
from pellucid.ui.canvas.overlays import make_overlays
from pellucid.ui.canvas.pane_drops import Hints
from pellucid.ui.canvas.pane_mouse import PaneMouse
from pellucid.ui.canvas.plane_view import PlaneView
from pellucid.ui.canvas.thickness import slab_text

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.session.comparing import Held

_NARROW = 420  # pixels below which corner texts are short
_REST = 150  # ms without a new slice until large slices are drawn finely


class SliceView(PlaneView):
    """Shows one plane through the crosshair; many changes between two frames are drawn once."""

    hovered = Signal(object)
    """Emitted with the world point under the mouse, or None when the mouse leaves."""
    maximise_requested = Signal()
    menu_requested = Signal(object)
    """Emitted with the global position of a right click."""
    slice_changed = Signal()
    """Emitted after the pane took up another slice."""
    refreshed = Signal()
    """Emitted after the pane took up the newest state."""

    def __init__(self, session: Session, state: PaneState, parent: QWidget | None = None) -> None:
        super().__init__(session, state, parent)
        self.stack = LayerStack(self.sheet)
        self.comparison = Comparison(self)
        self._held: Held | None = None
        self._decorations = Decorations()
        self.mouse = PaneMouse(self)
        self._readout = ""
        self.pictured = 0
        """How many times finer than on the screen a picture of the pane is being drawn; 0 while none is."""
        self._hints = Hints()
        self.drop_hint = ""
        """What a drop would do here, while something is dragged over the pane."""
        self.beside_others = False
        """Whether there are other panes to be linked with."""
        self._drawing = drawing()
        self._rest = QTimer(self, singleShot=True, interval=_REST)
        self._rest.timeout.connect(self._rested)
        self._seen: tuple[object, ...] = ()
        self._still = False
        """Whether nothing moved for a while, so that there is time for details."""
        self.setMouseTracking(True)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setMinimumSize(80, 80)
        self.overlays = make_overlays()
        state.events.connect(self._state_changed)

    @property
    def is_pictured(self) -> bool:
        """Return whether a picture of the pane is being drawn for taking away."""
        return self.pictured > 0

    # ---------------------------------------------------------------- following the document

    def _state_changed(self, info: EmissionInfo) -> None:
        if info.signal.name not in ("fit", "fit_centre"):
            self.schedule()

    def schedule(self) -> None:
        """Ask for a refresh before the next frame."""
        self._drawing.ask(self)

    def flush(self) -> None:
        """Take up the newest state now and ask Qt for one repaint."""
        self._drawing.drop(self)
        view, viewing = self.session.view, self.session.viewing
        frame = viewing.frame(self.state)
        if frame is not self.frame:
            self.frame, linking = frame, self.session.linking
            with linking.quiet():
                kept = self.camera.look_at(frame, viewing.position(self.state))
            if not kept:
                linking.zoom.take(self.state)
        self.camera.follow()
        self.camera.lay()
        self.index = frame.slice_index(viewing.position(self.state)) if frame is not None else 0
        self.comparison.refresh()
        layers = self.comparison.drawn(viewing.layers(self.state))
        looks = tuple(Look.of(layer.display) for layer in layers if isinstance(layer, ImageLayer))
        place = (frame, self.index, self.state.slab, self.state.projection, self.camera.scale, self.camera.centre)
        seen = (*place, looks)
        self._still = self._still and place == self._seen[:-1]
        held = self.session.comparing.held() if self.comparison.layers is None else None
        self._held = held or self.session.judging.held()
        self.stack.fills = viewing.is_alone(self.state)
        self.stack.refresh(
            layers, self._section(), before=view.hide_preview, fine=seen == self._seen,
            held=self._held, comparison=self.comparison, agreement=self.session.agreeing.map(),
            outlined=self.session.judging.outlined,
        )  # fmt: skip
        if seen != self._seen:
            self._rest.start()
        elif self._still and self.stack.is_coarse():
            self._drawing.ask(self)
        moved = seen[:2] != self._seen[:2]
        self._seen = seen
        self.mouse.show_cursor()
        self.viewport().update()
        self.refreshed.emit()
        self.mouse.tell_place()
        if moved:
            self.slice_changed.emit()

    def pictures(self) -> list[Work]:
        """Return the work of colouring what changed; what nobody does before is done when Qt paints."""
        return self.stack.pictures(self)

    def _section(self) -> Section | None:
        if self.frame is None:
            return None
        ratio = self.pictured or self.devicePixelRatioF()
        fine = self._still and self.thickness is None  # between voxels a slab has nothing to show
        seen = sight(self.frame, self.camera.seen(), 1 / (self.camera.scale * ratio), still=fine)
        return Section(self.frame, self.index, seen, self.thickness, self._still)

    @property
    def thickness(self) -> Thickness | None:
        """Return how thick a slab is shown, or None for one slice."""
        if self.state.slab <= 0 or self.frame is None or self.frame.geometry.is_planar:
            return None
        return Thickness(self.state.slab, self.state.projection)

    def _rested(self) -> None:
        self._still = True
        if self.stack.is_thinned() or self.stack.is_coarse():
            self.schedule()

    def refine(self) -> bool:
        """Spend a moment on details of askew planes and slabs; return whether there are no more."""
        self._still = True
        self.flush()
        return not self.stack.is_coarse()

    def slice_of(self, layer: Layer) -> tuple[int, int] | None:
        """Return (voxel axis, index) of what a layer shows here, or None when it is no plain slice."""
        viewing = self.session.viewing
        frame = viewing.frame(self.state)
        if frame is None or self.thickness is not None or layer not in viewing.layers(self.state):
            return None
        axis, index = layer_slice(layer.geometry, frame, frame.slice_index(viewing.position(self.state)))
        return (axis, index) if axis >= 0 and index >= 0 else None

    def fit(self) -> None:
        """Show the whole plane."""
        self.camera.fit()
        self.schedule()

    # ---------------------------------------------------------------- mouse, keys and focus

    def say(self, text: str | None) -> None:
        """Show a read-out beside the mouse, or take it away."""
        self._readout = text or ""
        self.schedule()

    def hush(self, text: str) -> None:
        """Take a read-out away if it is still the one that stands there."""
        if self._readout == text:
            self.say(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin what the button does."""
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse."""
        self.mouse.move(event)
        if self._readout:
            self.schedule()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish what the button did."""
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Maximise or restore the pane; a brush paints instead."""
        self.mouse.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step through slices, zoom or resize the brush."""
        self.mouse.wheel(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Mark the pane: keys now act on it."""
        self.mouse.enter(event)
        super().enterEvent(event)

    def leaveEvent(self, _event: QEvent) -> None:
        """Unmark the pane."""
        self.mouse.leave()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Show the menu for the menu key; the mouse has its own way."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu_requested.emit(self.mapToGlobal(self.rect().center()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave keys to the canvas area."""
        event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Leave keys to the canvas area."""
        event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the focus."""
        super().focusInEvent(event)
        self.schedule()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the focus left."""
        super().focusOutEvent(event)
        self.schedule()

    # ---------------------------------------------------------------- painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep what is shown in the middle, or fit it again."""
        super().resizeEvent(event)
        self.camera.resize(self.width(), self.height())

    def showEvent(self, event: QShowEvent) -> None:
        """Take up what happened while hidden."""
        super().showEvent(event)
        self.schedule()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of the layers."""
        super().hideEvent(event)
        self.stack.clear()

    def sizeHint(self) -> QSize:
        """Return a comfortable size."""
        return QSize(400, 400)

    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Paint black where no layer is."""
        painter.fillRect(rect, Qt.GlobalColor.black)

    def drawForeground(self, painter: QPainter, _rect: QRectF | QRect) -> None:
        """Paint texts, lines and marks over the layers."""
        painter.save()
        painter.resetTransform()
        if self.frame is None:
            self._hints.paint_empty(painter, self.width(), self.height())
        else:
            self._paint_over(painter, self.frame)
        if self.drop_hint:
            self._hints.paint_drop(painter, self.drop_hint, self.width(), self.height())
        painter.restore()

    def _paint_over(self, painter: QPainter, frame: PlaneFrame) -> None:
        for overlay in self.overlays:
            overlay.paint(painter, self)
        self._decorations.paint(painter, self._picture(frame), self.width(), self.height())

    def _picture(self, frame: PlaneFrame) -> Picture:
        view, at = self.session.view, self.mouse.at
        texts = None
        if view.show_annotations:
            slab = slab_text(frame, self.index, self.thickness, short=self.width() < _NARROW)
            texts = corners(
                self.image, frame, self.index, self.camera.percent, hide_identity=view.hide_identity, slab=slab,
                limits=self.stack.limits, fused=fused_lines(self), held=self._held,
            )  # fmt: skip
            if view.hide_identity:
                texts = texts.mapped(self.session.concealing.hidden)
        return Picture(
            frame, self.camera.scale, texts, self.stack.preview, self.mouse.is_here,
            self.hasFocus() and not self.pictured,
            brush_outline(self), (at, self._readout) if at is not None and self._readout else None,
            self._note(), self.stack.withheld, overlay_doubts(self),
        )  # fmt: skip

    def _note(self) -> str:
        """Return what is shown or done otherwise than usual."""
        seen = (self.comparison.says(), self._held.says if self._held is not None else "")
        return "\n".join(filter(None, seen)) or limits_note(self)

    def title(self) -> str:
        """Return what the pane shows, for menus."""
        return plane_title(self.frame) if self.frame is not None else ""
