"""The tools of the menu Tools that draw an outline and change the labels within it."""

from __future__ import annotations

from pellucid.model.view import Tool
from pellucid.ui.actions.entry import Entry, needs_layer

_MENU = "Tools/&Draw labels"


def _tool(tool: Tool, title: str, key: str, picture: str, tip: str) -> Entry:
    return Entry(f"tool.{tool}", _MENU, title, lambda w: w.set_tool(tool), (key,), picture, needs_layer,
                 checked=lambda s: s.view.tool == tool, group="tool", tip=tip, shown_only=True, tool=tool)  # fmt: skip


ROWS: tuple[Entry, ...] = (
    _tool(Tool.LABEL_POLYGON, "&Polygon of the label", "Shift+P", "vector-polygon-variant",
          "Click each corner; double click, Enter or the first corner fills · Ctrl: erase · Alt: all slices"),
    _tool(Tool.LABEL_LASSO, "&Lasso of the label", "J", "draw",
          "Drag around what belongs to the active label · Ctrl: erase · Alt: all slices"),
    _tool(Tool.LABEL_RECTANGLE, "&Rectangle of the label", "Shift+R", "rectangle",
          "Drag or click two corners · Ctrl: erase · Shift: equal sides · Alt: all slices"),
    _tool(Tool.LABEL_ELLIPSE, "&Ellipse of the label", "Shift+O", "ellipse",
          "Drag or click two corners · Ctrl: erase · Shift: equal sides · Alt: all slices"),
    _tool(Tool.LIVE_WIRE, "Live &wire", "V", "vector-curve",
          "Click along an edge: the line follows it; Enter or the first point fills · Ctrl: erase · Shift: straight"),
    _tool(Tool.SCISSORS, "&Scissors", "X", "content-cut",
          "Cut the active label through all slices; Label tools say what and how deep · Ctrl: the other way"),
)  # fmt: skip
