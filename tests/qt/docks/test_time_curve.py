"""The time curve: live at the crosshair, of labels and of what is drawn; clicks go to frames."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from at_rest import at_rest
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.timing import TimeSource, moments_of
from pellucid.model.volume import Acquisition, Volume, image_from_array
from pellucid.ui.docks.line_chart import ticks
from pellucid.ui.docks.time_curve import TimeCurvePanel

GRID = Geometry((8, 6, 4), (2.0, 2.0, 5.0))


def series(count=10, times=True):
    starts = [0.5 * n * n for n in range(count)]
    moments = moments_of(count, times=starts if times else None, times_source=TimeSource.ACQUISITION)
    frames = []
    for n, moment in enumerate(moments):
        array = np.full((4, 6, 8), 10 * n, np.int16)
        array[:, :, 4:] = 100 - n
        image = image_from_array(array, GRID)
        frames.append(Volume(image, GRID, "HU", acquisition=Acquisition(moment=moment)))
    return ImageLayer("perfusion", tuple(frames))


@pytest.fixture
def panel(qtbot, empty_session):
    panel = TimeCurvePanel(empty_session)
    qtbot.addWidget(panel)
    panel.resize(340, 400)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def show(session, *layers):
    for layer in layers:
        session.document.insert(len(session.document), layer)
    session.document.active = layers[0]
    session.view.crosshair = tuple(float(c) for c in GRID.index_to_world((1, 1, 1)))


def curve(panel, key):
    return next((c for c in panel.curves() if c.key == key), None)


def test_an_image_of_one_frame_has_a_sentence(qtbot, empty_session, panel):
    assert panel.stack.currentIndex() == 0
    show(empty_session, series(1))
    assert panel.stack.currentIndex() == 0
    assert not panel.copy.isEnabled()
    assert panel.pin.toolTip() == "The active image has one frame."


def test_the_curve_follows_the_crosshair(qtbot, empty_session, panel):
    show(empty_session, series())
    qtbot.waitUntil(lambda: curve(panel, "crosshair") is not None)
    assert curve(panel, "crosshair").mean.tolist() == [10.0 * n for n in range(10)]
    empty_session.view.crosshair = tuple(float(c) for c in GRID.index_to_world((6, 1, 1)))
    qtbot.waitUntil(lambda: curve(panel, "crosshair").mean[0] == 100.0)
    assert curve(panel, "crosshair").mean[-1] == 91.0
    assert panel._values[0].text() == "100 HU"


def test_the_axis_is_in_seconds_only_where_times_are_known(qtbot, empty_session, panel):
    show(empty_session, series())
    qtbot.waitUntil(lambda: bool(panel.curves()))
    assert panel.chart._axis.tolist() == [0.5 * n * n for n in range(10)]
    assert panel.axis.text() == "Time in s (Acquisition Time). Values in HU."
    empty_session.document.remove(empty_session.document.layers[0])
    show(empty_session, series(times=False))
    qtbot.waitUntil(lambda: bool(panel.curves()))
    assert panel.chart._axis.tolist() == list(range(1, 11))
    assert "no times" in panel.axis.text()


def test_labels_have_mean_and_band_in_their_colours(qtbot, empty_session, panel):
    layer, array = series(), np.zeros((4, 6, 8), np.uint8)
    array[:, :, :4], array[:, :, 5:] = 1, 2
    table = (Label(1, "Artery", "#ff0000"), Label(2, "Tissue", "#0000ff"))
    labels = LabelLayer("Labels", LabelMap(GRID, array, table))
    show(empty_session, layer, labels)
    qtbot.waitUntil(lambda: curve(panel, "label 2") is not None)
    assert curve(panel, "label 1").mean.tolist() == [10.0 * n for n in range(10)]
    assert curve(panel, "label 2").mean.tolist() == [100.0 - n for n in range(10)]
    assert [line.color for line in panel.chart._lines[-2:]] == ["#ff0000", "#0000ff"]
    labels.labels.array[:, :, 4] = 1
    labels.labels.touch(labels.labels.whole)
    qtbot.waitUntil(lambda: curve(panel, "label 1") is not None and curve(panel, "label 1").std[0] > 0)
    assert curve(panel, "label 1").mean[0] == pytest.approx(20.0)
    panel.labels.click()
    qtbot.waitUntil(lambda: curve(panel, "label 1") is None)


def test_a_click_goes_to_the_frame_under_it(qtbot, empty_session, panel):
    layer = series()
    show(empty_session, layer)
    qtbot.waitUntil(lambda: bool(panel.curves()))
    for place in (9, 3, 6):
        at = panel.chart.position_of(place).toPoint()
        QTest.mouseClick(panel.chart, Qt.MouseButton.LeftButton, pos=at)
        assert layer.frame == place
    assert panel._values[0].text() == "60 HU"
    QTest.keyClick(panel.chart, Qt.Key.Key_Right)
    assert layer.frame == 7


def test_the_line_stands_at_the_frame_that_is_shown(qtbot, empty_session, panel):
    layer = series()
    show(empty_session, layer)
    qtbot.waitUntil(lambda: bool(panel.curves()))

    def column(place):
        x = int(panel.chart.position_of(place).x())
        image = panel.chart.grab().toImage()
        return [image.pixelColor(x, y).lightness() for y in range(12, 60)]

    layer.frame = 5
    there, elsewhere = column(5), column(7)
    assert np.mean(there) > np.mean(elsewhere) + 60
    layer.frame = 7
    assert np.mean(column(7)) > np.mean(column(5)) + 60


def test_a_pinned_point_stays_and_can_be_undone(qtbot, empty_session, panel):
    show(empty_session, series())
    qtbot.waitUntil(lambda: bool(panel.curves()))
    QTest.mouseClick(panel.pin, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(panel.curves()) == 2)
    empty_session.view.crosshair = tuple(float(c) for c in GRID.index_to_world((6, 1, 1)))
    qtbot.waitUntil(lambda: curve(panel, "crosshair").mean[0] == 100.0)
    (point,) = empty_session.document.annotations
    assert point.name == "Point 1"
    assert curve(panel, point.id).mean[1] == 10.0
    empty_session.undo()
    qtbot.waitUntil(lambda: len(panel.curves()) == 1)


def test_the_table_is_copied_with_tabs(qtbot, empty_session, panel):
    show(empty_session, series())
    qtbot.waitUntil(lambda: bool(panel.curves()))
    QTest.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Frame\tTime, s\tCrosshair, HU"
    assert lines[4] == "4\t4.5\t30.0"
    QGuiApplication.clipboard().clear()


def test_the_table_is_written_beside_and_then_put_in_place(qtbot, empty_session, panel, monkeypatch, tmp_path):
    show(empty_session, series())
    qtbot.waitUntil(panel.csv.isEnabled, timeout=10_000)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "curve"), ""))
    qtbot.mouseClick(panel.csv, Qt.MouseButton.LeftButton)
    qtbot.waitUntil((tmp_path / "curve.csv").exists, timeout=10_000)
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    copied = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert list(csv.reader((tmp_path / "curve.csv").read_text().splitlines())) == copied
    assert [path.name for path in tmp_path.iterdir()] == ["curve.csv"]


def test_a_curve_that_is_switched_off_while_it_is_computed_does_not_come_back(qtbot, empty_session, panel):
    show(empty_session, series())
    qtbot.waitUntil(lambda: bool(panel.curves()))
    panel._ask_points()
    for box in (panel.crosshair, panel.marks):
        box.blockSignals(True)
        box.setChecked(False)
    panel._ask_points()
    qtbot.waitUntil(lambda: at_rest(empty_session))
    assert panel.curves() == ()


def test_a_hidden_panel_counts_nothing(qtbot, empty_session, panel):
    panel.set_in_front(False)
    show(empty_session, series())
    qtbot.wait(120)
    assert panel.curves() == ()
    panel.set_in_front(True)
    qtbot.waitUntil(lambda: bool(panel.curves()))


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [(0.0, 1.0, 5, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (3.0, 97.0, 4, [50]), (-5.0, 5.0, 2, [-5, 0, 5]), (2.0, 2.0, 3, [2])],
)
def test_ticks_are_round(low, high, most, expected):
    assert ticks(low, high, most) == pytest.approx(expected)


def test_the_chart_is_drawn_where_values_are_missing(qtbot, empty_session, panel):
    show(empty_session, series())
    empty_session.view.crosshair = (1000.0, 0.0, 0.0)
    qtbot.waitUntil(lambda: bool(panel.curves()) and bool(np.isnan(panel.curves()[0].mean).all()))
    assert not panel.chart.grab().isNull()
    assert panel._values[0].text() == "–"
    assert panel.chart.place_at(QPoint(0, 0).x()) == 0
