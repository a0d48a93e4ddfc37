"""Left is left, and a millimetre is a millimetre: read from the pixels of the panes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from canvas_bench import make_layer
from pellucid.model.geometry import Geometry
from pellucid.model.view import Plane
from phantoms import ORIENTATIONS, marker, rotation
from phantoms import matrix as nine

LETTERS = {Plane.AXIAL: "RLAP", Plane.CORONAL: "RLSI", Plane.SAGITTAL: "APSI"}
SCREEN = {Plane.AXIAL: ((0, 1), (1, 1)), Plane.CORONAL: ((0, 1), (2, -1)), Plane.SAGITTAL: ((1, 1), (2, -1))}


def centroid(grey):
    rows, columns = np.nonzero(grey == 255)  # letters are not pure white
    assert len(rows), "the marker is not on the screen"
    return columns.mean() + 0.5, rows.mean() + 0.5


def put_crosshair(bench, world):
    bench.session.view.crosshair = tuple(float(c) for c in world)


def test_marker_and_letters_in_all_48_orientations_and_three_planes(bench):
    for order, signs in ORIENTATIONS:
        case = marker(order, signs)
        layer = make_layer(case.array, case.geometry, (4000.0, 4400.0))
        bench.show(layer)
        put_crosshair(bench, case.world)
        for plane, ((u, u_sign), (v, v_sign)) in SCREEN.items():
            pane = bench.pane(plane)
            x, y = centroid(bench.grey(plane)[8:-8, 8:-8])  # the border is not image
            centre = case.geometry.centre()
            scale = pane.camera.scale
            wanted_x = pane.width() / 2 + u_sign * (case.world[u] - centre[u]) * scale - 8
            wanted_y = pane.height() / 2 + v_sign * (case.world[v] - centre[v]) * scale - 8
            assert (x, y) == pytest.approx((wanted_x, wanted_y), abs=1.5), (order, signs, plane)
            assert "".join(pane.frame.letters()) == LETTERS[plane]
        bench.session.document.remove(layer)


def test_proportions_are_those_of_millimetres(bench):
    array = np.full((10, 40, 20), 255, np.uint8)
    layer = make_layer(array, Geometry((20, 40, 10), (2.0, 0.5, 7.0)))
    bench.show(layer)
    millimetres = {Plane.AXIAL: (40, 20), Plane.CORONAL: (40, 70), Plane.SAGITTAL: (20, 70)}
    for plane, (width, height) in millimetres.items():
        grey = bench.grey(plane)[4:-4, 4:-4]
        rows, columns = np.nonzero(grey == 255)
        seen = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
        assert seen == pytest.approx(width / height, rel=0.02)


def test_an_oblique_volume_keeps_its_right_angles_and_lengths(bench):
    array = np.zeros((9, 30, 30), np.uint8)
    array[:, 5:25, 5:15] = 255
    geometry = Geometry((30, 30, 9), (1.0, 2.0, 3.0), (5, 6, 7), nine(rotation(12, -8, 25)))
    bench.show(make_layer(array, geometry))
    rows, columns = np.nonzero(bench.grey(Plane.AXIAL)[4:-4, 4:-4] == 255)
    assert (np.ptp(columns) + 1) / (np.ptp(rows) + 1) == pytest.approx(10 / 40, rel=0.03)
    assert len(rows) == (np.ptp(columns) + 1) * (np.ptp(rows) + 1)
    assert all(len(letters) == 2 for letters in bench.pane().frame.letters())


def test_a_tilted_stack_is_sheared_where_it_is_cut_lengthwise(bench):
    tilt = np.radians(20)
    direction = (1, 0, 0, 0, 1, np.sin(tilt), 0, 0, np.cos(tilt))
    array = np.zeros((20, 20, 20), np.uint8)
    array[:, 9:11, :] = 255
    geometry = Geometry((20, 20, 20), (1.0, 1.0, 1.0), (0, 0, 0), direction)
    bench.show(make_layer(array, geometry))
    grey = bench.grey(Plane.SAGITTAL)[4:-4, 4:-4]
    rows, columns = np.nonzero(grey == 255)
    slope = np.polyfit(rows, columns, 1)[0]  # down is towards the feet, the shift grows towards the head
    assert slope == pytest.approx(-np.tan(tilt), abs=0.03)


def test_no_letters_and_no_anatomical_names_without_orientation(bench):
    layer = make_layer(np.zeros((4, 4, 4), np.uint8), Geometry((4, 4, 4), oriented=False))
    bench.show(layer)
    for plane in LETTERS:
        assert bench.pane(plane).frame.letters() == ("", "", "", "")
    assert [bench.pane(plane).title() for plane in LETTERS] == ["x–y", "x–z", "y–z"]


def test_a_layer_on_another_grid_lies_where_its_world_says(bench):
    below = make_layer(np.zeros((10, 100, 100), np.uint8), Geometry((100, 100, 10)))
    small = np.full((4, 10, 10), 250, np.uint8)
    other = make_layer(small, Geometry((10, 10, 4), (2.0, 2.0, 2.0), (61.0, 21.0, 2.0)))
    bench.show(below, other)
    pane = bench.pane()
    rows, columns = np.nonzero(bench.grey() == 250)
    scale, middle = pane.camera.scale, 49.5
    assert columns.min() == pytest.approx(pane.width() / 2 + (60.0 - middle) * scale, abs=1.5)
    assert columns.max() + 1 == pytest.approx(pane.width() / 2 + (80.0 - middle) * scale, abs=1.5)
    assert rows.min() == pytest.approx(pane.height() / 2 + (20.0 - middle) * scale, abs=1.5)


def test_a_turned_layer_lets_the_one_below_through_where_it_has_no_voxels(bench):
    below = make_layer(np.full((10, 60, 60), 100, np.int16), Geometry((60, 60, 10)))
    turned = Geometry((20, 20, 20), (1.0, 1.0, 1.0), (30, 10, -8), nine(rotation(z=45)))
    above = make_layer(np.full((20, 20, 20), 250, np.int16), turned)
    bench.show(below, above)
    grey = bench.grey()[4:-4, 4:-4]
    seen = {int(value) for value in np.unique(grey)}
    assert {100, 250} <= seen
    area = (grey == 250).sum() / bench.pane().camera.scale ** 2
    assert area == pytest.approx(400, rel=0.05)
    assert (grey == 0).sum() == (bench.grey()[4:-4, 4:-4] == 0).sum()


def test_an_uneven_stack_has_its_gap_where_slices_are_missing(bench):
    positions = (0.0, 1.0, 2.0, 6.0, 7.0)
    geometry = Geometry((10, 10, 5), (1.0, 1.0, 1.0), slice_positions=positions)
    bench.show(make_layer(np.full((5, 10, 10), 255, np.uint8), geometry))
    pane = bench.pane(Plane.CORONAL)
    column = bench.grey(Plane.CORONAL)[:, pane.width() // 2]
    filled = column[4:-4] == 255
    assert filled.sum() / pane.camera.scale == pytest.approx(5, abs=0.1)
    rows = np.flatnonzero(filled)
    assert (rows[-1] - rows[0] + 1) / pane.camera.scale == pytest.approx(8, abs=0.1)


def test_display_never_alters_data(bench):
    random = np.random.default_rng(3)
    array = random.integers(-1000, 1000, (12, 30, 30)).astype(np.int16)
    layer = make_layer(array.copy(), limits=(-200.0, 300.0))
    bench.show(layer)
    for plane in SCREEN:
        bench.drag(bench.pane(plane), (50, 50), (150, 120))
        bench.wheel(bench.pane(plane), 3)
        bench.area.grab_pane(bench.pane(plane))
    layer.display.invert, layer.display.colormap, layer.display.interpolate = True, "viridis", True
    bench.area.grab_pane(bench.pane())
    assert np.array_equal(layer.volume.array, array)


def test_zoom_keeps_when_a_growing_volume_replaces_the_layer(bench):
    layer = make_layer(np.zeros((3, 50, 50), np.uint8))
    bench.show(layer)
    bench.wheel(bench.pane(), 4, keys=_ctrl())
    scale = bench.pane().camera.scale
    bigger = make_layer(np.zeros((6, 50, 50), np.uint8)).volume
    layer.frames = (bigger,)
    bench.area.flush()
    assert bench.pane().camera.scale == scale
    moved = replace(bigger, geometry=replace(bigger.geometry, origin=(500.0, 0.0, 0.0)))
    layer.frames = (moved,)
    bench.area.flush()
    assert bench.pane().camera.scale < scale


def _ctrl():
    from PySide6.QtCore import Qt

    return Qt.KeyboardModifier.ControlModifier
