"""A previewed slice is the slice of the whole answer."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from operation_cases import CASES
from operation_images import DIRECTIONS, noise, on_grid, pixels, sample
from pellucid.operations import Cancelled, Context, Refused, get, registry
from pellucid.operations import preview as preview_module
from pellucid.operations.declaration import VOXELS
from pellucid.operations.preview import preview_slice

SAME_GRID = [id for id, one in registry().items() if one.same_grid and one.output in VOXELS]
VARIANTS = [(id, values) for id in SAME_GRID for values in (CASES[id].values, *CASES[id].variants)]
SHAPE = (14, 30, 33)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("id", "values"), VARIANTS, ids=lambda value: value if isinstance(value, str) else "")
def test_slices_equal_the_whole(id: str, values: dict[str, Any], direction: str) -> None:
    operation = get(id)
    inputs = sample(operation, SHAPE, direction=direction, colour=3 if CASES[id].colour == "needed" else 0)
    whole = pixels(operation.run(Context(), *inputs, **values))
    span = float(np.ptp(np.nan_to_num(whole.astype(float))))
    for axis, index in ((0, 0), (0, 16), (1, 29), (1, 11), (2, 0), (2, 7), (2, 13)):
        part = preview_slice(operation, inputs, axis, index, values)
        expected = whole.take(index, 2 - axis)
        assert part.shape == expected.shape and part.dtype == expected.dtype
        assert np.array_equal(np.isnan(part), np.isnan(expected))
        part, expected = np.nan_to_num(part), np.nan_to_num(expected)
        # whole numbers computed in another order may fall on the other side of a half: one level at most
        rounding = 1 if CASES[id].slab and part.dtype.kind in "iu" else 0
        assert np.abs(part.astype(float) - expected).max() <= CASES[id].slab * span + rounding
        assert np.mean(part != expected) < 0.02 or part.dtype.kind == "f"


@pytest.mark.parametrize("shape", [(9, 8), (1, 9, 8), (2, 9, 8), (9, 8, 3), (3, 9, 8, 3)], ids=str)
@pytest.mark.parametrize("id", [id for id in SAME_GRID if get(id).output == "image" and get(id).inputs[0] == "image"])
def test_planes_thin_volumes_and_colour(id: str, shape: tuple[int, ...]) -> None:
    operation, case = get(id), CASES[id]
    colour = shape[-1] == 3
    inputs = sample(operation, shape[:-1] if colour else shape, "uint8", colour=3 if colour else 0)
    try:
        whole = pixels(operation.run(Context(), *inputs, **case.values))
    except Refused:
        assert case.refused or case.colour == ("refused" if colour else "needed")
        return
    whole = whole[np.newaxis] if inputs[0].GetDimension() == 2 else whole
    part = preview_slice(operation, inputs, 2, 0, case.values)
    assert np.array_equal(np.isnan(part), np.isnan(whole[0]))
    part, whole = np.nan_to_num(part), np.nan_to_num(whole)
    span = float(np.ptp(whole.astype(float)))
    assert part.shape == whole[0].shape and np.abs(part.astype(float) - whole[0]).max() <= 1 + case.slab * span


def test_a_global_result_is_computed_once_for_the_same_image(monkeypatch: pytest.MonkeyPatch) -> None:
    for id, name in (("threshold.otsu", "preparation"), ("masks.keep_largest", "function")):
        calls: list[int] = []
        plain = getattr(get(id), name)

        def counting(*images: Any, plain: Any = plain, calls: list[int] = calls, **values: Any) -> Any:
            calls.append(1)
            return plain(*images, **values)

        operation = replace(get(id), **{name: counting})
        image = on_grid(noise((5, 6, 7)))
        for index in range(5):
            preview_slice(operation, image, 2, index, {})
        assert len(calls) == 1
        other = on_grid(noise((5, 6, 7), seed=4))
        preview_slice(operation, other, 2, 0, {})
        assert len(calls) == 2


def test_what_was_learned_dies_with_the_image() -> None:
    gc.collect()
    before = len(preview_module._LEARNED)
    image = on_grid(noise((5, 6, 7)))
    preview_slice(get("intensity.invert"), image, 2, 0, {})
    assert image is not None
    del image
    gc.collect()
    assert len(preview_module._LEARNED) <= before


def test_refusals_and_cancel() -> None:
    image = on_grid(noise((5, 6, 7)))
    with pytest.raises(Refused, match="changes the grid"):
        preview_slice(get("geometry.resample"), image, 2, 0, {})
    with pytest.raises(Refused, match="must be a number"):
        preview_slice(get("smoothing.gaussian"), image, 2, 0, {"sigma": -1})
    with pytest.raises(Refused, match="1 were given"):
        preview_slice(get("masks.union"), image, 2, 0, {})
    with pytest.raises(Cancelled):
        preview_slice(get("smoothing.gaussian"), image, 2, 0, {}, Context(cancelled=lambda: True))
