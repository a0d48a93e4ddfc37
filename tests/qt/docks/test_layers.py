"""The layers panel by mouse and keys: what is undoable is undone, what is only display is not."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from pellucid.model.display import Blending
from pellucid.ui.canvas.drops import ITEM_MIME, LAYER_MIME
from pellucid.ui.docks import label_table, layers
from pellucid.ui.docks.label_model import COLOR, LOCKED, NAME, VISIBLE
from pellucid.ui.docks.layer_delegate import eye_rect, text_rect
from pellucid.ui.docks.layer_model import detail
from pellucid.ui.docks.layers import LayersPanel


@pytest.fixture
def panel(session, show):
    return show(LayersPanel(session))


def names(panel):
    return [panel.model.index(n).data() for n in range(panel.model.rowCount())]


def row_rect(panel, row):
    return panel.list.visualRect(panel.model.index(row))


def rename(qtbot, view, text):
    line = view.viewport().findChild(QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.state() != view.State.EditingState)


def test_layers_are_listed_from_the_top(panel, session):
    assert names(panel) == ["Labels", "PET", "CT"]
    assert detail(session.document.layers[0]) == "CT · 32×24×10"
    assert detail(session.document.layers[2]) == "2 labels · 32×24×10"


def test_layers_can_be_dragged_to_panes_and_series_dropped_among_them(panel, session, monkeypatch):
    data = panel.model.mimeData([panel.model.index(1)])
    assert bytes(data.data(LAYER_MIME).data()).decode() == session.document.layers[1].id
    asked = []
    monkeypatch.setattr(session.loading, "load_key", lambda key, replace=True: asked.append((key, replace)))
    series = QMimeData()
    series.setData(ITEM_MIME, b"series:1")
    copy = Qt.DropAction.CopyAction
    assert panel.model.canDropMimeData(series, copy, -1, -1, QModelIndex())
    assert panel.model.dropMimeData(series, copy, -1, -1, QModelIndex())
    assert asked == [("series:1", False)]


def test_a_click_makes_a_layer_active(panel, session, qtbot):
    where = text_rect(row_rect(panel, 1)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert session.document.active.name == "PET"


def test_the_eye_shows_and_hides_without_a_step(panel, session, qtbot):
    steps = session.history.steps
    qtbot.mouseClick(
        panel.list.viewport(), Qt.MouseButton.LeftButton, pos=eye_rect(row_rect(panel, 2)).center()
    )
    assert session.document.layers[0].visible is False
    qtbot.keyClick(panel.list, Qt.Key.Key_Space)
    assert session.document.layers[0].visible is True
    assert session.history.steps == steps


def test_a_double_click_renames_and_undo_brings_the_old_name_back(panel, session, qtbot):
    where = text_rect(row_rect(panel, 2)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)
    rename(qtbot, panel.list, "Thorax")
    assert names(panel) == ["Labels", "PET", "Thorax"]
    session.undo()
    assert names(panel) == ["Labels", "PET", "CT"]
    session.redo()
    assert names(panel)[2] == "Thorax"


def test_f2_renames_and_an_empty_name_is_ignored(panel, session, qtbot):
    panel.list.setFocus()
    steps = session.history.steps
    qtbot.keyClick(panel.list, Qt.Key.Key_F2)
    rename(qtbot, panel.list, "   ")
    assert names(panel)[2] == "CT" and session.history.steps == steps


def test_moving_a_row_moves_the_layer_and_can_be_undone(panel, session):
    assert panel.model.moveRows(QModelIndex(), 2, 1, QModelIndex(), 0)
    assert names(panel) == ["CT", "Labels", "PET"]
    assert panel.model.moveRows(QModelIndex(), 0, 1, QModelIndex(), 2)
    assert names(panel) == ["Labels", "CT", "PET"]
    session.undo()
    session.undo()
    assert names(panel) == ["Labels", "PET", "CT"]
    assert not panel.model.moveRows(QModelIndex(), 1, 1, QModelIndex(), 2)


def test_alt_arrows_and_buttons_move_the_active_layer(panel, session, qtbot):
    qtbot.keyClick(panel.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert names(panel) == ["Labels", "CT", "PET"]
    qtbot.mouseClick(panel.up, Qt.MouseButton.LeftButton)
    assert names(panel)[0] == "CT"
    assert not panel.up.isEnabled() and panel.up.toolTip() == "This is the top layer."


def test_removing_a_layer_can_be_undone(panel, session, qtbot):
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert names(panel) == ["Labels", "PET"]
    session.undo()
    assert names(panel) == ["Labels", "PET", "CT"]


def test_opacity_by_slider_and_by_typing(panel, ct, qtbot):
    panel.look.opacity.slider.setValue(40)
    assert ct.opacity == 0.4
    panel.look.opacity.box.setFocus()
    panel.look.opacity.box.selectAll()
    qtbot.keyClicks(panel.look.opacity.box, "75")
    assert ct.opacity == 0.75
    panel.look.opacity.box.selectAll()
    qtbot.keyClicks(panel.look.opacity.box, "175")
    assert ct.opacity == 0.17 and panel.look.opacity.box.property("wrong") is True


def test_the_colour_map_menu_sets_the_map(panel, ct):
    menu = panel.map_menu(ct)
    next(action for action in menu.actions() if action.text() == "Viridis").trigger()
    assert ct.display.colormap == "viridis"


def test_label_layers_have_fill_and_outline(panel, session, labels, qtbot):
    look = panel.look
    assert look.fill.slider.isHidden() and look.style_choice.isHidden() and not look.blending.isHidden()
    session.document.active = labels
    look.fill.slider.setValue(80)
    fill, outline, both = look.style_choice.buttons
    qtbot.mouseClick(fill, Qt.MouseButton.LeftButton)
    assert (labels.display.fill, labels.display.filled, labels.display.outline) == (0.8, True, False)
    assert look.width_box.isHidden() and look.blending.isHidden()
    qtbot.mouseClick(outline, Qt.MouseButton.LeftButton)
    assert (labels.display.filled, labels.display.outline) == (False, True) and look.fill.slider.isHidden()
    look.width_box.selectAll()
    qtbot.keyClicks(look.width_box, "3")
    assert labels.display.outline_width == 3.0
    qtbot.mouseClick(both, Qt.MouseButton.LeftButton)
    assert (labels.display.filled, labels.display.outline) == (True, True)


def test_a_drag_of_a_labels_opacity_is_one_step(panel, session, labels, qtbot):
    session.document.active = labels
    labels.active_label = 2
    steps = len(session.history.steps)
    for percent in (80, 60, 40):
        panel.label_opacity.slider.setValue(percent)
    assert labels.labels.label(2).opacity == 0.4 and labels.labels.label(1).opacity == 1.0
    assert session.history.steps[steps:] == ("Opacity of label Bone",)
    labels.active_label = 1
    assert panel.label_opacity.slider.value() == 100
    session.undo()
    assert labels.labels.label(2).opacity == 1.0


def test_an_image_is_laid_over_or_added(panel, ct, qtbot):
    over, add = panel.look.blending.buttons
    qtbot.mouseClick(add, Qt.MouseButton.LeftButton)
    assert ct.display.blending is Blending.ADD and "added" in detail(ct)
    qtbot.mouseClick(over, Qt.MouseButton.LeftButton)
    assert ct.display.blending is Blending.OVER and "added" not in detail(ct)


def cell(panel, row, column):
    return panel.table.visualRect(panel.table.labels.index(row, column)).center()


def click_cell(panel, qtbot, row, column):
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=cell(panel, row, column))


def test_the_label_table_selects_hides_and_locks(panel, session, labels, qtbot):
    click_cell(panel, qtbot, 1, NAME)
    assert labels.active_label == 2
    click_cell(panel, qtbot, 1, VISIBLE)
    assert labels.labels.label(2).visible is False
    click_cell(panel, qtbot, 1, LOCKED)
    assert labels.labels.label(2).locked is True
    session.undo()
    assert labels.labels.label(2).locked is False


def test_a_label_is_renamed_recoloured_and_undone(panel, session, labels, qtbot, monkeypatch):
    where = cell(panel, 0, NAME)
    qtbot.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    rename(qtbot, panel.table, "Left lung")
    assert labels.labels.label(1).name == "Left lung"
    monkeypatch.setattr(label_table, "ask_color", lambda *_args: "#123456")
    click_cell(panel, qtbot, 0, COLOR)
    assert labels.labels.label(1).color == "#123456"
    session.undo()
    session.undo()
    assert (labels.labels.label(1).name, labels.labels.label(1).color) == ("Lungs", "#E69F00")


def test_labels_are_added_and_deleted_with_their_voxels(panel, session, labels, qtbot):
    qtbot.mouseClick(panel.new_label, Qt.MouseButton.LeftButton)
    assert labels.active_label == 3 and panel.table.labels.rowCount() == 3
    click_cell(panel, qtbot, 0, NAME)
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not (labels.labels.array == 1).any())
    session.undo()
    assert (labels.labels.array == 1).sum() == 10 * 24 * 8


def test_the_swatch_of_a_label_layer_recolours_the_active_label(panel, labels, monkeypatch, qtbot):
    monkeypatch.setattr(layers, "ask_color", lambda *_args: "#abcdef")
    panel._ask_color(labels, panel.list.viewport().mapToGlobal(row_rect(panel, 0).center()))
    assert labels.labels.label(1).color == "#abcdef"


def test_an_empty_document_shows_one_sentence_and_reasons(empty_session, show):
    panel = show(LayersPanel(empty_session))
    assert panel.stack.currentIndex() == 0
    assert panel.add.toolTip() == "Open an image first."
    assert not panel.delete.isEnabled()


def test_the_panel_fits_beside_its_scroll_bar_in_a_narrow_low_dock(session, labels, show):
    session.document.active = labels
    panel = show(LayersPanel(session), 280, 320)
    body = panel.look.parentWidget()
    assert body.minimumSizeHint().width() <= 280 - 2 * 8 - 10
    assert panel.minimumSizeHint().height() < 200


def test_the_label_table_is_seen_in_a_low_window(panel, session):
    session.document.active = session.document.label_layers[0]
    panel.resize(270, 320)
    QTest.qWait(1)
    table = panel.table
    top = table.mapTo(panel, table.rect().topLeft()).y()
    assert table.isVisible() and panel.height() - top > 60
