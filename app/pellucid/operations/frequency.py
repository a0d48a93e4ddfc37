"""The spectrum of an image, and filters that keep or remove parts of it."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.engines.bands import all_finite
from pellucid.operations.engines.spectra import spectrum_of, spectrum_passes
from pellucid.operations.engines.transfers import band_pass, low_pass
from pellucid.operations.engines.waves import (
    Passes,
    Transfer,
    coupled_axes,
    filtered_waves,
    frequency_metric,
    wave_axes,
    wave_passes,
)
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, blocks, view
from pellucid.operations.units import Millimetres, Range, Slider, Title, Unit, When

Extent = Annotated[Literal["slices", "volume"], Title("Extent", ("Each slice", "Whole volume"))]
Shape = Annotated[Literal["gaussian", "butterworth", "ideal"], Title("Shape", ("Gaussian", "Butterworth", "Ideal"))]
Order = Annotated[
    int, Unit("poles"), Title("Filter order"), Range(1, 20), Slider(1, 10, 1), When("shape", ("butterworth",))
]
LENGTH = Range(1e-6), Slider(0.5, 100.0, 0.5)
EVERYWHERE = 1 << 30  # voxels: farther than any image is large
_PREFACE = """
    array = voxels(image)
    axes = wave_axes(array.shape, per_slice={per_slice})
    metric = frequency_metric(image, axes)
    # mirrored at its border an image is a sum of cosines: fft.dctn, weighted by frequency, fft.idctn
"""


def _reach(params: Any, spacing: tuple[float, float, float]) -> tuple[int, int, int] | None:
    return (EVERYWHERE, EVERYWHERE, 0) if params.extent == "slices" else None


def _lines(weights: str, dtype: str = "np.float32") -> Any:
    """Return the writer of a script whose transfer function is made by ``weights``."""

    def lines(params: Any) -> str:
        preface = _PREFACE.format(per_slice=params.extent == "slices").strip("\n").replace("\n    ", "\n").lstrip()
        return "\n".join(
            [
                preface.rstrip(),
                f"weights = {weights}",
                f"result = on_grid_of(filtered_waves(array, {dtype}, weights, axes, coupled_axes(metric)), image)",
            ]
        )

    return lines


@operation(
    "frequency.spectrum",
    title="Spectrum",
    menu="Filters/Frequency",
    keeps_unit=False,
    reach=_reach,
    keywords=("Fourier", "FFT", "magnitude", "power"),
    python=lambda p: f"""
        array = voxels(image)
        axes = wave_axes(array.shape, per_slice={p.extent == "slices"})
        # np.fft.fftshift(np.abs(np.fft.fftn(array, axes=axes)), axes) but for the rounding of floats
        result = on_grid_of(spectrum_of(array, axes, $window, logarithm={p.scale == "logarithm"}), image)
    """,
    toolbox=(wave_axes, spectrum_of),
)
def spectrum(
    image: Image,
    context: Context,
    *,
    extent: Extent = "slices",
    scale: Annotated[
        Literal["logarithm", "magnitude"], Title("Scale", ("Logarithm", "Magnitude"))
    ] = "logarithm",
    window: Annotated[Literal["none", "hann"], Title("Window", ("None", "Hann"))] = "none",
) -> Image:
    """Show how strong each frequency is, with frequency zero in the middle.

    The axes of the result are frequencies, not places: along an axis of n voxels of d mm, one voxel is 1 / (n × d)
    cycles per mm, and the middle (voxel n // 2, counted from 0) is the mean. The result is 32-bit float; colour
    channels are transformed one by one. An image with NaN or infinite values is refused.

    Settings:
        extent: Transforms every slice by itself, or the volume along all three axes.
        scale: The logarithm shows weak frequencies beside strong ones: ln(1 + magnitude).
        window: Hann fades the image out towards its border, which takes away the cross made by opposite borders.

    Source:
        Gonzalez and Woods, Digital Image Processing, section 4.6; as numpy.fft.fftn and fftshift, not scaled.
    """
    array = view(image)
    need_finite(tr("Spectrum"), image, context)
    result, out = blank(image, np.float32)
    axes = wave_axes(array.shape, per_slice=extent == "slices")
    run_passes(spectrum_passes(array, out, axes, window, scale == "logarithm"), context)
    return result


@operation(
    "frequency.low_pass",
    title="Low pass",
    menu="Filters/Frequency",
    reach=_reach,
    keywords=("Fourier", "smooth", "blur", "Butterworth", "ideal"),
    python=_lines("low_pass(metric, $period, $shape, $order)", "array.dtype"),
    toolbox=(wave_axes, frequency_metric, coupled_axes, low_pass, filtered_waves),
)
def low_pass_filter(
    image: Image,
    context: Context,
    *,
    period: Annotated[Millimetres, Title("Shortest period"), *LENGTH] = 5.0,
    shape: Shape = "gaussian",
    order: Order = 2,
    extent: Extent = "slices",
) -> Image:
    """Keep coarse structures: patterns that repeat after more than a given length.

    Half the amplitude is left at the cut-off, whatever the shape. The image is mirrored at its border; lengths are
    mm along every direction, also where slices are thick or tilted. The pixel type stays, whole numbers are rounded
    and clipped; colour channels are filtered one by one. An image with NaN or infinite values is refused.

    Settings:
        period: The cut-off: patterns that repeat after a shorter length are weakened to less than half.
        shape: Gaussian falls softly and never rings; ideal cuts everything beyond and rings; Butterworth lies between.
        order: Steepness of a Butterworth filter; above about 4 it rings visibly.
        extent: Filters every slice by itself, or the volume in all directions.

    Source:
        Gonzalez and Woods, Digital Image Processing, section 4.8, with the cut-off at half the amplitude.
    """
    make = partial(low_pass, period=period, shape=shape, order=order)
    return _filtered(tr("Low pass"), image, make, extent, context)


@operation(
    "frequency.high_pass",
    title="High pass",
    menu="Filters/Frequency",
    keeps_unit=False,
    reach=_reach,
    keywords=("Fourier", "sharpen", "edge", "background", "shading", "Butterworth", "ideal"),
    python=_lines("band_pass(metric, 0, $period, $shape, $order, $keep_mean)"),
    toolbox=(wave_axes, frequency_metric, coupled_axes, band_pass, filtered_waves),
)
def high_pass_filter(
    image: Image,
    context: Context,
    *,
    period: Annotated[Millimetres, Title("Longest period"), *LENGTH] = 20.0,
    shape: Shape = "gaussian",
    order: Order = 2,
    keep_mean: Annotated[bool, Title("Keep the mean")] = False,
    extent: Extent = "slices",
) -> Image:
    """Keep fine structures: patterns that repeat after less than a given length.

    Half the amplitude is left at the cut-off, whatever the shape. The image is mirrored at its border; lengths are
    mm along every direction, also where slices are thick or tilted. The result is 32-bit float, without its mean
    negative in half of its voxels; colour channels are filtered one by one. An image with NaN or infinite values is
    refused.

    Settings:
        period: The cut-off: patterns that repeat after a longer length are weakened to less than half.
        shape: Gaussian rises softly and never rings; ideal cuts everything below and rings; Butterworth lies between.
        order: Steepness of a Butterworth filter; above about 4 it rings visibly.
        keep_mean: Leaves the mean of the slice or volume as it was instead of 0.
        extent: Filters every slice by itself, or the volume in all directions.

    Source:
        Gonzalez and Woods, Digital Image Processing, section 4.9, with the cut-off at half the amplitude.
    """
    make = partial(band_pass, shortest=0, longest=period, shape=shape, order=order, keep_mean=keep_mean)
    return _filtered(tr("High pass"), image, make, extent, context, np.float32)


@operation(
    "frequency.band_pass",
    title="Band pass",
    menu="Filters/Frequency",
    keeps_unit=False,
    reach=_reach,
    complaint=lambda p: None if p.shortest < p.longest else tr("The shortest period must be below the longest."),
    keywords=("Fourier", "scale", "Butterworth", "ideal"),
    python=_lines("band_pass(metric, $shortest, $longest, $shape, $order, $keep_mean)"),
    toolbox=(wave_axes, frequency_metric, coupled_axes, band_pass, filtered_waves),
)
def band_pass_filter(
    image: Image,
    context: Context,
    *,
    shortest: Annotated[Millimetres, Title("Shortest period"), *LENGTH] = 3.0,
    longest: Annotated[Millimetres, Title("Longest period"), *LENGTH] = 20.0,
    shape: Shape = "gaussian",
    order: Order = 2,
    keep_mean: Annotated[bool, Title("Keep the mean")] = False,
    extent: Extent = "slices",
) -> Image:
    """Keep structures of one scale: patterns that repeat after lengths between two limits.

    It is a low pass and a high pass one after the other, with half the amplitude left of each at its cut-off. The
    image is mirrored at its border; lengths are mm along every direction, also where slices are thick or tilted. The
    result is 32-bit float; colour channels are filtered one by one. An image with NaN or infinite values is refused.

    Settings:
        shortest: Patterns that repeat after a shorter length are weakened.
        longest: Patterns that repeat after a longer length are weakened.
        shape: Gaussian is soft and never rings; ideal cuts sharply and rings; Butterworth lies between.
        order: Steepness of a Butterworth filter; above about 4 it rings visibly.
        keep_mean: Leaves the mean of the slice or volume as it was instead of 0.
        extent: Filters every slice by itself, or the volume in all directions.

    Source:
        Gonzalez and Woods, Digital Image Processing, section 4.10, as the product of a low and a high pass.
    """
    make = partial(band_pass, shortest=shortest, longest=longest, shape=shape, order=order, keep_mean=keep_mean)
    return _filtered(tr("Band pass"), image, make, extent, context, np.float32)


def _filtered(title: str, image: Any, make: Any, extent: str, context: Context, dtype: Any = None) -> Any:
    """Weight the frequencies of an image by the transfer function that ``make`` returns for a metric."""
    array = view(image)
    need_finite(title, image, context)
    result, out = blank(image, dtype or array.dtype)
    axes = wave_axes(array.shape, per_slice=extent == "slices")
    metric = frequency_metric(image, axes)
    transfer: Transfer = make(metric)
    run_passes(wave_passes(array, out, transfer, axes, coupled_axes(metric)), context)
    return result


def need_finite(title: str, image: Any, context: Context) -> None:
    """Raise Refused when one value would spread over all others."""
    array = view(image)

    def work(block: Region) -> None:
        if not all_finite(array[block]):
            raise Refused(
                tr("{title} needs finite values; there are NaN or infinite ones here. Replace them first.", title=title)
            )

    if array.dtype.kind == "f":
        whole = slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2])
        context.part(0.0, 0.0).each(work, blocks(whole, array.shape))


def run_passes(passes: Passes, context: Context) -> None:
    """Do passes one after the other, the pieces of each on all cores."""
    for number, (work, parts) in enumerate(passes):
        context.part(number / len(passes), (number + 1) / len(passes)).each(work, parts)
