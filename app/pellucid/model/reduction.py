"""An image with fewer voxels: what is opened when the whole does not fit into memory.

A part is a box of voxels and a range of frames. Down-sampling by n replaces every block of n×n×n voxels by one
voxel with their mean, in the middle of the block; voxels beyond the last whole block are left out. An axis with
fewer than n voxels becomes one voxel, and slices that are no stack (one slice, or unknown distances) are never
mixed. Whole-number types keep their type: the mean is rounded to the nearest whole number, halves to even.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry

Triple = tuple[int, int, int]

REDUCED = "reduced"
"""The code of the finding that not all voxels of an image are there."""
_LARGEST_FACTOR = 64


@dataclass(frozen=True)
class Extent:
    """How much an image asks for: voxels (x, y, z), frames, values per voxel, and their NumPy type.

    ``stacked`` says that the slices lie in a known distance, so that neighbours may be mixed.
    """

    size: Triple
    frames: int = 1
    components: int = 1
    dtype: str = "int16"
    stacked: bool = True

    @classmethod
    def of(cls, geometry: Geometry, frames: int = 1, components: int = 1, dtype: str = "int16") -> Extent:
        """Return the extent of frames on a grid."""
        return cls(geometry.size, frames, components, dtype, not geometry.is_planar)

    @property
    def nbytes(self) -> int:
        """Return the bytes of all frames."""
        return prod(self.size) * self.frames * self.components * np.dtype(self.dtype).itemsize

    @property
    def text(self) -> str:
        """Return the extent for reading: ``4096×4096×3000 16-bit``, with frames and colour where there are."""
        size = "×".join(str(n) for n in (self.size if self.size[2] > 1 else self.size[:2]))
        frames = tr(", {frames} frames,", frames=self.frames) if self.frames > 1 else ""
        colour = " colour" if self.components > 1 else ""
        return f"{size}{frames} {8 * np.dtype(self.dtype).itemsize}-bit{colour}"


@dataclass(frozen=True)
class Reduction:
    """Which voxels and frames are opened, and how many become one along each axis.

    ``size`` (x, y, z) and ``frames`` reach to the end where they are None. What lies outside an image is cut off.
    """

    factor: int = 1
    start: Triple = (0, 0, 0)
    size: Triple | None = None
    first_frame: int = 0
    frames: int | None = None

    def __post_init__(self) -> None:
        if self.factor < 1:
            raise ValueError("a block has at least one voxel")

    def box(self, size: Triple) -> tuple[Triple, Triple]:
        """Return first voxel and number of voxels of the part of an image of this size, at least one voxel."""
        wanted = self.size or size
        start = [min(max(a, 0), n - 1) for a, n in zip(self.start, size, strict=True)]
        kept = [min(max(w, 1), n - a) for w, n, a in zip(wanted, size, start, strict=True)]
        return (start[0], start[1], start[2]), (kept[0], kept[1], kept[2])

    def frame_range(self, count: int) -> range:
        """Return the frames that are kept of ``count``, at least one."""
        first = min(max(self.first_frame, 0), count - 1)
        return range(first, min(count, first + max(self.frames or count, 1)))

    def steps(self, size: Triple, *, stacked: bool) -> Triple:
        """Return how many voxels become one along each axis of a part of this size."""
        x, y, z = (min(self.factor, n) for n in size)
        return x, y, z if stacked else 1

    def extent(self, whole: Extent) -> Extent:
        """Return what is left of an image."""
        _, size = self.box(whole.size)
        steps = self.steps(size, stacked=whole.stacked)
        x, y, z = (n // step for n, step in zip(size, steps, strict=True))
        return replace(whole, size=(x, y, z), frames=len(self.frame_range(whole.frames)))

    def geometry(self, whole: Geometry) -> Geometry:
        """Return the grid of what is left: a voxel lies in the middle of its block, spacing grows with the block."""
        start, size = self.box(whole.size)
        part = whole.cropped(start, size)
        steps = np.array(self.steps(size, stacked=not whole.is_planar))
        if not (steps > 1).any():
            return part
        count = np.array(size) // steps
        shift = (steps - 1) / 2 * np.array(part.spacing)
        spacing = steps * np.array(part.spacing)
        positions = None
        if part.slice_positions is not None:
            kept = np.array(part.slice_positions)[: count[2] * steps[2]]
            centres = kept.reshape(count[2], steps[2]).mean(axis=1)
            shift[2] = centres[0]
            if count[2] > 1:
                spacing[2] = float(np.median(np.diff(centres)))
                positions = tuple(float(p) for p in centres - centres[0])
        x, y, z = (float(v) for v in np.array(part.origin) + part.axes @ shift)
        a, b, c = (float(v) for v in spacing)
        nx, ny, nz = (int(n) for n in count)
        return replace(part, size=(nx, ny, nz), spacing=(a, b, c), origin=(x, y, z), slice_positions=positions)

    @property
    def is_part(self) -> bool:
        """Return whether less than everything is opened."""
        return self.size is not None or self.frames is not None or self.start != (0, 0, 0) or self.first_frame > 0

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is left out."""
        return self.factor == 1 and not self.is_part

    @property
    def label(self) -> str:
        """Return a few letters for names: ``1/2``, ``part`` or ``part, 1/2``."""
        return ", ".join(("part",) * self.is_part + (f"1/{self.factor}",) * (self.factor > 1))

    @property
    def note(self) -> str:
        """Return the same in words, for the corner of a pane."""
        if self.factor == 1:
            return tr("Part of the image")
        return (
            tr("Part, down-sampled 1/{factor}", factor=self.factor)
            if self.is_part
            else tr("Down-sampled 1/{factor}", factor=self.factor)
        )

    def finding(self, whole: Extent) -> Finding:
        """Return the sentence that tells what of an image is shown."""
        start, size = self.box(whole.size)
        kept = self.frame_range(whole.frames)
        said = []
        if self.is_part:
            ends = [f"{a + 1}–{a + n}" for a, n in zip(start, size, strict=True)]
            said.append(
                tr(
                    "This is a part of the image ({size}): columns {columns}, rows {rows}, slices {slices}.",
                    size=whole.text,
                    columns=ends[0],
                    rows=ends[1],
                    slices=ends[2],
                )
            )
            if whole.frames > 1:
                said.append(
                    tr(
                        "Of its {frames} frames, {first}–{last} are here.",
                        frames=whole.frames,
                        first=kept.start + 1,
                        last=kept.stop,
                    )
                )
        if self.factor > 1:
            steps = "×".join(str(n) for n in self.steps(size, stacked=whole.stacked))
            said.append(
                tr(
                    "The image ({size}) is shown down-sampled: each voxel is the mean of a block of {steps} voxels. "
                    "Small structures may be missing.",
                    size=whole.text,
                    steps=steps,
                )
            )
        return Finding(REDUCED, " ".join(said))


def fitting(whole: Extent, allowed: int) -> Reduction | None:
    """Return the finest down-sampling that needs no more than ``allowed`` bytes, or None when none does."""
    for factor in range(2, _LARGEST_FACTOR + 1):
        reduction = Reduction(factor)
        if reduction.extent(whole).nbytes <= allowed:
            return reduction
    return None


def middle(whole: Extent, allowed: int) -> Reduction:
    """Return a part at full detail from the middle of an image that needs no more than ``allowed`` bytes.

    As many slices as fit are taken; where not even one of all frames does, one frame, then a smaller rectangle.
    """
    x, y, z = whole.size
    frames = whole.frames
    one = Extent((x, y, 1), frames, whole.components, whole.dtype).nbytes
    if one > allowed:
        one, frames = one // frames, 1
    if one > allowed:
        share = (allowed / one) ** 0.5
        x, y = max(int(x * share), 1), max(int(y * share), 1)
    depth = min(max(allowed // one, 1), z)
    start = ((whole.size[0] - x) // 2, (whole.size[1] - y) // 2, (z - depth) // 2)
    return Reduction(1, start, (x, y, depth), 0, frames)


class TooLarge(Refused):
    """Raised before an image is read that would need more memory than it may have."""

    def __init__(self, name: str, extent: Extent, free: int, allowed: int, asked: Reduction | None = None) -> None:
        left = extent if asked is None else asked.extent(extent)
        super().__init__(
            tr(
                "{name} is {image} and needs {needed} of memory; {free} is free, of which "
                "{allowed} may be used for it. Open it down-sampled or only a part of it, or close "
                "other images.",
                name=name,
                image=left.text,
                needed=amount(left.nbytes),
                free=amount(free),
                allowed=amount(allowed),
            )
        )
        self.name, self.extent, self.free, self.allowed = name, extent, free, allowed


def amount(nbytes: float) -> str:
    """Return a number of bytes for people: ``512 bytes``, ``38.1 MB``, ``2.5 GB`` (decimal units)."""
    if nbytes < 1000:
        return f"{int(nbytes)} bytes"
    for unit in ("kB", "MB", "GB"):
        nbytes /= 1000
        if nbytes < 1000:
            return f"{nbytes:.1f} {unit}"
    return f"{nbytes / 1000:,.1f} TB"
