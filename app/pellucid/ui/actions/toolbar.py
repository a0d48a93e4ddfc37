"""What stands in the toolbar: ids of the action table, single or gathered under one button with a menu."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton

from pellucid.ui.theme import icon


@dataclass(frozen=True)
class Popup:
    """Several actions under one button; with ``follows`` the button does what was chosen last."""

    title: str
    icon: str
    ids: tuple[str, ...]
    follows: bool = False

    def button(self, actions: Mapping[str, QAction]) -> QToolButton:
        """Return the button with its menu."""
        button = QToolButton()
        button.setAccessibleName(self.title)
        button.setToolTip(self.title)
        menu = QMenu(button)
        menu.addActions([actions[name] for name in self.ids])
        button.setMenu(menu)
        if self.follows:
            button.setDefaultAction(actions[self.ids[0]])
            menu.triggered.connect(button.setDefaultAction)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        else:
            button.setIcon(icon(self.icon))
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button


TOOLBAR: tuple[tuple[str | Popup, ...], ...] = (
    ("file.open_folder", "file.open_files", "file.save", "file.export"),
    ("edit.undo", "edit.redo"),
    (Popup("Layout", "view-grid-outline", ("view.layout.1x1", "view.layout.2x2")), "view.fit"),
    ("tool.window", "tool.crosshair", "tool.pan", "tool.zoom", "tool.brush", "tool.eraser"),
    (Popup("Compare", "compare", ("compare.off", "compare.swipe", "compare.checkerboard", "compare.flicker",
                                  "compare.difference", "compare.red_green")),
     "image.auto", "view.identity"),
)  # fmt: skip
