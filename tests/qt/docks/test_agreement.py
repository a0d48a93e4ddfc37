"""Comparing masks as a user does: choose A and B, read the numbers, click the curve, the matrix and STAPLE."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from pellucid.history.layers import AddLayer
from pellucid.history.painting import replace_label
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.ui.docks.agreement import CompareMasksPanel

GRID = Geometry((32, 24, 10), (1.5, 1.5, 3.0))
PIXELS = Geometry((32, 24, 10), (1.5, 1.5, 3.0), known_spacing=(False, False, False))


def box(shift=0, value=1):
    array = np.zeros((10, 24, 32), np.uint8)
    array[2:8, 6:16, 6 + shift : 18 + shift] = value
    return array


def layer(name, array, *rows, grid=GRID):
    return LabelLayer(name, LabelMap(grid, array, rows or (Label(1, "Liver", "#E69F00"),)))


def add(session, *layers):
    for one in layers:
        session.history.do(AddLayer(one))


@pytest.fixture
def panel(show, empty_session):
    return show(CompareMasksPanel(empty_session), 340, 900)


def choose(control, title):
    """Choose from a list as the keyboard does."""
    row = control.findText(title)
    assert row >= 0, [control.itemText(n) for n in range(control.count())]
    control.setFocus()
    control.setCurrentIndex(row)
    control.activated.emit(row)


def number(panel, name):
    value, unit = panel.numbers.values[name]
    return f"{value.text()} {unit.text()}".strip()


def ready(qtbot, session):
    qtbot.waitUntil(lambda: session.agreeing.answer is not None)


def test_without_two_labels_the_panel_says_what_to_do(qtbot, empty_session, panel):
    assert panel.stack.currentIndex() == 0 and not panel.copy.isEnabled() and not panel.again.isEnabled()
    add(empty_session, layer("One", box()))
    assert panel.stack.currentIndex() == 0
    add(empty_session, layer("Two", box(2)))
    assert panel.stack.currentIndex() == 1
    ready(qtbot, empty_session)


def test_a_and_b_are_chosen_and_numbers_read_with_units(qtbot, empty_session, panel):
    add(empty_session, layer("Mine", box()), layer("Truth", box(4)))
    choose(panel.first, "Mine: Liver")
    choose(panel.second, "Truth: Liver")
    ready(qtbot, empty_session)
    assert number(panel, "dice") == "0.6667" and number(panel, "jaccard") == "0.5000"
    assert number(panel, "centre_distance") == "6 mm" and number(panel, "hausdorff") == "6 mm"
    assert number(panel, "volume_difference") == "0 mm³" and number(panel, "first_volume") == "4.86 ml"
    assert number(panel, "common_voxels") == "480"
    assert "95th percentile" in panel.numbers.values["hausdorff95"][0].toolTip()
    assert "ASSD" in panel.numbers.values["mean_surface_distance"][0].toolTip()
    assert panel.numbers.isVisible() and not panel.table.isVisible()


def test_swapping_turns_precision_into_recall(qtbot, empty_session, panel):
    small = box()
    small[:, :, 12:] = 0
    add(empty_session, layer("Small", small), layer("Large", box()))
    choose(panel.first, "Small: Liver")
    choose(panel.second, "Large: Liver")
    ready(qtbot, empty_session)
    assert (number(panel, "precision"), number(panel, "recall")) == ("1.0000", "0.5000")
    qtbot.mouseClick(panel.swap, Qt.MouseButton.LeftButton)
    ready(qtbot, empty_session)
    assert (number(panel, "precision"), number(panel, "recall")) == ("0.5000", "1.0000")
    assert panel.first.currentText() == "Large: Liver"


def test_layers_are_compared_label_by_label_by_their_names(qtbot, empty_session, panel):
    mine, truth = box(), box(0, 2)
    mine[:, 18:22, 4:8], truth[:, 18:22, 4:8] = 2, 1
    mine[0, 0, 0] = 3
    rows = (Label(1, "Liver", "#ff0000"), Label(2, "Spleen", "#00ff00"), Label(3, "Kidney", "#0000ff"))
    add(empty_session, layer("Mine", mine, *rows), layer("Truth", truth, Label(1, "spleen", "#123456"),
                                                         Label(2, "liver", "#654321")))  # fmt: skip
    ready(qtbot, empty_session)
    assert panel.table.isVisible() and not panel.numbers.isVisible()
    model = panel.table.model()
    names = [model.index(n, 0).data() for n in range(model.rowCount())]
    dice = [model.index(n, 1).data() for n in range(model.rowCount())]
    assert names == ["Liver", "Spleen", "Kidney"] and dice == ["1.0000", "1.0000", "0.0000"]
    assert model.index(2, 7).data() == "–" and "B holds no voxel" in model.index(2, 7).data(Qt.ItemDataRole.ToolTipRole)
    panel.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert model.index(0, 0).data() == "Kidney"
    panel.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    place = panel.table.visualRect(model.index(1, 0)).center()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert (panel.first.currentText(), panel.second.currentText()) == ("Mine: Spleen", "Truth: spleen")
    ready(qtbot, empty_session)
    assert number(panel, "dice") == "1.0000"


def test_a_name_that_means_another_value_never_agrees_by_value(qtbot, empty_session, panel):
    add(empty_session, layer("Mine", box(), Label(1, "Liver", "#ff0000")),
        layer("Truth", box(), Label(1, "Spleen", "#00ff00"), Label(2, "Liver", "#0000ff")))  # fmt: skip
    ready(qtbot, empty_session)
    rows = {row.name: row.values["dice"] for row in empty_session.agreeing.answer.rows}
    assert rows == {"Liver": 0.0, "Spleen": 0.0}
    assert set(np.unique(empty_session.agreeing.answer.map.values)) == {0, 4}


def test_painting_counts_again(qtbot, empty_session, panel):
    one, other = layer("One", box()), layer("Two", box())
    add(empty_session, one, other)
    ready(qtbot, empty_session)
    first = empty_session.agreeing.answer
    assert number(panel, "dice") == "1.0000" and empty_session.agreeing.map() is first.map
    half = box()
    half[5:] = 0
    empty_session.history.do(replace_label(one, 1, half != 0, "Paint", provenance=()))
    assert empty_session.agreeing.map() is None, "a map that is older than the voxels is not drawn"
    qtbot.waitUntil(lambda: empty_session.agreeing.answer is not first)
    assert number(panel, "dice") == "0.6667" and empty_session.agreeing.map() is not None
    empty_session.undo()
    qtbot.waitUntil(lambda: number(panel, "dice") == "1.0000")


def test_a_click_on_the_curve_moves_the_crosshair_to_that_slice(qtbot, empty_session, panel):
    empty_session.slice_in_use = lambda: (2, 5)
    other = box()
    other[5, :, 12:] = 0
    add(empty_session, layer("One", box()), layer("Two", other))
    ready(qtbot, empty_session)
    empty_session.view.crosshair = tuple(float(c) for c in GRID.index_to_world((3, 4, 1)))
    dice = empty_session.agreeing.answer.dice(2)
    assert np.isnan(dice[0]) and dice[3] == 1 and dice[5] == pytest.approx(2 / 3)
    QTest.mouseClick(panel.chart, Qt.MouseButton.LeftButton, pos=panel.chart.position_of(5).toPoint())
    np.testing.assert_allclose(GRID.world_to_index(empty_session.view.crosshair), (3, 4, 5), atol=1e-9)
    assert panel.chart._place == 5
    panel.chart.setFocus()
    QTest.keyClick(panel.chart, Qt.Key.Key_Left)
    assert panel.chart._place == 4
    qtbot.mouseClick(panel.curve.buttons[1], Qt.MouseButton.LeftButton)
    assert panel.chart._lines[1].values[5] == 60 and panel.chart._lines[0].values[5] == 120
    empty_session.slice_in_use = lambda: (0, 3)
    empty_session.view.crosshair = tuple(float(c) for c in GRID.index_to_world((7, 4, 4)))
    assert "along x" in panel.caption.text() and len(panel.chart._axis) == 32 and panel.chart._place == 7


def test_objects_of_two_layers_are_matched_whatever_their_numbers(qtbot, empty_session, panel):
    one, other = np.zeros((2, 10, 24, 32), np.uint8)
    for n, x in enumerate((0, 8, 16), start=1):
        one[4:6, 2:8, x : x + 6] = n
        other[4:6, 2:8, x + (n == 2) * 4 : x + 6] = 7 - n  # of the second a third is left
    other[0, 0, 0] = 9
    add(empty_session, layer("Mine", one, *(Label(n, f"One {n}", "#E69F00") for n in (1, 2, 3))),
        layer("By hand", other, *(Label(n, f"Other {n}", "#E69F00") for n in (4, 5, 6, 9))))  # fmt: skip
    qtbot.waitUntil(lambda: panel.objects.isVisible())
    assert panel.objects.text() == "Objects: 2 of 4 in B found, 2 missed, 1 in A only · F1 0.571"
    choose(panel.first, "Mine: One 1")
    qtbot.waitUntil(lambda: panel.numbers.isVisible() and not panel.objects.isVisible())


def test_px_where_the_spacing_is_not_known(qtbot, empty_session, panel):
    add(empty_session, layer("One", box(), grid=PIXELS), layer("Two", box(4), grid=PIXELS))
    ready(qtbot, empty_session)
    assert number(panel, "hausdorff") == "4 px" and number(panel, "first_volume") == "720 voxels"
    assert "px" in panel.said.text()


def test_an_empty_label_has_dashes_and_says_why(qtbot, empty_session, panel):
    add(empty_session, layer("One", box()), layer("Two", np.zeros_like(box())))
    choose(panel.first, "One: Liver")
    choose(panel.second, "Two: Liver")
    ready(qtbot, empty_session)
    assert number(panel, "dice") == "0.0000" and number(panel, "hausdorff") == "–" and number(panel, "recall") == "–"
    assert "B holds no voxel" in panel.numbers.values["hausdorff"][0].toolTip()


def test_grids_in_different_spaces_are_refused_and_others_resampled(qtbot, empty_session, panel):
    fine = Geometry((32, 24, 20), (1.5, 1.5, 1.5), (0.0, 0.0, -0.75))
    add(empty_session, layer("One", box()), layer("Fine", np.repeat(box(), 2, axis=0), grid=fine))
    ready(qtbot, empty_session)
    assert number(panel, "dice") == "1.0000" and "another grid" in panel.said.text()
    away = Geometry((32, 24, 20), (1.5, 1.5, 1.5), frame_of_reference="1.2.3")
    add(empty_session, layer("Away", np.repeat(box(), 2, axis=0), grid=away))
    choose(panel.second, "Away: all labels")
    qtbot.waitUntil(lambda: bool(empty_session.agreeing.problem))
    assert "frames of reference" in panel.said.text() and not panel.chart.isVisible()


def test_numbers_are_copied_and_saved_with_every_digit(qtbot, empty_session, panel, tmp_path, monkeypatch):
    add(empty_session, layer("One", box()), layer("Two", box(1)))
    ready(qtbot, empty_session)
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    (row,) = csv.DictReader(io.StringIO(QGuiApplication.clipboard().text()), delimiter="\t")
    assert row["name"] == "Liver" and float(row["dice"]) == empty_session.agreeing.answer.rows[0].values["dice"]
    said = []
    empty_session.notice.connect(lambda text, tone: said.append((text, tone)))
    files = (("rows.json", json.loads), ("rows.csv", lambda text: list(csv.DictReader(io.StringIO(text)))))
    for count, (name, read) in enumerate(files, 1):
        path = tmp_path / name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, path=path: (str(path), ""))
        qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda count=count: len(said) == count)  # files are written side by side
        assert float(read(path.read_text("utf-8"))[0]["hausdorff_mm"]) == 1.5
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "no" / "rows.csv"), ""))
    qtbot.mouseClick(panel.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [tone for _text, tone in said] == ["info", "info", "error"], timeout=10_000)


# ---------------------------------------------------------------- several raters


def raters(session, count=4):
    add(session, *(layer(f"Rater {n + 1}", box(n)) for n in range(count)))


def test_three_raters_are_needed(qtbot, empty_session, panel):
    raters(empty_session, 2)
    qtbot.mouseClick(panel.kind.buttons[1], Qt.MouseButton.LeftButton)
    page = panel.raters
    assert not page.staple.isEnabled() and "at least three" in page.said.text() and not page.matrix.isVisible()


def test_the_matrix_chooses_the_pair(qtbot, empty_session, panel):
    raters(empty_session)
    qtbot.mouseClick(panel.kind.buttons[1], Qt.MouseButton.LeftButton)
    page = panel.raters
    qtbot.waitUntil(page.matrix.isVisible)
    assert page.matrix.dice[0, 3] == pytest.approx(0.75) and page.matrix.dice[1, 2] == pytest.approx(11 / 12)
    place = page.matrix.cell(1, 3).center().toPoint()
    QTest.mouseClick(page.matrix, Qt.MouseButton.LeftButton, pos=place)
    assert panel.pages.currentIndex() == 0
    assert (panel.first.currentText(), panel.second.currentText()) == ("Rater 2: Liver", "Rater 4: Liver")
    ready(qtbot, empty_session)
    assert number(panel, "dice") == "0.8333"


def test_the_matrix_is_used_with_the_keyboard(qtbot, empty_session, panel):
    raters(empty_session)
    qtbot.mouseClick(panel.kind.buttons[1], Qt.MouseButton.LeftButton)
    page = panel.raters
    qtbot.waitUntil(page.matrix.isVisible)
    page.matrix.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(page.matrix, key)
    assert (panel.first.currentText(), panel.second.currentText()) == ("Rater 1: Liver", "Rater 3: Liver")


def test_raters_can_be_left_out(qtbot, empty_session, panel):
    raters(empty_session)
    qtbot.mouseClick(panel.kind.buttons[1], Qt.MouseButton.LeftButton)
    page = panel.raters
    qtbot.waitUntil(page.matrix.isVisible)
    item = page.list.item(1)
    page.list.setCurrentItem(item)
    place = page.list.visualItemRect(item)
    QTest.mouseClick(
        page.list.viewport(), Qt.MouseButton.LeftButton, pos=place.topLeft() + QPoint(9, place.height() // 2)
    )
    qtbot.waitUntil(lambda: page.matrix.dice.shape == (3, 3))
    assert page.matrix.dice[0, 1] == pytest.approx(10 / 12)


def test_staple_adds_a_label_as_one_step_that_undo_takes_back(qtbot, empty_session, panel):
    raters(empty_session)
    qtbot.mouseClick(panel.kind.buttons[1], Qt.MouseButton.LeftButton)
    page = panel.raters
    qtbot.waitUntil(page.staple.isEnabled)
    before, said = len(empty_session.document.layers), []
    empty_session.notice.connect(lambda text, _tone: said.append(text))
    qtbot.mouseClick(page.staple, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(empty_session.document.layers) == before + 1)
    made = empty_session.document.label_layers[-1]
    votes = sum(box(n).astype(int) for n in range(4))
    assert made.name == "Consensus" and made.labels.labels[0].name == "STAPLE"
    assert made.labels.array[votes == 4].all() and not made.labels.array[votes == 0].any()
    assert made.provenance[-1].operation == "compare.staple" and len(made.provenance[-1].inputs) == 4
    assert said and said[-1].startswith("Sensitivity of the raters")
    assert empty_session.history.undo_label == "STAPLE of 4 raters"
    empty_session.undo()
    assert len(empty_session.document.layers) == before


def test_a_layer_that_goes_takes_the_comparison_with_it(qtbot, empty_session, panel):
    one, other = layer("One", box()), layer("Two", box(2))
    add(empty_session, one, other)
    ready(qtbot, empty_session)
    empty_session.remove(other)
    assert empty_session.agreeing.answer is None and panel.stack.currentIndex() == 0
    empty_session.undo()
    ready(qtbot, empty_session)
    assert panel.stack.currentIndex() == 1


def test_closing_the_panel_takes_the_map_off(qtbot, empty_session, panel):
    add(empty_session, layer("One", box()), layer("Two", box(2)))
    ready(qtbot, empty_session)
    assert empty_session.agreeing.map() is not None
    qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.map.height() // 2))
    assert empty_session.agreeing.map() is None
    qtbot.mouseClick(panel.map, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.map.height() // 2))
    assert empty_session.agreeing.map() is not None
    panel.hide()
    assert empty_session.agreeing.map() is None
