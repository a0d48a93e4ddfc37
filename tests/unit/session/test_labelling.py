"""Labels of a session: many of them, their table, and what is done to it."""

from __future__ import annotations

import numpy as np
import pytest

import phantoms
from pellucid.model.layer import ImageLayer, LabelLayer, Source
from pellucid.session import Session
from pellucid.session.opening import Loaded

GRID = phantoms.grid((40, 30, 20), (1.0, 1.5, 2.0))


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def add(session: Session, values, name: str = "Seg") -> ImageLayer:
    loaded = Loaded((phantoms.volume(values, GRID),), (0.0, 3.0), name, Source())
    return session.loading.add(loaded, replace=False)


def used(session: Session, values: np.ndarray) -> LabelLayer:
    session.labelling.use_as_labels(add(session, values))
    assert session.jobs.drain(120)
    (made,) = session.document.label_layers
    return made


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_an_image_with_thousands_of_values_becomes_labels(session: Session, dtype: type) -> None:
    values = (np.arange(np.prod(GRID.size)) // 8).reshape(GRID.size[::-1]).astype(dtype)
    made = used(session, values)
    assert made.labels.array.dtype == np.uint16
    np.testing.assert_array_equal(made.labels.array, values)
    assert [row.value for row in made.labels.labels] == list(range(1, 3000))


def test_small_values_stay_narrow(session: Session) -> None:
    values = np.zeros(GRID.size[::-1], np.int32)
    values[3, 4, 5] = 255
    assert used(session, values).labels.array.dtype == np.uint8


@pytest.mark.parametrize(
    ("value", "sentence"),
    [(65_536, "outside 0 to 65535"), (-1, "outside"), (0.5, "whole"), (np.nan, "whole"), (np.inf, "outside")],
)
def test_what_is_no_label_is_refused(session: Session, value: float, sentence: str) -> None:
    values = np.zeros(GRID.size[::-1], np.float64)
    values[3, 4, 5] = value
    said: list[str] = []
    session.notice.connect(lambda text, _severity: said.append(text))
    image = add(session, values)
    session.labelling.use_as_labels(image)
    assert session.jobs.drain(120)
    assert len(said) == 1 and sentence in said[0]
    assert image in session.document and not session.document.label_layers


def test_label_256_is_added_painted_and_taken_back(session: Session) -> None:
    from pellucid.model.slicing import plane_frame
    from pellucid.model.view import Plane

    add(session, np.zeros(GRID.size[::-1], np.int16), "CT")
    layer = session.labelling.add_layer()
    for _ in range(255):
        session.labelling.add_label(layer)
    assert layer.active_label == 256 and layer.labels.array.dtype == np.uint8
    frame = plane_frame(GRID, Plane.AXIAL)
    session.view.brush_diameter = 10.0
    session.labelling.begin_stroke(frame, 10)
    session.labelling.stroke_to(GRID.centre())
    session.labelling.end_stroke()
    assert set(np.unique(layer.labels.array)) == {0, 256}
    session.undo()
    assert not layer.labels.array.any()
