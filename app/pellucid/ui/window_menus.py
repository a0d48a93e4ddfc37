"""The menu bar and the tool bar of the main window, from the table of actions."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QMenu, QToolBar, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.actions import TABLE
from pellucid.ui.actions.toolbar import TOOLBAR, Popup
from pellucid.ui.operation_menus import OperationMenu
from pellucid.ui.own_layouts import fill_own_layouts
from pellucid.ui.palette import search_button

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow

MENUS = ("File", "Edit", "View", "Image", "Tools", "Filters", "Segment", "Registration", "Measure", "Window", "Help")


def assemble_menus(window: MainWindow) -> list[OperationMenu]:
    """Fill the menu bar; return what fills the menus of operations."""
    bar, actions = window.menuBar(), window.actions_table
    menus = {name: bar.addMenu(tr(f"&{name}")) for name in MENUS}
    for entry in TABLE:
        if entry.menu not in menus:
            menus[entry.menu] = menus[entry.menu.partition("/")[0]].addMenu(entry.menu_titles[-1])
        if entry.separator:
            menus[entry.menu].addSeparator()
        menus[entry.menu].addAction(actions.by_id[entry.id])
        _add_changing(window, entry.id, menus)
    operations = [OperationMenu(window, menus[root], root) for root in ("Filters", "Segment")]
    for dock in window.docks.values():
        menus["Window"].addAction(dock.toggleViewAction())
    bar.setCornerWidget(search_button(actions.by_id["help.palette"], bar))
    for menu in menus.values():
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(actions.refresh)
    return operations


def _add_changing(window: MainWindow, after: str, menus: dict[str, QMenu]) -> None:
    """Add the menu that stands after an entry and is made anew whenever it is shown, if there is one."""
    if after == "view.save_layout":
        own = menus["View"].addMenu(tr("Sa&ved layouts"))
        own.aboutToShow.connect(partial(fill_own_layouts, own, window))
    if after == "file.demo":
        recent = menus["File"].addMenu(tr("Open &recent"))
        recent.aboutToShow.connect(partial(window.files.fill_recent, recent))


def assemble_toolbar(window: MainWindow) -> None:
    """Add the tool bar."""
    bar, actions = QToolBar(tr("Main tools")), window.actions_table.by_id
    bar.setObjectName("toolbar.main")
    bar.setMovable(False)
    bar.setIconSize(QSize(theme.ICON_SIZE, theme.ICON_SIZE))
    for n, group in enumerate(TOOLBAR):
        if n:
            bar.addSeparator()
        for row in group:
            if isinstance(row, Popup):
                bar.addWidget(row.button(actions, window))
            else:
                bar.addAction(actions[row])
    for button in bar.findChildren(QWidget):
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    window.addToolBar(bar)
