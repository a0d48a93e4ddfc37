"""From an affine or loose header fields to a Geometry, with every number checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Floats, Geometry

MOST_VOXELS_PER_AXIS = 1 << 24
LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0])


def checked_size(path: Path, size: Sequence[int]) -> tuple[int, int, int]:
    """Return the size as three numbers; refuse sizes below 1 or absurdly large ones."""
    x, y, z = (*(int(n) for n in size), 1, 1, 1)[:3]
    full = (x, y, z)
    if any(n < 1 or n > MOST_VOXELS_PER_AXIS for n in full):
        shown = " × ".join(str(n) for n in size)
        raise Refused(
            tr(
                "{name} declares a size of {shown} voxels, which no image has. Its header is damaged.",
                name=path.name,
                shown=shown,
            )
        )
    return full


def from_columns(
    path: Path, size: Sequence[int], columns: ArrayLike, origin: ArrayLike, *, oriented: bool = True
) -> Geometry:
    """Return the grid whose voxel axes step by ``columns`` (3×3, mm, LPS) from ``origin``.

    A column of zeros or NaN means that the spacing along this axis is unknown: it becomes 1 px, perpendicular
    to the others. Lengths of columns are the spacing; columns that are not perpendicular are kept.
    """
    matrix = np.array(columns, dtype=np.float64).reshape(3, 3)
    point = np.array(origin, dtype=np.float64).reshape(3)
    lengths = np.linalg.norm(matrix, axis=0)
    known = np.isfinite(lengths) & (lengths > 1e-12)
    spacing = np.where(known, lengths, 1.0)
    axes = np.where(known, matrix / spacing, 0.0)
    for axis in np.flatnonzero(~known):
        axes[:, axis] = _perpendicular(axes, int(axis))
    if not np.isfinite(point).all() or abs(np.linalg.det(axes)) < 1e-6:
        raise Refused(
            tr(
                "{name} states a position or orientation that is not a grid in space; its header is damaged.",
                name=path.name,
            )
        )
    full = checked_size(path, size)
    a, b, c = (float(v) for v in spacing)
    return Geometry(
        full,
        (a, b, c),
        (float(point[0]), float(point[1]), float(point[2])),
        tuple(float(v) for v in axes.ravel()),  # type: ignore[arg-type]
        known_spacing=(bool(known[0]), bool(known[1]), bool(known[2])),
        oriented=oriented,
    )


def from_spacing(path: Path, size: Sequence[int], spacing: Sequence[float | None]) -> Geometry:
    """Return a grid with a spacing per axis (None where unknown) and nothing known of the patient."""
    steps = [s if s is not None and np.isfinite(s) and s > 0 else 0.0 for s in (*spacing, None, None, None)[:3]]
    return from_columns(path, size, np.diag(steps), (0.0, 0.0, 0.0), oriented=False)


def _perpendicular(axes: Floats, axis: int) -> Floats:
    one, two = axes[:, (axis + 1) % 3], axes[:, (axis + 2) % 3]
    cross = np.cross(one, two)
    if np.linalg.norm(cross) > 1e-6:
        return np.asarray(cross / np.linalg.norm(cross))
    taken = [column for column in (one, two) if column.any()]
    for candidate in np.roll(np.eye(3), -axis, axis=0):
        rest = candidate - sum((np.dot(candidate, t) * t for t in taken), np.zeros(3))
        if np.linalg.norm(rest) > 0.5:
            return np.asarray(rest / np.linalg.norm(rest))
    raise AssertionError("three candidates cannot all lie along two directions")
