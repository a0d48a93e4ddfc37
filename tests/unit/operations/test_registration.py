"""Transforms and landmarks against SimpleITK and SciPy; registration against shifts that are known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_cases.registration import EULER, EULER_2D
from operation_images import DIRECTIONS, PIXEL_TYPES, geometry, noise, on_grid, pixels
from pellucid.model.volume import Volume, geometry_of
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.registration import plain_plans
from pellucid.operations.engines.registration.plans import PRESETS, Plan, Stage
from pellucid.operations.engines.registration.texts import transform_text
from pellucid.recipes import Recipe, Step
from pellucid.recipes.replay import run as take_steps

SHAPE = (9, 21, 26)


def run(id: str, *images: sitk.Image, context: Context | None = None, **values: Any) -> sitk.Image:
    return get(f"registration.{id}").run(context or Context(), *images, **values)


def smooth(shape: Any = SHAPE, dtype: str = "float32", direction: str = "oblique", seed: int = 1) -> sitk.Image:
    values = ndimage.gaussian_filter(noise(shape, "float64", seed), 1.5)
    scaled = (values - values.min()) / np.ptp(values) * (110 if np.dtype(dtype).itemsize == 1 else 900)
    return on_grid(scaled.astype(dtype), direction)


def rigid(image: sitk.Image) -> sitk.Euler3DTransform:
    centre = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    return sitk.Euler3DTransform(centre, 0.06, -0.04, 0.15, (1.1, -0.7, 1.9))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_a_known_transform_is_simpleitks(dtype: str, direction: str) -> None:
    moving = smooth(dtype=dtype, direction=direction)
    fixed = on_grid(np.zeros((7, 18, 30), np.uint8), "straight", (1.1, 0.6, 2.0))
    transform = rigid(moving)
    made = run("transform", moving, fixed, transform=transform_text(transform), background=5.0)
    assert geometry(made) == geometry(fixed) and pixels(made).dtype == dtype
    expected = pixels(sitk.Resample(sitk.Cast(moving, sitk.sitkFloat64), fixed, transform, sitk.sitkLinear, 5.0))
    if np.dtype(dtype).kind in "iu":
        assert np.abs(pixels(made) - expected).max() <= 0.5001
    else:
        np.testing.assert_allclose(pixels(made), expected, atol=1e-3)
    assert (expected == 5).any() and (expected > 20).any()


def test_the_transform_takes_fixed_points_to_moving_ones() -> None:
    moving = on_grid(np.zeros((5, 9, 11), np.int16))
    moving[4, 3, 2] = 100
    start = moving.TransformIndexToPhysicalPoint((6, 5, 2))  # where the fixed image shall show it
    shift = np.subtract(moving.TransformIndexToPhysicalPoint((4, 3, 2)), start).tolist()
    made = run("transform", moving, moving, transform=transform_text(sitk.TranslationTransform(3, shift)))
    assert made[6, 5, 2] == 100 and pixels(made).sum() == 100


def test_a_chain_with_a_field_is_simpleitks_in_space_and_plane() -> None:
    for shape in (SHAPE, (21, 26)):
        moving = smooth(shape, direction="straight")
        n = len(shape)
        vectors = ndimage.gaussian_filter(np.random.default_rng(1).normal(0, 9, (*shape, n)), (*(3,) * n, 0))
        field = sitk.DisplacementFieldTransform(on_grid(vectors, colour=True))
        chain = sitk.CompositeTransform([sitk.TranslationTransform(n, [0.5] * n), field])
        made = run("transform", moving, moving, transform=transform_text(chain), interpolation="bspline")
        expected = sitk.Resample(moving, moving, chain, sitk.sitkBSpline3, 0.0)
        np.testing.assert_allclose(pixels(made), pixels(expected), atol=1e-3)


def test_no_transform_moves_nothing_and_padding_stays_out() -> None:
    image = smooth(dtype="int16")
    assert np.array_equal(pixels(run("transform", image, image)), pixels(image))
    holed = sitk.Image(image)
    holed[3:9, 4:9, 2:6] = -2000
    shift = transform_text(sitk.TranslationTransform(3, (0.31, 0.2, 0.4)))
    made = pixels(run("transform", holed, image, transform=shift, context=Context(padding=(-2000.0, -2000.0))))
    assert set(np.unique(made[made < 0])) == {-2000}


def test_refusals_are_sentences() -> None:
    image, flat = smooth(), smooth((21, 26), direction="straight")
    with pytest.raises(Refused, match=r"is no transform that can be read.*\.tfm file of ITK\."):
        run("transform", image, image, transform="turn it a little")
    with pytest.raises(Refused, match=r"has two dimensions: it is for pictures"):
        run("transform", image, image, transform=EULER_2D)
    with pytest.raises(Refused, match=r"planar image and a volume"):
        run("transform", image, flat)
    with pytest.raises(Refused, match=r"Landmarks come in pairs: there are 2 on the fixed and 1"):
        run("landmarks", image, image, fixed_places="1 2 3; 4 5 6", moving_places="1 2 3")
    with pytest.raises(Refused, match="at least"):
        run("landmarks", image, image)
    with pytest.raises(Refused, match="is no place"):
        run("landmarks", image, image, fixed_places="1 2", moving_places="1 2")
    with pytest.raises(Refused, match=r"Stage 1:.*\.$"):
        run("register", image, image, preset="own", stages="turned")
    with pytest.raises(Refused, match="at least one stage"):
        run("register", image, image, preset="own", stages=" ; ")
    with pytest.raises(Refused, match="is no transform"):
        run("register", image, image, initial="nothing")


def test_a_planar_transform_is_for_single_slices_of_the_plane_too() -> None:
    picture = smooth((21, 26), direction="straight")
    (slice_,) = (sitk.JoinSeries(picture),)
    made = run("transform", slice_, slice_, transform=EULER_2D, interpolation="bspline")
    expected = run("transform", picture, picture, transform=EULER_2D, interpolation="bspline")
    assert made.GetDimension() == 3 and np.array_equal(pixels(made)[0], pixels(expected))
    assert not np.array_equal(pixels(expected), pixels(picture))
    turned = smooth((1, 21, 26), direction="oblique")
    with pytest.raises(Refused, match=r"in the plane of x and y\."):
        run("transform", turned, turned, transform=EULER_2D)
    with pytest.raises(Refused, match=r"three dimensions and the images have two"):
        run("transform", picture, picture, transform=EULER)


def test_a_text_in_one_line_is_the_same_transform() -> None:
    image = smooth()
    one = run("transform", image, image, transform=EULER)
    assert np.array_equal(pixels(one), pixels(run("transform", image, image, transform=" ".join(EULER.split()))))
    assert not np.array_equal(pixels(one), pixels(image))


def places(points: Any) -> str:
    return "; ".join(" ".join(map(str, point)) for point in np.asarray(points).tolist())


@pytest.mark.parametrize("kind", ["rigid", "similarity", "affine", "thin_plate"])
def test_landmarks_of_a_known_motion_undo_it(kind: str) -> None:
    moving = smooth()
    motion = rigid(moving)
    indices = np.array([(2, 3, 1), (22, 4, 2), (5, 17, 7), (20, 15, 6), (12, 10, 4), (8, 3, 7.5)])
    on_fixed = np.array([moving.TransformContinuousIndexToPhysicalPoint(index.tolist()) for index in indices])
    on_moving = np.array([motion.TransformPoint(point.tolist()) for point in on_fixed])
    said: list[str] = []
    made = run("landmarks", moving, moving, kind=kind, fixed_places=places(on_fixed), moving_places=places(on_moving),
               context=Context(remark=said.append))  # fmt: skip
    expected = pixels(sitk.Resample(moving, moving, motion, sitk.sitkLinear, 0.0))
    inside = ndimage.binary_erosion(expected != 0, iterations=2)
    assert inside.sum() > 500
    assert np.abs(pixels(made) - expected)[inside].max() < (3.0 if kind == "thin_plate" else 0.5)
    assert len(said) == 1 and "Landmarks stay" in said[0] and "pair" in said[0]


def test_the_residuals_are_said_with_the_worst_pair() -> None:
    image = smooth()
    fixed = np.array([(0.0, 0, 0), (30, 0, 0), (0, 30, 0), (30, 30, 0)])
    moving = fixed.copy()
    moving[2] += (0, 4, 0)
    said: list[str] = []
    run("landmarks", image, image, kind="translation", fixed_places=places(fixed), moving_places=places(moving),
        context=Context(remark=said.append))  # fmt: skip
    assert "at most 3 mm, pair 3" in said[0] and f"{np.sqrt(12 / 4):.3g} mm apart on average" in said[0]


def test_the_residuals_of_pictures_are_no_millimetres() -> None:
    picture = smooth((21, 26), direction="straight")
    said: list[str] = []
    run("landmarks", picture, picture, kind="translation", fixed_places="0 0 0; 9 0 0", moving_places="0 0 0; 9 2 0",
        context=Context(remark=said.append))  # fmt: skip
    assert "stay 1 apart" in said[0] and "at most 1, pair" in said[0] and "mm" not in said[0]


def test_landmarks_of_pictures_use_x_and_y_only() -> None:
    picture = smooth((21, 26), direction="straight")
    made = run("landmarks", picture, picture, kind="translation", fixed_places="0 0 5; 1 0 5; 0 1 5",
               moving_places="0.7 0 9; 1.7 0 9; 0.7 1 9", background=-1.0)  # fmt: skip
    np.testing.assert_allclose(pixels(made)[:, :-1], pixels(picture)[:, 1:], atol=1e-2)
    assert (pixels(made)[:, -1] == -1).all()


# ---------------------------------------------------------------- registration


def test_every_preset_can_be_chosen() -> None:
    (preset,) = (field for field in get("registration.register").fields if field.name == "preset")
    assert preset.choices == (*PRESETS, "own")
    assert preset.choice_titles[:-1] == tuple(known.title for known in PRESETS.values())


def test_scripts_know_the_same_stages_as_we() -> None:
    for ours, plain in ((Stage(transform="rigid"), plain_plans.Stage("rigid")),):
        assert vars(plain) == {name: getattr(ours, name) for name in Stage.model_fields}
    assert Plan(()).start == plain_plans.Plan(()).start


@pytest.mark.parametrize("metric", ["mattes", "correlation", "joint"])
def test_one_thread_gives_the_same_bits_as_many(metric: str) -> None:
    fixed, moving = smooth(seed=4), smooth(seed=5)
    values = {"preset": "own", "stages": f"rigid metric={metric} iterations=8 shrink=1 smooth=1 sampling=all",
              "start": "identity"}  # fmt: skip
    made = {run("register", moving, fixed, context=Context(threads=n), **values)[5, 5, 5] for n in (1, 2, 3, 3)}
    usual = sitk.ProcessObject.GetGlobalDefaultNumberOfThreads()
    try:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)  # as the workers of a batch do
        made.add(run("register", moving, fixed, context=Context(threads=1), **values)[5, 5, 5])
    finally:
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(usual)
    assert len(made) == 1 and made != {moving[5, 5, 5]}


def test_a_registration_that_is_known_is_not_searched_again() -> None:
    fixed = smooth(seed=4)
    moving = sitk.Resample(fixed, fixed, sitk.TranslationTransform(3, (0.9, 0.0, 0.0)), sitk.sitkBSpline)
    values = {"preset": "own", "stages": "translation metric=correlation sampling=all shrink=1 smooth=0",
              "start": "identity"}  # fmt: skip
    operation, said = get("registration.register"), []
    outcome = operation.prepare(operation.validate(**values), moving, fixed)
    np.testing.assert_allclose(outcome.transform.TransformPoint((0.0, 0.0, 0.0)), (-0.9, 0, 0), atol=0.1)
    again = operation.run(Context(prepared=outcome, remark=said.append), moving, fixed, **values)
    assert np.array_equal(pixels(again), pixels(operation.run(Context(), moving, fixed, **values)))
    assert said[0].startswith("The metric went from") and len(said) == 1 + len(outcome.doubts) + (not outcome.converged)


def test_the_result_lies_in_the_frame_of_the_fixed_image() -> None:
    fixed, moving = smooth((7, 20, 22)), smooth()
    there = replace(geometry_of(fixed), frame_of_reference="1.2.3", oriented=True)
    own = replace(geometry_of(moving), frame_of_reference="9.9.9", oriented=False)
    step = Step(operation="registration.transform", inputs=("moving", "fixed"))
    made = take_steps(Recipe(steps=(step,)), Volume(moving, own, unit="HU"), {"fixed": Volume(fixed, there)})
    assert made.geometry == there and made.unit == "HU"


def test_the_script_of_a_planar_transform_works_on_a_slice() -> None:
    slice_ = sitk.JoinSeries(smooth((21, 26), direction="straight"))
    operation = get("registration.transform")
    found: dict[str, Any] = {
        "image": slice_, "other": slice_, "padding": None, "sitk": sitk, "np": np,
        **{one.__name__: one for one in operation.toolbox},
    }  # fmt: skip
    exec(operation.lines(operation.validate(transform=EULER_2D)), found)
    assert np.array_equal(pixels(found["result"]), pixels(run("transform", slice_, slice_, transform=EULER_2D)))
