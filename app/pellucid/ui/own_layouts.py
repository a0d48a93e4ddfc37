"""The menu of layouts the user saved."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from pellucid.language import tr

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow


def fill_own_layouts(menu: QMenu, window: MainWindow) -> None:
    """Offer every layout there is, and the dialog that renames and deletes them."""
    from pellucid.ui.dialogs.layouts import LayoutsDialog

    menu.clear()
    own, screen = window.session.own_layouts, window.canvas_in_use().screen_state

    def apply(name: str) -> None:
        window.attempt(lambda: own.apply(name, screen))

    for layout in own.all():
        title = f"{layout.name}\t{layout.rows} × {layout.columns}".replace("&", "&&")
        menu.addAction(title, partial(apply, layout.name))
    if not own.all():
        menu.addAction(tr("No layout was saved yet.")).setEnabled(False)
        return
    menu.addSeparator()
    menu.addAction(tr("Rename or delete…"), lambda: LayoutsDialog(window.session, window).exec())
