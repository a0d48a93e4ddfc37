"""The hands of a user: find a control by its accessible name, click, type, turn the wheel, drop, wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QContextMenuEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QDialog, QMenu, QMenuBar, QToolButton, QWidget
from shiboken6 import isValid

from at_rest import at_rest
from patience import PATIENCE
from pellucid.jobs.runner import Runner
from pellucid.model.view import Plane
from pellucid.session import Session
from pellucid.settings import Settings
from pellucid.ui.bridge import Bridge
from pellucid.ui.main_window import MainWindow

_ROUNDS = 5


class User:
    """Somebody who works with one window and looks only at what it shows."""

    def __init__(self, qtbot, size: tuple[int, int] = (1600, 1000)) -> None:
        bridge = Bridge()
        self.session = Session(Settings(), Runner(bridge.post))
        self.window = MainWindow(self.session)
        bridge.setParent(self.window)
        self.window.resize(*size)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.qtbot = qtbot
        self.longest_gap = 0.0

    def wait(self, true: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something is so, keeping the longest time its thread worked before it listened again."""
        end, last = time.monotonic() + max(seconds, PATIENCE), time.thread_time()
        while not true():
            assert time.monotonic() < end, "waited too long"
            QApplication.processEvents()
            now = time.thread_time()
            self.longest_gap = max(self.longest_gap, now - last)
            last = now
            time.sleep(0.002)
            last = time.thread_time()

    def rest(self, seconds: float = 0.15) -> None:
        """Wait until no job has run, and nothing was about to look again, for a moment in which the window listened.

        A busy machine may let that moment pass without listening once, so rounds of listening count as well.
        """
        quiet = {"since": time.monotonic(), "rounds": 0.0}

        def still() -> bool:
            if not at_rest(self.session):
                quiet.update(since=time.monotonic(), rounds=0)
            over = time.monotonic() - quiet["since"] > seconds
            quiet["rounds"] += over
            return quiet["rounds"] > _ROUNDS

        self.wait(still, 300)

    def find(self, name: str, inside: QWidget | None = None) -> QWidget:
        """Return the visible control with an accessible name."""
        found = [w for w in (inside or self.window).findChildren(QWidget) if w.accessibleName() == name]
        visible = [w for w in found if w.isVisible()]
        assert visible, f"no visible control is called {name!r} ({len(found)} hidden)"
        return visible[0]

    def click(self, name: str, inside: QWidget | None = None) -> None:
        """Click a control in its middle."""
        widget = self.find(name, inside)
        assert widget.isEnabled(), f"{name!r} is disabled: {widget.toolTip()}"
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    def type(self, name: str, text: str, inside: QWidget | None = None) -> None:
        """Replace the text of a field and press Enter."""
        widget = self.find(name, inside)
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)
        QTest.keyClick(widget, Qt.Key.Key_Return)
        QApplication.processEvents()

    def write(self, name: str, text: str, inside: QWidget | None = None) -> None:
        """Replace the text of a field without pressing Enter."""
        widget = self.find(name, inside)
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(widget, text)
        QApplication.processEvents()

    def choose(self, name: str, text: str, inside: QWidget | None = None) -> None:
        """Step through a choice with the arrow keys until it begins with a text."""
        box = self.find(name, inside)
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_Home)
        for _ in range(box.count()):
            if box.currentText().startswith(text):
                return
            QTest.keyClick(box, Qt.Key.Key_Down)
        raise AssertionError(f"{name!r} does not offer {text!r}")

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key while the window is in front."""
        QTest.keyClick(self.window.windowHandle(), key, modifiers)
        QApplication.processEvents()

    def drop(self, *paths: Path) -> None:
        """Drop files or folders on the window."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        event = QDropEvent(QPointF(400, 400), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                           Qt.KeyboardModifier.NoModifier)  # fmt: skip
        self.window.dropEvent(event)
        QApplication.processEvents()

    def menu(self, *titles: str) -> None:
        """Click through the menus of the window, down to an entry."""
        bar = self.window.menuBar()
        top = _entry(bar, titles[0])
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(top).center())
        QApplication.processEvents()
        if not top.menu().isVisible():  # the click closed a menu that a busy machine had still open
            QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(top).center())
        self.pick(top.menu(), *titles[1:])

    def context_menu(self, view: QAbstractItemView, index: QModelIndex, title: str) -> None:
        """Click an entry of the menu that a right click on a row opens."""
        where = view.visualRect(index).center()
        place = view.viewport().mapToGlobal(where)
        QApplication.sendEvent(view.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, place))
        self.pick(self._popup(), title)

    def drop_down(self, dock: str, name: str, *titles: str) -> None:
        """Click a button of a dock that opens a menu, and entries of it."""
        button = self.find(name, self.window.docks[dock])
        held = button.menu() if isinstance(button, QToolButton) else None
        if held is not None:  # such a menu is shown by a loop of its own
            QTimer.singleShot(0, lambda: self.pick(held, *titles))
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        if held is None:
            self.pick(self._popup(), *titles)

    def pick(self, menu: QMenu, *titles: str) -> None:
        """Click entries of an open menu and of its submenus, waiting for those that come later."""
        top = menu
        try:
            for title in titles:
                self.wait_for_entry(menu, title)
                action = _entry(menu, title)
                assert action.isEnabled(), f"{title!r} is disabled: {action.toolTip()}"
                place = menu.actionGeometry(action).center()
                for step in range(8, -1, -1):  # a menu that opens under a resting mouse waits until it moves
                    QTest.mouseMove(menu, place + QPoint(step, 0))
                QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
                menu = action.menu() or menu
                QApplication.processEvents()
        except AssertionError:
            top.close()
            raise

    def wait_for_entry(self, menu: QMenu, title: str) -> None:
        """Wait until a menu is open and has an entry; say what it offers where it never has."""
        try:
            self.wait(lambda: menu.isVisible() and _entry(menu, title) is not None)
        except AssertionError:
            offered = [action.text() for action in menu.actions()] if menu.isVisible() else "nothing, it is closed"
            raise AssertionError(f"no {title!r} in the menu; it offers {offered}") from None

    def _popup(self) -> QMenu:
        """Return the menu that is open."""
        self.wait(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        return menu

    def tab(self, name: str) -> None:
        """Bring a tabbed dock to the front by clicking its tab."""
        from PySide6.QtWidgets import QTabBar

        for bar in self.window.findChildren(QTabBar):
            for n in range(bar.count()):
                if bar.tabText(n) == name:
                    QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(n).center())
                    QApplication.processEvents()
                    return
        raise AssertionError(f"no tab is called {name!r}")

    def pane(self, plane: Plane) -> QWidget:
        """Return the pane that shows a plane."""
        return self.find(f"{plane.value.capitalize()} view")

    def point_at(self, plane: Plane) -> None:
        """Move the mouse into a pane, so that keys act on it."""
        pane = self.pane(plane)
        where = pane.mapTo(self.window, QPoint(pane.width() // 3, pane.height() // 3))
        QTest.mouseMove(self.window.windowHandle(), where - QPoint(5, 5))
        QTest.mouseMove(self.window.windowHandle(), where)
        QApplication.processEvents()

    def wheel(self, plane: Plane, notches: int) -> None:
        """Turn the wheel over a pane; positive is away from the user."""
        pane = self.pane(plane)
        target = pane.viewport() if hasattr(pane, "viewport") else pane
        where = QPointF(target.width() / 3, target.height() / 3)
        for _ in range(abs(notches)):
            event = QWheelEvent(where, target.mapToGlobal(where), QPoint(), QPoint(0, 120 if notches > 0 else -120),
                                Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                                Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
            QApplication.sendEvent(target, event)
        QApplication.processEvents()

    def drag(self, plane: Plane, start: tuple[int, int], stop: tuple[int, int]) -> None:
        """Drag with the left button between two points of a pane."""
        pane = self.pane(plane)
        target = pane.viewport() if hasattr(pane, "viewport") else pane
        first, last = QPoint(*start), QPoint(*stop)
        QTest.mousePress(target, Qt.MouseButton.LeftButton, pos=first)
        for step in range(1, 9):
            QTest.mouseMove(target, first + (last - first) * step / 8)
            QApplication.processEvents()
        QTest.mouseRelease(target, Qt.MouseButton.LeftButton, pos=last)
        QApplication.processEvents()

    def run(self, tab: str, search: str, **fields: str) -> None:
        """Choose an operation by search, fill its form, apply it and wait."""
        self.tab(tab)
        panel = self.window.filters if tab == "Filters" else self.window.segment
        self.rest()
        if not panel.list.isVisible():
            self.click("Back", panel)
        self.type("Search operations", search, panel)
        self.rest()
        for name, value in fields.items():
            self.type(next(w.accessibleName() for w in panel.findChildren(QWidget)
                           if w.accessibleName().split(",")[0] == name), value, panel)  # fmt: skip
        self.rest()
        self.click("Apply", panel)
        self.rest()

    def leave(self) -> None:
        """Close the window without saving, and delete it: later tests would find and style it."""
        self.window.close_without_asking()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def close_before_the_answer(dialog: QDialog) -> None:
    """Close and delete a dialog before the loop hears anything: whatever was asked for it is answered afterwards."""
    dialog.reject()
    QApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
    assert not isValid(dialog)


def _entry(menu: QMenu | QMenuBar, title: str) -> QAction | None:
    """Return the entry of a menu with a title; mnemonic, dots and key are not looked at."""

    def plain(text: str) -> str:
        return text.partition("\t")[0].replace("&", "").rstrip("…")

    return next((one for one in menu.actions() if plain(one.text()) == title), None)
