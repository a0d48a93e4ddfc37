"""How far a grid puts the corners of its slices from where their headers say: the check of every geometry (R-02)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

ROUNDING = 0.01
"""A corner this near (mm) to where its header says is there."""
NOTICEABLE = 0.05
"""Beyond this (mm) it is no rounding of a scanner any more."""
_COARSE = 0.1
"""Pixels (mm) of this size and above are those of patients; smaller ones are those of specimens."""


def fineness(geometry: Geometry) -> float:
    """Return by how much tolerances in mm shrink where pixels are so small that they would be whole ones."""
    return min(1.0, min(geometry.spacing[:2]) / _COARSE) if geometry.has_lengths else 1.0


def corner_error(geometry: Geometry, members: Sequence[Member]) -> float:
    """Return the largest distance in mm between a corner pixel of the grid and the place its header states.

    Source: PS3.3 C.7.6.2.1.1, with the vectors as they are stated.
    """
    frames = [member.frame for member in members]
    positions = np.array([frame.position for frame in frames], dtype=np.float64)
    axes = np.array([frame.orientation for frame in frames], dtype=np.float64)
    steps = np.array([frame.spacing or geometry.spacing[1::-1] for frame in frames], dtype=np.float64)
    nx, ny, nz = geometry.size
    worst = 0.0
    for x, y in ((0, 0), (nx - 1, 0), (0, ny - 1), (nx - 1, ny - 1)):
        stated = positions + x * steps[:, 1:] * axes[:, :3] + y * steps[:, :1] * axes[:, 3:]
        index = np.column_stack([np.full(nz, x), np.full(nz, y), np.arange(nz)])
        off = np.linalg.norm(geometry.index_to_world(index) - stated, axis=1)
        worst = max(worst, float(off.max()))
    return worst


def corner_findings(geometry: Geometry, members: Sequence[Member], said: Sequence[Finding]) -> list[Finding]:
    """Say that slices lie elsewhere than the grid puts them, unless it is said already."""
    if any(finding.code in ("not-orthogonal", "sideways") for finding in said):
        return []
    error, fine = corner_error(geometry, members), fineness(geometry)
    if error <= ROUNDING * fine:
        return []
    if error <= NOTICEABLE * fine:
        message = tr("Headers and image differ by up to {error:.2f} mm in place, as scanners round them.", error=error)
        return [Finding("rounded-positions", message, "info")]
    message = tr(
        "Slices are turned, stretched or moved against each other by up to {error:.2f} mm; the volume puts them "
        "on one straight grid.",
        error=error,
    )
    return [Finding("off-grid", message)]
