"""The grid of cells that chooses rows and columns."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from pellucid.model.view import Layout
from pellucid.ui.layout_picker import LayoutPicker


@pytest.fixture
def picker(qtbot):
    picker = LayoutPicker()
    qtbot.addWidget(picker)
    picker.resize(picker.sizeHint())
    picker.show()
    qtbot.waitExposed(picker)
    picker.chose = []
    picker.chosen.connect(picker.chose.append)
    return picker


def test_a_click_chooses_the_rows_and_columns_up_to_the_cell(picker):
    QTest.mouseMove(picker, picker.cell(0, 3).center().toPoint())
    QTest.mouseMove(picker, picker.cell(2, 1).center().toPoint())
    assert picker.aimed == Layout(3, 2)
    QTest.mouseClick(picker, Qt.MouseButton.LeftButton, pos=picker.cell(2, 1).center().toPoint())
    assert picker.chose == [Layout(3, 2)]


def test_every_cell_can_be_reached(picker):
    for row in range(4):
        for column in range(4):
            QTest.mouseClick(picker, Qt.MouseButton.LeftButton, pos=picker.cell(row, column).center().toPoint())
    assert picker.chose == [Layout(row, column) for row in range(1, 5) for column in range(1, 5)]


def test_arrow_keys_and_enter_choose_too(picker):
    picker.show_layout(Layout.QUAD)
    picker.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        QTest.keyClick(picker, key)
    assert picker.chose == [Layout(1, 4)]
    assert picker.accessibleDescription() == "1 rows, 4 columns"
