"""Askew planes against scipy and against functions of the world that trilinear interpolation keeps exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import phantoms
from pellucid.model.geometry import IDENTITY, Floats, Geometry
from pellucid.model.oblique import combined, turn_about, turned_frame
from pellucid.model.planes import PlaneFrame
from pellucid.model.slicing import PlaneImage, Sight, layer_plane
from pellucid.model.view import Plane, PlaneMode

THREE = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
KINDS = {name: geometry for name, geometry in phantoms.every_kind().items() if not geometry.is_planar}
TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -14), IDENTITY)


def pixel_worlds(image: PlaneImage, frame: PlaneFrame, index: int) -> Floats:
    """Return the world point of every pixel, shape (rows, columns, 3), by the documented formula."""
    a, b, c, d, e, f = image.transform
    rows, columns = np.mgrid[: image.array.shape[0], : image.array.shape[1]]
    u, v = a * columns + b * rows + c, d * columns + e * rows + f
    start = frame.world_at(0.0, 0.0, index)
    return np.asarray(start + u[..., None] * frame.right + v[..., None] * frame.down)


def middle(geometry: Geometry, plane: Plane, **how: object) -> tuple[PlaneFrame, int]:
    place = geometry.centre() + np.array([0.3, -0.7, 0.4])
    frame = turned_frame(geometry, plane, place, **how)  # type: ignore[arg-type]
    return frame, frame.slice_index(place)


@pytest.mark.parametrize("plane", THREE)
@pytest.mark.parametrize("kind", KINDS)
def test_a_linear_function_of_the_world_is_seen_exactly_where_it_is(kind: str, plane: Plane) -> None:
    """Between voxels a linear function is kept by interpolation on every grid, sheared and uneven ones as well."""
    geometry = KINDS[kind]
    slope = np.array([0.7, -1.3, 2.1])
    array = (phantoms.positions(geometry) @ slope + 11).astype(np.float32)
    frame, index = middle(geometry, plane, rotation=TURNED)
    image = layer_plane(array, geometry, frame, index, fill=float("nan"), smooth=True)
    assert image is not None and image.axis == -1
    worlds = pixel_worlds(image, frame, index)
    inside = geometry.world_to_index(worlds.reshape(-1, 3)).reshape(worlds.shape)
    within = np.all((inside >= 0) & (inside <= np.array(geometry.size) - 1), axis=-1)
    shown = within & ~np.isnan(image.array)
    if geometry.slice_positions is not None:  # beside a gap a slice has its own value up to its edge
        places = np.array(geometry.slice_positions)
        lower = np.clip(inside[..., 2].astype(int), 0, len(places) - 2)
        shown &= (places[lower + 1] - places[lower]) <= 1.5 * geometry.spacing[2]
    assert shown.sum() > 100
    np.testing.assert_allclose(image.array[shown], (worlds @ slope + 11)[shown], atol=0.02)
    if geometry.is_even:
        assert shown.sum() == within.sum()
    outside = np.any((inside < -0.51) | (inside > np.array(geometry.size) - 0.49), axis=-1)
    assert np.isnan(image.array[outside]).all()


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("kind", [name for name in KINDS if KINDS[name].is_even])
def test_values_are_those_of_scipy(kind: str, order: int) -> None:
    geometry = KINDS[kind]
    array = np.random.default_rng(2).integers(-1000, 3000, geometry.size[::-1]).astype(np.int16)
    frame, index = middle(geometry, Plane.CORONAL, rotation=TURNED)
    image = layer_plane(array, geometry, frame, index, fill=-32768, smooth=order == 1)
    assert image is not None and image.array.dtype == np.int16
    x, y, z = np.moveaxis(geometry.world_to_index(pixel_worlds(image, frame, index).reshape(-1, 3)), -1, 0)
    # Beyond the centres of the outermost voxels their own value goes on to the edge.
    at = [np.clip(c, 0, n - 1) for c, n in zip((z, y, x), array.shape, strict=True)]
    wanted = ndimage.map_coordinates(array.astype(np.float64), at, order=order, mode="nearest")
    wanted = wanted.reshape(image.array.shape)
    inside = np.all([(c > -0.499) & (c < n - 0.501) for c, n in zip((z, y, x), array.shape, strict=True)], axis=0)
    inside = inside.reshape(image.array.shape)
    clear = inside
    if order == 0:  # half-way between two voxels either is right
        halves = [np.abs(c % 1 - 0.5) < 1e-6 for c in (z, y, x)]
        clear = inside & ~np.any(halves, axis=0).reshape(inside.shape)
    difference = np.abs(image.array.astype(float) - wanted)[clear]
    assert clear.sum() > 100
    assert difference.max() <= (0.0 if order == 0 else 0.75)  # half a value by rounding, the rest by float32


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i4", "u4", "i8", "f4", "f8"])
def test_every_type_keeps_its_type_and_its_constant(dtype: str) -> None:
    geometry = phantoms.grid()
    value = 1e30 if dtype[0] == "f" else np.iinfo(dtype).max
    array = np.full(geometry.size[::-1], value, dtype)
    frame, index = middle(geometry, Plane.AXIAL, rotation=TURNED)
    image = layer_plane(array, geometry, frame, index, fill=0, smooth=True)
    assert image is not None and image.array.dtype == np.dtype(dtype)
    shown = image.array[image.array != 0]
    assert len(shown) > 100
    np.testing.assert_allclose(shown.astype(float), float(value), rtol=1e-6)


def test_colours_are_interpolated_channel_by_channel() -> None:
    geometry = phantoms.grid((20, 20, 20))
    worlds = phantoms.positions(geometry)
    channels = [worlds @ slope for slope in ([1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0])]
    array = np.stack(channels, axis=-1).astype(np.float32)
    frame, index = middle(geometry, Plane.SAGITTAL, rotation=TURNED)
    image = layer_plane(array, geometry, frame, index, fill=float("nan"), smooth=True)
    assert image is not None
    where = pixel_worlds(image, frame, index)
    inside = geometry.world_to_index(where.reshape(-1, 3)).reshape(where.shape)
    within = np.all((inside >= 0) & (inside <= np.array(geometry.size) - 1), axis=-1)
    np.testing.assert_allclose(image.array[within], where[within], atol=1e-3)


def test_nothing_is_made_up_in_a_gap_of_missing_slices() -> None:
    geometry = phantoms.uneven([0.0, 1.0, 2.0, 6.0, 7.0], phantoms.grid((40, 40, 5), (1.0, 1.0, 1.0)))
    array = np.broadcast_to(np.array([10, 20, 30, 70, 80], np.float32)[:, None, None], geometry.size[::-1]).copy()
    frame, index = middle(geometry, Plane.CORONAL, rotation=combined(turn_about((0, 0, 1.0), 20), IDENTITY))
    sight = Sight((-100, -100, 100, 100), 0.05)
    image = layer_plane(array, geometry, frame, index, fill=float("nan"), smooth=True, sight=sight)
    assert image is not None
    depth = (pixel_worlds(image, frame, index) - np.array(geometry.origin)) @ geometry.axes[:, 2]
    gap = (depth > 2.51) & (depth < 5.49)
    assert np.isnan(image.array[gap]).all()
    near = (np.abs(depth - 2.3) < 0.19) & ~np.isnan(image.array)
    assert near.any() and (image.array[near] == 30).all()
    between = (np.abs(depth - 6.5) < 0.4) & ~np.isnan(image.array)
    np.testing.assert_allclose(image.array[between], 10 * depth[between] + 10, atol=1e-3)


def test_only_what_is_looked_at_is_computed_and_pixels_keep_their_places() -> None:
    geometry = phantoms.grid((60, 50, 40))
    array = np.random.default_rng(3).normal(size=geometry.size[::-1]).astype(np.float32)
    frame, index = middle(geometry, Plane.AXIAL, rotation=TURNED)
    near = layer_plane(array, geometry, frame, index, smooth=True, sight=Sight((-5, -4, 6, 7), 0.5))
    moved = layer_plane(array, geometry, frame, index, smooth=True, sight=Sight((-3.3, -4, 8, 7), 0.5))
    assert near is not None and moved is not None
    assert near.array.shape == (22, 22)
    shift = (moved.transform[2] - near.transform[2]) / 0.5
    assert shift == pytest.approx(round(shift))
    columns = round(shift)
    np.testing.assert_allclose(near.array[:, columns:], moved.array[:, : 22 - columns], atol=1e-4)
    assert layer_plane(array, geometry, frame, index, sight=Sight((900, 900, 950, 950), 0.5)) is None


@pytest.mark.parametrize("mode", [PlaneMode.ANATOMICAL, PlaneMode.NEAREST])
def test_a_layer_on_another_grid_is_seen_at_its_place(mode: PlaneMode) -> None:
    reference = phantoms.oblique(phantoms.grid((40, 40, 20), (1.0, 1.0, 2.0)))
    other = replace(phantoms.grid((30, 30, 30), (1.5, 1.5, 1.5)), origin=tuple(float(c) for c in reference.origin))
    slope = np.array([1.0, 2.0, -1.0])
    array = (phantoms.positions(other) @ slope).astype(np.float32)
    frame, index = middle(reference, Plane.CORONAL, mode=mode, rotation=TURNED)
    image = layer_plane(array, other, frame, index, fill=float("nan"), smooth=True)
    assert image is not None
    where = pixel_worlds(image, frame, index)
    inside = other.world_to_index(where.reshape(-1, 3)).reshape(where.shape)
    within = np.all((inside >= 0) & (inside <= np.array(other.size) - 1), axis=-1)
    assert within.any()
    np.testing.assert_allclose(image.array[within], (where @ slope)[within], atol=0.01)
