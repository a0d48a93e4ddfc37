"""Layers that are put somewhere else: what follows them, and what undo brings back."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from tests.unit.model.test_placement import rigid, smooth_image

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance, Start, blank_labels
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


def on_one_grid() -> tuple[Session, ImageLayer, ImageLayer]:
    session, image = Session(), smooth_image((12, 12, 8))
    one, other = (ImageLayer(name, (Volume(image, geometry_of(image)),)) for name in ("one", "other"))
    for layer in (one, other):
        session.document.insert(len(session.document), layer)
    return session, one, other


@pytest.mark.parametrize("moves", [0, 1])
def test_of_two_images_on_one_grid_only_the_labels_of_the_one_that_moves_go_along(moves: int) -> None:
    session, *images = on_one_grid()
    own = [session.labelling.add_layer(image) for image in images]
    drawn = [
        LabelLayer("made from", blank_labels(image.own_geometry), provenance=(
            Provenance("threshold.two_limits", label=1, start=Start(image.id, image.name)),
        )) for image in images
    ]  # fmt: skip
    for layer in drawn:
        session.document.insert(len(session.document), layer)
    session.placing.put(images[moves], linear_placement(linear_matrix(rigid()), images[0].own_geometry, "test"))
    for n in (0, 1):
        assert (own[n].placement is None) == (drawn[n].placement is None) == (n != moves)
    session.placing.put(images[1 - moves], linear_placement(np.eye(4), images[0].own_geometry, "other"))
    assert own[1 - moves].placement is images[1 - moves].placement is not images[moves].placement
    assert own[moves].placement is images[moves].placement


def test_labels_from_a_file_belong_to_the_image_they_were_opened_over() -> None:
    session, below, _other = on_one_grid()
    session.document.remove(_other)
    image = smooth_image((12, 12, 8)) * 0
    image[2, 2, 2] = 1
    found = ImageLayer("found", (Volume(sitk.Cast(image, sitk.sitkUInt8), below.own_geometry),))
    session.document.insert(1, found)
    session.labelling.use_as_labels(found)
    assert session.jobs.drain(120)
    (labels,) = session.document.label_layers
    session.document.insert(0, _other)
    session.placing.put(_other, linear_placement(linear_matrix(rigid()), below.own_geometry, "test"))
    assert labels.placement is None
    session.placing.put(below, linear_placement(linear_matrix(rigid()), below.own_geometry, "test"))
    assert labels.placement is below.placement


def test_labels_of_an_image_that_has_another_grid_by_now_are_not_those_of_another_image() -> None:
    session, one, other = on_one_grid()
    labels = session.labelling.add_layer(other)
    small = smooth_image((6, 6, 6))
    other.frames = (Volume(small, geometry_of(small)),)
    session.placing.put(one, linear_placement(linear_matrix(rigid()), one.own_geometry, "test"))
    assert labels.placement is None and session.placing.owner(labels) is labels
