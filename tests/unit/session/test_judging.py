"""Judging a registration without a window: which images, numbers that are known, what was before, maps as layers."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from pellucid.model.annotations import Annotation, Kind
from pellucid.model.compare import CompareMode
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume, geometry_of
from pellucid.session.judgement_layers import add_displacement, add_jacobian
from pellucid.session.judgement_rows import as_csv, rows
from pellucid.session.placements import linear_placement, placement_of
from pellucid.session.session import Session

SHIFT = np.array([4.0, -3.0, 2.0])
HALF = np.array([0.0, 0.0, 0.5])
RNG = np.random.default_rng(4)


def blob(size=(40, 36, 20)) -> sitk.Image:
    """Return a smooth picture with an edge all around, on an oblique grid."""
    array = ndimage.gaussian_filter(RNG.normal(size=size[::-1]), 3) * 4000
    array[:, :6], array[..., :6], array[:3] = 0, 0, 0
    image = sitk.GetImageFromArray(array.astype(np.int16))
    image.SetSpacing((1.0, 1.0, 2.0))
    image.SetDirection(sitk.VersorTransform((0.2, 0.5, 0.1), 0.2).GetMatrix())
    return image


def shifted(image: sitk.Image) -> sitk.Image:
    """Return the image shown ``SHIFT`` further on: p in the fixed one is p + SHIFT here."""
    moved = sitk.Image(image)
    moved.SetOrigin((np.array(image.GetOrigin()) + SHIFT).tolist())
    return moved


def labels_of(volume: Volume, name: str, value: int = 1) -> LabelLayer:
    array = (volume.array > 100).astype(np.uint8) * value
    return LabelLayer(f"{name} labels", LabelMap(volume.geometry, array, (Label(value, "Liver", "#ff0000"),)))


def scene(*, same_grid: bool = False) -> tuple[Session, ImageLayer, ImageLayer]:
    """Return a fixed image and the same image shifted, both with a label and two landmarks."""
    session = Session()
    image = blob()
    moving_image = sitk.Resample(image, image, sitk.TranslationTransform(3, (-SHIFT).tolist())) if same_grid else None
    made = []
    for name, pixels in (("fixed", image), ("moving", moving_image or shifted(image))):
        volume = Volume(pixels, geometry_of(pixels), unit="HU")
        layer = ImageLayer(name, (volume,))
        session.document.insert(len(session.document), layer)
        session.document.insert(len(session.document), labels_of(volume, name))
        made.append(layer)
    for n, index in enumerate(([10, 12, 8], [25, 20, 12])):
        place = made[0].volume.geometry.index_to_world(index)
        for layer, at in ((made[0], place), (made[1], place + SHIFT + n * HALF)):
            drawn = Annotation(Kind.POINT, (tuple(at),), layer=layer.id, name=f"p{n}")
            session.document.annotations.insert(0, drawn)
    return session, made[0], made[1]


def shift_placement(fixed: ImageLayer, share: float = 1.0):
    matrix = np.eye(4)
    matrix[:3, 3] = SHIFT * share
    return linear_placement(matrix, fixed.volume.geometry)


def bend(fixed: ImageLayer, strength: float = 0.8, seed: int = 0):
    spline = sitk.BSplineTransformInitializer(fixed.volume.image, [4, 4, 3], 3)
    spline.SetParameters(np.random.default_rng(seed).normal(0, strength, len(spline.GetParameters())).tolist())
    return placement_of(spline, fixed.volume.geometry, fixed.volume.geometry)


def numbers(session: Session) -> dict[str, tuple[float | None, float | None]]:
    session.judging.compute()
    assert session.jobs.drain(120)
    assert session.judging.answer is not None, session.judging.problem
    return {row.key: (row.before, row.after) for row in rows(session.judging.answer)}


def test_nothing_is_judged_before_an_image_was_moved() -> None:
    session, _fixed, _moving = scene()
    assert session.judging.moving is None and session.judging.compute() is None
    assert "registered" in session.judging.problem


def test_the_images_are_chosen_by_the_placement_and_can_be_chosen_by_hand() -> None:
    session, fixed, moving = scene()
    third = ImageLayer("third", (moving.volume,))
    session.document.insert(0, third)
    session.placing.put(moving, shift_placement(fixed))
    assert (session.judging.fixed, session.judging.moving) == (fixed, moving)
    session.judging.choose(moving, fixed)
    assert (session.judging.fixed, session.judging.moving) == (moving, fixed)
    session.document.remove(fixed)
    assert session.judging.moving is moving


def test_numbers_before_and_after_a_known_shift() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, shift_placement(fixed), "Register")
    found = numbers(session)
    assert found["mean_squares"][1] == pytest.approx(0, abs=1e-6) and found["mean_squares"][0] > 1000
    assert found["correlation"][1] == pytest.approx(1) and found["correlation"][0] < 0.9
    assert found["normalised_mutual_information"][1] == pytest.approx(2)
    assert found["overlap"] == (pytest.approx(expected_overlap(fixed, moving)), 1.0)
    assert found["dice_Liver"][1] == 1.0 and found["dice_Liver"][0] < 0.9
    length = float(np.linalg.norm(SHIFT))
    second = float(np.linalg.norm(SHIFT + HALF))
    assert found["landmark_error_mean_mm"] == (pytest.approx((length + second) / 2), pytest.approx(0.25))
    assert found["landmark_error_largest_mm"] == (pytest.approx(second), pytest.approx(0.5))
    assert found["jacobian"] == (1.0, 1.0) and found["folded_voxels"] == (0, 0)
    assert found["inverse_error_largest_mm"] == (None, pytest.approx(0, abs=1e-9))


def expected_overlap(fixed: ImageLayer, moving: ImageLayer) -> float:
    """Return the share by brute force."""
    grid = fixed.volume.geometry
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.size), indexing="ij"), -1).reshape(-1, 3)
    there = moving.volume.geometry.world_to_index(grid.index_to_world(index))
    return float(((there >= -0.5) & (there < np.array(grid.size) - 0.5)).all(axis=1).mean())


def test_before_is_the_placement_before_the_last_change() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, shift_placement(fixed, 0.5), "By hand")
    session.placing.put(moving, shift_placement(fixed), "Register")
    held = session.judging.before()
    assert held is not None and held.title == "Register"
    assert held.placement is not None and held.placement.matrix[0, 3] == 2.0
    found = numbers(session)
    assert found["landmark_error_mean_mm"][0] == pytest.approx(
        np.mean([np.linalg.norm(SHIFT / 2), np.linalg.norm(SHIFT / 2 + HALF)])
    )
    session.undo()
    held = session.judging.before()
    assert held is not None and held.placement is None


def test_numbers_of_what_is_no_longer_there_are_not_shown() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, shift_placement(fixed))
    numbers(session)
    session.placing.put(moving, shift_placement(fixed, 0.9))
    assert session.judging.answer is None and session.judging.last is not None
    session.undo()
    assert session.judging.answer is not None


def test_a_bend_is_told_by_its_determinants_and_a_fold_is_found() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, bend(fixed))
    gentle = numbers(session)
    assert gentle["folded_voxels"][1] == 0 and 0.3 < gentle["jacobian_lowest"][1] < gentle["jacobian_highest"][1] < 2
    assert gentle["inverse_error_largest_mm"][1] < 0.05
    session.placing.put(moving, bend(fixed, 9.0))
    wild = numbers(session)
    assert wild["folded_voxels"][1] > 0 and wild["jacobian_lowest"][1] < 0
    assert wild["inverse_error_largest_mm"][1] > gentle["inverse_error_largest_mm"][1]
    session.judging.go_to_worst()
    at = np.rint(fixed.volume.geometry.world_to_index(session.view.crosshair)).astype(int)
    answer = session.judging.answer
    assert answer is not None and answer.after.determinants is not None
    assert answer.after.determinants[tuple(at[::-1])] == pytest.approx(wild["jacobian_lowest"][1])


def test_a_mirror_folds_everything() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, linear_placement(np.diag([-1.0, 1, 1, 1]), fixed.volume.geometry))
    assert numbers(session)["folded_voxels"][1] == np.prod(fixed.volume.geometry.size)


def test_dice_after_a_bend_is_that_of_resampled_labels() -> None:
    session, fixed, moving = scene()
    placement = bend(fixed, 0.8)
    session.placing.put(moving, placement)
    found = numbers(session)["dice_Liver"][1]
    masks = [sitk.GetImageFromArray((layer.volume.array > 100).astype(np.uint8)) for layer in (fixed, moving)]
    for mask, layer in zip(masks, (fixed, moving), strict=True):
        mask.CopyInformation(layer.volume.image)
    there = sitk.Resample(masks[1], masks[0], placement.transform, sitk.sitkNearestNeighbor)
    measure = sitk.LabelOverlapMeasuresImageFilter()
    measure.Execute(masks[0], there)
    assert found == pytest.approx(measure.GetDiceCoefficient(), abs=2e-3)


def test_a_registration_the_other_way_round_tells_of_consistency() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, shift_placement(fixed))
    assert "inverse_consistency_mean_mm" not in numbers(session)
    other = ImageLayer("fixed again", (fixed.volume,))
    session.document.insert(0, other)
    back = np.eye(4)
    back[:3, 3] = np.array([0.0, 0.6, 0.8]) - SHIFT
    session.placing.put(other, linear_placement(back, moving.volume.geometry))
    session.judging.choose(fixed, moving)
    found = numbers(session)
    assert found["inverse_consistency_mean_mm"][1] == pytest.approx(1.0)
    assert found["inverse_consistency_largest_mm"][1] == pytest.approx(1.0)


def test_units_are_honest_where_no_lengths_are_known() -> None:
    session = Session()
    grid = Geometry((20, 16, 1), known_spacing=(False, False, False), oriented=False)
    images = [sitk.GetImageFromArray(RNG.integers(0, 255, (16, 20)).astype(np.uint8)) for _ in range(2)]
    fixed, moving = (ImageLayer(name, (Volume(image, grid),)) for name, image in zip("fm", images, strict=True))
    for layer in (fixed, moving):
        session.document.insert(0, layer)
        point = Annotation(Kind.POINT, ((3.0, 4.0, 0.0),), layer=layer.id, name="a")
        session.document.annotations.insert(0, point)
    matrix = np.eye(4)
    matrix[0, 3] = 3
    session.placing.put(moving, linear_placement(matrix, grid, planar=True))
    found = numbers(session)
    assert found["landmark_error_mean_px"] == (0.0, 3.0)
    assert "landmark_error_mean_mm" not in found


def test_the_table_is_written_with_full_precision() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, shift_placement(fixed))
    found = numbers(session)
    assert session.judging.answer is not None
    written = {row["measure"]: row for row in csv.DictReader(io.StringIO(as_csv(rows(session.judging.answer))))}
    assert float(written["mean_squares"]["before"]) == found["mean_squares"][0]
    assert written["mean_squares"]["unit"] == "HU²"
    assert written["inverse_error_mean_mm"]["before"] == ""


def test_verdicts_know_which_way_is_better() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, shift_placement(fixed))
    numbers(session)
    assert session.judging.answer is not None
    verdicts = {row.key: row.verdict for row in rows(session.judging.answer)}
    assert verdicts["mean_squares"] == verdicts["correlation"] == verdicts["landmark_error_mean_mm"] == 1
    session.placing.put(moving, None)
    session.judging.choose(fixed, moving)
    numbers(session)
    verdicts = {row.key: row.verdict for row in rows(session.judging.answer)}
    assert verdicts["mean_squares"] == verdicts["correlation"] == -1


def test_maps_become_layers_on_the_fixed_grid_and_undo_takes_them_away() -> None:
    session, fixed, moving = scene()
    placement = bend(fixed)
    session.placing.put(moving, placement)
    before = session.document.layers
    add_jacobian(session)
    assert session.jobs.drain(120)
    add_displacement(session)
    assert session.jobs.drain(120)
    jacobian, displacement = [layer for layer in session.document.layers if layer not in before]
    assert isinstance(jacobian, ImageLayer) and isinstance(displacement, ImageLayer)
    assert jacobian.volume.geometry.same_grid(fixed.volume.geometry) and displacement.volume.unit == "mm"
    index = [20, 18, 9]
    point = fixed.volume.geometry.index_to_world(index)
    moved = np.subtract(placement.transform.TransformPoint(point.tolist()), point)
    assert displacement.volume.value_at(point) == pytest.approx(np.linalg.norm(moved), rel=1e-5)
    numbers(session)
    answer = session.judging.answer
    assert answer is not None and np.array_equal(jacobian.volume.array, answer.after.determinants)
    session.undo()
    session.undo()
    assert session.document.layers == before


# -------------------------------------------------------------------- before and after on the screen


@pytest.mark.parametrize("add", [add_jacobian, add_displacement])
def test_a_map_is_of_the_images_it_was_asked_for(add) -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, bend(fixed))
    lies = fixed.geometry
    smaller = fixed.volume.image[1:-1, 1:-1, 1:-1]
    other = ImageLayer("other", (Volume(smaller, geometry_of(smaller)),))
    session.document.insert(len(session.document), other)
    session.judging.choose(fixed, moving)
    add(session)
    session.judging.choose(other, moving)
    session.document.remove(fixed)
    assert session.jobs.drain(120)
    assert session.document.images[-1].geometry.same_grid(lies)


def test_held_shows_where_a_layer_lay_with_its_labels() -> None:
    session, fixed, moving = scene()
    session.placing.put(moving, shift_placement(fixed), "Register")
    session.document.active = moving
    session.view.hide_preview = True
    held = session.comparing.held()
    assert held is not None and held.layer is moving and held.placement is None and "Register" in held.says
    assert held.placed is moving.volume
    labels = session.placing.followers(moving)[0]
    assert held.geometry(labels) == moving.volume.geometry != labels.geometry
    session.view.hide_preview = False
    assert session.judging.held() is None
    session.judging.shows_before = True
    assert session.judging.held().placed is moving.volume


def test_a_layer_is_compared_with_itself_before_and_undo_ends_it() -> None:
    session, fixed, moving = scene()
    with pytest.raises(Refused):
        session.comparing.with_itself(moving, CompareMode.SWIPE)
    session.placing.put(moving, shift_placement(fixed))
    session.comparing.with_itself(moving, CompareMode.SWIPE)
    pair = session.comparing.layers(session.view.panes[0])
    assert pair is not None and pair[1] is moving
    assert pair[0].geometry == moving.volume.geometry and pair[0].display is moving.display
    assert session.comparing.earlier(moving) is pair[0]
    assert ("moving before", pair[0].id) in session.comparing.choices()
    session.undo()
    assert session.view.compare is None


def test_a_registered_pair_is_compared_without_a_question() -> None:
    session, fixed, moving = scene()
    asked = []
    session.comparing.asked.connect(asked.append)
    for layer, frame in ((fixed, "1.2"), (moving, "1.3")):
        volume = layer.volume
        object.__setattr__(volume.geometry, "frame_of_reference", frame)
    session.comparing.start(CompareMode.SWIPE, first=fixed.id, second=moving.id)
    assert asked and session.view.compare is None
    session.placing.put(moving, shift_placement(fixed))
    session.comparing.start(CompareMode.SWIPE, first=fixed.id, second=moving.id)
    assert len(asked) == 1 and session.view.compare is not None
    session.comparing.with_itself(moving, CompareMode.SWIPE)
    assert len(asked) == 1
