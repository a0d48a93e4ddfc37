"""Transforms and images: landmarks of an image as points, a transform for the grid of a fixed image."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.frames import affine_of, in_space, matrix_of, named
from pellucid.operations.engines.registration.landmark_fits import Kind, fit
from pellucid.operations.engines.registration.splitting import Domain
from pellucid.operations.pixels import Array, view
from pellucid.operations.plain import on_grid_of


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


def in_plane(image: sitk.Image, like: sitk.Image, transform: sitk.Transform) -> tuple[sitk.Image, sitk.Image]:
    """Return an image and a grid in the dimensions of a transform: single slices become pictures.

    Raises ValueError where they do not fit, or do not lie in the plane of x and y.
    """
    n = transform.GetDimension()
    both = (image, like)
    if all(one.GetDimension() == n for one in both):
        return both
    if n != 2 or not all(one.GetSize()[2:] == (1,) and abs(one.GetDirection()[8]) > 1 - 1e-6 for one in both):
        raise ValueError(n)
    return image[:, :, 0], like[:, :, 0]


def on_slice_of(made: sitk.Image, like: sitk.Image) -> sitk.Image:
    """Return a picture as the single slice it was made for."""
    return made if made.GetDimension() == like.GetDimension() else on_grid_of(view(made), like)


def flattened(transform: sitk.Transform) -> sitk.Transform:
    """Return a transform of single slices in the plane of x and y as one of two dimensions."""
    one = transform.Downcast()
    if isinstance(one, sitk.CompositeTransform):
        parts = [one.GetNthTransform(n) for n in range(one.GetNumberOfTransforms())]
        return sitk.CompositeTransform([flattened(part) for part in parts])
    if one.IsLinear():
        matrix = matrix_of(one)[np.ix_([0, 1, 3], [0, 1, 3])]
        centre = getattr(one, "GetCenter", lambda: (0.0, 0.0))()[:2]
        return named(matrix, np.array(centre))
    field = sitk.DisplacementFieldTransform(one).GetDisplacementField()
    middle = field[:, :, field.GetSize()[2] // 2]
    vectors = sitk.GetImageFromArray(np.ascontiguousarray(sitk.GetArrayFromImage(middle)[..., :2]), isVector=True)
    vectors.CopyInformation(middle)
    return sitk.DisplacementFieldTransform(vectors)


def lifted(transform: sitk.Transform) -> sitk.Transform:
    """Return a linear transform of pictures as one of single slices; raises ValueError for one that bends."""
    if not transform.IsLinear():
        raise ValueError(transform.GetName())
    return affine_of(in_space(matrix_of(transform)))
