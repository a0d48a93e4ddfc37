"""The values inside a rectangle: every pixel of a small one, enough of a large one."""

from __future__ import annotations

import numpy as np

from pellucid.model.geometry import Geometry
from pellucid.model.histogram import region_limits
from pellucid.model.plane_values import MOST, values_inside
from pellucid.model.planes import plane_frame
from pellucid.model.slicing import PlaneImage, layer_plane
from pellucid.model.view import Plane

RANDOM = np.random.default_rng(4)


def shown(rows: int, columns: int, spacing: tuple[float, float] = (1.0, 1.0)) -> tuple[PlaneImage, Geometry]:
    grid = Geometry((columns, rows, 1), (*spacing, 1.0))
    image = layer_plane(RANDOM.gamma(2.0, 200.0, (1, rows, columns)), grid, plane_frame(grid, Plane.ACQUIRED), 0)
    assert image is not None
    return image, grid


def inside(image: PlaneImage, grid: Geometry, *corners: tuple[float, float]) -> np.ndarray:
    return values_inside(image, *corners, plane_frame(grid, Plane.ACQUIRED), 0, grid)


def test_every_pixel_whose_centre_lies_inside_counts() -> None:
    image, grid = shown(40, 60, (0.5, 2.0))
    left, top = (float(c) for c in plane_frame(grid, Plane.ACQUIRED).plane_coordinates((0.0, 0.0, 0.0)))
    found = inside(image, grid, (left + 2.4, top + 9.0), (left + 10.1, top + 3.9))
    assert sorted(found) == sorted(image.array[2:5, 5:21].ravel())


def test_a_rectangle_smaller_than_a_pixel_gives_that_pixel_and_one_beside_the_image_nothing() -> None:
    image, grid = shown(40, 60)
    assert list(inside(image, grid, (7.1, 3.2), (7.2, 3.3))) == [image.array[3, 7]]
    for beside in (-30.0, 100.0):
        assert inside(image, grid, (beside, beside), (beside + 10, beside + 10)).size == 0


def test_a_large_rectangle_is_thinned_and_gives_the_same_window() -> None:
    image, grid = shown(1500, 1300)
    found = inside(image, grid, (0, 0), (1299, 1499))
    assert MOST / 3 < found.size <= 1.1 * MOST
    assert np.allclose(region_limits(found), np.percentile(image.array, (2, 98)), rtol=0.02)
