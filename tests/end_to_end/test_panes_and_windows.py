"""Layouts, a second window and docks that float, in the real window with real keys and clicks."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QMenu, QToolButton

from canvas_bench import make_layer
from hands import User
from pellucid.model.view import Layout, Plane
from pellucid.ui.dialogs.layouts import LayoutsDialog
from pellucid.ui.layout_picker import LayoutPicker
from pellucid.ui.main_window import MainWindow

pytestmark = pytest.mark.qt_log_ignore("does not support")


@pytest.fixture
def user(qtbot):
    import numpy as np

    user = User(qtbot, (1280, 720))
    array = np.arange(20 * 30 * 30, dtype=np.int16).reshape(20, 30, 30)
    user.layer = make_layer(array, limits=(0.0, 18000.0))
    user.session.document.insert(0, user.layer)
    user.session.centre_crosshair()
    user.rest()
    yield user
    user.leave()


def shown(user):
    user.window.canvas.flush()
    return len(user.window.canvas.shown_panes())


def test_keys_choose_layouts(user):
    alt = Qt.KeyboardModifier.AltModifier
    for key, panes in ((Qt.Key.Key_1, 1), (Qt.Key.Key_2, 2), (Qt.Key.Key_3, 3), (Qt.Key.Key_4, 3)):
        user.press(key, alt)
        assert shown(user) == panes


def test_a_small_window_shows_the_numbers_of_the_window_whole(user):
    QApplication.processEvents()
    for name in ("Level", "Width", "Min", "Max"):
        field = user.find(name, user.window.histogram)
        assert field.visibleRegion().boundingRect().height() == field.height(), name


def test_a_small_window_keeps_its_size_for_every_comparison(user):
    import numpy as np

    user.session.document.insert(1, make_layer(np.zeros((20, 30, 30), np.int16)))
    user.session.document.images[1].name = "t1_mprage_sag_p2_iso after contrast"
    before = user.window.size(), user.window.docks["Studies"].width()
    for mode in ("swipe", "checkerboard", "flicker", "difference", "red_green", "off"):
        user.window.actions_table.by_id[f"compare.{mode}"].trigger()
        for _ in range(5):
            QApplication.processEvents()
        assert (user.window.size(), user.window.docks["Studies"].width()) == before, mode


def test_the_toolbar_offers_a_grid_of_cells(user):
    button = user.find("Layout")
    picker = button.menu().findChild(LayoutPicker)
    button.menu().popup(button.mapToGlobal(QPoint(0, 30)))
    QTest.mouseClick(picker, Qt.MouseButton.LeftButton, pos=picker.cell(3, 3).center().toPoint())
    assert shown(user) == 16
    widths = {pane.width() for pane in user.window.canvas.shown_panes()}
    assert min(widths) >= 80


def second_window(user):
    user.window.actions_table.by_id["view.second_window"].trigger()
    QApplication.processEvents()
    window = user.window.canvases.second
    assert window.isVisible() and window.isWindow()
    window.canvas.flush()
    return window


def test_the_second_window_draws_scrolls_and_shares_the_crosshair(user):
    window = second_window(user)
    (pane,) = window.canvas.shown_panes()
    assert pane.plane is Plane.AXIAL
    picture = window.canvas.grab_pane(pane)
    assert picture.pixelColor(picture.width() // 2 + 40, picture.height() // 2 + 40).lightness() > 20
    first, before = user.window.canvas.pane(Plane.AXIAL), pane.index
    where = QPointF(pane.width() / 3, pane.height() / 3)
    event = QWheelEvent(where, QPointF(pane.mapToGlobal(where.toPoint())), QPoint(), QPoint(0, -120),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
                        Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(pane.viewport(), event)
    window.canvas.flush()
    user.window.canvas.flush()
    assert pane.index == before + 1 == first.index
    assert user.session.visible_slices().count((2, pane.index)) == 1


def test_keys_and_layouts_work_in_the_second_window(user):
    window = second_window(user)
    window.activateWindow()
    user.wait(lambda: QApplication.activeWindow() is window)
    (pane,) = window.canvas.shown_panes()
    for at in (QPoint(200, 200), QPoint(210, 210)):
        QTest.mouseMove(window.windowHandle(), pane.mapTo(window, at))
    QApplication.processEvents()
    before = pane.index
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_Down)
    window.canvas.flush()
    assert pane.index == before + 1
    QTest.keyClick(window.windowHandle(), Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier)
    window.canvas.flush()
    assert [pane.plane for pane in window.canvas.shown_panes()] == [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL]
    assert user.session.view.layout == Layout.QUAD


def test_the_second_window_can_be_closed_and_opened_again(user):
    window = second_window(user)
    assert user.session.view.others == (window.screen_state,)
    window.close()
    assert user.session.view.others == ()
    user.session.view.crosshair = (1.0, 1.0, 1.0)
    assert second_window(user) is window
    user.window.close_without_asking()
    assert not window.isVisible()


def test_an_empty_workbench_has_no_second_window(qtbot):
    user = User(qtbot)
    user.window.actions_table.by_id["view.second_window"].trigger()
    assert user.window.canvases.second is None
    user.leave()


def test_saved_layouts_are_in_the_menu_and_can_be_renamed_and_deleted(user):
    user.session.arranging.choose(Layout(2, 3))
    user.session.own_layouts.save("Rows & rows", user.session.view)
    user.session.arranging.choose(Layout.SINGLE)
    menu = _submenu(user.find("Layout"), "Saved layouts")
    menu.aboutToShow.emit()
    menu.actions()[0].trigger()
    assert user.session.view.layout == Layout(2, 3)
    dialog = LayoutsDialog(user.session, user.window)
    dialog.show()
    dialog.list.item(0).setText("Other")
    QApplication.processEvents()
    assert [layout.name for layout in user.session.own_layouts.all()] == ["Other"]
    dialog.list.item(0).setText("  ")
    QApplication.processEvents()
    assert "name" in dialog.said.text() and dialog.list.item(0).text() == "Other"
    QTest.mouseClick(dialog.delete, Qt.MouseButton.LeftButton)
    assert user.session.own_layouts.all() == () and not dialog.delete.isEnabled()
    dialog.close()


def _submenu(button: QToolButton, title: str) -> QMenu:
    return next(action.menu() for action in button.menu().actions() if action.text() == title)


def test_docks_float_close_and_come_back_where_they_were(user, qtbot):
    window = user.window
    for dock in window.docks.values():
        assert dock.features() & QDockWidget.DockWidgetFeature.DockWidgetFloatable, dock.objectName()
    for name in ("Histogram", "Statistics"):
        window.show_dock(name)
        window.docks[name].setFloating(True)
    window.docks["Histogram"].resize(420, 500)
    window.docks["Layers"].close()
    lazy = next((row.name for row in _lazy_docks()), None)
    if lazy is not None:
        window.show_dock(lazy)
        window.docks[lazy].setFloating(True)
    QApplication.processEvents()
    window._remember()
    again = MainWindow(user.session)
    again.show()
    qtbot.waitExposed(again)
    QApplication.processEvents()
    assert again.docks["Histogram"].isFloating() and again.docks["Statistics"].isFloating()
    assert again.docks["Histogram"].width() == 420
    assert not again.docks["Layers"].isVisible()
    if lazy is not None:
        assert again.docks[lazy].isFloating() and again.docks[lazy].widget() is not None
    again.docks["Histogram"].setFloating(False)
    assert not again.docks["Histogram"].isFloating()
    again.close_without_asking()
    again.deleteLater()


def _lazy_docks():
    from pellucid.ui.dock_table import DOCKS

    return [row for row in DOCKS if not row.open]
