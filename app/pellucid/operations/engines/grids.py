"""Where the voxels of a new image shall lie, and whether there is memory for them."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.pixels import Array, view


@dataclass(frozen=True)
class Grid:
    """Size, spacing, origin and direction of an image of two or three dimensions."""

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]

    @classmethod
    def of(cls, image: sitk.Image) -> Grid:
        """Return the grid of an image."""
        return cls(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())

    @property
    def axes(self) -> Array:
        """Return the directions as the columns of a matrix."""
        return np.array(self.direction).reshape(len(self.size), -1)

    @property
    def steps(self) -> Array:
        """Return the steps from voxel to voxel in mm as the columns of a matrix."""
        return self.axes * np.array(self.spacing)

    def world(self, index: Sequence[float]) -> tuple[float, ...]:
        """Return the point of a continuous index (x, y[, z])."""
        return tuple((self.steps @ np.array(index, float) + self.origin).tolist())

    @property
    def middle(self) -> tuple[float, ...]:
        """Return the point in the middle of all voxels."""
        return self.world([(n - 1) / 2 for n in self.size])

    def place(self, image: sitk.Image) -> sitk.Image:
        """Put an image of that size on the grid."""
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)
        return image


def refuse_outside(start: Sequence[int], size: Sequence[int], image: sitk.Image) -> None:
    """Raise Refused when a box (first voxel and number of voxels along x, y, z) does not lie inside an image."""
    available = (*image.GetSize(), 1)[:3]
    if any(a < 0 or n < 1 or a + n > total for a, n, total in zip(start, size, available, strict=True)):
        raise Refused(
            tr(
                "A box of {size} voxels from voxel {start} does not lie inside this image of {available} voxels.",
                size=times(size),
                start=", ".join(map(str, start)),
                available=times(available),
            )
        )


def refuse_huge(size: Sequence[int], image: sitk.Image) -> None:
    """Raise Refused when an image of a size, with pixels like those of another, would not fit in half the memory."""
    needed = math.prod(size) * view(image).dtype.itemsize * image.GetNumberOfComponentsPerPixel()
    if needed > _memory_bytes() / 2:
        raise Refused(
            tr(
                "An image of {size} voxels would need {gigabytes:.1f} GB, more than half of the "
                "memory of this computer. Choose fewer voxels.",
                size=times(size),
                gigabytes=needed / 2**30,
            )
        )


def _memory_bytes() -> float:
    """Return the memory of the computer, or 8 GB where it cannot be asked."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE")) * float(os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return 8.0 * 2**30


def times(values: Sequence[int]) -> str:
    """Return numbers as people write a size."""
    return " × ".join(str(value) for value in values)
