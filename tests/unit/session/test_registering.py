"""One registration from the choice of two images to its end: done, kept, dropped, failed, overtaken by other work."""

from __future__ import annotations

import time

import numpy as np
import pytest

from patience import PATIENCE
from pellucid.history.layers import AddLayer, RemoveLayer, ReplaceVolume
from pellucid.history.painting import replace_label
from pellucid.model.compare import CompareMode
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, blank_labels
from pellucid.operations.engines.registration.plans import PRESETS, Stage
from pellucid.session import registration_runs
from pellucid.session.placements import linear_placement, placement_of
from pellucid.session.registration_runs import coarser
from pellucid.session.registration_words import PLACED
from pellucid.session.session import Session
from registration_puppet import GRID, Puppet, add_two, bent, blob, shift


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


@pytest.fixture
def pair(session):
    return add_two(session)


@pytest.fixture
def puppet(monkeypatch):
    return Puppet(monkeypatch)


def wait(session, true, seconds=PATIENCE):
    """Run what comes back from threads until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        session.jobs._pump()
        time.sleep(0.002)


def finished(session, puppet):
    session.registering.begin()
    puppet.finish()
    assert session.jobs.drain(120)


def shifted(layer):
    return tuple(np.round(layer.placement.matrix[:3, 3], 6))


# ---------------------------------------------------------------- choosing


def test_the_lower_image_stays_and_the_next_one_moves(session):
    choosing = session.registering.choosing
    assert choosing.fixed is None and "second" in choosing.why_not()
    fixed, moving = add_two(session)
    assert (choosing.fixed, choosing.moving) == (fixed, moving) and choosing.why_not() == ""


def test_choosing_an_image_twice_exchanges_the_two(session, pair):
    fixed, moving = pair
    choosing = session.registering.choosing
    choosing.choose(fixed=moving.id)
    assert (choosing.fixed, choosing.moving) == (moving, fixed)
    choosing.swap()
    assert (choosing.fixed, choosing.moving) == (fixed, moving)


def test_another_image_takes_the_place_of_one_that_is_closed(session, pair):
    third = ImageLayer("Third", (blob(GRID, (15, 15, 15)),))
    session.history.do(AddLayer(third))
    session.history.do(RemoveLayer(pair[1]))
    assert session.registering.choosing.moving is third


@pytest.mark.parametrize(("modalities", "preset"), [
    (("CT", "CT"), "rigid"), (("CT", "PT"), "rigid_mi"), (("MR", "MR"), "rigid_mi"), (("", ""), "rigid_mi"),
])  # fmt: skip
def test_the_preset_is_proposed_by_the_kinds_of_images(session, modalities, preset):
    add_two(session, modalities=modalities)
    choosing = session.registering.choosing
    assert choosing.preset == preset and choosing.plan == PRESETS[preset].plan
    choosing.choose(preset="affine_mi")
    assert choosing.plan == PRESETS["affine_mi"].plan


def test_own_stages_and_start_make_the_plan(session, pair):
    choosing = session.registering.choosing
    stages = (Stage(transform="translation"), Stage(transform="bspline"))
    choosing.choose(stages=stages, start="moments")
    assert choosing.plan.stages == stages and choosing.plan.start == "moments"
    assert choosing.how == "Translation, B-spline"


def test_a_slice_and_a_volume_are_refused_with_a_sentence(session, pair):
    flat = Geometry((30, 30, 1), (1.0, 1.0, 1.0))
    picture = ImageLayer("Picture", (blob(flat, (10, 10, 0)),))
    session.history.do(AddLayer(picture))
    session.registering.choosing.choose(moving=picture.id)
    with pytest.raises(Refused, match="“Picture” is a single slice and “Baseline” a volume"):
        session.registering.begin()
    assert not session.registering.is_running


def test_a_bent_image_does_not_stay_fixed(session, pair):
    fixed = pair[0]
    session.placing.put(fixed, placement_of(bent(), GRID, GRID))
    assert "bent" in session.registering.choosing.why_not()
    session.registering.choosing.swap()
    assert session.registering.choosing.why_not() == ""


# ---------------------------------------------------------------- done


def test_a_registration_is_one_step_that_undo_takes_back(session, pair, puppet):
    fixed, moving = pair
    steps = session.history.position
    finished(session, puppet)
    result = session.registering.result
    assert shifted(moving) == (5.0, 3.0, 0.0) and fixed.placement is None and moving.estimate is None
    assert session.history.position == steps + 1
    assert session.history.steps[-1] == "Register Follow-up to Baseline (Rigid)"
    assert result.is_in_force and not result.is_doubtful and result.outcome.metric_after == -0.95
    session.undo()
    assert moving.placement is None and not result.is_in_force
    session.redo()
    assert shifted(moving) == (5.0, 3.0, 0.0) and result.is_in_force


def test_the_placement_remembers_the_operation_that_found_it(session, pair, puppet):
    session.registering.choosing.choose(start="masses", seed=7)
    finished(session, puppet)
    step = pair[1].placement.step
    assert (step.operation, step.inputs) == ("registration.register", ("Follow-up", "Baseline"))
    assert step.parameters == {"preset": "rigid", "start": "masses", "seed": 7, "initial": ""}
    assert pair[1].placement.onto is pair[0].geometry


def test_own_stages_are_written_into_the_step(session, pair, puppet):
    session.registering.choosing.choose(stages=(Stage(transform="affine", iterations=9),))
    finished(session, puppet)
    assert pair[1].placement.step.parameters == {
        "preset": "own", "stages": "affine iterations=9", "start": "search", "seed": 1, "initial": "",
    }  # fmt: skip


def test_the_engine_gets_plan_seed_and_images(session, pair, puppet):
    session.registering.choosing.choose(preset="deformable", seed=5)
    finished(session, puppet)
    call = puppet.calls[0]
    assert call["plan"] == PRESETS["deformable"].plan and call["seed"] == 5 and call["initial"] is None
    assert call["fixed"] is pair[0].volume.image and call["moving"] is pair[1].volume.image
    assert call["fixed_mask"] is None and call["moving_mask"] is None


def test_labels_of_an_image_can_be_its_mask_and_go_with_it(session, pair, puppet):
    moving = pair[1]
    labels = LabelLayer("Lesion", blank_labels(moving.volume.geometry), made_for=moving.id)
    labels.labels.array[5:9, 5:9, 5:9] = 3
    labels.labels.set_label(Label(3, "core", "#ff0000"))
    labels.labels.array[0, 0, 0] = 2
    labels.labels.set_label(Label(2, "rim", "#00ff00"))
    session.history.do(AddLayer(labels))
    choosing = session.registering.choosing
    assert ("Lesion: core", (labels.id, 3)) in choosing.masks(moving)
    choosing.choose(moving_mask=(labels.id, 3))
    session.registering.begin()
    erased = np.zeros(labels.labels.shape, bool)
    session.history.do(replace_label(labels, 3, erased, "Erase"))  # under the thread it changes nothing
    puppet.finish()
    assert session.jobs.drain(120)
    import SimpleITK as sitk

    mask = sitk.GetArrayFromImage(puppet.calls[0]["moving_mask"])
    assert mask.sum() == 64 and mask[5, 5, 5] == 1 and mask[0, 0, 0] == 0
    assert moving.placement.step is None  # a step knows its inputs by their order
    assert labels.placement is moving.placement


def test_it_goes_on_from_a_place_that_was_set_by_hand(session, pair, puppet):
    fixed, moving = pair
    by_hand = np.eye(4)
    by_hand[:3, 3] = (4, 2, 0)
    session.placing.put(moving, linear_placement(by_hand, fixed.geometry, "by hand"))
    assert session.registering.choosing.start == PLACED
    finished(session, puppet)
    call = puppet.calls[0]
    assert call["initial"].TransformPoint((0, 0, 0)) == (4, 2, 0) and call["plan"].start == "identity"
    step = moving.placement.step  # what the hand did is written out
    assert step.parameters["start"] == "identity" and "4 2 0" in step.parameters["initial"]
    assert session.registering.choosing.start == PLACED  # and so the next one begins there again


def test_a_registration_after_a_registration_begins_anew_unless_told(session, pair, puppet):
    finished(session, puppet)
    assert session.registering.choosing.start == ""
    session.registering.choosing.choose(start=PLACED)
    finished(session, puppet)
    assert puppet.calls[1]["initial"].TransformPoint((0, 0, 0)) == (5, 3, 0)


def test_a_fixed_image_that_lies_elsewhere_is_registered_where_it_lies(session, pair, puppet):
    fixed, moving = pair
    turned = np.eye(4)
    turned[:2, :2] = [[0, -1], [1, 0]]
    turned[:3, 3] = (2, 0, 0)
    session.placing.put(fixed, linear_placement(turned, GRID, "turned"))
    finished(session, puppet)
    common = np.array([3.0, 4.0, 5.0])
    own = turned[:3, :3] @ common + turned[:3, 3]
    assert np.allclose(moving.placement.to_own(common), own + np.array([5, 3, 0]))
    assert np.allclose(moving.placement.transform.TransformPoint(common.tolist()), own + np.array([5, 3, 0]))


# ---------------------------------------------------------------- meanwhile


def test_the_estimate_is_shown_and_is_no_part_of_the_work(session, pair, puppet):
    fixed, moving = pair
    labels = LabelLayer("Lesion", blank_labels(moving.volume.geometry), made_for=moving.id)
    session.history.do(AddLayer(labels))
    position, here = session.history.position, session.history.here
    session.registering.begin()
    wait(session, lambda: moving.estimate is not None and moving.estimate.matrix[0, 3] == 5.0)
    assert moving.placement is None and session.history.position == position and session.history.here is here
    assert np.allclose(moving.geometry.origin, (-5, -3, 0)) and moving.volume.geometry is GRID
    assert labels.estimate is moving.estimate and labels.geometry.origin == moving.geometry.origin
    assert session.document.reference is fixed.geometry
    session.registering.drop()
    assert moving.estimate is None and labels.estimate is None and moving.geometry is GRID
    assert not session.registering.is_running and session.history.here is here
    assert puppet.cancelled.wait(PATIENCE)


def test_the_panes_follow_the_image_that_stays_whichever_lies_below(session, pair, puppet):
    fixed, moving = pair
    session.move(moving, 0)
    session.registering.begin()
    wait(session, lambda: moving.estimate is not None)
    assert session.document.reference is fixed.geometry
    assert session.viewing.geometry(session.view.panes[0]) is fixed.geometry


def test_estimates_come_once_in_an_interval_and_every_iteration_is_on_the_curve(session, pair, puppet, monkeypatch):
    assert registration_runs.PICTURE_INTERVAL == 1 / 12, "at most twelve times a second"
    monkeypatch.setattr(registration_runs, "PICTURE_INTERVAL", 3600.0)
    moving, seen = pair[1], []
    moving.events.estimate.connect(lambda new, _old: seen.append(new))
    session.registering.begin()
    wait(session, lambda: len(session.registering.points) > 20)
    assert len(seen) == 1
    points = session.registering.points
    assert [point.iteration for point in points] == list(range(1, len(points) + 1)) and len(points) > len(seen)


def test_an_estimate_that_bends_is_shown_coarsely_and_kept_exactly(session, pair, puppet):
    moving = pair[1]
    puppet.along(lambda _n: bent())
    session.registering.begin()
    wait(session, lambda: moving.estimate is not None)
    shown = moving.estimate
    assert shown.warp is not None and shown.warp.displacement[..., 0].size < 30_000
    assert shown.onto is pair[0].geometry
    session.registering.keep()
    assert session.jobs.drain(120)
    exact = moving.placement
    assert exact.warp.displacement.size > shown.warp.displacement.size and exact.onto is pair[0].geometry
    points = GRID.index_to_world(np.random.default_rng(0).uniform(8, 12, (50, 3)))
    assert np.abs(shown.to_own(points) - exact.to_own(points)).max() < 0.5


def test_a_coarse_grid_covers_the_same_box():
    fine = Geometry((400, 300, 100), (0.5, 0.5, 2.0), (3.0, -2.0, 1.0))
    coarse = coarser(fine)
    assert np.prod(coarse.size) < 25_000
    assert np.allclose(np.array(coarse.size) * coarse.spacing, np.array(fine.size) * fine.spacing)
    assert coarser(GRID).size != GRID.size and coarser(Geometry((9, 9, 1), (1.0, 1.0, 1.0))).size == (9, 9, 1)


def test_both_images_are_shown_in_red_and_green_and_dropping_takes_that_back(session, pair, puppet):
    assert session.view.compare is None
    session.registering.begin()
    compare = session.view.compare
    assert compare.mode is CompareMode.RED_GREEN and (compare.first, compare.second) == (pair[0].id, pair[1].id)
    session.registering.drop()
    assert session.view.compare is None
    session.registering.overlay = False
    session.registering.begin()
    assert session.view.compare is None


# ---------------------------------------------------------------- kept


def test_stopping_can_keep_the_estimate_as_one_step(session, pair, puppet):
    moving, position = pair[1], session.history.position
    puppet.along(lambda n: shift(2.0))
    session.registering.begin()
    assert session.registering.keep() is None  # nothing to keep yet
    wait(session, lambda: session.registering.has_estimate)
    session.registering.keep()
    assert session.registering.is_keeping
    assert session.jobs.drain(120)
    result = session.registering.result
    assert shifted(moving) == (2.0, 0.0, 0.0) and moving.estimate is None
    assert session.history.position == position + 1 and result.kept and result.is_doubtful
    assert moving.placement.step is None and "stopped" in result.sentences[0]
    assert result.outcome.iterations == len(result.outcome.curve) > 0
    session.undo()
    assert moving.placement is None


# ---------------------------------------------------------------- overtaken and failed


def test_doubts_are_said(session, pair, puppet):
    said = []
    session.notice.connect(lambda text, kind: said.append((text, kind)))
    puppet.doubts, puppet.converged = ("Half of the image left the grid.",), False
    finished(session, puppet)
    assert session.registering.result.sentences == ("Half of the image left the grid.",)
    assert said == [("“Follow-up” was registered to “Baseline”, but look closely: Half of the image left the grid.",
                     "warning")]  # fmt: skip


def test_an_image_that_is_closed_ends_it_with_a_sentence(session, pair, puppet):
    said = []
    session.notice.connect(lambda text, kind: said.append(text))
    session.registering.begin()
    wait(session, lambda: puppet.calls)
    session.history.do(RemoveLayer(pair[0]))
    assert not session.registering.is_running and puppet.cancelled.wait(PATIENCE)
    assert said == ["“Baseline” was closed; its registration was dropped."] == [session.registering.problem]
    assert session.jobs.drain(120) and pair[1].placement is None


def test_an_image_that_is_changed_meanwhile_is_placed_and_that_is_said(session, pair, puppet):
    moving = pair[1]
    session.registering.begin()
    wait(session, lambda: puppet.calls)
    session.history.do(ReplaceVolume(moving, (blob(GRID, (10, 10, 10)),), (), "Blur"))
    puppet.finish()
    assert session.jobs.drain(120)
    assert shifted(moving) == (5.0, 3.0, 0.0) and moving.placement.step is None
    assert "“Follow-up” was changed meanwhile" in session.registering.result.remarks[0]


def test_a_fixed_image_that_is_moved_meanwhile_makes_the_result_worthless(session, pair, puppet):
    fixed, moving = pair
    session.registering.begin()
    wait(session, lambda: puppet.calls)
    session.placing.put(fixed, linear_placement(np.diag([2.0, 2, 2, 1]), GRID))
    puppet.finish()
    assert session.jobs.drain(120)
    assert moving.placement is None and "was moved meanwhile" in session.registering.problem


def test_of_a_time_series_the_frame_that_is_shown_is_registered(session, pair, puppet):
    series = ImageLayer("Series", tuple(blob(GRID, (n, 18, 20)) for n in (18, 20, 22)), frame=1)
    session.history.do(AddLayer(series))
    session.registering.choosing.choose(moving=series.id)
    finished(session, puppet)
    assert puppet.calls[0]["moving"] is series.frames[1].image
    assert session.registering.result.remarks == ("Of “Series” frame 2 was registered; it holds for all.",)


def test_an_error_is_a_sentence_and_nothing_stays(session, pair, puppet):
    from pellucid.operations.context import Refused as Declined

    session.registering.begin()
    wait(session, lambda: pair[1].estimate is not None)
    puppet.error = Declined("The images do not overlap.")
    wait(session, lambda: not session.registering.is_running)
    assert session.registering.problem == "The images do not overlap."
    assert pair[1].estimate is None and pair[1].placement is None and session.view.compare is None


def test_a_job_that_is_stopped_in_the_status_bar_is_dropped(session, pair, puppet):
    job = session.registering.begin()
    wait(session, lambda: pair[1].estimate is not None)
    job.cancel()
    wait(session, lambda: not session.registering.is_running)
    assert pair[1].estimate is None and pair[1].placement is None


def test_closing_everything_ends_it_without_a_word(session, pair, puppet):
    said = []
    session.notice.connect(lambda text, kind: said.append(text))
    session.registering.begin()
    wait(session, lambda: puppet.calls)
    session.close_all()
    assert session.jobs.drain(120) and not session.registering.is_running and said == []


def test_only_one_runs_at_a_time(session, pair, puppet):
    session.registering.begin()
    with pytest.raises(Refused, match="A registration is running"):
        session.registering.begin()


def test_the_result_can_be_compared_at_a_divider(session, pair, puppet):
    with pytest.raises(Refused):
        session.registering.compare()
    finished(session, puppet)
    session.registering.compare()
    assert session.view.compare.mode is CompareMode.SWIPE
    assert (session.view.compare.first, session.view.compare.second) == (pair[0].id, pair[1].id)
