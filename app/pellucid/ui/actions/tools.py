"""The menu Tools: what the left mouse button does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.model.view import Tool
from pellucid.ui.actions.entry import Entry
from pellucid.ui.mouse_habits import window_words

if TYPE_CHECKING:
    from pellucid.session import Session


def _window_tip(session: Session) -> str:
    return window_words(up_is_brighter=session.settings.invert_window_vertical)


def _tool(tool: Tool, title: str, key: str, picture: str, tip: str | Callable[[Session], str], *,
          separator: bool = False) -> Entry:
    return Entry(f"tool.{tool}", "Tools", title, lambda w: w.set_tool(tool), (key,) if key else (), picture,
                 checked=lambda s: s.view.tool == tool, group="tool", tip=tip, shown_only=True, tool=tool,
                 separator=separator)  # fmt: skip


ROWS: tuple[Entry, ...] = (
    _tool(Tool.WINDOW, "&Window level", "W", "contrast-box", _window_tip),
    _tool(Tool.WINDOW_REGION, "Window from a &region", "Shift+W", "select-drag",
          "Left drag a rectangle: its values get the whole range of brightness"),
    _tool(Tool.CROSSHAIR, "&Crosshair", "H", "crosshairs", "Left click or drag: put the crosshair of all planes here"),
    _tool(Tool.PAN, "&Pan", "T", "cursor-move", "Left drag: move the image"),
    _tool(Tool.ZOOM, "&Zoom", "Z", "magnify", "Left drag up or down: zoom"),
    _tool(Tool.BRUSH, "&Brush", "B", "brush", "Left drag: paint the active label · Ctrl: erase · [ ]: size",
          separator=True),
    _tool(Tool.ERASER, "&Eraser", "Shift+E", "eraser", "Left drag: erase the active label · [ ] or Shift+wheel: size"),
    _tool(Tool.SMART_BRUSH, "&Smart brush", "Shift+B", "brush-variant",
          "Left drag: paint what is like the middle of the brush, up to the edge · Ctrl: erase · [ ]: size"),
    _tool(Tool.FILL, "&Fill", "Shift+F", "format-color-fill",
          "Left click: fill the hole or recolour the connected label here · Ctrl: erase it"),
    _tool(Tool.WAND, "W&and", "U", "magic-staff",
          "Left click: take connected voxels of similar values · drag up or down: tolerance · Ctrl: erase"),
    _tool(Tool.PICK_LABEL, "Pic&k label", "L", "eyedropper",
          "Left click: make the label here the active one · hold the key to pick once"),
    _tool(Tool.ISLAND, "&Island", "Shift+U", "chart-bubble",
          "Left click: keep only this connected part of the active label · Ctrl: remove it"),
    _tool(Tool.MOVE_LAYER, "&Move layer", "Shift+T", "axis-arrow",
          "Left drag: move the moving image · outside the ring or Ctrl: turn it · Shift: finer · arrows: by a pixel",
          separator=True),
    _tool(Tool.LANDMARKS, "&Landmarks", "Shift+K", "map-marker-plus-outline",
          "Left click: set a landmark on the fixed image, then the same place on the moving one · drag: correct it"),
)  # fmt: skip
