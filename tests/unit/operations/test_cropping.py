"""Cropping and padding: values by NumPy, places in space."""

from __future__ import annotations

import numpy as np
import pytest

from operation_images import DIRECTIONS, geometry, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_crop_leaves_voxels_where_they_are(direction: str) -> None:
    array = noise((7, 12, 15), "int16")
    image = on_grid(array, direction)
    result = get("geometry.crop").run(Context(), image, box=(2, 3, 1, 5, 4, 6))
    assert np.array_equal(pixels(result), array[1:7, 3:7, 2:7])
    assert result.GetOrigin() == pytest.approx(image.TransformIndexToPhysicalPoint((2, 3, 1)))
    assert geometry(result)[3] == image.GetDirection() and result.GetSpacing() == image.GetSpacing()


def test_crop_takes_text_planes_and_colour_and_refuses_what_lies_outside() -> None:
    array = noise((12, 15, 3), "uint8")
    crop = get("geometry.crop")
    result = crop.run(Context(), on_grid(array, colour=True), box="2, 3, 0, 5, 4, 1")
    assert np.array_equal(pixels(result), array[3:7, 2:7])
    for box in ((0, 0, 0, 16, 12, 1), (-1, 0, 0, 2, 2, 1), (0, 0, 0, 0, 2, 1), (0, 0, 1, 2, 2, 1)):
        with pytest.raises(Refused, match="does not lie inside"):
            crop.run(Context(), on_grid(array, colour=True), box=box)
