"""Voxels outside the scanned field neither bleed into the image nor are changed (hazard H16)."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_cases import CASES
from operation_images import inputs_of, label_blobs, on_grid
from pellucid.operations.context import Cancelled, Context
from pellucid.operations.operation import get, registry
from pellucid.operations.padding import filled, lowest_valid, restore
from pellucid.operations.preview import preview_slice, whole

pytestmark = pytest.mark.hazard("H16")

PADDING = (-3024.0, -2000.0)


def scan() -> tuple[np.ndarray, np.ndarray]:
    """Return a round field of view in padding, and where the padding is."""
    z, y, x = np.indices((7, 30, 32))
    outside = (y - 14.5) ** 2 + (x - 15.5) ** 2 > 13**2
    values = np.random.default_rng(3).integers(-1000, 400, z.shape).astype(np.int16)
    values[outside] = -3024
    return values, outside


def run(name: str, array: np.ndarray, **values: object) -> np.ndarray:
    result = get(name).run(Context(padding=PADDING), on_grid(array, spacing=(1.0, 1.0, 1.0)), **values)
    return sitk.GetArrayFromImage(result)


@pytest.mark.parametrize("name", ["smoothing.gaussian", "smoothing.mean", "smoothing.median"])
def test_smoothing_leaves_padding_alone_and_keeps_it_out(name):
    array, outside = scan()
    made = run(name, array)
    assert (made[outside] == -3024).all()
    assert made[~outside].min() >= array[~outside].min()


def test_gaussian_equals_scipy_on_the_filled_image():
    array, outside = scan()
    full = np.where(outside, array[~outside].min(), array).astype(float)
    expected = ndimage.gaussian_filter(full, 1.5, mode="nearest", truncate=4)
    assert np.abs(run("smoothing.gaussian", array, sigma=1.5) - expected)[~outside].max() <= 1


def test_rescale_takes_its_range_from_the_scanned_field():
    array, outside = scan()
    made = run("intensity.rescale", array, minimum=0.0, maximum=1.0)
    low, high = array[~outside].min(), array[~outside].max()
    assert np.allclose(made[~outside], (array[~outside] - low) / (high - low), atol=1e-5)


def answers(name, lowest):
    """Return what an operation makes of the scanned field where padding has a value, and what it finds in places."""
    operation, (array, outside) = get(name), scan()
    further = on_grid(np.random.default_rng(4).integers(-1000, 400, array.shape).astype(np.int16))
    array[outside] = lowest
    marks = {"mask": outside.astype(np.uint8), "labels": label_blobs(array.shape)}
    given = [on_grid(marks[kind]) if kind in marks else further for kind in operation.inputs[1:]]
    result = operation.run(Context(padding=PADDING), on_grid(array), *given, **CASES[name].values)
    if operation.output == "points":
        return result.positions
    if operation.output == "table":
        return np.array([entry.value for entry in result.entries])
    return sitk.GetArrayFromImage(result)[~outside]


@pytest.mark.parametrize(
    "name",
    sorted(n for n, o in registry().items() if o.inputs[0] == "image" and o.same_grid and CASES[n].colour != "needed"),
)
def test_it_does_not_matter_how_low_padding_is(name):
    deep, deeper = answers(name, -2100), answers(name, -3000)
    assert deep.shape == deeper.shape and np.array_equal(deep, deeper, equal_nan=True)


@pytest.mark.parametrize("name", sorted(n for n, o in registry().items() if o.output == "image" and o.same_grid))
def test_preview_with_padding_equals_the_whole(name):
    array, outside = scan()
    colour, values = CASES[name].colour == "needed", CASES[name].values
    image = on_grid(np.stack([array] * 3, axis=-1) if colour else array, colour=colour)
    images, context = inputs_of(get(name), image, on_grid(outside.astype(np.uint8))), Context(padding=PADDING)
    whole = sitk.GetArrayFromImage(get(name).run(context, *images, **values))
    for axis, index in ((2, 3), (1, 15), (0, 16)):
        shown, expected = preview_slice(get(name), images, axis, index, values, context), whole.take(index, 2 - axis)
        assert np.allclose(shown, expected, atol=1.01 if whole.dtype.kind in "iu" else 2e-2, equal_nan=True)


def test_an_image_without_padding_voxels_is_untouched_by_the_rule():
    array = np.random.default_rng(0).integers(-1000, 400, (5, 9, 9)).astype(np.int16)
    plain = sitk.GetArrayFromImage(get("smoothing.gaussian").run(Context(), on_grid(array)))
    ruled = sitk.GetArrayFromImage(get("smoothing.gaussian").run(Context(padding=PADDING), on_grid(array)))
    assert np.array_equal(plain, ruled)


def test_filling_and_restoring_stop_when_told_to():
    array, _outside = scan()
    image, stopped = on_grid(array), Context(padding=PADDING, cancelled=lambda: True)
    for work in (
        lambda: lowest_valid(image, PADDING, stopped),
        lambda: filled(image, PADDING, -1000, stopped),
        lambda: restore(image, image, PADDING, stopped),
    ):
        with pytest.raises(Cancelled):
            work()


def test_what_is_kept_for_previews_holds_for_one_padding_only():
    array, _outside = scan()
    image, values = on_grid(array), CASES["features.blobs"].values
    for context in (Context(), Context(padding=PADDING)):
        found = whole(get("features.blobs"), (image,), values, context)
        assert np.array_equal(found.positions, get("features.blobs").run(context, image, **values).positions)
    for context in (Context(), Context(padding=PADDING)):
        shown = preview_slice(get("intensity.rescale"), image, 2, 3, {}, context)
        assert np.allclose(shown, sitk.GetArrayFromImage(get("intensity.rescale").run(context, image))[3], atol=1e-5)
