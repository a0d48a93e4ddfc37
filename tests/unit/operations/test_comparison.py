"""Comparing masks against SimpleITK, scikit-image, brute force and phantoms whose answers are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_erosion, generate_binary_structure
from scipy.spatial.distance import cdist
from skimage.metrics import hausdorff_distance

from operation_images import DIRECTIONS, SPACING, blobs, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines import overlap
from pellucid.operations.engines.agreement_values import BOTH, FIRST_ONLY, OTHER, SECOND_ONLY
from pellucid.operations.engines.mask_comparison import Space, agreement, compared
from pellucid.operations.engines.object_matching import match

SHAPE = (7, 12, 13)


def table(first: sitk.Image, second: sitk.Image, remarks: list[str] | None = None) -> dict[str, float]:
    said = remarks if remarks is not None else []
    found = get("compare.masks").run(Context(remark=said.append), first, second)
    return {entry.name: entry.value for entry in found.entries}


def pair(shape: Any = SHAPE, direction: str = "straight", spacing: Any = SPACING) -> tuple[sitk.Image, sitk.Image]:
    return on_grid(blobs(shape, 2), direction, spacing), on_grid(blobs(shape, 3), direction, spacing)


def border_points(mask: sitk.Image) -> Any:
    """Return the surface voxels in mm, found by erosion as MedPy and MONAI do."""
    array = pixels(mask) > 0
    flat = array.ndim == 3 and array.shape[0] == 1
    seen = array[0] if flat else array
    rim = seen & ~binary_erosion(seen, generate_binary_structure(seen.ndim, 1))
    indices = np.argwhere(rim[np.newaxis] if flat else rim)[:, ::-1].tolist()
    return np.array([mask.TransformIndexToPhysicalPoint(index) for index in indices])


def brute_force(first: sitk.Image, second: sitk.Image) -> dict[str, float]:
    between = cdist(border_points(first), border_points(second))
    one, other = between.min(axis=1), between.min(axis=0)
    return {
        "hausdorff_mm": max(one.max(), other.max()),
        "hausdorff95_mm": max(np.percentile(one, 95), np.percentile(other, 95)),
        "hausdorff_mean_mm": max(one.mean(), other.mean()),
        "mean_surface_distance_mm": np.concatenate([one, other]).mean(),
    }


# ---------------------------------------------------------------- against libraries


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("shape", [SHAPE, (1, 12, 13), (12, 13)], ids=str)
def test_distances_are_those_of_all_pairs_of_surface_voxels(shape: tuple[int, ...], direction: str) -> None:
    first, second = pair(shape, direction)
    found = table(first, second)
    for name, value in brute_force(first, second).items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


def test_a_slab_of_one_row_counts_as_two_dimensional() -> None:
    array = np.zeros((9, 1, 9), np.uint8)
    array[2:7, 0, 2:7] = 1
    shifted = np.roll(array, 2, axis=0)
    found = table(on_grid(array, spacing=(1, 1, 1)), on_grid(shifted, spacing=(1, 1, 1)))
    turned = table(on_grid(array[:, 0], spacing=(1, 1)), on_grid(shifted[:, 0], spacing=(1, 1)))
    for name in ("hausdorff_mm", "hausdorff95_mm", "hausdorff_mean_mm", "mean_surface_distance_mm"):
        assert found[name] == turned[name], name


def test_overlap_is_that_of_simpleitk() -> None:
    first, second = on_grid(blobs(SHAPE, 2)), on_grid(blobs(SHAPE, 3, 0.3))
    filter = sitk.LabelOverlapMeasuresImageFilter()
    filter.Execute(first, second)
    found = table(first, second)
    assert found["dice"] == pytest.approx(filter.GetDiceCoefficient())
    assert found["jaccard"] == pytest.approx(filter.GetJaccardCoefficient())
    assert found["precision"] == pytest.approx(1 - filter.GetFalseDiscoveryRate())
    assert found["recall"] == pytest.approx(1 - filter.GetFalseNegativeError())
    assert found["specificity"] == pytest.approx(1 - filter.GetFalsePositiveError())
    one, other = pixels(first) > 0, pixels(second) > 0
    assert found["volume_difference_mm3"] == pytest.approx((int(one.sum()) - int(other.sum())) * np.prod(SPACING))
    assert table(second, first)["volume_difference_mm3"] == -found["volume_difference_mm3"] < 0
    assert (found["first_voxels"], found["second_voxels"]) == (one.sum(), other.sum())
    assert found["common_voxels"] == (one & other).sum()
    assert found["second_volume_mm3"] == pytest.approx(other.sum() * np.prod(SPACING))


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_centres_are_means_of_the_places_of_all_voxels(direction: str) -> None:
    first, second = on_grid(blobs(SHAPE, 2), direction), on_grid(blobs(SHAPE, 3, 0.1), direction)
    centres = []
    for mask in (first, second):
        indices = np.argwhere(pixels(mask))[:, ::-1].tolist()
        centres.append(np.mean([mask.TransformIndexToPhysicalPoint(index) for index in indices], axis=0))
    assert table(first, second)["centre_distance_mm"] == pytest.approx(np.linalg.norm(centres[0] - centres[1]))


def test_slices_at_uneven_heights_lie_where_they_are() -> None:
    heights = np.array([0.0, 1.0, 2.0, 7.0, 8.0, 20.0])

    def place(indices: Any) -> Any:
        return np.column_stack([0.5 * indices[:, 0], 2.0 * indices[:, 1], heights[indices[:, 2].astype(int)]])

    first, second = np.zeros((2, 6, 9, 9), bool)
    first[2:4, 3:7, 1:5], second[3:6, 4:8, 1:6] = True, True
    found = compared(first, second, Space(first.shape, place))
    assert found["centre_distance"] == pytest.approx(np.linalg.norm([0.25, 2.0, 35 / 3 - 4.5]))
    assert found["hausdorff"] == pytest.approx(np.linalg.norm([0.5, 2.0, 13.0]))  # from 20 mm down to 7 mm
    assert found["first_voxels"] == found["first_volume"] == 32


def test_hausdorff_is_that_of_scikit_image_on_surfaces() -> None:
    first, second = pair(spacing=(1.0, 1.0, 1.0))
    rims = []
    for mask in (first, second):
        array = pixels(mask) > 0
        rims.append(array & ~binary_erosion(array))
    found = table(first, second)
    assert found["hausdorff_mm"] == pytest.approx(hausdorff_distance(*rims))
    assert found["hausdorff_mean_mm"] == pytest.approx(hausdorff_distance(*rims, method="modified"))


@pytest.mark.parametrize("direction", ["straight", "oblique"])
def test_hausdorff_of_solid_bodies_is_that_of_simpleitk(direction: str) -> None:
    first, second = balls((12, 24, 26), [(5, 11, 12), (6, 12, 14)], [6.0, 4.0], direction)
    filter = sitk.HausdorffDistanceImageFilter()
    filter.Execute(first, second)
    assert table(first, second)["hausdorff_mm"] == pytest.approx(filter.GetHausdorffDistance(), rel=1e-5)


# ---------------------------------------------------------------- phantoms with known answers


def balls(
    shape: tuple[int, ...], centres: Sequence[tuple[float, ...]], radii: Sequence[float], direction: str = "straight",
    spacing: Any = SPACING,
) -> list[sitk.Image]:  # fmt: skip
    """Return balls (radius in mm) around voxels (z, y, x) on a straight, tilted or sheared grid."""
    steps = np.reshape(DIRECTIONS[direction], (3, 3)) * spacing
    places = np.moveaxis(np.indices(shape), 0, -1)
    made = []
    for centre, radius in zip(centres, radii, strict=True):
        away = (places - np.array(centre))[..., ::-1] @ steps.T
        made.append(on_grid((np.linalg.norm(away, axis=-1) <= radius).astype(np.uint8), direction, spacing))
    return made


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_two_balls_moved_apart_by_known_millimetres(direction: str) -> None:
    moved = (2, -3, 4)
    steps = np.reshape(DIRECTIONS[direction], (3, 3)) * SPACING
    distance = np.linalg.norm(steps @ np.array(moved[::-1]))
    first, second = balls((16, 30, 30), [(7, 15, 12), (9, 12, 16)], [8.0, 8.0], direction)
    found = table(first, second)
    assert found["centre_distance_mm"] == pytest.approx(distance)
    assert found["volume_difference_mm3"] == 0 and found["precision"] == found["recall"] == found["dice"]
    coarse = 2.5  # on a lattice the surfaces are at most a voxel from those of true balls
    assert distance - coarse <= found["hausdorff_mm"] <= distance + 1e-9


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_nested_boxes_on_anisotropic_and_tilted_grids(direction: str) -> None:
    outer, inner = np.zeros((2, 9, 20, 22), np.uint8)
    outer[1:8, 2:18, 3:20], inner[3:6, 5:15, 7:16] = 1, 1
    found = table(on_grid(outer, direction), on_grid(inner, direction))
    assert found["dice"] == pytest.approx(2 * inner.sum() / (outer.sum() + inner.sum()))
    assert (found["precision"], found["recall"]) == (pytest.approx(inner.sum() / outer.sum()), 1.0)
    steps = np.reshape(DIRECTIONS[direction], (3, 3)) * SPACING
    voxel = abs(np.linalg.det(steps))
    assert found["volume_difference_mm3"] == pytest.approx((int(outer.sum()) - int(inner.sum())) * voxel)
    corners = [steps @ np.array([4 * x, 3 * y, 2 * z]) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    if direction != "sheared":  # the farthest corner of a sheared box need not see a corner first
        assert found["hausdorff_mm"] == pytest.approx(max(np.linalg.norm(corner) for corner in corners))


def test_a_mask_without_voxels_has_no_distances_and_says_so() -> None:
    full, empty = on_grid(blobs(SHAPE)), on_grid(np.zeros(SHAPE, np.uint8))
    said: list[str] = []
    found = table(full, empty, said)
    assert (found["dice"], found["jaccard"], found["precision"]) == (0, 0, 0)
    gone = ["recall", "hausdorff_mm", "hausdorff95_mm", "hausdorff_mean_mm", "mean_surface_distance_mm",
            "centre_distance_mm"]  # fmt: skip
    assert all(np.isnan(found[name]) for name in gone) and "no distances" in said[0]
    assert found["specificity"] < 1 and found["volume_difference_mm3"] > 0
    found = table(empty, empty)
    assert (found["dice"], found["jaccard"], found["specificity"]) == (1, 1, 1)
    assert np.isnan([found["precision"], *(found[name] for name in gone)]).all()
    everywhere = on_grid(np.ones(SHAPE, np.uint8))
    found = table(everywhere, everywhere)
    assert np.isnan(found["specificity"]) and found["dice"] == 1 and found["hausdorff_mm"] == 0


def test_large_masks_are_counted_in_slabs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = pair((9, 12, 13), "oblique")
    whole = table(first, second)
    monkeypatch.setattr(overlap, "_SLAB_VOXELS", 300)
    assert table(first, second) == whole


# ---------------------------------------------------------------- properties


@given(seeds=st.tuples(st.integers(0, 99), st.integers(0, 99)), direction=st.sampled_from(tuple(DIRECTIONS)),
       share=st.floats(0.05, 0.9))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_what_must_be_symmetric_is(seeds: tuple[int, int], direction: str, share: float) -> None:
    first, second = (on_grid(blobs((5, 7, 8), seed, share), direction) for seed in seeds)
    there, back = table(first, second), table(second, first)
    for name in ("dice", "jaccard", "hausdorff_mm", "hausdorff95_mm", "hausdorff_mean_mm", "mean_surface_distance_mm",
                 "centre_distance_mm", "common_voxels"):  # fmt: skip
        assert there[name] == pytest.approx(back[name], abs=1e-9), name
    assert there["precision"] == back["recall"] and there["volume_difference_mm3"] == -back["volume_difference_mm3"]
    assert there["jaccard"] == pytest.approx(there["dice"] / (2 - there["dice"]))
    assert there["mean_surface_distance_mm"] <= there["hausdorff_mean_mm"] + 1e-9
    assert there["hausdorff_mean_mm"] <= there["hausdorff_mm"] + 1e-9
    assert there["hausdorff95_mm"] <= there["hausdorff_mm"] + 1e-9
    same = table(first, first)
    assert same["dice"] == 1 and same["hausdorff_mm"] == 0 and same["centre_distance_mm"] == 0


# ---------------------------------------------------------------- several raters


def raters(count: int, shape: tuple[int, ...] = SHAPE) -> list[sitk.Image]:
    """Return what raters make of one truth, each with errors of its own."""
    truth, chance = blobs(shape, 9), np.random.default_rng(5)
    wrong = (chance.random(shape) < 0.04 + 0.04 * n for n in range(count))
    return [on_grid(np.where(flip, 1 - truth, truth).astype(np.uint8), "oblique") for flip in wrong]


@pytest.mark.parametrize("count", [2, 3, 5, 9])
def test_staple_is_that_of_simpleitk(count: int) -> None:
    masks = raters(count)
    filter = sitk.STAPLEImageFilter()
    filter.SetForegroundValue(1)
    probability = pixels(filter.Execute(masks))
    for threshold in (20.0, 50.0, 95.0):
        made = pixels(get("compare.staple").run(Context(), *masks, threshold=threshold))
        np.testing.assert_array_equal(made, probability >= threshold / 100)
    found = get("compare.raters").run(Context(), *masks)
    for n, (hit, right) in enumerate(zip(filter.GetSensitivity(), filter.GetSpecificity(), strict=True), start=1):
        assert found[f"sensitivity_{n}"] == pytest.approx(hit, abs=1e-6)
        assert found[f"specificity_{n}"] == pytest.approx(right, abs=1e-6)


def test_staple_says_how_good_each_rater_was() -> None:
    said: list[str] = []
    get("compare.staple").run(Context(remark=said.append), *raters(3))
    assert said[0].startswith("Sensitivity of the raters: 0.") and said[0].count("0.") == 6


def test_raters_who_marked_nothing_or_everything() -> None:
    for value in (0, 1):
        masks = [on_grid(np.full(SHAPE, value, np.uint8))] * 3
        np.testing.assert_array_equal(pixels(get("compare.staple").run(Context(), *masks)), value)
        assert np.isnan(get("compare.raters").run(Context(), *masks)["sensitivity_1"])


def test_votes_are_counted() -> None:
    masks = raters(4)
    votes = sum(pixels(mask).astype(int) for mask in masks)
    for rule, needed in (("majority", 3), ("all", 4), ("at_least", 2)):
        made = get("compare.vote").run(Context(), *masks, rule=rule, count=2)
        np.testing.assert_array_equal(pixels(made), votes >= needed)
    three = raters(3)
    np.testing.assert_array_equal(
        pixels(get("compare.vote").run(Context(), *three)), pixels(sitk.LabelVoting(three, 255))
    )
    said: list[str] = []
    made = get("compare.vote").run(Context(remark=said.append), *three, rule="at_least", count=4)
    assert not pixels(made).any() and said == ["There are only 3 raters, so no voxel has enough votes."]


def test_too_many_raters_are_refused() -> None:
    with pytest.raises(Refused, match="At most 16 raters"):
        get("compare.vote").run(Context(), *(raters(1) * 17))


# ---------------------------------------------------------------- maps and objects


def test_a_map_says_where_two_masks_differ() -> None:
    first = np.array([[[0, 0, 1, 2, 2, 1]]], np.uint8)
    second = np.array([[[0, 3, 0, 2, 1, 1]]], np.uint16)
    assert agreement(first, second).tolist() == [[[0, SECOND_ONLY, FIRST_ONLY, BOTH, OTHER, BOTH]]]


def test_objects_are_matched_one_to_one_whatever_they_are_called() -> None:
    first, second = np.zeros((2, 1, 20, 40), np.int32)
    first[0, 2:8, 2:8], second[0, 3:9, 2:8] = 7, 500  # IoU 30 / 42
    first[0, 2:8, 12:18] = 8  # not in the reference
    second[0, 12:18, 2:12], first[0, 12:18, 2:7], first[0, 12:18, 7:12] = 3, 9, 10  # cut in two: one half matches
    found = match(first, second, 0.5)
    assert [pair[1] for pair in found.pairs] == [500, 3] and found.pairs[1][0] in (9, 10)
    assert found.pairs[0][2] == pytest.approx(30 / 42) and found.pairs[0][3] == pytest.approx(60 / 72)
    numbers = found.numbers()
    assert (numbers["true_positives"], numbers["false_positives"], numbers["false_negatives"]) == (2, 2, 0)
    assert numbers["f1"] == pytest.approx(2 * 2 / (2 * 2 + 2)) and numbers["recall"] == 1
    nothing = match(np.zeros((1, 4, 4), np.uint8), np.zeros((1, 4, 4), np.uint8)).numbers()
    assert nothing["f1"] == 1 and np.isnan(nothing["precision"]) and nothing["objects_first"] == 0


def test_the_hungarian_method_takes_the_better_sum_over_the_greedy_one() -> None:
    first, second = np.zeros((2, 1, 1, 60), np.int32)
    first[0, 0, 10:30], first[0, 0, 30:50] = 1, 2
    second[0, 0, 18:38], second[0, 0, 0:18] = 1, 2
    found = match(first, second, 0.2)  # IoU: (1, 1) 12 / 28, (1, 2) 8 / 30, (2, 1) 8 / 32
    assert [pair[:2] for pair in found.pairs] == [(1, 2), (2, 1)]
    assert [pair[:2] for pair in match(first, second, 0.3).pairs] == [(1, 1)]
