"""Every dock and dialog: names for screen readers, Tab in reading order, nothing cut off at 1280 × 720."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QTabBar,
    QWidget,
)

from canvas_bench import make_labels, make_layer
from hands import User
from pellucid.model.geometry import Geometry
from pellucid.ui import theme
from pellucid.ui.actions.table import TABLE
from pellucid.ui.actions.toolbar import TOOLBAR, Popup
from pellucid.ui.dialogs.keys import KeysDialog
from pellucid.ui.dialogs.preferences import PreferencesDialog
from pellucid.ui.dock_table import DOCKS
from pellucid.ui.docks.parts import Elided
from pellucid.ui.docks.reading_order import in_order, stops
from pellucid.ui.palette import Palette, open_palette

NAMES = [row.name for row in DOCKS]


@pytest.fixture
def user(qtbot):
    theme.apply(QApplication.instance(), "dark")  # before there is a window that would have to be dressed again
    user = User(qtbot, (1280, 720))
    yield user
    user.leave()


@pytest.fixture
def open_user(user):
    values = np.random.default_rng(0).integers(-1000, 1000, (6, 20, 30)).astype(np.int16)
    layer = make_layer(values, Geometry((30, 20, 6), (1.0, 1.0, 2.0)), (-1000, 1000), unit="HU")
    labels = make_labels(layer, (values > 500).astype(np.uint8))
    for n, what in enumerate((layer, labels)):
        user.session.document.insert(n, what)
    user.session.document.active = layer
    user.session.centre_crosshair()
    user.rest()
    return user


def panel_of(user, name: str) -> QWidget:
    panel = user.window.show_dock(name)
    user.rest()
    return panel


def controls(panel: QWidget) -> list[QWidget]:
    """Return what the Tab key stops at, pressing it from the first control on until it leaves."""
    first = next(iter(in_order(stops(panel), panel)), None)
    if first is None:
        return []
    first.setFocus()
    found = []
    while (here := QApplication.focusWidget()) is not None and panel.isAncestorOf(here) and here not in found:
        found.append(here)
        QTest.keyClick(here, Qt.Key.Key_Tab)
    return found


def name_of(widget: QWidget) -> str:
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else widget.accessibleName()


def place(widget: QWidget, panel: QWidget) -> QRect:
    return QRect(widget.mapTo(panel, QPoint(0, 0)), widget.size())


def follows(before: QRect, after: QRect) -> bool:
    """Return whether one place is read after another: to its right in the same line, or further down."""
    same_line = min(before.bottom(), after.bottom()) - max(before.top(), after.top()) > min(
        before.height(), after.height()
    ) / 2
    return after.left() >= before.left() if same_line else after.top() >= before.top()


def check(panel: QWidget, what: str) -> None:
    met = controls(panel)
    assert len(met) >= len(stops(panel)) - 1, f"{what}: Tab does not reach everything"
    nameless = [type(w).__name__ for w in met if not name_of(w).strip()]
    assert not nameless, f"{what}: controls without a name: {nameless}"
    places = [place(w, panel) for w in met]
    wrong = [
        (name_of(met[n]), name_of(met[n + 1]))
        for n in range(len(met) - 1)
        if not follows(places[n], places[n + 1])
    ]
    assert not wrong, f"{what}: Tab goes back: {wrong}"
    cut = [said(w) for w in panel.findChildren(QWidget) if w.isVisible() and is_cut(w, panel)]
    assert not cut, f"{what}: cut off: {cut}"


def said(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, (QLabel, QAbstractButton)) else ""
    return f"{type(widget).__name__} {name_of(widget) or text!r}"


def is_cut(widget: QWidget, panel: QWidget) -> bool:
    """Return whether a button or a line of text is narrower than its words, or stands beyond the panel's edge."""
    if isinstance(widget, Elided) or isinstance(widget.parentWidget(), (QTabBar, QLineEdit)):
        return False
    if isinstance(widget, QAbstractButton):
        words = widget.fontMetrics().horizontalAdvance(widget.text().replace("&", ""))
        return widget.width() < words or place(widget, panel).right() > panel.width()
    if isinstance(widget, QLabel) and widget.text() and not widget.wordWrap():
        fits = widget.sizePolicy().horizontalPolicy().name in ("Ignored", "Maximum")
        wide = widget.fontMetrics().horizontalAdvance(widget.text().split("\n")[0])
        return not fits and widget.textFormat() is not Qt.TextFormat.RichText and wide > widget.width() + 1
    return False


def test_docks_with_an_image(open_user):
    for name in NAMES:
        check(panel_of(open_user, name), name)
    window = open_user.window
    bars = [bar for bar in window.findChildren(QTabBar) if bar.isVisible() and bar.parent() is window]
    assert bars and all(bar.elideMode() is Qt.TextElideMode.ElideNone for bar in bars), "tabs show whole names"


class Windows(QObject):
    """Notes every window that is shown, however shortly."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.shown.append(f"{type(watched).__name__} {watched.accessibleName()}")
        return False


def test_empty_docks_say_what_to_do_and_no_part_of_them_is_a_window_for_a_moment(user):
    """What is shown before it has a parent flashes up on the screen, and takes the keys from the window."""
    noted = Windows()
    QApplication.instance().installEventFilter(noted)
    for name in NAMES:
        panel = panel_of(user, name)
        check(panel, name)
        texts = [w.text() for w in panel.findChildren(QLabel) if w.isVisible() and w.text()]
        assert any(len(text.split()) >= 4 for text in texts) or controls(panel), f"{name} is empty and says nothing"
    QApplication.instance().removeEventFilter(noted)
    assert noted.shown == []


def test_dialogs(open_user, qtbot):
    user = open_user
    for dialog in (
        PreferencesDialog(user.session, user.window),
        KeysDialog(user.session, user.window.actions_table.keys, user.window),
    ):
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.activateWindow()
        qtbot.waitUntil(dialog.isActiveWindow)
        check(dialog, dialog.windowTitle())
        assert dialog.width() <= 1280 and dialog.height() <= 720
        dialog.close()
    user.window.activateWindow()
    qtbot.waitUntil(user.window.isActiveWindow)
    palette = open_palette(user.window)
    user.rest()
    check(palette, "palette")
    assert isinstance(palette, Palette)
    palette.dismiss()


def test_the_canvas_keeps_half_of_a_small_window(open_user):
    assert open_user.window.canvas.width() >= 640 - 4
    assert open_user.window.minimumSizeHint().width() <= 1280 and open_user.window.minimumSizeHint().height() <= 720
    open_user.window.docks["Tags"].toggleViewAction().trigger()
    open_user.rest()
    assert open_user.window.panel("Tags").height() >= 220 and open_user.window.canvas.height() >= 260


def test_toolbar_buttons_have_icons_names_and_say_what_they_do(open_user):
    entries = {entry.id: entry for entry in TABLE}
    rows = [row for group in TOOLBAR for row in group]
    for row in rows:
        for name in row.ids if isinstance(row, Popup) else (row,):
            assert entries[name].icon, f"{name} has no icon"
            action = open_user.window.actions_table.by_id[name]
            assert action.toolTip() and not action.icon().isNull()
    buttons = [w for w in open_user.window.findChildren(QAbstractButton) if w.isVisible()]
    nameless = [w for w in buttons if not name_of(w).strip() and w.focusPolicy() != Qt.FocusPolicy.NoFocus]
    assert not nameless, [(w, w.parent()) for w in nameless]


def test_tools_tell_every_button_in_their_tooltip(open_user):
    for entry in TABLE:
        if entry.tool is not None:
            tip = open_user.window.actions_table.by_id[entry.id].toolTip()
            assert "Right drag: zoom" in tip and "Wheel: slices" in tip and "Middle drag: pan" in tip, tip


def test_the_hint_follows_tool_and_scheme_and_leaves_room_at_1280(open_user):
    user = open_user
    hint = user.window.status.hint
    assert hint.text().startswith("Left: window level")
    user.window.set_tool(next(e.tool for e in TABLE if e.id == "tool.brush"))
    assert hint.text().startswith("Left: paint")
    user.session.settings.wheel = "zoom"
    user.session.habits_changed.emit()
    assert "Wheel: zoom" in hint.text()
    user.window.status.values.setText("A very long name of a layer that says a lot 1234 HU   ·   " * 4)
    QApplication.processEvents()
    assert user.window.width() == 1280 and hint.width() >= 120
