"""Fill between slices against phantoms whose every slice is known."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from operation_images import DIRECTIONS, on_grid, pixels
from pellucid.operations import Context, get

SPACING = (0.8, 0.6, 1.5)
SIZE = (72, 80, 33)
METHODS = ("distance", "morphology")


def run(array: Any, direction: str = "straight", spacing: Any = SPACING, **values: Any) -> Any:
    return pixels(get("masks.interpolate").run(Context(), on_grid(array, direction, spacing), **values))


def places() -> tuple[Any, ...]:
    """Return x, y, z in mm from the middle of a grid with unequal spacing, and z as a share from 0 to 1."""
    z, y, x = np.mgrid[: SIZE[2], : SIZE[1], : SIZE[0]]
    mm = [(n - (size - 1) / 2) * step for n, size, step in zip((x, y, z), SIZE, SPACING, strict=True)]
    return (*mm, z / (SIZE[2] - 1))


def solids() -> dict[str, Any]:
    x, y, z, share = places()
    return {
        "ball": x**2 + y**2 + z**2 <= 20.0**2,
        "cone": np.hypot(x, y) <= 4 + 14 * share,
        "cylinder": np.hypot(x, y) <= 12,
        "box that turns into a disc": np.where(share < 0.5, np.maximum(abs(x), abs(y)) <= 10, np.hypot(x, y) <= 11),
        "two rods": np.minimum(np.hypot(x - 14, y), np.hypot(x + 14, y)) <= 6 + 3 * share,
    }


def dice(a: Any, b: Any) -> float:
    return float(2 * np.sum((a > 0) & (b > 0)) / (np.sum(a > 0) + np.sum(b > 0)))


def thinned(solid: Any, axis: int, step: int = 4) -> Any:
    kept = np.zeros(solid.shape, np.uint8)
    every = [slice(None)] * 3
    every[axis] = slice(None, None, step)
    kept[tuple(every)] = solid[tuple(every)]
    return kept


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("name", "axis"),
    [(name, axis) for name in solids() for axis in (0, 1, 2) if (name, axis) != ("two rods", 2)],  # empty between
)
def test_every_fourth_slice_is_enough_for_a_solid(name: str, axis: int, method: str) -> None:
    solid = solids()[name]
    kept = thinned(solid, axis)
    filled = run(kept, along="zyx"[axis], method=method)
    painted = np.flatnonzero(kept.any(axis=tuple(n for n in range(3) if n != axis)))
    between = [slice(None)] * 3
    between[axis] = slice(painted[0], painted[-1] + 1)
    assert dice(filled[tuple(between)], solid[tuple(between)]) >= 0.97
    assert dice(kept, solid) < 0.6
    for k in painted:
        assert np.array_equal(filled.take(k, axis), kept.take(k, axis))
    outside = np.ones(solid.shape[axis], bool)
    outside[painted[0] : painted[-1] + 1] = False
    assert not filled.compress(outside, axis).any()


def test_distances_respect_unequal_spacing() -> None:
    """Half way from a dot to a long bar of 1 × 9 voxels: the blend of the two distances, by its definition."""
    kept = np.zeros((3, 21, 21), np.uint8)
    kept[0, 10, 4:17] = 1
    kept[2, 6:15, 10] = 1
    spacing = (0.5, 2.0, 1.0)
    y, x = np.mgrid[:21, :21]

    def distance(plane: Any) -> Any:
        """Return by brute force the distance to the nearest voxel of the other kind, positive inside."""
        result = np.zeros(plane.shape)
        for row, column in zip(y.ravel(), x.ravel(), strict=True):
            other = np.argwhere(plane != plane[row, column])
            away = np.hypot((other[:, 0] - row) * spacing[1], (other[:, 1] - column) * spacing[0]).min()
            result[row, column] = away if plane[row, column] else -away
        return result

    wanted = distance(kept[0]) / 2 + distance(kept[2]) / 2 >= -1e-12
    assert np.array_equal(run(kept, spacing=spacing)[1] > 0, wanted)
    assert 0 < wanted.sum() < 30


@pytest.mark.parametrize("method", METHODS)
def test_a_slanted_tube_is_followed(method: str) -> None:
    z, y, x = np.mgrid[:25, :40, :90]
    tube = np.hypot(x - 15 - 2.5 * z, (y - 20)) <= 8
    kept = thinned(tube, 0)
    assert dice(run(kept, spacing=(1, 1, 1), method=method, follow=True), tube) >= 0.97
    apart = thinned(np.hypot(x - 15 - 2.5 * z, y - 20) <= 4, 0, 8)
    assert not run(apart, spacing=(1, 1, 1))[4].any()
    followed = run(apart, spacing=(1, 1, 1), follow=True)[4]
    assert ndimage.center_of_mass(followed) == pytest.approx((20, 25), abs=0.51)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_direction_of_the_grid_does_not_matter(direction: str) -> None:
    kept = thinned(solids()["ball"], 0)
    assert np.array_equal(run(kept, direction), run(kept))


def test_nothing_missing_nothing_done_and_said() -> None:
    ball = solids()["ball"].astype(np.uint8)
    said: list[str] = []
    result = get("masks.interpolate").run(Context(remark=said.append), on_grid(ball))
    assert np.array_equal(pixels(result), ball) and "nothing was filled" in said[0]
    assert not run(np.zeros((5, 6, 7), np.uint8)).any()
    assert np.array_equal(run(ball[0:1]), ball[0:1])


def test_rows_of_a_picture_are_filled_too() -> None:
    kept = np.zeros((9, 12), np.uint8)
    kept[0, 3:6] = kept[8, 3:10] = 1
    widths = run(kept, spacing=(1, 1, 1), along="y").sum(axis=-1).ravel().tolist()
    assert all(a <= b for a, b in pairwise(widths)) and widths[0] == 3 and widths[4] in (4, 5, 6)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(METHODS), st.booleans())
def test_what_both_outlines_hold_stays_and_the_rest_is_in_one_of_them(seed: int, method: str, both: bool) -> None:
    """Between nested outlines every slice lies between the two, and the slices grow one by one."""
    random = np.random.default_rng(seed)
    small = ndimage.gaussian_filter(random.random((24, 26)), 2) > 0.52
    small[12, 13] = True
    large = ndimage.binary_dilation(small, iterations=int(random.integers(1, 5)))
    array = np.zeros((6, 24, 26), np.uint8)
    array[0], array[5] = (small, large) if both else (large, small)
    filled = run(array, method=method) > 0
    grown = filled if both else filled[::-1]
    for before, after in pairwise(grown):
        assert not (before & ~after).any()
