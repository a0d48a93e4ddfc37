"""Where the slices of a volume lie: order, spacing, gaps, tilt, and what cannot be known (H01–H07, H43, H45).

Source: PS3.3 C.7.6.2.1.1: pixel (column, row) lies at position + column·Δx·right + row·Δy·down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.corners import corner_findings, fineness
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry, Matrix, Vector

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

JITTER = 0.03
"""Positions this near (mm) to a regular grid are regular: scanners round."""
STRAIGHT = 0.01
"""A drift in the plane below this (mm, over the whole stack) is rounding; above it the shear is kept."""
NOTICEABLE_TILT = 0.05
NOTICEABLE_SKEW = 1e-3
_SIDEWAYS = 0.05
_PROJECTION = frozenset({"CR", "DX", "MG", "XA", "RF", "IO", "PX", "RG"})

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """Members in the order of the slices, on their grid."""

    members: tuple[Member, ...]
    geometry: Geometry
    findings: tuple[Finding, ...]


def place(members: Sequence[Member], stacked: bool = False) -> Placed:
    """Put the frames of one volume in order and find their grid."""
    findings: list[Finding] = []
    planar = _in_plane(members, findings)
    if not members[0].frame.is_placed:
        return _without_positions(members, planar, stacked, findings)
    right, down, normal = _axes(_typical([member.frame.orientation for member in members]), findings)
    positions = np.array([member.frame.position for member in members], dtype=np.float64)
    order = np.argsort(positions @ normal, kind="stable")
    positions = positions[order]
    ordered = tuple(members[k] for k in order)
    step, distances = _line(positions, normal, fineness(planar), findings)
    spacing_z, known_z, uneven = _steps(distances, ordered[0].frame, findings)
    geometry = replace(
        planar,
        size=(*planar.size[:2], len(ordered)),
        spacing=(*planar.spacing[:2], spacing_z),
        known_spacing=(*planar.known_spacing[:2], known_z),
        origin=_vector(positions[0]),
        direction=_matrix(right, down, step),
        slice_positions=uneven,
        oriented=True,
        frame_of_reference=members[0].file.frame_of_reference,
    )
    findings += corner_findings(geometry, ordered, findings)
    return Placed(ordered, geometry, tuple(findings))


def _typical(stated: Sequence[tuple[float, ...] | None]) -> tuple[float, ...]:
    """Return what slices state, the middle of it where they differ: one odd slice must not turn or stretch all."""
    known = [values for values in stated if values is not None]
    return known[0] if len(set(known)) == 1 else tuple(np.median(known, axis=0).tolist())


def _in_plane(members: Sequence[Member], findings: list[Finding]) -> Geometry:
    """Return a one-slice grid with the in-plane spacing, as far as it is known."""
    frame, layout = members[0].frame, members[0].layout
    rows, columns = (layout.rows, layout.columns) if frame.tile is None else frame.tile[2:]
    spacing = frame.spacing and _typical([member.frame.spacing for member in members])
    detector = frame.detector_spacing
    at_detector = members[0].file.modality in _PROJECTION and detector is not None and spacing in (None, detector)
    if spacing is None:
        spacing = detector
    if spacing is None:
        message = tr("The size of a pixel is not stated: lengths are shown in pixels, not in millimetres.")
        findings.append(Finding("unknown-spacing", message, "info"))
    elif at_detector:
        message = tr("Lengths are measured at the detector; in the patient they are smaller by the magnification.")
        findings.append(Finding("detector-spacing", message, "info"))
    known = spacing is not None
    dy, dx = spacing or (1.0, 1.0)
    return Geometry(
        (columns, rows, 1),
        (dx, dy, 1.0),
        known_spacing=(known, known, False),
        oriented=False,
        at_detector=at_detector,
    )


def _without_positions(members: Sequence[Member], planar: Geometry, stacked: bool, findings: list[Finding]) -> Placed:
    """Order slices by instance number; their distance is unknown unless a stack states it (H06, H43)."""
    ordered = tuple(sorted(members, key=_instance))
    first = ordered[0].frame
    if len(ordered) == 1:
        depth = first.thickness or 1.0
        known = (*planar.known_spacing[:2], first.thickness is not None)
        geometry = replace(planar, spacing=(*planar.spacing[:2], depth), known_spacing=known)
        return Placed(ordered, geometry, tuple(findings))
    measured = stacked and first.between is not None
    between = first.between or 1.0
    if not measured:
        findings.append(_no_position(len(ordered)))
        between = 1.0
    findings += _instance_findings(ordered)
    if between < 0:  # PS3.3 C.8.4.15: the sign says on which side the next slice lies
        ordered = ordered[::-1]
    geometry = replace(
        planar,
        size=(*planar.size[:2], len(ordered)),
        spacing=(*planar.spacing[:2], abs(between)),
        known_spacing=(*planar.known_spacing[:2], measured),
    )
    return Placed(ordered, geometry, tuple(findings))


def _instance_findings(members: Sequence[Member]) -> list[Finding]:
    """Say that instance numbers do not order slices which state no positions."""
    numbers = [member.frame.instance for member in members]
    if None in numbers:
        message = tr("Instance numbers are missing: the slices are in the order of their file names.")
    elif len(set(numbers)) < len(numbers):
        message = tr("Several slices have the same instance number: those are in the order of their file names.")
    else:
        return []
    return [Finding("instance-order", message)]


def _no_position(count: int) -> Finding:
    message = tr(
        "The {count} slices do not state their positions: they are shown one by one in the "
        "order of their instance numbers, without lengths across slices.",
        count=count,
    )
    return Finding("no-position", message)


def _instance(member: Member) -> tuple[Any, ...]:
    frame = member.frame
    return frame.instance if frame.instance is not None else 1 << 40, member.file.path, frame.number


def _axes(orientation: Sequence[float], findings: list[Finding]) -> tuple[Floats, Floats, Floats]:
    """Return unit vectors to the right and down, as they are stated, and the normal (H45)."""
    right, down = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = np.linalg.norm(right), np.linalg.norm(down)
    right, down = right / lengths[0], down / lengths[1]
    normal = np.cross(right, down)
    normal /= np.linalg.norm(normal)
    stretch = max(abs(float(length) - 1.0) for length in lengths)
    if abs(float(right @ down)) > NOTICEABLE_SKEW:
        angle = float(np.degrees(np.arccos(np.clip(right @ down, -1, 1))))
        message = tr(
            "The image axes are not at right angles ({angle:.2f}° instead of 90°); they are kept as stated.",
            angle=angle,
        )
        findings.append(Finding("not-orthogonal", message))
    elif stretch > NOTICEABLE_SKEW:
        message = tr(
            "The image axes are stated with a length that is off by {stretch:.2%}; only their direction is used.",
            stretch=stretch,
        )
        findings.append(Finding("not-orthogonal", message))
    return right, down, normal


def _line(positions: Floats, normal: Floats, fine: float, findings: list[Finding]) -> tuple[Floats, Floats]:
    """Return the direction from slice to slice and the distance of every slice along it (H03)."""
    along = positions @ normal - positions[0] @ normal
    if len(positions) == 1:
        return normal, along
    step, shift = _direction(positions, normal, fine)
    distances = along / float(step @ normal)
    aside = _aside(positions, step, normal)
    if aside > _SIDEWAYS * fine:
        message = tr(
            "Slices are shifted sideways by up to {aside:.2f} mm; the volume places them on a straight line.",
            aside=aside,
        )
        findings.append(Finding("sideways", message))
    if shift >= NOTICEABLE_TILT * fine:
        angle = float(np.degrees(np.arccos(np.clip(step @ normal, -1, 1))))
        message = tr(
            "The slices are tilted by {angle:.1f}° (gantry tilt): the sheared volume is shown in its true place.",
            angle=angle,
        )
        findings.append(Finding("tilt", message))
    return step, distances


def _direction(positions: Floats, normal: Floats, fine: float) -> tuple[Floats, float]:
    """Return the direction of the stack, and how far it drifts off the normal; slices that only wobble do not drift."""
    travel = positions[-1] - positions[0]
    shift = float(np.linalg.norm(travel - (travel @ normal) * normal))
    step = travel / np.linalg.norm(travel)
    wobbles = _aside(positions, step, normal) > max(_aside(positions, normal, normal) / 2, _SIDEWAYS * fine)
    return (normal, 0.0) if shift < STRAIGHT * fine or wobbles else (step, shift)


def _aside(positions: Floats, step: Floats, normal: Floats) -> float:
    """Return how far a slice lies off the straight line through the first one at most."""
    away = positions - positions[0]
    return float(np.max(np.linalg.norm(away - np.outer(away @ normal / (step @ normal), step), axis=1)))


def _steps(distances: Floats, first: Any, findings: list[Finding]) -> tuple[float, bool, tuple[float, ...] | None]:
    """Return slice spacing, whether it is known, and the true positions when they are uneven (H01, H02)."""
    count = len(distances)
    if count == 1:
        return first.thickness or abs(first.between or 1.0), bool(first.thickness or first.between), None
    even = distances[-1] / (count - 1)
    steps = np.diff(distances)
    jitter = min(JITTER, float(np.min(steps)) / 10)
    if float(np.max(np.abs(distances - even * np.arange(count)))) <= jitter:
        return float(even), True, None
    findings.append(_uneven(steps, jitter))
    return float(np.median(steps)), True, tuple(float(d) for d in distances)


def _uneven(steps: Floats, jitter: float) -> Finding:
    """Say whether whole slices are missing or the spacing varies."""
    base = float(np.median(steps[steps <= np.min(steps) + 2 * jitter]))
    multiples = np.rint(steps / base)
    off = np.abs(steps - multiples * base)
    if np.all(off <= 2 * jitter * np.maximum(multiples, 1)) and np.all(multiples < 1000):
        missing = int(np.sum(multiples - 1))
        gaps = [int(k) + 1 for k in np.flatnonzero(multiples > 1)]
        where = ", ".join(str(k) for k in gaps[:5]) + (" …" if len(gaps) > 5 else "")
        message = tr_count(
            "One slice is missing (after slice {where}): the gap is kept, every slice is in its true place.",
            "{count} slices are missing (after slice {where}): the gap is kept, every slice is in its true place.",
            missing,
            where=where,
        )
        return Finding("missing-slices", message)
    message = tr(
        "The distance between slices varies from {smallest:.2f} to {largest:.2f} mm: every slice is shown in "
        "its true place.",
        smallest=np.min(steps),
        largest=np.max(steps),
    )
    return Finding("uneven-spacing", message)


def _vector(values: Floats) -> Vector:
    x, y, z = (float(v) for v in values)
    return x, y, z


def _matrix(right: Floats, down: Floats, step: Floats) -> Matrix:
    a, b, c, d, e, f, g, h, i = (float(v) for v in np.column_stack([right, down, step]).ravel())
    return a, b, c, d, e, f, g, h, i
