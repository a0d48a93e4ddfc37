"""What may be drawn together in 3-D: what lies with the active image by its frame, registration or consent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tests.placed_layers import FIXED, OWN, layer

from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels
from pellucid.session import Session
from pellucid.session.placements import linear_placement
from pellucid.session.spaces import space_of


def strangers() -> tuple[Session, list[ImageLayer], list[LabelLayer]]:
    """Return two images with a label layer each, in two frames of reference."""
    session = Session()
    grids = [replace(FIXED, frame_of_reference="1.2"), replace(OWN, frame_of_reference="3.4")]
    images = [layer(f"image {n}", grid, n) for n, grid in enumerate(grids)]
    labels = [LabelLayer(f"labels {n}", blank_labels(grid), made_for=images[n].id) for n, grid in enumerate(grids)]
    for one in (*images, *labels):
        session.document.insert(len(session.document), one)
    return session, images, labels


def test_only_what_lies_with_the_active_image_is_drawn_with_it() -> None:
    session, images, labels = strangers()
    for n in (0, 1):
        session.document.active = images[n]
        space = space_of(session)
        assert space.labels == (labels[n],) and space.left_out == (labels[1 - n],)
        assert space.grid is images[n].geometry and space.is_elsewhere == (n == 1)
    labels[0].visible = False
    assert space_of(session).left_out == ()


def test_consent_and_registration_draw_them_together() -> None:
    session, images, labels = strangers()
    session.document.active = images[1]
    session.consenting.consent(*images)
    assert space_of(session).labels == tuple(labels) and space_of(session).grid is images[0].geometry
    session.consenting.withdraw()
    assert space_of(session).labels == (labels[1],)
    session.placing.put(images[1], linear_placement(np.eye(4), images[0].geometry))
    assert space_of(session).labels == tuple(labels) and not space_of(session).is_elsewhere


def test_planes_are_cut_where_a_pane_that_shows_the_image_looks() -> None:
    session, images, _labels = strangers()
    session.document.active = images[1]
    here = tuple(float(n) for n in images[1].geometry.index_to_world([3, 4, 5]))
    assert space_of(session).pane is None and space_of(session).point == tuple(images[1].geometry.centre())
    pane = session.view.panes[1]
    session.viewing.show(pane, images[1])
    session.linking.move(pane, here)
    assert space_of(session).pane is pane and space_of(session).point == here


def test_without_layers_or_images_there_is_a_space_all_the_same() -> None:
    session = Session()
    assert space_of(session).grid is None
    labels = LabelLayer("labels", blank_labels(FIXED))
    session.document.insert(0, labels)
    assert space_of(session).labels == (labels,) and space_of(session).grid is FIXED
