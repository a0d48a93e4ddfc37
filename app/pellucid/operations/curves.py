"""Operations that change the values of an image by a curve: window, gamma, sigmoid."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.pointwise import by_curve
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, finite_extremes, view
from pellucid.operations.units import Begins, Intensity, Range, Slider, Title, Unit


def window_share(values: Any, level: float, width: float, function: str) -> Any:
    """Return how far up a window values lie, from 0 to 1, by a VOI LUT function of DICOM."""
    if function == "sigmoid":
        return 1 / (1 + np.exp(-4 * (values - level) / width))
    if function == "linear_exact":
        return np.clip((values - level) / width + 0.5, 0, 1)
    if width == 1:
        return np.where(np.isnan(values), np.nan, values > level - 0.5)
    return np.clip((values - (level - 0.5)) / (width - 1) + 0.5, 0, 1)


def _window_complaint(p: Any) -> str | None:
    if p.width <= 0:
        return tr("Width must be above 0.")
    if p.function == "linear" and p.width < 1:
        return tr("The linear function needs a width of at least 1; take “Linear exact” for a narrower window.")
    if p.pixel_type == "uint8" and not (0 <= p.minimum <= 255 and 0 <= p.maximum <= 255):
        return tr("8-bit values go from 0 to 255; choose minimum and maximum in that range, or 32-bit floats.")
    return None


def _window_lines(p: Any) -> str:
    kept = "stored(shown, np.uint8)" if p.pixel_type == "uint8" else "shown.astype(np.float32)"
    black = "np.nan_to_num(share)" if p.pixel_type == "uint8" else "share"
    return f"""
        share = window_share(voxels(image).astype(np.float64), $level, $width, $function)
        shown = $minimum + ($maximum - $minimum) * {black}
        result = on_grid_of({kept}, image)
    """


@operation(
    "intensity.window",
    title="Window to data",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    complaint=_window_complaint,
    keywords=("window", "level", "width", "centre", "VOI LUT", "contrast", "brightness"),
    python=_window_lines,
    toolbox=(window_share,),
)
def window(
    image: Image,
    context: Context,
    *,
    level: Annotated[Intensity, Begins("level")] = 40.0,
    width: Annotated[Intensity, Begins("width")] = 400.0,
    function: Annotated[
        Literal["linear", "linear_exact", "sigmoid"], Title("Function", ("Linear", "Linear exact", "Sigmoid"))
    ] = "linear_exact",
    minimum: Intensity = 0.0,
    maximum: Intensity = 255.0,
    pixel_type: Annotated[Literal["uint8", "float32"], Title("Pixel type", ("8-bit", "32-bit float"))] = "uint8",
) -> Image:
    """Turn what is seen through a window into data.

    Values below the window become the minimum, values above it the maximum; a minimum above the maximum inverts.
    8-bit results are rounded, and NaN becomes the minimum; in floats it stays NaN. Colour channels are windowed
    alike.

    Settings:
        level: The value in the middle of the window.
        width: The range of values the window spans.
        function: Linear as DICOM defines it for whole numbers (half a value off the centre), exactly linear, or a
            sigmoid that also shows a little of what lies outside.
        minimum: What the lower end of the window becomes.
        maximum: What the upper end of the window becomes.
        pixel_type: Whole numbers for pictures, floats for further computing.

    Source:
        DICOM PS3.3 C.11.2.1.2.1 and C.11.2.1.3: LINEAR, LINEAR_EXACT and SIGMOID.
    """

    def curve(values: Array) -> Array:
        share = window_share(values, level, width, function)
        shown: Array = minimum + (maximum - minimum) * (np.nan_to_num(share) if pixel_type == "uint8" else share)
        return shown

    return by_curve(image, curve, np.dtype(pixel_type), context)


def gamma_curve(values: Any, low: float, high: float, power: float) -> Any:
    """Return values bent by a power between two ends that stay; NaN stays."""
    span = (high - low) or 1.0
    return low + (high - low) * np.clip((values - low) / span, 0, 1) ** power


@operation(
    "intensity.gamma",
    title="Gamma",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    prepare=finite_extremes,
    keywords=("power law", "brightness", "gamma correction"),
    python="""
        array = voxels(image)
        bent = gamma_curve(array.astype(np.float64), *finite_range(array), $gamma)
        result = on_grid_of(stored(bent, array.dtype), image)
    """,
    toolbox=(gamma_curve,),
)
def gamma(
    image: Image,
    context: Context,
    *,
    gamma: Annotated[float, Unit("×"), Range(0.01, 100.0), Slider(0.1, 5.0, 0.05)] = 1.0,
) -> Image:
    """Brighten or darken the middle values by a power of their share of the range.

    The smallest and largest finite value stay, infinite ones become them; in between, v becomes minimum + range ×
    ((v - minimum) / range) ^ gamma. The pixel type stays, whole numbers are rounded (those beyond 2^53 to what a
    64-bit float holds); colour channels share one range. NaN stays NaN.

    Settings:
        gamma: The exponent: below 1 brightens dark values, above 1 darkens bright ones.

    Source:
        Power-law transformation: Gonzalez and Woods, Digital Image Processing, section 3.2; as
        skimage.exposure.adjust_gamma on the range of the image.
    """
    low, high = context.prepared
    return by_curve(image, lambda values: gamma_curve(values, low, high, gamma), view(image).dtype, context)


@operation(
    "intensity.sigmoid",
    title="Sigmoid",
    menu="Filters/Intensity",
    keeps_unit=False,
    pointwise=True,
    complaint=lambda p: None if p.width else tr("Width must not be 0; below 0 it swaps dark and bright."),
    keywords=("logistic", "soft threshold", "contrast", "speed image"),
    python="""
        share = 1 / (1 + np.exp(-4 * (voxels(image).astype(np.float64) - $centre) / $width))
        result = on_grid_of(($minimum + ($maximum - $minimum) * share).astype(np.float32), image)
    """,
)
def sigmoid(
    image: Image,
    context: Context,
    *,
    centre: Annotated[Intensity, Begins("level")] = 40.0,
    width: Annotated[Intensity, Begins("width")] = 400.0,
    minimum: Intensity = 0.0,
    maximum: Intensity = 1.0,
) -> Image:
    """Stretch the values around a centre and squeeze those far from it.

    The curve rises smoothly from the minimum to the maximum and is half-way at the centre. The result is 32-bit
    float; colour channels alike. NaN stays NaN.

    Settings:
        centre: The value that comes to lie half-way between minimum and maximum.
        width: The range that the tangent in the centre would spread over all grey; below 0 dark becomes bright.
        minimum: What values far below the centre come close to.
        maximum: What values far above the centre come close to.

    Source:
        As SimpleITK.Sigmoid with beta = centre and alpha = width / 4.
    """

    def curve(values: Array) -> Array:
        share: Array = 1 / (1 + np.exp(-4 * (values - centre) / width))
        return np.asarray(minimum + (maximum - minimum) * share)

    return by_curve(image, curve, np.float32, context)
