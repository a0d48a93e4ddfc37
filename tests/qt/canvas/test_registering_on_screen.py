"""What the panes show while a registration runs: the estimate as it comes, and what was there before when dropped."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
import SimpleITK as sitk
from PySide6.QtGui import QImage

from canvas_bench import settle
from pellucid.history.layers import AddLayer
from pellucid.jobs.runner import Runner
from pellucid.model.compare import CompareMode
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels
from pellucid.model.view import Layout
from pellucid.model.volume import Volume
from pellucid.session import Session, registration_runs
from pellucid.session.placements import linear_placement, placement_of
from pellucid.ui.bridge import Bridge
from pellucid.ui.canvas import CanvasArea
from registration_puppet import Puppet, add_two, bent, shift


@pytest.fixture
def bench(qtbot):
    session = Session(jobs=Runner(Bridge().post))
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


def settled(area):
    settle(area)
    area.flush()
    return picture(area)


def test_the_moving_image_comes_nearer_on_the_panes_and_goes_back_when_dropped(qtbot, bench, pair, puppet):
    session, area = bench
    moving = pair[1]
    session.registering.overlay = False
    start = settled(area)
    scale = area.panes[0].camera.scale
    session.registering.begin()
    qtbot.waitUntil(lambda: moving.estimate is not None and moving.estimate.matrix[0, 3] == 5.0)
    near = settled(area)
    assert np.allclose(middle(near) - middle(start), np.array([-5, -3]) * scale, atol=1.0)
    session.registering.drop()
    assert np.array_equal(settled(area), start)


def test_red_and_green_become_yellow(qtbot, bench, pair, puppet):
    session, area = bench
    seen = Event()
    puppet.along(lambda _n: shift(5.0, 3.0) if seen.is_set() else shift(0.0))
    session.registering.begin()
    qtbot.waitUntil(lambda: session.registering.has_estimate)
    apart = settled(area)
    seen.set()
    qtbot.waitUntil(lambda: session.registering.choosing.moving.estimate.matrix[0, 3] == 5.0)
    together = settled(area)

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
    start = settled(area)
    session.registering.begin()
    qtbot.waitUntil(lambda: moving.estimate is not None)
    shown = settled(area)
    assert labels.estimate is moving.estimate and (shown != start).any()
    session.registering.drop()
    assert np.array_equal(settled(area), start)


def test_panes_are_drawn_once_for_each_estimate_that_is_shown(qtbot, bench, pair, puppet, monkeypatch):
    """How often one is shown is tested where that is decided; the iterations between two draw nothing."""
    monkeypatch.setattr(registration_runs, "PICTURE_INTERVAL", 3600.0)
    session, area = bench
    session.registering.begin()
    qtbot.waitUntil(lambda: pair[1].estimate is not None)
    settle(area)
    drawn = []
    area.panes[0].refreshed.connect(lambda: drawn.append(1))
    before = len(session.registering.points)
    qtbot.waitUntil(lambda: len(session.registering.points) > before + 20)
    settle(area)
    assert not drawn
    session.registering._run._next = 0.0
    qtbot.waitUntil(lambda: bool(drawn))
    settle(area)
    assert len(drawn) == 1


def test_the_information_follows_where_the_image_lies(qtbot, bench, pair):
    session, area = bench
    session.document.active = pair[1]
    qtbot.waitUntil(lambda: "Follow-up" in area.information.toPlainText())
    assert "Transform" not in area.information.toPlainText()
    session.placing.put(pair[1], linear_placement(np.diag([1.0, 1, 1, 1]) + np.eye(4, k=3) * 4, pair[0].geometry))
    qtbot.waitUntil(lambda: "moved 4" in area.information.toPlainText(), timeout=2000)
    session.undo()
    qtbot.waitUntil(lambda: "Transform" not in area.information.toPlainText(), timeout=2000)


def test_beyond_a_bent_picture_there_is_no_difference(qtbot, bench):
    session, area = bench
    grid = Geometry((40, 40, 1), (1.0, 1.0, 1.0), known_spacing=(False, False, False), oriented=False)
    layers = []
    for name in ("Fixed", "Moving"):
        image = sitk.GetImageFromArray(np.full((40, 40, 3), 200, np.uint8), isVector=True)
        layers.append(ImageLayer(name, (Volume(image, grid),)))
        session.history.do(AddLayer(layers[-1]))
    session.view.layout = Layout.SINGLE
    mesh = sitk.BSplineTransformInitializer(layers[0].volume.image, [3, 3])
    mesh.SetParameters(np.random.default_rng(1).normal(0, 1, len(mesh.GetParameters())).tolist())
    turned = sitk.CompositeTransform([sitk.Euler2DTransform((20.0, 20.0), 0.5, (6.0, 2.0)), mesh])
    session.placing.put(layers[1], placement_of(turned, grid, grid))
    session.comparing.start(CompareMode.DIFFERENCE, first=layers[0].id, second=layers[1].id)
    pixels = settled(area)
    reds = pixels[..., 2] - pixels[..., 0] > 60
    assert reds.mean() < 0.01, "where there is only one picture there is nothing to take the difference of"
    assert ((pixels.min(axis=-1) > 180).mean()) > 0.05


def test_the_corner_says_where_the_image_lay_while_it_is_shown_before(qtbot, bench, pair):
    session, area = bench
    session.document.active = pair[1]
    session.placing.put(pair[1], linear_placement(np.eye(4) + np.eye(4, k=3) * 4, pair[0].geometry, "By hand"))
    session.view.show_annotations = True

    def told() -> str:
        settle(area)
        return " ".join(text for text, _ in area.panes[0]._picture(area.panes[0].frame).corners.top_right)

    assert "Moved: By hand" in told()
    session.judging.shows_before = True
    assert "Moved" not in told()
    session.judging.shows_before = False
    assert "Moved: By hand" in told()
