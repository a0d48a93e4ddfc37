"""Operations on RGBA: colours as on RGB, coverage as it was, whether the whole image or a preview is computed."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.operations import Context, get
from pellucid.operations.preview import preview_slice

IDS = (
    "edges.gradient_magnitude", "edges.sobel_magnitude", "intensity.clamp", "intensity.equalize", "intensity.invert",
    "intensity.rescale", "smoothing.gaussian", "smoothing.mean", "smoothing.median",
)  # fmt: skip


@pytest.fixture(scope="module")
def picture():
    random = np.random.default_rng(5)
    array = random.integers(0, 200, (3, 12, 14, 4)).astype(np.uint8)
    array[..., 3] = random.integers(0, 256, (3, 12, 14))
    array[0, 0, 0, 3] = 255
    return array


def image(array):
    made = sitk.GetImageFromArray(array, isVector=True)
    made.SetSpacing((0.5, 0.5, 2.0))
    return made


@pytest.mark.parametrize("name", IDS)
def test_colours_are_those_of_rgb_and_alpha_stays(picture, name):
    operation = get(name)
    values = {"upper": 120.0} if name == "intensity.clamp" else {}
    parameters = operation.validate(**values).model_dump()
    full = sitk.GetArrayFromImage(operation.run(Context(), image(picture), **parameters))
    colours = image(np.ascontiguousarray(picture[..., :3]))
    plain = sitk.GetArrayFromImage(operation.run(Context(), colours, **parameters))
    np.testing.assert_array_equal(full[..., :3], plain)
    scale = 1 if full.dtype == np.uint8 else 255
    np.testing.assert_allclose(full[..., 3] * scale, picture[..., 3], rtol=1e-6)
    seen = preview_slice(operation, image(picture), 2, 1, parameters)
    np.testing.assert_allclose(seen, full[1], rtol=1e-5, atol=1e-5)
