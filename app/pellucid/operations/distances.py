"""Masks by distance: distance maps, margins and shells in mm."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.ball import Ball, ball_of, ball_radii, ball_voxels, dilated, eroded
from pellucid.operations.engines.distances import distance_to
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import blank, view
from pellucid.operations.units import Millimetres, Range, Slider, Title


def _distance_lines(p: Any) -> str:
    away = "distance_to(inside, mask)"
    depth = "distance_to(~inside, mask)"
    return f"""
        # scipy.ndimage.distance_transform_edt with the spacing is the same but for the rounding of floats
        inside = voxels(mask) != 0
        result = on_grid_of({ {"signed": f"{away} - {depth}", "outside": away, "inside": depth}[p.side] }, mask)
    """


@operation(
    "masks.distance",
    title="Distance map",
    menu="Segment/Distance",
    keeps_unit=False,
    keywords=("distance transform", "Euclidean", "Maurer", "signed", "depth"),
    python=_distance_lines,
    toolbox=(distance_to,),
)
def distance(
    mask: Mask,
    context: Context,
    *,
    side: Annotated[
        Literal["signed", "outside", "inside"],
        Title("Distance", ("Signed (inside below 0)", "To the mask", "To the background")),
    ] = "signed",
) -> Image:
    """Give each voxel its distance in mm from the border of a mask.

    Distances run from voxel centre to voxel centre: outside to the nearest voxel of the mask, inside to the nearest
    voxel of the background (signed: as a negative number). What lies beyond the image counts as neither. The result is
    32-bit float.

    Settings:
        side: What is measured; where only one direction is, the rest is 0.

    Source:
        Maurer et al., A linear time algorithm for computing exact Euclidean distance transforms, IEEE TPAMI 25 (2003)
        265-270; SimpleITK.SignedMaurerDistanceMap; as scipy.ndimage.distance_transform_edt.
    """
    inside = view(mask) != 0
    if side != "inside" and not inside.any():
        raise Refused(tr("The mask is empty, so there is nothing to measure the distance from."))
    if side != "outside" and inside.all():
        raise Refused(tr("The mask fills the image, so there is no background to measure the distance from."))
    result, out = blank(mask, np.float32)
    first = context.part(0.0, 0.5) if side == "signed" else context
    if side != "inside":
        out += distance_to(inside, mask, first.execute, context.check)
    if side != "outside":
        depth = distance_to(~inside, mask, context.part(0.5 if side == "signed" else 0.0, 1.0).execute, context.check)
        np.subtract(out, depth, out=out) if side == "signed" else np.copyto(out, depth)
    return result


def _margin_lines(p: Any) -> str:
    step = "dilation" if p.margin > 0 else "erosion"
    return f"""
        ball = ball_voxels([{abs(p.margin)!r} / step for step in reversed((*mask.GetSpacing(), 1.0)[:3])])
        array = ndimage.binary_{step}(voxels(mask), ball, border_value={int(p.margin <= 0)})
        result = on_grid_of(array.astype(np.uint8), mask)
    """


def _reach(radius: float, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    z, y, x = Ball(ball_radii(radius, "mm", spacing)).reach
    return x, y, z


@operation(
    "masks.margin",
    title="Margin",
    menu="Segment/Distance",
    reach=lambda p, spacing: _reach(abs(p.margin), spacing),
    keywords=("expand", "shrink", "grow", "safety margin", "PTV", "offset"),
    python=_margin_lines,
    toolbox=(ball_voxels,),
)
def margin(
    mask: Mask,
    context: Context,
    *,
    margin: Annotated[Millimetres, Title("Margin"), Range(-500.0), Slider(-30.0, 30.0, 0.5)] = 5.0,
) -> Mask:
    """Grow a mask by a margin in mm, or shrink it where the margin is negative.

    All voxels whose centre is within the margin of a voxel of the mask are added; shrinking is the same for the
    background. The mask does not shrink from the border of the image.

    Settings:
        margin: How far the border moves outwards; below 0 it moves inwards.

    Source:
        Dilation and erosion with a ball of that radius: Serra, Image Analysis and Mathematical Morphology, 1982.
    """
    ball = ball_of(tr("Margin"), abs(margin), "mm", mask)
    return dilated(mask, ball, context) if margin > 0 else eroded(mask, ball, context)


_SHELLS = {"inside": (0.0, 1.0), "outside": (1.0, 0.0), "middle": (0.5, 0.5)}


def _hollow_lines(p: Any) -> str:
    outer, inner = (share * p.thickness for share in _SHELLS[p.where])
    return f"""
        def moved(array, distance, step):
            ball = ball_voxels([distance / length for length in reversed((*mask.GetSpacing(), 1.0)[:3])])
            return step(array, ball, border_value=int(step is ndimage.binary_erosion))

        array = voxels(mask)
        shell = moved(array, {outer!r}, ndimage.binary_dilation) & ~moved(array, {inner!r}, ndimage.binary_erosion)
        result = on_grid_of(shell.astype(np.uint8), mask)
    """


@operation(
    "masks.hollow",
    title="Hollow",
    menu="Segment/Distance",
    reach=lambda p, spacing: _reach(p.thickness, spacing),
    keywords=("shell", "wall", "rim", "surface", "skin"),
    python=_hollow_lines,
    toolbox=(ball_voxels,),
)
def hollow(
    mask: Mask,
    context: Context,
    *,
    thickness: Annotated[Millimetres, Title("Thickness"), Range(0.0), Slider(0.5, 20.0, 0.5)] = 3.0,
    where: Annotated[
        Literal["inside", "outside", "middle"],
        Title("Shell", ("Inside the border", "Outside the border", "Half on each side")),
    ] = "inside",
) -> Mask:
    """Keep only a shell of a mask, of a thickness in mm.

    The image border does not count as a border of the mask.

    Settings:
        thickness: How thick the shell is.
        where: On which side of the border of the mask the shell lies.

    Source:
        Difference of a dilation and an erosion with balls; as the effect Hollow of 3D Slicer.
    """
    outer, inner = (share * thickness for share in _SHELLS[where])
    grown = dilated(mask, ball_of(tr("Hollow"), outer, "mm", mask), context.part(0.0, 0.5))
    kept = eroded(mask, ball_of(tr("Hollow"), inner, "mm", mask), context.part(0.5, 1.0))
    result, out = blank(mask, np.uint8)
    np.greater(view(grown), view(kept), out=out.view(bool))
    return result
