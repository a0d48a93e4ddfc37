"""An ImageRegistrationMethod as a stage wants it: metric, sampling, optimiser.

The images lie in a world whose unit is the radius of the fixed image (see ``frames``), so steps are given in it and the
parameters need no scales; ``physical`` scales only matter to optimisers that guess a rate from them.
"""

from __future__ import annotations

from collections.abc import Callable

import SimpleITK as sitk

from pellucid.operations.engines.registration.plans import Stage

_SAMPLES = (20_000, 100_000)
"""How many voxels are looked at, at least and at most, where not all are."""
_SPLINE_SAMPLES = (5_000, 100_000)  # a sample costs as much as there are control points
_RELAXATION = 0.5
_WINDOW = 10
_GUESSED = {"gradient_descent", "line_search", "conjugate_gradient"}


def method_of(
    stage: Stage, fixed: sitk.Image, seed: int, threads: int, unit: float, parameters: int
) -> sitk.ImageRegistrationMethod:
    """Return a method for one level; ``unit`` is the size of a voxel of the level."""
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(threads)
    _METRICS[stage.metric](method, stage)
    method.MetricUseFixedImageGradientFilterOff()
    method.MetricUseMovingImageGradientFilterOff()
    share = sampled_share(stage, fixed)
    if share < 1:
        kind = method.REGULAR if stage.sampling == "regular" else method.RANDOM
        method.SetMetricSamplingStrategy(kind)
        method.SetMetricSamplingPercentage(share, seed)
    method.SetInterpolator(_INTERPOLATORS[stage.interpolator])
    if stage.optimiser == "exhaustive":
        method.SetOptimizerAsExhaustive([_around(stage.iterations, parameters)] * parameters, stage.step * unit)
    else:
        _OPTIMISERS[stage.optimiser](method, stage, unit, seed)
    if stage.scales == "physical" and stage.optimiser in _GUESSED:
        method.SetOptimizerScalesFromPhysicalShift()
    elif stage.scales == "jacobian":
        method.SetOptimizerScalesFromJacobian()
    elif stage.scales == "index":
        method.SetOptimizerScalesFromIndexShift()
    return method


def sampled_share(stage: Stage, fixed: sitk.Image) -> float:
    """Return the share of the voxels that is looked at: small images are seen whole."""
    if stage.sampling == "all":
        return 1.0
    least, most = _SPLINE_SAMPLES if stage.transform == "bspline" else _SAMPLES
    voxels = fixed.GetNumberOfPixels()
    return min(1.0, min(max(stage.share * voxels, least), most) / voxels)


def _around(iterations: int, parameters: int) -> int:
    """Return how many steps to either side an exhaustive search takes that has so many iterations."""
    return max(1, int((iterations ** (1 / parameters) - 1) / 2 + 1e-9))


_METRICS: dict[str, Callable[[sitk.ImageRegistrationMethod, Stage], None]] = {
    "mean_squares": lambda method, stage: method.SetMetricAsMeanSquares(),
    "correlation": lambda method, stage: method.SetMetricAsCorrelation(),
    "ants": lambda method, stage: method.SetMetricAsANTSNeighborhoodCorrelation(stage.radius),
    "mattes": lambda method, stage: method.SetMetricAsMattesMutualInformation(stage.bins),
    "joint": lambda method, stage: method.SetMetricAsJointHistogramMutualInformation(stage.bins),
}
_INTERPOLATORS = {"linear": sitk.sitkLinear, "bspline": sitk.sitkBSpline, "nearest": sitk.sitkNearestNeighbor}
_OPTIMISERS: dict[str, Callable[[sitk.ImageRegistrationMethod, Stage, float, int], None]] = {
    "regular_step": lambda m, s, unit, seed: m.SetOptimizerAsRegularStepGradientDescent(
        s.step * unit, s.least_step * unit, s.iterations, _RELAXATION, 1e-10
    ),
    "gradient_descent": lambda m, s, unit, seed: m.SetOptimizerAsGradientDescent(
        1.0, s.iterations, s.tolerance, _WINDOW, m.EachIteration, s.step * unit
    ),
    "line_search": lambda m, s, unit, seed: m.SetOptimizerAsGradientDescentLineSearch(
        1.0, s.iterations, s.tolerance, _WINDOW, 0.0, 5.0, 0.01, 20, m.Once, s.step * unit
    ),
    "conjugate_gradient": lambda m, s, unit, seed: m.SetOptimizerAsConjugateGradientLineSearch(
        1.0, s.iterations, s.tolerance, _WINDOW, 0.0, 5.0, 0.01, 20, m.Once, s.step * unit
    ),
    "lbfgs2": lambda m, s, unit, seed: m.SetOptimizerAsLBFGS2(
        solutionAccuracy=1e-5, numberOfIterations=s.iterations, deltaConvergenceDistance=5,
        deltaConvergenceTolerance=s.tolerance,
    ),
    "lbfgsb": lambda m, s, unit, seed: m.SetOptimizerAsLBFGSB(
        1e-5, s.iterations, 5, 5 * s.iterations, s.tolerance / 2.22e-16
    ),
    "powell": lambda m, s, unit, seed: m.SetOptimizerAsPowell(
        s.iterations, 50, s.step * unit, s.least_step * unit, s.tolerance
    ),
    "amoeba": lambda m, s, unit, seed: m.SetOptimizerAsAmoeba(
        s.step * unit, s.iterations, s.least_step * unit, s.tolerance
    ),
    "one_plus_one": lambda m, s, unit, seed: m.SetOptimizerAsOnePlusOneEvolutionary(
        s.iterations, s.tolerance, s.step * unit, -1.0, -1.0, seed
    ),
}  # fmt: skip
