"""Superpixels keep to edges, are in one piece, have the size asked for, and are like those of scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage import segmentation

from operation_images import blobs, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


def run(image: sitk.Image, mask: sitk.Image | None = None, **values: Any) -> Any:
    images = (image,) if mask is None else (image, mask)
    return pixels(get("clusters.slic").run(Context(), *images, **values))


def quilt(shape: tuple[int, ...], patch: int) -> tuple[Any, Any]:
    """Return patches of different values with a little noise, and the number of the patch."""
    cells = [np.arange(n) // patch for n in shape]
    sizes = [int(cell[-1]) + 1 for cell in cells]
    number = np.ravel_multi_index(np.meshgrid(*cells, indexing="ij"), sizes)
    values = np.random.default_rng(6).permutation(int(number.max()) + 1) * 10.0
    return values[number] + np.random.default_rng(7).normal(0, 1, shape), number


def purity(labels: Any, truth: Any) -> float:
    """Return the share of the voxels that lie with the patch most of their region lies in."""
    joint = np.zeros((int(labels.max()) + 1, int(truth.max()) + 1), int)
    np.add.at(joint, (labels.ravel(), truth.ravel()), 1)
    return float(joint.max(axis=1).sum() / truth.size)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_regions_keep_to_edges(dtype: str) -> None:
    array, number = quilt((60, 75), 15)
    labels = run(on_grid(array.clip(0, 255).astype(dtype), spacing=(1, 1)), size=7.0)
    twin = segmentation.slic(array.clip(0, 255), n_segments=90, compactness=0.1, channel_axis=None, start_label=1)
    assert purity(labels, number) > 0.97 and purity(labels, number) > purity(twin, number) - 0.02
    assert 40 <= labels.max() <= 130


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.9, 2.5), (2.0, 1.0, 0.5)])
def test_regions_have_the_size_in_mm_on_any_grid(spacing: tuple[float, ...]) -> None:
    shape = tuple(round(36 / step) for step in reversed(spacing))
    labels = run(on_grid(np.zeros(shape, np.int16), "oblique", spacing), size=9.0, compactness=20.0)
    sizes = np.bincount(labels.ravel())[1:] * np.prod(spacing)
    assert labels.max() == 64 and sizes == pytest.approx(np.full(64, 9.0**3), rel=0.45)


@pytest.mark.parametrize("shape", [(50, 60), (1, 50, 60), (10, 30, 30)])
def test_every_region_is_in_one_piece_and_numbers_have_no_gap(shape: tuple[int, ...]) -> None:
    smooth = ndimage.gaussian_filter(noise(shape, "float32"), 1.2)
    labels = run(on_grid(smooth, spacing=(1, 1, 1)[: len(shape)]), size=8.0, compactness=5.0)
    assert labels.min() == 1
    for label in range(1, int(labels.max()) + 1):
        assert ndimage.label(labels == label)[1] == 1


def test_inside_of_a_mask_only() -> None:
    array, _ = quilt((40, 50), 10)
    mask = ndimage.binary_closing(blobs((40, 50)), iterations=2).astype(np.uint8)
    labels = run(on_grid(array.astype(np.float32), spacing=(1, 1)), on_grid(mask, spacing=(1, 1)), size=6.0)
    assert not labels[mask == 0].any() and np.mean(labels[mask > 0] > 0) > 0.98
    assert set(np.unique(labels)) == set(range(int(labels.max()) + 1))


def test_colours_are_told_apart_that_are_equally_bright() -> None:
    _y, x = np.mgrid[0:40, 0:60]
    number = (x > 33).astype(int)
    colours = np.array([[200, 60, 60], [60, 130, 60]], np.uint8)[number]
    labels = run(on_grid(colours, colour=True, spacing=(1, 1)), size=9.0)
    assert purity(labels, number) > 0.99 and labels.max() > 10


def test_small_values_of_compactness_follow_edges_more_closely() -> None:
    array, number = quilt((60, 75), 13)
    image = on_grid(array.astype(np.float32), spacing=(1, 1))
    found = [purity(run(image, size=8.0, compactness=c), number) for c in (2.0, 500.0)]
    assert found[0] > found[1] + 0.02


def test_nan_does_no_harm_and_too_many_are_refused() -> None:
    array, number = quilt((40, 50), 10)
    array[3:6, 4:7] = np.nan
    labels = run(on_grid(array.astype(np.float32), spacing=(1, 1)), size=6.0)
    assert labels.min() == 1 and purity(labels[20:], number[20:]) > 0.95
    with pytest.raises(Refused, match="Choose a larger size"):
        run(on_grid(np.zeros((300, 300), np.uint8), spacing=(1, 1)), size=1.0)


def test_regions_are_as_wide_as_high_in_mm() -> None:
    values = ndimage.gaussian_filter(np.random.default_rng(1).random((40, 160)), (0.5, 2.0))
    labels = run(on_grid(values, spacing=(0.5, 2.0)), size=10.0, compactness=15.0)
    y, x = np.nonzero(labels)
    groups = [labels[y, x] == label for label in range(1, int(labels.max()) + 1)]
    high, wide = (np.mean([place[group].std() for group in groups]) for place in (y * 2.0, x * 0.5))
    assert high / wide == pytest.approx(1, abs=0.15)
