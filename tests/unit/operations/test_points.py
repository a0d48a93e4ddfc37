"""Corners and blobs against scipy, scikit-image and bodies whose places in the world are known."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage import feature

from operation_images import DIRECTIONS, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

STEP = (0.8, 0.6, 1.5)


def found(id: str, image: sitk.Image, **values: Any) -> Any:
    return get(f"features.{id}").run(Context(), image, **values)


def world_of(image: sitk.Image) -> Any:
    """Return the world point of every voxel of a volume, as SimpleITK has it."""
    shape = tuple(reversed(image.GetSize()))
    return np.array([image.TransformIndexToPhysicalPoint([x, y, z]) for z, y, x in np.ndindex(shape)]).reshape(
        *shape, 3
    )


def empty(direction: str, shape: tuple[int, int, int] = (24, 48, 40)) -> tuple[sitk.Image, Any, Any]:
    """Return an image of zeros, the world points of its voxels, and that of its middle."""
    image = on_grid(np.zeros(shape, np.float32), direction, STEP)
    world = world_of(image)
    return image, world, world[tuple(n // 2 for n in shape)]


def filled(image: sitk.Image, values: Any, dtype: str = "float32") -> sitk.Image:
    made = sitk.GetImageFromArray(values.astype(dtype))
    made.CopyInformation(image)
    return made


def nearest(points: Any, wanted: Any) -> Any:
    """Return for each wanted place which point is nearest and how far, in mm."""
    far = np.linalg.norm(points.positions[:, None] - np.asarray(wanted)[None], axis=-1)
    return far.argmin(axis=0), far.min(axis=0)


@pytest.mark.parametrize("measure", ["harris", "shi_tomasi"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float64"])
def test_a_square_has_four_corners(dtype: str, measure: str) -> None:
    image = on_grid(np.zeros((60, 64)), spacing=(0.8, 0.6))
    x, y = (np.arange(64) * 0.8 - 31.25)[None, :], (np.arange(60) * 0.6 + 12.5)[:, None]
    body = (abs(x + 6) <= 12) & (abs(y - 30) <= 9)
    points = found("corners", filled(image, 100.0 * body, dtype), sigma=1.0, measure=measure, threshold=30)
    assert len(points) == 4 and points.name == "Corner" and not points.radii.any()
    assert (points.positions[:, 2] == 0).all() and (np.diff(points.strengths) <= 0).all()
    wanted = [(-6 + sx * 12, 30 + sy * 9, 0) for sx, sy in itertools.product((-1, 1), (-1, 1))]
    which, far = nearest(points, wanted)
    assert sorted(which) == [0, 1, 2, 3] and far.max() < 0.7


@pytest.mark.parametrize("measure", ["harris", "shi_tomasi"])
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_box_has_eight_corners_on_every_grid(direction: str, measure: str) -> None:
    image, world, middle = empty(direction)
    half = np.array([8.0, 7.0, 9.0])
    body = (np.abs(world - middle) <= half).all(axis=-1)
    values = {"sigma": 1.5, "dimension": "volume", "measure": measure, "threshold": 15, "distance": 4.0}
    points = found("corners", filled(image, 100.0 * body), **values)
    wanted = middle + half * np.array(list(itertools.product((-1, 1), repeat=3)))
    which, far = nearest(points, wanted)
    assert len(points) == 8 and len(set(which)) == 8 and far.max() < 1.2


@pytest.mark.parametrize("planar", [True, False])
def test_the_strength_of_a_corner_is_that_of_scipys_structure_tensor(planar: bool) -> None:
    array = noise((16, 26, 30), "float64")
    image = on_grid(ndimage.gaussian_filter(array, 1.0), spacing=STEP)
    sigma, steps = 1.6, np.array(STEP[::-1])
    axes = [1, 2] if planar else [0, 1, 2]
    widths = np.where([planar, False, False], 0, sigma / steps)
    slopes = [
        ndimage.gaussian_filter(pixels(image), 0.7 * widths, order=[int(k == a) for k in range(3)], mode="nearest")
        / steps[a]
        for a in axes
    ]
    tensor = np.array([[ndimage.gaussian_filter(p * q, widths, mode="nearest") for q in slopes] for p in slopes])
    values = np.linalg.eigvalsh(np.moveaxis(tensor, (0, 1), (-2, -1)))
    total, n = values.sum(axis=-1), len(axes)
    exact = {"shi_tomasi": values[..., 0], "harris": values.prod(axis=-1) - (0.04 if planar else 0.005) * total**n}
    where = "slices" if planar else "volume"
    for measure, strength in exact.items():
        points = found(
            "corners", image, sigma=sigma, measure=measure, dimension=where, distance=0.0, threshold=0.0, count=999
        )
        size = [1 if planar else 3, 3, 3]
        tops = np.sort(strength[strength == ndimage.maximum_filter(strength, size, mode="nearest")])[::-1]
        tops = tops[tops > 0.02 * tops[0]][:15]
        assert len(tops) > 0 and np.allclose(points.strengths[: len(tops)], tops, rtol=0.03)


def test_corners_keep_their_distance_their_number_and_their_slice() -> None:
    image = on_grid(ndimage.gaussian_filter(noise((6, 60, 64), "float64"), (0, 1.5, 1.5)), "oblique", STEP)
    every = found("corners", image, threshold=0.0, distance=0.0, count=10000)
    some = found("corners", image, threshold=0.0, distance=6.0, count=10000)
    assert 6 * 6 < len(some) < len(every)
    alone = np.concatenate(
        [found("corners", image[:, :, z : z + 1], threshold=0.0, distance=6.0).positions for z in range(6)]
    )
    far = np.linalg.norm(some.positions[:, None] - alone[None], axis=-1).min(axis=1)
    assert len(alone) == len(some) and (far < 1e-6).mean() > 0.95  # one of equals may be another one
    inverse = np.linalg.inv(np.array(DIRECTIONS["oblique"]).reshape(3, 3) * STEP)
    slices = ((some.positions - image.GetOrigin()) @ inverse.T)[:, 2]
    assert np.allclose(slices, slices.round(), atol=1e-6) and len(set(slices.round())) == 6
    for z in range(6):
        inside = some.positions[slices.round() == z]
        far = np.linalg.norm(inside[:, None] - inside[None], axis=-1) + 1e9 * np.eye(len(inside))
        assert far.min() >= 6.0
    few = found("corners", image, threshold=0.0, distance=6.0, count=5)
    assert len(few) >= 4 and np.array_equal(few.positions, some.positions[: len(few)])
    strong = found("corners", image, threshold=50.0, distance=6.0, count=10000)
    assert np.array_equal(strong.positions, some.positions[some.strengths >= 0.5 * some.strengths[0]])


def test_nothing_is_found_in_nothing_and_that_is_said() -> None:
    for id, what in (("corners", "no corner"), ("blobs", "No blob")):
        said: list[str] = []
        points = get(f"features.{id}").run(Context(remark=said.append), on_grid(np.full((5, 9, 9), 7, np.int16)))
        assert len(points) == 0 and points.positions.shape == (0, 3) and what in said[0]
    with pytest.raises(Refused, match="two rows"):
        found("corners", on_grid(np.zeros((4, 1, 9))))
    with pytest.raises(Refused, match="above the largest"):
        found("blobs", on_grid(np.zeros((9, 9))), smallest=3.0, largest=2.0)


BALLS = (((-9.0, -6.0, 4.0), 3.0, 1.0), ((6.0, 5.0, -5.0), 4.2, 0.8), ((7.0, -8.0, 8.0), 2.4, 0.9))


@pytest.mark.parametrize("method", ["log", "dog"])
@pytest.mark.parametrize("polarity", ["bright", "dark"])
@pytest.mark.parametrize("direction", ["straight", "oblique"])
def test_balls_are_found_with_place_and_radius(direction: str, polarity: str, method: str) -> None:
    image, world, middle = empty(direction)
    sign = 1 if polarity == "bright" else -1
    values = np.full(world.shape[:3], 500.0)
    for centre, radius, height in BALLS:
        far = np.linalg.norm(world - middle - centre, axis=-1)
        values += sign * 1000 * height * np.clip(radius + 0.5 - far, 0, 1)
    points = found("blobs", filled(image, values, "int16"), smallest=2.0, largest=5.0, steps=6,
                   polarity=polarity, method=method, threshold=40.0)  # fmt: skip
    which, far = nearest(points, [middle + np.array(centre) for centre, _, _ in BALLS])
    assert len(points) == 3 and points.name == "Blob" and sorted(which) == [0, 1, 2]
    assert far.max() < 0.3
    assert np.allclose(points.radii[which], [radius for _, radius, _ in BALLS], rtol=0.12)
    assert (np.diff(points.strengths) <= 0).all() and points.strengths.min() > 0


@pytest.mark.parametrize("shape", [(1, 60, 64), (60, 64)], ids=str)
def test_a_gaussian_spot_has_the_radius_and_strength_of_theory(shape: tuple[int, ...]) -> None:
    x, y = (np.arange(64) * 0.8)[None, :], (np.arange(60) * 0.6)[:, None]
    width = 2.0
    spot = 1000 * np.exp(-((x - 24.3) ** 2 + (y - 17.1) ** 2) / 2 / width**2)
    points = found("blobs", on_grid(spot.reshape(shape), spacing=STEP), smallest=1.5, largest=6.0, steps=7)
    assert len(points) == 1
    assert points.radii[0] == pytest.approx(np.sqrt(2) * width, rel=0.02)
    assert points.strengths[0] == pytest.approx(1000 / 2, rel=0.03)  # 2 t / (1 + t)² at t = 1
    assert np.allclose(points.positions[0, :2], (24.3 - 31.25, 17.1 + 12.5), atol=0.02)
    assert points.positions[0, 2] == (1001.5 if len(shape) == 3 else 0)


def test_blobs_out_of_the_range_of_radii_are_left_out() -> None:
    image, world, middle = empty("oblique")
    values = 1000 * np.exp(-((np.linalg.norm(world - middle, axis=-1) / 2.0) ** 2) / 2)  # radius 2.8 mm
    assert len(found("blobs", filled(image, values), smallest=2.0, largest=4.0, steps=4)) == 1
    assert len(found("blobs", filled(image, values), smallest=4.5, largest=8.0, steps=4)) == 0
    assert len(found("blobs", filled(image, values), smallest=1.0, largest=1.8, steps=4)) == 0


def test_blobs_at_the_ends_of_the_range_are_found() -> None:
    image, world, middle = empty("straight")
    values = 1000 * np.exp(-((np.linalg.norm(world - middle, axis=-1) / 2.0) ** 2) / 2)  # radius 2.83 mm
    for smallest, largest, steps in ((2.83, 5.0, 4), (1.4, 2.83, 4), (2.83, 2.83, 1)):
        points = found("blobs", filled(image, values), smallest=smallest, largest=largest, steps=steps)
        assert len(points) == 1 and points.radii[0] == pytest.approx(2.83, rel=0.03)
    laplacian, difference = (
        found("blobs", filled(image, values), smallest=2.0, largest=4.0, method=method).strengths[0]
        for method in ("log", "dog")
    )
    assert difference == pytest.approx(laplacian, rel=0.04)


def test_discs_are_found_in_the_slice_they_are_in() -> None:
    image, _, _ = empty("oblique", (5, 48, 40))
    y, x = np.mgrid[:48, :40]
    values = np.zeros((5, 48, 40))
    for z in (1, 2, 4):
        values[z] = np.clip(4 + 0.5 - np.hypot((x - 15 - z) * 0.8, (y - 24) * 0.6), 0, 1)
    points = found("blobs", filled(image, values), smallest=2.0, largest=6.0, dimension="slices", threshold=50.0)
    wanted = [image.TransformIndexToPhysicalPoint([15 + z, 24, z]) for z in (1, 2, 4)]
    which, far = nearest(points, wanted)
    assert len(points) == 3 and sorted(which) == [0, 1, 2] and far.max() < 0.2
    assert np.allclose(points.radii, 4.0, rtol=0.08)


def test_blobs_are_scikit_images() -> None:
    array = ndimage.gaussian_filter(np.random.default_rng(4).random((70, 80)), 3.0)
    array = (array - array.mean()) / array.std()
    sigmas = np.geomspace(2.0, 6.0, 9)
    twin = feature.blob_log(array, 2.0, 6.0, num_sigma=9, log_scale=True, threshold=0.6, overlap=1.0, exclude_border=12)
    radii = sigmas[[0, -1]] * np.sqrt(2)
    values = {"smallest": radii[0], "largest": radii[1], "steps": 9, "threshold": 0.0, "overlap": 100.0, "count": 999}
    image = sitk.GetImageFromArray(array)
    points = found("blobs", image, **values)
    inner = [(y, x, s) for y, x, s in twin if 2.0 < s < 6.0]
    assert len(inner) > 5
    for y, x, s in inner:
        far = np.linalg.norm(points.positions[:, :2] - (x, y), axis=1)
        assert far.min() < 1.0 and points.radii[far.argmin()] == pytest.approx(s * np.sqrt(2), rel=0.12)


@pytest.mark.parametrize("planar", [True, False])
def test_overlap_is_a_share_of_the_smaller_one(planar: bool) -> None:
    from pellucid.operations.engines.blobs import shared_part

    dimension = 2 if planar else 3
    generator = np.random.default_rng(5)
    for distance, first, second in (
        (1.0, 2.0, 1.5),
        (3.0, 2.0, 1.5),
        (0.2, 2.0, 1.0),
        (4.0, 2.0, 1.5),
        (1.0, 1.0, 1.0),
    ):
        less = min(first, second)
        other = max(first, second)
        places = generator.uniform(-less, less, (200000, dimension))
        inside = places[np.linalg.norm(places, axis=1) <= less]
        places = inside + np.eye(dimension)[0] * distance
        exact = (np.linalg.norm(places, axis=1) <= other).mean()
        part = shared_part(np.array([distance]), first, np.array([second]), dimension)
        assert part[0] == pytest.approx(exact, abs=0.01)


def test_of_overlapping_blobs_the_stronger_stays() -> None:
    image, world, middle = empty("straight")
    bodies = ((0.0, 4.0, 1000), (5.0, 2.0, 900))
    values = sum(
        height * np.clip(radius + 0.5 - np.linalg.norm(world - middle - (dx, 0, 0), axis=-1), 0, 1)
        for dx, radius, height in bodies
    )
    settings = {"smallest": 1.5, "largest": 5.0, "steps": 6, "threshold": 30.0}
    both = found("blobs", filled(image, values), **settings, overlap=60.0)
    one = found("blobs", filled(image, values), **settings, overlap=0.0)
    assert len(both) == 2 and len(one) == 1 and np.array_equal(one.positions[0], both.positions[0])
