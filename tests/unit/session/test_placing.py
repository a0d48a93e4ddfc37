"""Layers that are put somewhere else: what follows them, and what undo brings back."""

from __future__ import annotations

import numpy as np
from tests.unit.model.test_placement import rigid, smooth_image

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels
from pellucid.model.volume import Volume, geometry_of
from pellucid.operations.engines.registration.splitting import linear_matrix
from pellucid.session.placements import linear_placement
from pellucid.session.session import Session


def test_labels_and_annotations_follow_and_undo_brings_everything_back() -> None:
    session = Session()
    image = smooth_image((12, 12, 8))
    own = geometry_of(image)
    moving = ImageLayer("moving", (Volume(image, own),))
    labels = LabelLayer("labels", blank_labels(own), made_for=moving.id)
    labels.labels.array[3, 4, 5] = 2
    labels.labels.set_label(Label(2, "two", "#ff0000"))
    for layer in (ImageLayer("fixed", (Volume(smooth_image((10, 10, 10)), geometry_of(image)),)), moving, labels):
        session.document.insert(len(session.document), layer)
    voxel = own.index_to_world([5, 4, 3])
    session.document.annotations.insert(0, Annotation(Kind.POINT, (tuple(voxel),), layer=moving.id))
    before = session.document.annotations
    first = tuple(before)
    session.placing.put(moving, linear_placement(linear_matrix(rigid()), own, "test"))
    place = moving.geometry.index_to_world([5, 4, 3])
    assert np.linalg.norm(place - voxel) > 1
    assert labels.placement is moving.placement
    assert labels.value_at(place) == 2
    assert moving.placed.value_at(place) == moving.volume.value_at(voxel)
    assert np.allclose(next(iter(session.document.annotations)).points[0], place)
    session.history.undo()
    assert moving.placement is None and labels.placement is None
    assert tuple(session.document.annotations) == first
    assert np.array_equal(moving.geometry.index_to_world([5, 4, 3]), voxel)
