"""Binary morphology with a ball, a box or a cross: erode, dilate, open, close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.ball import Ball, ball_of, ball_radii, ball_voxels, dilated, eroded, widened
from pellucid.operations.operation import Mask, operation
from pellucid.operations.pixels import view
from pellucid.operations.units import Range, Slider, Title, Unit

Radius = Annotated[float, Title("Radius"), Range(0.0), Slider(0.0, 20.0, 0.5)]
RadiusUnit = Annotated[Literal["mm", "voxels"], Title("Unit", ("mm", "voxels"))]


Element = Annotated[Literal["ball", "box", "cross"], Title("Structuring element", ("Ball", "Box", "Cross"))]
Times = Annotated[int, Title("Iterations"), Unit("times"), Range(1, 100), Slider(1, 10, 1)]
Step = Callable[[Any, Ball, Context], Any]


def _script(*steps: str) -> Any:
    """Return what writes a script of erosions and dilations: nothing outside the image erodes or dilates."""

    def lines(p: Any) -> str:
        scale = "1" if p.unit == "voxels" else "step"
        radii = f"[{p.radius!r} / {scale} for step in reversed((*mask.GetSpacing(), 1.0)[:3])]"
        shape = "" if p.element == "ball" else f", {p.element!r}"
        times = "" if p.times == 1 else f"iterations={p.times}, "
        borders = {step: int(step == "erosion") for step in steps}
        return "\n".join([
            f"element = ball_voxels({radii}{shape})",
            "array = voxels(mask)",
            *(f"array = ndimage.binary_{step}(array, element, {times}border_value={borders[step]})" for step in steps),
            "result = on_grid_of(array.astype(np.uint8), mask)",
        ])  # fmt: skip

    return lines


def _reach(steps: int) -> Any:
    """Return how far an element acts that is used in ``steps`` steps, each as often as is asked for."""

    def reach(p: Any, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
        z, y, x = (steps * p.times * far for far in Ball(ball_radii(p.radius, p.unit, spacing)).reach)
        return x, y, z

    return reach


def _in_turn(mask: Any, ball: Ball, steps: Sequence[Step], context: Context) -> Any:
    """Take steps one after the other; each earlier one is computed as far around as the later ones look."""
    shape, count = view(mask).shape, len(steps)
    if not any(ball.reach):
        context.remark(tr("The radius is less than the distance of two voxels: nothing changes."))
    elif not ball.reach[0] and shape[0] > 1:
        context.remark(tr("The radius is less than the distance of the slices: each slice is treated by itself."))
    for n, step in enumerate(steps):
        z, y, x = (far * (count - n - 1) for far in ball.reach)
        mask = step(mask, ball, widened(context.part(n / count, (n + 1) / count), shape, (z, y, x)))
    return mask


@operation(
    "masks.erode",
    title="Erode",
    menu="Segment/Morphology",
    reach=_reach(1),
    keywords=("shrink", "morphology"),
    python=_script("erosion"),
    toolbox=(ball_voxels,),
)
def erode(
    mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm",
    element: Element = "ball", times: Times = 1,
) -> Mask:  # fmt: skip
    """Shrink a mask: keep the voxels around which a ball lies wholly inside it.

    The ball holds every voxel whose centre is within the radius; in mm it is round in space whatever the
    spacing. The mask does not shrink from the border of the image.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.
        element: What stands around each voxel: a ball, a box with these half sides, or the lines along the axes.
        times: How often it is done, one after the other.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982; as
        scipy.ndimage.binary_erosion(border_value=1).
    """
    return _in_turn(mask, ball_of(tr("Erode"), radius, unit, mask, element), [eroded] * times, context)


@operation(
    "masks.dilate",
    title="Dilate",
    menu="Segment/Morphology",
    reach=_reach(1),
    keywords=("grow", "margin"),
    python=_script("dilation"),
    toolbox=(ball_voxels,),
)
def dilate(
    mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm",
    element: Element = "ball", times: Times = 1,
) -> Mask:  # fmt: skip
    """Grow a mask: add every voxel that is within a radius of it.

    The ball holds every voxel whose centre is within the radius; in mm it is round in space whatever the
    spacing.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.
        element: What stands around each voxel: a ball, a box with these half sides, or the lines along the axes.
        times: How often it is done, one after the other.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982; as scipy.ndimage.binary_dilation.
    """
    return _in_turn(mask, ball_of(tr("Dilate"), radius, unit, mask, element), [dilated] * times, context)


@operation(
    "masks.open",
    title="Open",
    menu="Segment/Morphology",
    reach=_reach(2),
    keywords=("smooth", "cut bridges"),
    python=_script("erosion", "dilation"),
    toolbox=(ball_voxels,),
)
def opening(
    mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm",
    element: Element = "ball", times: Times = 1,
) -> Mask:  # fmt: skip
    """Remove what is thinner than a ball: erode, then dilate.

    Bridges and specks disappear, the rest keeps its size. The image border does not count as an edge.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.
        element: What stands around each voxel: a ball, a box with these half sides, or the lines along the axes.
        times: How often it is done, one after the other.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982.
    """
    ball = ball_of(tr("Open"), radius, unit, mask, element)
    return _in_turn(mask, ball, [eroded] * times + [dilated] * times, context)


@operation(
    "masks.close",
    title="Close",
    menu="Segment/Morphology",
    reach=_reach(2),
    keywords=("smooth", "fill gaps"),
    python=_script("dilation", "erosion"),
    toolbox=(ball_voxels,),
)
def closing(
    mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm",
    element: Element = "ball", times: Times = 1,
) -> Mask:  # fmt: skip
    """Fill what is thinner than a ball: dilate, then erode.

    Cracks and small holes disappear, the rest keeps its size. The image border does not count as an edge.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.
        element: What stands around each voxel: a ball, a box with these half sides, or the lines along the axes.
        times: How often it is done, one after the other.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982.
    """
    ball = ball_of(tr("Close"), radius, unit, mask, element)
    return _in_turn(mask, ball, [dilated] * times + [eroded] * times, context)
