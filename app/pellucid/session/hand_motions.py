"""A motion of the common world on top of a placement: what it makes of transforms, warps and drawings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.placement import Placement
from pellucid.model.shapes import vector
from pellucid.model.warps import Warp
from pellucid.session.placements import affine_of, linear_placement

if TYPE_CHECKING:
    import SimpleITK as sitk


def moved(before: Placement | None, motion: Floats, onto: Geometry, *, planar: bool) -> Placement:
    """Return where a layer lies after a linear motion (4 × 4) of the common world took it from where it was.

    The layer at q is what was at motion⁻¹(q): own = matrix · motion⁻¹ · warp′(q), where warp′ is the warp carried
    along, motion · warp · motion⁻¹. So the motion comes after everything the placement did before.
    """
    back = inverse(motion)
    title = tr("By hand")
    if before is None or before.warp is None:
        matrix: Floats = back if before is None else before.matrix @ back
        return linear_placement(matrix, onto, title, planar=planar)
    transform = _behind(before.transform, back)
    return Placement(transform, before.matrix @ back, onto, _carried(before.warp, motion), before.title or title)


def carried(annotation: Annotation, motion: Floats) -> Annotation:
    """Return an annotation that goes along with a motion of the common world: no placement need be asked for it."""
    linear = motion[:3, :3]
    right = linear @ np.array(annotation.right)
    right = right / np.linalg.norm(right)
    down = linear @ np.array(annotation.down)
    down = down - (down @ right) * right
    down = down / np.linalg.norm(down)
    side = np.sign(np.cross(annotation.right, annotation.down) @ np.array(annotation.normal)) or 1.0
    points = np.array(annotation.points) @ linear.T + motion[:3, 3]
    return replace(annotation, points=tuple(vector(point) for point in points), right=vector(right),
                   down=vector(down), normal=vector(side * np.cross(right, down)))  # fmt: skip


def _carried(warp: Warp, motion: Floats) -> Warp:
    """Return a warp taken along by a motion: its grid lies where the motion brings it, what it does is turned."""
    grid, linear = warp.grid, motion[:3, :3]
    steps = linear @ grid.axes
    scales = np.linalg.norm(steps, axis=0)
    x, y, z = (float(n) for n in linear @ np.array(grid.origin) + motion[:3, 3])
    spacing = [float(n) for n in np.array(grid.spacing) * scales]
    direction = tuple(float(n) for n in (steps / scales).ravel())
    there = replace(grid, origin=(x, y, z), spacing=tuple(spacing), direction=direction)  # type: ignore[arg-type]
    if np.allclose(linear, np.eye(3), rtol=0, atol=1e-12):
        return Warp(there, warp.displacement, warp.continues, warp.error)
    turned = np.empty_like(warp.displacement)
    np.matmul(warp.displacement, linear.T.astype(np.float32), out=turned)
    return Warp(there, turned, warp.continues, warp.error)


def _behind(transform: sitk.Transform, back: Floats) -> sitk.Transform:
    """Return a transform that first takes points back by a matrix; matrices that follow each other become one."""
    import SimpleITK as sitk

    parts = [transform.Downcast()]
    if isinstance(parts[0], sitk.CompositeTransform):
        whole = sitk.CompositeTransform(parts[0])
        whole.FlattenTransform()
        parts = [whole.GetNthTransform(k) for k in range(whole.GetNumberOfTransforms())]
    if len(parts) > 1 and parts[-1].IsLinear():
        from pellucid.operations.engines.registration.splitting import linear_matrix

        back = linear_matrix(parts.pop()) @ back
    return sitk.CompositeTransform([*parts, affine_of(back, planar=transform.GetDimension() == 2)])


def inverse(matrix: Floats) -> Floats:
    """Return the inverse of a 4 × 4 matrix."""
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
