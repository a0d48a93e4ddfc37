"""Layouts, words and what may be dropped: the canvas around the image."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_labels, make_layer
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry
from pellucid.model.planes import plane_frame
from pellucid.model.view import Layout, Plane
from pellucid.model.volume import Acquisition
from pellucid.ui.canvas import information_pane, scale_bar
from pellucid.ui.canvas.canvas_area import ITEM_MIME
from pellucid.ui.canvas.corner_texts import corners, number, person, position

CT = Acquisition(
    modality="CT", patient_name="Doe^Jane", patient_id="P1", birth_date="19580311", sex="F",
    study_date="20240102", study_description="Thorax", series_description="2 mm", series_number="4",
)  # fmt: skip


def visible(bench):
    bench.area.flush()
    return [pane.plane for pane in bench.area.panes if pane.isVisible()]


def test_empty_until_something_is_there(bench):
    assert bench.area.empty.isVisible()
    opened, shown_demo = [], []
    bench.area.open_requested.connect(lambda: opened.append(1))
    bench.area.demo_requested.connect(lambda: shown_demo.append(1))
    QTest.mouseClick(bench.area.empty.open_button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(bench.area.empty.demo_button, Qt.MouseButton.LeftButton)
    assert (opened, shown_demo) == ([1], [1])
    layer = make_layer(np.zeros((4, 5, 6), np.int16))
    bench.show(layer)
    assert not bench.area.empty.isVisible()
    bench.session.document.remove(layer)
    bench.area.flush()
    assert bench.area.empty.isVisible()
    assert bench.area.visible_slices() == ()


def test_the_empty_canvas_says_what_is_being_opened(bench):
    bench.session.loading.job = SimpleNamespace(name="Opening Thorax", finished=False, progress=0.25)
    bench.area.flush()
    assert bench.area.empty.text == "Opening Thorax …"
    assert not bench.area.empty.open_button.isVisible()
    bench.session.loading.job = None
    bench.area.flush()
    assert "Drop a folder" in bench.area.empty.text


def test_layouts(bench):
    bench.show(make_layer(np.zeros((10, 10, 10), np.int16)))
    assert visible(bench) == [Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL]
    assert bench.area.information.isVisible()
    bench.session.view.layout = Layout.SINGLE
    bench.session.view.panes[0].plane = Plane.SAGITTAL
    assert visible(bench) == [Plane.SAGITTAL]
    assert not bench.area.information.isVisible()
    assert bench.pane(Plane.SAGITTAL).width() > 700


@pytest.mark.parametrize("geometry", [Geometry((10, 10, 1)), Geometry((10, 10, 5), known_spacing=(True, True, False))])
def test_planar_images_have_one_pane(bench, geometry):
    bench.show(make_layer(np.zeros(geometry.size[::-1], np.uint8), geometry))
    assert visible(bench) == [Plane.ACQUIRED]


def test_visible_slices_are_told_at_once_and_announced_once(bench):
    layer = make_layer(np.zeros((10, 20, 30), np.int16))
    bench.show(layer)
    told = []
    bench.area.slices_changed.connect(lambda: told.append(bench.area.visible_slices()))
    assert set(bench.area.visible_slices()) == {(2, 4), (1, 9), (0, 14)}
    bench.pane().step(2)
    assert set(bench.area.visible_slices()) == {(2, 6), (1, 9), (0, 14)}
    bench.area.flush()
    assert len(told) == 1
    bench.session.view.brush_diameter = 3.0
    bench.area.flush()
    assert len(told) == 1
    bench.session.view.layout = Layout.SINGLE
    bench.area.flush()
    assert told[-1] == ((2, 6),)


def test_visible_slices_are_those_of_the_active_image(bench):
    below = make_layer(np.zeros((10, 20, 30), np.int16))
    other = make_layer(np.zeros((5, 20, 30), np.int16), Geometry((30, 20, 5), (1.0, 1.0, 2.0)))
    bench.show(below, other)
    bench.session.document.active = other
    assert (2, 2) in bench.area.visible_slices()


def test_the_banner_shows_doubts_only_and_once_dismissed_stays_away(bench):
    findings = (
        Finding("lossy", "Compressed with loss.", "info"),
        Finding("missing-slices", "2 slices are missing."),
        Finding("tilt", "The gantry was tilted by 15°."),
    )
    layer = make_layer(np.zeros((4, 5, 6), np.int16), findings=findings)
    bench.show(layer)
    banner = bench.area.banner
    assert banner.isVisible() and banner.text == "2 slices are missing. And 1 more."
    banner.details_button.click()
    assert "tilted" in banner._all.text() and banner._all.isVisible()
    banner.close_button.click()
    assert not banner.isVisible()
    other = make_layer(np.zeros((4, 5, 6), np.int16), findings=findings[:1])
    bench.show(other)
    bench.session.document.active = other
    bench.area.flush()
    assert not banner.isVisible()


def test_information(bench):
    layer = make_layer(
        np.zeros((4, 5, 6), np.int16), Geometry((6, 5, 4), (0.5, 0.5, 2.0)), unit="HU", acquisition=CT,
        findings=(Finding("tilt", "Tilted <b>15°</b>."),),
    )  # fmt: skip
    facts = dict(information_pane.rows(layer))
    assert facts["Size"] == "6 × 5 × 4 voxels"
    assert facts["Spacing"] == "0.5 × 0.5 × 2 mm"
    assert facts["Orientation"] == "x to left, y to back, z to head"
    assert facts["Pixel type"] == "int16" and facts["Unit"] == "HU" and facts["Voxel"] == "0.5 mm³"
    bench.show(layer)
    text = bench.area.information.toPlainText()
    assert "2 mm (no. 4)" in text and "Tilted <b>15°</b>." in text
    assert "Jane" not in text


def test_information_never_calls_pixels_millimetres():
    unknown = make_layer(np.zeros((1, 5, 6), np.uint8), Geometry((6, 5, 1), known_spacing=(False,) * 3, oriented=False))
    facts = dict(information_pane.rows(unknown))
    assert facts["Spacing"] == "not stated, lengths are in pixels" and "mm" not in "".join(facts.values())
    assert facts["Orientation"] == "not stated" and facts["Size"] == "6 × 5 pixels"
    projection = make_layer(np.zeros((1, 5, 6), np.uint8), Geometry((6, 5, 1), (0.2, 0.2, 1), at_detector=True))
    assert "at the detector" in dict(information_pane.rows(projection))["Spacing"]


def test_information_on_labels_and_colours():
    image = make_layer(np.zeros((1, 5, 6, 3), np.uint8))
    assert dict(information_pane.rows(image))["Pixel type"] == "RGB of uint8"
    labels = make_labels(make_layer(np.zeros((2, 5, 6), np.uint8)), np.zeros((2, 5, 6)))
    assert dict(information_pane.rows(labels))["Labels"] == "2"


def texts(layer, *, hide=False, plane=Plane.AXIAL):
    found = corners(layer, plane_frame(layer.geometry, plane), 1, 150.0, hide_identity=hide)
    return {name: [text for text, _ in getattr(found, name)] for name in vars(found)}


def test_corner_texts():
    layer = make_layer(np.zeros((4, 5, 6), np.int16), limits=(-160.0, 240.0), unit="HU", acquisition=CT)
    found = texts(layer)
    assert found["top_left"] == ["Doe, Jane", "born 1958-03-11 · F", "P1"]
    assert found["top_right"] == ["2024-01-02", "Thorax", "CT 2 mm"]
    assert found["bottom_left"] == ["W 400  L 40 HU", "Zoom 150 %"]
    assert found["bottom_right"] == ["Axial", "2 / 4", "S 1 mm"]


def test_corner_texts_say_nothing_twice():
    twice = Acquisition(modality="CT", patient_name="A-042", patient_id="A-042", series_description="CT images")
    found = texts(make_layer(np.zeros((4, 5, 6), np.int16), acquisition=twice))
    assert found["top_left"] == ["A-042"] and found["top_right"] == ["CT images"]


def test_monochrome1_is_inverted_when_it_is_not_shown_as_it_is_meant():
    layer = make_layer(np.zeros((4, 5, 6), np.int16), acquisition=Acquisition(monochrome1=True))
    layer.display.invert = True
    assert "Inverted" not in texts(layer)["bottom_left"]
    layer.display.invert = False
    assert "Inverted" in texts(layer)["bottom_left"]


def test_hidden_identity_leaves_no_trace_of_the_patient():
    layer = make_layer(np.zeros((4, 5, 6), np.int16), acquisition=CT)
    words = " ".join(line for lines in texts(layer, hide=True).values() for line in lines)
    for secret in ("Doe", "Jane", "P1", "1958", "2024", "Thorax"):
        assert secret not in words
    assert "Identity hidden" in words and "CT 2 mm" in words


def test_positions_are_named_by_the_side_they_lie_on():
    geometry = Geometry((5, 5, 5), (1.0, 1.0, 1.0), (-2.0, -2.0, -2.0))
    axial, sagittal = plane_frame(geometry, Plane.AXIAL), plane_frame(geometry, Plane.SAGITTAL)
    assert (position(axial, 0), position(axial, 3)) == ("I 2 mm", "S 1 mm")
    assert (position(sagittal, 0), position(sagittal, 4)) == ("R 2 mm", "L 2 mm")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Doe^Jane^Q", "Doe, Jane Q"),
        ("Doe", "Doe"),
        ("", ""),
        ("Yamada^Tarou=山田^太郎", "Yamada, Tarou"),
        ("^Jane", "Jane"),
    ],
)
def test_names(name, written):
    assert person(name) == written


def test_numbers():
    assert [number(n) for n in (-600.0, 0.97656, 1234.5, 0.00012346)] == [
        "−600",
        "0.9766",
        "1234",
        "0.0001235",
    ]


@pytest.mark.parametrize("scale", [0.001, 0.1, 1.0, 3.7, 40.0, 5000.0])
@pytest.mark.parametrize("width", [120, 500, 2000])
def test_the_scale_bar_has_a_round_length_that_fits(scale, width):
    frame = plane_frame(Geometry((5, 5, 5)), Plane.AXIAL)
    measure = scale_bar.bar(frame, scale, width)
    value, unit = measure.text.split(" ")
    length = float(value) * {"mm": 1, "µm": 1e-3}[unit]
    assert measure.pixels == pytest.approx(length * scale)
    assert f"{length:e}"[0] in "125" and float(f"{length:e}".split("e")[0]) in (1, 2, 5)
    assert 0.05 * min(width, 800) <= measure.pixels <= 0.25 * width


def test_the_scale_bar_says_px_and_detector():
    unknown = plane_frame(Geometry((5, 5, 5), known_spacing=(True, False, True)), Plane.AXIAL)
    assert scale_bar.bar(unknown, 2.0, 500).text.endswith(" px")
    projection = plane_frame(Geometry((5, 5, 1), at_detector=True), Plane.ACQUIRED)
    assert scale_bar.bar(projection, 2.0, 500).text.endswith(" mm at detector")


def drop(area, mime):
    where, buttons, keys = QPoint(50, 50), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(where, Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(area, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(area, QDropEvent(QPointF(where), Qt.DropAction.CopyAction, mime, buttons, keys))


def test_files_and_items_can_be_dropped(bench, tmp_path):
    paths, items = [], []
    bench.area.paths_dropped.connect(paths.extend)
    bench.area.item_dropped.connect(items.append)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path)), QUrl("https://example.org/x.dcm")])
    drop(bench.area, mime)
    assert paths == [str(tmp_path)]
    mime = QMimeData()
    mime.setData(ITEM_MIME, "series:1.2.3 ü".encode())
    drop(bench.area, mime)
    assert items == ["series:1.2.3 ü"]


def test_a_picture_of_all_panes(bench):
    bench.show(make_layer(np.full((10, 10, 10), 200, np.int16)))
    picture = bench.area.grab_picture()
    assert picture.width() == 802 and picture.height() == 802
    bench.session.view.layout = Layout.SINGLE
    assert bench.area.grab_picture().width() == 802


def test_panes_have_names_for_those_who_cannot_see_them(bench):
    bench.show(make_layer(np.zeros((4, 5, 6), np.int16)))
    names = [pane.accessibleName() for pane in bench.area.shown_panes()]
    assert names == ["Axial view", "Sagittal view", "Coronal view"]


def test_closed_canvases_leave_layers_alone(bench):
    layer = make_layer(np.zeros((4, 5, 6), np.int16))
    bench.show(layer)
    bench.session.document.remove(layer)
    bench.area.flush()
    layer.display.invert = True
    assert not any(pane.stack._items for pane in bench.area.panes)
