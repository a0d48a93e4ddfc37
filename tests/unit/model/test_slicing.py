from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import phantoms
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.slicing import (
    PlaneFrame,
    PlaneImage,
    layer_plane,
    layer_slice,
    orient_preview,
    plane_frame,
)
from pellucid.model.view import Plane

ANATOMICAL = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
LETTERS = {
    Plane.AXIAL: ("R", "L", "A", "P"),
    Plane.CORONAL: ("R", "L", "S", "I"),
    Plane.SAGITTAL: ("A", "P", "S", "I"),
}
KINDS = phantoms.every_kind()


def numbered(geometry: Geometry) -> np.ndarray:
    """Return an array whose values are the flat index of each voxel."""
    return np.arange(np.prod(geometry.size), dtype=np.int64).reshape(geometry.size[::-1])


def pixel_points(image: PlaneImage) -> Floats:
    """Return the plane coordinates of every pixel, shape (rows, columns, 2), by the documented formula."""
    a, b, c, d, e, f = image.transform
    rows, columns = np.mgrid[: image.array.shape[0], : image.array.shape[1]]
    return np.stack([a * columns + b * rows + c, d * columns + e * rows + f], axis=-1)


def voxel_points(frame: PlaneFrame, geometry: Geometry, numbers: np.ndarray) -> Floats:
    """Return where the numbered voxels really are, in plane coordinates."""
    z, y, x = np.unravel_index(numbers, geometry.size[::-1])
    offsets = geometry.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3)) - frame.origin
    return (offsets @ np.stack([frame.right, frame.down], axis=1)).reshape(*numbers.shape, 2)


@pytest.mark.parametrize(("order", "signs"), phantoms.ORIENTATIONS)
def test_all_orientations_look_the_same_on_the_screen(order: phantoms.Triple, signs: phantoms.Triple) -> None:
    phantom = phantoms.marker(order, signs)
    left, back, up = phantom.place
    body = phantom.canonical  # (S, P, L)
    expected = {
        Plane.AXIAL: body[up],
        Plane.CORONAL: body[::-1, back],
        Plane.SAGITTAL: body[::-1, :, left],
    }
    for plane in ANATOMICAL:
        frame = plane_frame(phantom.geometry, plane)
        assert frame.letters() == LETTERS[plane]
        index = frame.slice_index(phantom.world)
        image = layer_plane(phantom.array, phantom.geometry, frame, index)
        assert image is not None
        np.testing.assert_array_equal(image.array, expected[plane])
        row, column = np.unravel_index(int(np.argmax(image.array)), image.array.shape)
        u, v = pixel_points(image)[row, column]
        np.testing.assert_allclose(frame.world_at(u, v, index), phantom.world, atol=1e-9)
        assert np.shares_memory(image.array, phantom.array)


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("kind", KINDS)
def test_plane_coordinates_return_to_the_same_place(kind: str, plane: Plane) -> None:
    frame = plane_frame(KINDS[kind], plane)
    basis = np.stack([frame.right, frame.down, frame.normal])
    np.testing.assert_allclose(basis @ basis.T, np.eye(3), atol=1e-12)
    rng = np.random.default_rng(1)
    for _ in range(20):
        u, v = rng.uniform(-50, 50, 2)
        index = int(rng.integers(frame.slice_count))
        world = frame.world_at(u, v, index)
        np.testing.assert_allclose(frame.plane_coordinates(world), (u, v), atol=1e-9)
        assert frame.slice_index(world) == index
    assert frame.slice_index(frame.world_at(0, 0, 0) - 1000 * frame.normal) == 0
    assert frame.slice_index(frame.world_at(0, 0, 0) + 1000 * frame.normal) == frame.slice_count - 1


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_lies_where_its_voxel_is(kind: str, plane: Plane) -> None:
    geometry = KINDS[kind]
    frame = plane_frame(geometry, plane)
    numbers = numbered(geometry)
    for index in (0, frame.slice_count // 2, frame.slice_count - 1):
        image = layer_plane(numbers, geometry, frame, index, fill=-1)
        assert image is not None
        assert (image.axis, image.index) == (frame.normal_axis, index)
        shown = image.array >= 0
        assert set(image.array[shown]) == set(numbers.take(index, 2 - frame.normal_axis).ravel())
        error = np.abs(pixel_points(image) - voxel_points(frame, geometry, np.maximum(image.array, 0)))
        spread = not geometry.is_even and frame.normal_axis != 2
        assert error[shown].max() <= (0.75 * geometry.spacing[2] if spread else 1e-9)


@pytest.mark.parametrize("gone", [[1], [50], [98], [3, 4], [10, 30, 31, 32, 77], list(range(20, 60))])
def test_missing_slices_stay_missing_and_the_others_keep_their_place(gone: list[int]) -> None:
    """H01: position error of every shown slice at most 0.01 mm."""
    kept = np.delete(np.arange(100), gone)
    geometry = phantoms.uneven(kept * 1.25, phantoms.grid((4, 5, 100)))
    centres, filled = drawn_slices(geometry)
    np.testing.assert_allclose(centres, kept * 1.25, atol=0.01)
    np.testing.assert_allclose(sorted(filled), np.array(gone) * 1.25, atol=0.01)


@pytest.mark.parametrize("seed", range(25))
def test_variable_spacing_is_drawn_at_true_positions(seed: int) -> None:
    """H02: never averaged; the even rows of the screen leave at most an eighteenth of a step."""
    rng = np.random.default_rng(seed)
    places = np.concatenate([[0], np.cumsum(rng.uniform(1.0, 4.0, 19))])
    geometry = phantoms.uneven(places, phantoms.grid((4, 5, 20)))
    frame = plane_frame(geometry, Plane.CORONAL)
    image = layer_plane(numbered(geometry), geometry, frame, 0, fill=-1)
    assert image is not None
    heights = places[-1] - pixel_points(image)[:, 0, 1]  # screen rows run from the last slice down
    shown = image.array[:, 0] // 20
    row = geometry.spacing[2] / 9
    for height, slice_ in zip(heights, shown, strict=True):
        distance = np.abs(places - height)
        if slice_ < 0:
            assert distance.min() > geometry.spacing[2] / 2 - row
        else:
            assert distance[slice_] <= distance.min() + row
    assert set(shown) - {-1} == set(range(20))


def drawn_slices(geometry: Geometry) -> tuple[list[float], list[float]]:
    """Return the height at which each slice is drawn in the coronal plane, and the heights that show fill."""
    frame = plane_frame(geometry, Plane.CORONAL)
    image = layer_plane(numbered(geometry), geometry, frame, 0, fill=-1)
    assert image is not None
    bottom = frame.plane_coordinates(geometry.origin)[1]
    heights = bottom - pixel_points(image)[:, 0, 1]
    slices = np.where(image.array[:, 0] < 0, -1, image.array[:, 0] // (geometry.size[0] * geometry.size[1]))
    centres = [float(heights[slices == k].mean()) for k in range(geometry.size[2])]
    return centres, heights[slices < 0].tolist()


def test_a_finer_layer_on_parallel_axes_is_a_view_of_its_nearest_slice() -> None:
    reference = phantoms.grid()
    layer = Geometry((50, 50, 50), (0.4, 0.5, 0.7), (-8.0, 5.0, 33.0))
    numbers = numbered(layer)
    frame = plane_frame(reference, Plane.AXIAL)
    image = layer_plane(numbers, layer, frame, 4)  # z = 40 mm: slice 10 of the layer
    assert image is not None
    assert (image.axis, image.index) == (2, 10)
    assert np.shares_memory(image.array, numbers)
    np.testing.assert_allclose(pixel_points(image), voxel_points(frame, layer, image.array), atol=1e-9)


def test_a_layer_turned_within_the_plane_is_drawn_by_its_transform() -> None:
    reference = phantoms.grid()
    layer = replace(reference, direction=phantoms.matrix(phantoms.rotation(z=30)))
    frame = plane_frame(reference, Plane.AXIAL)
    numbers = numbered(layer)
    image = layer_plane(numbers, layer, frame, 7)
    assert image is not None
    assert image.axis == 2
    np.testing.assert_allclose(pixel_points(image), voxel_points(frame, layer, image.array), atol=1e-9)


@pytest.mark.parametrize("plane", ANATOMICAL)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "one slice"])
def test_a_layer_askew_is_resampled_to_the_nearest_voxel(kind: str, plane: Plane) -> None:
    layer = phantoms.oblique(KINDS[kind], 31, 12, -20)
    layer = replace(layer, origin=(-12.0, 0.0, 25.0))
    frame = plane_frame(phantoms.grid(), plane)
    index = frame.slice_index(layer.centre())
    image = layer_plane(numbered(layer), layer, frame, index, fill=-1)
    assert image is not None
    assert image.axis == -1
    points = pixel_points(image)
    worlds = frame.world_at(0, 0, index) + points[..., :1] * frame.right + points[..., 1:] * frame.down
    indices = layer.world_to_index(worlds.reshape(-1, 3)).reshape(worlds.shape)
    nearest = np.floor(indices + 0.5).astype(int)
    clear = np.abs(indices - np.floor(indices) - 0.5).min(axis=-1) > 1e-6  # not on the border of two voxels
    inside = np.all((nearest >= 0) & (nearest < layer.size), axis=-1)
    x, y, z = np.moveaxis(np.clip(nearest, 0, np.array(layer.size) - 1), -1, 0)
    expected = np.where(inside, (z * layer.size[1] + y) * layer.size[0] + x, -1)
    if not layer.is_even:  # gaps show fill
        clear &= image.array >= 0
    np.testing.assert_array_equal(image.array[clear], expected[clear])
    assert (image.array >= 0).mean() > 0.2


def test_a_plane_beyond_the_layer_shows_nothing() -> None:
    reference = phantoms.grid()
    frame = plane_frame(reference, Plane.AXIAL)
    numbers = numbered(reference)
    away = replace(reference, origin=(-9, 4, 300))
    assert layer_plane(numbers, away, frame, 3) is None
    assert layer_slice(away, frame, 3) == (2, -1)
    askew = phantoms.oblique(away)
    assert layer_plane(numbers, askew, frame, 3) is None
    assert layer_slice(askew, frame, 3) == (-1, -1)


def test_colours_keep_their_components_in_every_way_of_drawing() -> None:
    reference = phantoms.grid()
    frame = plane_frame(reference, Plane.SAGITTAL)
    array = phantoms.colour(reference)
    for layer in (reference, phantoms.oblique(reference), phantoms.uneven(np.arange(16) ** 1.2, reference)):
        image = layer_plane(array, layer, frame, 10)
        assert image is not None
        assert image.array.ndim == 3
        assert image.array.shape[2] == 3


@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_slice_is_turned_like_the_slice_it_covers(kind: str, plane: Plane) -> None:
    geometry = KINDS[kind]
    frame = plane_frame(geometry, plane)
    numbers = numbered(geometry)
    index = frame.slice_count // 2
    image = layer_plane(numbers, geometry, frame, index, fill=-1)
    assert image is not None
    preview = numbers.take(index, 2 - frame.normal_axis)
    np.testing.assert_array_equal(orient_preview(preview, frame, geometry, fill=-1), image.array)
    with pytest.raises(ValueError, match="not parallel"):
        orient_preview(preview, frame, phantoms.oblique(geometry, 20, 20, 20))


def test_without_orientation_the_stored_axes_are_shown_and_no_letters() -> None:
    geometry = replace(phantoms.oblique(), oriented=False)
    axial, coronal, sagittal = (plane_frame(geometry, plane) for plane in ANATOMICAL)
    assert (axial.right_axis, axial.right_sign, axial.down_axis, axial.down_sign) == (0, 1, 1, 1)
    assert (coronal.right_axis, coronal.right_sign, coronal.down_axis, coronal.down_sign) == (0, 1, 2, -1)
    assert (sagittal.right_axis, sagittal.right_sign, sagittal.down_axis, sagittal.down_sign) == (1, 1, 2, -1)
    assert axial.letters() == ("", "", "", "")
    assert axial.obliqueness_degrees == 0.0


def test_obliqueness_is_the_angle_to_the_named_axis() -> None:
    turned = replace(phantoms.grid(), direction=phantoms.matrix(phantoms.rotation(x=17)))
    assert plane_frame(turned, Plane.AXIAL).obliqueness_degrees == pytest.approx(17)
    assert plane_frame(turned, Plane.SAGITTAL).obliqueness_degrees == pytest.approx(0)
    assert plane_frame(turned, Plane.ACQUIRED).obliqueness_degrees == pytest.approx(17)
    coronal_stack = replace(phantoms.grid(), direction=(1, 0, 0, 0, 0, 1, 0, -1, 0))
    assert plane_frame(coronal_stack, Plane.ACQUIRED).obliqueness_degrees == pytest.approx(0)


def test_steps_of_a_tilted_stack_are_measured_along_the_normal() -> None:
    frame = plane_frame(phantoms.sheared(degrees=30), Plane.AXIAL)
    assert frame.step_mm == pytest.approx(2.5 * np.cos(np.radians(30)))
    assert frame.slice_count == 16


def test_extent_covers_the_voxels_to_their_edges() -> None:
    geometry = phantoms.grid((20, 24, 16), (0.8, 1.1, 2.5))
    assert plane_frame(geometry, Plane.AXIAL).extent == pytest.approx((-0.4, -0.55, 15.6, 25.85))
    assert plane_frame(geometry, Plane.CORONAL).extent == pytest.approx((-0.4, -1.25, 15.6, 38.75))
