"""The window a preview is seen through is that of the result, whatever the image is seen through."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.model.layer import ImageLayer, Source
from pellucid.model.volume import Volume, geometry_of
from pellucid.session import Session
from pellucid.session.opening import Loaded


@pytest.fixture
def session():
    session = Session()
    session.visible_slices = lambda: ((2, 3), (1, 8))
    yield session
    session.close()


def opened(session: Session, array: np.ndarray, *, colour: bool = False) -> ImageLayer:
    image = sitk.GetImageFromArray(array, isVector=colour)
    volume = Volume(image, geometry_of(image), unit="" if colour else "HU")
    return session.loading.add(Loaded((volume,), (-150.0, 250.0), "CT", Source()), replace=False)


def both(session: Session, layer: ImageLayer, operation: str, **values: object):
    session.running.preview(operation, values)
    assert session.jobs.drain(120)
    seen = layer.preview.limits
    session.running.apply(operation, values)
    assert session.jobs.drain(120)
    return seen, layer.display.limits


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).normal(0, 300, (7, 64, 64)).astype(np.int16)


@pytest.mark.parametrize("operation", ["normalise.zscore", "edges.sobel_magnitude", "intensity.rescale"])
def test_values_in_another_unit_have_the_window_they_will_have(session, noise, operation):
    seen, applied = both(session, opened(session, noise), operation)
    assert np.allclose(seen, applied, atol=0.25 * (applied[1] - applied[0]))


def test_differences_have_one_too_though_their_unit_is_that_of_the_image(session, noise):
    layer = opened(session, noise + 1000)
    seen, applied = both(session, layer, "features.local_sd")
    assert np.allclose(seen, applied, atol=0.25 * (applied[1] - applied[0])) and applied[1] < 600
    assert layer.volume.unit == "HU"


def test_values_in_the_unit_of_the_image_keep_its_window(session, noise):
    seen, applied = both(session, opened(session, noise), "smoothing.mean")
    assert seen is None and applied == (-150.0, 250.0)


def test_the_grey_of_colours_has_a_window_of_its_own(session):
    colours = np.random.default_rng(1).integers(90, 160, (7, 32, 32, 3)).astype(np.uint8)
    seen, applied = both(session, opened(session, colours, colour=True), "colour.grey")
    assert np.allclose(seen, applied, atol=10)


def test_an_even_preview_has_a_window_around_its_value(session):
    seen, _applied = both(session, opened(session, np.full((7, 32, 32), 40, np.int16)), "edges.sobel_magnitude")
    assert seen[0] < 0 < seen[1]
