"""Vessels, spread and entropy against scikit-image, numpy and phantoms whose answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from skimage import filters
from skimage.filters import rank

from operation_images import DIRECTIONS, PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

STEP = (0.8, 0.6, 1.5)


def run(id: str, image: sitk.Image, **values: Any) -> Any:
    return pixels(get(id).run(Context(), image, **values))


def places(shape: tuple[int, ...], direction: str) -> Any:
    """Return the place (z, y, x, 3) of every voxel in the world, in mm from the middle one."""
    steps = np.array(DIRECTIONS[direction]).reshape(3, 3) * np.array(STEP)
    index = np.stack(np.meshgrid(*(np.arange(n) - n // 2 for n in shape), indexing="ij"), axis=-1)
    return index[..., ::-1] @ steps.T


def smooth_noise(shape: tuple[int, ...]) -> Any:
    return filters.gaussian(noise(shape, "float64"), 1.5, preserve_range=True)


def tube(shape: tuple[int, ...], direction: str, along: Any, radius: float) -> Any:
    """Return how much of each voxel is in a tube through the middle, and how far (mm) its axis is."""
    place = places(shape, direction)
    unit = np.array(along) / np.linalg.norm(along)
    far = np.linalg.norm(place - (place @ unit)[..., None] * unit, axis=-1)
    return np.clip(radius + 0.5 - far, 0, 1), far


@pytest.mark.parametrize("shape", [(30, 32, 34), (60, 64)], ids=str)
@pytest.mark.parametrize("polarity", ["bright", "dark"])
def test_sato_is_scikit_images(polarity: str, shape: tuple[int, ...]) -> None:
    array = smooth_noise(shape)
    sigmas = np.array([2.0, 2.0 * 1.5])
    exact = filters.sato(array, sigmas, black_ridges=polarity == "dark")
    radii = sigmas * np.sqrt(2)
    values = {"smallest": radii[0], "largest": radii[1], "steps": 2, "polarity": polarity, "measure": "sato"}
    result = run("features.vesselness", on_grid(array, spacing=(1, 1, 1)), **values)
    far = (slice(13, -13),) * len(shape)  # its border is mirrored
    assert np.abs(result - exact)[far].max() <= 0.02 * exact[far].max()


@pytest.mark.parametrize("shape", [(30, 32, 34), (60, 64)], ids=str)
@pytest.mark.parametrize("polarity", ["bright", "dark"])
def test_frangi_is_scikit_images(polarity: str, shape: tuple[int, ...]) -> None:
    array = smooth_noise(shape)
    contrast = 0.01 * np.ptp(array)
    exact = filters.frangi(array, [2.0], gamma=contrast / 2.0**2, black_ridges=polarity == "dark")
    values = {"smallest": 2 * np.sqrt(2), "largest": 2 * np.sqrt(2), "contrast": 1.0, "polarity": polarity}
    result = run("features.vesselness", on_grid(array, spacing=(1, 1, 1)), **values)
    far = (slice(10, -10),) * len(shape)
    assert exact[far].max() > 0.1 and np.abs(result - exact)[far].max() <= 0.03 * exact[far].max()


@pytest.mark.parametrize("along", [(1, 0, 0), (0.2, 0.3, 1), (1, 1, -1)], ids=str)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_tube_answers_alike_however_it_lies_on_the_grid(direction: str, along: Any) -> None:
    body, far = tube((25, 49, 41), direction, along, 2.5)
    image = on_grid((1000 * body).astype(np.int16), direction, STEP)
    middle = (slice(9, -9), slice(16, -16), slice(14, -14))
    leaning = 0.75 if direction == "sheared" else 1.0  # there the Gaussian is not quite round
    for measure, expected in (("frangi", 0.78), ("sato", 300.0)):
        result = run("features.vesselness", image, smallest=2.5, largest=2.5, measure=measure, contrast=3.0)[middle]
        axis, outside = result[far[middle] < 0.7], result[far[middle] > 4.5]
        assert axis.min() > leaning * expected and axis.max() < 1.4 * axis.min()
        assert outside.max(initial=0) < 0.15 * axis.min()


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_parabola_has_its_principal_curvatures_on_every_grid(direction: str) -> None:
    turned = np.linalg.qr(np.random.default_rng(6).normal(size=(3, 3)))[0]
    along = places((25, 41, 35), direction) @ turned
    image = on_grid(-0.5 * (along**2 @ np.array([0.2, 3.0, 1.2])), direction, STEP)
    sigma = 1.5
    result = run("features.vesselness", image, smallest=sigma * 2**0.5, largest=sigma * 2**0.5, measure="sato")
    assert np.allclose(result[6:-6, 12:-12, 9:-9], sigma**2 * np.sqrt(3.0 * 1.2), rtol=1e-4)


def test_plates_and_balls_are_held_down() -> None:
    place = places((25, 49, 41), "oblique")
    body, _ = tube((25, 49, 41), "oblique", (1, 2, 3), 2.0)
    ball = np.clip(2.5 - np.linalg.norm(place, axis=-1), 0, 1)
    plate = np.clip(2.5 - np.abs(place @ np.array([0.6, 0.0, 0.8])), 0, 1)
    answers = [
        run("features.vesselness", on_grid(one.astype(np.float32), "oblique", STEP), smallest=2, largest=2)[12, 24, 20]
        for one in (body, plate, ball)
    ]
    assert answers[0] > 0.8 and max(answers[1:]) < 0.4


def test_frangi_does_not_depend_on_brightness_and_sato_is_in_its_unit() -> None:
    array = smooth_noise((20, 30, 30))
    image, other = on_grid(array), on_grid(7 * array - 300)
    for measure, factor in (("frangi", 1), ("sato", 7)):
        first = run("features.vesselness", image, measure=measure)
        assert np.allclose(run("features.vesselness", other, measure=measure), factor * first, rtol=1e-4, atol=1e-4)


def test_more_scales_never_answer_less_and_a_line_is_refused() -> None:
    image = on_grid(smooth_noise((20, 30, 30)))
    one = run("features.vesselness", image, smallest=1.0, largest=1.0)
    assert (run("features.vesselness", image, smallest=1.0, largest=3.0, steps=3) >= one).all()
    plane = on_grid(smooth_noise((20, 30)))
    assert np.array_equal(
        run("features.vesselness", on_grid(pixels(plane)[None]))[0], run("features.vesselness", plane)
    )
    with pytest.raises(Refused, match="two rows"):
        get("features.vesselness").run(Context(), on_grid(np.zeros((1, 1, 9), np.int16)))


def offsets_of(image: sitk.Image, shape: str, half: int, radius: float) -> list[tuple[int, int, int]]:
    """Return the neighbourhood, from the places of the voxels alone."""
    size = (*image.GetSize(), 1)[:3]
    spans = [range(-5, 6) if n > 1 else range(1) for n in reversed(size)]
    found = []
    origin = np.array(image.TransformContinuousIndexToPhysicalPoint([0.0] * image.GetDimension()))
    for z, y, x in ((z, y, x) for z in spans[0] for y in spans[1] for x in spans[2]):
        index = [float(k) for k in (x, y, z)[: image.GetDimension()]]
        far = np.linalg.norm(np.array(image.TransformContinuousIndexToPhysicalPoint(index)) - origin)
        if far <= radius + 1e-9 if shape == "ball" else max(abs(x), abs(y), abs(z)) <= half:
            found.append((z, y, x))
    return found


def windows(image: sitk.Image, **values: Any) -> Any:
    """Return the values around each voxel along a new last axis, the border repeated."""
    array = pixels(image)
    array = array if array.ndim == 3 else array[None]
    padded = np.pad(array, 5, mode="edge")
    z, y, x = array.shape
    return np.stack([padded[5 + dz : 5 + dz + z, 5 + dy : 5 + dy + y, 5 + dx : 5 + dx + x]
                     for dz, dy, dx in offsets_of(image, **values)], axis=-1)  # fmt: skip


WINDOWS = ({"shape": "box", "half": 1, "radius": 9.0}, {"shape": "ball", "half": 9, "radius": 3.2})


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_local_sd_is_numpys(dtype: str) -> None:
    image = on_grid(noise((6, 9, 10), dtype))
    for values in WINDOWS:
        exact = windows(image, **values).astype(np.float64).std(axis=-1)
        assert np.allclose(run("features.local_sd", image, **values), exact, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("shape", [(7, 9, 10), (1, 9, 10), (9, 10)], ids=str)
def test_local_sd_on_any_grid(shape: tuple[int, ...], direction: str) -> None:
    image = on_grid(noise(shape, "int16"), direction, (1.1, 0.8, 1.3))
    for values in ({"shape": "box", "half": 3, "radius": 0.0}, {"shape": "ball", "half": 1, "radius": 3.0}):
        exact = windows(image, **values).astype(np.float64).std(axis=-1)
        assert np.allclose(run("features.local_sd", image, **values).reshape(exact.shape), exact, rtol=1e-6)


@pytest.mark.parametrize("shape", ["box", "ball"])
def test_local_sd_is_sound_far_from_zero_and_where_nothing_changes(shape: str) -> None:
    spread = np.random.default_rng(3).normal(0, 1e-2, (6, 12, 14))
    image = on_grid(spread + 1e7)
    values = {"shape": shape, "half": 1, "radius": 2.6}
    exact = windows(image, **values).std(axis=-1)
    assert np.allclose(run("features.local_sd", image, **values), exact, rtol=1e-5)
    steps = np.where(np.arange(14) < 7, 0.1, 2e5) * np.ones((6, 12, 1))
    result = run("features.local_sd", on_grid(steps), **values)
    assert (result[:, :, :3] == 0).all() and (result[:, :, -3:] == 0).all() and result.max() > 5e4


def test_nan_reaches_as_far_as_the_neighbourhood() -> None:
    array = noise((7, 21, 22), "float32")
    array[3, 10, 11] = np.nan
    for values in WINDOWS:
        image = on_grid(array)
        exact = np.isnan(windows(image, **values)).any(axis=-1)
        assert np.array_equal(np.isnan(run("features.local_sd", image, **values)), exact)


def test_a_ball_over_the_whole_image_is_refused() -> None:
    for id in ("features.local_sd", "features.entropy"):
        with pytest.raises(Refused, match="voxels here"):
            get(id).run(Context(), on_grid(noise((4, 5, 6))), shape="ball", radius=100.0)


def entropy_by_counting(levels: Any) -> Any:
    """Return the entropy in bits along the last axis."""
    counts = np.stack([(levels == k).sum(axis=-1) for k in range(levels.max() + 1)])
    shares = counts / counts.sum(axis=0)
    return -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=0)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32"])
@pytest.mark.parametrize("levels", [2, 7, 32])
def test_entropy_is_that_of_counting(levels: int, dtype: str) -> None:
    array = noise((4, 7, 8), dtype)
    image = on_grid(array)
    edges = np.linspace(float(array.min()), float(array.max()), levels + 1)
    numbered = np.searchsorted(edges[1:-1], array.astype(float), side="right").astype(np.int16)
    binned = on_grid(numbered)
    for values in WINDOWS:
        exact = entropy_by_counting(windows(binned, **values))
        assert np.allclose(run("features.entropy", image, levels=levels, **values), exact, atol=1e-5)


def test_entropy_of_all_levels_is_scikit_images() -> None:
    array = np.random.default_rng(1).integers(0, 256, (30, 34)).astype(np.uint8)
    array[0, :2] = 0, 255
    result = run("features.entropy", on_grid(array), levels=256, half=2)
    twin = rank.entropy(array, np.ones((5, 5), np.uint8))
    assert np.allclose(result[2:-2, 2:-2], twin[2:-2, 2:-2], atol=1e-5)
    assert np.array_equal(run("features.entropy", on_grid(array[None]), levels=256, half=2)[0], result)


def test_entropy_of_one_value_is_nothing_and_nan_does_not_count() -> None:
    assert not run("features.entropy", on_grid(np.full((5, 6, 7), 12, np.int16))).any()
    array = np.zeros((1, 9, 9), np.float32)
    array[0, :, 5:] = 1
    array[0, 4, 4] = np.nan
    result = run("features.entropy", on_grid(array), half=1)
    share = np.array([5, 3]) / 8
    assert result[0, 4, 4] == pytest.approx(-(share * np.log2(share)).sum(), abs=1e-6)
    assert result[0, 4, 1] == 0 and not np.isnan(result).any()
