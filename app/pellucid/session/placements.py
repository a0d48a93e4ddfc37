"""From a transform to the placement of a layer: where operations and the model meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.placement import Placement
from pellucid.model.planes import outer_corners
from pellucid.model.warps import Warp

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.model.layer import Provenance
    from pellucid.operations.engines.registration.splitting import Domain

_CHECKED = 2000


def placement_of(
    transform: sitk.Transform, onto: Geometry, own: Geometry, title: str = "", step: Provenance | None = None
) -> Placement:
    """Return the placement of a layer on the grid ``own`` by a transform to it from the world of the grid ``onto``.

    Of a transform that bends the displacements are sampled where both images are, which takes up to some seconds:
    call it in a job.
    """
    import SimpleITK as sitk

    from pellucid.operations.engines.registration import splitting

    kept = sitk.Transform(transform)
    if transform.IsLinear():
        return Placement(kept, splitting.linear_matrix(transform), onto, None, title, step)
    inside = box_around(outer_corners(onto), onto)
    matrix = splitting.fitted_matrix(transform, inside)
    inverse = np.linalg.inv(matrix)
    placed = outer_corners(own) @ inverse[:3, :3].T + inverse[:3, 3]
    both = box_around(np.vstack([outer_corners(onto), placed]), onto)
    found = splitting.bend(transform, matrix, both, inside)
    depth, height, width = found.displacement.shape[:3]
    grid = Geometry((width, height, depth), found.spacing, found.origin, _direction(found.axes))
    warp = Warp(grid, found.displacement, continues=True, error=found.error)
    return Placement(kept, matrix, onto, warp, title, step)


def linear_placement(
    matrix: Floats, onto: Geometry, title: str = "", *, planar: bool = False, step: Provenance | None = None
) -> Placement:
    """Return the placement by a 4 × 4 matrix from points of the common world to the layer's own (LPS, mm).

    ``planar`` makes its transform one of two dimensions, for pictures.
    """
    matrix = np.array(matrix, dtype=np.float64)
    return Placement(affine_of(matrix, planar=planar), matrix, onto, None, title, step)


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


def affine_of(matrix: Floats, *, planar: bool) -> sitk.AffineTransform:
    """Return a 4 × 4 matrix as a transform, of two dimensions for pictures."""
    from pellucid.operations.engines.registration import frames

    kept = [0, 1, 3] if planar else [0, 1, 2, 3]
    return frames.affine_of(matrix[np.ix_(kept, kept)])


def chained(outer: sitk.Transform, inner: sitk.Transform) -> sitk.Transform:
    """Return the transform that takes a point through ``inner`` and then through ``outer``."""
    import SimpleITK as sitk

    if outer.IsLinear() and inner.IsLinear():
        from pellucid.operations.engines.registration.splitting import linear_matrix

        matrix = linear_matrix(outer) @ linear_matrix(inner)
        return affine_of(matrix, planar=outer.GetDimension() == 2)
    return sitk.CompositeTransform([outer, inner])


def inverse_of(placement: Placement, check: Callable[[], None] = lambda: None) -> tuple[sitk.Transform, float]:
    """Return the transform from the layer's own world to the common one, and its error in mm.

    Of what bends the inverse is sampled where the displacements are; 99 of 100 places come back within the error. Slow
    then: call it in a job.
    """
    planar = placement.transform.GetDimension() == 2
    straight = affine_of(np.asarray(np.linalg.inv(placement.matrix)), planar=planar)
    if placement.warp is None:
        return straight, 0.0
    import SimpleITK as sitk

    field = _inverse_field(placement.warp, check)
    inverse = sitk.CompositeTransform([_field_transform(placement.warp.grid, field, planar=planar), straight])
    return inverse, _error_of(inverse, placement)


def _inverse_field(warp: Warp, check: Callable[[], None]) -> Floats:
    """Return what leads back from every place of the grid of a warp, (z, y, x, 3) in mm."""
    x, y, z = warp.grid.size
    found = np.empty((z, y, x, 3))
    rows, columns = np.meshgrid(np.arange(y), np.arange(x), indexing="ij")
    for n in range(z):
        check()
        index = np.stack([columns, rows, np.full_like(rows, n)], -1).reshape(-1, 3)
        points = warp.grid.index_to_world(index)
        found[n] = (warp.backward(points) - points).reshape(y, x, 3)
    return found


def _field_transform(grid: Geometry, displacement: Floats, *, planar: bool) -> sitk.Transform:
    import SimpleITK as sitk

    n = 2 if planar else 3
    array = displacement[0, ..., :2] if planar else displacement
    image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=True)
    image.SetSpacing(grid.spacing[:n])
    image.SetOrigin(grid.origin[:n])
    image.SetDirection(grid.axes[:n, :n].ravel().tolist())
    return sitk.DisplacementFieldTransform(image)


def _error_of(inverse: sitk.Transform, placement: Placement) -> float:
    """Return the distance that 99 of 100 places of the fixed image, there and back, stay within."""
    from pellucid.operations.engines.registration import splitting

    last = np.array(placement.onto.size) - 1
    points = placement.onto.index_to_world(np.random.default_rng(0).random((_CHECKED, 3)) * last)
    back = splitting.apply(inverse, splitting.apply(placement.transform, points))
    return float(np.percentile(np.linalg.norm(back - points, axis=1), 99))
