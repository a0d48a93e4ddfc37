"""Colour channels: take them apart, put them together, make one grey of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.colour_spaces import hsv_from_rgb, in_grey, lab_from_rgb, luma, share_of_white
from pellucid.operations.engines.combining import combined
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, need_colour, need_scalar, view
from pellucid.operations.units import Percent, Range, Slider, Title, Unit, When

_STORED = {"red": 0, "green": 1, "blue": 2, "alpha": 3}
_DERIVED: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "hue": (hsv_from_rgb, 0),
    "saturation": (hsv_from_rgb, 1),
    "value": (hsv_from_rgb, 2),
    "lightness": (lab_from_rgb, 0),
    "a": (lab_from_rgb, 1),
    "b": (lab_from_rgb, 2),
    "luma": (luma, slice(None)),
}
"""What is computed of a colour, and which of its numbers is meant."""
_WEIGHTS = {"rec709": (0.2126, 0.7152, 0.0722), "rec601": (0.299, 0.587, 0.114), "mean": (1.0, 1.0, 1.0)}


def _channel_script(params: Any) -> str:
    if params.channel in _DERIVED:
        function, which = _DERIVED[params.channel]
        number = f"[..., {which}]" if which in (0, 1, 2) else ""
        return f"result = on_grid_of({function.__name__}(share_of_white(voxels(image))){number}, image)"
    number = _STORED.get(params.channel, params.number - 1)
    return f"result = on_grid_of(voxels(image)[..., {number}], image)"


@operation(
    "colour.channel",
    title="Take a channel",
    menu="Filters/Colour",
    keeps_unit=False,
    takes_alpha=True,
    pointwise=True,
    keywords=("split", "red", "green", "blue", "hue", "saturation", "lightness", "luma", "component"),
    python=_channel_script,
    toolbox=(share_of_white, hsv_from_rgb, lab_from_rgb, luma),
)
def channel(
    image: Image,
    context: Context,
    *,
    channel: Annotated[
        Literal[
            "red", "green", "blue", "alpha", "numbered", "hue", "saturation", "value", "lightness", "a", "b", "luma"
        ],
        Title(
            "Channel",
            (
                "Red", "Green", "Blue", "Alpha", "By its number", "Hue", "Saturation (HSV)", "Value (HSV)",
                "Lightness L*", "a* (green to red)", "b* (blue to yellow)", "Luma (Rec. 709)",
            ),
        ),
    ] = "red",
    number: Annotated[
        int, Title("Number"), Unit("channel"), Range(1), Slider(1, 8, 1), When("channel", ("numbered",))
    ] = 1,
) -> Image:  # fmt: skip
    """Take one channel of a colour image, or one number computed of its colours.

    Stored channels keep their pixel type. Computed ones are 32-bit floats: hue 0 to 360 degrees, saturation, value and
    luma 0 to 100 %, L* 0 to 100, a* and b* about ±100. White is the largest number of a whole-number type (255,
    65535) and 1 in floats.

    Settings:
        channel: What becomes the result.
        number: Which one is taken by its place, counted from 1.

    Source:
        Smith, Color gamut transform pairs, SIGGRAPH 1978 (HSV); CIE 15 with IEC 61966-2-1 (L*a*b* of sRGB, D65);
        ITU-R BT.709 (luma).
    """
    count = image.GetNumberOfComponentsPerPixel()
    place = _STORED.get(channel, number - 1)
    if count == 1 or channel in _DERIVED:
        need_colour(tr("Take a channel"), image)
    elif place >= count:
        raise Refused(tr("There is no channel {number}; the image has {count}.", number=place + 1, count=count))
    function, which = _DERIVED.get(channel, (None, place))

    def work(parts: Any, out: Array) -> None:
        out[...] = (function(share_of_white(parts[0])) if function else parts[0])[..., which]

    return combined((image,), np.float32 if function else view(image).dtype, 1, work, context)


def _merge_script(params: Any) -> str:
    moved = "on_grid_or_resampled(red, one)" if params.resample else "one"
    return f"""
        channels = [voxels({moved}) for one in (red, green, blue, alpha) if one is not None]
        result = on_grid_of(np.stack(channels, axis=-1), red)
    """


@operation(
    "colour.merge",
    title="Merge channels",
    menu="Filters/Colour",
    keeps_unit=False,
    takes_alpha=True,
    grids="aligned",
    pointwise=True,
    keywords=("combine", "RGB", "composite", "join"),
    python=_merge_script,
)
def merge(
    red: Image,
    green: Image,
    blue: Image,
    alpha: Image | None,
    context: Context,
    *,
    resample: Annotated[bool, Title("Resample the other images onto the grid of red")] = False,
) -> Image:
    """Make a colour image of three images of one value per voxel, and an alpha if there is one.

    All must have the same pixel type, which stays. White is the largest number of a whole-number type (255, 65535)
    and 1 in floats: rescale the images first where they are darker than that.

    Settings:
        resample: Bring the other images onto the grid of the first (linear) where they lie elsewhere.

    Source:
        As SimpleITK.Compose.
    """
    images = [one for one in (red, green, blue, alpha) if one is not None]
    for one in images:
        need_scalar(tr("Merge channels"), one)
    names = [view(one).dtype.name for one in images]
    if len(set(names)) > 1:
        raise Refused(
            tr(
                "Merge channels needs one pixel type; these are {names}. Convert the others first.",
                names=", ".join(names),
            )
        )

    def work(parts: Any, out: Array) -> None:
        for c, part in enumerate(parts):
            out[..., c] = part

    return combined(images, view(red).dtype, len(images), work, context)


def _weights(params: Any) -> tuple[float, float, float]:
    return _WEIGHTS.get(params.weights, (params.red_weight, params.green_weight, params.blue_weight))


@operation(
    "colour.grey",
    title="To grey",
    menu="Filters/Colour",
    pointwise=True,
    complaint=lambda p: None if sum(_weights(p)) > 0 else tr("At least one weight must be above zero."),
    keywords=("gray", "greyscale", "grayscale", "luma", "luminance", "monochrome"),
    python=lambda p: f"result = on_grid_of(in_grey(voxels(image), {', '.join(map(str, _weights(p)))}), image)",
    toolbox=(in_grey,),
)
def grey(
    image: Image,
    context: Context,
    *,
    weights: Annotated[
        Literal["rec709", "rec601", "mean", "own"],
        Title("Weights", ("Rec. 709 (HDTV, sRGB)", "Rec. 601 (television)", "Equal", "My own")),
    ] = "rec709",
    red_weight: Annotated[Percent, Title("Red"), When("weights", ("own",))] = 30.0,
    green_weight: Annotated[Percent, Title("Green"), When("weights", ("own",))] = 59.0,
    blue_weight: Annotated[Percent, Title("Blue"), When("weights", ("own",))] = 11.0,
) -> Image:
    """Turn colours into greys: the weighted mean of red, green and blue.

    The stored values are weighted as they are (gamma-encoded, so the result is luma). The pixel type stays, whole
    numbers are rounded; alpha is left out.

    Settings:
        weights: How much each colour counts: 0.2126, 0.7152, 0.0722 (Rec. 709), 0.299, 0.587, 0.114 (Rec. 601).
        red_weight: How much red counts, if the weights are your own; they are divided by their sum.
        green_weight: How much green counts, if the weights are your own.
        blue_weight: How much blue counts, if the weights are your own.

    Source:
        ITU-R BT.709 and BT.601.
    """
    need_colour(tr("To grey"), image)
    shares = _WEIGHTS.get(weights, (red_weight, green_weight, blue_weight))

    def work(parts: Any, out: Array) -> None:
        out[...] = in_grey(parts[0], *shares)

    return combined((image,), view(image).dtype, 1, work, context)
