"""What the panes show while a registration runs: the estimate as it comes, and what was there before when dropped."""

from __future__ import annotations

import time
from threading import Event

import numpy as np
import pytest
from PySide6.QtGui import QImage

from pellucid.history.layers import AddLayer
from pellucid.jobs.runner import Runner
from pellucid.model.layer import LabelLayer, blank_labels
from pellucid.model.view import Layout
from pellucid.session import Session
from pellucid.ui.bridge import Bridge
from pellucid.ui.canvas import CanvasArea
from registration_puppet import Puppet, add_two, bent, shift


@pytest.fixture
def bench(qtbot):
    runner = Runner()
    bridge = Bridge()
    runner.post = bridge.post
    session = Session(jobs=runner)
    area = CanvasArea(session)
    qtbot.addWidget(area)
    area.resize(802, 802)
    session.view.layout = Layout.QUAD
    session.view.show_crosshair = session.view.show_annotations = False
    area.show()
    qtbot.waitExposed(area)
    yield session, area
    area.close()
    session.close()


@pytest.fixture
def puppet(monkeypatch):
    return Puppet(monkeypatch)


@pytest.fixture
def pair(qtbot, bench):
    session, area = bench
    pair = add_two(session)
    session.centre_crosshair()
    qtbot.waitUntil(lambda: bool(area.panes))
    return pair


def picture(area) -> np.ndarray:
    """Return the pixels of the first pane, without its rim and what is written there."""
    image = area.panes[0].grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return pixels[70:-70, 70:-70, :3].astype(int)


def middle(pixels) -> np.ndarray:
    """Return where the bright blob is on the screen."""
    y, x = np.nonzero(pixels.min(axis=-1) > 150)
    return np.array([x.mean(), y.mean()])


def settled(qtbot, area):
    qtbot.wait(100)
    area.flush()
    return picture(area)


def test_the_moving_image_comes_nearer_on_the_panes_and_goes_back_when_dropped(qtbot, bench, pair, puppet):
    session, area = bench
    moving = pair[1]
    session.registering.overlay = False
    start = settled(qtbot, area)
    scale = area.panes[0].camera.scale
    session.registering.begin()
    qtbot.waitUntil(lambda: moving.estimate is not None and moving.estimate.matrix[0, 3] == 5.0)
    near = settled(qtbot, area)
    assert np.allclose(middle(near) - middle(start), np.array([-5, -3]) * scale, atol=1.0)
    session.registering.drop()
    assert np.array_equal(settled(qtbot, area), start)


def test_red_and_green_become_yellow(qtbot, bench, pair, puppet):
    session, area = bench
    seen = Event()
    puppet.along(lambda _n: shift(5.0, 3.0) if seen.is_set() else shift(0.0))
    session.registering.begin()
    qtbot.waitUntil(lambda: session.registering.has_estimate)
    apart = settled(qtbot, area)
    seen.set()
    qtbot.waitUntil(lambda: session.registering.choosing.moving.estimate.matrix[0, 3] == 5.0)
    together = settled(qtbot, area)

    def of_one(pixels):
        return int((np.abs(pixels[..., 2] - pixels[..., 1]) > 60).sum())

    assert of_one(apart) > 500 and of_one(together) < of_one(apart) / 20


def test_an_estimate_that_bends_is_drawn_and_labels_go_with_it(qtbot, bench, pair, puppet):
    session, area = bench
    moving = pair[1]
    labels = LabelLayer("Lesion", blank_labels(moving.volume.geometry), made_for=moving.id)
    labels.labels.array[8:12, 14:26, 18:30] = 1
    session.history.do(AddLayer(labels))
    puppet.along(lambda _n: bent())
    session.registering.overlay = False
    start = settled(qtbot, area)
    session.registering.begin()
    qtbot.waitUntil(lambda: moving.estimate is not None)
    shown = settled(qtbot, area)
    assert labels.estimate is moving.estimate and (shown != start).any()
    session.registering.drop()
    assert np.array_equal(settled(qtbot, area), start)


def test_panes_are_drawn_at_most_fifteen_times_a_second(qtbot, bench, pair, puppet):
    session, area = bench
    drawn = []
    area.panes[0].refreshed.connect(lambda: drawn.append(1))
    session.registering.begin()
    qtbot.waitUntil(lambda: session.registering.has_estimate)
    drawn.clear()
    began = time.monotonic()
    qtbot.wait(1000)
    assert 1 <= len(drawn) <= 15 * (time.monotonic() - began) + 1
