"""What can be done to the first slice while the rest of its series is still being read: nothing that stays."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from pellucid.model.volume import Volume, image_from_array
from pellucid.session import Session


@pytest.fixture
def session():
    session = Session()
    grid = Geometry((8, 8, 1), (1.0, 1.0, 1.0))
    layer = ImageLayer("CT", (Volume(image_from_array(np.zeros((1, 8, 8), np.int16), grid), grid),))
    session.document.insert(0, layer)
    session.loading._first = layer
    yield session
    session.close()


def test_no_label_is_made_on_it(session):
    frame = plane_frame(session.document.reference, Plane.AXIAL)
    for attempt in (session.labelling.add_layer, lambda: session.labelling.begin_stroke(frame, 0)):
        with pytest.raises(Refused, match="still being opened"):
            attempt()
    assert not session.history.steps


def test_renaming_leaves_no_step_and_removing_gives_the_loading_up(session):
    (layer,) = session.document.layers
    session.rename(layer, "Other")
    assert layer.name == "CT"
    session.remove(layer)
    assert not session.document.layers and not session.history.steps
