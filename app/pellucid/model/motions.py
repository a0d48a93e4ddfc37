"""How a placement moves a layer, in numbers that people read and type: shift, angles, scales and shears about a centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pellucid.language import tr
from pellucid.model.geometry import Floats, Geometry, Vector
from pellucid.model.placement import Placement

_NOTHING = 0.005
"""Shares and degrees below which nothing is said."""


@dataclass(frozen=True)
class Motion:
    """Takes the point p of a layer's own world to centre + R · U · (p − centre) + shift (LPS, mm).

    R turns by ``angles`` in degrees about the axes x, y and z as ITK's Euler3DTransform does (Z · X · Y); U scales
    along the axes by ``scales`` and shears by ``shears`` (xy, xz, yz). A mirrored layer has a negative last scale.
    """

    centre: Vector
    shift: Vector = (0.0, 0.0, 0.0)
    angles: Vector = (0.0, 0.0, 0.0)
    scales: Vector = (1.0, 1.0, 1.0)
    shears: Vector = (0.0, 0.0, 0.0)

    @property
    def matrix(self) -> Floats:
        """Return the 4 × 4 matrix of a placement that moves a layer so: from the common world to its own."""
        turned = _rotation(np.radians(self.angles)) @ _stretch(self.scales, self.shears)
        forward = np.eye(4)
        forward[:3, :3] = turned
        forward[:3, 3] = np.array(self.centre) + np.array(self.shift) - turned @ np.array(self.centre)
        return np.asarray(np.linalg.inv(forward))


def motion_of(matrix: Floats, centre: ArrayLike) -> Motion:
    """Return the motion of a layer by the 4 × 4 matrix of its placement, about a centre in its own world."""
    forward = np.linalg.inv(matrix)
    middle = np.asarray(centre, dtype=np.float64)
    turned, upper = np.linalg.qr(forward[:3, :3])
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    turned, upper = turned * signs, upper * signs[:, None]
    if np.linalg.det(turned) < 0:
        turned, upper = turned * (1, 1, -1), upper * np.array([[1], [1], [-1]])
    scales = np.diag(upper)
    shears = (upper[0, 1] / scales[1], upper[0, 2] / scales[2], upper[1, 2] / scales[2])
    shift = forward[:3, :3] @ middle + forward[:3, 3] - middle
    return Motion(_vector(middle), _vector(shift), _vector(np.degrees(_angles(turned))), _vector(scales),
                  _vector(shears))  # fmt: skip


def _stretch(scales: Vector, shears: Vector) -> Floats:
    xy, xz, yz = shears
    return np.array([[1.0, xy, xz], [0.0, 1.0, yz], [0.0, 0.0, 1.0]]) * np.array(scales)


def _rotation(angles: Floats) -> Floats:
    (cx, cy, cz), (sx, sy, sz) = np.cos(angles), np.sin(angles)
    about_x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)


def _angles(turned: Floats) -> Floats:
    """Return the angles about x, y and z of a rotation Z · X · Y; at ±90° about x those of y are taken as 0."""
    x = float(np.arcsin(np.clip(turned[2, 1], -1, 1)))
    if abs(np.cos(x)) > 1e-9:
        y = np.arctan2(-turned[2, 0], turned[2, 2])
        z = np.arctan2(-turned[0, 1], turned[1, 1])
    else:
        y, z = 0.0, np.arctan2(turned[1, 0], turned[0, 0])
    return np.array([x, y, z], dtype=np.float64)


def _vector(values: ArrayLike) -> Vector:
    x, y, z = (float(n) + 0.0 for n in np.asarray(values))
    return x, y, z


def turned_by(matrix: Floats) -> float:
    """Return by how many degrees a 4 × 4 matrix turns, stretching left aside."""
    left, _sizes, right = np.linalg.svd(matrix[:3, :3])
    nearest = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
    return float(np.degrees(np.arccos(np.clip((np.trace(nearest) - 1) / 2, -1, 1))))


def described(placement: Placement, own: Geometry) -> str:
    """Return in words what a placement does to a layer on the grid ``own``: ``moved 5.2 mm, turned 3.1°``."""
    unit = "mm" if own.has_lengths and placement.onto.has_lengths else tr("px")
    middle = own.centre()
    straight = np.linalg.inv(placement.matrix)
    moved = float(np.linalg.norm(straight[:3, :3] @ middle + straight[:3, 3] - middle))
    said = [tr("moved {length} {unit}", length=_short(moved), unit=unit)]
    turned = turned_by(placement.matrix)
    if turned >= _NOTHING:
        said.append(tr("turned {angle}°", angle=_short(turned)))
    scale = float(abs(np.linalg.det(straight[:3, :3]))) ** (1 / 3)
    sizes = np.linalg.svd(straight[:3, :3], compute_uv=False)
    if sizes[0] / sizes[-1] > 1 + _NOTHING:
        said.append(tr("stretched {least} to {most}×", least=f"{sizes[-1]:.3g}", most=f"{sizes[0]:.3g}"))
    elif abs(scale - 1) > _NOTHING:
        said.append(tr("scaled {scale}×", scale=f"{scale:.3g}"))
    if placement.warp is not None:
        said.append(tr("bent up to {length} {unit}", length=_short(placement.warp.reach), unit=unit))
    return ", ".join(said)


def _short(value: float) -> str:
    return f"{value:.1f}" if value >= 0.1 else f"{value:.2f}"
