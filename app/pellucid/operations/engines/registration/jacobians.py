"""How a transform stretches space: its displacements on a grid, slice by slice, and the Jacobian determinant there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.splitting import linear_matrix
from pellucid.operations.pixels import Array

_INWARDS = 1e-4
"""Share of a voxel that the border of a grid is drawn in: rounding would take it out of the domain of a transform."""
SHARES = (1, 50, 99)
"""The percentiles that are told."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Where the voxels of a grid lie: ``shape`` (z, y, x), unit ``axes`` as columns, ``spacing`` (x, y, z) in mm.

    ``origins`` (n, 3) are the places of the first voxel of every slice, which need not be evenly far apart.
    """

    shape: tuple[int, int, int]
    axes: Array
    spacing: tuple[float, float, float]
    origins: Array

    @property
    def depths(self) -> Array:
        """Return the distance of every slice from the first along the z axis."""
        return np.asarray((self.origins - self.origins[0]) @ np.linalg.inv(self.axes)[2])

    def points(self, k: int) -> Array:
        """Return the places (y, x, 3) of the voxels of a slice."""
        across = np.arange(self.shape[2])[:, None] * (self.axes[:, 0] * self.spacing[0])
        down = np.arange(self.shape[1])[:, None] * (self.axes[:, 1] * self.spacing[1])
        return np.asarray(self.origins[k] + down[:, None, :] + across[None, :, :])


def lattice_of(image: sitk.Image) -> Lattice:
    """Return where the voxels of an image lie; a planar one is a single slice."""
    count, size = image.GetDimension(), (*image.GetSize(), 1)[:3]
    axes, origin, spacing = np.eye(3), np.zeros(3), np.ones(3)
    axes[:count, :count] = np.reshape(image.GetDirection(), (count, count))
    origin[:count], spacing[:count] = image.GetOrigin(), image.GetSpacing()
    origins = origin + np.arange(size[2])[:, None] * (axes[:, 2] * spacing[2])
    x, y, z = (float(n) for n in spacing)
    return Lattice((size[2], size[1], size[0]), axes, (x, y, z), origins)


def displacements(transform: sitk.Transform, lattice: Lattice, context: Context) -> Iterator[Array]:
    """Yield transform(p) − p in mm, (y, x, 3), for one slice after the other.

    The outermost places of a transform that bends are taken a little within the grid: exactly on it a B-spline may
    already have ended, with a jump that would look like a fold.
    """
    if transform.IsLinear():
        yield from _linear(transform, lattice, context)
        return
    n, (depth, height, width) = transform.GetDimension(), lattice.shape
    sides = [count > 1 for count in (width, height, depth)]
    inwards = np.where(sides, _INWARDS, 0.0) * lattice.spacing
    shrunk = [step * (1 - 2 * _INWARDS / (count - 1)) if count > 1 else step
              for step, count in zip(lattice.spacing, (width, height, depth), strict=True)]  # fmt: skip
    maker = sitk.TransformToDisplacementFieldFilter()
    maker.SetOutputPixelType(sitk.sitkVectorFloat64)
    maker.SetSize((width, height, 1)[:n])
    maker.SetOutputSpacing(shrunk[:n])
    maker.SetOutputDirection(lattice.axes[:n, :n].ravel().tolist())
    for k, first in enumerate(lattice.origins):
        along = np.array([1.0, 1.0, (k == 0) - float(k == depth - 1)])
        origin = first + lattice.axes @ (inwards * along)
        maker.SetOutputOrigin(origin[:n].tolist())
        moved = np.zeros((height, width, 3))
        part = context.part(k / len(lattice.origins), (k + 1) / len(lattice.origins))
        field = part.execute(maker, transform)  # a view does not keep it alive
        moved[..., :n] = sitk.GetArrayViewFromImage(field).reshape(height, width, n)
        yield moved


def _linear(transform: sitk.Transform, lattice: Lattice, context: Context) -> Iterator[Array]:
    matrix = linear_matrix(transform)
    for k in range(len(lattice.origins)):
        context.check()
        context.progress(k / len(lattice.origins))
        points = lattice.points(k)
        yield points @ (matrix[:3, :3] - np.eye(3)).T + matrix[:3, 3]


class Determinants:
    """Jacobian determinants of p → p + d(p), by central differences in mm (one-sided at the border of the grid).

    The slices of d are handed to ``take`` in their order; ``values`` (z, y, x) are complete after the last. Along an
    axis of one voxel nothing is stretched. They are exact wherever d is a polynomial of degree two or less on an
    even grid, whatever its directions.
    """

    def __init__(self, lattice: Lattice) -> None:
        self._lattice = lattice
        self._inverse = np.linalg.inv(lattice.axes)
        self._depths = lattice.depths
        self._near: list[Array] = []
        self._count = 0
        self.values = np.empty(lattice.shape, np.float32)

    def take(self, moved: Array) -> None:
        """Take the displacements of the next slice."""
        k, self._count = self._count, self._count + 1
        self._near = [*self._near[-2:], moved]
        if k == 1:
            self._store(0, self._near[0], self._straight(1))
        elif k > 1:
            self._store(k - 1, self._near[1], self._between(k))
        if self._count == len(self.values):
            self._store(k, moved, self._straight(k))

    def _straight(self, k: int) -> Array:
        """Return the slope along z between slice k and the one before."""
        if k == 0:
            return np.zeros_like(self._near[-1])
        return np.asarray((self._near[-1] - self._near[-2]) / (self._depths[k] - self._depths[k - 1]))

    def _between(self, k: int) -> Array:
        """Return the slope along z at slice k − 1, of second order also where slices are unevenly far apart."""
        low, middle, high = self._near
        below, above = self._depths[k - 1] - self._depths[k - 2], self._depths[k] - self._depths[k - 1]
        rise, fall = (high - middle) / above, (middle - low) / below
        return np.asarray((rise * below + fall * above) / (below + above))

    def _store(self, k: int, moved: Array, along_z: Array) -> None:
        width, height = self._lattice.spacing[:2]
        slopes = (_slope(moved, 1, width), _slope(moved, 0, height), along_z)
        rows = [sum(slope * self._inverse[axis, j] for axis, slope in enumerate(slopes)) for j in range(3)]
        a, b, c = (np.asarray(row) + np.eye(3)[j] for j, row in enumerate(rows))  # columns of the matrix
        self.values[k] = (
            a[..., 0] * (b[..., 1] * c[..., 2] - b[..., 2] * c[..., 1])
            - b[..., 0] * (a[..., 1] * c[..., 2] - a[..., 2] * c[..., 1])
            + c[..., 0] * (a[..., 1] * b[..., 2] - a[..., 2] * b[..., 1])
        )


def _slope(values: Array, axis: int, step: float) -> Array:
    if values.shape[axis] < 2:
        return np.zeros_like(values)
    return np.asarray(np.gradient(values, step, axis=axis))


def determinants(transform: sitk.Transform, lattice: Lattice, context: Context) -> Array:
    """Return the Jacobian determinant (z, y, x) of a transform at every voxel of a grid."""
    if transform.IsLinear():
        return np.full(lattice.shape, constant(transform), np.float32)
    found = Determinants(lattice)
    for moved in displacements(transform, lattice, context):
        found.take(moved)
    return found.values


def constant(transform: sitk.Transform) -> float:
    """Return the determinant of a linear transform, the same everywhere."""
    return float(np.linalg.det(linear_matrix(transform)[:3, :3]))


@dataclass(frozen=True)
class Stretch:
    """The determinants of a grid in numbers: extremes, percentiles, and where space is folded (0 or less).

    ``worst`` is the voxel (x, y, z) with the lowest.
    """

    lowest: float
    highest: float
    percentiles: tuple[float, ...]
    folded: int
    voxels: int
    worst: tuple[int, int, int]


def stretch(values: Array) -> Stretch:
    """Return determinants in numbers."""
    k, j, i = (int(n) for n in np.unravel_index(int(np.argmin(values)), values.shape))
    shares = tuple(float(n) for n in np.percentile(values, SHARES))
    folded = int(np.count_nonzero(values <= 0))
    return Stretch(float(values.min()), float(values.max()), shares, folded, values.size, (i, j, k))
