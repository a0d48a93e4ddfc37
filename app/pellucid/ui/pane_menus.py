"""The menus of the toolbar that arrange and link panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QWidgetAction

from pellucid.language import tr
from pellucid.model.view import Layout
from pellucid.ui.canvas.link_menu import fill_link_menu
from pellucid.ui.layout_picker import LayoutPicker
from pellucid.ui.own_layouts import fill_own_layouts

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow


def add_layouts(menu: QMenu, window: MainWindow) -> None:
    """Add the grid of cells to the menu of layouts."""
    picker, action = LayoutPicker(menu), QWidgetAction(menu)
    action.setDefaultWidget(picker)
    menu.addSeparator()
    menu.addAction(action)
    menu.addSeparator()
    menu.addAction(window.actions_table.by_id["view.save_layout"])
    own = menu.addMenu(tr("Saved layouts"))
    own.aboutToShow.connect(lambda: fill_own_layouts(own, window))
    menu.addAction(window.actions_table.by_id["view.second_window"])

    def choose(layout: Layout) -> None:
        menu.close()
        if window.session.document.layers:
            window.set_layout(layout)

    picker.chosen.connect(choose)
    menu.aboutToShow.connect(lambda: picker.show_layout(window.canvas_in_use().screen_state.layout))


def add_links(menu: QMenu, window: MainWindow) -> None:
    """Fill the menu of links for the pane in use, each time it is opened."""

    def fill() -> None:
        menu.clear()
        pane = window.canvas_in_use().pane_in_use()
        if pane is None:
            menu.addAction(tr("Open an image first.")).setEnabled(False)
        else:
            fill_link_menu(menu, window.session, pane.state)

    menu.aboutToShow.connect(fill)
