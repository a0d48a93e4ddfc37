"""What stands in the toolbar: ids of the action table, single or gathered under one button with a menu."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from pellucid.language import tr
from pellucid.model.view import Tool
from pellucid.session.arranging import LAYOUTS
from pellucid.ui.pane_menus import add_layouts, add_links
from pellucid.ui.theme import icon

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow


def _follow(button: QToolButton, action: QAction, on: bool) -> None:
    """Let the button be an action that was switched on."""
    if on:
        button.setDefaultAction(action)


@dataclass(frozen=True)
class Popup:
    """Several actions under one button; with ``follows`` the button is the one chosen last, here or by a key."""

    title: str
    icon: str
    ids: tuple[str, ...]
    follows: bool = False
    more: Callable[[QMenu, MainWindow], None] | None = None
    """Puts more into the menu, below the actions."""

    def button(self, actions: Mapping[str, QAction], window: MainWindow) -> QToolButton:
        """Return the button with its menu."""
        button = QToolButton()
        button.setAccessibleName(tr(self.title))
        button.setToolTip(tr(self.title))
        menu = QMenu(button)
        menu.addActions([actions[name] for name in self.ids])
        if self.more is not None:
            self.more(menu, window)
        button.setMenu(menu)
        if self.follows:
            button.setDefaultAction(actions[self.ids[0]])
            for name in self.ids:
                actions[name].toggled.connect(partial(_follow, button, actions[name]))
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        else:
            button.setIcon(icon(self.icon))
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button


LAYOUT_POPUP = Popup(
    "Layout", "view-grid-outline", tuple(f"view.layout.{layout}" for layout in LAYOUTS), more=add_layouts
)
LINK_POPUP = Popup("Link panes", "link-variant", (), more=add_links)
MEASURE_POPUP = Popup(
    "Measure", "ruler",
    tuple(f"tool.{name}" for name in ("length", "polyline", "angle", "cobb", "rectangle", "ellipse", "polygon",
                                      "freehand", "point", "arrow", "text")),
    follows=True,
)  # fmt: skip
DRAW_LABELS_POPUP = Popup(
    "Draw labels", "shape-polygon-plus",
    tuple(f"tool.{tool}" for tool in (Tool.LABEL_POLYGON, Tool.LABEL_LASSO, Tool.LABEL_RECTANGLE, Tool.LABEL_ELLIPSE,
                                      Tool.LIVE_WIRE, Tool.SCISSORS)),
    follows=True,
)  # fmt: skip
PAINT_POPUP = Popup(
    "Paint", "brush",
    tuple(f"tool.{tool}" for tool in (Tool.BRUSH, Tool.ERASER, Tool.SMART_BRUSH, Tool.FILL, Tool.WAND,
                                      Tool.PICK_LABEL, Tool.ISLAND)),
    follows=True,
)  # fmt: skip

TOOLBAR: tuple[tuple[str | Popup, ...], ...] = (
    ("file.open_folder", "file.open_files", "file.save", "file.export"),
    ("edit.undo", "edit.redo"),
    (LAYOUT_POPUP, LINK_POPUP, "view.fit"),
    ("tool.window", "tool.crosshair", "tool.pan", "tool.zoom", MEASURE_POPUP, PAINT_POPUP, DRAW_LABELS_POPUP),
    (Popup("Compare", "compare", ("compare.off", "compare.swipe", "compare.checkerboard", "compare.flicker",
                                  "compare.difference", "compare.red_green")),
     "fusion.fuse",
     "image.auto", "view.identity"),
)  # fmt: skip
