"""Resample to grid: the bytes, the steps, the labels, what is drawn; and transforms inverted, exchanged, in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from tests.placed_layers import FIXED, OWN, Scene, bending, placement, rigid

from pellucid.model.findings import Refused
from pellucid.model.geometry import same_world
from pellucid.model.layer import Provenance
from pellucid.model.placement_words import described, said
from pellucid.model.volume import image_from_array
from pellucid.recipes.hardened import HARDEN, harden
from pellucid.recipes.recipe import Recipe
from pellucid.recipes.replay import run
from pellucid.session.hardening import BY_TRANSFORM, own_grid
from pellucid.session.placements import inverse_of, linear_placement, placement_of


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
    pytest.importorskip("pellucid.operations.registration")
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
    session.placing.put(moving, placement_of(rigid(), FIXED, OWN, "Rigid", found))
    session.hardening.harden(moving, scene.fixed, interpolation="nearest", background=5.0)
    scene.run()
    step = moving.provenance[-1]
    assert step.operation == "registration.register" and step.inputs == ("moving", "fixed")
    assert step.parameters == {"preset": "rigid", "interpolation": "nearest", "background": 5.0}


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
    marked = tuple(session.document.annotations)[0]
    session.transforms.swap(moving)
    scene.run()
    assert moving.placement is None and scene.labels.placement is None
    assert np.linalg.norm(fixed.placement.to_common(own) - partner) < 0.1
    assert same_world(fixed.geometry, moving.geometry) and fixed.placement.onto is moving.volume.geometry
    place = np.array(tuple(session.document.annotations)[0].points[0])
    assert np.abs(place - OWN.index_to_world(scene.voxel)).max() < 1e-2
    session.history.undo()
    assert fixed.placement is None and tuple(session.document.annotations)[0] == marked


def test_joining_acts_before_the_transform_there_is(scene: Scene) -> None:
    session, moving, first = scene.session, scene.moving, scene.moving.placement
    shift = sitk.TranslationTransform(3, (1.0, 2.0, 0.5))
    session.transforms.compose(moving, shift, "shift")
    scene.run()
    points = FIXED.index_to_world(np.random.default_rng(1).uniform(0.3, 0.7, (50, 3)) * np.array(FIXED.size))
    expected = np.array([first.transform.TransformPoint(p) for p in (points + (1.0, 2.0, 0.5)).tolist()])
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
    from tests.placed_layers import layer

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
    before = tuple(scene.session.document.annotations)[0]
    scene.session.placing.put(scene.moving, placement())
    scene.session.placing.reset(scene.moving)
    after = tuple(scene.session.document.annotations)[0]
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
