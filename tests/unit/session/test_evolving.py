"""A contour is moved, rested and applied through the session; the document changes only at Apply."""

from __future__ import annotations

import time

import numpy as np
import pytest
import SimpleITK as sitk

from batch_making import wait_for
from patience import PATIENCE
from pellucid.history.layers import AddLayer
from pellucid.model.geometry import Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.operations import Context, get
from pellucid.session import Session

GRID = Geometry((64, 60, 24), (1.0, 1.0, 2.0))
SEEDS = "30 28 24"
SETTINGS = {"seeds": SEEDS, "radius": 5.0, "smoothness": 0.5, "iterations": 40}
_MANY = 1000  # iterations that are far from over when something is done meanwhile, however late that is


def ball():
    z, y, x = np.mgrid[:24, :60, :64]
    inside = (2 * (z - 12)) ** 2 + (y - 28) ** 2 + (x - 30) ** 2 <= 18**2
    noise = np.random.default_rng(4).normal(0, 8, inside.shape)
    return inside, np.rint(np.where(inside, 100, 40) + noise).astype(np.int16)


@pytest.fixture
def session():
    session = Session()
    volume = Volume(image_from_array(ball()[1], GRID), GRID)
    session.history.do(AddLayer(ImageLayer("CT", (volume,))))
    session.visible_slices = lambda: ((2, 12), (0, 30))
    yield session
    session.close()


def begin(session, operation="contours.chan_vese", **more):
    session.running.preview(operation, SETTINGS | more)
    assert session.jobs.drain(120)
    return session.evolving


def shown(session):
    preview = session.document.active_image.preview
    return None if preview is None else {key: part.copy() for key, part in preview.slices.items()}


def headless(session, iterations, operation="contours.chan_vese", **more):
    image = session.document.active_image.volume.image
    result = get(operation).run(Context(), image, **(SETTINGS | more | {"iterations": iterations}))
    return sitk.GetArrayFromImage(result)


def test_it_begins_at_the_seeds_and_stays_there(session):
    evolving = begin(session)
    assert evolving.iteration == 0 and not evolving.is_moving
    start = shown(session)
    assert start[2, 12].sum() == (np.hypot(*np.ogrid[-28:32, -30:34]) < 5).sum()
    assert start[0, 30].shape == (24, 60)


def test_steps_are_exact_and_equal_to_a_run_of_as_many_iterations(session):
    evolving = begin(session)
    for count, total in ((1, 1), (1, 2), (10, 12), (1, 13)):
        evolving.step(count)
        assert session.jobs.drain(120) and evolving.iteration == total and len(evolving.changes) == total
        assert np.array_equal(shown(session)[2, 12], headless(session, total)[12])


@pytest.mark.parametrize("operation", ["contours.chan_vese", "contours.geodesic", "contours.threshold"])
def test_playing_ends_at_the_iterations_of_the_form_and_goes_on_when_played_again(session, operation):
    more = {"lower": 70.0, "upper": 200.0} if operation == "contours.threshold" else {}
    evolving = begin(session, operation, **more)
    evolving.play()
    assert evolving.is_moving and session.jobs.drain(120)
    assert evolving.iteration == 40 and not evolving.is_moving
    assert np.array_equal(shown(session)[2, 12], headless(session, 40, operation, **more)[12])
    evolving.play()
    wait_for(lambda: evolving.iteration >= 45)
    evolving.pause()
    assert session.jobs.drain(120)
    assert evolving.iteration > 44


def test_pause_rests_and_a_step_from_there_adds_one(session):
    evolving = begin(session, iterations=_MANY)
    evolving.play()
    wait_for(lambda: evolving.iteration >= 3)
    evolving.pause()
    assert session.jobs.drain(120)
    rested = evolving.iteration
    time.sleep(0.1)
    assert evolving.iteration == rested and not evolving.is_moving
    evolving.step()
    assert session.jobs.drain(120) and evolving.iteration == rested + 1


def test_a_step_while_it_moves_rests_one_further(session):
    evolving = begin(session, iterations=_MANY)
    evolving.play()
    wait_for(lambda: evolving.iteration >= 2)
    evolving.step()
    target = evolving._run.target
    assert session.jobs.drain(120) and evolving.iteration == target


def test_other_settings_start_anew_other_iterations_do_not(session):
    evolving = begin(session)
    evolving.step(5)
    assert session.jobs.drain(120)
    begin(session, iterations=60)
    assert evolving.iteration == 5 and evolving._run.asked.parameters["iterations"] == 60
    begin(session, radius=6.0)
    assert evolving.iteration == 0
    evolving.step(3)
    assert session.jobs.drain(120)
    evolving.restart()
    assert session.jobs.drain(120) and evolving.iteration == 0
    assert shown(session)[2, 12].sum() == (np.hypot(*np.ogrid[-28:32, -30:34]) < 6).sum()


def test_apply_takes_what_is_seen_as_one_step_that_repeats(session):
    evolving = begin(session)
    evolving.step(17)
    assert session.jobs.drain(120)
    seen = shown(session)[2, 12]
    steps = session.history.position
    session.running.apply("contours.chan_vese", SETTINGS)
    assert session.jobs.drain(120)
    labels = session.document.active_labels
    assert session.history.position == steps + 1
    assert np.array_equal(labels.labels.array[12] != 0, seen != 0)
    step = labels.provenance[-1]
    assert step.operation == "contours.chan_vese" and step.parameters["iterations"] == 17
    assert np.array_equal(labels.labels.array != 0, headless(session, 17) != 0)
    session.undo()
    assert not session.document.label_layers and not evolving.is_begun
    session.redo()
    assert np.array_equal(session.document.label_layers[0].labels.array[12] != 0, seen != 0)


def test_apply_while_it_moves_says_the_iterations_it_has(session):
    evolving = begin(session)
    evolving.play()
    wait_for(lambda: evolving.iteration >= 4)
    session.running.apply("contours.chan_vese", SETTINGS)
    assert session.jobs.drain(120)
    layer = session.document.active_labels
    count = layer.provenance[-1].parameters["iterations"]
    assert 4 <= count < 40
    assert np.array_equal(layer.labels.array != 0, headless(session, count) != 0)


def test_apply_without_playing_takes_all_iterations(session):
    begin(session)
    session.running.apply("contours.chan_vese", SETTINGS)
    assert session.jobs.drain(120)
    layer = session.document.active_labels
    assert layer.provenance[-1].parameters["iterations"] == 40
    inside = ball()[0]
    found = layer.labels.array != 0
    assert 2 * (found & inside).sum() / (found.sum() + inside.sum()) > 0.98


def test_a_start_that_was_painted_since_is_not_what_was_watched(session):
    begin(session)
    session.running.apply("contours.chan_vese", SETTINGS | {"iterations": 5})
    assert session.jobs.drain(120)
    layer = session.document.active_labels
    start = [(layer.id, layer.active_label)]
    session.running.preview("contours.chan_vese", SETTINGS, start)
    assert session.jobs.drain(120)
    session.evolving.step(2)
    assert session.jobs.drain(120)
    session.editing.apply((slice(12, 13), slice(5, 9), slice(5, 9)), np.ones((1, 4, 4), bool), "Paint")
    session.running.apply("contours.chan_vese", SETTINGS, others=start)
    assert session.jobs.drain(120)
    assert session.document.active_labels.provenance[-1].parameters["iterations"] == 40


def test_dropping_the_preview_stops_it_at_once_and_leaves_nothing(session):
    evolving = begin(session)
    layers, clean = session.document.layers, session.history.position
    evolving.play()
    wait_for(lambda: evolving.iteration >= 3)
    run, job = evolving._run, evolving._run.waited
    session.running.clear_preview()
    assert job.wait(PATIENCE) and run.iteration < 40
    assert session.jobs.drain(120)
    assert session.document.active_image.preview is None and not evolving.is_begun and evolving.changes == ()
    assert session.document.layers == layers and session.history.position == clean


def test_no_seed_is_a_sentence_and_a_seed_mends_it(session):
    said = []
    session.preview_state.connect(said.append)
    begin(session, seeds="")
    assert said[-1].startswith("Set at least one seed") and not session.evolving.is_begun
    evolving = begin(session)
    assert said[-1] == "shown" and evolving.is_begun


def test_another_slice_is_shown_at_rest_and_on_the_way(session):
    evolving = begin(session)
    evolving.step(8)
    assert session.jobs.drain(120)
    session.visible_slices = lambda: ((2, 10),)
    session.running.refresh_preview()
    assert list(shown(session)) == [(2, 10)]
    assert np.array_equal(shown(session)[2, 10], headless(session, 8)[10])


def test_another_preview_takes_its_place(session):
    evolving = begin(session)
    evolving.play()
    session.running.preview("threshold.range", {"lower": 80.0, "upper": 200.0})
    assert session.jobs.drain(120)
    assert not evolving.is_moving and session.document.active_image.preview.title == "Threshold"
    evolving = begin(session)
    assert evolving.is_begun and evolving.iteration == 0
