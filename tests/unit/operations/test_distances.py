"""Distance maps, margins and shells against scipy, formulas and brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.distance import cdist

from operation_images import SPACING, blobs, on_grid, pixels
from pellucid.operations import Context, Refused, get


def run(id: str, mask: Any, **values: Any) -> Any:
    return pixels(get(id).run(Context(), mask, **values))


def world(mask: Any) -> Any:
    """Return the world points of all voxels, shape (n, 3)."""
    size = mask.GetSize()
    index = np.stack(np.meshgrid(*(np.arange(n) for n in size), indexing="ij"), -1).reshape(-1, 3)
    return np.array([mask.TransformIndexToPhysicalPoint([int(n) for n in one]) for one in index]), index


@pytest.mark.parametrize("shape", [(7, 19, 23), (1, 19, 23), (19, 23)], ids=str)
@pytest.mark.parametrize("share", [0.02, 0.4, 0.95])
def test_distances_are_scipys(shape: tuple[int, ...], share: float) -> None:
    array = blobs(shape, share=share)
    spacing = SPACING[: len(shape)][::-1]
    outside = ndimage.distance_transform_edt(array == 0, sampling=spacing)
    inside = ndimage.distance_transform_edt(array, sampling=spacing)
    mask = on_grid(array, "oblique" if len(shape) == 3 else "straight")
    assert np.allclose(run("masks.distance", mask), outside - inside, atol=1e-4)
    assert np.allclose(run("masks.distance", mask, side="outside"), outside, atol=1e-4)
    assert np.allclose(run("masks.distance", mask, side="inside"), inside, atol=1e-4)


def test_the_distance_of_a_ball() -> None:
    z, y, x = np.ogrid[:31, :31, :31]
    radius = np.sqrt((z - 15) ** 2 + (y - 15) ** 2 + (x - 15) ** 2)
    mask = on_grid((radius <= 9).astype(np.uint8), spacing=(1.0, 1.0, 1.0))
    found = run("masks.distance", mask)
    far = radius > 11
    assert np.abs(found[far] - (radius[far] - 9)).max() < 1.0 and found[15, 15, 15] <= -9


def test_sheared_grids_are_measured_in_the_world() -> None:
    array = blobs((5, 7, 8), share=0.15)
    mask = on_grid(array, "sheared")
    places, index = world(mask)
    held = array[index[:, 2], index[:, 1], index[:, 0]] != 0
    outside = np.where(held, 0, cdist(places, places[held]).min(axis=1))
    inside = np.where(held, cdist(places, places[~held]).min(axis=1), 0)
    found = run("masks.distance", mask)[index[:, 2], index[:, 1], index[:, 0]]
    assert np.allclose(found, outside - inside, atol=1e-4)
    straight = run("masks.distance", on_grid(array))
    assert np.abs(found - straight[index[:, 2], index[:, 1], index[:, 0]]).max() > 0.05


def test_nothing_to_measure_from_is_said() -> None:
    empty, full = (on_grid(np.full((4, 5, 6), value, np.uint8)) for value in (0, 1))
    for mask, side in ((empty, "signed"), (empty, "outside"), (full, "signed"), (full, "inside")):
        with pytest.raises(Refused, match=r"nothing|no background"):
            run("masks.distance", mask, side=side)
    assert not run("masks.distance", full, side="outside").any()


@pytest.mark.parametrize("margin", [-2.0, -0.7, 0.0, 0.9, 3.1])
def test_a_margin_is_a_distance(margin: float) -> None:
    array = blobs((9, 22, 25), share=0.3)
    found = run("masks.margin", on_grid(array), margin=margin)
    spacing = SPACING[::-1]
    if margin > 0:
        expected = ndimage.distance_transform_edt(array == 0, sampling=spacing) <= margin * (1 + 1e-9)
    else:
        expected = ndimage.distance_transform_edt(array, sampling=spacing) > -margin * (1 + 1e-9)
    assert np.array_equal(found, expected)


def test_a_shell_is_as_thick_as_asked_for() -> None:
    z, y, x = np.ogrid[:41, :41, :41]
    radius = np.sqrt((z - 20) ** 2 + (y - 20) ** 2 + (x - 20) ** 2)
    ball = on_grid((radius <= 12).astype(np.uint8), spacing=(1.0, 1.0, 1.0))
    inside = run("masks.hollow", ball, thickness=3.0)
    assert inside[radius < 8.5].sum() == 0 and inside[(radius > 10) & (radius <= 12)].all()
    assert not inside[radius > 12].any()
    outside = run("masks.hollow", ball, thickness=3.0, where="outside")
    assert not outside[radius <= 12].any() and outside[(radius > 12.5) & (radius < 14)].all()
    middle = run("masks.hollow", ball, thickness=4.0, where="middle")
    assert middle[(radius > 10.8) & (radius < 13.2)].all() and not middle[radius < 9].any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 4.0), st.sampled_from(["ball", "box", "cross"]))
def test_dilating_is_eroding_the_background(seed: int, radius: float, element: str) -> None:
    array = np.pad(blobs((4, 9, 10), seed=seed, share=0.3), 6)  # away from the border, which counts for neither
    options = {"radius": radius, "element": element}
    grown = run("masks.dilate", on_grid(array), **options)
    assert np.array_equal(grown, 1 - run("masks.erode", on_grid(1 - array), **options))


masks = st.builds(lambda seed, share: blobs((3, 6, 7), seed=seed, share=share), st.integers(0, 9999), st.floats(0, 1))


@settings(max_examples=40, deadline=None)
@given(masks, masks)
def test_sets_obey_their_laws(one: Any, two: Any) -> None:
    a, b = on_grid(one), on_grid(two)
    not_a, not_b = (get("masks.complement").run(Context(), mask) for mask in (a, b))
    assert np.array_equal(pixels(get("masks.union").run(Context(), a, a)), one)
    union = get("masks.union").run(Context(), a, b)
    both = get("masks.intersection").run(Context(), a, b)
    assert np.array_equal(pixels(get("masks.complement").run(Context(), union)),
                          pixels(get("masks.intersection").run(Context(), not_a, not_b)))  # fmt: skip
    assert np.array_equal(pixels(get("masks.complement").run(Context(), both)),
                          pixels(get("masks.union").run(Context(), not_a, not_b)))  # fmt: skip
    rest = pixels(get("masks.difference").run(Context(), union, both))
    assert np.array_equal(pixels(get("masks.xor").run(Context(), a, b)), rest)
    assert not pixels(get("masks.xor").run(Context(), a, a)).any()
