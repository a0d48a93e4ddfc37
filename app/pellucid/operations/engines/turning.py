"""Rotation about an axis through the middle of an image, and the grid that holds all of what was turned."""

from __future__ import annotations

import math

import numpy as np
import SimpleITK as sitk

_PATIENT = {"left": (1.0, 0.0, 0.0), "back": (0.0, 1.0, 0.0), "head": (0.0, 0.0, 1.0)}


def turning(image: sitk.Image, axis: str, degrees: float) -> sitk.Transform:
    """Return the transform from places in the turned picture to those in an image."""
    middle = image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()])
    angle = -math.radians(degrees)
    if image.GetDimension() == 2:
        return sitk.Euler2DTransform(middle, angle)
    axes = np.reshape(image.GetDirection(), (3, 3))
    about = _PATIENT[axis] if axis in _PATIENT else axes[:, "xyz".index(axis)].tolist()
    return sitk.VersorTransform(about, angle, middle)


def grown(image: sitk.Image, transform: sitk.Transform) -> sitk.Image:
    """Return an empty image with the middle, spacing and directions of another that holds all of it when turned."""
    size = np.array(image.GetSize())
    back = transform.GetInverse()
    middle = (size - 1) / 2
    bits = np.array([[n >> axis & 1 for axis in range(len(size))] for n in range(1 << len(size))])
    corners = [image.TransformContinuousIndexToPhysicalPoint((one * size - 0.5).tolist()) for one in bits]
    reached = [image.TransformPhysicalPointToContinuousIndex(back.TransformPoint(one)) for one in corners]
    half = np.abs(np.array(reached) - middle).max(axis=0)
    wanted = np.maximum(1, np.ceil(2 * half - 1e-6)).astype(int)
    made = sitk.Image(wanted.tolist(), sitk.sitkUInt8)
    made.SetSpacing(image.GetSpacing())
    made.SetDirection(image.GetDirection())
    made.SetOrigin(image.TransformContinuousIndexToPhysicalPoint((middle - (wanted - 1) / 2).tolist()))
    return made
