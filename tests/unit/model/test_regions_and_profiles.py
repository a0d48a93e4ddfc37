"""Voxels under regions and values along lines, against masks and interpolations made another way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage.draw import polygon2mask
from skimage.measure import profile_line

import phantoms
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import histogram
from pellucid.model.planes import plane_frame
from pellucid.model.profiles import line_profile
from pellucid.model.regions import region_histogram, region_statistics, region_voxels
from pellucid.model.shapes import on_plane, vector
from pellucid.model.view import Plane
from pellucid.model.volume import Acquisition, Volume

KINDS = {
    "plain": phantoms.grid(),
    "oblique": phantoms.oblique(x=30, y=0, z=30),
    "sheared": phantoms.sheared(degrees=30),
    "oblique and sheared": phantoms.sheared(phantoms.oblique()),
    "uneven": phantoms.uneven([0, 2, 4.1, 6.3, 8.2, 14, 16, 18.05, 20]),
}
FLAT = {
    Kind.RECTANGLE: [(2.03, 3.1), (9.4, 14.2)],
    Kind.ELLIPSE: [(1.3, 2.2), (13.1, 17.7)],
    Kind.POLYGON: [(2.1, 3.3), (13.2, 4.1), (11.7, 15.3), (6.2, 8.8), (3.1, 16.1)],
    Kind.FREEHAND: [(7 + 5 * np.cos(t), 9 + 6 * np.sin(t)) for t in np.linspace(0, 6, 37)],
}


def drawn(kind: Kind, flat, geometry: Geometry, plane: Plane = Plane.ACQUIRED, index: int = 4) -> Annotation:
    frame = plane_frame(geometry, plane)
    return on_plane(kind, tuple(vector(frame.world_at(u, v, index)) for u, v in flat), frame)


def noise(geometry: Geometry, **facts) -> Volume:
    values = np.random.default_rng(3).normal(100, 30, geometry.size[::-1]).astype(np.float32)
    return phantoms.volume(values, geometry, **facts)


def inside(shape: Annotation, geometry: Geometry, thickness: float) -> np.ndarray:
    """Return the mask (z, y, x) of the voxels in the plane of a shape: every voxel tested one by one in the world."""
    world = phantoms.positions(geometry)
    u, v = world @ np.array(shape.right), world @ np.array(shape.down)
    away = (world - np.array(shape.points[0])) @ np.array(shape.normal)
    points = np.array(shape.points)
    corners = np.stack([points @ np.array(shape.right), points @ np.array(shape.down)], axis=1)
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    if shape.kind is Kind.RECTANGLE:
        within = (u >= left) & (u <= right) & (v >= top) & (v <= bottom)
    elif shape.kind is Kind.ELLIPSE:
        a, b = (right - left) / 2, (bottom - top) / 2
        within = ((u - left - a) / a) ** 2 + ((v - top - b) / b) ** 2 <= 1
    else:  # winding angle: 2π inside, 0 outside
        turned = np.zeros(u.shape)
        for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            first, second = np.arctan2(y1 - v, x1 - u), np.arctan2(y2 - v, x2 - u)
            turned += (second - first + np.pi) % (2 * np.pi) - np.pi
        within = np.abs(turned) > np.pi
    return within & (np.abs(away) < thickness)


@pytest.mark.parametrize("plane", [Plane.ACQUIRED, Plane.CORONAL, Plane.SAGITTAL])
@pytest.mark.parametrize("shape", FLAT)
@pytest.mark.parametrize("kind", KINDS)
def test_statistics_are_those_of_a_mask_made_voxel_by_voxel(kind: str, shape: Kind, plane: Plane) -> None:
    grid = KINDS[kind]
    volume = noise(grid, unit="HU")
    region = drawn(shape, FLAT[shape], grid, plane)
    expected = volume.array[inside(region, grid, 0.2)].astype(np.float64)
    found = region_voxels(region, volume)
    assert found.step is None and len(expected) > 20
    row, = region_statistics(found, volume)
    assert row.voxels == len(expected)
    oracle = (expected.mean(), expected.std(ddof=0), expected.min(), expected.max(), np.median(expected))
    assert (row.mean, row.std, row.minimum, row.maximum, row.median) == pytest.approx(oracle, rel=1e-9)
    counted = region_histogram(region, volume)
    assert (counted.total, counted.mean, counted.std) == pytest.approx((len(expected), row.mean, row.std), rel=1e-6)


def test_polygons_agree_with_skimage() -> None:
    grid = Geometry((80, 60, 1))
    volume = phantoms.volume(np.arange(4800, dtype=np.int32).reshape(1, 60, 80), grid)
    corners = np.random.default_rng(8).uniform(3, 55, (9, 2))
    corners = corners[np.argsort(np.arctan2(*(corners - corners.mean(axis=0)).T))]
    mask = polygon2mask((60, 80), corners[:, ::-1])
    found = region_voxels(drawn(Kind.POLYGON, corners, grid, index=0), volume)
    assert set(found.values.tolist()) == set(volume.array[0][mask].tolist())


def test_voxels_add_up_to_the_area_of_the_shape() -> None:
    grid = phantoms.oblique(Geometry((200, 200, 3), (0.25, 0.3, 2.0)), 30, 10, 30)
    circle = drawn(Kind.ELLIPSE, [(10, 10), (40, 40)], grid, index=1)
    count = len(region_voxels(circle, noise(grid)).values)
    assert count * 0.25 * 0.3 == pytest.approx(np.pi * 225, rel=2e-3)


def test_padding_and_what_is_no_number_do_not_count() -> None:
    grid = Geometry((10, 10, 1))
    values = np.arange(100, dtype=np.float32).reshape(1, 10, 10)
    values[0, 2, 2:4], values[0, 3, 3] = np.nan, -2000
    volume = phantoms.volume(values, grid, padding=(-3000.0, -1500.0))
    row, = region_statistics(region_voxels(drawn(Kind.RECTANGLE, [(2, 2), (4, 3)], grid, index=0), volume), volume)
    assert (row.voxels, row.minimum, row.maximum, row.mean) == (3, 24, 34, (24 + 32 + 34) / 3)


def test_colours_are_counted_one_by_one() -> None:
    grid = phantoms.grid()
    volume = phantoms.volume(phantoms.colour(grid), grid)
    region = drawn(Kind.RECTANGLE, [(-0.1, -0.1), (2.5, 3.4)], grid)  # columns 0–3, rows 0–3, slice 4
    rows = region_statistics(region_voxels(region, volume), volume)
    assert [(row.channel, row.voxels, row.mean) for row in rows] == [("R", 16, 1.5), ("G", 16, 1.5), ("B", 16, 4.0)]
    assert region_histogram(region, volume).total == 16


def test_a_region_beside_the_image_has_no_voxel() -> None:
    grid = phantoms.grid()
    volume = noise(grid)
    for region in (
        drawn(Kind.ELLIPSE, [(-90, -90), (-50, -50)], grid),
        drawn(Kind.POLYGON, [(0.1, 0.1), (0.2, 0.1), (0.1, 0.2)], grid),
        replace(drawn(Kind.RECTANGLE, [(0, 0), (9, 9)], grid), points=((-9.0, 4.0, 500.0), (0.0, 9.0, 500.0))),
    ):
        row, = region_statistics(region_voxels(region, volume), volume)
        assert row.voxels == 0 and row.mean is None
        assert region_histogram(region, volume).total == 0


def test_a_gap_between_slices_holds_no_voxel() -> None:
    grid = phantoms.uneven([0, 2, 4, 12, 14])
    region = drawn(Kind.RECTANGLE, [(0, 0), (9, 9)], grid, index=0)
    in_the_gap = replace(region, points=tuple((x, y, z + 8.0) for x, y, z in region.points))
    at_a_slice = replace(region, points=tuple((x, y, z + 12.9) for x, y, z in region.points))
    volume = noise(grid)
    assert len(region_voxels(in_the_gap, volume).values) == 0
    assert set(region_voxels(at_a_slice, volume).values) <= set(volume.array[3].ravel())
    assert len(region_voxels(at_a_slice, volume).values)


def test_an_oblique_plane_is_sampled_and_says_how() -> None:
    grid = Geometry((40, 40, 40), (1.0, 1.0, 2.0))
    volume = phantoms.volume(phantoms.ramp(grid, (2.0, 0.0, 0.0), 5.0), grid)
    turn = phantoms.rotation(0, 30, 0)
    right, down, normal = (vector(turn[:, n]) for n in range(3))
    centre = grid.centre()
    ends = (vector(centre - 10 * turn[:, 0] - 6 * turn[:, 1]), vector(centre + 10 * turn[:, 0] + 6 * turn[:, 1]))
    region = Annotation(Kind.RECTANGLE, ends, normal, right, down)
    found = region_voxels(region, volume)
    assert found.step == 1.0 and len(found.values) == 20 * 12
    row, = region_statistics(found, volume)
    assert row.mean == pytest.approx(5 + 2 * centre[0], abs=1.0)  # half a voxel
    assert row.maximum - row.minimum == pytest.approx(2 * 20 * np.cos(np.radians(30)), abs=2 * 2.0)


def test_a_region_of_another_grid_reads_the_nearest_slice() -> None:
    coarse = Geometry((20, 20, 5), (2.0, 2.0, 5.0))
    fine = Geometry((40, 40, 25), (1.0, 1.0, 1.0))
    pet = noise(coarse)
    region = drawn(Kind.RECTANGLE, [(-1, -1), (39, 39)], fine, Plane.AXIAL, 12)  # z = 12: nearest slice 2 at 10
    assert set(region_voxels(region, pet).values) == set(pet.array[2].ravel())


# ---------------------------------------------------------------- profiles


def test_a_profile_is_that_of_skimage() -> None:
    grid = Geometry((50, 40, 3))
    volume = noise(grid)
    start, end = (4.0, 7.0), (40.0, 34.0)  # 45 long: skimage steps by one voxel, we by half of one
    found = line_profile(volume, [(*start, 1.0), (*end, 1.0)])
    oracle = profile_line(volume.array[1].astype(float), start[::-1], end[::-1], order=1, mode="nearest")
    assert (found.distance[-1], found.unit, len(found.distance)) == (pytest.approx(45), "mm", 91)
    np.testing.assert_allclose(found.values[::2, 0], oracle, rtol=1e-6)
    assert np.diff(found.distance).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_a_ramp_is_reproduced_along_any_line_of_any_grid(kind: str) -> None:
    grid = KINDS[kind]
    slope = (3.0, -2.0, 0.5)
    volume = phantoms.volume(phantoms.ramp(grid, slope, 7.0), grid)
    ends = grid.index_to_world([(1.3, 2.2, 0.4), (15.8, 20.1, 7.7), (4.0, 3.0, 2.0)])
    found = line_profile(volume, ends)
    share = np.array([np.linalg.norm(ends[1] - ends[0]), np.linalg.norm(ends[2] - ends[1])])
    assert found.distance[-1] == pytest.approx(share.sum())
    corner = int(np.argmin(np.abs(found.distance - share[0])))
    expected = ends @ np.array(slope) + 7
    assert (found.values[0, 0], found.values[corner, 0], found.values[-1, 0]) == pytest.approx(tuple(expected))
    if grid.is_even:  # an uneven stack is linear between its slices only
        line = np.interp(found.distance, [0, share[0], share.sum()], expected)
        np.testing.assert_allclose(found.values[:, 0], line, atol=1e-6)


def test_beyond_the_image_and_in_padding_there_is_no_value() -> None:
    grid = Geometry((10, 10, 1))
    values = np.full((1, 10, 10), 50.0)
    values[0, 5, 6:8] = -2000
    volume = phantoms.volume(values, grid, padding=(-2000.0, -2000.0))
    found = line_profile(volume, [(-4.0, 5.0, 0.0), (9.0, 5.0, 0.0)])
    x = found.distance - 4
    assert np.isnan(found.values[x < -0.51]).all()
    assert (found.values[(x >= -0.5) & (x <= 5)] == 50).all()
    assert np.isnan(found.values[(x > 5.01) & (x < 7.99)]).all() and (found.values[x >= 8] == 50).all()


def test_a_profile_in_pixels_and_in_colours() -> None:
    grid = replace(Geometry((20, 20, 1), (1.0, 2.0, 1.0)), known_spacing=(False, False, False))
    volume = phantoms.volume(phantoms.colour(grid), grid)
    found = line_profile(volume, grid.index_to_world([(2, 3, 0), (5, 7, 0)]))
    assert found.unit == "px" and found.distance[-1] == pytest.approx(5)
    assert found.values.shape[1] == 3
    assert np.allclose(found.values[[0, -1]], [(2, 3, 0), (5, 7, 0)])


def test_a_profile_of_activities_is_told_in_suv() -> None:
    grid = Geometry((8, 8, 1))
    values = np.arange(64, dtype=np.float32).reshape(1, 8, 8) * 100
    plain = phantoms.volume(values, grid, unit="Bq/ml")
    pet = replace(plain, acquisition=Acquisition("PT", extra={"suv_bw": "0.0025"}))
    ends = [(0.0, 2.0, 0.0), (7.0, 6.0, 0.0)]
    found, raw = line_profile(pet, ends), line_profile(plain, ends)
    assert (found.value_unit, raw.value_unit) == ("SUVbw", "Bq/ml")
    np.testing.assert_allclose(found.values, raw.values * 2.5e-3, rtol=1e-12)
    counts = histogram(pet)
    told = counts.told_in(2.5e-3)
    assert told.mean == pytest.approx(counts.mean * 2.5e-3) and told.total == counts.total
    np.testing.assert_allclose(told.edges, counts.edges * 2.5e-3)
    assert told.percentile(90) == pytest.approx(counts.percentile(90) * 2.5e-3) and counts.told_in(1.0) is counts
