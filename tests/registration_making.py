"""Images whose registration is known because both are computed from one formula, at places a transform apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

Points = NDArray[np.float64]


def blobs(points: Points, seed: int = 3, spread: float = 20.0, count: int = 14) -> NDArray[np.float64]:
    """Return a sum of Gaussians without symmetry at points (…, n); it ends some way from the origin."""
    rng = np.random.default_rng(seed)
    n = points.shape[-1]
    values = np.zeros(points.shape[:-1])
    for _ in range(count):
        centre = rng.normal(0, 0.45 * spread, n)
        width = rng.uniform(0.12, 0.3) * spread
        values += rng.uniform(0.4, 1.5) * np.exp(-((points - centre) ** 2).sum(-1) / (2 * width**2))
    return 100 * values


def grid(
    size: tuple[int, ...], spacing: tuple[float, ...], turn: float = 0.0, centre: tuple[float, ...] | None = None
) -> sitk.Image:
    """Return an empty image whose middle lies at a place, turned by degrees about the last axis (and the first)."""
    n = len(size)
    angle = np.radians(turn)
    directions = np.eye(n)
    directions[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    if n == 3:
        tilt = np.eye(3)
        tilt[1:, 1:] = directions[:2, :2]
        directions = directions @ tilt
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing(spacing)
    image.SetDirection(directions.ravel().tolist())
    middle = directions @ ((np.array(size) - 1) / 2 * np.array(spacing))
    image.SetOrigin((np.array(centre or (0.0,) * n) - middle).tolist())
    return image


def points_of(image: sitk.Image) -> Points:
    """Return the places (…, n) of all voxels."""
    n = image.GetDimension()
    index = np.stack(np.meshgrid(*(np.arange(k) for k in image.GetSize()[::-1]), indexing="ij")[::-1], -1)
    steps = np.array(image.GetDirection()).reshape(n, n) * np.array(image.GetSpacing())
    return np.asarray(index @ steps.T + np.array(image.GetOrigin()))


def filled(image: sitk.Image, values: NDArray[Any], *, is_vector: bool = False) -> sitk.Image:
    """Return values on the grid of an image."""
    result = sitk.GetImageFromArray(np.ascontiguousarray(values), isVector=is_vector)
    result.CopyInformation(image)
    return result


def matrix(n: int, degrees: float = 0.0, shift: float = 0.0, size: float = 1.0, shear: float = 0.0) -> Points:
    """Return a homogeneous matrix about the origin."""
    angle = np.radians(degrees)
    known = np.eye(n + 1)
    known[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    if n == 3:
        tilt = np.eye(4)
        tilt[1:3, 1:3] = known[:2, :2]
        known = known @ tilt
    known[:n, :n] *= size
    known[0, 1] += shear
    known[:n, n] = shift * np.array([1.0, -0.7, 0.5])[:n]
    return known


def pair(
    known: Points, fixed: sitk.Image, moving: sitk.Image, spread: float = 20.0, noise: float = 0.0
) -> tuple[sitk.Image, sitk.Image]:
    """Return images on two grids: a matrix takes what is at a point of the first to the same in the second."""
    n = len(known) - 1
    back = np.linalg.inv(known)
    there = points_of(moving) @ back[:n, :n].T + back[:n, n]
    rng = np.random.default_rng(0)
    values = [blobs(points_of(fixed), spread=spread), blobs(there, spread=spread)]
    first, second = (one + rng.normal(0, noise, one.shape) if noise else one for one in values)
    return filled(fixed, first.astype(np.float32)), filled(moving, second.astype(np.float32))


def away(found: sitk.Transform, known: Points, spread: float = 20.0) -> float:
    """Return the root of the mean squared distance of where both take points of the blobs."""
    n = found.GetDimension()
    points = np.random.default_rng(1).normal(0, 0.5 * spread, (100, n))
    there = points @ known[:n, :n].T + known[:n, n]
    gap = np.array([found.TransformPoint(point) for point in points.tolist()]) - there
    return float(np.sqrt((gap**2).sum(axis=1).mean()))
