"""The table of objects as a user handles it: measure, sort, filter, click both ways, brush, delete, export."""

from __future__ import annotations

import csv
import io
import json
import time

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from hands import User
from pace import allowed
from pellucid.history.layers import AddLayer
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.layer import LabelLayer
from pellucid.model.view import Layout, Plane, Tool
from pellucid.recipes import Recipe
from pellucid.ui.docks.objects import ObjectsPanel

LEFT = Qt.MouseButton.LeftButton
GRID = Geometry((32, 24, 10), (1.5, 1.5, 3.0))
BLOCKS = {1: (2, 2, 4), 2: (10, 3, 6), 3: (20, 4, 2), 4: (25, 15, 5), 5: (4, 14, 3)}
"""Column, row and width of square objects, three slices thick."""


def blocks() -> LabelMap:
    labels = LabelMap(GRID, labels=tuple(Label(n, f"Cell {n}", color_for(n)) for n in BLOCKS))
    for value, (x, y, size) in BLOCKS.items():
        labels.array[4:7, y : y + size, x : x + size] = value
    return labels


@pytest.fixture
def cells(session):
    layer = LabelLayer("Cells", blocks())
    session.history.do(AddLayer(layer))
    session.document.active = layer
    return layer


@pytest.fixture
def panel(session, cells, ct, show, qtbot):
    panel = show(ObjectsPanel(session), 340, 760)
    for action in panel.choice.images.menu().actions():
        action.setChecked(action.data() == ct.id)
    return panel


def settle(panel, qtbot):
    qtbot.waitUntil(lambda: not panel._wait.isActive() and not panel._session.jobs.running, timeout=20_000)


@pytest.fixture
def measured(panel, qtbot):
    QTest.mouseClick(panel.choice.measure, LEFT)
    settle(panel, qtbot)
    return panel


def names(panel):
    model = panel.model
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def cell(panel, row, name):
    number = [column.name for column in panel.model.columns].index(name)
    return panel.model.data(panel.model.index(row, number))


def click(panel, row, modifiers=Qt.KeyboardModifier.NoModifier):
    at = panel.table.visualRect(panel.model.index(row, 0)).center()
    QTest.mouseClick(panel.table.viewport(), LEFT, modifiers, at)


def sort_by(panel, name):
    number = [column.name for column in panel.model.columns].index(name)
    panel.table.scrollTo(panel.model.index(0, number))
    head = panel.table.horizontalHeader()
    at = head.sectionViewportPosition(number) + head.sectionSize(number) // 2
    QTest.mouseClick(head.viewport(), LEFT, pos=head.rect().center().__class__(at, head.height() // 2))


def test_without_labels_it_says_what_to_do(empty_session, show):
    panel = show(ObjectsPanel(empty_session), 340, 600)
    assert panel.stack.currentIndex() == 0 and not panel.choice.measure.isEnabled() and not panel.save.isEnabled()
    assert "threshold" in panel.empty._sentence.text()


def test_measuring_fills_the_table_with_units_and_definitions(measured, session, ct):
    assert names(measured) == [f"Cell {n}" for n in BLOCKS] and measured.stack.currentIndex() == 1
    heads = [measured.model.headerData(n, Qt.Orientation.Horizontal) for n in range(measured.model.columnCount())]
    assert {"Volume, mm³", "Mean, HU", "Sphericity", "Touches border"} <= set(heads)
    assert not {"Voxels", "Box x"} & set(heads)
    assert cell(measured, 0, "volume_mm3") == f"{4 * 4 * 3 * 6.75:g}" and cell(measured, 3, "touches_border") == "no"
    tip = measured.model.headerData(heads.index("Sphericity"), Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
    assert "Wadell" in tip
    assert "5 of 5 objects" in measured.summary.text() and "median 324" in measured.summary.text()


def test_a_header_sorts_and_a_condition_filters(measured):
    sort_by(measured, "volume_mm3")
    assert names(measured) == ["Cell 3", "Cell 5", "Cell 1", "Cell 4", "Cell 2"]
    sort_by(measured, "volume_mm3")
    assert names(measured)[0] == "Cell 2"
    QTest.keyClicks(measured.filter, "volume > 200; mean < 300")
    assert names(measured) == ["Cell 2", "Cell 1"] and "2 of 5" in measured.summary.text()
    measured.filter.clear()
    QTest.keyClicks(measured.filter, "cell 4")
    assert names(measured) == ["Cell 4"]
    measured.filter.clear()
    QTest.keyClicks(measured.filter, "colour > 3")
    assert "no column “colour”" in measured.wrong.text() and measured.wrong.isVisible()
    measured.filter.clear()
    assert len(names(measured)) == 5 and not measured.wrong.isVisible()


def test_a_click_on_a_row_goes_to_the_object(measured, session):
    click(measured, 3)
    x, y, size = BLOCKS[4]
    middle = GRID.index_to_world((x + (size - 1) / 2, y + (size - 1) / 2, 5))
    assert session.view.crosshair == pytest.approx(tuple(middle)) and session.objects.selected == {3}
    click(measured, 0, Qt.KeyboardModifier.ControlModifier)
    assert session.objects.selected == {0, 3} and "2 of 5 objects selected" in measured.summary.text()


def test_what_is_selected_stays_so_when_rows_are_ordered_anew(measured, session):
    session.objects.select({2})
    assert [index.row() for index in measured.table.selectionModel().selectedRows()] == [2]
    sort_by(measured, "volume_mm3")
    assert [index.row() for index in measured.table.selectionModel().selectedRows()] == [0]
    assert session.objects.selected == {2}
    QTest.keyClicks(measured.filter, "volume > 400")
    assert session.objects.selected == {2} and not measured.table.selectionModel().hasSelection()


def test_brushing_the_plot_selects_rows_and_the_other_way(measured, session):
    plots = measured.plots
    plots.up.set_value("mean")
    plots.up.chosen.emit("mean")
    session.objects.select({1})
    assert plots.plot.marked.tolist() == [False, True, False, False, False]
    means = measured.model.numbers("mean")
    box = QRectF(QPointF(0, means[[0, 4]].min() - 1), QPointF(1e4, means[[0, 4]].max() + 1))
    plots.plot.brush.boxed.emit(box, False)
    assert session.objects.selected == {0, 4}
    assert sorted(index.row() for index in measured.table.selectionModel().selectedRows()) == [0, 4]
    plots.plot.brush.boxed.emit(QRectF(0, means[3] - 1, 1e4, 2), True)
    assert session.objects.selected == {0, 3, 4}


def test_dragging_on_the_histogram_selects_with_the_mouse(measured, session, qtbot):
    QTest.mouseClick(measured.page.buttons[1], LEFT)
    plot = measured.plots.plot
    qtbot.waitUntil(lambda: plot.plot.viewport().width() > 100)
    QTest.qWait(100)
    volumes = measured.model.numbers("volume_mm3")

    def at(value):
        scene = plot.brush.mapViewToScene(QPointF(value, plot.brush.viewRect().center().y()))
        return plot.plot.mapFromScene(scene)

    view = plot.plot.viewport()
    start, end = at(volumes[1] * 0.9), at(volumes[1] * 1.02)
    QTest.mousePress(view, LEFT, pos=start)
    for part in np.linspace(0, 1, 8):
        QTest.mouseMove(view, start + (end - start) * float(part))
        QTest.qWait(5)
    QTest.mouseRelease(view, LEFT, pos=end)
    assert session.objects.selected == {1}


def test_delete_is_one_step_and_the_table_follows(measured, session, cells, qtbot):
    before = cells.labels.array.copy()
    click(measured, 1)
    measured.table.setFocus()
    QTest.keyClick(measured.table, Qt.Key.Key_Delete)
    settle(measured, qtbot)
    assert names(measured) == ["Cell 1", "Cell 3", "Cell 4", "Cell 5"] and not (cells.labels.array == 2).any()
    session.undo()
    assert np.array_equal(cells.labels.array, before) and "measure again" in measured.summary.text()
    QTest.mouseClick(measured.choice.measure, LEFT)
    settle(measured, qtbot)
    session.objects.select({0, 1})
    measured.more.keep.trigger()
    settle(measured, qtbot)
    assert names(measured) == ["Cell 1", "Cell 2"]


def test_it_follows_the_labels_when_asked_to(measured, session, cells, qtbot):
    QTest.mouseClick(measured.live, LEFT)
    settle(measured, qtbot)
    cells.labels.array[0, 0, 0] = 1
    cells.labels.touch((slice(0, 1), slice(0, 1), slice(0, 1)))
    qtbot.waitUntil(lambda: session.objects.table.rows.values["voxels"][0] == 49, timeout=20_000)


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_it_is_exported_and_copied(measured, session, tmp_path, monkeypatch, qtbot, ending):
    path = tmp_path / f"cells.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    QTest.keyClicks(measured.filter, "volume > 200")
    QTest.mouseClick(measured.save, LEFT)
    settle(measured, qtbot)
    if ending == "csv":
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    elif ending == "json":
        rows = json.loads(path.read_text("utf-8"))
    else:
        import pyarrow.parquet as pq

        rows = pq.read_table(path).to_pylist()
    assert [row["name"] for row in rows] == ["Cell 1", "Cell 2", "Cell 4"]
    assert [float(row["volume_mm3"]) for row in rows] == pytest.approx([324.0, 729.0, 506.25])
    assert "box_first_x" in rows[0]
    measured.table.setFocus()
    click(measured, 1)
    QTest.keyClick(measured.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert len(lines) == 2 and lines[0].split("\t")[:2] == ["label", "name"] and lines[1].startswith("2\tCell 2\t")


def test_groups_and_images_choose_what_is_measured(measured, qtbot):
    actions = {action.data(): action for action in measured.choice.groups.menu().actions()}
    actions["shape"].trigger()
    actions["texture"].trigger()
    measured.choice.rows.set_value("objects")
    QTest.mouseClick(measured.choice.measure, LEFT)
    settle(measured, qtbot)
    shown = {column.name for column in measured.model.columns}
    assert "homogeneity" in shown and "object" in shown and "sphericity" not in shown
    images = measured.choice.images.menu().actions()
    assert [action.text() for action in images] == ["CT", "PET"] and images[0].isChecked()
    images[1].trigger()
    assert measured.choice.images.text().startswith("CT +1")
    QTest.mouseClick(measured.choice.measure, LEFT)
    settle(measured, qtbot)
    assert {"ct_mean", "pet_mean"} <= {column.name for column in measured.model.columns}


def test_a_group_of_columns_can_be_hidden(measured):
    action = next(a for a in measured.more.menu.actions() if a.text() == "Show Intensity")
    action.trigger()
    assert "mean" not in {column.name for column in measured.model.columns}
    action.trigger()
    assert "mean" in {column.name for column in measured.model.columns}


def test_what_no_recipe_can_make_is_said(measured, session):
    said = []
    session.notice.connect(lambda text, severity: said.append(text))
    measured.more.save.trigger()
    assert "not made by steps" in said[0]


def test_ten_thousand_rows_are_sorted_and_filtered_at_once(session, show, qtbot):
    grid = Geometry((400, 400, 1), (1.0, 1.0, 1.0))
    array = np.zeros((1, 400, 400), np.uint16)
    array[0, ::4, ::4] = np.arange(1, 10_001).reshape(100, 100)
    array[0, 1::4, ::4] = array[0, ::4, ::4] * (np.arange(100)[None] % 2).astype(np.uint16)
    layer = LabelLayer("Many", LabelMap(grid, array))
    session.history.do(AddLayer(layer))
    session.document.active = layer
    panel = show(ObjectsPanel(session), 340, 760)
    panel.choice.images.set_options([], set())
    QTest.mouseClick(panel.choice.measure, LEFT)
    settle(panel, qtbot)
    assert panel.model.rowCount() == 10_000
    sort_by(panel, "area_mm2")
    took = []
    for work in (lambda: panel.model.sort(3), lambda: panel.model.filter("area > 1"), lambda: panel.model.filter("")):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    assert max(took) < allowed(0.1), took


def test_a_click_on_the_image_finds_the_row_and_outlines_it(qtbot):
    user = User(qtbot)
    layer = LabelLayer("Cells", blocks())
    user.session.history.do(AddLayer(layer))
    user.session.document.active = layer
    user.session.view.layout, user.session.view.plane = Layout.SINGLE, Plane.AXIAL
    user.session.centre_crosshair()
    user.window.show_dock("Table")
    panel = user.window.docks["Table"].widget()
    user.click("Measure", panel)
    user.rest()
    x, y, size = BLOCKS[4]
    pane = next(pane for pane in user.window.canvas_in_use().panes if pane.isVisible())
    user.session.view.tool = Tool.WINDOW
    place = GRID.index_to_world((x + size // 2, y + size // 2, 5))
    session = user.session
    session.view.crosshair = tuple(float(c) for c in place)
    user.rest()
    before = pane.grab().toImage()
    QTest.mouseClick(pane.viewport(), LEFT, pos=pane.widget_at(place).toPoint())
    user.rest()
    assert session.objects.selected == {3}
    assert [index.row() for index in panel.table.selectionModel().selectedRows()] == [3]
    assert pane.grab().toImage() != before
    session.view.tool = Tool.BRUSH
    elsewhere = GRID.index_to_world((11, 4, 5))
    QTest.mouseClick(pane.viewport(), LEFT, pos=pane.widget_at(elsewhere).toPoint())
    assert session.objects.selected == {3}
    session.labelling.end_stroke()
    user.leave()


def test_the_recipe_is_saved_for_a_batch(session, ct, show, qtbot, tmp_path, monkeypatch):
    session.document.active = ct
    for operation, values in (("threshold.range", {"lower": -500.0, "upper": 100.0}), ("labels.split", {})):
        session.running.apply(operation, values)
        qtbot.waitUntil(lambda: not session.jobs.running, timeout=20_000)
    panel = show(ObjectsPanel(session), 340, 760)
    path = tmp_path / "measure.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    panel.more.save.trigger()
    qtbot.waitUntil(path.exists, timeout=20_000)
    settle(panel, qtbot)
    recipe = Recipe.from_json(path.read_text("utf-8"))
    assert recipe.steps[-1].operation == "features.objects"


def fine_cells(session, spacing):
    grid = Geometry((32, 24, 10), spacing)
    layer = LabelLayer("Fine", LabelMap(grid, blocks().array, labels=blocks().labels))
    session.history.do(AddLayer(layer))
    session.document.active = layer
    return layer


def measure_alone(session, show, qtbot, layer):
    panel = show(ObjectsPanel(session), 340, 520)
    panel.choice.labels.set_value(layer.id)
    panel.choice.images.set_options([], set())
    QTest.mouseClick(panel.choice.measure, LEFT)
    settle(panel, qtbot)
    return panel


def test_small_voxels_are_read_in_micrometres_and_written_in_millimetres(
    session, show, qtbot, tmp_path, monkeypatch
):  # fmt: skip
    layer = fine_cells(session, (0.0005, 0.0005, 0.002))
    panel = measure_alone(session, show, qtbot, layer)
    heads = {panel.model.headerData(n, Qt.Orientation.Horizontal) for n in range(panel.model.columnCount())}
    assert {"Volume, µm³", "Surface, µm²", "Feret diameter, µm"} <= heads
    assert not any("mm" in head for head in heads)
    assert cell(panel, 0, "volume_um3") == "24" and float(cell(panel, 0, "centroid_z_um")) == 10
    assert "Volume, µm³" in panel.summary.text() and "median 24" in panel.summary.text()
    assert panel.plots.across.currentText() == "Volume, µm³"
    for text, kept in (("volume > 20", 3), ("volume > 20 µm³", 3), ("volume > 2e-8 mm³", 3), ("volume > 20 mm³", 0)):
        panel.filter.setText(text)
        assert panel.model.rowCount() == kept, text
    panel.filter.setText("volume > 20 µm")
    assert "measured in µm³" in panel.wrong.text()
    panel.filter.clear()
    assert "mm" in panel.save.toolTip()
    path = tmp_path / "fine.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    QTest.mouseClick(panel.save, LEFT)
    settle(panel, qtbot)
    row = next(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    assert float(row["volume_mm3"]) == pytest.approx(2.4e-8) and "volume_um3" not in row
    hide = next(a for a in panel.more.menu.actions() if a.text() == "Show Shape")
    hide.trigger()
    assert "surface_um2" not in {column.name for column in panel.model.columns}


def test_table_and_plot_are_pages_and_the_choice_is_remembered(measured, session, show):
    assert measured.table.isVisible() and not measured.plots.isVisible()
    room = measured.table.viewport().height() // measured.table.verticalHeader().defaultSectionSize()
    assert room >= 6
    QTest.mouseClick(measured.page.buttons[1], LEFT)
    assert measured.plots.isVisible() and not measured.table.isVisible()
    assert session.settings.table_page == "plot"
    again = show(ObjectsPanel(session), 340, 420)
    assert again.page.value() == "plot" and again.pages.currentWidget() is again.plots


def test_the_names_stay_while_the_numbers_are_moved_sideways(measured, session, qtbot):
    table, frozen = measured.table, measured.table.frozen
    table.horizontalScrollBar().setValue(200)
    assert table.horizontalScrollBar().value() == 200 and table.columnViewportPosition(0) < 0
    assert frozen.isVisible() and frozen.columnViewportPosition(0) == 0
    assert frozen.width() == table.columnWidth(0) and frozen.isColumnHidden(1)
    QTest.mouseClick(frozen.viewport(), LEFT, pos=frozen.visualRect(measured.model.index(2, 0)).center())
    assert session.objects.selected == {2}
    head = frozen.horizontalHeader()
    for first in ("Cell 1", "Cell 5"):
        QTest.mouseClick(head.viewport(), LEFT, pos=head.rect().center())
        assert names(measured)[0] == first
    assert session.objects.selected == {2} and frozen.isColumnHidden(1)
    sort_by(measured, "volume_mm3")
    assert names(measured)[0] == "Cell 3" and head.sortIndicatorSection() == -1


def test_colocalisation_of_two_images_is_offered(measured, qtbot):
    group = next(a for a in measured.choice.groups.menu().actions() if a.data() == "colocalisation")
    group.trigger()
    measured.choice.images.menu().actions()[1].trigger()
    QTest.mouseClick(measured.choice.measure, LEFT)
    settle(measured, qtbot)
    shown = {column.name for column in measured.model.columns}
    assert {"pearson", "manders_m1", "manders_m2"} <= shown


@pytest.mark.qt_log_ignore("does not support", extend=True)
def test_the_batch_opens_with_the_recipe(session, ct, show, qtbot):
    from pellucid.ui.dialogs.batch import BatchDialog

    session.document.active = ct
    for operation, values in (("threshold.range", {"lower": -500.0, "upper": 100.0}), ("labels.split", {})):
        session.running.apply(operation, values)
        qtbot.waitUntil(lambda: not session.jobs.running, timeout=20_000)
    panel = show(ObjectsPanel(session), 340, 760)
    panel.more.batch.trigger()
    dialog = panel.findChild(BatchDialog)
    recipe = dialog.set_up.recipe
    assert dialog.isVisible() and recipe.steps[-1].operation == "features.objects"
    assert dialog.set_up.recipes.currentText() == recipe.title and recipe.title.startswith("Measure")
    dialog.close()


def test_a_batch_that_no_recipe_can_make_is_refused_in_a_sentence(measured, session):
    from pellucid.ui.dialogs.batch import BatchDialog

    said = []
    session.notice.connect(lambda text, severity: said.append(text))
    measured.more.batch.trigger()
    assert "not made by steps" in said[0] and measured.findChild(BatchDialog) is None


def test_the_overlap_with_another_layer_is_a_table(measured, session, cells, qtbot, tmp_path, monkeypatch):
    from pellucid.ui.dialogs.overlap import OverlapDialog

    more = measured.more
    other = LabelLayer("Drawn & kept", LabelMap(GRID, labels=(Label(4, "Tumour", "#ff0000"),)))
    other.labels.array[4:7, 2:4, 2:6] = 4
    other.labels.array[4:7, 14:24, 25:27] = 4
    session.history.do(AddLayer(other))
    more.overlap.aboutToShow.emit()
    offered = {action.text(): action for action in more.overlap.actions()}
    assert "Cells" not in offered
    offered["Drawn && kept"].trigger()
    settle(measured, qtbot)
    dialog = measured.findChild(OverlapDialog)
    assert "Cells" in dialog.windowTitle() and "2 pairs" in dialog.said.text()
    model = dialog.view.model()
    shown = [[model.index(n, k).data() for k in range(model.columnCount())] for n in range(model.rowCount())]
    assert [line[:4] for line in shown] == [["Cell 1", "Tumour", "24", "0.5"], ["Cell 4", "Tumour", "30", "0.4"]]
    QTest.mouseClick(dialog.copy, LEFT)
    assert QGuiApplication.clipboard().text().splitlines()[1].startswith("1\tCell 1\t4\tTumour\t24\t")
    path = tmp_path / "overlap.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    QTest.mouseClick(dialog.save, LEFT)
    settle(measured, qtbot)
    assert [row["shared_voxels"] for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))] == ["24", "30"]
    dialog.close()
    session.document.active = cells
    session.running.apply("features.overlap", {}, others=((other.id, 0),))
    settle(measured, qtbot)
    assert any(one.isVisible() for one in measured.findChildren(OverlapDialog))
