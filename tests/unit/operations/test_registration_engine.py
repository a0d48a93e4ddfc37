"""Registration: known transforms of analytic images come back, whatever the kind, metric, optimiser and grid."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.operations.context import Cancelled, Context, Refused
from pellucid.operations.engines.registration import bends, course, plans, running, stages
from pellucid.operations.engines.registration.agreement import AGREEMENTS
from pellucid.operations.engines.registration.outcome import Moment, Outcome
from pellucid.operations.engines.registration.plans import PRESETS, Plan, Stage, read_stages, stages_text
from pellucid.operations.engines.registration.reasons import reason_of
from registration_making import away, blobs, filled, grid, matrix, pair, points_of

FLAT, DEEP = (64, 56), (32, 30, 24)
WIDE = (40, 36, 30)  # holds all of what is in it
WEAK_GRIDS = grid(FLAT, (1.0, 1.2)), grid((60, 66), (1.1, 0.9), turn=10, centre=(3, -2))


def run(images: tuple[sitk.Image, sitk.Image], text: str, start: Any = "centres", **more: Any) -> Outcome:
    context = more.pop("context", Context(threads=2))
    return running.register(*images, Plan(read_stages(text), start), context, **more)


def test_the_text_of_a_plan_says_all_of_it() -> None:
    for preset in PRESETS.values():
        assert read_stages(stages_text(preset.plan.stages)) == preset.plan.stages
    stage = Stage(transform="bspline", shrink=(3, 1), smooth=(0.5, 0), refine=False, mesh=12.5)
    assert read_stages(stages_text((stage,))) == (stage,)


@pytest.mark.parametrize("kind", ["translation", "rigid", "similarity", "affine"])
@pytest.mark.parametrize("n", [2, 3])
def test_every_linear_kind_on_other_oblique_anisotropic_grids(kind: str, n: int) -> None:
    known = matrix(n, 0 if kind == "translation" else 8, 4, 1.1 if kind in ("similarity", "affine") else 1,
                   0.08 if kind == "affine" else 0)  # fmt: skip
    grids = WEAK_GRIDS if n == 2 else (grid(DEEP, (1.4, 1.5, 1.9), 5), grid((36, 32, 28), (1.3, 1.4, 1.6), 20))
    outcome = run(pair(known, *grids), f"{kind} metric=correlation shrink=2,1 smooth=1,0")
    assert away(outcome.transform, known) < 0.1
    assert (outcome.converged, outcome.doubts) == (True, ())
    name = {"translation": "Translation", "rigid": "Euler", "similarity": "Similarity", "affine": "Affine"}[kind]
    assert outcome.transform.GetName().startswith(name)
    assert outcome.transform.GetDimension() == n


QUICK = {
    "regular_step": "", "gradient_descent": "iterations=300 step=0.5 tolerance=1e-8", "line_search": "iterations=60",
    "conjugate_gradient": "iterations=60", "lbfgs2": "", "lbfgsb": "", "powell": "step=2 iterations=30",
    "amoeba": "step=3 iterations=400", "one_plus_one": "step=2 iterations=600", "exhaustive": "step=1 iterations=2197",
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), [
    ("RegularStepGradientDescentOptimizerv4: Step too small after 5 iterations. Current step (1) is less", "step"),
    ("RegularStepGradientDescentOptimizerv4: Gradient magnitude tolerance met after 5.", "gradient vanished"),
    ("GradientDescentOptimizerv4Template: Maximum number of iterations (3) exceeded.", "iterations were used"),
    ("GradientDescentOptimizerv4Template: Convergence checker passed at iteration 27.", "no better"),
    ("LBFGSBOptimizerv4: User requested", "iterations were used"),
    ("A rounding error occurred or line-search steps have an insufficient reduction", "step"),
    ("STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT", "iterations were used"),
    ("CONVERGENCE: RELATIVE REDUCTION OF F <= FACTR*EPSMCH", "no better"),
    ("CONVERGENCE: NORM OF PROJECTED GRADIENT <= PGTOL", "gradient vanished"),
    ("PowellOptimizerv4: Cost function values at the current parameter (1.5) … are within Tolerance", "no better"),
    ("SomethingNew: it was tired", "it was tired"), ("", "came to rest"),
])  # fmt: skip
def test_why_it_stopped_is_a_sentence(text: str, sentence: str) -> None:
    assert sentence in reason_of(text)
    assert "Optimizer" not in reason_of(text)


def test_the_words_of_the_library_are_kept() -> None:
    outcome = run(pair(matrix(2, 4, 3), *WEAK_GRIDS), "rigid metric=correlation shrink=2 smooth=1")
    assert outcome.stop_reason == "The step became smaller than its limit."
    assert outcome.stop_text.startswith("RegularStepGradientDescentOptimizerv4: Step too small")


@pytest.mark.parametrize("metric", AGREEMENTS)
def test_the_derivative_of_an_agreement_is_that_of_its_value(metric: str) -> None:
    rng = np.random.default_rng(0)
    fixed = rng.normal(0, 1, 300)
    moving = np.sin(fixed) + rng.normal(0, 0.3, 300)
    slopes = AGREEMENTS[metric](fixed, moving, 32)[1]
    for n in set(range(12)) - {int(moving.argmin()), int(moving.argmax())}:
        step = 1e-5 * np.eye(300)[n]
        up, down = (AGREEMENTS[metric](fixed, moving + way * step, 32)[0] for way in (1, -1))
        assert (up - down) / 2e-5 == pytest.approx(slopes[n], abs=1e-8)


def test_agreements_are_those_of_the_formulas() -> None:
    rng = np.random.default_rng(0)
    fixed = rng.normal(0, 1, 20_000)
    moving = 0.8 * fixed + 0.6 * rng.normal(0, 1, 20_000)
    assert AGREEMENTS["mean_squares"](fixed, moving, 32)[0] == pytest.approx(((fixed - moving) ** 2).mean())
    assert AGREEMENTS["correlation"](fixed, moving, 32)[0] == pytest.approx(-(np.corrcoef(fixed, moving)[0, 1] ** 2))
    assert AGREEMENTS["mattes"](fixed, moving, 32)[0] == pytest.approx(0.5 * np.log(1 - 0.8**2), rel=0.1)


@pytest.mark.parametrize("grids", [grid((30, 24), (1.0, 1.5), 10), grid((15, 12, 10), (1.0, 1.5, 2.0), 100),
                                   grid((15, 12, 10), (1.0, 1.5, 2.0), 200)])  # fmt: skip
def test_the_bend_of_all_voxels_is_that_of_the_spline(grids: sitk.Image) -> None:
    n = grids.GetDimension()
    spline = sitk.BSplineTransformInitializer(grids, [3, 2, 2][:n])
    spline.SetParameters(np.random.default_rng(0).normal(0, 2, spline.GetNumberOfParameters()).tolist())
    basis = bends.basis_of(spline, grids)
    assert basis is not None
    numbers = basis.mixed(np.reshape(spline.GetParameters(), (n, *(len(mix) for mix in basis.mixes))))
    found = np.stack([basis.spread(one) for one in numbers], -1)
    points = points_of(grids)
    known = np.array([spline.TransformPoint(point) for point in points.reshape(-1, n).tolist()]).reshape(points.shape)
    inner = (slice(1, -1),) * n
    assert np.abs(found - (known - points))[inner].max() < 1e-6
    values = np.random.default_rng(1).normal(0, 1, found.shape[:-1])
    assert (basis.gathered(values) * numbers[0]).sum() == pytest.approx((values * found[..., 0]).sum())


def test_a_bend_that_makes_it_worse_is_left_out() -> None:
    fixed, moving = pair(matrix(2), *WEAK_GRIDS)
    outcome = run((fixed, moving), "bspline metric=correlation optimiser=one_plus_one step=30 iterations=1 shrink=1 "
                  "smooth=0 mesh=20", "identity")  # fmt: skip
    assert outcome.metric_after <= outcome.metric_before
    assert "left as they were" in outcome.stop_reason or away(outcome.transform, matrix(2)) < 0.3


@pytest.mark.parametrize("optimiser", get_args(plans.Optimiser))
def test_every_optimiser(optimiser: str) -> None:
    known = matrix(2, 4, 3)
    text = f"rigid metric=mean_squares shrink=2 smooth=1 optimiser={optimiser} {QUICK[optimiser]}"
    outcome = run(pair(known, *WEAK_GRIDS), text, "masses")
    assert away(outcome.transform, known) < {"exhaustive": 1.5, "gradient_descent": 0.6}.get(optimiser, 0.3)
    assert outcome.metric_after < outcome.metric_before
    assert outcome.curve


@pytest.mark.parametrize("metric", get_args(plans.Metric))
def test_every_metric(metric: str) -> None:
    known = matrix(2, 6, 3)
    outcome = run(pair(known, *WEAK_GRIDS), f"rigid metric={metric} shrink=2,1 smooth=1,0 radius=3 bins=24")
    assert away(outcome.transform, known) < (0.6 if metric == "joint" else 0.3)
    assert outcome.converged


def test_mutual_information_needs_no_like_contrast() -> None:
    known = matrix(3, 8, 4)
    fixed, moving = pair(known, grid(DEEP, (1.4, 1.5, 1.9)), grid(DEEP, (1.3, 1.4, 1.6), 10), noise=2)
    values = sitk.GetArrayFromImage(moving)
    bent = filled(moving, 300 * np.exp(-((values - 60) ** 2) / 3000).astype(np.float32))
    outcome = run((fixed, bent), "rigid metric=mattes shrink=2,1 smooth=1,0")
    assert away(outcome.transform, known) < 0.5


@pytest.mark.parametrize("turn", [75, 160, -120])
def test_search_finds_a_picture_that_was_turned_far(turn: float) -> None:
    known = matrix(2, turn, 4)
    images = pair(known, grid(FLAT, (1.0, 1.2)), grid((90, 90), (1.0, 1.0)))
    outcome = run(images, "rigid metric=correlation shrink=2,1 smooth=1,0", "search")
    assert away(outcome.transform, known) < 0.2
    assert outcome.converged


def test_moments_and_masses_start_where_the_content_is() -> None:
    known = matrix(3, 20, 25)
    images = pair(known, grid(WIDE, (1.5, 1.6, 2.0)), grid((60, 60, 50), (1.6, 1.6, 2.0), centre=(20, -15, 9)))
    for start in ("masses", "moments"):
        outcome = run(images, "rigid metric=correlation shrink=2 smooth=1", start)
        assert away(outcome.transform, known) < 0.3, start
    placed = run(images, "translation shrink=4 smooth=1 iterations=1 step=0.001", "masses")
    here, there = (np.average(points_of(image).reshape(-1, 3), 0, sitk.GetArrayFromImage(image).ravel())
                   for image in images)  # fmt: skip
    assert np.linalg.norm(placed.transform.TransformPoint(here.tolist()) - there) < 1.5


@pytest.mark.parametrize("mm", [3e-4, 50.0])
def test_the_measure_of_the_world_does_not_matter(mm: float) -> None:
    known = matrix(2, 8, 4)
    images = pair(known, *WEAK_GRIDS)
    small = []
    for image in images:
        copy = sitk.Image(image)
        copy.SetSpacing([n * mm for n in image.GetSpacing()])
        copy.SetOrigin([n * mm for n in image.GetOrigin()])
        small.append(copy)
    outcome = run((small[0], small[1]), "rigid metric=correlation shrink=2,1 smooth=1,0")
    scaled = known.copy()
    scaled[:2, 2] *= mm
    assert away(outcome.transform, scaled, 20 * mm) < 0.1 * mm


def test_slices_are_registered_in_their_plane() -> None:
    known = matrix(2, 9, 4)
    flat = pair(known, *WEAK_GRIDS)
    tilt = sitk.Euler3DTransform()
    tilt.SetRotation(0.4, -0.3, 0.7)
    turn = np.array(tilt.GetMatrix()).reshape(3, 3)
    corner = np.array([12.0, -5.0, 40.0])
    volumes = [_in_space(image, turn, corner) for image in flat]
    outcome = run((volumes[0], volumes[1]), "rigid metric=correlation shrink=2,1 smooth=1,0", "identity")
    assert outcome.transform.GetDimension() == 3
    lifted = np.eye(4)
    lifted[:2, :2], lifted[:2, 3] = known[:2, :2], known[:2, 2]
    frame = np.eye(4)
    frame[:3, :3], frame[:3, 3] = turn, corner
    expected = frame @ lifted @ np.linalg.inv(frame)
    points = np.random.default_rng(0).normal(0, 10, (40, 3)) @ np.diag([1, 1, 0]) @ turn.T + corner
    there = points @ expected[:3, :3].T + expected[:3, 3]
    found = np.array([outcome.transform.TransformPoint(p) for p in points.tolist()])
    assert np.abs(found - there).max() < 0.2
    assert outcome.transform.GetName().startswith("Euler3D")


def test_slices_of_planes_that_differ_are_laid_onto_each_other() -> None:
    known = matrix(2, 9, 4)
    fixed, moving = pair(known, *WEAK_GRIDS)
    upright = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    volumes = [_in_space(fixed, np.eye(3), np.zeros(3)), _in_space(moving, upright, np.array([5.0, 60, 7]))]
    outcome = run((volumes[0], volumes[1]), "rigid metric=correlation shrink=2,1 smooth=1,0", "centres")
    resampled = sitk.Resample(volumes[1], volumes[0], outcome.transform, sitk.sitkLinear)
    inner = (slice(12, -12), slice(12, -12))
    gap = sitk.GetArrayFromImage(resampled)[0][inner] - sitk.GetArrayFromImage(fixed)[inner]
    assert np.abs(gap).mean() < 0.03 * np.ptp(sitk.GetArrayFromImage(fixed))


def test_slices_that_bend_stay_in_their_plane() -> None:
    fixed, moving, field = _warped(grid(FLAT, (1.0, 1.2)), 4.0)
    volumes = [_in_space(image, np.eye(3), np.zeros(3)) for image in (fixed, moving)]
    outcome = run((volumes[0], volumes[1]), "demons shrink=2,1 smooth=1,0 iterations=60 match=false", "identity")
    points = points_of(fixed)[12:-12:5, 12:-12:5].reshape(-1, 2)
    known = points + _at(field, points)
    found = np.array([outcome.transform.TransformPoint([*p, 0.0]) for p in points.tolist()])
    assert np.abs(found[:, 2]).max() < 1e-6
    assert np.linalg.norm(found[:, :2] - known, axis=1).mean() < 0.35 * np.linalg.norm(known - points, axis=1).mean()


def test_a_slice_and_a_volume_are_refused() -> None:
    volume, slice_ = sitk.Image((20, 20, 10), sitk.sitkFloat32), sitk.Image((20, 20, 1), sitk.sitkFloat32)
    volume[3, 3, 3] = slice_[3, 3, 0] = 1
    with pytest.raises(Refused, match="single slice"):
        run((volume, slice_), "rigid")


def test_uniform_images_and_empty_masks_are_refused() -> None:
    fixed, moving = pair(matrix(2), *WEAK_GRIDS)
    with pytest.raises(Refused, match="uniform"):
        run((fixed, moving * 0), "rigid")
    with pytest.raises(Refused, match="mask"):
        run((fixed, moving), "rigid", fixed_mask=sitk.Cast(fixed * 0, sitk.sitkUInt8))


def test_colour_counts_by_its_luminance_and_nan_not_at_all() -> None:
    known = matrix(2, 6, 3)
    fixed, moving = pair(known, *WEAK_GRIDS)
    grey = sitk.GetArrayFromImage(moving)
    colour = filled(moving, np.stack([grey, grey * 0.5, 100 - grey * 0.2], -1).astype(np.float32), is_vector=True)
    values = sitk.GetArrayFromImage(fixed)
    values[:4] = np.nan
    outcome = run((filled(fixed, values), sitk.Cast(colour, sitk.sitkVectorUInt16)), "rigid metric=correlation")
    assert away(outcome.transform, known) < 0.3


def test_a_padding_far_below_everything_does_not_eat_the_bins() -> None:
    known = matrix(2, 8, 3)
    fixed, moving = pair(known, *WEAK_GRIDS)
    padded = []
    for image in (fixed, moving):
        values = sitk.GetArrayFromImage(image)
        values[np.hypot(*np.moveaxis(points_of(image), -1, 0)) > 27] = -30_000
        padded.append(filled(image, values))
    outcome = run((padded[0], padded[1]), "rigid metric=mattes")
    assert away(outcome.transform, known) < 0.3


def test_what_a_mask_leaves_out_does_not_count() -> None:
    known = matrix(2, 6, 3)
    fixed, moving = pair(known, *WEAK_GRIDS)
    wrong = sitk.GetArrayFromImage(fixed)
    wrong[:, :14] = 400
    mask = np.ones(wrong.shape, np.uint8)
    mask[:, :15] = 0
    text = "rigid metric=mean_squares shrink=2,1 smooth=0,0"
    disturbed = run((filled(fixed, wrong), moving), text)
    masked = run((filled(fixed, wrong), moving), text, fixed_mask=filled(fixed, mask))
    assert away(masked.transform, known) < 0.3 < away(disturbed.transform, known)
    moved = sitk.Resample(filled(fixed, mask), moving, sitk.Transform(), sitk.sitkNearestNeighbor)
    assert away(run((fixed, moving), text, moving_mask=moved).transform, known) < 0.3


def test_a_given_start_is_kept_to() -> None:
    known = matrix(3, 50, 8)
    images = pair(known, grid(WIDE, (1.2, 1.3, 1.7)), grid(WIDE, (1.3, 1.4, 1.6), 10))
    start = sitk.AffineTransform(3)
    near = matrix(3, 46, 6)
    start.SetMatrix(near[:3, :3].ravel().tolist())
    start.SetTranslation(near[:3, 3].tolist())
    outcome = run(images, "rigid metric=correlation shrink=2,1 smooth=1,0", "centres", initial=start)
    assert away(outcome.transform, known) < 0.2
    bent = sitk.CompositeTransform([start, sitk.BSplineTransformInitializer(images[0], [3, 3, 3])])
    outcome = run(images, "rigid metric=correlation shrink=2,1 smooth=1,0", "centres", initial=bent)
    assert away(outcome.transform, known) < 0.2


def test_stages_follow_one_another_and_end_as_one_transform() -> None:
    known = matrix(2, 8, 4, 1.1, 0.1)
    images = pair(known, *WEAK_GRIDS)
    outcome = run(images, "rigid metric=correlation; affine metric=correlation")
    assert (away(outcome.transform, known) < 0.1, outcome.transform.GetName()) == (True, "AffineTransform")
    assert {point.stage for point in outcome.curve} == {0, 1}
    turned_back = run(images, "affine metric=correlation; rigid metric=correlation")
    assert away(turned_back.transform, known) < 0.1


def test_metrics_are_those_of_the_formulas() -> None:
    known = matrix(2, 6, 3)
    fixed, moving = pair(known, grid(FLAT, (1.0, 1.2)), grid((70, 70), (1.1, 0.9)))
    there = sitk.Resample(moving, fixed, sitk.Transform(), sitk.sitkLinear, -1.0)
    a, b = (sitk.GetArrayFromImage(image).astype(float) for image in (fixed, there))
    a, b = a[b >= 0], b[b >= 0]
    squares = run((fixed, moving), "rigid metric=mean_squares")
    assert squares.metric_before == pytest.approx(((a - b) ** 2).mean(), rel=0.02)
    assert squares.metric_after < 0.01 * squares.metric_before
    correlation = run((fixed, moving), "rigid metric=correlation")
    assert correlation.metric_before == pytest.approx(-(np.corrcoef(a, b)[0, 1] ** 2), rel=0.02)
    assert correlation.metric_after == pytest.approx(-1, abs=0.01)


def _in_space(flat: sitk.Image, turn: Any, corner: Any) -> sitk.Image:
    volume = sitk.JoinSeries(flat)
    plane = np.eye(3)
    plane[:2, :2] = np.array(flat.GetDirection()).reshape(2, 2)
    volume.SetDirection((turn @ plane).ravel().tolist())
    volume.SetOrigin((turn @ np.array([*flat.GetOrigin(), 0.0]) + corner).tolist())
    return volume


def _warped(image: sitk.Image, most: float, spread: float = 20.0) -> tuple[sitk.Image, sitk.Image, sitk.Image]:
    """Return images a smooth displacement apart: moving(p) is the formula there, fixed(p) the one at p + u(p)."""
    places = points_of(image)
    n = image.GetDimension()
    waves = [np.sin(places[..., (axis + 1) % n] / (0.8 * spread) + axis) for axis in range(n)]
    fade = np.exp(-((np.linalg.norm(places, axis=-1) / (1.2 * spread)) ** 4))
    moves = np.stack([most * wave * fade for wave in waves], -1)
    moving = filled(image, blobs(places, count=60, spread=spread).astype(np.float32))
    fixed = filled(image, blobs(places + moves, count=60, spread=spread).astype(np.float32))
    return fixed, moving, filled(image, moves, is_vector=True)


def _at(field: sitk.Image, points: Any) -> Any:
    return np.array([field.EvaluateAtPhysicalPoint(point, sitk.sitkLinear) for point in points.tolist()])


def left_over(outcome: Outcome, fixed: sitk.Image, field: sitk.Image) -> float:
    """Return the share of a known warp that is not found where the blobs are."""
    places = points_of(fixed)
    points = places[np.linalg.norm(places, axis=-1) < 18][::7]
    moves = _at(field, points)
    found = np.array([outcome.transform.TransformPoint(point) for point in points.tolist()]) - points
    return float(np.linalg.norm(found - moves, axis=1).mean() / np.linalg.norm(moves, axis=1).mean())


BENDS = {
    "bspline": "bspline metric=mean_squares optimiser=lbfgsb mesh=15 shrink=2,1 smooth=1,0 iterations=20 share=0.1",
    "order 2": "bspline metric=correlation optimiser=lbfgsb mesh=15 order=2 shrink=2,1 smooth=1,0 iterations=20 "
    "share=0.1",
    "classic": "demons variant=classic shrink=2,1 smooth=0,0 iterations=100 field_sigma=1 match=false",
    "fast": "demons variant=fast shrink=2,1 smooth=0,0 iterations=60 field_sigma=1.5 match=false",
    "symmetric": "demons variant=symmetric shrink=2,1 smooth=1,1 iterations=60 field_sigma=2 match=false",
    "diffeomorphic": "demons shrink=2,1 smooth=0,0 iterations=60 match=false",
}


@pytest.mark.parametrize("bend", BENDS)
@pytest.mark.parametrize("size", [FLAT, (32, 28, 26)], ids=["flat", "deep"])
def test_a_smooth_warp_is_found_without_folds(bend: str, size: tuple[int, ...]) -> None:
    fixed, moving, field = _warped(grid(size, (1.5, 1.6, 1.7)[: len(size)]), 3.0)
    outcome = run((fixed, moving), BENDS[bend], "identity")
    assert left_over(outcome, fixed, field) < 0.2
    dense = sitk.TransformToDisplacementField(
        outcome.transform, sitk.sitkVectorFloat64, fixed.GetSize(), fixed.GetOrigin(), fixed.GetSpacing(),
        fixed.GetDirection(),
    )  # fmt: skip
    assert sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(dense)).min() > 0


def test_a_finer_mesh_says_the_same_bend() -> None:
    from pellucid.operations.engines.registration.splines import refined

    image = grid((30, 24), (1.0, 1.5), 10)
    for order in (1, 2, 3):
        coarse = sitk.BSplineTransformInitializer(image, [3, 2], order)
        coarse.SetParameters(np.random.default_rng(0).normal(0, 2, coarse.GetNumberOfParameters()).tolist())
        fine = refined(coarse, sitk.BSplineTransformInitializer(image, [6, 4], order))
        assert fine.GetTransformDomainMeshSize() == (6, 4)
        points = points_of(image)[1:-1:3, 1:-1:3].reshape(-1, 2).tolist()
        gaps = [np.subtract(fine.TransformPoint(p), coarse.TransformPoint(p)) for p in points]
        assert np.abs(gaps).max() < 1e-6


def test_the_same_seed_gives_the_same_and_threads_next_to_it() -> None:
    images = pair(matrix(3, 8, 4), grid(DEEP, (1.4, 1.5, 1.9)), grid(DEEP, (1.3, 1.4, 1.6), 10), noise=3)
    text = "rigid shrink=2,1 smooth=1,0; bspline optimiser=lbfgsb mesh=25 iterations=5 shrink=2 smooth=1"
    one, again, two = (run(images, text, context=Context(threads=n), seed=7) for n in (1, 1, 2))
    points = np.random.default_rng(0).normal(0, 12, (50, 3)).tolist()
    places = [np.array([outcome.transform.TransformPoint(p) for p in points]) for outcome in (one, again, two)]
    assert (places[0] == places[1]).all()
    assert np.abs(places[0] - places[2]).max() < 1e-3


@pytest.mark.parametrize("text", [
    *(f"rigid optimiser={optimiser} shrink=2 smooth=1 {QUICK[optimiser]}" for optimiser in get_args(plans.Optimiser)),
    "demons shrink=2 smooth=0", "bspline optimiser=lbfgsb mesh=20",
])  # fmt: skip
def test_everything_can_be_stopped(text: str) -> None:
    images = pair(matrix(2, 8, 4), *WEAK_GRIDS)
    seen: list[Moment] = []
    context = Context(cancelled=lambda: len(seen) > 0)
    with pytest.raises(Cancelled):
        run(images, text, context=context, watch=seen.append)
    assert len(seen) == 1


def test_what_is_watched_is_the_estimate_of_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course, "_APART", 0.0)  # these images are registered before a second moment would be due
    known = matrix(2, 8, 6)
    fixed, moving = pair(known, *WEAK_GRIDS)
    shares: list[float] = []
    seen: list[tuple[Moment, sitk.Transform]] = []
    outcome = run((fixed, moving), "rigid metric=mean_squares shrink=2,1 smooth=1,0", "identity",
                  context=Context(progress=shares.append), watch=lambda m: seen.append((m, m.transform())))  # fmt: skip
    errors = [away(transform, known) for _, transform in seen]
    assert errors[0] > 3 > errors[-1]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)
    assert [p.level for p in outcome.curve] == sorted(p.level for p in outcome.curve)
    assert len(outcome.curve) == outcome.iterations


def said(outcome: Outcome, words: str) -> bool:
    return not outcome.converged and any(words in doubt for doubt in outcome.doubts)


def test_an_optimiser_that_had_too_few_iterations_is_doubted() -> None:
    images = pair(matrix(2, 10, 6), *WEAK_GRIDS)
    assert said(run(images, "rigid metric=correlation shrink=1 smooth=0 iterations=4"), "still moving")


def test_a_bend_that_was_left_out_is_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    def far_off(chain: Any, *_given: Any) -> tuple[Any, stages.End]:
        grid = chain.pair.fixed
        field = sitk.Compose([sitk.Image(grid.GetSize(), sitk.sitkFloat64) + 0.5] * 2)
        field.CopyInformation(grid)
        return chain.then(sitk.DisplacementFieldTransform(field)), stages.End("", True, 3)

    monkeypatch.setattr(running.demons, "fit", far_off)
    outcome = run(pair(matrix(2), *WEAK_GRIDS), "demons", "identity")
    assert outcome.transform.IsLinear() and outcome.metric_after == outcome.metric_before
    assert said(outcome, "left as they were") and not outcome.converged


def test_images_of_nothing_in_common_are_doubted() -> None:
    rng = np.random.default_rng(0)
    images = [filled(image, rng.normal(0, 1, image.GetSize()[::-1]).astype(np.float32)) for image in WEAK_GRIDS]
    assert not run((images[0], images[1]), "rigid", "search").converged


def test_a_symmetric_object_has_a_rival() -> None:
    places = points_of(WEAK_GRIDS[0])
    bar = np.exp(-((places[..., 0] / 18) ** 4) - ((places[..., 1] / 5) ** 4)) * 100
    there = points_of(grid((70, 70), (1, 1)))
    turned = np.exp(-((there[..., 1] / 18) ** 4) - ((there[..., 0] / 5) ** 4)) * 100
    images = filled(WEAK_GRIDS[0], bar.astype(np.float32)), filled(grid((70, 70), (1, 1)), turned.astype(np.float32))
    assert said(run(images, "rigid metric=correlation", "search"), "Another place")


def test_an_image_that_left_its_grid_is_doubted_or_refused() -> None:
    fixed, moving = pair(matrix(2), *WEAK_GRIDS)
    start = sitk.TranslationTransform(2, (55.0, 0.0))
    outcome = run((fixed, moving), "translation shrink=1 smooth=0 iterations=3 step=0.01", initial=start)
    assert said(outcome, "left the fixed one")
    with pytest.raises(Refused, match="overlap"):
        run((fixed, moving), "translation", initial=sitk.TranslationTransform(2, (500.0, 0.0)))


def test_a_bend_that_folds_is_doubted() -> None:
    fixed, moving = pair(matrix(2), *WEAK_GRIDS)
    mixed = filled(moving, np.random.default_rng(1).permutation(sitk.GetArrayFromImage(moving).ravel()).reshape(66, 60))
    text = "bspline metric=mean_squares optimiser=lbfgsb mesh=4 shrink=1 smooth=0 sampling=all iterations=30"
    assert said(run((fixed, mixed), text, "identity"), "folds")


def test_an_optimiser_that_runs_away_is_doubted() -> None:
    images = pair(matrix(2, 2, 1), *WEAK_GRIDS)
    text = "affine metric=mean_squares optimiser=gradient_descent step=40 iterations=5 shrink=1 smooth=0"
    outcome = run(images, text)
    assert not outcome.converged
