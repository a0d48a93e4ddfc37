"""Binary morphology with a ball: erode, dilate, open, close."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.ball import Ball, ball_of, ball_radii, ball_voxels, dilated, eroded, widened
from pellucid.operations.operation import Mask, operation
from pellucid.operations.pixels import view
from pellucid.operations.units import Range, Slider, Title

Radius = Annotated[float, Title("Radius"), Range(0.0), Slider(0.0, 20.0, 0.5)]
RadiusUnit = Annotated[Literal["mm", "voxels"], Title("Unit", ("mm", "voxels"))]


def _script(*steps: str) -> Any:
    """Return what writes a script of erosions and dilations: nothing outside the image erodes or dilates."""

    def lines(p: Any) -> str:
        scale = "1" if p.unit == "voxels" else "step"
        return "\n".join([
            f"ball = ball_voxels([{p.radius!r} / {scale} for step in reversed((*mask.GetSpacing(), 1.0)[:3])])",
            "array = voxels(mask)",
            *(f"array = ndimage.binary_{step}(array, ball, border_value={int(step == 'erosion')})" for step in steps),
            "result = on_grid_of(array.astype(np.uint8), mask)",
        ])  # fmt: skip

    return lines


def _reach(times: int) -> Any:
    """Return how far a ball acts when it is used ``times`` times."""

    def reach(p: Any, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
        z, y, x = (times * far for far in Ball(ball_radii(p.radius, p.unit, spacing)).reach)
        return x, y, z

    return reach


@operation(
    "masks.erode",
    title="Erode",
    menu="Segment/Masks",
    reach=_reach(1),
    keywords=("shrink", "morphology"),
    python=_script("erosion"),
    toolbox=(ball_voxels,),
)
def erode(mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm") -> Mask:
    """Shrink a mask: keep the voxels around which a ball lies wholly inside it.

    The ball holds every voxel whose centre is within the radius; in mm it is round in space whatever the
    spacing. The mask does not shrink from the border of the image.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982; as
        scipy.ndimage.binary_erosion(border_value=1).
    """
    return eroded(mask, ball_of(tr("Erode"), radius, unit, mask), context)


@operation(
    "masks.dilate",
    title="Dilate",
    menu="Segment/Masks",
    reach=_reach(1),
    keywords=("grow", "margin"),
    python=_script("dilation"),
    toolbox=(ball_voxels,),
)
def dilate(mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm") -> Mask:
    """Grow a mask: add every voxel that is within a radius of it.

    The ball holds every voxel whose centre is within the radius; in mm it is round in space whatever the
    spacing.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982; as scipy.ndimage.binary_dilation.
    """
    return dilated(mask, ball_of(tr("Dilate"), radius, unit, mask), context)


@operation(
    "masks.open",
    title="Open",
    menu="Segment/Masks",
    reach=_reach(2),
    keywords=("smooth", "cut bridges"),
    python=_script("erosion", "dilation"),
    toolbox=(ball_voxels,),
)
def opening(mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm") -> Mask:
    """Remove what is thinner than a ball: erode, then dilate.

    Bridges and specks disappear, the rest keeps its size. The image border does not count as an edge.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982.
    """
    ball = ball_of(tr("Open"), radius, unit, mask)
    first = widened(context.part(0.0, 0.5), view(mask).shape, ball.reach)
    return dilated(eroded(mask, ball, first), ball, context.part(0.5, 1.0))


@operation(
    "masks.close",
    title="Close",
    menu="Segment/Masks",
    reach=_reach(2),
    keywords=("smooth", "fill gaps"),
    python=_script("dilation", "erosion"),
    toolbox=(ball_voxels,),
)
def closing(mask: Mask, context: Context, *, radius: Radius = 2.0, unit: RadiusUnit = "mm") -> Mask:
    """Fill what is thinner than a ball: dilate, then erode.

    Cracks and small holes disappear, the rest keeps its size. The image border does not count as an edge.

    Settings:
        radius: Radius of the ball.
        unit: Whether the radius counts mm or voxels.

    Source:
        Serra, Image Analysis and Mathematical Morphology, 1982.
    """
    ball = ball_of(tr("Close"), radius, unit, mask)
    first = widened(context.part(0.0, 0.5), view(mask).shape, ball.reach)
    return eroded(dilated(mask, ball, first), ball, context.part(0.5, 1.0))
