"""Colours in other spaces: hue, saturation and value, and CIE L*a*b*."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.colour_spaces import (
    hsv_from_rgb,
    lab_from_rgb,
    rgb_from_hsv,
    rgb_from_lab,
    share_of_white,
)
from pellucid.operations.engines.combining import combined
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, need_colour
from pellucid.operations.units import Title

Direction = Literal["from_rgb", "to_rgb"]


def _conversion_script(to: Callable[[Any], Any], back: Callable[[Any], Any]) -> Callable[[Any], str]:
    def lines(params: Any) -> str:
        if params.direction == "from_rgb":
            return f"result = on_grid_of({to.__name__}(share_of_white(voxels(image))), image)"
        return f"result = on_grid_of({back.__name__}(voxels(image).astype(np.float32)), image)"

    return lines


@operation(
    "colour.hsv",
    title="HSV",
    menu="Filters/Colour",
    keeps_unit=False,
    pointwise=True,
    keywords=("hue", "saturation", "value", "HSB", "convert"),
    python=_conversion_script(hsv_from_rgb, rgb_from_hsv),
    toolbox=(share_of_white, hsv_from_rgb, rgb_from_hsv),
)
def hsv(
    image: Image,
    context: Context,
    *,
    direction: Annotated[Direction, Title("Convert", ("RGB to HSV", "HSV to RGB"))] = "from_rgb",
) -> Image:
    """Convert red, green, blue to hue, saturation, value, or back.

    The result is 32-bit float: hue 0 to 360 degrees, saturation and value 0 to 100 %; or red, green and blue from 0
    to 1. White is the largest number of a whole-number type (255, 65535) and 1 in floats. Grey has hue 0.

    Settings:
        direction: From colours to hue, saturation, value, or the other way round.

    Source:
        Smith, Color gamut transform pairs, SIGGRAPH 1978; skimage.color.rgb2hsv, whose numbers run from 0 to 1.
    """
    need_colour(tr("HSV"), image)
    return _converted(image, hsv_from_rgb, rgb_from_hsv, direction, context)


@operation(
    "colour.lab",
    title="L*a*b*",
    menu="Filters/Colour",
    keeps_unit=False,
    pointwise=True,
    keywords=("CIE", "CIELAB", "lightness", "convert"),
    python=_conversion_script(lab_from_rgb, rgb_from_lab),
    toolbox=(share_of_white, lab_from_rgb, rgb_from_lab),
)
def lab(
    image: Image,
    context: Context,
    *,
    direction: Annotated[Direction, Title("Convert", ("RGB to L*a*b*", "L*a*b* to RGB"))] = "from_rgb",
) -> Image:
    """Convert red, green, blue (sRGB) to CIE L*a*b*, or back.

    The result is 32-bit float: L* 0 to 100, a* and b* about ±100; or red, green and blue from 0 to 1, where colours
    that sRGB cannot show are clipped. White is the largest number of a whole-number type (255, 65535) and 1 in floats.

    Settings:
        direction: From colours to lightness and two opponent axes, or the other way round.

    Source:
        CIE 15 and IEC 61966-2-1 with daylight D65 and the 2° observer; as skimage.color.rgb2lab.
    """
    need_colour(tr("L*a*b*"), image)
    return _converted(image, lab_from_rgb, rgb_from_lab, direction, context)


def _converted(
    image: Any, to: Callable[[Any], Any], back: Callable[[Any], Any], direction: str, context: Context
) -> Any:
    """Return colours in another space, or back."""

    def work(parts: Any, out: Array) -> None:
        if direction == "from_rgb":
            out[...] = to(share_of_white(parts[0]))
        else:
            out[...] = back(parts[0].astype(np.float32))

    return combined((image,), np.float32, 3, work, context)
