"""From a transform to the placement of a layer: where operations and the model meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.placement import Placement
from pellucid.model.planes import outer_corners
from pellucid.model.warps import Warp

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.operations.engines.registration.splitting import Domain


def placement_of(transform: sitk.Transform, onto: Geometry, own: Geometry, title: str = "") -> Placement:
    """Return the placement of a layer on the grid ``own`` by a transform to it from the world of the grid ``onto``.

    Of a transform that bends the displacements are sampled where both images are, which takes up to some seconds:
    call it in a job.
    """
    import SimpleITK as sitk

    from pellucid.operations.engines.registration import splitting

    kept = sitk.Transform(transform)
    if transform.IsLinear():
        return Placement(kept, splitting.linear_matrix(transform), onto, None, title)
    inside = box_around(outer_corners(onto), onto)
    matrix = splitting.fitted_matrix(transform, inside)
    inverse = np.linalg.inv(matrix)
    placed = outer_corners(own) @ inverse[:3, :3].T + inverse[:3, 3]
    both = box_around(np.vstack([outer_corners(onto), placed]), onto)
    found = splitting.bend(transform, matrix, both, inside)
    depth, height, width = found.displacement.shape[:3]
    grid = Geometry((width, height, depth), found.spacing, found.origin, _direction(found.axes))
    return Placement(kept, matrix, onto, Warp(grid, found.displacement, continues=True, error=found.error), title)


def linear_placement(matrix: Floats, onto: Geometry, title: str = "", *, planar: bool = False) -> Placement:
    """Return the placement by a 4 × 4 matrix from points of the common world to the layer's own (LPS, mm).

    ``planar`` makes its transform one of two dimensions, for pictures.
    """
    import SimpleITK as sitk

    n = 2 if planar else 3
    transform = sitk.AffineTransform(n)
    transform.SetMatrix(matrix[:n, :n].ravel().tolist())
    transform.SetTranslation(matrix[:n, 3].tolist())
    return Placement(transform, np.array(matrix, dtype=np.float64), onto, None, title)


def box_around(corners: Floats, onto: Geometry) -> Domain:
    """Return the smallest box along the axes of a grid that holds some points, and how far apart to look in it."""
    from pellucid.operations.engines.registration.splitting import Domain

    axes, _ = np.linalg.qr(onto.axes)
    axes = axes * np.sign(np.einsum("ij,ij->j", axes, onto.axes))
    along = corners @ axes
    low, high = along.min(axis=0), along.max(axis=0)
    return Domain(axes @ low, axes, high - low, np.array(onto.spacing))


def _direction(axes: Floats) -> tuple[float, float, float, float, float, float, float, float, float]:
    a, b, c, d, e, f, g, h, i = (float(n) for n in axes.ravel())
    return a, b, c, d, e, f, g, h, i
