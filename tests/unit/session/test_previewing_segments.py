"""Masks and label maps that are made of an image are previewed on the visible slices, as they will be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.model.layer import ImageLayer, Source
from pellucid.model.volume import Volume, geometry_of
from pellucid.operations import Context, get
from pellucid.session import Session
from pellucid.session.opening import Loaded

SLICES = ((2, 3), (1, 8))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    session.visible_slices = lambda: SLICES
    yield session
    session.close()


def opened(session: Session, array: Any) -> ImageLayer:
    image = sitk.GetImageFromArray(array)
    loaded = Loaded((Volume(image, geometry_of(image)),), (0.0, 900.0), "CT", Source())
    return session.loading.add(loaded, replace=False)


@pytest.mark.parametrize(
    ("operation", "values"),
    [
        ("threshold.automatic", {"method": "Triangle"}),
        ("threshold.multi_otsu", {"thresholds": 3}),
        ("clusters.kmeans", {"classes": 4}),
        ("watershed.basins", {"depth": 5.0}),
        ("objects.nuclei", {"diameter": 8.0}),
        ("masks.expression", {"condition": "im > 100 & im < 500"}),
    ],
)
def test_a_preview_shows_what_will_be_made(session: Session, operation: str, values: dict[str, Any]) -> None:
    array = np.random.default_rng(1).normal(300, 150, (7, 32, 33)).astype(np.int16)
    layer = opened(session, array)
    session.running.preview(operation, values)
    assert session.jobs.drain(120) and layer.preview is not None and layer.preview.is_mask
    assert layer.preview.is_labels == (get(operation).output == "labels")
    whole = sitk.GetArrayFromImage(get(operation).run(Context(), sitk.GetImageFromArray(array), **values))
    for axis, index in SLICES:
        assert np.array_equal(layer.preview.slices[axis, index], whole.take(index, 2 - axis))
