"""The engine of binary morphology with balls, boxes and crosses: exact, any radius along each axis, on packed bits.

An element is a stack of lines along x, one for each (dz, dy). Each row of the mask is widened once for every
length of line and packed to bits; then a dilation is the union of shifted packed rows, 64 voxels per
machine word. Erosion is the dilation of the outside. Only the box around the mask is touched.

Outside the image there is nothing to dilate from, and nothing that erodes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.pixels import Array, axis_lengths, blank, view

_LARGEST = 250  # voxels
_CHUNK_VOXELS = 1 << 21


@dataclass(frozen=True)
class Ball:
    """All voxels whose centre is within a distance of the middle one; radii in voxels along z, y, x.

    The ``shape`` ``"box"`` measures the distance along each axis by itself, ``"cross"`` only on the three axes.
    """

    radii: tuple[float, float, float]
    shape: str = "ball"

    @property
    def reach(self) -> tuple[int, int, int]:
        """Return the whole number of voxels that the ball reaches along z, y, x."""
        z, y, x = (int(np.floor(radius * (1 + 1e-9))) for radius in self.radii)
        return z, y, x

    def lines(self) -> list[tuple[int, int, int]]:
        """Return (dz, dy, half length along x) of the lines that make up the ball."""
        rz, ry, rx = (max(radius, 1e-9) * (1 + 1e-9) for radius in self.radii)
        deep, high, wide = self.reach
        if self.shape == "box":
            return [(dz, dy, wide) for dz in range(-deep, deep + 1) for dy in range(-high, high + 1)]
        if self.shape == "cross":
            arms = [(dz, 0) for dz in range(-deep, deep + 1)] + [(0, dy) for dy in range(-high, high + 1)]
            return [(dz, dy, 0 if dz or dy else wide) for dz, dy in dict.fromkeys(arms)]
        found = []
        for dz in range(-deep, deep + 1):
            for dy in range(-high, high + 1):
                rest = 1 - (dz / rz) ** 2 - (dy / ry) ** 2
                if rest >= 0:
                    found.append((dz, dy, int(rx * np.sqrt(rest))))
        return found


def ball_radii(radius: float, unit: str, spacing: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the radius of a ball in voxels along z, y, x, from a radius in mm or in voxels."""
    x, y, z = (radius / length if unit == "mm" else radius for length in spacing)
    return z, y, x


def ball_of(title: str, radius: float, unit: str, image: sitk.Image, shape: str = "ball") -> Ball:
    """Return the ball, box or cross on the grid of an image; raise Refused when it is absurdly large."""
    radii = ball_radii(radius, unit, axis_lengths(image))
    if max(radii) > _LARGEST:
        raise Refused(
            tr(
                "A radius of {radius:g} {unit} is {voxels:.0f} voxels here; {title} works up to {limit}.",
                radius=radius,
                unit=unit,
                voxels=max(radii),
                title=title,
                limit=_LARGEST,
            )
        )
    return Ball(radii, shape)


def ball_voxels(radii: tuple[float, ...] | list[float], shape: str = "ball") -> Array:
    """Return the voxels of a ball, a box or a cross with these radii (in voxels, along z, y, x)."""
    steps = np.ogrid[tuple(slice(-int(radius * (1 + 1e-9)), int(radius * (1 + 1e-9)) + 1) for radius in radii)]
    widths = [max(radius, 1e-9) * (1 + 1e-9) for radius in radii]
    if shape == "box":
        return np.ones([step.size for step in steps], bool)
    if shape == "cross":
        return np.asarray(sum((step != 0).astype(int) for step in steps) <= 1)
    return np.asarray(sum((step / width) ** 2 for step, width in zip(steps, widths, strict=True)) <= 1)


def dilated(mask: sitk.Image, ball: Ball, context: Context) -> sitk.Image:
    """Return the voxels that a ball around some voxel of the mask covers."""
    array = view(mask)
    result, out = blank(mask, np.uint8)
    wanted = context.region(array.shape)
    source = bounding_box(array, _grown(wanted, ball.reach, array.shape))
    if source is not None:
        target = _overlap(_grown(source, ball.reach, array.shape), wanted)
        _spread(array, source, out, target, ball, context, inverted=False)
    return result


def eroded(mask: sitk.Image, ball: Ball, context: Context) -> sitk.Image:
    """Return the voxels around which a ball lies wholly inside the mask (the image border does not count)."""
    array = view(mask)
    result, out = blank(mask, np.uint8)
    target = bounding_box(array, context.region(array.shape))
    if target is not None:
        _spread(array, _grown(target, ball.reach, array.shape), out, target, ball, context, inverted=True)
    return result


def widened(context: Context, shape: tuple[int, ...], reach: tuple[int, int, int]) -> Context:
    """Return the context of a first step after which a second one will look ``reach`` (z, y, x) further."""
    from dataclasses import replace

    return replace(context, wanted=_grown(context.region(shape), reach, shape)) if context.wanted else context


def _spread(
    array: Array, source: Region, out: Array, target: Region, ball: Ball, context: Context, *, inverted: bool
) -> None:
    """Fill ``out[target]`` with the dilation of ``array[source]``, both complemented when ``inverted``."""
    lines = ball.lines()
    widths = sorted({width for _, _, width in lines})
    packed = _packed_rows(array, source, target, widths, context.part(0.0, 0.5), inverted=inverted)
    z0, rows = source[0].start, source[1].stop - source[1].start
    shift = target[1].start - source[1].start
    columns = target[2].stop - target[2].start
    flip = 255 if inverted else 0

    def work(start: int) -> None:
        stop = min(start + deep, target[0].stop)
        union = np.zeros((stop - start, target[1].stop - target[1].start, (columns + 7) // 8), np.uint8)
        for dz, dy, width in lines:
            to_z, from_z = _aligned(start + dz - z0, stop - start, source[0].stop - z0)
            to_y, from_y = _aligned(shift + dy, union.shape[1], rows)
            part = union[to_z, to_y]
            np.bitwise_or(part, packed[width][from_z, from_y], out=part)
        np.bitwise_xor(union, flip, out=union)
        out[start:stop, target[1], target[2]] = np.unpackbits(union, axis=2, count=columns)

    deep = _slices(rows * columns)
    context.part(0.5, 1.0).each(work, range(target[0].start, target[0].stop, deep))


def _packed_rows(
    array: Array, source: Region, target: Region, widths: list[int], context: Context, *, inverted: bool
) -> dict[int, Array]:
    """Return, for each half length, the source rows widened by it, packed over the target's columns."""
    z, y, x = source
    first, last = min(x.start, target[2].start), max(x.stop, target[2].stop)
    cut = slice(target[2].start - first, target[2].stop - first)
    shape = (z.stop - z.start, y.stop - y.start, (cut.stop - cut.start + 7) // 8)
    packed = {width: np.empty(shape, np.uint8) for width in widths}

    def work(start: int) -> None:
        stop = min(start + deep, shape[0])
        plain = np.zeros((stop - start, shape[1], last - first), np.uint8)
        plain[..., x.start - first : x.stop - first] = array[z.start + start : z.start + stop, y, x]
        if inverted:
            plain[..., x.start - first : x.stop - first] ^= 1
        wide, done = plain.copy(), 0
        for width in widths:
            for step in range(done + 1, min(width, plain.shape[2] - 1) + 1):
                wide[..., step:] |= plain[..., :-step]
                wide[..., :-step] |= plain[..., step:]
            done = width
            packed[width][start:stop] = np.packbits(wide[..., cut], axis=2)

    deep = _slices(shape[1] * (last - first))
    context.each(work, range(0, shape[0], deep))
    return packed


def _slices(plane: int) -> int:
    """Return how many slices of so many voxels to treat at once."""
    return max(1, _CHUNK_VOXELS // max(1, plane))


def _aligned(offset: int, count: int, available: int) -> tuple[slice, slice]:
    """Return where ``count`` outputs and ``available`` inputs meet when output i reads input i + offset."""
    first, last = max(0, -offset), min(count, available - offset)
    last = max(first, last)
    return slice(first, last), slice(first + offset, last + offset)


def bounding_box(array: Array, region: Region) -> Region | None:
    """Return the smallest box around the voxels of a mask inside a region, or None when there are none."""
    part = array[region].view(bool)
    box: list[slice] = []
    for axis in range(3):
        others = tuple(k for k in range(3) if k != axis)
        used = np.flatnonzero(part.any(axis=others))
        if used.size == 0:
            return None
        box.append(slice(region[axis].start + int(used[0]), region[axis].start + int(used[-1]) + 1))
    return box[0], box[1], box[2]


def _grown(region: Region, reach: tuple[int, ...], shape: tuple[int, ...]) -> Region:
    z, y, x = (
        slice(max(0, part.start - far), min(n, part.stop + far))
        for part, far, n in zip(region, reach, shape[:3], strict=True)
    )
    return z, y, x


def _overlap(a: Region, b: Region) -> Region:
    z, y, x = (
        slice(max(p.start, q.start), max(min(p.stop, q.stop), max(p.start, q.start))) for p, q in zip(a, b, strict=True)
    )
    return z, y, x
