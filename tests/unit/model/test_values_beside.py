"""Values inside a rectangle of a plane, also where the rectangle leaves the image."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.geometry import Geometry
from pellucid.model.plane_values import values_inside
from pellucid.model.planes import plane_frame
from pellucid.model.slicing import layer_plane
from pellucid.model.view import Plane

GRID = Geometry((8, 6, 3), (2.0, 2.0, 3.0))
ARRAY = np.arange(3 * 6 * 8, dtype=np.int16).reshape(3, 6, 8)


def inside(first, second):
    frame = plane_frame(GRID, Plane.AXIAL)
    image = layer_plane(ARRAY, GRID, frame, 1)
    left, top, _, _ = frame.extent
    corners = [(left + 2 * x, top + 2 * y) for x, y in (first, second)]
    return sorted(int(v) for v in values_inside(image, *corners, frame, 1, GRID))


def test_whole_pixels_between_corners():
    assert inside((1, 2), (4, 4)) == sorted(int(v) for v in ARRAY[1, 2:4, 1:4].ravel())


@pytest.mark.parametrize("away", [(20, 0), (-20, 0), (0, 20), (0, -20), (20, 20), (-20, -20)])
def test_nothing_beside_the_image(away):
    x, y = away
    assert inside((1 + x, 1 + y), (5 + x, 4 + y)) == []
