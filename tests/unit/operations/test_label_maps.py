"""Label maps: split, number anew, turn into masks and images, smooth, resample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage
from skimage.segmentation import relabel_sequential

from operation_images import SPACING, blobs, label_blobs, on_grid, pixels
from pellucid.operations import Context, Refused, get

SHAPE = (7, 21, 23)


def run(id: str, *images: Any, **values: Any) -> Any:
    return pixels(get(id).run(Context(), *images, **values))


@pytest.mark.parametrize("connectivity", ["faces", "corners"])
def test_splitting_is_simpleitks(connectivity: str) -> None:
    mask = on_grid(blobs(SHAPE, share=0.2))
    parts = sitk.RelabelComponent(sitk.ConnectedComponent(mask, connectivity == "corners"))
    found, expected = run("labels.split", mask, connectivity=connectivity), pixels(parts)
    assert found.max() == expected.max()
    assert np.array_equal(np.bincount(found.ravel()), np.bincount(expected.ravel()))
    pairs = np.unique(np.stack([found.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == found.max() + 1, "each part is one part of the other"


def test_too_many_parts_are_refused() -> None:
    checks = np.indices((64, 64, 64)).sum(axis=0) % 2
    with pytest.raises(Refused, match="65535"):
        run("labels.split", on_grid(checks.astype(np.uint8)))


def test_relabelling() -> None:
    array = label_blobs(SHAPE).astype(np.uint16) * 7
    found = run("labels.relabel", on_grid(array), order="value")
    assert np.array_equal(found, relabel_sequential(array.astype(int))[0])
    by_size = run("labels.relabel", on_grid(array))
    sizes = np.bincount(by_size.ravel())[1:]
    assert np.all(np.diff(sizes) <= 0) and np.array_equal(by_size != 0, array != 0)
    voxel = np.prod(SPACING)
    least = np.sort(np.bincount(array.ravel())[7::7])[2]
    for unit, minimum in (("voxels", float(least)), ("mm3", float(least * voxel))):
        kept = run("labels.relabel", on_grid(array), minimum=minimum, unit=unit)
        assert kept.max() == 3 and np.bincount(kept.ravel())[1:].min() == least


def test_labels_as_masks_and_back() -> None:
    array = label_blobs(SHAPE)
    labels = on_grid(array)
    assert np.array_equal(run("labels.to_mask", labels), array != 0)
    assert np.array_equal(run("labels.to_mask", labels, values="2, 4-5"), np.isin(array, (2, 4, 5)))
    assert np.array_equal(run("labels.to_image", labels), array)
    masks = [on_grid((array == value).astype(np.uint8)) for value in range(1, 6)]
    assert np.array_equal(run("labels.from_masks", *masks), array)
    both = run("labels.from_masks", on_grid((array > 0).astype(np.uint8)), masks[2])
    assert np.array_equal(both, array > 0), "the earlier mask stays"


@pytest.mark.parametrize("text", ["x", "0", "3-1", "1,,b", "70000", "-2"])
def test_what_is_no_label_is_said(text: str) -> None:
    with pytest.raises(Refused, match="names no label"):
        run("labels.to_mask", on_grid(label_blobs(SHAPE)), values=text)


def test_labels_hold_whole_numbers_only() -> None:
    for array, words in ((np.full((3, 4), 0.5, np.float32), "whole numbers"), (np.full((3, 4), -1, np.int16), "0 to"),
                         (np.full((3, 4), 70_000, np.int32), "0 to")):  # fmt: skip
        with pytest.raises(Refused, match=words):
            run("labels.to_mask", on_grid(array))


def test_smoothing_gives_each_voxel_to_the_largest_share() -> None:
    array = np.zeros(SHAPE, np.uint8)
    array[:, 3:18, 2:11], array[:, 3:18, 11:21] = 1, 2
    array[3, 9, 9] = 2
    sigmas = [1.4 / s for s in reversed(SPACING)]
    shares = [ndimage.gaussian_filter((array == v).astype(float), sigmas, mode="nearest", truncate=4) for v in range(3)]
    found = run("labels.smooth", on_grid(array), sigma=1.4)
    clear = np.diff(np.sort(shares, axis=0), axis=0)[-1] > 1e-4
    assert np.array_equal(found[clear], np.argmax(shares, axis=0)[clear])
    assert found[3, 9, 9] == 1, "a stray voxel joins its surroundings"
    assert np.array_equal(run("labels.smooth", on_grid(array), sigma=0.0), array)


@pytest.mark.parametrize("shape", [SHAPE, (21, 23)], ids=str)
@pytest.mark.parametrize("how", ["nearest", "label_gaussian"])
def test_resampled_labels_are_labels_and_cover_the_same_space(how: str, shape: tuple[int, ...]) -> None:
    labels = on_grid(label_blobs(shape), "oblique" if len(shape) == 3 else "straight")
    made = get("labels.resample").run(Context(), labels, spacing_x=1.4, spacing_y=1.4, spacing_z=1.4, interpolation=how)
    size = [int(n * s / 1.4 + 0.5) for n, s in zip(labels.GetSize(), labels.GetSpacing(), strict=True)]
    assert list(made.GetSize()) == size and made.GetDirection() == labels.GetDirection()
    middle = [np.array(one.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in one.GetSize()]))
              for one in (labels, made)]  # fmt: skip
    assert np.allclose(*middle, atol=1e-9) and set(np.unique(pixels(made))) <= set(range(6))
    twin = sitk.Resample(labels, made, sitk.Transform(), {"nearest": sitk.sitkNearestNeighbor,
                                                          "label_gaussian": sitk.sitkLabelGaussian}[how])  # fmt: skip
    assert np.array_equal(pixels(made), pixels(twin))


def test_labels_move_onto_the_grid_of_an_image() -> None:
    labels = on_grid(label_blobs(SHAPE))
    other = on_grid(np.zeros((5, 9, 9), np.float32), "oblique", (1.5, 1.5, 2.0))
    made = get("labels.resample_to_image").run(Context(), labels, other)
    assert made.GetSpacing() == other.GetSpacing() and made.GetOrigin() == other.GetOrigin()
    twin = sitk.Resample(labels, other, sitk.Transform(), sitk.sitkNearestNeighbor)
    assert np.array_equal(pixels(made), pixels(twin))
