"""A range of values shown in colours, and a range of colours as a mask."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.colour_spaces import channels_of, hsv_from_rgb, share_of_white
from pellucid.operations.engines.combining import combined
from pellucid.operations.engines.pseudo_colours import ANCHORS, colour_table, pseudo_colours
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, finite_extremes, need_colour, need_scalar
from pellucid.operations.units import Begins, Intensity, Percent, Range, Slider, Title, Unit, When


def _span(image: Any, context: Context, *, span: str, lower: float, upper: float) -> tuple[float, float]:
    """Return the values that get the first and the last colour."""
    need_scalar(tr("Pseudo-colour"), image)
    return finite_extremes(image, context) if span == "image" else (lower, upper)


def _pseudo_script(params: Any) -> str:
    ends = "finite_range(array)" if params.span == "image" else "$lower, $upper"
    return f"""
        array = voxels(image)
        lower, upper = {ends}
        # evenly spaced colours of the map, interpolated to 256
        table = colour_table("{ANCHORS[params.map]}")
        result = on_grid_of(pseudo_colours(array, lower, upper, table), image)
    """


@operation(
    "colour.pseudo",
    title="Pseudo-colour",
    menu="Filters/Colour",
    keeps_unit=False,
    pointwise=True,
    prepare=_span,
    prepare_uses=("span", "lower", "upper"),
    complaint=lambda p: tr("Lower must be below upper.") if p.span == "own" and p.lower >= p.upper else None,
    keywords=("colormap", "false colour", "lookup table", "viridis", "heat map"),
    python=_pseudo_script,
    toolbox=(colour_table, pseudo_colours),
)
def pseudo(
    image: Image,
    context: Context,
    *,
    map: Annotated[
        Literal["viridis", "magma", "inferno", "cividis", "turbo", "cool-warm"],
        Title("Colour map", ("Viridis", "Magma", "Inferno", "Cividis", "Turbo", "Cool to warm")),
    ] = "viridis",
    span: Annotated[Literal["image", "own"], Title("Range", ("That of the image", "My own"))] = "image",
    lower: Annotated[Intensity, Title("Lower"), Begins("low"), When("span", ("own",))] = 0.0,
    upper: Annotated[Intensity, Title("Upper"), Begins("high"), When("span", ("own",))] = 1000.0,
) -> Image:
    """Show values as colours: an 8-bit RGB image made with a colour map.

    Values outside the range get the colour of the nearest end; NaN becomes black. There are 256 colours.

    Settings:
        map: Which colours are used, from the lowest to the highest value.
        span: Whether the colours cover all finite values of the image or a range of your own.
        lower: What gets the first colour, if the range is your own.
        upper: What gets the last colour, if the range is your own.

    Source:
        Viridis, magma, inferno: van der Walt and Smith; cividis: Nuñez, Anderton and Renslow 2018; turbo: Mikhailov;
        cool to warm: Moreland, Diverging Color Maps for Scientific Visualization, 2009.
    """
    low, high = context.prepared
    table = colour_table(ANCHORS[map])

    def work(parts: Any, out: Array) -> None:
        out[...] = pseudo_colours(parts[0], low, high, table)

    return combined((image,), np.uint8, 3, work, context)


def hue_between(hsv: Any, hues: Any, saturations: Any, values: Any) -> Any:
    """Return where hue, saturation and value lie in their ranges; a range of hues may pass through 360 degrees."""
    hue, saturation, value = channels_of(hsv)
    after, before = hue >= hues[0], hue <= hues[1]
    inside = after & before if hues[0] <= hues[1] else after | before
    inside &= (saturation >= saturations[0]) & (saturation <= saturations[1])
    return inside & (value >= values[0]) & (value <= values[1])


def _order(lower: float, upper: float, name: str) -> str | None:
    if lower <= upper:
        return None
    return tr("The range of {name} ends before it begins: {lower:g} to {upper:g}.", name=name, lower=lower, upper=upper)


@operation(
    "colour.by_range",
    title="Select by hue, saturation, value",
    menu="Filters/Colour",
    takes_alpha=True,
    pointwise=True,
    complaint=lambda p: (
        _order(p.saturation_from, p.saturation_to, tr("saturation")) or _order(p.value_from, p.value_to, tr("value"))
    ),
    keywords=("HSV", "colour threshold", "segment", "hue"),
    python="""
        hsv = hsv_from_rgb(share_of_white(voxels(image)))
        inside = hue_between(
            hsv, ($hue_from, $hue_to), ($saturation_from, $saturation_to), ($value_from, $value_to)
        )
        result = on_grid_of(inside.astype(np.uint8), image)
    """,
    toolbox=(share_of_white, hsv_from_rgb, hue_between),
)
def by_range(
    image: Image,
    context: Context,
    *,
    hue_from: Annotated[float, Title("Hue from"), Unit("°"), Range(0, 360), Slider(0, 360, 1)] = 0.0,
    hue_to: Annotated[float, Title("Hue to"), Unit("°"), Range(0, 360), Slider(0, 360, 1)] = 60.0,
    saturation_from: Annotated[Percent, Title("Saturation from")] = 20.0,
    saturation_to: Annotated[Percent, Title("Saturation to")] = 100.0,
    value_from: Annotated[Percent, Title("Value from")] = 0.0,
    value_to: Annotated[Percent, Title("Value to")] = 100.0,
) -> Mask:
    """Select the colours whose hue, saturation and value lie in ranges, both ends included.

    Red is at 0°, green at 120°, blue at 240°; a range of hues from 330 to 30 passes through red. Grey has hue 0 and
    saturation 0. White is the largest number of a whole-number type (255, 65535) and 1 in floats. NaN is never
    selected.

    Settings:
        hue_from: Where the range of hues begins.
        hue_to: Where the range of hues ends; below its beginning, it passes through 360°.
        saturation_from: The least saturation that is selected.
        saturation_to: The greatest saturation that is selected.
        value_from: The least brightness that is selected.
        value_to: The greatest brightness that is selected.

    Source:
        Smith, Color gamut transform pairs, SIGGRAPH 1978.
    """
    need_colour(tr("Select by hue, saturation, value"), image)
    ranges = (hue_from, hue_to), (saturation_from, saturation_to), (value_from, value_to)

    def work(parts: Any, out: Array) -> None:
        out[...] = hue_between(hsv_from_rgb(share_of_white(parts[0])), *ranges)

    return combined((image,), np.uint8, 1, work, context)


def rgb_between(rgb: Any, reds: Any, greens: Any, blues: Any) -> Any:
    """Return where red, green and blue lie in their ranges."""
    inside = True
    for channel, (lower, upper) in zip(channels_of(rgb), (reds, greens, blues), strict=True):
        inside = inside & (channel >= lower) & (channel <= upper)
    return inside


@operation(
    "colour.by_rgb",
    title="Select by red, green, blue",
    menu="Filters/Colour",
    takes_alpha=True,
    pointwise=True,
    complaint=lambda p: (
        _order(p.red_from, p.red_to, tr("red"))
        or _order(p.green_from, p.green_to, tr("green"))
        or _order(p.blue_from, p.blue_to, tr("blue"))
    ),
    keywords=("RGB", "colour threshold", "segment"),
    python="""
        inside = rgb_between(voxels(image), ($red_from, $red_to), ($green_from, $green_to), ($blue_from, $blue_to))
        result = on_grid_of(inside.astype(np.uint8), image)
    """,
    toolbox=(rgb_between,),
)
def by_rgb(
    image: Image,
    context: Context,
    *,
    red_from: Annotated[Intensity, Title("Red from")] = 0.0,
    red_to: Annotated[Intensity, Title("Red to")] = 255.0,
    green_from: Annotated[Intensity, Title("Green from")] = 0.0,
    green_to: Annotated[Intensity, Title("Green to")] = 255.0,
    blue_from: Annotated[Intensity, Title("Blue from")] = 0.0,
    blue_to: Annotated[Intensity, Title("Blue to")] = 255.0,
) -> Mask:
    """Select the colours whose red, green and blue lie in ranges, both ends included.

    The limits are values as they are stored. NaN is never selected.

    Settings:
        red_from: The least red that is selected.
        red_to: The greatest red that is selected.
        green_from: The least green that is selected.
        green_to: The greatest green that is selected.
        blue_from: The least blue that is selected.
        blue_to: The greatest blue that is selected.

    Source:
        As SimpleITK.BinaryThreshold of each channel, joined by SimpleITK.And.
    """
    need_colour(tr("Select by red, green, blue"), image)
    ranges = (red_from, red_to), (green_from, green_to), (blue_from, blue_to)

    def work(parts: Any, out: Array) -> None:
        out[...] = rgb_between(parts[0], *ranges)

    return combined((image,), np.uint8, 1, work, context)
