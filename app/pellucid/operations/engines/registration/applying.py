"""Transforms and images: landmarks of an image as points, a transform for the grid of a fixed image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.landmark_fits import Kind, fit
from pellucid.operations.engines.registration.splitting import Domain
from pellucid.operations.pixels import Array


def landmark_transform(
    kind: Kind, fixed_points: Array, moving_points: Array, fixed: sitk.Image, moving: sitk.Image,
    check: Callable[[], None] = lambda: None,
) -> sitk.Transform:  # fmt: skip
    """Return the transform that landmarks say; a spline holds on the grid of the fixed image.

    Single slices of volumes go into the plane of each other.
    """
    planar = fixed.GetDimension() == 2
    flat = not planar and fixed.GetSize()[2] == 1 and moving.GetSize()[2] == 1
    normals = (_normal(fixed), _normal(moving)) if flat else None
    return fit(kind, fixed_points, moving_points, planar, domain=grid_domain(fixed), normals=normals, check=check)


def _normal(image: sitk.Image) -> Array:
    axes = np.reshape(image.GetDirection(), (3, 3))
    normal = np.cross(axes[:, 0], axes[:, 1])
    return np.asarray(normal / np.linalg.norm(normal))


def grid_domain(image: sitk.Image) -> Domain:
    """Return the box that the voxels of an image fill."""
    n = image.GetDimension()
    axes, origin, spacing, lengths = np.eye(3), np.zeros(3), np.ones(3), np.zeros(3)
    axes[:n, :n] = np.reshape(image.GetDirection(), (n, n))
    spacing[:n] = image.GetSpacing()
    origin[:n] = image.TransformContinuousIndexToPhysicalPoint([-0.5] * n)
    lengths[:n] = np.array(image.GetSize()) * spacing[:n]
    return Domain(origin, axes, lengths, spacing)
