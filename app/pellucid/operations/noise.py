"""Add noise of a known kind: the same seed gives the same noise, for a slice of the preview as for the whole.

Each slice has a generator of its own, keyed by the seed and its place, so neither the number of cores nor the part
that is computed matters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, blank, finite_extremes, view
from pellucid.operations.plain import floating, stored
from pellucid.operations.units import Begins, Intensity, Percent, Range, Slider, Title, Unit

Draw = Callable[[np.random.Generator, Array], Array]
Seed = Annotated[int, Title("Seed"), Unit("#"), Range(0, 4_294_967_295), Slider(0, 1000, 1)]
_PIECE = 1 << 18  # voxels between two questions whether to go on
_EVERYWHERE = 1 << 31
_MOST_PHOTONS = 2.0**53


def _whole_slices(params: Any, spacing: Any) -> tuple[int, int, int]:
    """Return the reach of noise that is drawn slice by slice: all of a slice, no other."""
    return _EVERYWHERE, _EVERYWHERE, 0


@operation(
    "noise.gaussian",
    title="Add Gaussian noise",
    menu="Filters/Noise",
    reach=_whole_slices,
    keywords=("random", "normal", "degrade", "simulate"),
    python="""
        array = voxels(image)
        for z, plane in enumerate(array):
            values = floating(plane)
            generator = np.random.Generator(np.random.Philox(key=[$seed, z]))
            array[z] = stored(values + generator.standard_normal(values.shape, values.dtype) * $sd, array.dtype)
        result = on_grid_of(array, image)
    """,
)
def gaussian(
    image: Image,
    context: Context,
    *,
    sd: Annotated[Intensity, Title("Standard deviation"), Range(0.0), Begins("span", 0.02)] = 20.0,
    seed: Seed = 1,
) -> Image:
    """Add normally distributed noise of a given standard deviation.

    Every voxel, and every colour channel, gets noise of its own. The pixel type stays, whole numbers are rounded and
    cut at the limits of the type. NaN stays NaN.

    Settings:
        sd: How far the values scatter.
        seed: Number that the noise is drawn from; the same number gives the same noise.

    Source:
        Philox generator (Salmon et al., Parallel random numbers, 2011), one per slice, as in numpy.random.
    """

    def draw(generator: np.random.Generator, plane: Array) -> Array:
        values = floating(plane)
        return np.asarray(values + generator.standard_normal(values.shape, values.dtype) * sd)

    return _noisy(image, seed, draw, context)


@operation(
    "noise.poisson",
    title="Add Poisson noise",
    menu="Filters/Noise",
    reach=_whole_slices,
    keywords=("shot noise", "photon", "counting", "low dose", "simulate"),
    python="""
        array = voxels(image)
        for z, plane in enumerate(array):
            generator = np.random.Generator(np.random.Philox(key=[$seed, z]))
            photons = (plane.astype(np.float64) - $zero) * $photons
            lit = (photons > 0) & (photons <= 2.0**53)
            counted = generator.poisson(np.where(lit, photons, 0.0))
            array[z] = stored(np.where(lit, counted / $photons + $zero, plane), array.dtype)
        result = on_grid_of(array, image)
    """,
)
def poisson(
    image: Image,
    context: Context,
    *,
    photons: Annotated[
        float, Title("Photons per unit"), Unit("photons"), Range(1e-9, 1e9), Slider(0.01, 100.0, 0.01)
    ] = 1.0,
    zero: Annotated[Intensity, Title("Zero level"), Begins("lowest")] = 0.0,
    seed: Seed = 1,
) -> Image:
    """Replace each value by a count of photons that has it as its mean.

    A value v above the zero level stands for (v - zero level) × photons per unit; their number is drawn from a Poisson
    distribution and turned back, so the variance is (v - zero level) / photons per unit. Values at or below
    the zero level and NaN stay. The pixel type stays, whole numbers are rounded and cut at the limits of the type.

    Settings:
        photons: How many quanta one unit of the value stands for; fewer give more noise.
        zero: Value at which no photon arrives.
        seed: Number that the noise is drawn from; the same number gives the same noise.

    Source:
        Poisson distribution of counted quanta; Philox generator, one per slice, as in numpy.random.
    """

    def draw(generator: np.random.Generator, plane: Array) -> Array:
        expected = (plane.astype(np.float64) - zero) * photons
        lit = (expected > 0) & (expected <= _MOST_PHOTONS)
        counted = generator.poisson(np.where(lit, expected, 0.0))
        return np.where(lit, counted / photons + zero, plane)

    return _noisy(image, seed, draw, context)


@operation(
    "noise.salt_and_pepper",
    title="Add salt and pepper",
    menu="Filters/Noise",
    prepare=finite_extremes,
    reach=_whole_slices,
    keywords=("impulse noise", "dead pixels", "random", "simulate"),
    python="""
        array = voxels(image)
        lowest, highest = finite_range(array)
        share, salt = $amount / 100, $salt / 100
        for z, plane in enumerate(array):
            chance = np.random.Generator(np.random.Philox(key=[$seed, z])).random(plane.shape[:2])
            plane[chance < share * (1 - salt)] = lowest
            plane[chance >= 1 - share * salt] = highest
        result = on_grid_of(array, image)
    """,
)
def salt_and_pepper(
    image: Image,
    context: Context,
    *,
    amount: Annotated[Percent, Title("Amount"), Slider(0, 50, 0.5)] = 5.0,
    salt: Annotated[Percent, Title("Salt among them"), Slider(0, 100, 1)] = 50.0,
    seed: Seed = 1,
) -> Image:
    """Replace a share of the voxels by the lowest or the highest value of the image.

    Salt is the highest finite value of the whole image, pepper the lowest. All channels of a colour voxel change
    together. The pixel type stays.

    Settings:
        amount: Share of the voxels that are replaced.
        salt: Share of these that become the highest value; the rest become the lowest.
        seed: Number that the noise is drawn from; the same number gives the same noise.

    Source:
        Gonzalez and Woods, Digital Image Processing, section 5.2; Philox generator, one per slice, as in numpy.random.
    """
    lowest, highest = context.prepared
    below, above = amount / 100 * (1 - salt / 100), 1 - amount / 100 * (salt / 100)

    def draw(generator: np.random.Generator, plane: Array) -> Array:
        chance, values = generator.random(plane.shape[:2]), plane.copy()
        values[chance < below] = lowest
        values[chance >= above] = highest
        return values

    return _noisy(image, seed, draw, context)


@operation(
    "noise.speckle",
    title="Add speckle",
    menu="Filters/Noise",
    reach=_whole_slices,
    keywords=("multiplicative noise", "ultrasound", "coherent", "simulate"),
    python="""
        array = voxels(image)
        for z, plane in enumerate(array):
            values = floating(plane)
            generator = np.random.Generator(np.random.Philox(key=[$seed, z]))
            noise = generator.standard_normal(values.shape, values.dtype) * ($sd / 100)
            array[z] = stored(values + values * noise, array.dtype)
        result = on_grid_of(array, image)
    """,
)
def speckle(
    image: Image,
    context: Context,
    *,
    sd: Annotated[
        float, Title("Relative standard deviation"), Unit("%"), Range(0.0, 1000.0), Slider(0.0, 100.0, 1.0)
    ] = 10.0,
    seed: Seed = 1,
) -> Image:
    """Add noise that grows with the value: each is multiplied by a normally distributed number of mean 1.

    The standard deviation is a share of the distance of a value from 0. Every voxel, and every colour
    channel, gets noise of its own. The pixel type stays, whole numbers are rounded and cut at the limits of the type.
    NaN stays NaN.

    Settings:
        sd: How far the values scatter, as a share of the value.
        seed: Number that the noise is drawn from; the same number gives the same noise.

    Source:
        Multiplicative model, as skimage.util.random_noise(mode="speckle"); Philox generator, one per slice.
    """

    def draw(generator: np.random.Generator, plane: Array) -> Array:
        values = floating(plane)
        noise = generator.standard_normal(values.shape, values.dtype) * (sd / 100)
        return np.asarray(values + values * noise)

    return _noisy(image, seed, draw, context)


def _noisy(image: Any, seed: int, draw: Draw, context: Context) -> Any:
    """Return a new image whose slices are drawn piece by piece, each slice from its own generator."""
    array = view(image)
    result, out = blank(image, array.dtype)
    rows = max(1, _PIECE // max(1, int(np.prod(array.shape[2:]))))
    cut: list[int] = []

    def work(z: int) -> None:
        generator = np.random.Generator(np.random.Philox(key=[seed, context.start[0] + z]))
        for first in range(0, array.shape[1], rows):
            context.check()
            with np.errstate(invalid="ignore", over="ignore"):
                values = draw(generator, array[z, first : first + rows])
                out[z, first : first + rows] = stored(values, out.dtype)
            if out.dtype.kind in "iu" and _overflows(values, out.dtype):
                cut.append(z)

    wanted = context.region(array.shape)[0]
    context.each(work, range(wanted.start, wanted.stop))
    if cut:
        context.remark(
            tr(
                "Some values lie beyond what the pixel type {name} holds and were cut. Convert the image to 32-bit "
                "float first to keep them.",
                name=out.dtype.name,
            )
        )
    return result


def _overflows(values: Array, dtype: Any) -> bool:
    """Return whether some computed values lie outside a whole-number type."""
    limits = np.iinfo(dtype)
    return bool(values.min() < limits.min - 0.5 or values.max() > limits.max + 0.5)
