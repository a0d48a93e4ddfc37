"""Smooth masks, skeletons, convex hulls, islands at places: against scipy, scikit-image and SimpleITK."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from scipy.spatial import Delaunay
from skimage.morphology import skeletonize

from operation_images import SPACING, blobs, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.seeds import parse_places, place_text


def run(id: str, mask: Any, **values: Any) -> Any:
    return pixels(get(id).run(Context(), mask, **values))


@pytest.mark.parametrize("shape", [(9, 30, 31), (1, 30, 31), (30, 31)], ids=str)
def test_a_gaussian_cut_at_one_half(shape: tuple[int, ...]) -> None:
    array = blobs(shape, share=0.5)
    spacing = SPACING[: len(shape)][::-1]
    blurred = ndimage.gaussian_filter(array.astype(float), [1.3 / s for s in spacing], mode="nearest", truncate=4)
    clear = np.abs(blurred - 0.5) > 1e-4
    assert np.array_equal(run("masks.smooth", on_grid(array), width=1.3)[clear], (blurred >= 0.5)[clear])


@pytest.mark.parametrize("width", [0.9, 2.6])
def test_the_median_is_what_most_of_the_ball_is(width: float) -> None:
    array = blobs((7, 22, 25), share=0.5)
    reach = [int(width / s + 1e-9) for s in reversed(SPACING)]
    offsets = np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij")
    ball = sum((o * s) ** 2 for o, s in zip(offsets, reversed(SPACING), strict=True)) <= width**2 * (1 + 1e-9)
    expected = ndimage.median_filter(array, footprint=ball, mode="nearest")
    assert np.array_equal(run("masks.smooth", on_grid(array), method="median", width=width), expected)


@pytest.mark.parametrize("shape", [(30, 31), (1, 30, 31), (12, 20, 21)], ids=str)
def test_the_skeleton_is_scikit_images(shape: tuple[int, ...]) -> None:
    array = ndimage.binary_opening(blobs(shape, share=0.6).squeeze()).astype(np.uint8).reshape(shape)
    expected = skeletonize(array.squeeze() != 0).reshape(array.shape)
    found = run("masks.skeleton", on_grid(array))
    assert np.array_equal(found, expected) and 0 < found.sum() < array.sum()
    assert not run("masks.skeleton", on_grid(np.zeros(shape, np.uint8))).any()


def test_the_hull_holds_what_a_triangulation_holds() -> None:
    generator = np.random.default_rng(3)
    array = np.zeros((9, 12, 14), np.uint8)
    points = np.stack([generator.integers(1, n - 1, 9) for n in array.shape], axis=1)
    array[tuple(points.T)] = 1
    grid = np.argwhere(np.ones_like(array)).astype(float)
    inside = Delaunay(points).find_simplex(grid, tol=1e-9).reshape(array.shape) >= 0
    found = run("masks.convex_hull", on_grid(array)) != 0
    assert np.array_equal(found, inside) and found[array > 0].all()
    assert np.array_equal(run("masks.convex_hull", on_grid(found.astype(np.uint8))) != 0, found)


def test_flat_thin_and_empty_masks_have_hulls() -> None:
    empty = np.zeros((5, 6, 7), np.uint8)
    assert not run("masks.convex_hull", on_grid(empty)).any()
    line = empty.copy()
    line[2, 1, 1] = line[2, 4, 4] = 1
    found = run("masks.convex_hull", on_grid(line))
    assert found.sum() == 4 and all(found[2, n, n] for n in range(1, 5))
    plate = empty.copy()
    plate[1, 1, 1] = plate[1, 1, 5] = plate[1, 4, 1] = 1
    found = run("masks.convex_hull", on_grid(plate))
    assert not np.delete(found, 1, axis=0).any() and found[1].sum() == 5 + 3 + 2 + 1
    upright = empty.copy()
    upright[0, 3, 3] = upright[4, 3, 3] = 1
    assert np.array_equal(np.argwhere(run("masks.convex_hull", on_grid(upright))), [[z, 3, 3] for z in range(5)])
    slices = run("masks.convex_hull", on_grid(plate | upright), by_slice=True)
    assert slices[2].sum() == 0 and slices[0].sum() == 1


def test_islands_at_places() -> None:
    array = np.zeros((4, 12, 12), np.uint8)
    array[1, 1:4, 1:4] = array[2, 6:9, 6:9] = array[3, 10:12, 0:2] = 1
    mask = on_grid(array, "oblique")
    places = [mask.TransformIndexToPhysicalPoint(index) for index in ((2, 2, 1), (7, 7, 2), (5, 5, 0))]
    text = place_text(tuple(places))
    kept = run("masks.islands_at", mask, places=text)
    assert kept[1].sum() == 9 and kept[2].sum() == 9 and kept[3].sum() == 0
    others = run("masks.islands_at", mask, places=text, keep="others")
    assert np.array_equal(kept + others, array)


@pytest.mark.parametrize(("text", "words"), [("", "at least one seed"), ("1 2", "no place"), ("a b c", "no place"),
                                             ("1 2 nan", "no place"), ("9999 0 0", "inside the image")])  # fmt: skip
def test_bad_places_are_said(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        run("masks.islands_at", on_grid(np.ones((3, 4, 5), np.uint8)), places=text)


def test_places_are_written_as_they_are_read() -> None:
    places = ((1.5, -2.25, 0.0), (1000.125, 3.0, -4.0))
    assert place_text(places) == "1.5 -2.25 0; 1000.125 3 -4" and parse_places(place_text(places)) == places


def test_exclusive_or_is_simpleitks() -> None:
    one, two = (on_grid(blobs((4, 9, 9), seed=seed)) for seed in (1, 5))
    assert np.array_equal(pixels(get("masks.xor").run(Context(), one, two)), pixels(sitk.Xor(one, two)))
