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


# ------------------------------------------------------------------ the polygons, not only which pixels are in


def area(ring: np.ndarray) -> float:
    """Return the area by the shoelace formula, positive where the polygon turns one way."""
    x, y = ring[:, 0], ring[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2.0


def expected_area(mask: np.ndarray) -> float:
    """Return what marching squares at one half encloses: of every cell between four pixels, by how many are in it.

    One corner in cuts off a triangle of 1/8; two of them leave half, or, across from each other and apart, two such
    triangles; three leave 7/8.
    """
    padded = np.pad(mask, 1).astype(int)
    corners = padded[:-1, :-1] + padded[1:, :-1] + padded[:-1, 1:] + padded[1:, 1:]
    across = (corners == 2) & (padded[:-1, :-1] == padded[1:, 1:])
    shares = np.array([0.0, 0.125, 0.5, 0.875, 1.0])[corners]
    return float(np.where(across, 0.25, shares).sum())


def crossings(ring: np.ndarray) -> int:
    """Count pairs of edges that cross each other properly: in the middle of both."""
    starts, ends = ring, np.roll(ring, -1, axis=0)

    def side(a: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
        turned = (b[..., 0] - a[..., 0]) * (p[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (p[..., 0] - a[..., 0])
        return np.sign(np.round(turned, 9))

    a, b, c, d = starts[:, None], ends[:, None], starts[None], ends[None]
    proper = (side(a, b, c) * side(a, b, d) < 0) & (side(c, d, a) * side(c, d, b) < 0)
    return int(np.count_nonzero(proper)) // 2


def check_polygons(mask: np.ndarray) -> None:
    rings = list(outlines(mask))
    parts, count = ndimage.label(mask)
    assert len(rings) == count
    signs = set()
    for n, ring in enumerate(rings, start=1):
        part = parts == n
        assert abs(area(ring)) == pytest.approx(expected_area(part), abs=1e-9)
        signs.add(np.sign(area(ring)))
        assert crossings(ring) == 0
        assert not np.any(np.all(ring == np.roll(ring, 1, axis=0), axis=1)), "a point is there twice in a row"
    assert len(signs) <= 1


@pytest.mark.parametrize("name", SHAPES)
def test_polygons_of_shapes_have_the_right_area_and_do_not_cross_themselves(name: str) -> None:
    check_polygons(SHAPES[name])


@pytest.mark.parametrize("seed", range(60))
def test_polygons_of_random_masks_have_the_right_area_and_do_not_cross_themselves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.random((rng.integers(1, 24), rng.integers(1, 24)))
    check_polygons(ndimage.gaussian_filter(noise, rng.choice([0.0, 0.7, 1.5])) > rng.choice([0.3, 0.5, 0.55]))
