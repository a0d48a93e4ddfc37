"""The shape of a mask: smoothed, thinned to its skeleton, made convex."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.engines.ball import Ball, ball_of, ball_radii, ball_voxels, bounding_box
from pellucid.operations.engines.hulls import hull_of_slices, hull_of_volume
from pellucid.operations.engines.scale import sigma_kernels, sigma_reach
from pellucid.operations.engines.separable import filtered, filtered_whole, gaussian_kernel
from pellucid.operations.operation import Mask, operation
from pellucid.operations.pixels import blank, blocks, view
from pellucid.operations.units import Millimetres, Range, Slider, Title

_BLOCK = 1 << 20


def _smooth_lines(p: Any) -> str:
    if p.method == "gaussian":
        return """
            sigmas = [$width / step for step in reversed((*mask.GetSpacing(), 1.0)[:3])]
            array = voxels(mask).astype(np.float32)
            smooth = filtered_whole(array, [gaussian_kernel(sigma) for sigma in sigmas])
            result = on_grid_of((smooth >= 0.5).astype(np.uint8), mask)
        """
    return """
        # more than half of the ball around a voxel must be inside; the border repeats the outermost voxel
        ball = ball_voxels([$width / step for step in reversed((*mask.GetSpacing(), 1.0)[:3])]).astype(np.int32)
        inside = ndimage.correlate(voxels(mask).astype(np.int32), ball, mode="nearest")
        result = on_grid_of((2 * inside > ball.sum()).astype(np.uint8), mask)
    """


def _smooth_reach(p: Any, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    if p.method == "gaussian":
        return sigma_reach(p.width, spacing)
    z, y, x = Ball(ball_radii(p.width, "mm", spacing)).reach
    return x, y, z


@operation(
    "masks.smooth",
    title="Smooth mask",
    menu="Segment/Masks",
    reach=_smooth_reach,
    keywords=("median", "Gaussian", "jagged", "outline"),
    python=_smooth_lines,
    toolbox=(filtered_whole, gaussian_kernel, ball_voxels),
)
def smooth(
    mask: Mask,
    context: Context,
    *,
    method: Annotated[Literal["gaussian", "median"], Title("Method", ("Gaussian", "Median"))] = "gaussian",
    width: Annotated[Millimetres, Title("Width"), Range(0.0), Slider(0.5, 15.0, 0.5)] = 1.5,
) -> Mask:
    """Smooth the border of a mask.

    The border repeats the outermost voxel. Parts thinner than the width may vanish. For several labels that touch each
    other use Smooth labels, which leaves no gaps between them.

    Settings:
        method: A Gaussian whose result is cut at one half, or the median: what most of the voxels in a ball are.
        width: Standard deviation of the Gaussian, or radius of the ball of the median.

    Source:
        As the effect Smoothing of 3D Slicer; SimpleITK.BinaryMedian; scipy.ndimage.gaussian_filter.
    """
    array = view(mask)
    result, out = blank(mask, np.uint8)
    region = context.region(array.shape)
    if method == "gaussian":
        kernels = sigma_kernels(tr("Smooth mask"), width, mask)

        def blur(block: Region) -> None:
            out[block] = filtered(array, kernels, block) >= 0.5

        context.each(blur, blocks(region, array.shape))
        return result
    ball = ball_of(tr("Smooth mask"), width, "mm", mask)
    far, count = ball.reach, int(ball_voxels(ball.radii).sum())

    def vote(block: Region) -> None:
        inside = _in_ball(array, ball, block, far)
        out[block] = 2 * inside > count

    context.each(vote, blocks(region, array.shape, _BLOCK))
    return result


def _in_ball(array: Any, ball: Ball, block: Region, far: tuple[int, int, int]) -> Any:
    """Return how many voxels of the ball around each voxel of a block are inside; the border is repeated."""
    index = [
        np.arange(part.start - reach, part.stop + reach).clip(0, n - 1)
        for part, reach, n in zip(block, far, array.shape, strict=True)
    ]
    values = array[np.ix_(*index)]
    deep, high, wide = (part.stop - part.start for part in block)
    sums = np.zeros((*values.shape[:2], values.shape[2] + 1), np.int32)
    np.cumsum(values, axis=2, out=sums[..., 1:])
    found = np.zeros((deep, high, wide), np.int32)
    for dz, dy, half in ball.lines():
        rows = sums[far[0] + dz : far[0] + dz + deep, far[1] + dy : far[1] + dy + high]
        first, last = far[2] - half, far[2] + half + 1
        found += rows[..., last : last + wide] - rows[..., first : first + wide]
    return found


_SKELETON = """
    thin = tuple([axis for axis, n in enumerate(voxels(mask).shape) if n == 1][:1])  # one voxel thick: two dimensions
    array = voxels(mask)
    line = skimage.morphology.skeletonize(array.squeeze(thin) != 0).reshape(array.shape)
    result = on_grid_of(line.astype(np.uint8), mask)
"""
_LARGEST = 30_000_000


@operation(
    "masks.skeleton",
    title="Skeleton",
    menu="Segment/Masks",
    keywords=("thinning", "centre line", "medial axis", "skeletonise"),
    python=_SKELETON,
)
def skeleton(mask: Mask, context: Context) -> Mask:
    """Thin a mask to lines of one voxel through its middle.

    Connections and branches stay. Voxels are counted, whatever their spacing: on voxels that are much longer in one
    direction resample first. A single slice is thinned in two dimensions.

    Source:
        Zhang and Suen, A fast parallel algorithm for thinning digital patterns, 1984 (two dimensions); Lee et al.,
        Building skeleton models via 3-D medial surface/axis thinning algorithms, 1994; skimage.morphology.skeletonize.
    """
    from skimage.morphology import skeletonize

    array = view(mask)
    result, out = blank(mask, np.uint8)
    box = bounding_box(array, (slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2])))
    if box is None:
        return result
    part = array[box]
    if part.size > _LARGEST:
        raise Refused(
            tr("The box around the mask has {voxels:,} voxels; thinning works up to {most:,}. Crop or resample first.",
               voxels=part.size, most=_LARGEST)
        )  # fmt: skip
    thin = tuple([axis for axis, n in enumerate(array.shape) if n == 1][:1])
    context.check()
    room = np.pad(part.squeeze(thin), 1)
    line = skeletonize(room != 0)[(slice(1, -1),) * room.ndim]
    out[box] = line.reshape(part.shape)
    return result


@operation(
    "masks.convex_hull",
    title="Convex hull",
    menu="Segment/Masks",
    keywords=("envelope", "fill concave", "wrap"),
    python=lambda p: f"""
        hull = {"hull_of_slices" if p.by_slice else "hull_of_volume"}(voxels(mask) != 0)
        result = on_grid_of(hull.astype(np.uint8), mask)
    """,
    toolbox=(hull_of_slices, hull_of_volume),
)
def convex_hull(mask: Mask, context: Context, *, by_slice: Annotated[bool, Title("Slice by slice")] = False) -> Mask:
    """Fill a mask up to its convex hull: the smallest shape around it without any dent.

    A voxel is in the hull when its centre is in that of the voxel centres.

    Settings:
        by_slice: Take each slice of the z axis by itself.

    Source:
        Barber, Dobkin and Huhdanpaa, The Quickhull algorithm for convex hulls, 1996 (scipy.spatial.ConvexHull).
    """
    find = hull_of_slices if by_slice else hull_of_volume
    result, out = blank(mask, np.uint8)
    out[...] = find(view(mask) != 0, context.check)
    return result
