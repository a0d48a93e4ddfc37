"""Two masks on one grid: every number that says how well they agree, and a map of where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from pellucid.operations.engines.agreement_values import BOTH, FIRST_ONLY, OTHER, SECOND_ONLY
from pellucid.operations.engines.overlap import Counts, Profile, joint_box, profile, ratios
from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.engines.surface_distance import Place, distance_summary, surface_distances

Array = NDArray[Any]
LENGTHS = ("hausdorff", "hausdorff95", "mean_surface_distance", "centre_distance", "hausdorff_mean")
VOLUMES = ("volume_difference", "first_volume", "second_volume")
NAMES = (
    "dice", "jaccard", "precision", "recall", "specificity", "volume_difference", "hausdorff", "hausdorff95",
    "mean_surface_distance", "centre_distance", "hausdorff_mean", "first_volume", "second_volume", "first_voxels",
    "second_voxels", "common_voxels",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Space:
    """A grid: its ``shape`` (z, y, x), where its voxels lie, and how large one is.

    ``place`` maps indices (x, y, z) to points. Of a part of a grid ``start`` is the index (x, y, z) of its first voxel.
    """

    shape: tuple[int, ...]
    place: Place
    voxel: float = 1.0
    start: tuple[int, int, int] = (0, 0, 0)

    def at(self, indices: Array) -> Array:
        """Return the points of voxels of the part."""
        return self.place(indices + np.array(self.start))

    def axes(self) -> tuple[int, ...]:
        """Return the axes of an array along which there is more than one voxel."""
        return tuple(axis for axis, n in enumerate(self.shape) if n > 1)

    def part(self, box: tuple[slice, slice, slice]) -> Space:
        """Return the same grid, of which only a box (z, y, x) is looked at."""
        x, y, z = (first + side.start for first, side in zip(self.start, box[::-1], strict=True))
        return Space(self.shape, self.place, self.voxel, (x, y, z))


def space_of(image: sitk.Image) -> Space:
    """Return the grid of an image in mm; a planar image is 1 mm thick."""
    count, steps = image.GetDimension(), np.eye(3)
    steps[:count, :count] = np.reshape(image.GetDirection(), (count, count)) * image.GetSpacing()

    def place(indices: Array) -> Array:
        x, y, z = (indices[:, [axis]] * steps[:, axis] for axis in range(3))
        return np.asarray(x + y + z)

    size = (*image.GetSize(), 1)[:3]
    return Space(size[::-1], place, float(abs(np.linalg.det(steps))))


def compared(first: Array, second: Array, space: Space, each: Each = one_by_one) -> dict[str, float]:
    """Return all numbers of two masks (bool; z, y, x) by the names of ``NAMES``; NaN where there is no answer."""
    one, other = profile([first], each), profile([second], each)
    box = joint_box(one.box(), other.box())
    if box is None:
        return _numbers(one, other, 0, space)
    common = profile([first[box], second[box]], each)
    values = _numbers(one, other, common.voxels, space)
    if one.voxels and other.voxels:
        inside = space.part(box)
        values |= distance_summary(*surface_distances(first[box], second[box], inside.at, inside.axes(), each))
    return {name: values[name] for name in NAMES}


def _numbers(one: Profile, other: Profile, common: int, space: Space) -> dict[str, float]:
    """Return all that needs no surface."""
    nothing = float("nan")
    counts = Counts(one.voxels, other.voxels, common, int(np.prod(space.shape)))
    distance = nothing
    if one.voxels and other.voxels:
        distance = float(np.linalg.norm(centre(one, space) - centre(other, space)))
    return (
        dict.fromkeys(NAMES, nothing)
        | ratios(counts)
        | {
            "volume_difference": (one.voxels - other.voxels) * space.voxel,
            "centre_distance": distance,
            "first_volume": one.voxels * space.voxel,
            "second_volume": other.voxels * space.voxel,
            "first_voxels": float(one.voxels),
            "second_voxels": float(other.voxels),
            "common_voxels": float(common),
        }
    )


def centre(found: Profile, space: Space) -> Array:
    """Return the centre of mass of a mask; slices need not be evenly spaced."""
    x, y, _ = found.mean_index()
    heights = np.flatnonzero(found.slices[0])
    column = np.column_stack([np.full(len(heights), x), np.full(len(heights), y), heights])
    return np.asarray(np.average(space.at(column), axis=0, weights=found.slices[0][heights]))


def in_mm(values: dict[str, float]) -> dict[str, float]:
    """Return numbers under names that say their unit: ``hausdorff_mm``, ``volume_difference_mm3``."""
    units = dict.fromkeys(LENGTHS, "_mm") | dict.fromkeys(VOLUMES, "_mm3")
    return {name + units.get(name, ""): value for name, value in values.items()}


def agreement(first: Array, second: Array, each: Each = one_by_one) -> Array:
    """Return where two label maps (0 is background) agree, and how they differ: a value for each voxel, 0 where none.

    Masks are label maps of one label.
    """
    result = np.zeros(first.shape, np.uint8)

    def work(z: int) -> None:
        one, other, out = first[z], second[z], result[z]
        inside, reference = one != 0, other != 0
        out[inside & reference] = OTHER
        out[inside & (one == other)] = BOTH
        out[inside & ~reference] = FIRST_ONLY
        out[reference & ~inside] = SECOND_ONLY

    each(work, range(len(first)))
    return result
