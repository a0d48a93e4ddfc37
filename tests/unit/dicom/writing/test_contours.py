"""Outlines: filled by the even-odd rule as a library does it, they are the mask again."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import points_in_poly

from pellucid.dicom.writing.contours import outlines, without_straights


def refilled(mask: np.ndarray) -> np.ndarray:
    """Return the pixels whose centres lie in an odd number of outlines."""
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    points = np.column_stack([columns.ravel(), rows.ravel()]).astype(float)
    inside = np.zeros(mask.size, bool)
    for ring in outlines(mask):
        inside ^= np.asarray(points_in_poly(points, ring), bool)
    return inside.reshape(mask.shape)


RING = np.pad(np.ones((9, 9), bool), 2)
RING[4:9, 4:9] = False
ISLAND = RING.copy()
ISLAND[6, 6] = True
SIEVE = np.ones((15, 15), bool)
SIEVE[1::2, 1::2] = False
SPIRAL = np.zeros((11, 11), bool)
SPIRAL[1, 1:10] = SPIRAL[1:10, 9] = SPIRAL[9, 3:10] = SPIRAL[3:10, 3] = SPIRAL[3, 3:8] = SPIRAL[3:8, 7] = True
SHAPES = {
    "one pixel": np.eye(1, dtype=bool), "all": np.ones((4, 5), bool), "diagonal": np.eye(6, dtype=bool), "ring": RING,
    "island in a hole": ISLAND, "sieve": SIEVE, "spiral": SPIRAL, "board": np.indices((8, 8)).sum(axis=0) % 2 == 0,
    "holes that touch": np.array([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1]], bool),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_come_back(name: str) -> None:
    np.testing.assert_array_equal(refilled(SHAPES[name]), SHAPES[name])


@pytest.mark.parametrize("seed", range(60))
def test_random_masks_come_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.random((rng.integers(1, 40), rng.integers(1, 40)))
    mask = ndimage.gaussian_filter(noise, rng.choice([0.0, 0.7, 1.5])) > rng.choice([0.3, 0.5, 0.55])
    np.testing.assert_array_equal(refilled(mask), mask)


def test_a_hole_makes_no_contour_of_its_own() -> None:
    assert len(list(outlines(RING))) == 1 and len(list(outlines(ISLAND))) == 2 and len(list(outlines(SIEVE))) == 1


def test_straight_lines_have_two_points() -> None:
    (square,) = outlines(np.ones((50, 50), bool))
    assert len(square) == 8  # the corners are cut
    assert len(without_straights(np.array([[0.0, 0], [1, 0], [2, 0], [2, 2]]))) == 3
