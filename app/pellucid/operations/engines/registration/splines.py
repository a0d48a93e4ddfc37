"""B-splines over the fixed image, and the same bend said with a finer mesh."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.plans import Stage
from pellucid.operations.pixels import Array

_LEAST_VOXELS = 3
_MOST_CELLS = 64


def at_level(fixed: sitk.Image, mm: float, stage: Stage, coarser: Any, left: int) -> sitk.BSplineTransform:
    """Return the B-spline a level begins with: flat, or what the level before found; ``left`` levels follow it.

    ``mm`` is the length of the unit in which the fixed image lies.
    """
    mesh = mesh_of(fixed, stage.mesh / mm, left if stage.refine else 0)
    flat = sitk.BSplineTransformInitializer(fixed, mesh, stage.order)
    if coarser is None:
        return flat
    old = list(coarser.GetTransformDomainMeshSize())
    return coarser if old == mesh else refined(coarser, flat)


def mesh_of(fixed: sitk.Image, cell: float, left: int) -> list[int]:
    """Return the number of cells along every axis."""
    cells = []
    for size, spacing in zip(fixed.GetSize(), fixed.GetSpacing(), strict=True):
        most = int(np.clip(size // _LEAST_VOXELS, 1, _MOST_CELLS))
        wanted = int(np.clip(round(size * spacing / cell), 1, most))
        cells.append(max(1, round(wanted / 2**left)))
    return cells


def refined(coarse: sitk.BSplineTransform, fine: sitk.BSplineTransform) -> sitk.BSplineTransform:
    """Return a bend on the mesh of another B-spline: exact where every cell was halved, else nearest to it."""
    order = coarse.GetOrder()
    pairs = zip(coarse.GetTransformDomainMeshSize(), fine.GetTransformDomainMeshSize(), strict=True)
    steps = [_step(few, many, order) for few, many in pairs]
    images = []
    for old, new in zip(coarse.GetCoefficientImages(), fine.GetCoefficientImages(), strict=True):
        values = sitk.GetArrayFromImage(old)
        for axis, step in enumerate(reversed(steps)):
            values = np.moveaxis(np.tensordot(step, values, axes=(1, axis)), 0, axis)
        image = sitk.GetImageFromArray(np.ascontiguousarray(values))
        image.CopyInformation(new)
        images.append(image)
    return sitk.BSplineTransform(images, order)


def _step(few: int, many: int, order: int) -> Array:
    """Return the matrix from the coefficients of one axis on a mesh to those on another."""
    places = np.linspace(0, 1, 8 * max(few, many) + 1)
    return np.asarray(np.linalg.pinv(basis(places, many, order)) @ basis(places, few, order))


def basis(places: Array, cells: int, order: int) -> Array:
    """Return the values of all B-splines of an axis (columns) at places from 0 to 1."""
    from scipy.interpolate import BSpline

    knots = np.arange(-order, cells + order + 1, dtype=np.float64)
    inside = np.clip(places * cells, 0, cells)
    return np.asarray(BSpline.design_matrix(inside, knots, order).toarray())
