"""Equalisation inside a mask, and CLAHE against its definition, voxel by voxel, and scikit-image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from skimage import exposure

from operation_images import PIXEL_TYPES, blobs, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

PADDING = (-3024.0, -2000.0)


def run(id: str, *images: Any, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(f"intensity.{id}").run(context or Context(), *images, **values))


@pytest.mark.parametrize("dtype", PIXEL_TYPES[:8])
def test_equalise_counts_the_mask_only(dtype: str) -> None:
    array, mask = noise((6, 20, 20), dtype), blobs((6, 20, 20))
    mask[array < array.mean() * 0.5] = 0
    inside = array[mask > 0]
    low, high = float(inside.min()), float(inside.max())
    below = np.searchsorted(np.sort(inside), array.clip(inside.min(), inside.max()), side="right")
    first = np.count_nonzero(inside == inside.min())
    exact = low + (high - low) * (below - first) / (inside.size - first)
    result = run("equalize", on_grid(array), on_grid(mask))
    assert np.abs(result - exact).max() <= 0.5 + 1e-6


def test_equalised_floats_inside_a_mask_are_scikit_images() -> None:
    array, mask = noise((6, 30, 30), "float32"), blobs((6, 30, 30))
    result = run("equalize", on_grid(array), on_grid(mask))
    inside = array[mask > 0]
    twin = exposure.equalize_hist(array.astype(float), nbins=65536, mask=mask > 0)
    share = (result - inside.min()) / np.ptp(inside)
    assert np.abs(share - twin)[mask > 0].max() < 2e-3  # scikit-image looks at the centres of bins
    with pytest.raises(Refused, match="no value to count"):
        run("equalize", on_grid(array), on_grid(mask * 0))


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_equalise_does_not_count_padding(dtype: str) -> None:
    array = noise((5, 12, 13), dtype)
    alone = array.copy()
    array[:, :5, :6] = -3024
    valid = array != -3024
    result = run("equalize", on_grid(array), context=Context(padding=PADDING))
    twin = run("equalize", on_grid(alone[valid].reshape(1, 1, -1)))
    np.testing.assert_array_equal(result[valid], twin.ravel())


def by_definition(values: Any, low: float, high: float, cuts: Any, limit: float, bins: int) -> Any:
    """Return one slice equalised pixel by pixel, with the histograms of the tiles written out."""
    share = (values.astype(float) - low) / (high - low)
    curves = {}
    for i, rows in enumerate(cuts[0]):
        for j, columns in enumerate(cuts[1]):
            part = share[slice(*rows), slice(*columns)].ravel()
            counts = np.histogram(part, bins, (0, 1))[0].astype(float)
            ceiling = limit * part.size / bins
            excess = sum(max(count - ceiling, 0) for count in counts)
            kept = [min(count, ceiling) + excess / bins for count in counts]
            curves[i, j] = np.concatenate([[0], np.cumsum(kept)]) / part.size
    centres = [[(a + b - 1) / 2 for a, b in one] for one in cuts]
    made = np.zeros(values.shape)
    for y, x in np.ndindex(*values.shape):
        near = [np.interp(place, one, range(len(one))) for place, one in zip((y, x), centres, strict=True)]
        for i, j in curves:
            weight = max(0, 1 - abs(near[0] - i)) * max(0, 1 - abs(near[1] - j))
            if weight:
                made[y, x] += weight * np.interp(share[y, x], np.linspace(0, 1, bins + 1), curves[i, j])
    return low + (high - low) * made


@pytest.mark.parametrize("limit", [1.0, 2.5, 1e6])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32", "float64"])
def test_clahe_is_its_definition(dtype: str, limit: float) -> None:
    array = noise((2, 24, 30), dtype)
    cuts = [[(0, 8), (8, 16), (16, 24)], [(0, 10), (10, 20), (20, 30)]]
    result = run("clahe", on_grid(array, "oblique", spacing=(2.0, 2.5, 7.0)), tile=20.0, limit=limit, bins=37)
    low, high = float(array.min()), float(array.max())
    for made, values in zip(result, array, strict=True):
        exact = by_definition(values, low, high, cuts, limit, 37)
        assert np.abs(made - exact).max() <= (0.5 + 1e-6 if array.dtype.kind in "iu" else (high - low) * 1e-6)


def test_clahe_is_alike_to_scikit_images() -> None:
    array = noise((160, 160), "uint16")
    array[:, 80:] //= 4
    twin = exposure.equalize_adapthist(array, kernel_size=40, clip_limit=5.0 / 256, nbins=256)
    result = run("clahe", on_grid(array, spacing=(1.0, 1.0)), tile=40.0, limit=5.0, bins=256)
    assert np.corrcoef(twin.ravel(), result.ravel())[0, 1] > 0.99


def test_clahe_of_one_tile_without_a_limit_is_plain_equalisation() -> None:
    array = noise((1, 30, 40), "uint8")
    result = run("clahe", on_grid(array), tile=1e6, limit=1e6, bins=256)
    counts = np.bincount(array.ravel(), minlength=256)
    share = np.cumsum(counts) / array.size
    low, span = int(array.min()), int(np.ptp(array))
    scaled = (array.astype(float) - low) / span * 256
    edges = np.concatenate([[0.0], np.cumsum(np.histogram(scaled, 256, (0, 256))[0]) / array.size])
    assert np.abs(result - (low + span * np.interp(scaled, np.arange(257), edges))).max() <= 0.5 + 1e-9
    assert share[-1] == 1 and result.max() == array.max()


def test_clahe_by_default_has_eight_tiles_along_the_longer_side() -> None:
    array = noise((1, 16, 32), "float32")
    image = on_grid(array, spacing=(1.0, 1.0, 1.0))
    assert np.array_equal(run("clahe", image), run("clahe", image, tile=4.0))
    assert not np.array_equal(run("clahe", image), run("clahe", image, tile=8.0))


def test_clahe_keeps_the_hue_of_colours() -> None:
    array = noise((20, 24, 3), "float32") + 1001
    result = run("clahe", on_grid(array, spacing=(1, 1), colour=True), tile=10.0, bins=50)
    cuts = [[(0, 10), (10, 20)], [(0, 12), (12, 24)]]
    exact = by_definition(array.max(-1), float(array.min()), float(array.max()), cuts, 3.0, 50)
    np.testing.assert_allclose(result.max(-1), exact, rtol=1e-5)
    np.testing.assert_allclose(result / result.max(-1, keepdims=True), array / array.max(-1, keepdims=True), rtol=1e-4)
    assert not np.allclose(result, array)
    black = run("clahe", on_grid(np.zeros((6, 7, 3), np.uint8), colour=True))
    assert (black == 0).all()


def test_clahe_does_not_count_nan_and_keeps_it() -> None:
    array = noise((2, 24, 30), "float32")
    low = array.min()
    array[0, 3, 4] = np.nan
    result = run("clahe", on_grid(array), tile=5.0)
    assert np.isnan(result[0, 3, 4]) and np.count_nonzero(np.isnan(result)) == 1
    array[0, 3, 4] = low
    other = run("clahe", on_grid(array), tile=5.0)
    near = np.abs(result[0] - other[0])
    assert np.nanmax(near) > 0 and np.array_equal(result[1], other[1])
