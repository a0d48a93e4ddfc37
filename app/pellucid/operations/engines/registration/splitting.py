"""A transform as a matrix and what bends: the matrix is exact where nothing bends, the rest becomes a field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.frames import in_space, matrix_of
from pellucid.operations.pixels import Array

MOST_POINTS = 1_500_000
"""Displacements that are kept for drawing: 18 MB."""
_FIT, _CHECKED = 12, 2000
_FAR = 1000.0


@dataclass(frozen=True)
class Domain:
    """A box of the world in which a transform is looked at; ``axes`` are its directions as columns."""

    origin: Array
    axes: Array
    lengths: Array
    spacing: Array

    def point(self, shares: Array) -> Array:
        """Return the world points (n, 3) at shares (n, 3) of the lengths, from 0 to 1."""
        return np.asarray(self.origin + (shares * self.lengths) @ self.axes.T)


@dataclass(frozen=True, eq=False)
class Bend:
    """Displacements (z, y, x, 3) in mm on a grid, to be made before a matrix; ``error`` in mm was measured."""

    displacement: Array
    origin: tuple[float, float, float]
    spacing: tuple[float, float, float]
    axes: Array
    error: float


def apply(transform: sitk.Transform, points: Array) -> Array:
    """Return where a transform of two or three dimensions takes points (n, 3); z stays in two dimensions."""
    n = transform.GetDimension()
    found = np.array(points, dtype=np.float64)
    for place in found:
        place[:n] = transform.TransformPoint(place[:n].tolist())
    return found


def linear_matrix(transform: sitk.Transform) -> Array:
    """Return the 4 × 4 matrix of a linear transform of two or three dimensions in mm."""
    return in_space(matrix_of(transform, _FAR))


def fitted_matrix(transform: sitk.Transform, domain: Domain) -> Array:
    """Return the 4 × 4 matrix that is nearest to a transform in a domain (least squares)."""
    planar = transform.GetDimension() == 2
    steps = np.linspace(0.0, 1.0, _FIT)
    shares = np.stack(np.meshgrid(steps, steps, [0.0] if planar else steps, indexing="ij"), -1).reshape(-1, 3)
    points = domain.point(shares)
    there = apply(transform, points)
    kept = 2 if planar else 3
    known = np.column_stack([points[:, :kept], np.ones(len(points))])
    solved, *_ = np.linalg.lstsq(known, there[:, :kept], rcond=None)
    matrix = np.eye(4)
    matrix[:kept, :kept], matrix[:kept, 3] = solved[:kept].T, solved[kept]
    return matrix


def bend(transform: sitk.Transform, matrix: Array, domain: Domain, checked: Domain) -> Bend:
    """Return what a transform does beside a matrix, sampled in a domain: matrix⁻¹ · transform(p) − p.

    The samples are as far apart as ``domain.spacing`` or, where those would be too many, as few make them. The error
    is measured in ``checked``: beyond the grid it was made for a transform may end with a jump.
    """
    planar = transform.GetDimension() == 2
    size, spacing = _samples(domain, planar)
    kept = 2 if planar else 3
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, size[:kept], domain.origin[:kept].tolist(), spacing[:kept],
        domain.axes[:kept, :kept].ravel().tolist(),
    )  # fmt: skip
    moved = sitk.GetArrayFromImage(field).reshape(*size[::-1], kept)
    full = np.zeros((*size[::-1], 3))
    full[..., :kept] = moved
    points = _grid_points(domain, size, spacing)
    inverse = np.linalg.inv(matrix)
    there = (points + full) @ inverse[:3, :3].T + inverse[:3, 3]
    parts = np.ascontiguousarray(np.moveaxis(there - points, -1, 0), dtype=np.float32)  # looked up one by one
    if planar:
        parts[2] = 0
    displacement = np.moveaxis(parts, 0, -1)
    x, y, z = (float(n) for n in domain.origin)
    found = Bend(displacement, (x, y, z), (spacing[0], spacing[1], spacing[2]), domain.axes, 0.0)
    error = _error(found, transform, matrix, checked)
    return Bend(displacement, found.origin, found.spacing, domain.axes, error)


def _samples(domain: Domain, planar: bool) -> tuple[list[int], list[float]]:
    dimensions = 2 if planar else 3
    wanted = [float(n) for n in domain.spacing]
    counts = np.ones(3)
    counts[:dimensions] = domain.lengths[:dimensions] / domain.spacing[:dimensions] + 1
    coarser = max(1.0, (float(np.prod(counts)) / MOST_POINTS) ** (1 / dimensions))
    spacing = [step * coarser if axis < dimensions else 1.0 for axis, step in enumerate(wanted)]
    size = [int(np.ceil(domain.lengths[axis] / spacing[axis])) + 1 if axis < dimensions else 1 for axis in range(3)]
    return size, spacing


def _grid_points(domain: Domain, size: Sequence[int], spacing: Sequence[float]) -> Array:
    z, y, x = np.meshgrid(*(np.arange(n) for n in reversed(size)), indexing="ij")
    steps = np.stack([x, y, z], -1) * np.array(spacing)
    return np.asarray(domain.origin + steps @ domain.axes.T)


def _error(found: Bend, transform: sitk.Transform, matrix: Array, checked: Domain) -> float:
    """Return the distance in mm that 99 of 100 places between the samples stay below, sampled against exact."""
    from scipy import ndimage

    planar = transform.GetDimension() == 2
    shares = np.random.default_rng(0).random((_CHECKED, 3))
    if planar:
        shares[:, 2] = 0
    points = checked.point(shares)
    places = ((points - np.array(found.origin)) @ found.axes / found.spacing)[:, ::-1].T
    moved = np.stack([ndimage.map_coordinates(found.displacement[..., c], places, order=1, mode="nearest")
                      for c in range(3)], -1)  # fmt: skip
    there = (points + moved) @ matrix[:3, :3].T + matrix[:3, 3]
    return float(np.percentile(np.linalg.norm(there - apply(transform, points), axis=1), 99))
