"""Union, intersection, difference, complement against sets."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from operation_images import blobs, on_grid, pixels
from pellucid.operations import Context, get

A, B = blobs((5, 8, 9), seed=1), blobs((5, 8, 9), seed=2)


@pytest.mark.parametrize(
    ("id", "expected"),
    [("masks.union", A | B), ("masks.intersection", A & B), ("masks.difference", A & (1 - B))],
)
def test_two_masks(id: str, expected: np.ndarray) -> None:
    assert np.array_equal(pixels(get(id).run(Context(), on_grid(A), on_grid(B))), expected)
    mixed = get(id).run(Context(), on_grid(A * 255), on_grid(B.astype(np.float32) * 3))
    assert np.array_equal(pixels(mixed), expected)


def test_simpleitk_agrees() -> None:
    a, b = on_grid(A), on_grid(B)
    assert np.array_equal(pixels(get("masks.union").run(Context(), a, b)), pixels(sitk.Or(a, b)))
    assert np.array_equal(pixels(get("masks.complement").run(Context(), a)), pixels(sitk.Equal(a, 0)))


def test_grids_may_differ_by_less_than_a_thousandth_of_a_mm() -> None:
    a, b = on_grid(A), on_grid(B)
    b.SetOrigin(tuple(o + 5e-4 for o in b.GetOrigin()))
    assert get("masks.union").run(Context(), a, b).GetOrigin() == a.GetOrigin()
