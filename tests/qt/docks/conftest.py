"""A real session over a small CT, a PET on its grid and labels; answers of jobs come through Qt."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.history.layers import AddLayer
from pellucid.jobs.runner import Runner
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap, color_for
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Acquisition, Volume, WindowPreset, image_from_array
from pellucid.session import Session
from pellucid.settings import Settings
from pellucid.ui import theme
from pellucid.ui.bridge import Bridge

GRID = Geometry((32, 24, 10), (1.5, 1.5, 3.0))


def ct_values():
    """A ramp along x from −1000 to 860 HU, the same in every row, so that every count is known."""
    ramp = (-1000 + 60 * np.arange(32)).astype(np.int16)
    return np.broadcast_to(ramp, (10, 24, 32)).copy()


@pytest.fixture(autouse=True)
def dark(qapp):
    if not (theme.is_dark() and qapp.styleSheet()):
        theme.apply(qapp, "dark")


@pytest.fixture
def empty_session(qtbot, tmp_path):
    """A session without layers; its settings are kept in a folder of the test."""
    session = Session(Settings.load(tmp_path), Runner(Bridge().post))
    yield session
    session.close()


@pytest.fixture
def session(empty_session):
    """A session with a CT (active), a PET above it and two labels on top."""
    s = empty_session
    windows = (WindowPreset("Thorax", -500, 1400, "Stated in the file"),)
    ct = Volume(
        image_from_array(ct_values(), GRID), GRID, "HU", acquisition=Acquisition("CT", windows=windows)
    )
    pet = (ct_values().astype(np.float32) + 1000) / 200
    pt = Volume(image_from_array(pet, GRID), GRID, "SUV", acquisition=Acquisition("PT"))
    layers = [ImageLayer("CT", (ct,), first_limits=(-1000.0, 800.0)), ImageLayer("PET", (pt,))]
    layers[0].display.set_limits(-1000, 800)
    labels = LabelMap(GRID, labels=(Label(1, "Lungs", color_for(1)), Label(2, "Bone", color_for(2))))
    labels.array[:, :, :8] = 1
    labels.array[:, :, 28:] = 2
    for layer in (*layers, LabelLayer("Labels", labels)):
        s.history.do(AddLayer(layer))
    s.document.active = layers[0]
    s.visible_slices, s.slice_in_use = (lambda: ((2, 5),)), (lambda: (2, 5))
    return s


@pytest.fixture
def ct(session):
    return session.document.layers[0]


@pytest.fixture
def labels(session):
    return session.document.layers[2]


@pytest.fixture
def show(qtbot):
    """Show a widget at a size and return it; it lives until the test is over, for it may be painted until then."""
    kept = []

    def shown(widget, width=320, height=760):
        kept.append(widget)
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    return shown
