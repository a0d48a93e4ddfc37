"""Put together what was split by orientation, size, spacing or frame of reference, where that makes one grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.dicom.grouping import Group, owner_of
from pellucid.language import tr
from pellucid.model.findings import Finding, Refused

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

_ALLOWED = 0.1
"""Share of a pixel that a pixel may be moved by for a common grid."""


def merged(groups: Sequence[Group]) -> tuple[list[Group], list[Finding]]:
    """Return one group of all frames; raise Refused with the reason where they cannot be on one grid."""
    if len(groups) < 2:
        return list(groups), []
    _check_kind(groups)
    largest = max(groups, key=lambda group: len(group.members))
    members = [member for group in groups for member in group.members]
    if not largest.placed:
        ordered = sorted(members, key=lambda m: (m.frame.instance or 0, m.file.path, m.frame.number))
        film = Group(tuple(ordered), "merged:", placed=False, film=any(group.film for group in groups),
                     stacked=largest.stacked)  # fmt: skip
        return [film], [_finding(len(groups), 0.0, references=1)]
    moved = max(_corner_error(member, largest.members[0]) for member in members)
    spacing = largest.members[0].frame.spacing or (1.0, 1.0)
    if moved > _ALLOWED * min(spacing):
        raise Refused(_too_far(groups, largest, moved))
    references = len({member.file.frame_of_reference for member in members})
    kept = tuple(_on_plane_of(member, largest.members[0]) for member in members)
    return [Group(kept, "merged:")], [_finding(len(groups), moved, references)]


def why_not_merged(groups: Sequence[Group]) -> str:
    """Return why groups cannot be put together, or nothing where they can."""
    try:
        merged(groups)
    except Refused as refusal:
        return str(refusal)
    return ""


def _check_kind(groups: Sequence[Group]) -> None:
    """Refuse what differs in more than where it lies."""
    sizes = list(dict.fromkeys(_size(group.members[0]) for group in groups))
    if len(sizes) > 1:
        listed = ", ".join(f"{columns}×{rows}" for rows, columns in sizes[:4])
        raise Refused(tr("They cannot be merged: the images differ in size ({sizes} pixels).", sizes=listed))
    files = [member.file for group in groups for member in group.members]
    patients = {owner_of(file)[0] for file in files} - {""}
    if len(patients) > 1 or len({file.modality for file in files}) > 1:
        raise Refused(tr("They cannot be merged: they are of different patients or come from different modalities."))
    if len({group.members[0].layout.is_colour for group in groups}) > 1:
        raise Refused(tr("They cannot be merged: some are in colour and some are not."))
    if len({group.placed for group in groups}) > 1:
        raise Refused(tr("They cannot be merged: some state where they lie and some do not."))
    known = {group.members[0].frame.spacing is None for group in groups}
    spacings = [np.array(g.members[0].frame.spacing) for g in groups if g.members[0].frame.spacing]
    if len(known) > 1 or any(np.abs(s - spacings[0]).max() > 1e-3 * spacings[0].min() for s in spacings):
        raise Refused(tr("They cannot be merged: their pixels differ in size, so that they are not on one grid."))


def _size(member: Member) -> tuple[int, int]:
    tile = member.frame.tile
    return (member.layout.rows, member.layout.columns) if tile is None else tile[2:]


def _corner_error(member: Member, like: Member) -> float:
    """Return how far (mm) a corner of a slice would be moved by the directions and spacing of another."""
    rows, columns = _size(member)
    ends = [_corners(one, rows, columns) for one in (member, like)]
    return float(np.linalg.norm(ends[0] - ends[1], axis=1).max())


def _corners(member: Member, rows: int, columns: int) -> np.ndarray:
    assert member.frame.orientation is not None
    dy, dx = member.frame.spacing or (1.0, 1.0)
    right = np.array(member.frame.orientation[:3]) * dx * (columns - 1)
    down = np.array(member.frame.orientation[3:]) * dy * (rows - 1)
    return np.array([right, down, right + down])


def _too_far(groups: Sequence[Group], largest: Group, moved: float) -> str:
    normals = [_normal(group.members[0]) for group in groups]
    ours = _normal(largest.members[0])
    angle = max(float(np.degrees(np.arccos(np.clip(abs(normal @ ours), 0, 1)))) for normal in normals)
    return tr("They cannot be merged: their planes differ by up to {angle:.1f}°, which would move pixels by up to "
              "{moved:.3g} mm.", angle=angle, moved=moved)  # fmt: skip


def _normal(member: Member) -> np.ndarray:
    orientation = np.array(member.frame.orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    return np.asarray(normal / np.linalg.norm(normal))


def _on_plane_of(member: Member, like: Member) -> Member:
    frame = replace(member.frame, orientation=like.frame.orientation, spacing=like.frame.spacing)
    file = replace(member.file, frame_of_reference=like.file.frame_of_reference)
    return replace(member, frame=frame, file=file)


def _finding(count: int, moved: float, references: int) -> Finding:
    message = tr("As you chose, {count} kinds of images are one; no pixel is more than {moved:.2g} mm from where its "
                 "header puts it.", count=count, moved=moved)  # fmt: skip
    if references > 1:
        message += " " + tr("They state {count} frames of reference: whether their positions can be compared is not "
                            "known.", count=references)  # fmt: skip
    return Finding("merged-by-choice", message, "warning" if references > 1 else "info")
