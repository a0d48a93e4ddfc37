"""Closing everything frees the voxels also when a window showed them."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid import main
from pellucid.model.layer import Source
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane
from pellucid.model.volume import Volume, geometry_of
from pellucid.session.opening import Loaded
from pellucid.settings import Settings


@pytest.fixture
def window(qtbot):
    window = main.make_window(Settings())
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close_without_asking()


def test_after_closing_everything_no_volume_and_no_label_is_held(window, qtbot):
    session = window.session

    def settle() -> None:
        qtbot.waitUntil(lambda: not session.jobs.running)
        qtbot.wait(50)  # whatever follows holds what it can

    rng = np.random.default_rng(1)
    image = sitk.GetImageFromArray(rng.normal(0, 300, (10, 40, 50)).astype(np.int16))
    loaded = Loaded((Volume(image, geometry_of(image)),), (-500.0, 500.0), "CT", Source())
    layer = session.loading.add(loaded, replace=True)
    del image, loaded
    window.segment.choose("threshold.range")
    settle()
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 300.0})
    settle()
    session.running.apply("smoothing.median", {})
    settle()
    session.labelling.begin_stroke(plane_frame(layer.geometry, Plane.AXIAL), 5)
    session.labelling.stroke_to(layer.geometry.index_to_world((20, 20, 5)))
    session.labelling.end_stroke()
    session.undo()
    window.filters.choose("smoothing.gaussian")
    settle()
    (labels,) = session.document.label_layers
    held = {name: weakref.ref(thing) for name, thing in (
        ("layer", layer), ("volume", layer.volume), ("labels", labels), ("map", labels.labels))}  # fmt: skip
    del layer, labels
    session.close_all()

    def freed() -> None:
        gc.collect()
        assert [name for name, ref in held.items() if ref() is not None] == []

    qtbot.waitUntil(freed)
