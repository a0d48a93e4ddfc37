"""Grids and transforms in a world of another measure: one whose unit is the size of the fixed image.

Optimisers look at turns, shears and shifts as numbers of one list. In a world where the fixed image has a radius of
about one around the origin they are of one size, so every optimiser works without scales, for a head as for a cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.pixels import Array

_ALMOST = 1e-6


def homogeneous(linear: Array, shift: Array) -> Array:
    """Return the (n + 1) × (n + 1) matrix of a linear map and a shift."""
    n = len(shift)
    matrix = np.eye(n + 1)
    matrix[:n, :n], matrix[:n, n] = linear, shift
    return matrix


def axes(image: sitk.Image) -> Array:
    """Return the directions of an image as columns."""
    n = image.GetDimension()
    return np.array(image.GetDirection(), dtype=np.float64).reshape(n, n)


def moved(image: sitk.Image, matrix: Array) -> sitk.Image:
    """Return the same voxels on a grid that a matrix moved; the directions keep a length of one."""
    n = image.GetDimension()
    steps = matrix[:n, :n] @ axes(image) * np.array(image.GetSpacing())
    lengths = np.linalg.norm(steps, axis=0)
    result = sitk.Image(image)
    result.SetOrigin((matrix[:n, :n] @ np.array(image.GetOrigin()) + matrix[:n, n]).tolist())
    result.SetSpacing(lengths.tolist())
    result.SetDirection((steps / lengths).ravel().tolist())
    return result


def affine_of(matrix: Array) -> sitk.AffineTransform:
    """Return a matrix as an affine transform."""
    n = len(matrix) - 1
    transform = sitk.AffineTransform(n)
    transform.SetMatrix(matrix[:n, :n].ravel().tolist())
    transform.SetTranslation(matrix[:n, n].tolist())
    return transform


def matrix_of(transform: sitk.Transform, reach: float = 1.0) -> Array:
    """Return the (n + 1) × (n + 1) matrix of a linear transform.

    It is read off at points so far from the origin: of shifts that are large, points far away lose fewer digits.
    """
    n = transform.GetDimension()
    shift = np.array(transform.TransformPoint([0.0] * n))
    columns = [(np.array(transform.TransformPoint(far.tolist())) - shift) / reach for far in np.eye(n) * reach]
    return homogeneous(np.stack(columns, axis=1), shift)


def in_space(matrix: Array) -> Array:
    """Return a matrix of the plane as the 4 × 4 one that leaves z alone, one of space as it is."""
    if len(matrix) == 4:
        return matrix
    lifted = np.eye(4)
    lifted[np.ix_([0, 1, 3], [0, 1, 3])] = matrix
    return lifted


def is_similar(matrix: Array) -> bool:
    """Return whether a matrix turns, shifts and scales, and nothing else."""
    n = len(matrix) - 1
    size = abs(np.linalg.det(matrix[:n, :n])) ** (1 / n)
    part = matrix[:n, :n] / size
    return bool(np.linalg.det(part) > 0 and np.allclose(part @ part.T, np.eye(n), atol=_ALMOST))


def named(matrix: Array, centre: Array) -> sitk.Transform:
    """Return a matrix as the simplest transform that can say it, turning about a centre."""
    n = len(matrix) - 1
    linear = matrix[:n, :n]
    if np.allclose(linear, np.eye(n), atol=_ALMOST):
        return sitk.TranslationTransform(n, matrix[:n, n].tolist())
    if not is_similar(matrix):
        transform: Any = sitk.AffineTransform(n)
    elif abs(np.linalg.det(linear) - 1) < _ALMOST:
        transform = sitk.Euler3DTransform() if n == 3 else sitk.Euler2DTransform()
        linear = nearest_rotation(linear)
    else:
        transform = sitk.Similarity3DTransform() if n == 3 else sitk.Similarity2DTransform()
        linear = nearest_rotation(linear) * np.linalg.det(linear) ** (1 / n)
    transform.SetCenter(centre.tolist())
    transform.SetMatrix(linear.ravel().tolist())
    transform.SetTranslation((matrix[:n, n] - centre + linear @ centre).tolist())
    return transform


def nearest_rotation(linear: Array) -> Array:
    """Return the rotation nearest to a matrix."""
    left, _, right = np.linalg.svd(linear)
    turn = np.eye(len(linear))
    turn[-1, -1] = np.linalg.det(left @ right)
    return np.asarray(left @ turn @ right)


def moved_bend(transform: sitk.Transform, matrix: Array) -> sitk.Transform:
    """Return a B-spline or a displacement field in the world that a similarity makes of its own."""
    n = transform.GetDimension()
    if transform.GetTransformEnum() == sitk.sitkBSplineTransform:
        spline = sitk.BSplineTransform(transform)
        parts = [moved(image, matrix) for image in spline.GetCoefficientImages()]
        arrays = np.stack([sitk.GetArrayFromImage(image) for image in parts], -1) @ matrix[:n, :n].T
        for axis, image in enumerate(parts):
            changed = sitk.GetImageFromArray(np.ascontiguousarray(arrays[..., axis]))
            changed.CopyInformation(image)
            parts[axis] = changed
        return sitk.BSplineTransform(parts, spline.GetOrder())
    field = moved(sitk.DisplacementFieldTransform(transform).GetDisplacementField(), matrix)
    vectors = sitk.GetArrayFromImage(field) @ matrix[:n, :n].T
    result = sitk.GetImageFromArray(np.ascontiguousarray(vectors), isVector=True)
    result.CopyInformation(field)
    return sitk.DisplacementFieldTransform(result)
