"""Active contours find phantoms whose answer is known, and agree with the filters of ITK that do the same."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import DIRECTIONS, blobs, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.fronts import Front, bending, mask_level, seed_level, step_lengths
from pellucid.operations.pixels import view

CHAN_VESE, GEODESIC, THRESHOLD = get("contours.chan_vese"), get("contours.geodesic"), get("contours.threshold")
LIMITS = {"lower": 75.0, "upper": 200.0}


def dice(a, b) -> float:
    return 2 * np.count_nonzero((a > 0) & (b > 0)) / (np.count_nonzero(a) + np.count_nonzero(b))


def disc(noise: float = 15.0, seed: int = 0):
    y, x = np.mgrid[:72, :80]
    inside = (y - 34) ** 2 + (x - 42) ** 2 <= 24**2
    return inside, np.where(inside, 100, 50) + np.random.default_rng(seed).normal(0, noise, inside.shape)


def ball(spacing=(1.0, 1.0, 2.0), radius=16.0, noise=15.0):
    z, y, x = np.mgrid[:20, :44, :46]
    inside = ((z - 10) * spacing[2]) ** 2 + ((y - 21) * spacing[1]) ** 2 + ((x - 23) * spacing[0]) ** 2 <= radius**2
    return inside, np.where(inside, 100, 50) + np.random.default_rng(1).normal(0, noise, inside.shape)


def image_of(array, dtype="float32", spacing=(1.0, 1.0, 2.0)) -> sitk.Image:
    whole = np.dtype(dtype).kind in "iu"
    image = sitk.GetImageFromArray((np.rint(array.clip(0)) if whole else array).astype(dtype))
    image.SetSpacing(spacing[: image.GetDimension()])
    return image


def inside_of(operation, image, start=None, **values):
    return pixels(operation.run(Context(), *filter(None, (image, start)), **values))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", "float64"])
def test_chan_vese_finds_a_noisy_disc(dtype) -> None:
    inside, array = disc()
    found = inside_of(CHAN_VESE, image_of(array, dtype), seeds="42 34 0", radius=5.0, smoothness=1.0, iterations=90)
    assert dice(found, inside) > 0.985


def test_chan_vese_finds_a_noisy_ball_between_thick_slices() -> None:
    inside, array = ball()
    found = inside_of(CHAN_VESE, image_of(array), seeds="23 21 20", radius=6.0, smoothness=0.8, iterations=60)
    assert dice(found, inside) > 0.98


def test_chan_vese_needs_no_edges_and_finds_many_objects_from_everywhere() -> None:
    y, x = np.mgrid[:60, :64]
    mask = np.any([np.hypot(y - b, x - a) < r for b, a, r in ((14, 15, 9), (42, 18, 11), (30, 47, 12))], axis=0)
    blurred = ndimage.gaussian_filter(np.where(mask, 90.0, 30.0), 2.5)
    found = inside_of(CHAN_VESE, image_of(blurred), begin="grid", radius=3.0, smoothness=0.2, iterations=80)
    assert max(dice(found, mask), dice(1 - found, mask)) > 0.97


def test_chan_vese_is_stationary_where_the_two_means_are_equally_far() -> None:
    """On a ramp the contour rests where the value is the middle of both means: an equation, not our own output."""
    ramp = np.tile(np.arange(64.0) ** 1.5, (40, 1))
    start = np.zeros(ramp.shape, np.uint8)
    start[:, 50:] = 1
    found = inside_of(CHAN_VESE, image_of(ramp), image_of(start, "uint8"), smoothness=0.0, iterations=200)
    middle = (ramp[found > 0].mean() + ramp[found == 0].mean()) / 2
    edge = ramp[0, np.flatnonzero(found[20])[0]]
    assert abs(edge - middle) < 1.5 * np.diff(ramp[0]).max()


def test_colour_is_judged_by_all_channels() -> None:
    inside, _ = disc()
    noise = np.random.default_rng(3).normal(0, 6, (*inside.shape, 3))
    colours = np.where(inside[..., None], (120, 60, 90), (60, 120, 90)) + noise
    image = sitk.GetImageFromArray(colours.astype(np.uint8), isVector=True)
    found = inside_of(CHAN_VESE, image, seeds="42 34 0", radius=5.0, iterations=90)
    assert found.shape == inside.shape and dice(found, inside) > 0.98


def test_more_weight_inside_makes_the_inside_smaller() -> None:
    _, array = disc(noise=4.0)
    blurred = image_of(ndimage.gaussian_filter(array, 4.0))
    sizes = [
        np.count_nonzero(inside_of(CHAN_VESE, blurred, seeds="42 34 0", inner=weight, iterations=120))
        for weight in (4.0, 1.0, 0.25)
    ]
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("start", ["inner", "outer"])
def test_a_geodesic_contour_stops_at_noisy_edges(start) -> None:
    """It rests where the slope has risen to a half and more, about one edge scale before the middle of the edge."""
    inside, array = disc(noise=6.0)
    values = {"sigma": 1.0, "smoothness": 1.0, "iterations": 150}
    if start == "inner":
        found = inside_of(GEODESIC, image_of(array), seeds="42 34 0", radius=6.0, **values)
    else:
        wide = image_of(ndimage.binary_dilation(inside, iterations=8), "uint8")
        found = inside_of(GEODESIC, image_of(array), wide, growth=-1.0, edge=8.0, **values)
    assert dice(found, inside) > 0.94
    assert np.sqrt(np.count_nonzero(found) / np.pi) == pytest.approx(24.0, abs=1.3)


def test_geodesic_agrees_with_the_filter_of_itk() -> None:
    inside, array = disc(noise=6.0)
    image = image_of(array)
    steep = sitk.GradientMagnitudeRecursiveGaussian(image, 2.0)
    potential = sitk.Sigmoid(steep, -1.0, 4.0, 1.0, 0.0)
    begun = image_of(np.hypot(*np.ogrid[-34:38, -42:38]) < 6, "uint8")
    seed = sitk.SignedMaurerDistanceMap(begun, squaredDistance=False)
    twin = sitk.GeodesicActiveContourLevelSetImageFilter()
    twin.SetPropagationScaling(1.0)
    twin.SetCurvatureScaling(1.0)
    twin.SetAdvectionScaling(2.0)
    twin.SetMaximumRMSError(0.0)
    twin.SetNumberOfIterations(400)
    there = sitk.GetArrayFromImage(twin.Execute(sitk.Cast(seed, sitk.sitkFloat32), potential)) < 0
    here = inside_of(GEODESIC, image, seeds="42 34 0", radius=6.0, sigma=2.0, edge=4.0, softness=25.0, smoothness=1.0,
                     iterations=150)  # fmt: skip
    assert dice(there, inside) > 0.9 and dice(here, there) > 0.96


def test_the_threshold_level_set_is_the_connected_region_without_smoothing() -> None:
    _, array = disc(noise=3.0)
    array[60:70, 60:75] = 100  # another object of the same values, not connected
    array[18:28, 36:46] = 300  # above the limits
    found = inside_of(THRESHOLD, image_of(array), seeds="42 34 0", radius=5.0, smoothness=0.0, iterations=120, **LIMITS)
    islands, _ = ndimage.label((array >= 75) & (array <= 200))
    assert dice(found, islands == islands[34, 42]) > 0.99 and not found[60:70, 66:75].any()


def test_the_threshold_level_set_agrees_with_the_filter_of_itk() -> None:
    inside, array = ball(noise=10.0)
    image = image_of(array)
    z, y, x = np.mgrid[:20, :44, :46]
    begun = (2.0 * (z - 10)) ** 2 + (y - 21) ** 2 + (x - 23) ** 2 < 36
    twin = sitk.ThresholdSegmentationLevelSetImageFilter()
    twin.SetLowerThreshold(75)
    twin.SetUpperThreshold(200)
    twin.SetPropagationScaling(1.0)
    twin.SetCurvatureScaling(5.0)
    twin.SetMaximumRMSError(0.0)
    twin.SetNumberOfIterations(400)
    start = sitk.SignedMaurerDistanceMap(image_of(begun, "uint8"), squaredDistance=False, useImageSpacing=True)
    there = sitk.GetArrayFromImage(twin.Execute(sitk.Cast(start, sitk.sitkFloat32), image)) < 0
    here = inside_of(THRESHOLD, image, image_of(begun, "uint8"), smoothness=0.8, iterations=70, **LIMITS)
    assert dice(there, inside) > 0.97 and dice(here, there) > 0.97


@pytest.mark.parametrize(("smoothness", "leaks"), [(0.2, True), (4.0, False)])
def test_a_gap_is_passed_or_not_as_the_smoothness_says(smoothness, leaks) -> None:
    array = np.full((60, 90), 100.0)
    array[:, 44:47] = 0
    array[27:32, 44:47] = 100  # a gap of 5 pixels
    found = inside_of(THRESHOLD, image_of(array), seeds="20 30 0", radius=8.0, smoothness=smoothness, iterations=250,
                      **LIMITS)  # fmt: skip
    assert found[30, 35] == 1 and bool(found[:, 60:].sum() > 200) is leaks


def test_curvature_shrinks_a_disc_at_the_known_speed() -> None:
    """The radius of a disc under its curvature is sqrt(r² - 2 t); an iteration takes half a step of time."""
    image = image_of(np.full((80, 80), -1.0))
    moments = THRESHOLD.evolve(Context(), image, seeds="40 40 0", radius=24.0, smoothness=1.0, lower=-1.0, upper=-1.0,
                               transition=1e30)  # fmt: skip
    areas = {moment.iteration: np.count_nonzero(moment.level < 0) for moment in islice(moments, 241)}
    for iteration in (60, 150, 240):
        expected = np.sqrt(24.0**2 - 2 * 0.5 * iteration)
        assert np.sqrt(areas[iteration] / np.pi) == pytest.approx(expected, abs=0.4)


@pytest.mark.parametrize("direction", ["straight", "oblique"])
def test_it_grows_at_the_same_speed_in_mm_along_every_axis(direction) -> None:
    image = on_grid(np.full((24, 60, 70), 100.0, np.float32), direction)
    middle = image.TransformIndexToPhysicalPoint((35, 30, 12))
    seeds = " ".join(f"{part:.4f}" for part in middle)
    found = inside_of(THRESHOLD, image, seeds=seeds, radius=3.0, smoothness=0.0, iterations=40, **LIMITS)
    reached = 3.0 + 40 * 0.5 * 0.7
    z, y, x = np.nonzero(found)
    far = [max(abs(part - centre)) * step for part, centre, step in ((x, 35, 0.7), (y, 30, 0.9), (z, 12, 2.5))]
    assert far[0] == pytest.approx(reached, abs=0.8) and far[1] == pytest.approx(reached, abs=1.1)
    assert far[2] == pytest.approx(reached, abs=2.6)
    volume = np.count_nonzero(found) * 0.7 * 0.9 * 2.5
    assert np.cbrt(volume * 3 / 4 / np.pi) == pytest.approx(reached, abs=1.4)  # about half a slice


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_seeds_are_balls_in_mm_on_any_grid(direction) -> None:
    image = on_grid(np.zeros((14, 40, 50), np.uint8), direction)
    place = image.TransformContinuousIndexToPhysicalPoint((24.3, 19.6, 6.7))
    level = seed_level(image, [place], 6.0)
    indices = np.argwhere(np.ones(level.shape, bool))[:, ::-1]
    points = np.array([image.TransformIndexToPhysicalPoint(index.tolist()) for index in indices])
    away = np.linalg.norm(points - place, axis=1).reshape(level.shape)
    assert np.array_equal(level < 0, away < 6.0)


def test_the_curvature_of_a_ball_is_two_over_its_radius() -> None:
    z, y, x = np.mgrid[:40, :40, :40].astype(np.float32) - 20
    level = np.sqrt(z**2 + y**2 + x**2) - 12
    front = Front(np.clip(level, -6, 6), np.ones(3))
    near = front.band[np.abs(front.flat[front.band]) < 0.5]
    first, second = {}, {}
    for axis in front.axes:
        step = front.offset[axis]
        before, after = front.flat[near - step], front.flat[near + step]
        first[axis], second[axis] = (after - before) / 2, after + before - 2 * front.flat[near]
    assert np.allclose(bending(front, near, first, second), 2 / 12, atol=0.02)


def test_straightening_makes_distances_and_leaves_the_zero() -> None:
    mask = np.hypot(*np.ogrid[-20:20, -24:24])[np.newaxis] < 12
    front = Front(mask_level(mask), np.ones(3))
    before = front.inside().copy()
    front.straighten(30)
    assert np.array_equal(front.inside(), before)
    exact = np.hypot(*np.ogrid[-20:20, -24:24]) - 12
    seen = front.seen[0]
    near = np.abs(exact) < 1.5
    off = np.abs(seen[near] - exact[near])
    assert off.max() < 1.1 and off.mean() < 0.4  # a mask knows its surface to half a voxel


@pytest.mark.parametrize("operation", [CHAN_VESE, GEODESIC, THRESHOLD], ids=lambda one: one.id)
def test_threads_and_watching_change_nothing(operation, monkeypatch) -> None:
    monkeypatch.setattr("pellucid.operations.engines.fronts.PIECE", 500)
    _, array = ball()
    values = {"seeds": "23 21 20", "radius": 6.0, **(LIMITS if operation is THRESHOLD else {})}
    image = image_of(array)
    runs = [pixels(operation.run(Context(threads=n), image, iterations=25, **values)) for n in (1, 2, 7)]
    assert all(np.array_equal(runs[0], other) for other in runs[1:])
    for moment in operation.evolve(Context(threads=3), image, **values):
        if moment.iteration == 25:
            assert np.array_equal(moment.level < 0, runs[0] > 0)
            break


@pytest.mark.parametrize("operation", [CHAN_VESE, GEODESIC, THRESHOLD], ids=lambda one: one.id)
def test_one_slice_is_treated_as_a_picture(operation) -> None:
    _, array = disc()
    values = {"radius": 6.0, "iterations": 20, **(LIMITS if operation is THRESHOLD else {})}
    flat = inside_of(operation, image_of(array), seeds="42 34 0", **values)
    sheet = inside_of(operation, image_of(array[np.newaxis], spacing=(1, 1, 9.0)), seeds="42 34 0", **values)
    assert np.array_equal(sheet[0], flat)


def test_a_contour_on_its_border_and_nan_do_no_harm() -> None:
    _, array = disc()
    array[:, :20] = np.nan
    for operation in (CHAN_VESE, GEODESIC, THRESHOLD):
        found = inside_of(operation, image_of(array), seeds="42 34 0; 79 71 0", radius=6.0, iterations=60)
        assert found.any()
    limited = inside_of(THRESHOLD, image_of(array), seeds="10 34 0; 42 34 0", radius=6.0, iterations=60, **LIMITS)
    assert not limited[:, :20].any()


def test_it_ends_when_nothing_is_left_and_when_nothing_moves() -> None:
    _, array = disc()
    gone = list(THRESHOLD.evolve(Context(), image_of(array), seeds="4 4 0", radius=3.0, **LIMITS))
    assert 0 < len(gone) < 40 and not (gone[-1].level < 0).any()
    steps = sum(1 for _ in THRESHOLD.evolve(Context(), image_of(array), seeds="42 34 0", radius=6.0, **LIMITS))
    assert steps < 200


@pytest.mark.parametrize(
    ("values", "sentence"),
    [({}, "Set at least one seed"), ({"seeds": "900 900 0"}, "No seed lies inside"), ({"seeds": "1 2"}, "no place")],
)
def test_without_a_start_it_says_what_to_do(values, sentence) -> None:
    with pytest.raises(Refused, match=sentence):
        THRESHOLD.run(Context(), image_of(disc()[1]), **values)
    with pytest.raises(Refused, match="mask to start from is empty"):
        THRESHOLD.run(Context(), image_of(disc()[1]), image_of(np.zeros((72, 80)), "uint8"))


def test_a_mask_is_where_it_starts() -> None:
    mask = blobs((8, 20, 22))
    start = on_grid(mask)
    moments = CHAN_VESE.evolve(Context(), on_grid(mask.astype(np.int16) * 100), start)
    assert np.array_equal(next(moments).level < 0, mask > 0)
    assert np.array_equal(step_lengths(start), (2.5, 0.9, 0.7)) and view(start).dtype == np.uint8
