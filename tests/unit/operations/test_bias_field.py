"""N4 against fields that are known, and against SimpleITK's own call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import SPACING, blobs, on_grid, pixels
from pellucid.operations import Cancelled, Context, Refused, get
from pellucid.operations.bias_field import every_nth, in_planes, weighed

FEW = {"levels": 1, "iterations": 4, "shrink": 2}


def run(*images: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get("normalise.n4").run(context or Context(), *images, **values))


def shaded(shape: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """Return two tissues in air, the same under a smooth field, and the field."""
    places = np.meshgrid(*(np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in shape), indexing="ij")
    head = sum(place**2 for place in places) < 0.8
    tissue = np.where(np.sin(7 * places[-1]) * np.sin(6 * places[-2]) > 0, 200.0, 100.0)
    flat = np.where(head, tissue, 0) + np.random.default_rng(2).normal(3, 1, shape)
    field = np.exp(0.3 * places[-1] - 0.2 * places[-2] ** 2)
    return flat, flat * field, field


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(12, 40, 42), (1, 60, 62), (60, 62)], ids=str)
def test_a_known_field_is_found(shape: tuple[int, ...], dtype: str) -> None:
    flat, bent, field = shaded(shape)
    image = on_grid(bent.astype(dtype))
    found = run(image, levels=2, iterations=12, shrink=2, result="field")
    tissue = flat > 50
    error = np.log(found / field)[tissue]
    assert error.std() < 0.35 * np.log(field)[tissue].std()  # most of the shading is gone
    corrected = run(image, levels=2, iterations=12, shrink=2)
    np.testing.assert_allclose(corrected, bent.astype(dtype) / found, rtol=1e-5)


def test_with_every_voxel_it_is_simpleitks() -> None:
    _, bent, _ = shaded((9, 20, 22))
    image, mask = on_grid(bent.astype(np.float32)), on_grid(blobs(bent.shape))
    filter = sitk.N4BiasFieldCorrectionImageFilter()
    filter.SetMaximumNumberOfIterations([5, 5])
    twin = filter.Execute(image, mask)
    ours = run(image, mask, levels=2, iterations=5, shrink=1)
    np.testing.assert_allclose(ours, pixels(twin), rtol=2e-5)


def test_planes_and_one_slice_are_the_same() -> None:
    _, bent, _ = shaded((30, 32))
    thick = run(on_grid(bent[np.newaxis]), **FEW)
    np.testing.assert_array_equal(thick[0], run(on_grid(bent), **FEW))


def test_the_coarse_grid_is_even_in_mm_and_never_too_small() -> None:
    cuts = every_nth((30, 102, 103), SPACING, 4)
    assert [cut.step for cut in cuts] == [1, 3, 4]  # 2.5, 0.9 and 0.7 mm
    assert [cut.step for cut in every_nth((7, 16, 400), (1, 1, 1), 32)] == [1, 2, 32]
    for size, cut in zip((30, 102, 103), cuts, strict=True):
        kept = np.arange(size)[cut]
        assert abs(kept[0] - (size - 1 - kept[-1])) <= 1  # centred


def test_a_smooth_field_survives_the_coarse_grid() -> None:
    shape = (16, 50, 61)
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    field = 0.4 * x**3 - 0.3 * y * z + 0.2 * np.sin(2 * y)
    cuts = every_nth(shape, (1, 1, 1), 4)
    planes, weights = in_planes(field[cuts], cuts, shape)
    found = np.stack([weighed(planes, one) for one in weights])
    assert np.abs(found - field).max() < 2e-3


def test_nan_and_negative_values_are_not_used() -> None:
    _, bent, _ = shaded((8, 20, 22))
    mask = on_grid((bent > 30).astype(np.uint8))
    clean = run(on_grid(bent), mask, **FEW, result="field")
    dirty = bent.copy()
    dirty[:, :2, :2], dirty[:, -2:, -2:], dirty[0, 0, 5] = np.nan, -1000, np.inf
    result = run(on_grid(dirty), on_grid((bent > 30).astype(np.uint8)), **FEW, result="field")
    np.testing.assert_array_equal(result, clean)
    assert np.isnan(run(on_grid(dirty), mask, **FEW)[:, :2, :2]).all()


@pytest.mark.parametrize("array", [np.zeros((5, 6, 7), np.int16), np.full((5, 6, 7), -3.0)])
def test_an_image_without_signal_is_refused(array: Any) -> None:
    with pytest.raises(Refused, match="above 0"):
        run(on_grid(array), on_grid(np.ones(array.shape, np.uint8)))
    with pytest.raises(Refused, match="above 0"):
        run(on_grid(array))


def test_it_stops_at_the_next_iteration_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[float] = []
    context = Context(progress=said.append, cancelled=lambda: bool(said) and said[-1] > 0.1)
    with pytest.raises(Cancelled):
        run(on_grid(shaded((12, 40, 42))[1]), context=context, levels=3, iterations=100, shrink=1)
    assert max(said) < 0.3 and capfd.readouterr() == ("", "")
