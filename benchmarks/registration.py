"""Recover known transforms of real images, and time registration against plain SimpleITK and elastix.

    PYTHONPATH=app python benchmarks/registration.py DATA [--only rigid] [--runs 200] [--shrink 1] [--json F]

DATA is the folder of real images. Tasks: ``rigid`` (same contrast), ``inverted``, ``bent`` (a contrast that is no
function that could be undone), ``warps`` (B-spline and demons on a smooth warp), ``times``. A run is good when the
mean error of 400 places is below one voxel of the original (1 mm); a failure must be reported as doubtful.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from registration_tasks import brain, error, middle, moved, places, random_rigid, smooth_warp

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.outcome import Outcome
from pellucid.operations.engines.registration.plans import PRESETS, Plan, read_stages
from pellucid.operations.engines.registration.preparing import prepare
from pellucid.operations.engines.registration.running import register
from pellucid.operations.engines.registration.stages import fit

CONTRASTS = {"rigid": ("same", "rigid"), "inverted": ("inverted", "rigid_mi"), "bent": ("bent", "rigid_mi")}
WARPS = {
    "B-spline 20 mm": "bspline metric=mean_squares optimiser=lbfgsb mesh=20 shrink=4,2,1 smooth=0 iterations=50",
    "demons": "demons shrink=4,2,1 smooth=0 iterations=100 field_sigma=0.7 update_sigma=1.5 match=false",
}
TIMED = "rigid metric={metric} shrink=4,2,1 smooth=2,1,0 share=0.01"
METRICS = ("correlation", "mattes")


def recovered(data: Path, task: str, first: int, runs: int, shrink: int) -> dict[str, Any]:
    """Return how many known rigid transforms came back, and how many failures were not said."""
    image = brain(data, shrink)
    contrast, preset = CONTRASTS[task]
    points, good, unsaid, doubted, errors = places(image), 0, 0, 0, []
    for seed in range(first, first + runs):
        known = random_rigid(image, seed)
        outcome = register(image, moved(image, known, seed, contrast), PRESETS[preset].plan, Context(), seed=seed)
        errors.append(float(error(outcome.transform, known, points).mean()))
        fine = errors[-1] < 1
        good, unsaid = good + fine, unsaid + (not fine and outcome.converged)
        doubted += fine and not outcome.converged
        if not fine or not outcome.converged:
            print(f"  seed {seed}: {errors[-1]:.3f} mm, {'; '.join(outcome.doubts)}", flush=True)
        if len(errors) % 25 == 0:
            print(f"  {good} of {len(errors)} good, {unsaid} failures not said, worst {max(errors):.3f} mm", flush=True)
    return {"task": task, "runs": runs, "good": good, "failed unsaid": unsaid, "good but doubted": doubted,
            "median mm": statistics.median(errors), "worst mm": max(errors)}  # fmt: skip


def warped(data: Path, shrink: int) -> list[dict[str, Any]]:
    """Return which share of the error of a known smooth warp is left, and whether anything folds."""
    image = brain(data, shrink)
    known = smooth_warp(image, 1)
    moving = moved(image, known, 1)
    points = places(image)
    before = error(sitk.Transform(3, sitk.sitkIdentity), known, points).mean()
    rows = []
    for name, text in WARPS.items():
        outcome = register(image, moving, Plan(read_stages(text), "identity"), Context())
        after = error(outcome.transform, known, points).mean()
        rows.append({"task": name, "before mm": before, "after mm": after, "reduced": 1 - after / before,
                     "least Jacobian": jacobian(outcome, image), "s": outcome.seconds})  # fmt: skip
    return rows


def jacobian(outcome: Outcome, image: sitk.Image) -> float:
    """Return the lowest determinant of the Jacobian at the voxels of an image."""
    field = sitk.TransformToDisplacementField(
        outcome.transform, sitk.sitkVectorFloat64, image.GetSize(), image.GetOrigin(), image.GetSpacing(),
        image.GetDirection(),
    )  # fmt: skip
    return float(sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field)).min())


def timed(data: Path, shrink: int, repetitions: int) -> list[dict[str, Any]]:
    """Return times and errors of ours and of the peers, in turns; ``fit`` is ours without its care.

    Ours also brings the images into its form, computes the metric of the full images before and after, and runs once
    more beside the result to doubt it; ``fit`` leaves that out, as SimpleITK does. All take what threads they choose.
    """
    image = brain(data, shrink)
    known = random_rigid(image, 1)
    moving = moved(image, known, 1)
    points = places(image)
    works: dict[str, Callable[[], sitk.Transform]] = {}
    for metric in METRICS:
        works[f"ours {metric}"] = partial(whole, image, moving, metric)
        works[f"fit {metric}"] = partial(fitted, image, moving, metric)
        works[f"SimpleITK {metric}"] = partial(plain, image, moving, metric)
    if shutil.which("elastix"):
        works["elastix mattes"] = partial(by_elastix, image, moving)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    errors = {}
    for _ in range(repetitions):
        for name, work in works.items():
            began, cpu = time.perf_counter(), sum(os.times()[:4])
            found = work()
            spent[name].append((time.perf_counter() - began, sum(os.times()[:4]) - cpu))
            errors[name] = float(error(found, known, points).mean())
    return [_row(name, spent, errors) for name in works]


def _row(name: str, spent: dict[str, list[tuple[float, float]]], errors: dict[str, float]) -> dict[str, Any]:
    metric = name.split()[-1]
    ratios = {
        f"{mine} / it": statistics.median(a[0] / b[0] for a, b in zip(spent[f"{mine} {metric}"], spent[name],
                                                                      strict=True))
        for mine in ("ours", "fit")
    }  # fmt: skip
    seconds, cpu = (statistics.median(one[n] for one in spent[name]) for n in (0, 1))
    return {"task": name, "s": seconds, "CPU s": cpu, "error mm": errors[name], **ratios}


def whole(fixed: sitk.Image, moving: sitk.Image, metric: str) -> sitk.Transform:
    """Return what ours finds, with all that it does beside."""
    return register(fixed, moving, Plan(read_stages(TIMED.format(metric=metric)), "identity"), Context()).transform


def fitted(fixed: sitk.Image, moving: sitk.Image, metric: str) -> sitk.Transform:
    """Return what ours fits."""
    context = Context()
    pair = prepare(fixed, moving, None, None, context)
    stage = read_stages(TIMED.format(metric=metric))[0]
    chain, _ = fit(Chain(pair, (np.eye(4),)), stage, 0, Course(context, None, len(stage.shrink)), 1)
    return chain.outside()


def plain(fixed: sitk.Image, moving: sitk.Image, metric: str) -> sitk.Transform:
    """Return the rigid transform that plain SimpleITK finds with the same settings: share, steps, gradients."""
    method = sitk.ImageRegistrationMethod()
    if metric == "mattes":
        method.SetMetricAsMattesMutualInformation(32)
    else:
        method.SetMetricAsCorrelation()
    method.MetricUseFixedImageGradientFilterOff()
    method.MetricUseMovingImageGradientFilterOff()
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentagePerLevel([min(1.0, 20_000 * k**3 / fixed.GetNumberOfPixels()) if k > 1 else 0.01
                                                for k in (4, 2, 1)], 1)  # fmt: skip
    method.SetInterpolator(sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    begin = sitk.Euler3DTransform()
    begin.SetCenter(middle(fixed))
    method.SetInitialTransform(begin, True)
    method.Execute(fixed, moving)
    return begin


_ELASTIX = """(FixedInternalImagePixelType "float") (MovingInternalImagePixelType "float")
(Registration "MultiResolutionRegistration") (Interpolator "LinearInterpolator")
(ResampleInterpolator "FinalBSplineInterpolator")
(Resampler "DefaultResampler") (FixedImagePyramid "FixedSmoothingImagePyramid")
(MovingImagePyramid "MovingSmoothingImagePyramid")
(Optimizer "AdaptiveStochasticGradientDescent") (Transform "EulerTransform") (Metric "AdvancedMattesMutualInformation")
(AutomaticScalesEstimation "true") (AutomaticTransformInitialization "true") (HowToCombineTransforms "Compose")
(NumberOfHistogramBins 32) (NumberOfResolutions 3) (MaximumNumberOfIterations 250) (NumberOfSpatialSamples 2048)
(NewSamplesEveryIteration "true") (ImageSampler "RandomCoordinate") (WriteResultImage "false") (DefaultPixelValue 0)
"""


def by_elastix(fixed: sitk.Image, moving: sitk.Image) -> sitk.Transform:
    """Return the rigid transform that elastix finds; reading and writing files is part of its time."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sitk.WriteImage(fixed, str(folder / "fixed.mha"))
        sitk.WriteImage(moving, str(folder / "moving.mha"))
        lines = _ELASTIX.replace(") (", ")\n(")
        (folder / "plan.txt").write_text(lines, encoding="ascii")
        subprocess.run(
            ["elastix", "-f", "fixed.mha", "-m", "moving.mha", "-p", "plan.txt", "-out", ".", "-threads", "2"],
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        text = (folder / "TransformParameters.0.txt").read_text(encoding="ascii")
    found = sitk.Euler3DTransform()
    found.SetComputeZYX("ComputeZYX \"true\"" in text)
    found.SetParameters(_numbers(text, "TransformParameters"))
    found.SetCenter(_numbers(text, "CenterOfRotationPoint"))
    return found


def _numbers(text: str, key: str) -> list[float]:
    line = next(line for line in text.splitlines() if line.startswith(f"({key} "))
    return [float(word) for word in line.strip("()").split()[1:]]


def main() -> None:
    """Print the rows; write them as JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the real images")
    parser.add_argument("--only", default="", help="run the tasks whose name contains this text")
    parser.add_argument("--runs", type=int, default=200, help="random transforms of a contrast (default: 200)")
    parser.add_argument("--first", type=int, default=0, help="seed of the first of them (default: 0)")
    parser.add_argument("--shrink", type=int, default=1, help="shrink the brain first (default: 1)")
    parser.add_argument("--repetitions", type=int, default=5, help="turns of each that is timed (default: 5)")
    parser.add_argument("--json", type=Path, metavar="F", help="write the rows as JSON into this file")
    options = parser.parse_args()
    tasks: dict[str, Any] = {
        name: lambda name=name: [recovered(options.data, name, options.first, options.runs, options.shrink)]
        for name in CONTRASTS
    }
    tasks["warps"] = lambda: warped(options.data, options.shrink)
    tasks["times"] = lambda: timed(options.data, options.shrink, options.repetitions)
    rows: list[dict[str, Any]] = []
    for name, work in tasks.items():
        if options.only in name:
            for row in work():
                rows.append(row)
                print("  ".join(f"{key} {_said(value)}" for key, value in row.items()), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


def _said(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float | np.floating) else str(value)


if __name__ == "__main__":
    main()
