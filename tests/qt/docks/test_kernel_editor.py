"""The editor of a kernel: what hands can do to it, and what it tells of it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from pellucid.model.kernels import KERNELS
from pellucid.operations import get
from pellucid.operations.engines.kernel_text import read_kernel
from pellucid.ui import theme
from pellucid.ui.forms.kernel_presets import PRESETS, resized
from pellucid.ui.forms.operation_form import OperationForm

KEY = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
TEN = " ".join(["1"] * 15)
LARGE = "; ".join([TEN] * 15)


@pytest.fixture
def form(show):
    form = show(OperationForm(get("kernels.apply")), 340)
    form.activateWindow()
    return form


@pytest.fixture
def editor(form):
    return form.editors["kernel"]


@pytest.fixture
def told(form):
    """What the form has told, as kernels."""
    said = []
    form.edited.connect(lambda values: said.append(read_kernel(values["kernel"]).array))
    return said


def at(editor, row, column):
    editor.grid.setFocus()
    editor.grid.setCurrentIndex(editor.model.index(row, column))


def type_here(editor, text):
    """Type where the focus is: first into the grid, then into the line that opens."""
    for character in text:
        QTest.keyClick(typed_in(editor), character)


def typed_in(editor):
    """Return the line that is open in the grid, else the grid."""
    QApplication.processEvents()  # a line is closed a moment after the key
    lines = [line for line in editor.grid.findChildren(QLineEdit) if line.isVisible()]
    return lines[-1] if lines else editor.grid


def clipboard(text):
    QApplication.clipboard().setText(text)


def test_typing_replaces_a_weight_and_is_told_with_every_key(editor, told, qtbot):
    at(editor, 0, 2)
    type_here(editor, "-2")
    qtbot.waitUntil(lambda: bool(told) and told[-1][0, 0, 2] == -2)
    QTest.keyClick(typed_in(editor), KEY.Key_Return)
    assert editor.model.weights[0, 0, 2] == -2 and typed_in(editor) is editor.grid
    assert editor.sum_said.text() == "Sum \N{MINUS SIGN}1" and editor.preset.currentText() == "Own weights"
    assert read_kernel(editor.value()).array.tolist() == [[[0, -1, -2], [-1, 5, -1], [0, -1, 0]]]


def test_fractions_and_decimal_commas_are_numbers(editor):
    at(editor, 0, 0)
    type_here(editor, "1/8")
    QTest.keyClick(typed_in(editor), KEY.Key_Tab)
    type_here(editor, "0,25")
    QTest.keyClick(typed_in(editor), KEY.Key_Return)
    assert editor.model.weights[0, 0, :2].tolist() == [0.125, 0.25]


def test_tab_goes_on_while_typing_and_leaves_the_grid_otherwise(editor):
    at(editor, 0, 1)
    type_here(editor, "3")
    QTest.keyClick(typed_in(editor), KEY.Key_Tab)
    type_here(editor, "4")
    QTest.keyClick(typed_in(editor), KEY.Key_Tab)
    type_here(editor, "7")  # the next row
    QTest.keyClick(typed_in(editor), KEY.Key_Return)
    assert editor.model.weights[0, 0].tolist() == [0, 3, 4] and editor.model.weights[0, 1, 0] == 7
    assert typed_in(editor) is editor.grid
    met = []
    for _ in range(5):
        QTest.keyClick(QApplication.focusWidget(), KEY.Key_Tab)
        met.append(QApplication.focusWidget())
    assert met[:4] == [editor.divisor, *editor.buttons]
    editor.grid.setFocus()
    QTest.keyClick(editor.grid, KEY.Key_Backtab, SHIFT)
    assert QApplication.focusWidget() is editor.slices


def test_arrow_keys_move_and_delete_empties(editor):
    at(editor, 0, 0)
    for key, place in ((KEY.Key_Right, (0, 1)), (KEY.Key_Down, (1, 1)), (KEY.Key_Left, (1, 0)), (KEY.Key_Up, (0, 0))):
        QTest.keyClick(editor.grid, key)
        assert (editor.grid.currentIndex().row(), editor.grid.currentIndex().column()) == place
    at(editor, 1, 1)
    QTest.keyClick(editor.grid, KEY.Key_Delete)
    assert editor.model.weights[0, 1, 1] == 0


def test_the_grid_is_entered_in_its_middle(editor):
    editor.grid.setFocus()
    assert (editor.grid.currentIndex().row(), editor.grid.currentIndex().column()) == (1, 1)


def test_escape_brings_the_weight_back(editor, told, qtbot):
    at(editor, 1, 1)
    type_here(editor, "77")
    assert editor.model.weights[0, 1, 1] == 77
    QTest.keyClick(typed_in(editor), KEY.Key_Escape)
    assert editor.model.weights[0, 1, 1] == 5 and typed_in(editor) is editor.grid
    qtbot.waitUntil(lambda: bool(told) and told[-1][0, 1, 1] == 5)


def test_what_is_no_number_turns_red_says_where_and_is_not_told(form, editor, told, qtbot):
    at(editor, 0, 1)
    complaints = []
    form.invalid.connect(complaints.append)
    type_here(editor, "2-")
    QTest.keyClick(typed_in(editor), KEY.Key_Return)
    assert typed_in(editor) is editor.grid
    assert complaints[-1] == "Row 1, column 2: “2-” is not a number."
    assert form._hint.isVisible() and form._hint.text() == complaints[-1]
    assert editor.model.data(editor.model.index(0, 1), Qt.ItemDataRole.ToolTipRole) == complaints[-1]
    assert editor.model.back(editor.model.index(0, 1)) != editor.model.back(editor.model.index(1, 0))
    picture = editor.grid.viewport().grab().toImage()
    place = editor.grid.visualRect(editor.model.index(0, 1))
    assert picture.pixelColor(place.topLeft() + QPoint(1, 10)).name() == theme.colors().danger
    qtbot.wait(80)
    assert all(kernel[0, 0, 1] in (-1, 2) for kernel in told)
    type_here(editor, "6")
    QTest.keyClick(typed_in(editor), KEY.Key_Return)
    assert not form.check() and editor.model.weights[0, 0, 1] == 6


def test_letters_are_left_to_the_window(editor):
    at(editor, 0, 0)
    QTest.keyClick(editor.grid, "l")
    assert typed_in(editor) is editor.grid and editor.model.weights[0, 0, 0] == 0


@pytest.mark.parametrize("number", range(len(PRESETS)))
def test_every_preset_is_shown_told_and_recognised(editor, told, qtbot, number):
    preset = PRESETS[number]
    editor.preset.setCurrentIndex(number + 1)
    editor.preset.activated.emit(number + 1)
    qtbot.waitUntil(lambda: bool(told))
    assert np.array_equal(told[-1], preset.kernel.array)
    assert editor.preset.value() is preset
    assert editor.slices.value() == len(preset.kernel.weights)
    assert editor.size_choice.value() == preset.kernel.weights.shape[1]
    get("kernels.apply").validate(kernel=editor.value())


def test_the_presets_are_those_that_are_taught():
    assert [one.title for one in PRESETS[: len(KERNELS)]] == [known.title for known in KERNELS]
    by_title = {one.title: one.kernel.array for one in PRESETS}
    assert by_title["Mean 3×3×3"].sum() == pytest.approx(1) and by_title["Gaussian 3×3×3"].sum() == 1
    assert by_title["Sharpen, 6 neighbours"].sum() == 1 and by_title["Laplacian, 6 neighbours"].sum() == 0
    assert by_title["Laplacian, 6 neighbours"][1].tolist() == [[0, 1, 0], [1, -6, 1], [0, 1, 0]]


def test_normalise_divides_by_the_sum(form, editor, told, qtbot):
    form.set_values({"kernel": "1 2 1; 2 4 2; 1 2 1"})
    assert editor.sum_said.text() == "Sum 16"
    QTest.mouseClick(editor.buttons[0], Qt.MouseButton.LeftButton)
    assert editor.value() == "1 2 1; 2 4 2; 1 2 1 / 16" and editor.sum_said.text() == "Sum 1"
    assert editor.preset.currentText() == "Gaussian 3×3"
    form.set_values({"kernel": "1 0 -1"})
    assert not editor.buttons[0].isEnabled() and "add up to 0" in editor.buttons[0].toolTip()
    assert editor.sum_said.text() == "Sum 0"


def test_flip_turns_by_180_degrees(form, editor, told, qtbot):
    form.set_values({"kernel": "1 2 3; 4 5 6; 7 8 9 | 0 0 1; 0 0 0; 0 0 0 | 0 0 0; 0 2 0; 0 0 0"})
    QTest.mouseClick(editor.buttons[1], Qt.MouseButton.LeftButton)
    assert editor.value() == "0 0 0; 0 2 0; 0 0 0 | 0 0 0; 0 0 0; 1 0 0 | 9 8 7; 6 5 4; 3 2 1"


def test_the_divisor_counts_and_may_not_be_0(form, editor, told, qtbot):
    editor.divisor.setFocus()
    editor.divisor.selectAll()
    QTest.keyClicks(editor.divisor, "4")
    qtbot.waitUntil(lambda: bool(told) and told[-1][0, 1, 1] == 1.25)
    assert editor.sum_said.text() == "Sum 0.25"
    editor.divisor.selectAll()
    QTest.keyClicks(editor.divisor, "0")
    assert form.check() == "The kernel cannot be divided by 0."
    assert editor.value().endswith("/ 4")


def test_sizes_keep_the_middle(editor, told):
    editor.size_choice.setCurrentIndex(1)
    editor.size_choice.activated.emit(1)
    assert editor.model.weights.shape == (1, 5, 5) and editor.model.weights[0, 2, 2] == 5
    assert editor.preset.currentText() == "Sharpen, 4 neighbours", "zeros around it change nothing"
    editor.slices.setCurrentIndex(1)
    editor.slices.activated.emit(1)
    assert editor.model.weights.shape == (3, 5, 5) and editor.model.weights[1, 2, 2] == 5
    editor.size_choice.setCurrentIndex(0)
    editor.size_choice.activated.emit(0)
    assert np.array_equal(editor.model.weights[1], [[0, -1, 0], [-1, 5, -1], [0, -1, 0]])


def test_slices_are_turned_with_buttons_and_keys(form, editor):
    form.set_values({"kernel": " | ".join(f"0 0 0; 0 {n} 0; 0 0 0" for n in (1, 2, 3))})
    assert editor.turning.isVisible() and editor.slice_said.text() == "Slice 2 of 3"
    middle = editor.model.index(1, 1)
    QTest.mouseClick(editor.on, Qt.MouseButton.LeftButton)
    assert editor.model.index(1, 1).data() == "3" and not editor.on.isEnabled()
    editor.grid.setFocus()
    QTest.keyClick(editor.grid, KEY.Key_PageUp)
    QTest.keyClick(editor.grid, KEY.Key_PageUp)
    assert editor.slice_said.text() == "Slice 1 of 3" and middle.row() == 1
    at(editor, 0, 0)
    type_here(editor, "9")
    assert editor.model.weights[0, 0, 0] == 9
    form.set_values({"kernel": "1 1 1"})
    assert not editor.turning.isVisible()


@pytest.mark.parametrize("open_line", [False, True])
def test_a_matrix_is_pasted_over_the_kernel(editor, told, qtbot, open_line):
    clipboard("1\t4\t6\t4\t1\n" * 5 + "/ 80")
    at(editor, 0, 0)
    if open_line:
        type_here(editor, "8")
    QTest.keyClick(typed_in(editor), KEY.Key_V, CONTROL)
    qtbot.waitUntil(lambda: bool(told) and told[-1].shape == (1, 5, 5))
    assert np.allclose(told[-1].sum(), 1) and editor.size_choice.value() == 5 and editor.divisor.value() == 80


def test_one_number_is_pasted_into_its_weight(editor):
    clipboard(" 1/4\n")
    at(editor, 0, 0)
    QTest.keyClick(editor.grid, KEY.Key_V, CONTROL)
    assert editor.model.weights[0, 0, 0] == 0.25 and editor.model.weights.shape == (1, 3, 3)


def test_nonsense_is_not_pasted_and_the_kernel_can_still_be_used(form, editor, told):
    before = editor.value()
    clipboard("1 2 3; 4 hello 6; 7 8 9")
    QTest.mouseClick(editor.buttons[2], Qt.MouseButton.LeftButton)
    assert editor.said.isVisible() and "Row 2, column 2: “hello” is not a number." in editor.said.text()
    assert editor.value() == before and not form.check()
    at(editor, 0, 0)
    type_here(editor, "1")
    assert not editor.said.isVisible()


def test_what_is_copied_can_be_pasted(form, editor):
    for text in ("1 2 1; 2 4 2; 1 2 1 / 16", "1 0 0; 0 1 0; 0 0 0 | 0 0 0; 0 2.5 0; 0 0 0 | 0 0 0; 0 0 0; 0 0 -3"):
        form.set_values({"kernel": text})
        editor.grid.setFocus()
        QTest.keyClick(editor.grid, KEY.Key_C, CONTROL)
        form.set_values({"kernel": "0 0 0"})
        QTest.keyClick(editor.grid, KEY.Key_V, CONTROL)
        assert editor.value() == text


def test_kernels_of_other_shapes_are_shown_in_a_square_and_stay_as_they_are(form, editor):
    form.set_values({"kernel": "1, 0, -1"})
    assert form.values()["kernel"] == "1, 0, -1"
    assert editor.model.weights.tolist() == [[[0, 0, 0], [1, 0, -1], [0, 0, 0]]]
    form.set_values({"kernel": "1 2; 3 4"})
    assert "2 × 2" in form.check()
    editor.flip()
    assert not form.check()


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_a_large_kernel_fits_and_every_number_can_be_read(form, editor, mode, qapp):
    theme.apply(qapp, mode)
    form.set_values({"kernel": LARGE})
    QApplication.processEvents()
    grid = editor.grid
    assert form.width() == 340 and form.minimumSizeHint().width() <= 340
    assert grid.horizontalHeader().length() <= grid.viewport().width() and grid.height() <= 300
    assert grid.verticalHeader().length() == grid.height()
    form.set_values({"kernel": "-9 9 -1; 1 0 0.01; -0.001 3 4"})
    for row in range(3):
        for column in range(3):
            assert theme.contrast(theme.colors().text, editor.model.back(editor.model.index(row, column))) >= 4.5


def test_signs_have_their_colours_and_sizes_their_strength(form, editor):
    form.set_values({"kernel": "4 1 0; -4 -1 0; 0 0 0"})
    backs = {n: editor.model.back(editor.model.index(*divmod(n, 3))) for n in range(9)}
    assert len({backs[n] for n in (0, 1, 2, 3, 4)}) == 5 and backs[2] == theme.colors().panel
    blue, amber = int(backs[0][5:], 16), int(backs[3][1:3], 16)
    assert blue > int(backs[1][5:], 16) and amber > int(backs[4][1:3], 16)


def test_narrow_cells_show_fewer_figures(form, editor):
    form.set_values({"kernel": LARGE.replace("1", "0.12345")})
    delegate, index = editor.grid.itemDelegate(), editor.model.index(0, 0)
    QApplication.processEvents()
    assert delegate.fitted(index, editor.grid.visualRect(index)) in ("0.1", ".12", ".1")
    form.set_values({"kernel": "0.12345 0 0; 0 0 0; 0 0 -0.5"})
    QApplication.processEvents()
    assert delegate.fitted(index, editor.grid.visualRect(index)) in ("0.12345", ".12345", "0.1234", "0.123")


def test_every_control_has_a_name_and_every_weight_says_where_it_is(editor):
    met = [editor.preset, editor.size_choice, editor.slices, editor.grid, editor.divisor, *editor.buttons]
    for control in met:
        interface = QAccessible.queryAccessibleInterface(control)
        assert interface.text(QAccessible.Text.Name).strip(), control
        assert control.toolTip() or control is editor.grid
    grid = QAccessible.queryAccessibleInterface(editor.grid)
    names = [grid.child(n).text(QAccessible.Text.Name) for n in range(grid.childCount())]
    assert "Row 2, column 2: 5" in names and "Row 1, column 2: \N{MINUS SIGN}1" in names


def test_resized_cuts_and_fills_around_the_middle():
    weights = np.arange(75.0).reshape(3, 5, 5)
    small = resized(weights, 1, 3)
    assert np.array_equal(small, weights[1:2, 1:4, 1:4])
    assert np.array_equal(resized(small, 3, 5)[1, 1:4, 1:4], small[0]) and resized(small, 3, 5).sum() == small.sum()
