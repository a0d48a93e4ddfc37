"""Bring images of different scanners to comparable values: z-score, percentiles, a standard histogram."""

from __future__ import annotations

import math
from typing import Annotated, Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.order import counted, nothing_counted, quantiles
from pellucid.operations.engines.pointwise import by_curve
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, check_same_grid, map_blocks, need_scalar, view
from pellucid.operations.units import Percent, Range, Slider, Title, Unit


def _mean_and_deviation(image: Any, mask: Any, context: Context) -> tuple[float, float]:
    """Return mean and standard deviation of the finite values, summed slice by slice."""
    array, inside = view(image), None if mask is None else view(mask)
    sums, squares = np.zeros((2, len(array)))
    counts = np.zeros(len(array), np.int64)

    def taken(n: int) -> Array:
        return np.asarray(counted(array[n], None if inside is None else inside[n]))

    def add(n: int) -> None:
        values = taken(n)
        counts[n], sums[n] = len(values), values.sum(dtype=np.float64)

    context.part(0.0, 0.5).each(add, range(len(array)))
    total = int(counts.sum())
    if not total:
        raise nothing_counted()
    mean = math.fsum(sums) / total

    def add_square(n: int) -> None:
        squares[n] = ((taken(n).astype(np.float64) - mean) ** 2).sum()

    context.part(0.5, 1.0).each(add_square, range(len(array)))
    return mean, math.sqrt(math.fsum(squares) / total)


@operation(
    "normalise.zscore",
    title="Z-score",
    menu="Filters/Normalise",
    keeps_unit=False,
    pointwise=True,
    prepare=_mean_and_deviation,
    counted_in="mask",
    keywords=("standardise", "normalize", "mean", "standard deviation", "zero mean", "unit variance"),
    python="""
        # values.mean() and values.std() are the same but for the rounding of long sums
        array = voxels(image)
        inside = [None] * len(array) if mask is None else voxels(mask)
        slices = [counted(*pair) for pair in zip(array, inside)]
        count = sum(map(len, slices))
        mean = math.fsum(values.sum(dtype=np.float64) for values in slices) / count
        variance = math.fsum(((values.astype(np.float64) - mean) ** 2).sum() for values in slices) / count
        score = (array.astype(np.float64) - mean) / (math.sqrt(variance) or 1.0)
        result = on_grid_of(score.astype(np.float32), image)
    """,
    toolbox=(counted,),
)
def zscore(image: Image, mask: Mask | None, context: Context) -> Image:
    """Give the values a mean of 0 and a standard deviation of 1.

    Mean and (population) standard deviation are those of the finite values, inside the mask if there is one; all
    voxels are changed by them. Padding (values outside the scanned field) is not counted. The result is 32-bit
    float; colour channels share one mean. An image of one value becomes 0, NaN stays NaN.

    Source:
        Standard score, as scipy.stats.zscore; SimpleITK.Normalize divides by the sample standard deviation.
    """
    mean, deviation = context.prepared

    def work(values: Array, out: Array) -> None:
        np.copyto(out, (values.astype(np.float64) - mean) / (deviation or 1.0), casting="same_kind")

    return map_blocks(image, np.float32, work, context)


def _limits(image: Any, mask: Any, context: Context, lower: float, upper: float) -> tuple[float, float]:
    low, high = quantiles(image, (lower / 100, upper / 100), mask, context)
    return float(low), float(high)


def _percentile_lines(p: Any) -> str:
    share = "(array.astype(np.float64) - low) / ((high - low) or 1.0)"
    return f"""
        array = voxels(image)
        inside = None if mask is None else voxels(mask)
        low, high = np.quantile(counted(array, inside).astype(np.float64), [$lower / 100, $upper / 100])
        share = {f"np.clip({share}, 0, 1)" if p.clip else share}
        result = on_grid_of(share.astype(np.float32), image)
    """


@operation(
    "normalise.percentiles",
    title="Percentiles to 0 and 1",
    menu="Filters/Normalise",
    keeps_unit=False,
    pointwise=True,
    prepare=_limits,
    prepare_uses=("lower", "upper"),
    counted_in="mask",
    complaint=lambda p: None if p.lower < p.upper else tr("The lower percentile must be below the upper one."),
    keywords=("normalize", "robust", "min max", "quantile", "stretch", "outliers"),
    python=_percentile_lines,
    toolbox=(counted,),
)
def percentiles(
    image: Image,
    mask: Mask | None,
    context: Context,
    *,
    lower: Annotated[Percent, Title("Lower percentile")] = 1.0,
    upper: Annotated[Percent, Title("Upper percentile")] = 99.0,
    clip: Annotated[bool, Title("Clip outside")] = True,
) -> Image:
    """Map two percentiles of the values to 0 and 1.

    The percentiles are exact and those of the finite values, inside the mask if there is one; all voxels are
    changed by them. Padding (values outside the scanned field) is not counted. The result is 32-bit float; colour
    channels share one range. An image of one value becomes 0, NaN stays NaN.

    Settings:
        lower: This share of the values is smaller than what becomes 0.
        upper: This share of the values is smaller than what becomes 1.
        clip: Limits what lies beyond the percentiles to 0 and 1; otherwise it goes on in a straight line.

    Source:
        Percentiles by linear interpolation, as numpy.percentile.
    """
    low, high = context.prepared

    def curve(values: Array) -> Array:
        share = (values - low) / ((high - low) or 1.0)
        return np.asarray(np.clip(share, 0, 1) if clip else share)

    return by_curve(image, curve, np.float32, context)


def landmark_shares(lower: float, upper: float, intervals: int) -> Any:
    """Return two outer percentiles and the evenly spread ones between them as shares of 1."""
    between = [100 * n / intervals for n in range(1, intervals)]
    return np.array([lower, *(one for one in between if lower < one < upper), upper]) / 100


def along_landmarks(values: Any, own: Any, standard: Any) -> Any:
    """Map values so that landmarks come to lie on standard ones: straight between them, and on beyond the last."""
    own, first = np.unique(own, return_index=True)
    standard = standard[first]
    if len(own) == 1:
        return values - own[0] + standard[0]
    slopes = np.diff(standard) / np.diff(own)
    between = np.clip(np.searchsorted(own, values, side="right") - 1, 0, len(own) - 2)
    return standard[between] + (values - own[between]) * slopes[between]


def _landmarks(
    image: Any, reference: Any, mask: Any, reference_mask: Any, context: Context,
    lower: float, upper: float, intervals: int,
) -> tuple[Array, Array]:  # fmt: skip
    """Return the landmarks of an image and of its reference."""
    for one, within in ((image, mask), (reference, reference_mask)):
        need_scalar(tr("Standard histogram"), one)
        if within is not None:
            check_same_grid(tr("Standard histogram"), one, within)
    shares = landmark_shares(lower, upper, intervals)
    own = quantiles(image, shares, mask, context.part(0.0, 0.5))
    return own, quantiles(reference, shares, reference_mask, context.part(0.5, 1.0))


@operation(
    "normalise.standard_histogram",
    title="Standard histogram",
    menu="Filters/Normalise",
    keeps_unit=False,
    pointwise=True,
    grids="any",
    prepare=_landmarks,
    prepare_uses=("lower", "upper", "intervals"),
    counted_in="mask",
    complaint=lambda p: None if p.lower < p.upper else tr("The lower percentile must be below the upper one."),
    keywords=("Nyul", "landmarks", "harmonise", "standardise", "MR", "reference"),
    python="""
        array = voxels(image)
        shares = landmark_shares($lower, $upper, $intervals)
        pairs = (image, mask), (reference, reference_mask)
        values = [counted(voxels(one), None if within is None else voxels(within)) for one, within in pairs]
        own, standard = (np.quantile(one.astype(np.float64), shares) for one in values)
        result = on_grid_of(along_landmarks(array.astype(np.float64), own, standard).astype(np.float32), image)
    """,
    toolbox=(counted, landmark_shares, along_landmarks),
)
def standard_histogram(
    image: Image,
    reference: Image,
    mask: Mask | None,
    reference_mask: Mask | None,
    context: Context,
    *,
    lower: Annotated[Percent, Title("Lower percentile")] = 1.0,
    upper: Annotated[Percent, Title("Upper percentile")] = 99.0,
    intervals: Annotated[int, Unit("intervals"), Range(1, 100), Slider(2, 20, 1)] = 10,
) -> Image:
    """Bend the values so that their percentiles become those of a reference image.

    Landmarks are the two outer percentiles and, between them, those that divide 100 % evenly (10, 20, … 90 %). The
    curve is straight from landmark to landmark and goes on beyond the outer ones. Landmarks are counted inside the
    masks where there are any; padding of the image is not counted. The reference may lie on any grid. The result is
    32-bit float on the scale of the reference. NaN stays NaN.

    Settings:
        lower: The lowest landmark, in percent of the values.
        upper: The highest landmark, in percent of the values.
        intervals: Parts into which the landmarks divide 100 %: 10 takes every tenth percent.

    Source:
        Nyúl and Udupa, On standardizing the MR image intensity scale, Magnetic Resonance in Medicine 42 (1999)
        1072-1081, with the landmarks of one reference image as the standard.
    """
    own, standard = context.prepared
    return by_curve(image, lambda values: along_landmarks(values, own, standard), np.float32, context)
