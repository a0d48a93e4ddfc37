"""The mouse on one pane: which button does what, and where the mouse is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QWheelEvent

from pellucid.model.brush_sizes import resized_brush
from pellucid.model.view import Tool
from pellucid.ui.canvas.crosshair_tools import CentreTool
from pellucid.ui.canvas.hand_tool import HandTool
from pellucid.ui.canvas.label_tools import make_label_tools
from pellucid.ui.canvas.landmark_tool import LandmarkTool
from pellucid.ui.canvas.measure_tools import DrawTool, make_draw_tools
from pellucid.ui.canvas.outline_tools import OutlineTool, make_outline_tools
from pellucid.ui.canvas.tools import DRAG_DISTANCE, BrushTool, CanvasTool, Pointer, make_tools
from pellucid.ui.mouse_habits import MouseHabits, Wheel, habits_of

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

_NOTCH = 120


class PaneMouse:
    """Left is the tool in force; the other buttons and the wheel do what the user's ``mouse_habits`` say."""

    def __init__(self, pane: SliceView) -> None:
        self._pane = pane
        self._tools = make_tools() | make_draw_tools() | make_outline_tools() | make_label_tools()
        self._tools |= {Tool.MOVE_LAYER: HandTool(), Tool.LANDMARKS: LandmarkTool()}
        self._drag: tuple[Qt.MouseButton, CanvasTool, QPointF] | None = None
        self._dragged = False
        self._pans = False
        self._turned = 0
        self._over: CanvasTool | None = None
        self.at: QPointF | None = None
        """Where the mouse is in the pane, or None."""
        self.modifiers = Qt.KeyboardModifier.NoModifier

    @property
    def tool(self) -> CanvasTool:
        """Return the tool of the left button."""
        return self._tools[Tool.PAN if self._pans else self._pane.session.view.tool]

    @property
    def is_here(self) -> bool:
        """Return whether the mouse is on this pane."""
        return self.at is not None

    def hold_pan(self, held: bool) -> bool:
        """Let the left button pan while a key is held; return whether anything was dragged since."""
        dragged, self._dragged = self._dragged, False
        self._pans = held
        self._pane.schedule()
        return dragged

    def cancel(self) -> bool:
        """Give up what the held button is doing or what is half drawn; return whether there was anything."""
        drag, self._drag = self._drag, None
        if drag is not None:
            drag[1].cancel(self._pane)
        return drag is not None or self._give_up()

    def _give_up(self) -> bool:
        tool = self.tool
        drawing = isinstance(tool, DrawTool) and tool.is_drawing(self._pane)
        if drawing:
            tool.cancel(self._pane)
        return drawing

    def press(self, event: QMouseEvent) -> None:
        """Begin what the button does; while one is held, others do nothing."""
        event.accept()
        button = event.button()
        if self._pane.frame is None and button == Qt.MouseButton.RightButton:
            self._pane.menu_requested.emit(event.globalPosition().toPoint())
        if self._drag is not None or self._pane.frame is None:
            return
        self._pane.session.viewing.make_active(self._pane.state)
        if button == Qt.MouseButton.LeftButton:
            tool = self._grabbed(Pointer(event.position(), event.modifiers())) or self.tool
        elif (other := self._other_tool(button)) is not None:
            tool = other
        else:
            if button == Qt.MouseButton.RightButton:
                self._pane.menu_requested.emit(event.globalPosition().toPoint())
            return
        self._drag, self._dragged = (button, tool, event.position()), False
        self.at, self.modifiers = event.position(), event.modifiers()
        tool.press(self._pane, Pointer(self.at, self.modifiers))
        self._pane.schedule()

    @property
    def habits(self) -> MouseHabits:
        """Return what the buttons and the wheel do, as the settings say now."""
        return habits_of(self._pane.session.settings)

    def _other_tool(self, button: Qt.MouseButton) -> CanvasTool | None:
        """Return the tool of the middle or right button, if it has one."""
        habits = self.habits
        named = {Qt.MouseButton.MiddleButton: habits.middle, Qt.MouseButton.RightButton: habits.right}.get(button)
        return None if named is None else self._tools[named]

    def _grabbed(self, pointer: Pointer) -> CanvasTool | None:
        """Return the tool of what lies under the mouse and can be taken hold of, topmost first."""
        if self._pans:
            return None
        grips = (overlay.grip(self._pane, pointer) for overlay in reversed(self._pane.overlays))
        return next((grip for grip in grips if grip is not None), None)

    def move(self, event: QMouseEvent) -> None:
        """Move what is held, once it is clear that this is no click, and tell where the mouse is."""
        pane = self._pane
        self.at, self.modifiers = event.position(), event.modifiers()
        if self._drag is not None:
            _, tool, start = self._drag
            self._dragged = self._dragged or (self.at - start).manhattanLength() >= DRAG_DISTANCE
            if self._dragged or isinstance(tool, BrushTool):
                tool.move(pane, Pointer(self.at, self.modifiers))
        elif isinstance(self.tool, DrawTool) and self.tool.is_drawing(pane):
            self.tool.hover(pane, Pointer(self.at, self.modifiers))
        elif self.modifiers == Qt.KeyboardModifier.ShiftModifier and self.habits.shift_crosshair:
            self._take_crosshair_along()
        over = self._over
        self.tell_place()
        self.show_cursor()
        if isinstance(self.tool, (BrushTool, OutlineTool)) or over != self._over:
            pane.schedule()

    def _take_crosshair_along(self) -> None:
        """Put the crosshair where the mouse is; a brush keeps Shift for its size."""
        if self.at is not None and not isinstance(self.tool, BrushTool):
            self._pane.put_crosshair(self.at)

    def _clicked_beside(self) -> None:
        """Let go of the chosen measurement: the click was on none."""
        if not isinstance(self.tool, DrawTool):
            self._pane.session.measuring.select(None)

    def _picked(self, tool: CanvasTool, pointer: Pointer) -> None:
        """Select the measured object that was clicked, with Ctrl beside others; painting and drawing select nothing."""
        if tool in self._picking or isinstance(tool, CentreTool):
            more = pointer.has(Qt.KeyboardModifier.ControlModifier)
            self._pane.session.objects.pick(self._pane.world_at(pointer.at), more=more)

    @property
    def _picking(self) -> tuple[CanvasTool, ...]:
        return tuple(self._tools[tool] for tool in (Tool.WINDOW, Tool.CROSSHAIR, Tool.PAN, Tool.ZOOM, Tool.SCROLL))

    def tell_place(self) -> None:
        """Tell which world point is under the mouse: it changes also while the mouse rests."""
        if self.at is not None and self._pane.frame is not None:
            world = self._pane.world_at(self.at)
            self._pane.hovered.emit(world)
            self._pane.session.pointing.pointed.emit(world, self._pane.state)

    def release(self, event: QMouseEvent) -> None:
        """Finish what the button did."""
        event.accept()
        if self._drag is None or event.button() != self._drag[0]:
            return
        button, tool, _ = self._drag
        self._drag = None
        tool.release(self._pane)
        if button == Qt.MouseButton.LeftButton and not self._dragged and tool is self.tool:
            self._clicked_beside()
        if button == Qt.MouseButton.LeftButton and not self._dragged:
            self._picked(tool, Pointer(event.position(), event.modifiers()))
        self._pane.schedule()
        if button == Qt.MouseButton.RightButton and not self._dragged:
            self._pane.menu_requested.emit(event.globalPosition().toPoint())

    def double_click(self, event: QMouseEvent) -> None:
        """Maximise or restore the pane; a brush paints instead, and what is drawn has its own meaning."""
        pointer = Pointer(event.position(), event.modifiers())
        if event.button() != Qt.MouseButton.LeftButton or isinstance(self.tool, BrushTool):
            self.press(event)
            return
        over = self._grabbed(pointer) or self.tool
        own = getattr(over, "double_click", None)
        if own is not None:
            event.accept()
            if not own(self._pane, pointer):
                self.press(event)
            return
        event.accept()
        self.cancel()
        self._pane.maximise_requested.emit()

    def wheel(self, event: QWheelEvent) -> None:
        """Step through slices (Shift: ten) or zoom at the mouse, whichever is the habit; Shift resizes the brush."""
        event.accept()
        pane, modifiers, delta = self._pane, event.modifiers(), event.angleDelta()
        turned = delta.y() or delta.x()  # some platforms turn the axis while Shift or Alt is held
        wheel, held = self.habits.wheel, bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        resizes = shift and not held and isinstance(self._tools[pane.session.view.tool], BrushTool)
        if not resizes and (wheel.other if held else wheel) is Wheel.ZOOM:
            pane.camera.zoom(1.2 ** (turned / _NOTCH), event.position())
            pane.schedule()
            return
        self._turned += turned
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        view = pane.session.view
        if notches and resizes:
            view.brush_diameter = resized_brush(view.brush_diameter, notches, pane.session.document.reference)
        elif notches:
            pane.step(-notches * (10 if shift else 1))

    def enter(self, event: QEnterEvent) -> None:
        """Take note that the mouse came."""
        self.at = event.position()
        self._pane.schedule()

    def leave(self) -> None:
        """Take note that the mouse left."""
        self.at, self._turned = None, 0
        self._pane.hovered.emit(None)
        self._pane.session.pointing.pointed.emit(None, self._pane.state)
        self._pane.schedule()

    def key(self, event: QKeyEvent) -> bool:
        """Give a key to a tool that has keys of its own; return whether it means anything to it."""
        own = getattr(self.tool, "key", None)
        return self._drag is None and own is not None and bool(own(self._pane, event))

    def modifiers_changed(self, modifiers: Qt.KeyboardModifier) -> None:
        """Show at once whether a brush or an outline would erase."""
        self.modifiers = modifiers
        if isinstance(self.tool, (BrushTool, OutlineTool, HandTool)):
            self._pane.schedule()

    def show_cursor(self) -> None:
        """Give the pane the pointer of its tool."""
        viewport, tool = self._pane.viewport(), self.tool
        if self._drag is not None:
            tool = self._drag[1]
        elif self.at is not None and self._pane.frame is not None:
            self._over = self._grabbed(Pointer(self.at, self.modifiers))
            tool = self._over or tool
        shape = tool.cursor if self._pane.frame is not None else Qt.CursorShape.ArrowCursor
        if self._drag is not None and shape == Qt.CursorShape.OpenHandCursor:
            shape = Qt.CursorShape.ClosedHandCursor
        if viewport.cursor().shape() != shape:
            viewport.setCursor(shape)
