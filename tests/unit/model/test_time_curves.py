from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Geometry
from pellucid.model.time_curves import Curve, curves_to_table, label_values, point_values, region_values
from pellucid.model.volume import Volume, image_from_array

GRID = Geometry((6, 5, 4), (1.5, 2.0, 3.0), (10.0, -20.0, 5.0))


def frames(count=5, dtype=np.int16, grid=GRID, **facts):
    rng = np.random.default_rng(7)
    found = []
    for n in range(count):
        array = (rng.normal(100 * n, 20, grid.size[::-1])).astype(dtype)
        found.append(Volume(image_from_array(array, grid), grid, "HU", **facts))
    return found


def test_a_point_is_the_nearest_voxel_in_every_frame():
    series = frames()
    world = GRID.index_to_world((3.4, 1.6, 2.0))
    assert point_values(series, world).tolist() == [int(frame.array[2, 2, 3]) for frame in series]


def test_a_point_outside_has_no_values():
    assert np.isnan(point_values(frames(), (1000.0, 0.0, 0.0))).all()


def test_padding_is_no_value():
    series = frames(2, padding=(-4000.0, -1000.0))
    array = series[1].array.copy()
    array[1, 1, 1] = -2000
    series[1] = Volume(image_from_array(array, GRID), GRID, "HU", (-4000.0, -1000.0))
    values = point_values(series, GRID.index_to_world((1, 1, 1)))
    assert np.isfinite(values[0])
    assert np.isnan(values[1])


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint8])
def test_labels_give_mean_and_deviation_of_every_frame(dtype):
    series = frames(dtype=dtype)
    labels = np.random.default_rng(1).integers(0, 4, GRID.size[::-1]).astype(np.uint8)
    found = label_values(series, labels, GRID)
    assert sorted(found) == [1, 2, 3]
    for value, (mean, std, voxels) in found.items():
        inside = labels == value
        assert mean == pytest.approx([frame.array[inside].astype(float).mean() for frame in series])
        assert std == pytest.approx([frame.array[inside].astype(float).std() for frame in series])
        assert voxels.tolist() == [int(inside.sum())] * 5


def test_values_far_from_zero_keep_their_deviation():
    array = 1e7 + np.arange(120, dtype=np.float32).reshape(GRID.size[::-1])
    series = [Volume(image_from_array(array, GRID), GRID)]
    (_, std, _) = label_values(series, np.ones(GRID.size[::-1], np.uint8), GRID)[1]
    assert std[0] == pytest.approx(float(array.astype(float).std()), rel=1e-6)


def test_padding_and_what_is_no_number_do_not_count():
    array = np.zeros(GRID.size[::-1], np.float32)
    array[0, 0, :4] = (1.0, 3.0, np.nan, -500.0)
    series = [Volume(image_from_array(array, GRID), GRID, padding=(-1000.0, -400.0))]
    labels = np.zeros(GRID.size[::-1], np.uint8)
    labels[0, 0, :4] = 5
    mean, std, voxels = label_values(series, labels, GRID)[5]
    assert (mean[0], std[0], voxels[0]) == (2.0, 1.0, 2)


def test_labels_on_another_grid_read_the_nearest_voxels():
    series = frames()
    fine = Geometry((12, 10, 4), (0.75, 1.0, 3.0), (10.0 - 0.375, -20.0 - 0.5, 5.0))
    labels = np.zeros(fine.size[::-1], np.uint8)
    labels[1, 4:6, 6:8] = 1  # the four small voxels in voxel (3, 2, 1)
    mean, std, voxels = label_values(series, labels, fine)[1]
    assert mean.tolist() == [float(frame.array[1, 2, 3]) for frame in series]
    assert std.tolist() == [0.0] * 5
    assert voxels.tolist() == [4] * 5


def test_no_labels_give_no_curves():
    assert label_values(frames(), np.zeros(GRID.size[::-1], np.uint8), GRID) == {}


def test_a_region_is_followed_on_its_slice():
    series = frames()
    corners = [tuple(float(c) for c in GRID.index_to_world(index)) for index in ((0.5, 0.5, 2), (3.5, 2.5, 2))]
    mean, std, voxels = region_values(series, Annotation(Kind.RECTANGLE, tuple(corners)))
    inside = [frame.array[2, 1:3, 1:4].astype(float) for frame in series]
    assert mean == pytest.approx([part.mean() for part in inside])
    assert std == pytest.approx([part.std() for part in inside])
    assert voxels.tolist() == [6] * 5


def test_the_table_has_a_row_for_each_frame_and_every_digit():
    curves = [
        Curve("crosshair", "Crosshair", np.array([1 / 3, np.nan])),
        Curve("label 1", "Lungs, left", np.array([2.0, 4.0]), np.array([0.5, 0.25]), np.array([7, 7])),
    ]
    rows = list(csv.reader(io.StringIO(curves_to_table(curves, (0.0, 0.05), "HU"))))
    assert rows[0] == ["Frame", "Time, s", "Crosshair, HU", "Lungs, left, HU, mean", "Lungs, left, HU, SD",
                       "Lungs, left, voxels"]  # fmt: skip
    assert float(rows[1][2]) == 1 / 3
    assert rows[2] == ["2", "0.05", "", "4.0", "0.25", "7"]
    assert curves_to_table(curves, None, "").splitlines()[0].startswith("Frame,Crosshair,")
