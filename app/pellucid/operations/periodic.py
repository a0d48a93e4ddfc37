"""Patterns that repeat across the slices: found by their peaks in the spectrum, taken out by notches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.peaks import strongest_patterns
from pellucid.operations.engines.stripes import Vector, pattern_of, plane_steps, take_out, without_patterns
from pellucid.operations.frequency import EVERYWHERE, LENGTH, need_finite
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, view
from pellucid.operations.units import Millimetres, Percent, Range, Slider, Title, Unit, When


def _found_patterns(image: Any, context: Context, *, find: str, count: int) -> tuple[Vector, ...]:
    """Return the patterns that stand out of an image, none where they are given."""
    if find == "given":
        return ()
    need_finite(tr("Notch"), image, context)
    return tuple(strongest_patterns(view(image), plane_steps(image), count, context.check))


def _notch_lines(params: Any) -> str:
    given = "[pattern_of($period, $angle)]"
    found = "strongest_patterns(array, plane_steps(image), $count)"
    return f"""
        array = voxels(image)
        patterns = {found if params.find == "automatic" else given}
        # each pattern is made to stand still by its own wave, smoothed, and subtracted
        result = on_grid_of(without_patterns(array, plane_steps(image), patterns, $width / 100), image)
    """


@operation(
    "frequency.notch",
    title="Notch",
    menu="Filters/Frequency",
    reach=lambda p, spacing: (EVERYWHERE, EVERYWHERE, 0),
    prepare=_found_patterns,
    prepare_uses=("find", "count"),
    keywords=("Fourier", "periodic", "stripes", "moiré", "grid", "band reject", "artefact"),
    python=_notch_lines,
    toolbox=(plane_steps, pattern_of, strongest_patterns, without_patterns),
)
def notch(
    image: Image,
    context: Context,
    *,
    find: Annotated[Literal["automatic", "given"], Title("Pattern", ("Automatic", "As given"))] = "automatic",
    count: Annotated[
        int, Unit("patterns"), Title("At most"), Range(1, 20), Slider(1, 10, 1), When("find", ("automatic",))
    ] = 2,
    period: Annotated[Millimetres, Title("Period"), *LENGTH, When("find", ("given",))] = 5.0,
    angle: Annotated[
        float, Unit("°"), Title("Angle"), Range(-180, 180), Slider(-90, 90, 1), When("find", ("given",))
    ] = 0.0,
    width: Annotated[Percent, Title("Width"), Range(1, 50), Slider(1, 50, 1)] = 10.0,
) -> Image:
    """Remove a pattern that repeats across the slices: stripes, a grid, moiré.

    Each slice is filtered by itself, up to its border. Coarse shapes and the mean stay, and so does the pixel type;
    whole numbers are rounded and clipped. Colour channels are filtered one by one. An image with NaN or infinite
    values is refused.

    Settings:
        find: Automatic takes the frequencies that stand out most from those around them, as a mean over slices.
        count: The number of patterns that are looked for; a grid has two, and one more for each harmonic.
        period: Length in mm after which the given pattern repeats, across its stripes.
        angle: Direction across the stripes of the given pattern, from the rows towards the columns; 0 for upright ones.
        width: Half the amplitude is left of frequencies that far from that of the pattern, as a share of it.

    Source:
        Gonzalez and Woods, Digital Image Processing, section 5.4, with Gaussian notches, made by demodulation.
    """
    need_finite(tr("Notch"), image, context)
    patterns = context.prepared if find == "automatic" else (pattern_of(period, angle),)
    _tell(patterns, context, found=find == "automatic")
    array, steps = view(image), plane_steps(image)
    result, out = blank(image, array.dtype)

    def work(z: int) -> None:
        take_out(array[z], out[z], steps, patterns, width / 100, context.check)

    planes = context.region(array.shape)[0]
    context.each(work, range(planes.start, planes.stop))
    return result


def _tell(patterns: Sequence[Vector], context: Context, *, found: bool) -> None:
    """Say which patterns were found."""
    if not found:
        return
    if not patterns:
        context.remark(tr("No pattern stands out that repeats across the slices; nothing was removed."))
    for p, q in patterns:
        angle = math.degrees(math.atan2(q, p))
        angle -= 180.0 if angle > 90 else -180.0 if angle <= -90 else 0.0
        context.remark(
            tr("Removed a pattern of {period:.3g} mm at {angle:.0f}°.", period=1 / math.hypot(p, q), angle=angle)
        )
