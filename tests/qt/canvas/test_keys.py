"""Keys act on the pane under the mouse, and never while text is typed."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QWidget

from canvas_bench import make_labels, make_layer
from pellucid.model.layer import Preview
from pellucid.model.view import Plane, Tool
from pellucid.ui.canvas import keys
from pellucid.ui.canvas.key_book import KeyBook

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key


@pytest.fixture
def shown(bench):
    bench.layer = make_layer(np.random.default_rng(0).integers(0, 256, (40, 30, 30)).astype(np.int16))
    bench.show(bench.layer)
    return bench


def test_slices(shown):
    pane = shown.pane()
    start = pane.index
    for key, modifiers, wanted in (
        (KEY.Key_Down, Qt.KeyboardModifier.NoModifier, start + 1),
        (KEY.Key_PageDown, Qt.KeyboardModifier.NoModifier, start + 2),
        (KEY.Key_Up, Qt.KeyboardModifier.NoModifier, start + 1),
        (KEY.Key_PageUp, Qt.KeyboardModifier.NoModifier, start),
        (KEY.Key_Down, SHIFT, start + 10),
        (KEY.Key_PageUp, SHIFT, start),
        (KEY.Key_End, Qt.KeyboardModifier.NoModifier, 39),
        (KEY.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
    ):
        shown.key(key, modifiers)
        assert pane.index == wanted, key


def test_keys_act_on_the_pane_under_the_mouse(shown):
    axial, coronal = shown.pane().index, shown.pane(Plane.CORONAL).index
    shown.pane().mouse.leave()
    shown.key(KEY.Key_Down, plane=Plane.CORONAL)
    assert (shown.pane().index, shown.pane(Plane.CORONAL).index) == (axial, coronal + 1)


@pytest.mark.parametrize(
    ("key", "tool"),
    [("H", Tool.CROSSHAIR), ("Z", Tool.ZOOM), ("T", Tool.PAN), ("S", Tool.SCROLL), ("B", Tool.BRUSH),
     ("Shift+E", Tool.ERASER), ("D", Tool.LENGTH), ("Y", Tool.POLYLINE), ("A", Tool.ANGLE), ("R", Tool.RECTANGLE),
     ("E", Tool.ELLIPSE), ("P", Tool.POLYGON)],
)  # fmt: skip
def test_tools_and_back(shown, key, tool):
    shown.key(getattr(KEY, f"Key_{key[-1]}"), SHIFT if "Shift" in key else Qt.KeyboardModifier.NoModifier)
    assert shown.session.view.tool is tool
    shown.key(KEY.Key_Space, CTRL)
    assert shown.session.view.tool is Tool.WINDOW
    shown.key(KEY.Key_Space, CTRL)
    assert shown.session.view.tool is tool
    shown.key(KEY.Key_Escape)
    assert shown.session.view.tool is Tool.WINDOW
    shown.key(KEY.Key_W)
    assert shown.session.view.tool is Tool.WINDOW


def test_display_keys(shown):
    display, pane = shown.layer.display, shown.pane()
    shown.key(KEY.Key_I)
    assert display.invert
    pane.camera.zoom(3, pane.rect().center().toPointF())
    scale = pane.camera.scale
    shown.key(KEY.Key_F)
    fitted = pane.camera.scale
    assert fitted < scale
    display.set_limits(3, 4)
    shown.session.view.crosshair = (1.0, 1.0, 1.0)
    shown.key(KEY.Key_R, CTRL)
    assert display.limits == (0, 255) and not display.invert
    assert pane.index == 19
    shown.key(KEY.Key_H, SHIFT)
    assert shown.session.view.hide_identity
    shown.key(KEY.Key_H, SHIFT)
    assert not shown.session.view.hide_identity


def test_presets_are_asked_for_by_number(shown):
    asked = []
    shown.area.preset_requested.connect(asked.append)
    for digit in "1590":
        shown.key(getattr(KEY, f"Key_{digit}"))
    assert asked == [1, 5, 9, 0]


def test_series_steps_are_asked_for(shown):
    asked = []
    shown.area.series_step_requested.connect(asked.append)
    shown.key(KEY.Key_Right)
    shown.key(KEY.Key_Left)
    assert asked == [1, -1]


def test_brush_size_and_labels(shown):
    labels = make_labels(shown.layer, np.zeros((40, 30, 30)))
    shown.show(labels)
    view = shown.session.view
    before = view.brush_diameter
    shown.key(KEY.Key_BracketRight)
    assert view.brush_diameter > before
    shown.key(KEY.Key_BracketLeft)
    assert view.brush_diameter == pytest.approx(before, abs=0.5)
    shown.key(KEY.Key_Period)
    assert labels.active_label == 2
    shown.key(KEY.Key_Comma)
    assert labels.active_label == 1
    shown.key(KEY.Key_G)
    assert not labels.visible
    shown.key(KEY.Key_G)
    assert labels.visible
    shown.key(KEY.Key_A, SHIFT)
    assert labels.opacity == 0.9
    shown.key(KEY.Key_D, SHIFT)
    assert labels.opacity == 1.0


def test_layers_above_and_below(shown):
    labels = make_labels(shown.layer, np.zeros((40, 30, 30)))
    shown.show(labels)
    shown.key(KEY.Key_Up, CTRL)
    assert shown.session.document.active is labels
    shown.key(KEY.Key_Up, CTRL)
    shown.key(KEY.Key_Down, CTRL)
    assert shown.session.document.active is shown.layer


def test_a_tap_of_space_hides_the_texts_and_a_longer_press_does_not(shown):
    shown.session.view.show_annotations = True
    shown.hold_key(KEY.Key_Space, 349)
    assert not shown.session.view.show_annotations
    shown.hold_key(KEY.Key_Space, 350)
    assert not shown.session.view.show_annotations
    shown.hold_key(KEY.Key_Space, 0)
    assert shown.session.view.show_annotations


def test_holding_space_pans_and_does_not_hide_the_texts(shown):
    shown.session.view.show_annotations = True
    pane, window = shown.pane(), shown.area.window().windowHandle()
    QTest.mouseMove(pane.viewport(), QPoint(60, 60))
    limits, centre = shown.layer.display.limits, pane.camera.centre
    QTest.keyPress(window, KEY.Key_Space)
    shown.drag(pane, (60, 60), (120, 60))
    QTest.keyRelease(window, KEY.Key_Space)
    assert pane.camera.centre[0] < centre[0]
    assert shown.layer.display.limits == limits
    assert shown.session.view.show_annotations
    shown.drag(pane, (60, 60), (120, 60))
    assert shown.layer.display.limits != limits


def test_holding_the_backquote_shows_before(shown):
    changed = {(2, 19): np.full((30, 30), 255, np.int16)}
    shown.layer.preview = Preview("White", changed)
    pane, window = shown.pane(), shown.area.window().windowHandle()
    QTest.mouseMove(pane.viewport(), QPoint(60, 60))
    after = shown.grey()
    QTest.keyPress(window, KEY.Key_QuoteLeft)
    assert shown.session.view.hide_preview
    before = shown.grey()
    QTest.keyRelease(window, KEY.Key_QuoteLeft)
    assert not shown.session.view.hide_preview
    inside = slice(150, 250)
    assert (after[inside, inside] == 255).all() and before[inside, inside].mean() < 200
    assert np.array_equal(shown.grey(), after)


def test_held_keys_are_let_go_when_the_window_loses_the_keyboard(shown):
    QTest.mouseMove(shown.pane().viewport(), QPoint(60, 60))
    QTest.keyPress(shown.area.window().windowHandle(), KEY.Key_QuoteLeft)
    shown.area.keyboard.let_go()
    assert not shown.session.view.hide_preview


def test_escape_takes_a_stroke_back(shown):
    labels = make_labels(shown.layer, np.zeros((40, 30, 30)))
    shown.show(labels)
    shown.session.document.active = labels
    shown.session.view.tool = Tool.BRUSH
    pane, steps = shown.pane(), shown.session.history.position
    shown.press(pane, (150, 150))
    shown.move(pane, (200, 150))
    assert labels.labels.array.any()
    QTest.keyClick(shown.area.window().windowHandle(), KEY.Key_Escape)
    shown.release(pane, (200, 150))
    assert not labels.labels.array.any()
    assert shown.session.history.position == steps
    assert shown.session.view.tool is Tool.BRUSH


def test_keys_reach_a_focused_text_field_and_only_it(shown, qtbot):
    window = QWidget()
    row = QHBoxLayout(window)
    field, listing = QLineEdit(), QListWidget()
    listing.addItems(["i", "down", "more"])
    for widget in (field, listing, shown.area):
        row.addWidget(widget)
    qtbot.addWidget(window)
    window.resize(1000, 800)
    window.show()
    window.activateWindow()
    qtbot.waitExposed(window)
    pane = shown.pane()
    index = pane.index
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    QTest.mouseMove(pane.viewport(), QPoint(60, 60))
    for key in (KEY.Key_I, KEY.Key_5, KEY.Key_Space):
        QTest.keyClick(window.windowHandle(), key)
    QTest.keyClick(window.windowHandle(), KEY.Key_Down)
    assert field.text() == "i5 "
    assert not shown.layer.display.invert
    assert pane.index == index
    listing.setFocus()
    QTest.keyClick(window.windowHandle(), KEY.Key_Down)
    assert pane.index == index + 1, "a list is no text field: the pane under the mouse has the keys"
    pane.mouse.leave()
    QTest.keyClick(window.windowHandle(), KEY.Key_Down)
    assert pane.index == index + 1
    shown.area.setParent(None)


def test_every_key_is_used_once_and_can_be_changed(shown):
    names = [action.name for action in keys.ACTIONS]
    assert len(set(names)) == len(names)
    used = [action.key for action in keys.ACTIONS]
    assert len(set(used)) == len(used)
    book = KeyBook(shown.session, ())
    assert book.owner("F").title == "Fit" and book.owner("Q") is None
    book.give("pane.view.invert", ["Q"])
    shown.key(KEY.Key_I)
    assert not shown.layer.display.invert
    shown.key(KEY.Key_Q)
    assert shown.layer.display.invert


def test_a_key_nobody_knows_is_left_to_others(shown):
    shown.key(KEY.Key_Q)
    shown.key(KEY.Key_F9)
    assert shown.session.view.tool is Tool.WINDOW
