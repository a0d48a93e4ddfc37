"""The canvas: panes in the chosen layout, kept in step with the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QDropEvent, QHideEvent, QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.geometry import IDENTITY
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.view import Plane, Screen, Tool
from pellucid.session.mending import mends, take
from pellucid.ui.canvas.banner import Banner
from pellucid.ui.canvas.drops import ITEM_MIME, DropArea
from pellucid.ui.canvas.empty_state import EmptyState
from pellucid.ui.canvas.first_slice import FirstSlice
from pellucid.ui.canvas.keyboard import Keyboard
from pellucid.ui.canvas.pane_drops import PaneDrops
from pellucid.ui.canvas.pane_grid import PaneGrid
from pellucid.ui.canvas.pane_menu import information_menu, pane_menu
from pellucid.ui.canvas.redrawing import Redrawing
from pellucid.ui.canvas.slice_view import SliceView

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.canvas.information_pane import InformationPane


class CanvasArea(DropArea):
    """Shows the panes of one screen of a session and passes on what happens on them."""

    slices_changed = Signal()
    """Emitted when other slices than before are on the screen."""
    hovered = Signal(object, object)
    """Emitted with the world point under the mouse (or None) and the pane."""
    pane_changed = Signal()
    """Emitted when the mouse came onto another pane than before; see ``pane_in_use``."""
    preset_requested = Signal(int)
    """Emitted with 1–9 for a window preset, 0 for the window of the image itself."""
    series_step_requested = Signal(int)
    """Emitted with 1 for the next series, -1 for the previous one."""
    open_requested = Signal()
    demo_requested = Signal()

    def __init__(self, session: Session, screen: Screen | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.screen_state = screen or session.view
        self.keyboard = Keyboard(self)
        self._last_tool = Tool.CROSSHAIR
        self._pane_in_use: SliceView | None = None
        self._hidden_labels: list[LabelLayer] = []
        self._slices: tuple[tuple[int, int], ...] = ()
        self._drops = PaneDrops(self)
        self.grid = PaneGrid(session, self.screen_state, self._pane_made)
        self.empty = EmptyState()
        self.first = FirstSlice(session)
        self.banner = Banner()
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._settle)
        self._slices_later = QTimer(self, singleShot=True, interval=0)
        self._slices_later.timeout.connect(self._compare_slices)
        self._assemble()
        self._connect()
        self._redrawing = Redrawing(self, self._later.start)
        self._settle()

    # ---------------------------------------------------------------- assembly

    def _assemble(self) -> None:
        self.setMinimumSize(240, 200)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.grid)
        self._stack.addWidget(self.first)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banner)
        column.addWidget(self._stack, 1)

    def _connect(self) -> None:
        session = self.session
        self.empty.open_requested.connect(self.open_requested)
        self.empty.demo_requested.connect(self.demo_requested)
        self.drag_over.connect(self.empty.set_drop_hint)
        self.banner.mend_asked.connect(lambda mend: take(session, mend))
        self.information.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.information.customContextMenuRequested.connect(self._information_menu)
        session.first_slice.connect(self._first_slice)
        session.view.events.hide_identity.connect(lambda _hide: self._later.start())
        session.jobs.changed.connect(self._busy_changed)
        session.library.changed.connect(self._busy_changed)

    def _pane_made(self, pane: SliceView) -> None:
        """Listen to a pane that was made."""
        pane.hovered.connect(lambda world: self._hover(world, pane))
        pane.maximise_requested.connect(lambda: self.maximise(pane))
        pane.menu_requested.connect(lambda at: self._show_menu(pane, at))
        pane.slice_changed.connect(self._slices_later.start)
        pane.state.events.connect(self._pane_changed)

    @property
    def panes(self) -> list[SliceView]:
        """Return the panes made so far, in the order of their states; ``shown_panes`` are those on the screen."""
        return self.grid.panes

    @property
    def information(self) -> InformationPane:
        """Return the pane that tells what is known of the active layer."""
        return self.grid.information

    def pane(self, plane: Plane) -> SliceView:
        """Return the first pane on the screen that shows a plane; raise LookupError when there is none."""
        for pane in self.shown_panes():
            if pane.plane is plane:
                return pane
        raise LookupError(f"no pane shows the {plane} plane")

    # ---------------------------------------------------------------- following the session

    def _pane_changed(self, info: Any) -> None:
        if info.signal.name in ("plane", "information", "shows"):
            self._later.start()

    def _first_slice(self, layer: ImageLayer | None) -> None:
        """Show it now; take it away with what comes in its place, so that nobody sees the panes empty in between."""
        if layer is None:
            self._later.start()
            return
        self.first.show_layer(None if layer in self.session.document else layer)
        self._settle()

    def _busy_changed(self) -> None:
        if not len(self.session.document):
            self._later.start()

    def _settle(self) -> None:
        """Bring panes, banner, information and empty state to the state of the session."""
        document = self.session.document
        layer = document.active or document.active_image
        image = document.active_image
        if self.first.layer is not None and not self.session.loading.shows_first:
            self.first.show_layer(None)
        self.grid.arrange()
        self._compare_slices()
        page = self.grid if len(document) else self.empty
        self._stack.setCurrentWidget(self.first if self.first.layer is not None else page)
        self.information.show_layer(layer, self.session.concealing.text)
        found = image.volume.findings if image else ()
        self.banner.show_findings(image.id if image else "", found, mends(self.session, image))
        self.empty.say(*(_busy(self.session) if not len(document) else ("", None)))

    def shown_panes(self) -> tuple[SliceView, ...]:
        """Return the panes that are on the screen now, without the information pane."""
        return self.grid.shown()

    # ---------------------------------------------------------------- what is on the screen

    def visible_slices(self) -> tuple[tuple[int, int], ...]:
        """Return (voxel axis, index) of every slice of the active image that a pane shows."""
        image = self.session.document.active_image
        if image is None:
            return ()
        seen = (pane.slice_of(image) for pane in self.shown_panes())
        return tuple(dict.fromkeys(place for place in seen if place is not None))

    def pane_in_use(self) -> SliceView | None:
        """Return the pane the mouse was on last, else the first."""
        shown = self.shown_panes()
        return self._pane_in_use if self._pane_in_use in shown else next(iter(shown), None)

    def slice_in_use(self) -> tuple[int, int] | None:
        """Return (voxel axis, index) of the active image on the pane in use."""
        image, pane = self.session.document.active_image, self.pane_in_use()
        return None if image is None or pane is None else pane.slice_of(image)

    def _hover(self, world: object, pane: SliceView) -> None:
        self.hovered.emit(world, pane)
        if world is not None and pane is not self._pane_in_use:
            self._pane_in_use = pane
            self.pane_changed.emit()

    def _compare_slices(self) -> None:
        self._slices_later.stop()
        slices = self.visible_slices()
        if slices != self._slices:
            self._slices = slices
            self.slices_changed.emit()

    def pane_under_mouse(self) -> SliceView | None:
        """Return the pane the mouse is on, else the one with the focus, else None: keys belong elsewhere."""
        shown = self.shown_panes()
        focus = QApplication.focusWidget()
        for pane in shown:
            if pane.mouse.is_here:
                return pane
        return next((pane for pane in shown if pane is focus), None)

    def fit_all(self) -> None:
        """Show the whole of every plane."""
        for pane in self.panes:
            pane.fit()

    def reset_planes(self) -> None:
        """Take back how the planes were turned."""
        self.session.view.rotation = IDENTITY

    def reset_views(self) -> None:
        """Take back every turn, fit every plane, centre the crosshair and return to the window first shown."""
        self.reset_planes()
        self.fit_all()
        self.session.centre_crosshair()
        image = self.session.document.active_image
        if image is not None:
            self.session.looking.reset_window(image)

    def maximise(self, pane: SliceView) -> None:
        """Give the whole canvas to one pane, or back to all."""
        self.session.arranging.toggle_maximised(pane.state, self.screen_state)

    def flush(self) -> None:
        """Take up the newest state now instead of before the next frame."""
        self._later.stop()
        self._settle()
        self.grid.settle()
        for pane in self.shown_panes():
            pane.flush()
        self._compare_slices()

    def grab_pane(self, pane: SliceView) -> QImage:
        """Return what a pane shows."""
        self.flush()
        return QWidget.grab(pane).toImage()

    def grab_picture(self) -> QImage:
        """Return what all panes show, without marks of mouse and focus."""
        self.flush()
        return self.grid.picture()

    # ---------------------------------------------------------------- what keys ask for

    def choose_tool(self, tool: Tool) -> None:
        """Choose the tool of the left button; remember the one before."""
        if tool is not self.session.view.tool:
            self._last_tool, self.session.view.tool = self.session.view.tool, tool

    def choose_last_tool(self) -> None:
        """Return to the tool used before."""
        self.choose_tool(self._last_tool)

    def toggle_labels(self) -> None:
        """Hide all label layers, or show those hidden before."""
        layers = self.session.document.label_layers
        visible = [layer for layer in layers if layer.visible]
        if visible:
            self._hidden_labels = visible
        for layer in visible or [layer for layer in self._hidden_labels if layer in layers] or layers:
            layer.visible = not visible

    # ---------------------------------------------------------------- keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give a key that a pane left alone to the pane under the mouse."""
        if not self.keyboard.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Notice that a held key was let go."""
        if not self.keyboard.release(event):
            super().keyReleaseEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Listen to the keys of the window the canvas stands in."""
        super().showEvent(event)
        self.keyboard.listen()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go of held keys."""
        self.keyboard.let_go()
        super().hideEvent(event)

    # ---------------------------------------------------------------- drops and menus

    def aim(self, event: QDropEvent | None) -> None:
        """Show on the pane under a drag what a drop would do."""
        self._drops.aim(event)

    def take(self, event: QDropEvent) -> bool:
        """Show what was dropped on a pane."""
        return self._drops.take(event)

    def _information_menu(self, at: QPoint) -> None:
        state = self.grid.state_at(self.information.mapTo(self.grid, at))
        if state is not None:
            information_menu(self, state).popup(self.information.mapToGlobal(at))

    def _show_menu(self, pane: SliceView, at: QPoint) -> None:
        pane_menu(self, pane).popup(at)


def _busy(session: Session) -> tuple[str, float | None]:
    """Return what is being opened and how far it is, for an empty canvas."""
    job, library = session.loading.job, session.library
    if job is not None and not job.finished:
        return f"{session.concealing.text(job.name)} …", job.progress or None
    if library.scanning:
        return tr("Looking for images: {seen} files seen …", seen=library.seen), None
    return "", None


__all__ = ["ITEM_MIME", "CanvasArea"]
