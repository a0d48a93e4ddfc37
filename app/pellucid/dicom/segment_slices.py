"""Where the frames of a segmentation lie: their slices, on a grid that has room for those that are not there.

Runs inside a worker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.frames import frame_records
from pellucid.dicom.geometry import JITTER, Floats, place
from pellucid.dicom.records import FileRecord, FrameRecord, Member, PixelLayout
from pellucid.dicom.segment_table import segment_numbers
from pellucid.dicom.values import Values
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry

_SAME_PLACE, _SIDEWAYS, _SAME_DIRECTION = 0.02, 0.05, 1e-3
_MOST_SLICES = 8192
_UNEVEN = 0.01
_PER_FRAME, _DERIVATION, _SOURCE, _FRAME_NUMBER = 0x52009230, 0x00089124, 0x00082112, 0x00081160
TAGS = frozenset({_DERIVATION, _SOURCE, _FRAME_NUMBER})


@dataclass(frozen=True)
class Slices:
    """A grid, and the slice of it that each frame is."""

    geometry: Geometry
    index: dict[int, int]


def slices_of(path: Path, values: Values, layout: PixelLayout, findings: list[Finding]) -> Slices:
    """Return where the frames lie; raise Refused for frames that make no stack."""
    frames = frame_records(values, layout, "SEG")
    record = FileRecord(str(path), modality="SEG", frame_of_reference=values.code(0x00200052), pixels=layout)
    placed = [frame for frame in frames if frame.position and frame.orientation]
    if not placed:
        return _unplaced(record, values, frames, findings)
    if missing := layout.frames - len(placed):
        said = tr_count("{count} frame does not say where it lies; it is left out.",
                        "{count} frames do not say where they lie; they are left out.", missing)  # fmt: skip
        findings.append(Finding("no-position", said))
    _check_directions(path, placed)
    return _placed(record, placed, findings)


def _check_directions(path: Path, frames: Sequence[FrameRecord]) -> None:
    turned = np.array([frame.orientation for frame in frames])
    lengths = np.linalg.norm(turned.reshape(-1, 2, 3), axis=2)
    normals = np.cross(turned[:, :3], turned[:, 3:])
    if float(lengths.min()) < 0.5 or float(np.linalg.norm(normals, axis=1).min()) < 0.1:
        raise Refused(tr("{name} could not be read: the direction of its frames is damaged.", name=path.name))
    if float(np.abs(turned - turned[0]).max()) > _SAME_DIRECTION:
        said = tr("{name} could not be read: its frames lie in different directions, so that they are no stack.",
                  name=path.name)  # fmt: skip
        raise Refused(said)


def _placed(record: FileRecord, frames: list[FrameRecord], findings: list[Finding]) -> Slices:
    """Sort frames by where they lie; frames of several segments at one place are one slice."""
    first = frames[0]
    assert first.orientation is not None
    normal = np.cross(first.orientation[:3], first.orientation[3:])
    normal /= np.linalg.norm(normal)
    positions = np.array([frame.position for frame in frames])
    along = positions @ normal
    order = np.argsort(along, kind="stable")
    opens = np.concatenate([[True], np.diff(along[order]) > _SAME_PLACE])
    slice_of = np.empty(len(frames), int)
    slice_of[order] = np.cumsum(opens) - 1
    leaders = positions[order][opens]
    if float(np.abs(positions - leaders[slice_of]).max()) > _SIDEWAYS:
        raise Refused(tr("{name} could not be read: it is made of tiles, as of a whole-slide image.",
                         name=Path(record.path).name))  # fmt: skip
    full, where = _with_gaps(leaders, along[order][opens], first.between or first.thickness)
    members = [Member(record, replace(first, position=tuple(point))) for point in full.tolist()]
    found = place(members)
    findings += found.findings
    return Slices(found.geometry, {frame.number: int(where[k]) for frame, k in zip(frames, slice_of, strict=True)})


def _with_gaps(points: Floats, along: Floats, stated: float | None) -> tuple[Floats, NDArray[Any]]:
    """Return the places of all slices, also of those without a frame, and which of them the given ones are."""
    here = np.arange(len(points))
    if len(points) < 2:
        return points, here
    gaps = np.diff(along)
    for step in (abs(stated or 0.0), float(gaps.min())):
        if step <= _SAME_PLACE:
            continue
        counts = np.maximum(np.rint(gaps / step), 1)
        near = np.abs(gaps - counts * step) <= JITTER + _UNEVEN * gaps
        if np.all(near) and counts.sum() < _MOST_SLICES:
            where = np.concatenate([[0], np.cumsum(counts)])
            every = np.arange(int(where[-1]) + 1)
            full = np.stack([np.interp(every, where, points[:, axis]) for axis in range(3)], axis=1)
            return full, where
    return points, here


def _unplaced(record: FileRecord, values: Values, frames: Sequence[FrameRecord], findings: list[Finding]) -> Slices:
    """Return slices without a place in the patient, as of a picture or a film: they go by the frame they are of."""
    if not frames:
        raise Refused(tr("{name} could not be read: it holds no frames.", name=Path(record.path).name))
    index = _source_frames(values, len(frames)) or _order_in_segments(values, len(frames))
    count = max(index) + 1
    if count > _MOST_SLICES:
        raise Refused(tr("{name} could not be read: it names frame {frame} of its image, which none has.",
                         name=Path(record.path).name, frame=count))  # fmt: skip
    found = place([Member(record, replace(frames[0], position=None, instance=n)) for n in range(count)])
    findings += found.findings
    return Slices(found.geometry, {frame.number: k for frame, k in zip(frames, index, strict=True)})


def _source_frames(values: Values, count: int) -> list[int]:
    """Return which frame of the image each frame shows, from 0; nothing where one does not say it."""
    found = []
    for groups in values.items(_PER_FRAME)[:count]:
        derivation = groups.item(_DERIVATION)
        source = derivation.item(_SOURCE) if derivation is not None else None
        number = source.integer(_FRAME_NUMBER) if source is not None else None
        if number is None or number < 1:
            return []
        found.append(number - 1)
    return found if len(found) == count else []


def _order_in_segments(values: Values, count: int) -> list[int]:
    """Return the place of each frame among those of its segment."""
    belongs = segment_numbers(values, count, ())
    seen: dict[int, int] = {}
    index = []
    for n in range(count):
        segment = belongs.get(n, 0)
        index.append(seen.get(segment, 0))
        seen[segment] = index[-1] + 1
    return index
