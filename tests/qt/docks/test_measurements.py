"""The list of measurements: what it says, where a click goes, renaming, deleting, files, plots, calibration."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu

from hands import User
from pellucid.history.layers import ReplaceVolume
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.view import Layout, Plane, Tool
from pellucid.ui.docks.measurement_model import AREA, HIGH, LOW, MEAN, NAME, SD, SLICE, VALUE
from pellucid.ui.docks.measurements import MeasurementsPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def panel(session, show, qtbot):
    return show(MeasurementsPanel(session), 340, 600)


def region(ct, z=5, kind=Kind.RECTANGLE, **fields) -> Annotation:
    """Columns 4 to 9, rows 3 to 7: values −760 to −460 in steps of 60."""
    points = ct.geometry.index_to_world([(4, 3, z), (9, 7, z)])
    return Annotation(kind, tuple(tuple(map(float, p)) for p in points), layer=ct.id, **fields)


def settle(panel, qtbot):
    QApplication.processEvents()  # an editor hands its text over in a queued call
    qtbot.waitUntil(lambda: not panel._wait.isActive() and not panel._session.jobs.running)
    QApplication.processEvents()


def texts(panel, row):
    model = panel.model
    return tuple(model.data(model.index(row, column)) for column in range(model.columnCount()))


def click(panel, row, column=NAME, twice=False):
    at = panel.table.visualRect(panel.model.index(row, column)).center()
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=at)
    if twice:
        QTest.mouseDClick(panel.table.viewport(), LEFT, pos=at)


def test_it_is_empty_then_lists_what_was_drawn(panel, session, ct, qtbot):
    assert panel.stack.currentIndex() == 0 and not panel.save.isEnabled()
    session.measuring.add(region(ct))
    session.measuring.add(region(ct, kind=Kind.LENGTH, name="Aorta"))
    settle(panel, qtbot)
    row = texts(panel, 0)
    values = ct.volume.array[5, 3:8, 4:10].astype(float)
    assert (row[NAME], row[VALUE], row[AREA], row[SLICE]) == ("Rectangle", "–", "45.0 mm²", "6")
    assert row[MEAN].split(" · ")[0] == "−610 HU" and row[LOW].startswith("−760 · ") and row[HIGH].startswith("−460 · ")
    assert values.mean() == -610 and row[SD].startswith(f"{values.std():.1f} · ")
    assert texts(panel, 1)[:2] == ("Aorta", f"{np.hypot(5, 4) * 1.5:.2f} mm")
    assert panel.table.currentIndex().row() == 1  # what was drawn last is chosen


def test_numbers_follow_the_voxels_and_undo(panel, session, ct, qtbot):
    session.measuring.add(region(ct))
    settle(panel, qtbot)
    shifted = ct.volume.with_image(ct.volume.image + 100)
    session.history.do(ReplaceVolume(ct, (shifted,), (), "Add 100"))
    settle(panel, qtbot)
    assert texts(panel, 0)[MEAN].startswith("−510 HU · ")
    session.undo()
    settle(panel, qtbot)
    assert texts(panel, 0)[MEAN].startswith("−610 HU · ")
    session.undo()
    settle(panel, qtbot)
    assert panel.stack.currentIndex() == 0


def test_a_click_goes_there_and_chooses_both_ways(panel, session, ct, qtbot):
    first, second = region(ct, 2), region(ct, 8)
    for one in (first, second):
        session.measuring.add(one)
    settle(panel, qtbot)
    click(panel, 0)
    assert session.measuring.selected == first
    assert np.allclose(session.view.crosshair, np.mean(first.points, axis=0))
    session.measuring.select(second)
    settle(panel, qtbot)
    assert panel.table.currentIndex().row() == 1
    session.measuring.select(None)
    settle(panel, qtbot)
    assert not panel.table.selectionModel().hasSelection() and not panel.delete.isEnabled()


def test_renaming_and_deleting_are_steps(panel, session, ct, qtbot):
    session.measuring.add(region(ct))
    settle(panel, qtbot)
    click(panel, 0, twice=True)
    line = panel.table.findChild(QLineEdit)
    QTest.keyClicks(line, "Lesion 1")
    QTest.keyClick(line, Qt.Key.Key_Return)
    settle(panel, qtbot)
    assert texts(panel, 0)[NAME] == "Lesion 1" and session.history.undo_label == "Rename rectangle 45.0 mm²"
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    assert len(session.document.annotations) == 0
    session.undo()
    settle(panel, qtbot)
    click(panel, 0)
    QTest.mouseClick(panel.delete, LEFT)
    assert len(session.document.annotations) == 0


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_it_is_written_to_a_file_and_copied(panel, session, ct, qtbot, tmp_path, monkeypatch, ending):
    session.measuring.add(region(ct, name="Lesion"))
    settle(panel, qtbot)
    path = tmp_path / f"found.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    QTest.mouseClick(panel.save, LEFT)
    settle(panel, qtbot)
    text = path.read_text("utf-8")
    if ending == "csv":
        row, fused = csv.DictReader(io.StringIO(text))
        assert (fused["name"], fused["modality"], fused["value_unit"]) == ("Lesion", "PT", "SUV")
        assert (row["name"], float(row["mean"]), float(row["area"])) == ("Lesion", -610.0, 45.0)
    else:
        assert json.loads(text)["measurements"][0]["statistics"][0]["mean"] == -610.0
    QTest.mouseClick(panel.copy, LEFT)
    settle(panel, qtbot)
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines()[0].split("\t")[:2] == ["kind", "name"] and "Lesion" in copied


def test_a_line_has_a_profile_and_a_region_a_histogram(panel, session, ct, qtbot):
    assert panel._plot is None
    line = region(ct, kind=Kind.LENGTH)
    session.measuring.add(line)
    settle(panel, qtbot)
    qtbot.waitUntil(lambda: panel._plot is not None and len(panel._plot.plot.listDataItems()) == 2)
    curve = panel._plot.plot.listDataItems()[0]
    x, y = curve.getData()
    assert x[-1] == pytest.approx(np.hypot(5, 4) * 1.5)
    assert (y[0], y[-1]) == pytest.approx((-760, -460)) and np.allclose(np.diff(y), np.diff(y)[0])
    assert "CT (HU)" in panel._plot.title.text() and "PET (SUV)" in panel._plot.title.text()
    session.measuring.add(region(ct))
    settle(panel, qtbot)
    qtbot.waitUntil(lambda: "mean −610" in panel._plot.title.text())
    session.measuring.add(region(ct, kind=Kind.ARROW))
    settle(panel, qtbot)
    assert not panel._plot.isVisible()


def test_a_projection_plot_follows_what_is_dragged(panel, session, ct, qtbot):
    line = region(ct, kind=Kind.LENGTH)
    session.measuring.add(line)
    settle(panel, qtbot)
    session.measuring.draft = replace(line, points=(line.points[0], (24.0, 10.5, 15.0)))
    settle(panel, qtbot)
    qtbot.waitUntil(lambda: panel._plot.plot.listDataItems()[0].getData()[0][-1] > 17)
    assert texts(panel, 0)[VALUE] != f"{np.hypot(5, 4) * 1.5:.2f} mm" and len(session.history.steps) == 4


# ---------------------------------------------------------------- in the window


@pytest.fixture
def user(qtbot, tmp_path):
    import SimpleITK as sitk

    import phantoms
    from pellucid.files.export import export_image
    from pellucid.model.geometry import Geometry

    grid = replace(Geometry((60, 50, 1)), known_spacing=(False, False, False))
    values = np.random.default_rng(0).integers(0, 255, (1, 50, 60)).astype(np.uint8)
    path = tmp_path / "picture.png"
    export_image((phantoms.volume(values, grid),), path, accept_loss=True)
    assert sitk.ReadImage(str(path)).GetSize()[:2] == (60, 50)
    somebody = User(qtbot)
    somebody.session.view.layout = Layout.SINGLE
    somebody.session.open([path])
    somebody.wait(lambda: len(somebody.session.document) == 1)
    somebody.rest()
    yield somebody
    somebody.leave()


def test_somebody_measures_in_the_window_and_calibrates(user, qtbot, monkeypatch):
    session, window = user.session, user.window
    window.actions_table.by_id["tool.length"].trigger()
    user.drag(Plane.ACQUIRED, (200, 300), (500, 300))
    (line,) = session.document.annotations
    assert "px" in session.measuring.title(line) and window.actions_table.by_id["edit.undo"].text().endswith(" px")
    window.actions_table.by_id["measure.dock"].trigger()
    user.rest()
    assert window.panel("Measurements").isVisible()
    pane = window.canvas.shown_panes()[0]
    menus = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, *_: menus.append(menu))
    QTest.mouseMove(pane.viewport(), QPoint(350, 300))
    QTest.mouseClick(pane.viewport(), Qt.MouseButton.RightButton, pos=QPoint(350, 300))
    action = next(one for one in menus[0].actions() if one.text().startswith("Calibrate"))
    assert action.isEnabled()
    action.trigger()
    QTest.keyClicks(user.find("True length in mm"), "25 mm")
    QTest.keyClick(user.find("True length in mm"), Qt.Key.Key_Return)
    user.rest()
    assert session.measuring.title(session.document.annotations[0]) == "length 25.0 mm"
    assert "calibrated by hand" in " ".join(f.message for f in session.document.images[0].volume.findings)
    session.undo()
    assert session.document.annotations[0] == line and not session.document.images[0].geometry.has_lengths


def test_the_toolbar_keeps_the_tool_chosen_last(user):
    button = user.find("Measure")
    ellipse = user.window.actions_table.by_id["tool.ellipse"]
    assert ellipse in button.menu().actions()
    ellipse.trigger()
    assert button.defaultAction() is ellipse
    user.session.view.tool = Tool.PAN
    QTest.mouseClick(button, LEFT)
    assert user.session.view.tool is Tool.ELLIPSE
    user.point_at(Plane.ACQUIRED)
    user.press(Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert not user.session.view.show_measurements


def test_work_with_measurements_is_saved_and_opened_again(user, tmp_path):
    session, path = user.session, tmp_path / "work.pellucid"
    user.window.actions_table.by_id["tool.rectangle"].trigger()
    user.drag(Plane.ACQUIRED, (200, 300), (500, 500))
    before = tuple(session.document.annotations)
    session.saving.save(path)
    user.rest()
    session.close_all()
    assert len(session.document.annotations) == 0
    session.open([path])
    user.wait(lambda: len(session.document.annotations) == 1)
    assert tuple(session.document.annotations) == before
    assert session.measuring.reading(before[0]).has_voxels
