"""Two slices on different grids brought to one raster: values known by formula, differences and colours."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.compositing import (
    difference_colors,
    extent,
    raster,
    red_green_colors,
    same_quantity,
    sampled,
)
from pellucid.model.geometry import Geometry
from pellucid.model.slicing import PlaneImage
from pellucid.model.volume import Acquisition, Volume, image_from_array


def ramp(rows, columns, transform):
    """Return a slice whose values are 3u − 2v + 7 of the plane coordinates of each pixel."""
    y, x = np.mgrid[:rows, :columns].astype(float)
    a, b, c, d, e, f = transform
    u, v = a * x + b * y + c, d * x + e * y + f
    return PlaneImage(3 * u - 2 * v + 7, transform, 2, 0)


FINE = ramp(40, 50, (1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
COARSE = ramp(12, 10, (4.0, 0.0, 3.3, 0.0, 3.0, 1.7))
TURNED = ramp(30, 30, (0.8, -0.6, 20.0, 0.6, 0.8, 5.0))
FLIPPED = ramp(20, 25, (-2.0, 0.0, 49.0, 0.0, -2.0, 39.0))
EVERYTHING = (-1000.0, -1000.0, 1000.0, 1000.0)


def formula(where):
    u = where.left + where.pitch * np.arange(where.columns)
    v = where.top + where.pitch * np.arange(where.rows)
    return 3 * u[None, :] - 2 * v[:, None] + 7


@pytest.mark.parametrize("plane", [FINE, COARSE, TURNED, FLIPPED], ids=["fine", "coarse", "turned", "flipped"])
def test_a_linear_image_is_sampled_exactly_between_its_pixels(plane):
    where = raster(FINE, plane, EVERYTHING, 0.37)
    values = sampled(plane, where)
    known = np.isfinite(values)
    y, x = np.mgrid[: where.rows, : where.columns]
    u, v = where.left + where.pitch * x, where.top + where.pitch * y
    a, b, c, d, e, f = plane.transform
    column, row = np.moveaxis(np.linalg.solve([[a, b], [d, e]], np.stack([u - c, v - f]).reshape(2, -1)), 0, 0)
    column, row = column.reshape(u.shape), row.reshape(u.shape)
    rows, columns = plane.array.shape
    inner = (column > 0) & (column < columns - 1) & (row > 0) & (row < rows - 1)
    assert inner.sum() > 300
    np.testing.assert_allclose(values[inner], formula(where)[inner], atol=1e-3)
    beyond = (column < -0.6) | (column > columns - 0.4) | (row < -0.6) | (row > rows - 0.4)
    assert not known[beyond].any() and known[inner].all()


def test_the_nearest_pixel_is_taken_when_not_smooth():
    where = raster(FINE, COARSE, EVERYTHING, 0.5)
    values = sampled(COARSE, where, smooth=False)
    assert set(np.unique(values[np.isfinite(values)])) <= set(np.unique(COARSE.array.astype(np.float32)))


def test_samples_lie_on_the_pixels_of_the_first_slice_and_only_where_it_is_seen():
    where = raster(FINE, COARSE, EVERYTHING, 0.1)
    assert where.pitch == 1.0 and (where.left % 1, where.top % 1) == (0, 0)
    np.testing.assert_array_equal(sampled(FINE, where)[2:30, 5:30], sampled(FINE, where, smooth=False)[2:30, 5:30])
    seen = raster(FINE, COARSE, (10.0, 12.0, 20.0, 18.0), 0.1)
    assert seen.columns <= 13 and seen.rows <= 9 and seen.left <= 10.5 and seen.top <= 12.5
    assert raster(FINE, COARSE, (500.0, 0.0, 600.0, 10.0), 0.1) is None
    assert raster(FINE, COARSE, EVERYTHING, 5.0).pitch == 5.0


def test_values_that_stand_for_nothing_stay_nothing():
    plane = PlaneImage(np.array([[0, 0, 8], [0, 8, 8], [8, 8, 8]], np.int16), (1, 0, 0, 0, 1, 0), -1, -1)
    where = raster(plane, plane, EVERYTHING, 0.1)
    values = sampled(plane, where, fill=0)
    known = np.isfinite(values)
    values = values[np.ix_(known.any(axis=1), known.any(axis=0))]
    assert np.isnan(values).tolist() == (plane.array == 0).tolist() and np.nanmin(values) == 8


def test_the_extent_of_a_slice_holds_its_pixels():
    assert extent(FINE) == (-0.5, -0.5, 49.5, 39.5)
    assert extent(FLIPPED) == (0.0, 0.0, 50.0, 40.0)


def test_the_sign_of_a_difference_is_seen():
    table = np.stack([np.arange(256), np.zeros(256), 255 - np.arange(256)], axis=1).astype(np.uint8)
    first = np.array([[10, 0, 5, 5, np.nan, 105]], np.float32)
    second = np.array([[0, 10, 5, 0, 1, 5]], np.float32)
    colors = difference_colors(first, second, 10.0, table)
    red, blue = (colors >> 16 & 255)[0], (colors & 255)[0]
    assert red.tolist() == [255, 0, 128, 191, 0, 255]
    assert blue.tolist() == [0, 255, 127, 64, 0, 0]
    assert (colors >> 24)[0].tolist() == [255, 255, 255, 255, 0, 255]


def test_red_and_green_are_the_lights_of_the_two():
    first, second = np.array([[200, 0, 90]], np.uint8), np.array([[10, 255, 90]], np.uint8)
    green, cyan = (red_green_colors(first, second, cyan=choice)[0].tolist() for choice in (False, True))
    assert green == [0xFFC80A00, 0xFF00FF00, 0xFF5A5A00]
    assert cyan == [0xFFC80A0A, 0xFF00FFFF, 0xFF5A5A5A]


def volume(unit="", modality="", channels=0):
    shape = (1, 2, 2, channels) if channels else (1, 2, 2)
    geometry = Geometry((2, 2, 1))
    image = image_from_array(np.zeros(shape, np.uint8), geometry, colour=bool(channels))
    return Volume(image, geometry, unit, acquisition=Acquisition(modality))


def test_only_values_of_one_kind_are_subtracted():
    assert same_quantity(volume("HU", "CT"), volume("HU", "PT"))
    assert same_quantity(volume("", "MR"), volume("", "MR"))
    assert not same_quantity(volume("HU", "CT"), volume("SUV", "PT"))
    assert not same_quantity(volume("", "MR"), volume("", "CT"))
    assert not same_quantity(volume("", "", 3), volume("", "", 3))
