"""The menus of operations, one submenu for each family: a choice opens the form in its dock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from pellucid.language import tr
from pellucid.ui.docks.operation_list import by_family

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation
    from pellucid.ui.main_window import MainWindow


class OperationMenu:
    """Fills a menu with the operations of a root when it is first opened: reading them loads SimpleITK."""

    def __init__(self, window: MainWindow, menu: QMenu, root: str) -> None:
        self._window, self._menu, self._root = window, menu, root
        if menu.actions():
            menu.addSeparator()
        self._waiting = menu.addAction(tr("Reading the operations"))
        self._waiting.setEnabled(False)
        self._asked = False
        menu.aboutToShow.connect(self._read)

    def _read(self) -> None:
        if self._asked:
            return
        self._asked = True
        session = self._window.session
        session.jobs.query(
            f"operations menu {self._root}",
            tr("Reading the operations"),
            lambda _job: session.running.operations(),
            self._fill,
            quiet=True,
        )

    def _fill(self, operations: Mapping[str, Operation]) -> None:
        self._menu.removeAction(self._waiting)
        for family, members in by_family(operations.values(), self._root).items():
            self._add(self._menu.addMenu(tr(family)), members)

    def _add(self, submenu: QMenu, members: Iterable[Operation]) -> None:
        submenu.setToolTipsVisible(True)
        for operation in members:
            action = submenu.addAction(tr(operation.title), partial(self._open, operation.id))
            action.setToolTip(tr(operation.help).partition("\n")[0])

    def _open(self, operation_id: str) -> None:
        self._window.show_operation(self._root, operation_id)
