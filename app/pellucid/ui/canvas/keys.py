"""What the keyboard does on the pane under the mouse: one table of name, title, key and function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.model.brush_sizes import resized_brush
from pellucid.model.findings import Refused
from pellucid.model.view import Tool
from pellucid.ui.canvas.measure_tools import DrawTool
from pellucid.ui.canvas.thickness import step_thickness

if TYPE_CHECKING:
    from pellucid.ui.canvas.canvas_area import CanvasArea
    from pellucid.ui.canvas.slice_view import SliceView

Run = Callable[["CanvasArea", "SliceView"], object]


@dataclass(frozen=True)
class KeyAction:
    """One row: a stable name, words for people, the first key, what it does, and what letting go does.

    A key whose ``run`` returns False means nothing now and is left to whoever has the focus.
    """

    name: str
    title: str
    key: str
    run: Run
    release: Run | None = None

    def choose(self, area: CanvasArea, pane: SliceView) -> None:
        """Do it as from a menu: pressed and let go at once."""
        self.run(area, pane)
        if self.release is not None:
            self.release(area, pane)


def _step(slices: int) -> Run:
    return lambda _area, pane: pane.step(slices)


def _tool(tool: Tool) -> Run:
    return lambda area, _pane: area.choose_tool(tool)


def _preset(number: int) -> Run:
    return lambda area, _pane: area.preset_requested.emit(number)


def _series(step: int) -> Run:
    return lambda area, _pane: area.series_step_requested.emit(step)


def _flip(field: str) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        view = area.session.view
        setattr(view, field, not getattr(view, field))

    return run


def _before(held: bool) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        area.session.view.hide_preview = held

    return run


def _compare(area: CanvasArea, _pane: SliceView) -> None:
    _attempt(area, area.session.comparing.cycle)


def _brush(steps: int) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        view = area.session.view
        view.brush_diameter = resized_brush(view.brush_diameter, steps, area.session.document.reference)

    return run


def _invert(area: CanvasArea, _pane: SliceView) -> None:
    image = area.session.document.active_image
    if image is not None:
        image.display.invert = not image.display.invert


def _step_layer(step: int) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        document = area.session.document
        if document.active is not None:
            wanted = document.position(document.active) + step
            document.active = document.layers[min(max(wanted, 0), len(document) - 1)]

    return run


def _step_label(step: int) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        layer = area.session.document.active_labels
        if layer is not None:
            area.session.label_tables.step(layer, step)

    return run


def _new_label(area: CanvasArea, _pane: SliceView) -> None:
    session = area.session
    layer = session.document.active_labels
    if layer is None:
        _attempt(area, session.labelling.add_layer)
    else:
        _attempt(area, lambda: session.labelling.add_label(layer))


def _pick_down(area: CanvasArea, _pane: SliceView) -> None:
    area.keyboard.pick.press(area)


def _pick_up(area: CanvasArea, _pane: SliceView) -> None:
    area.keyboard.pick.release(area)


def _limit_painting(area: CanvasArea, _pane: SliceView) -> None:
    _attempt(area, area.session.editing.toggle_range)


def _copy_on(step: int) -> Run:
    def run(area: CanvasArea, pane: SliceView) -> None:
        frame = pane.frame
        if frame is not None:
            _attempt(area, lambda: pane.go_to(area.session.slice_copies.copy_on(frame, pane.index, step)))

    return run


def _attempt(area: CanvasArea, action: Callable[[], object]) -> None:
    try:
        action()
    except Refused as refusal:
        area.session.notice.emit(str(refusal), "warning")


def _fade_labels(change: float) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        layer = area.session.document.active_labels
        if layer is not None:
            layer.opacity = round(min(max(layer.opacity + change, 0.0), 1.0), 2)

    return run


def _last_tool(area: CanvasArea, _pane: SliceView) -> None:
    area.choose_last_tool()


def _reset(area: CanvasArea, _pane: SliceView) -> None:
    area.reset_views()


def _play(area: CanvasArea, pane: SliceView) -> None:
    playing = area.session.playing
    if not playing.is_playing:
        playing.pane = pane.state
    playing.toggle()


def _next_order(area: CanvasArea, _pane: SliceView) -> None:
    area.session.playing.next_order()


def _speed(steps: int) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        area.session.playing.change_speed(steps)

    return run


def _frame(steps: int) -> Run:
    def run(area: CanvasArea, _pane: SliceView) -> None:
        area.session.playing.step_frame(steps)

    return run


def _space_down(area: CanvasArea, pane: SliceView) -> None:
    area.keyboard.space.press(pane)


def _space_up(area: CanvasArea, pane: SliceView) -> None:
    area.keyboard.space.release(pane)


def _leave(area: CanvasArea, pane: SliceView) -> None:
    if not pane.mouse.cancel() and not area.session.seeding.stop():
        area.session.measuring.select(None)
        area.choose_tool(Tool(area.session.settings.left_tool))


def _finish(_area: CanvasArea, pane: SliceView) -> bool:
    tool = pane.mouse.tool
    return isinstance(tool, DrawTool) and tool.finish(pane)


def _point_back(_area: CanvasArea, pane: SliceView) -> bool:
    tool = pane.mouse.tool
    return isinstance(tool, DrawTool) and tool.step_back(pane)


def _delete_measurement(area: CanvasArea, _pane: SliceView) -> bool:
    return area.session.measuring.remove_selected()


ACTIONS: tuple[KeyAction, ...] = (
    KeyAction("slice.next", "Next slice", "Down", _step(1)),
    KeyAction("slice.previous", "Previous slice", "Up", _step(-1)),
    KeyAction("slice.next_page", "Next slice", "PgDown", _step(1)),
    KeyAction("slice.previous_page", "Previous slice", "PgUp", _step(-1)),
    KeyAction("slice.ten_on", "Ten slices on", "Shift+Down", _step(10)),
    KeyAction("slice.ten_back", "Ten slices back", "Shift+Up", _step(-10)),
    KeyAction("slice.ten_on_page", "Ten slices on", "Shift+PgDown", _step(10)),
    KeyAction("slice.ten_back_page", "Ten slices back", "Shift+PgUp", _step(-10)),
    KeyAction("slice.first", "First slice", "Home", lambda _area, pane: pane.go_to(0)),
    KeyAction("slice.last", "Last slice", "End", lambda _area, pane: pane.go_to(1 << 30)),
    KeyAction("cine.play", "Play or pause", "C", _play),
    KeyAction("cine.order", "Loop, bounce or once", "Shift+C", _next_order),
    KeyAction("cine.slower", "Play slower", "<", _speed(-1)),
    KeyAction("cine.faster", "Play faster", ">", _speed(1)),
    KeyAction("frame.next", "Next frame", "Shift+Right", _frame(1)),
    KeyAction("frame.previous", "Previous frame", "Shift+Left", _frame(-1)),
    KeyAction("series.next", "Next series", "Right", _series(1)),
    KeyAction("series.previous", "Previous series", "Left", _series(-1)),
    KeyAction("layer.above", "Make the layer above active", "Ctrl+Up", _step_layer(1)),
    KeyAction("layer.below", "Make the layer below active", "Ctrl+Down", _step_layer(-1)),
    KeyAction("tool.window", "Window level", "W", _tool(Tool.WINDOW)),
    KeyAction("tool.window_region", "Window from a region", "Shift+W", _tool(Tool.WINDOW_REGION)),
    KeyAction("tool.crosshair", "Crosshair", "H", _tool(Tool.CROSSHAIR)),
    KeyAction("tool.zoom", "Zoom", "Z", _tool(Tool.ZOOM)),
    KeyAction("tool.pan", "Pan", "T", _tool(Tool.PAN)),
    KeyAction("tool.scroll", "Scroll slices", "S", _tool(Tool.SCROLL)),
    KeyAction("tool.brush", "Brush", "B", _tool(Tool.BRUSH)),
    KeyAction("tool.eraser", "Eraser", "Shift+E", _tool(Tool.ERASER)),
    KeyAction("tool.label polygon", "Polygon of the label", "Shift+P", _tool(Tool.LABEL_POLYGON)),
    KeyAction("tool.label lasso", "Lasso of the label", "J", _tool(Tool.LABEL_LASSO)),
    KeyAction("tool.label rectangle", "Rectangle of the label", "Shift+R", _tool(Tool.LABEL_RECTANGLE)),
    KeyAction("tool.label ellipse", "Ellipse of the label", "Shift+O", _tool(Tool.LABEL_ELLIPSE)),
    KeyAction("tool.live wire", "Live wire", "V", _tool(Tool.LIVE_WIRE)),
    KeyAction("tool.scissors", "Scissors", "X", _tool(Tool.SCISSORS)),
    KeyAction("tool.smart_brush", "Smart brush", "Shift+B", _tool(Tool.SMART_BRUSH)),
    KeyAction("tool.fill", "Fill", "Shift+F", _tool(Tool.FILL)),
    KeyAction("tool.wand", "Wand", "U", _tool(Tool.WAND)),
    KeyAction("tool.pick_label", "Pick label (hold: once)", "L", _pick_down, _pick_up),
    KeyAction("tool.island", "Island", "Shift+U", _tool(Tool.ISLAND)),
    KeyAction("tool.move layer", "Move layer", "Shift+T", _tool(Tool.MOVE_LAYER)),
    KeyAction("tool.landmarks", "Landmarks", "Shift+K", _tool(Tool.LANDMARKS)),
    KeyAction("tool.length", "Length", "D", _tool(Tool.LENGTH)),
    KeyAction("tool.polyline", "Polyline", "Y", _tool(Tool.POLYLINE)),
    KeyAction("tool.angle", "Angle", "A", _tool(Tool.ANGLE)),
    KeyAction("tool.rectangle", "Rectangle", "R", _tool(Tool.RECTANGLE)),
    KeyAction("tool.ellipse", "Ellipse", "E", _tool(Tool.ELLIPSE)),
    KeyAction("tool.polygon", "Polygon", "P", _tool(Tool.POLYGON)),
    KeyAction("measure.finish", "Finish what is being drawn", "Return", _finish),
    KeyAction("measure.finish_keypad", "Finish what is being drawn", "Enter", _finish),
    KeyAction("measure.back", "Take the last point back", "Backspace", _point_back),
    KeyAction("measure.delete", "Delete the chosen measurement", "Del", _delete_measurement),
    KeyAction("measure.show", "Show or hide measurements", "Shift+M", _flip("show_measurements")),
    KeyAction("tool.last", "The tool used before", "Ctrl+Space", _last_tool),
    KeyAction("tool.leave", "Give up what is being drawn, or back to the tool at start", "Esc", _leave),
    KeyAction("brush.smaller", "Smaller brush", "[", _brush(-1)),
    KeyAction("brush.larger", "Larger brush", "]", _brush(1)),
    KeyAction("label.limit", "Limit painting to a range, or not", "Shift+I", _limit_painting),
    KeyAction("label.copy_on", "Copy the label to the next slice", "Ctrl+Shift+Down", _copy_on(1)),
    KeyAction("label.copy_back", "Copy the label to the previous slice", "Ctrl+Shift+Up", _copy_on(-1)),
    KeyAction("label.next", "Next label", ".", _step_label(1)),
    KeyAction("label.previous", "Previous label", ",", _step_label(-1)),
    KeyAction("label.new", "New label", "M", _new_label),
    KeyAction("labels.show", "Show or hide labels", "G", lambda area, _pane: area.toggle_labels()),
    KeyAction("labels.stronger", "Labels less transparent", "Shift+D", _fade_labels(0.1)),
    KeyAction("labels.fainter", "Labels more transparent", "Shift+A", _fade_labels(-0.1)),
    KeyAction("view.invert", "Invert", "I", _invert),
    KeyAction("view.fit", "Fit", "F", lambda _area, pane: pane.fit()),
    KeyAction("view.reset", "Reset all views and the window", "Ctrl+R", _reset),
    KeyAction("view.reset_planes", "Reset planes", "Ctrl+Shift+R", lambda area, _pane: area.reset_planes()),
    KeyAction("slab.thicker", "Thicker slab", "Ctrl+Alt+Up", lambda _area, pane: step_thickness(pane, 1)),
    KeyAction("slab.thinner", "Thinner slab", "Ctrl+Alt+Down", lambda _area, pane: step_thickness(pane, -1)),
    KeyAction("view.texts", "Show or hide texts (tap)", "Space", _space_down,
              _space_up),
    KeyAction("view.identity", "Hide identity", "Shift+H", _flip("hide_identity")),
    KeyAction("compare.next", "Compare two layers: the next way", "K", _compare),
    KeyAction("preview.before", "The image before the change (hold)", "`", _before(True), _before(False)),
    *(KeyAction(f"preset.{n}", f"Window preset {n}", str(n), _preset(n)) for n in range(1, 10)),
    KeyAction("preset.0", "Window of the image itself", "0", _preset(0)),
)  # fmt: skip
