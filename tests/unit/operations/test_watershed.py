"""Watersheds against scikit-image, SimpleITK and phantoms whose number of objects is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage import segmentation

from operation_images import blobs, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.watershed import check_count


def run(id: str, *images: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(id).run(context or Context(), *images, **values))


def discs(centres: Any, radius: float, shape: tuple[int, ...], spacing: tuple[float, ...]) -> Any:
    """Return a mask of balls (mm) on a grid, and the number of the nearest centre."""
    places = np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, spacing[::-1], strict=True)), indexing="ij")
    far = [sum((p - c) ** 2 for p, c in zip(places, centre, strict=True)) for centre in centres]
    return (np.min(far, axis=0) <= radius**2).astype(np.uint8), np.argmin(far, axis=0)


def matches(found: Any, truth: Any, inside: Any) -> float:
    """Return the share of the inside where found labels are those of the truth but for their numbers."""
    numbers = [np.bincount(truth[found == k]).argmax() for k in range(1, found.max() + 1)]
    assert sorted(numbers) == sorted(set(truth[inside > 0].tolist()))
    return float(np.mean((np.array([-1, *numbers])[found] == truth)[inside > 0]))


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 1.5), (2.0, 0.7)])
def test_touching_discs_are_split_into_as_many_as_there_are(spacing: tuple[float, float]) -> None:
    centres = [(20, 20), (20, 38), (38, 38), (72, 25), (72, 45)]
    mask, truth = discs(centres, 10.5, (round(90 / spacing[1]), round(70 / spacing[0])), spacing)
    assert ndimage.label(mask)[1] == 2
    found = run("watershed.split_touching", on_grid(mask, spacing=spacing))
    assert found.max() == 5 and found.dtype == np.uint16 and matches(found, truth, mask) > 0.97
    assert np.array_equal(found > 0, mask > 0)


@pytest.mark.parametrize("direction", ["straight", "oblique"])
def test_touching_balls_on_an_anisotropic_grid(direction: str) -> None:
    spacing = (0.7, 0.9, 2.5)
    centres = [(15, 15, 14), (15, 15, 28), (15, 29, 20), (31, 17, 20)]
    mask, truth = discs(centres, 8.5, (18, 45, 60), spacing)
    found = run("watershed.split_touching", on_grid(mask, direction, spacing))
    assert ndimage.label(mask)[1] == 1 and found.max() == 4 and matches(found, truth, mask) > 0.96


def test_the_narrowing_says_which_necks_count() -> None:
    mask, _ = discs([(20, 20), (20, 32)], 10, (40, 52), (1, 1))  # the neck is 16 wide, the discs 20: 20 % narrower
    counts = {neck: run("watershed.split_touching", on_grid(mask, spacing=(1, 1)), neck=neck).max() for neck in (5, 40)}
    assert counts == {5: 2, 40: 1}


def test_middles_that_are_near_each_other_count_once() -> None:
    mask, _ = discs([(20, 20), (20, 36), (60, 20)], 10, (80, 60), (1, 1))
    image = on_grid(mask, spacing=(1, 1))
    assert [run("watershed.split_touching", image, distance=d).max() for d in (0, 10, 25)] == [3, 3, 2]


def test_ragged_borders_give_fewer_pieces_when_smoothed() -> None:
    mask = blobs((60, 70), seed=8, share=0.6)
    image = on_grid(mask, spacing=(1, 1))
    counts = [run("watershed.split_touching", image, neck=2.0, smoothing=s).max() for s in (0.0, 2.0)]
    assert counts[1] < counts[0] and counts[1] >= ndimage.label(mask)[1]
    assert np.array_equal(run("watershed.split_touching", image, smoothing=2.0) > 0, mask > 0)


@pytest.mark.parametrize("shape", [(40, 50), (1, 40, 50), (40, 1, 50), (12, 30, 31)])
def test_no_part_is_lost_or_joined_and_labels_go_by_size(shape: tuple[int, ...]) -> None:
    mask = blobs(shape, share=0.3)
    found = run("watershed.split_touching", on_grid(mask))
    islands, count = ndimage.label(mask)
    assert found.max() >= count and np.array_equal(found > 0, mask > 0)
    for label in range(1, int(found.max()) + 1):
        assert len(np.unique(islands[found == label])) == 1
    assert (np.diff(np.bincount(found.ravel())[1:]) <= 0).all()
    if mask.ndim == 2:
        assert np.array_equal(found, run("watershed.split_touching", on_grid(mask[np.newaxis]))[0])


def test_a_full_and_an_empty_mask() -> None:
    assert (run("watershed.split_touching", on_grid(np.ones((3, 4, 5), np.uint8))) == 1).all()
    assert not run("watershed.split_touching", on_grid(np.zeros((3, 4, 5), np.uint8))).any()


def marked(dtype: str = "int16") -> tuple[Any, Any, Any]:
    """Return two bright squares that touch a dark ground, markers in them and in the ground, and the truth."""
    truth = np.full((5, 30, 40), 9)
    truth[:, 5:20, 5:18], truth[:, 8:25, 22:36] = 3, 4
    array = (np.array([0, 0, 0, 100, 160, 0, 0, 0, 0, 20])[truth] + noise(truth.shape) / 400).astype(dtype)
    markers = np.zeros(truth.shape, np.uint8)
    markers[2, 10, 10], markers[2, 15, 28], markers[2, 2, 2] = 3, 4, 9
    return array, markers, truth


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_markers_grow_to_the_edges(dtype: str) -> None:
    array, markers, truth = marked(dtype)
    found = run("watershed.from_markers", on_grid(array), on_grid(markers), sigma=0.7)
    assert set(np.unique(found)) == {3, 4, 9} and np.mean(found == truth) > 0.95


def test_floods_are_those_of_scikit_image() -> None:
    smooth = ndimage.gaussian_filter(noise((9, 30, 32), "float32"), 2)
    markers = np.zeros(smooth.shape, np.int32)
    markers[tuple(np.random.default_rng(4).integers(0, (9, 30, 32), (6, 3)).T)] = np.arange(1, 7)
    for surface, sign in (("dark", 1), ("bright", -1)):
        images = on_grid(smooth), on_grid(markers.astype(np.uint16))
        found = run("watershed.from_markers", *images, surface=surface, sigma=0)
        assert np.mean(found == segmentation.watershed(sign * smooth, markers)) > 0.995


def test_a_mask_bounds_the_flood_and_parts_without_marker_stay_empty() -> None:
    array, markers, _ = marked()
    mask = np.zeros(array.shape, np.uint8)
    mask[:, 4:21, 4:38], mask[:, 26:29, 30:39] = 1, 1
    images = on_grid(array), on_grid(markers), on_grid(mask)
    found = run("watershed.from_markers", *images, sigma=0.7)
    assert not found[mask == 0].any() and not found[:, 26:29].any() and found[:, 4:21, 4:38].all()
    twin = segmentation.watershed(
        ndimage.gaussian_filter(array.astype(float), 0), np.where(mask > 0, markers, 0), mask=mask > 0
    )
    found = run("watershed.from_markers", *images, surface="dark", sigma=0)
    assert np.mean(found == twin) > 0.97


def test_nan_is_flooded_last_and_markers_are_needed() -> None:
    array, markers, _truth = marked("float32")
    array[3, 12, 12] = np.nan
    found = run("watershed.from_markers", on_grid(array), on_grid(markers), surface="bright", sigma=0)
    assert set(np.unique(found)) <= {3, 4, 9} and found[3, 12, 12] == 3
    with pytest.raises(Refused, match="no marker"):
        run("watershed.from_markers", on_grid(array), on_grid(markers * 0))


@pytest.mark.parametrize("shape", [(30, 40), (1, 30, 40), (8, 30, 40)])
def test_basins_are_those_of_the_valleys(shape: tuple[int, ...]) -> None:
    values = ndimage.gaussian_filter(noise(shape, "float32"), 2.5)
    span = float(np.ptp(values))
    found = run("watershed.basins", on_grid(values), surface="dark", sigma=0, depth=3.0)
    twin = pixels(sitk.MorphologicalWatershed(sitk.GetImageFromArray(values.squeeze()), 0.03 * span, False))
    joint = np.zeros((found.max() + 1, twin.max() + 1), int)
    np.add.at(joint, (found.ravel(), twin.ravel()), 1)
    assert found.max() > 1 and found.min() == 1 and joint.max(axis=1).sum() > 0.99 * found.size
    assert (np.diff(np.bincount(found.ravel())[1:]) <= 0).all()
    assert run("watershed.basins", on_grid(values), surface="dark", sigma=0, depth=100.0).max() == 1
    shallow = run("watershed.basins", on_grid(values), surface="dark", sigma=0, depth=0.0)
    assert shallow.max() >= found.max()


def test_too_many_objects_are_refused() -> None:
    check_count(65_535)
    dots = np.zeros((1040, 1040), np.uint8)
    dots[::4, ::4] = 1
    with pytest.raises(Refused, match="There are 67600 objects, more than the 65535 labels"):
        run("watershed.split_touching", on_grid(dots))
