"""Resample to grid: the bytes, the steps, the labels, what is drawn; and transforms inverted, exchanged, in files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
import SimpleITK as sitk
from tests.placed_layers import FIXED, OWN, Scene, bending, layer, placement, rigid, values
from tests.registration_puppet import GRID, add_two

from pellucid.history.layers import ReplaceVolume
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry, same_world
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance, blank_labels
from pellucid.model.placement import Placement
from pellucid.model.placement_words import described, said
from pellucid.model.volume import Volume, image_from_array
from pellucid.operations.engines.registration import texts
from pellucid.recipes import own_steps
from pellucid.recipes.hardened import HARDEN, harden
from pellucid.recipes.recipe import Recipe
from pellucid.recipes.replay import run
from pellucid.session import Session
from pellucid.session.hardening import own_grid
from pellucid.session.hardening_steps import BY_TRANSFORM
from pellucid.session.placements import inverse_of, linear_placement, placement_of


def found_on(found: Placement, moving: ImageLayer, fixed: ImageLayer) -> Placement:
    """Return a placement as a registration of two images finds it."""
    return replace(found, found_on=(ref(moving.volume), ref(fixed.volume)))


@pytest.fixture(params=["rigid", "bent"])
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(request.param)


def by_sitk(scene: Scene, transform: sitk.Transform, array: np.ndarray, how: int, background: float) -> np.ndarray:
    """Resample as SimpleITK does, in floats and rounded."""
    image = image_from_array(array.astype(np.float32), OWN)
    made = sitk.Resample(image, scene.fixed.volume.image, transform, how, background, sitk.sitkFloat32)
    return np.rint(sitk.GetArrayFromImage(made)).astype(array.dtype)


def test_in_place_it_gets_the_voxels_of_the_fixed_image_and_undo_brings_back_the_bytes(scene: Scene) -> None:
    session, moving, labels = scene.session, scene.moving, scene.labels
    before, map_before, lay = moving.volume, labels.labels, moving.placement
    points = tuple(session.document.annotations)
    session.hardening.harden(moving, scene.fixed, background=-2000.0)
    scene.run()
    expected = by_sitk(scene, lay.transform, before.array, sitk.sitkLinear, -2000)
    assert np.abs(moving.volume.array.astype(int) - expected).max() <= 1
    assert moving.placement is None and moving.volume.geometry is scene.fixed.volume.geometry
    assert moving.volume.unit == "HU" and moving.volume.acquisition.modality == "CT"
    expected = by_sitk(scene, lay.transform, map_before.array, sitk.sitkNearestNeighbor, 0)
    assert np.array_equal(labels.labels.array, expected) and labels.placement is None
    assert labels.labels.labels == map_before.labels
    assert tuple(session.document.annotations) == points, "what is drawn stays where it is seen"
    assert [command.label for command in session.history.done][-1] == "Resample moving to grid"
    session.history.undo()
    assert moving.volume is before and labels.labels is map_before
    assert moving.placement is lay and labels.placement is lay
    session.history.redo()
    assert moving.placement is None and moving.volume.geometry is scene.fixed.volume.geometry


def test_the_step_is_taken_again_without_the_window_to_the_very_bytes(scene: Scene) -> None:
    session, moving = scene.session, scene.moving
    before = moving.volume
    session.hardening.harden(moving, scene.fixed, interpolation="bspline")
    scene.run()
    step = moving.provenance[-1]
    assert step.operation == BY_TRANSFORM and step.inputs == ("moving", "fixed")
    made = run(Recipe.of(moving.provenance), before, {"fixed": scene.fixed.volume})
    assert made.array.tobytes() == moving.volume.array.tobytes()


def test_a_registration_that_found_the_transform_is_the_step(scene: Scene) -> None:
    session, moving = scene.session, scene.moving
    found = Provenance("registration.register", {"preset": "rigid", "interpolation": "linear"}, ("moving", "fixed"))
    session.placing.put(moving, found_on(placement_of(rigid(), FIXED, OWN, "Rigid", found), moving, scene.fixed))
    session.hardening.harden(moving, scene.fixed, interpolation="nearest", background=5.0)
    scene.run()
    step = moving.provenance[-1]
    assert step.operation == "registration.register" and step.inputs == ("moving", "fixed")
    assert step.parameters == {"preset": "rigid", "interpolation": "nearest", "background": 5.0}


@pytest.mark.parametrize("change", ["moving", "fixed", "frames"])
def test_a_registration_of_other_voxels_is_not_the_step(change: str) -> None:
    scene = Scene("rigid", frames=2 if change == "frames" else 1)
    session, moving = scene.session, scene.moving
    found = Provenance("registration.register", {"preset": "rigid"}, ("moving", "fixed"))
    session.placing.put(moving, found_on(placement_of(rigid(), FIXED, OWN, "Rigid", found), moving, scene.fixed))
    if change != "frames":
        layer = moving if change == "moving" else scene.fixed
        made = layer.volume.with_image(layer.volume.image + 5)
        session.history.do(ReplaceVolume(layer, (made,), (Provenance("intensity.shift_scale"),), "change"))
    session.hardening.harden(moving, scene.fixed)
    scene.run()
    assert moving.provenance[-1].operation == BY_TRANSFORM
    assert moving.provenance[-1].parameters["transform"].startswith("#Insight")


@pytest.mark.parametrize("preset", ["rigid", "demons"])
def test_a_registration_in_the_window_is_replayed_to_the_very_bytes(preset: str) -> None:
    session = Session()
    fixed, moving = add_two(session)
    labels = LabelLayer("labels", blank_labels(GRID), made_for=moving.id,
                        provenance=(Provenance("threshold.two_limits", label=1),))  # fmt: skip
    labels.labels.array[8:12, 18:24, 22:28] = 1
    session.document.insert(2, labels)
    session.registering.choosing.choose(fixed=fixed.id, moving=moving.id, preset=preset)
    before, map_before = moving.volume, labels.labels
    session.registering.begin()
    assert session.jobs.drain(120) and moving.placement is not None and labels.placement is moving.placement
    session.hardening.harden(moving, fixed)
    assert session.jobs.drain(120)
    step = moving.provenance[-1]
    assert step.operation == "registration.register" and labels.placement is None
    made = run(Recipe.of([step]), before, {"Baseline": fixed.volume})
    assert made.array.tobytes() == moving.volume.array.tobytes() and made.array.tobytes() != before.array.tobytes()
    step = labels.provenance[-1]
    assert step.operation == HARDEN and step.label == 1
    mask = Volume(image_from_array(map_before.array, GRID), GRID)
    again = harden(mask, step.parameters)
    assert again.array.tobytes() == labels.labels.array.tobytes() and again.array.any()
    session.close()


def test_text_of_a_transform_is_made_only_for_a_step_that_keeps_it(scene: Scene, monkeypatch) -> None:
    session, moving = scene.session, scene.moving
    found = Provenance("registration.register", {"preset": "rigid"}, ("moving", "fixed"))
    session.placing.put(moving, found_on(placement_of(rigid(), FIXED, OWN, "Rigid", found), moving, scene.fixed))
    monkeypatch.setattr(texts, "transform_text", lambda _transform: pytest.fail("made text"))
    session.hardening.harden(moving, scene.fixed)
    scene.run()
    assert moving.provenance[-1].operation == "registration.register" and moving.placement is None


@pytest.mark.parametrize("onto", ["fixed", "own grid"])
def test_a_transform_too_large_for_text_is_resampled_by_a_step_that_stays_here(
    scene: Scene, monkeypatch, onto: str
) -> None:
    session, moving, labels, fixed = scene.session, scene.moving, scene.labels, scene.fixed
    labels.provenance = (Provenance("threshold.two_limits", label=2, inputs=("moving",)),)
    map_before = labels.labels
    monkeypatch.setattr(texts, "LONGEST_TEXT", 10)
    session.hardening.harden(moving, fixed if onto == "fixed" else None)
    scene.run()
    assert moving.placement is None and labels.placement is None
    assert moving.geometry.same_grid(labels.geometry) and (labels.labels.array == 2).any()
    assert moving.provenance[-1].operation == labels.provenance[-1].operation == own_steps.HARDENED
    with pytest.raises(Refused, match="Step 1 resampled by a transform that is too large for a recipe"):
        run(session.recipes.of(moving), fixed.volume)
    assert moving.base == moving.frames, "what follows goes on from what was made"
    session.document.active = labels
    assert "not known" in session.recipes.why_not(session.recipes.chain(labels))
    session.history.undo()
    assert moving.base == () and moving.provenance == () and labels.labels is map_before


def test_a_step_after_a_resampling_that_stays_here_can_be_changed(scene: Scene, monkeypatch) -> None:
    session, moving = scene.session, scene.moving
    monkeypatch.setattr(texts, "LONGEST_TEXT", 10)
    session.hardening.harden(moving, scene.fixed)
    scene.run()
    hardened = moving.volume
    session.running.apply("smoothing.gaussian", {"sigma": 2.0})
    scene.run()
    session.recipes.edit(1, {"sigma": 1.0})
    scene.run()
    expected = run(Recipe.of(moving.provenance[1:]), hardened)
    assert moving.volume.array.tobytes() == expected.array.tobytes()
    session.recipes.remove(1)
    scene.run()
    assert moving.volume.array.tobytes() == hardened.array.tobytes() and len(moving.provenance) == 1


def test_a_transform_of_pictures_moves_a_single_slice_in_its_plane(tmp_path: Path) -> None:
    flat = Geometry((26, 24, 1), (1.0, 1.0, 3.0), (-15.0, 0.0, 28.0))
    session = Session()
    fixed, moving = (
        ImageLayer(name, (Volume(image_from_array(values(FIXED, seed)[6:7], flat), flat),))
        for seed, name in enumerate(("fixed", "moving"))
    )
    for one in (fixed, moving):
        session.document.insert(len(session.document), one)
    turn = sitk.Euler2DTransform((0.0, 10.0), 0.2, (2.0, -1.0))
    sitk.WriteTransform(turn, str(tmp_path / "turn.tfm"))
    session.transforms.load(moving, tmp_path / "turn.tfm")
    assert session.jobs.drain(120) and moving.placement is not None
    before = moving.volume
    session.hardening.harden(moving, fixed, as_new=True, background=0.0)
    session.hardening.harden(moving, background=0.0)
    assert session.jobs.drain(120)
    made = session.document.layers[-1].volume
    float_image = sitk.Cast(before.image[:, :, 0], sitk.sitkFloat32)
    expected = sitk.GetArrayFromImage(sitk.Resample(float_image, float_image, turn, sitk.sitkLinear, 0.0))
    assert made.image.GetDimension() == 3 and made.geometry.size == flat.size
    assert np.abs(made.array[0].astype(float) - expected).max() <= 0.51
    again = run(Recipe.of(session.document.layers[-1].provenance), before, {"fixed": fixed.volume})
    assert again.array.tobytes() == made.array.tobytes()
    own = harden(before, moving.provenance[-1].parameters)
    assert own.array.tobytes() == moving.volume.array.tobytes() and moving.volume.image.GetDimension() == 3
    session.close()


def test_labels_and_grids_of_their_own_have_a_step_that_can_be_taken_again(scene: Scene) -> None:
    session, moving, before = scene.session, scene.moving, scene.moving.volume
    grid = own_grid(moving)
    session.hardening.harden(moving)
    scene.run()
    step = moving.provenance[-1]
    assert step.operation == HARDEN and moving.volume.geometry == grid
    again = harden(before, step.parameters)
    assert again.array.tobytes() == moving.volume.array.tobytes() and again.geometry.same_grid(grid)


def test_a_grid_of_its_own_holds_every_voxel(scene: Scene) -> None:
    grid = own_grid(scene.moving)
    corners = grid.world_to_index(scene.moving.geometry.corners())
    assert (corners > -0.51).all() and (corners < np.array(grid.size) - 0.49).all()
    assert sorted(grid.spacing) == pytest.approx(sorted(OWN.spacing))
    assert np.allclose(grid.axes.T @ grid.axes, np.eye(3))


def test_as_a_new_layer_the_old_one_keeps_its_transform(scene: Scene) -> None:
    session, moving, count = scene.session, scene.moving, len(scene.session.document)
    before, lay = moving.volume, moving.placement
    session.hardening.harden(moving, scene.fixed, as_new=True)
    scene.run()
    assert moving.volume is before and moving.placement is lay and len(session.document) == count + 2
    image, labels = session.document.layers[-2:]
    assert image.placement is None and labels.placement is None
    assert image.volume.geometry is labels.labels.geometry is scene.fixed.volume.geometry
    assert session.placing.followers(image) == (labels,) and session.placing.followers(scene.fixed) == ()
    session.history.undo()
    assert len(session.document) == count


def test_all_frames_of_a_series_are_resampled() -> None:
    scene = Scene("rigid", frames=3)
    before = scene.moving.frames
    scene.session.hardening.harden(scene.moving, scene.fixed, background=0.0)
    scene.run()
    for was, now in zip(before, scene.moving.frames, strict=True):
        expected = by_sitk(scene, scene.moving.placement or rigid(), was.array, sitk.sitkLinear, 0)
        assert np.abs(now.array.astype(int) - expected).max() <= 1


def test_a_layer_that_was_moved_meanwhile_is_left_alone(scene: Scene) -> None:
    said, before = scene.said(), scene.moving.volume
    scene.session.hardening.harden(scene.moving, scene.fixed)
    scene.session.placing.put(scene.moving, placement())
    scene.run()
    assert scene.moving.volume is before and "changed meanwhile" in said[-1]


def test_cancelling_leaves_everything(scene: Scene) -> None:
    before, steps = scene.moving.volume, len(scene.session.history.done)
    scene.session.hardening.harden(scene.moving, scene.fixed).cancel()
    scene.run()
    assert scene.moving.volume is before and len(scene.session.history.done) == steps


def test_without_a_transform_there_is_nothing_to_resample() -> None:
    scene = Scene()
    with pytest.raises(Refused, match="has no transform"):
        scene.session.hardening.harden(scene.moving, scene.fixed)


@pytest.mark.parametrize(
    "wrong",
    [{"size": [0, 1, 1]}, {"size": [1 << 30] * 3}, {"spacing": [1, -1, 1]}, {"origin": [float("nan")] * 3},
     {"direction": [0] * 9}, {"transform": "x"}, {"interpolation": "magic"}, {"background": "black"}, {"size": "abc"},
     {"direction": [1.0]}],
)  # fmt: skip
def test_a_step_with_wrong_numbers_is_refused(wrong: dict[str, object]) -> None:
    scene = Scene("rigid")
    before = scene.moving.volume
    scene.session.hardening.harden(scene.moving)
    scene.run()
    with pytest.raises(Refused):
        harden(before, {**scene.moving.provenance[-1].parameters, **wrong})


def test_before_a_resampling_the_image_is_shown_where_it_lay(scene: Scene) -> None:
    session, moving, before, lay = scene.session, scene.moving, scene.moving.volume, scene.moving.placement
    session.hardening.harden(moving, scene.fixed)
    scene.run()
    held = session.comparing.before(moving)
    assert held is not None and held.volume is before and held.placed.geometry is lay.geometry(OWN)


# ---------------------------------------------------------------- inverse, exchange, files


def test_the_inverse_leads_back(scene: Scene) -> None:
    lay = scene.moving.placement
    inverse, error = inverse_of(lay)
    points = FIXED.index_to_world(np.random.default_rng(0).uniform(0.25, 0.75, (200, 3)) * np.array(FIXED.size))
    back = np.array([inverse.TransformPoint(lay.transform.TransformPoint(p)) for p in points.tolist()])
    away = np.linalg.norm(back - points, axis=1)
    assert away.max() < (1e-9 if lay.is_linear else 0.2)
    assert error == 0 if lay.is_linear else np.percentile(away, 95) <= error < 0.3


def test_inverting_twice_brings_a_layer_back(scene: Scene) -> None:
    session, moving = scene.session, scene.moving
    place = moving.geometry.index_to_world(scene.voxel)
    session.transforms.invert(moving)
    scene.run()
    assert np.linalg.norm(moving.geometry.index_to_world(scene.voxel) - place) > 1
    assert moving.placement.title.startswith("Inverse of Test") and scene.labels.placement is moving.placement
    session.transforms.invert(moving)
    scene.run()
    assert np.linalg.norm(moving.geometry.index_to_world(scene.voxel) - place) < 0.2


def test_exchanging_leaves_everything_as_it_lies_to_each_other(scene: Scene) -> None:
    session, fixed, moving = scene.session, scene.fixed, scene.moving
    own = FIXED.index_to_world([12, 11, 9])
    partner = moving.placement.to_own(own)
    marked = next(iter(session.document.annotations))
    session.transforms.swap(moving)
    scene.run()
    assert moving.placement is None and scene.labels.placement is None
    assert np.linalg.norm(fixed.placement.to_common(own) - partner) < 0.1
    assert same_world(fixed.geometry, moving.geometry) and fixed.placement.onto is moving.volume.geometry
    place = np.array(next(iter(session.document.annotations)).points[0])
    assert np.abs(place - OWN.index_to_world(scene.voxel)).max() < 1e-2
    session.history.undo()
    assert fixed.placement is None and next(iter(session.document.annotations)) == marked


def test_joining_acts_before_the_transform_there_is(scene: Scene) -> None:
    session, moving, first = scene.session, scene.moving, scene.moving.placement
    shift = sitk.TranslationTransform(3, (1.0, 2.0, 0.5))
    session.transforms.compose(moving, shift, "shift")
    scene.run()
    points = FIXED.index_to_world(np.random.default_rng(1).uniform(0.3, 0.7, (50, 3)) * np.array(FIXED.size))
    expected = np.array([first.transform.TransformPoint(p) for p in (points + np.array((1.0, 2.0, 0.5))).tolist()])
    assert np.abs(moving.placement.to_own(points) - expected).max() < (1e-9 if first.is_linear else 0.2)
    assert moving.placement.title == "Test + shift"


def test_transforms_go_to_files_and_come_back(scene: Scene, tmp_path: Path) -> None:
    session, moving = scene.session, scene.moving
    said, lay, path = scene.said(), moving.placement, tmp_path / "found.tfm"
    session.transforms.save(moving, path)
    scene.run()
    assert "read back identical" in said[-1]
    session.placing.reset(moving)
    assert moving.placement is None
    session.transforms.load(moving, path)
    scene.run()
    places = FIXED.index_to_world(np.random.default_rng(1).uniform(0, 1, (20, 3)) * np.array(FIXED.size))
    again = moving.placement
    assert [again.transform.TransformPoint(p) for p in places.tolist()] == [
        lay.transform.TransformPoint(p) for p in places.tolist()
    ]
    assert again.title == "found.tfm" and scene.labels.placement is again
    (tmp_path / "no.tfm").write_text("nothing")
    session.transforms.load(moving, tmp_path / "no.tfm")
    scene.run()
    assert moving.placement is again and "no.tfm" in said[-1]


def test_a_dose_goes_along_with_its_image() -> None:
    scene = Scene("rigid")
    dose = layer("dose", OWN, 3)
    scene.session.document.insert(3, dose)
    scene.session.placing.put(dose, None)
    assert scene.session.placing.companions(scene.moving)[-1] is dose
    scene.session.placing.copy(scene.moving, dose)
    assert dose.placement is scene.moving.placement
    scene.session.history.undo()
    assert dose.placement is None


def test_taking_a_transform_off_gives_annotations_their_own_world_back() -> None:
    scene = Scene()
    before = next(iter(scene.session.document.annotations))
    scene.session.placing.put(scene.moving, placement())
    scene.session.placing.reset(scene.moving)
    after = next(iter(scene.session.document.annotations))
    assert after.frame_of_reference == OWN.frame_of_reference
    assert np.abs(np.array(after.points[0]) - before.points[0]).max() < 1e-9


# ---------------------------------------------------------------- in words


def test_words_say_how_far_a_layer_is_moved_turned_and_bent() -> None:
    turn = sitk.Euler3DTransform(tuple(OWN.centre()), 0, 0, np.radians(10.0), (3.0, 4.0, 0.0))
    assert described(placement_of(turn, FIXED, OWN), OWN) == "moved 5.0 mm, turned 10.0°"
    scaled = linear_placement(np.diag([0.5, 0.5, 0.5, 1.0]), FIXED)
    assert described(scaled, OWN).endswith("scaled 2×")
    assert "mirrored" in described(linear_placement(np.diag([-1.0, 1, 1, 1]), FIXED), OWN)
    assert "stretched 1 to 2×" in described(linear_placement(np.diag([0.5, 1.0, 1, 1]), FIXED), OWN)
    bent = placement_of(bending(), FIXED, OWN, "Spline")
    assert f"bent up to {bent.warp.reach:.1f} mm" in described(bent, OWN)
    scene = Scene("rigid")
    assert said(scene.moving).startswith("Test: moved ") and said(scene.fixed) == ""
