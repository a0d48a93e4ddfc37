"""What the mouse buttons and the wheel do on a pane: three schemes, the user's own, and the words for them. No Qt here.

The left button always does what the tool in force does; a scheme says which tool that is at first. Sources of the
schemes: the defaults of OHIF, Weasis and Horos ("Radiology"), of 3D Slicer and ITK-SNAP, and of napari.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pellucid.language import mark, tr
from pellucid.model.view import BRUSHES, OUTLINES, Tool

if TYPE_CHECKING:
    from pellucid.settings import Settings

NOTHING = "nothing"


class Wheel(StrEnum):
    """What turning the wheel means; with Ctrl it means the other."""

    SLICES = "slices"
    ZOOM = "zoom"

    @property
    def other(self) -> Wheel:
        """Return what the wheel means while Ctrl is held."""
        return Wheel.ZOOM if self is Wheel.SLICES else Wheel.SLICES


@dataclass(frozen=True)
class MouseHabits:
    """The tool the left button begins with, the tools of the others (None: nothing), and the wheel.

    With ``shift_crosshair`` moving the mouse while Shift is held takes the crosshair along, no button pressed.
    """

    left: Tool = Tool.WINDOW
    middle: Tool | None = Tool.PAN
    right: Tool | None = Tool.ZOOM
    wheel: Wheel = Wheel.SLICES
    shift_crosshair: bool = False


@dataclass(frozen=True)
class Scheme:
    """Habits under a name, as users of other viewers have them."""

    title: str
    tip: str
    habits: MouseHabits


RADIOLOGY = Scheme(
    mark("Radiology"), mark("As in OHIF, Weasis and Horos: left windows, the wheel steps slices"), MouseHabits()
)
SLICER = Scheme(
    mark("Slicer, ITK-SNAP"),
    mark("Left puts the crosshair, the wheel steps slices, moving with Shift held takes the crosshair along"),
    MouseHabits(left=Tool.CROSSHAIR, shift_crosshair=True),
)
NAPARI = Scheme(
    "napari",
    mark("Left drag moves the image, right drag windows, the wheel zooms, Ctrl+wheel steps slices"),
    MouseHabits(left=Tool.PAN, right=Tool.WINDOW, wheel=Wheel.ZOOM),
)
SCHEMES = (RADIOLOGY, SLICER, NAPARI)


def habits_of(settings: Settings) -> MouseHabits:
    """Return the habits that settings hold."""
    return MouseHabits(
        left=Tool(settings.left_tool),
        middle=_tool(settings.middle_tool),
        right=_tool(settings.right_tool),
        wheel=Wheel(settings.wheel),
        shift_crosshair=settings.shift_crosshair,
    )


def keep(settings: Settings, habits: MouseHabits) -> None:
    """Write habits into settings."""
    settings.left_tool = habits.left.value  # type: ignore[assignment]
    settings.middle_tool = habits.middle.value if habits.middle else NOTHING  # type: ignore[assignment]
    settings.right_tool = habits.right.value if habits.right else NOTHING  # type: ignore[assignment]
    settings.wheel = habits.wheel.value
    settings.shift_crosshair = habits.shift_crosshair


def scheme_of(habits: MouseHabits) -> Scheme | None:
    """Return the scheme with these habits, or None when they are the user's own."""
    return next((scheme for scheme in SCHEMES if scheme.habits == habits), None)


_DOES = {
    Tool.WINDOW: mark("window level"),
    Tool.WINDOW_REGION: mark("window from a region"),
    Tool.CROSSHAIR: mark("crosshair"),
    Tool.PAN: mark("pan"),
    Tool.ZOOM: mark("zoom"),
    Tool.SCROLL: mark("slices"),
    Tool.BRUSH: mark("paint"),
    Tool.ERASER: mark("erase"),
    Tool.SMART_BRUSH: mark("paint what is alike"),
    Tool.FILL: mark("fill"),
    Tool.WAND: mark("wand"),
    Tool.PICK_LABEL: mark("pick a label"),
    Tool.ISLAND: mark("keep an island"),
    Tool.LENGTH: mark("length"),
    Tool.POLYLINE: mark("polyline"),
    Tool.ANGLE: mark("angle"),
    Tool.COBB: mark("Cobb angle"),
    Tool.RECTANGLE: mark("rectangle"),
    Tool.ELLIPSE: mark("ellipse"),
    Tool.POLYGON: mark("polygon"),
    Tool.FREEHAND: mark("freehand region"),
    Tool.POINT: mark("point"),
    Tool.ARROW: mark("arrow"),
    Tool.TEXT: mark("text"),
    Tool.LABEL_POLYGON: mark("polygon of the label"),
    Tool.LABEL_LASSO: mark("lasso of the label"),
    Tool.LABEL_RECTANGLE: mark("rectangle of the label"),
    Tool.LABEL_ELLIPSE: mark("ellipse of the label"),
    Tool.LIVE_WIRE: mark("live wire"),
    Tool.SCISSORS: mark("scissors"),
    Tool.MOVE_LAYER: mark("move the layer"),
    Tool.LANDMARKS: mark("set landmarks"),
}
_WHEEL_DOES = {Wheel.SLICES: mark("slices"), Wheel.ZOOM: mark("zoom")}
_DRAWING = OUTLINES | frozenset({
    Tool.WINDOW_REGION, Tool.LENGTH, Tool.POLYLINE, Tool.ANGLE, Tool.COBB, Tool.RECTANGLE, Tool.ELLIPSE,
    Tool.POLYGON, Tool.FREEHAND, Tool.POINT, Tool.ARROW, Tool.TEXT, Tool.LANDMARKS,
})  # fmt: skip


def does(tool: Tool | None) -> str:
    """Return the few words for what a button does, as in “Left: window level”."""
    return tr("menu") if tool is None else tr(_DOES[tool])


def turns(wheel: Wheel) -> str:
    """Return the word for what turning the wheel does."""
    return tr(_WHEEL_DOES[wheel])


def hint(tool: Tool, habits: MouseHabits) -> str:
    """Return the line that says what every button does while a tool is in force."""
    parts = [tr("Left: {does}", does=does(tool)), tr("Right: {does}", does=does(habits.right))]
    if tool is Tool.SCISSORS:
        parts.insert(1, tr("Ctrl: the other way"))
    elif tool in (Tool.BRUSH, Tool.SMART_BRUSH, Tool.FILL, Tool.WAND) or tool in OUTLINES:
        parts.insert(1, tr("Ctrl: erase"))
    elif tool is Tool.MOVE_LAYER:
        parts[1:1] = [tr("Ctrl or outside the ring: turn it"), tr("Shift: finer"), tr("Arrows: by a pixel")]
    elif tool is Tool.ISLAND:
        parts.insert(1, tr("Ctrl: remove it"))
    if habits.middle is not None:
        parts.append(tr("Middle: {does}", does=does(habits.middle)))
    parts.append(tr("Wheel: {does}", does=turns(habits.wheel)))
    parts.append(tr("Ctrl+wheel: {does}", does=turns(habits.wheel.other)))
    if tool in BRUSHES:
        parts.append(tr("Shift+wheel: brush size"))
    elif habits.shift_crosshair:
        parts.append(tr("Shift+move: crosshair"))
    return "  ·  ".join(parts)


def window_words(*, up_is_brighter: bool) -> str:
    """Return what dragging does to the window, for the tooltip of its tool."""
    if up_is_brighter:
        return tr("Left drag: right is wider, up is brighter")
    return tr("Left drag: right is wider, down is brighter")


def rest_words(tool: Tool, habits: MouseHabits) -> str:
    """Return what the other buttons and the wheel do, for the tooltip of a tool."""
    lines = [
        tr("Right drag: {does}  ·  right click: menu", does=does(habits.right))
        if habits.right
        else tr("Right click: menu")
    ]
    if habits.middle is not None:
        lines.append(tr("Middle drag: {does}  ·  or hold Space and drag: pan", does=does(habits.middle)))
    lines.append(
        tr(
            "Wheel: {does}  ·  Ctrl+wheel: {other}",
            does=turns(habits.wheel),
            other=turns(habits.wheel.other),
        )
    )
    if tool in _DRAWING:
        lines.append(tr("Esc gives up what is being drawn"))
    return "\n".join(lines)


def mouse_sheet(habits: MouseHabits, *, up_is_brighter: bool) -> tuple[tuple[str, str], ...]:
    """Return (what it does, how) of everything the mouse does, for the sheet of keys."""
    wheel, other = turns(habits.wheel), turns(habits.wheel.other)
    up = tr("Drag: right is wider, up is brighter; Shift: finer")
    down = tr("Drag: right is wider, down is brighter; Shift: finer")
    rows = [
        (tr("The tool in force"), tr("Left button")),
        (tr("The tool at start: {does}", does=does(habits.left)), tr("Left drag")),
        (tr("Right button: {does}", does=does(habits.right)), tr("Right drag") if habits.right else tr("Right click")),
        (tr("Menu of the pane"), tr("Right click")),
        (
            tr("Middle button: {does}", does=does(habits.middle)) if habits.middle else tr("Middle button: nothing"),
            tr("Middle drag"),
        ),
        (tr("Move the image"), tr("Hold Space and drag")),
        (tr("Wheel: {does}", does=wheel), tr("Wheel")),
        (tr("Wheel with Ctrl: {does}", does=other), tr("Ctrl+wheel")),
        (tr("Ten slices at once"), tr("Shift+wheel") if habits.wheel is Wheel.SLICES else tr("Ctrl+Shift+wheel")),
        (tr("Window level"), up if up_is_brighter else down),
        (tr("Maximise or restore a pane"), tr("Double-click")),
        (tr("Brush size"), tr("Shift+wheel while painting")),
        (tr("Erase while painting"), tr("Hold Ctrl")),
    ]
    if habits.shift_crosshair:
        rows.insert(6, (tr("Take the crosshair along"), tr("Move with Shift held")))
    return tuple(rows)


def _tool(name: str) -> Tool | None:
    return None if name == NOTHING else Tool(name)
