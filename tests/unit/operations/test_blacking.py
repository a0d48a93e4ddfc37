"""Blacking out a box: nothing of the old values stays inside, everything outside does."""

from __future__ import annotations

import numpy as np
import pytest

from operation_images import DIRECTIONS, PIXEL_TYPES, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get

BOX = (2, 3, 1, 5, 4, 3)


@pytest.mark.hazard("H36")
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("pixel_type", PIXEL_TYPES)
def test_inside_one_value_outside_what_was_there(pixel_type: str, direction: str) -> None:
    array = noise((7, 12, 15), pixel_type)
    image = on_grid(array, direction)
    result = get("geometry.black_out").run(Context(), image, box=BOX, value=1)
    expected = array.copy()
    expected[1:4, 3:7, 2:7] = 1
    assert np.array_equal(pixels(result), expected) and geometry(result) == geometry(image)
    assert np.array_equal(pixels(image), array)


def test_colour_and_planes() -> None:
    array = noise((12, 15, 4), "uint8")
    result = pixels(get("geometry.black_out").run(Context(), on_grid(array, colour=True), box=(2, 3, 0, 5, 4, 1)))
    assert (result[3:7, 2:7, :3] == 0).all() and np.array_equal(result[..., 3], array[..., 3])
    for box in ((0, 0, 0, 16, 12, 1), (-1, 0, 0, 2, 2, 1), (0, 0, 0, 0, 2, 1), (0, 0, 1, 2, 2, 1)):
        with pytest.raises(Refused, match="does not lie inside"):
            get("geometry.black_out").run(Context(), on_grid(array, colour=True), box=box)
