"""What tells the versions of a series apart of which files have one identity and other contents (H09)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pellucid.dicom.duplicates import CONFLICT
from pellucid.dicom.parsing import DEFLATED
from pellucid.dicom.stack import Frame, Series, VolumePlan, sequences

PLACE, VALUES, HEADER, STORED, ONLY_HERE = "place", "values", "header", "stored", "only here"
"""How a version differs from another: its grid, its values, only what else its header says, how it is stored (its
values may be the same), or that there is no other of its kind."""
_PIECE = 1 << 20

Plans = tuple[VolumePlan, ...]


@dataclass(frozen=True)
class Version:
    """An image of a series of which there are several: which one, its own files, and how it differs from ``other``.

    ``saved`` is when its newest file was written, in seconds of the epoch; nothing where that cannot be told.
    """

    part: int
    files: tuple[Path, ...]
    saved: float | None = None
    other: int | None = None
    how: str = ""


def needs_choice(series: Series) -> bool:
    """Return whether nothing but the user may say which image of a series is meant."""
    return any(finding.code == CONFLICT for finding in series.findings) and len(sequences(series)) > 1


def versions_of(series: Series, check: Callable[[], None] = lambda: None) -> tuple[Version, ...]:
    """Return what there is to choose from, each compared with the first one of its kind; ``check`` may raise."""
    images = list(enumerate(sequences(series)))
    chosen = [(part, plans) for part, plans in images if plans[0].copy] or images
    shared = set.intersection(*(_paths(plans) for _, plans in chosen))
    found = []
    for n, (part, plans) in enumerate(chosen):
        check()
        files = tuple(sorted(_paths(plans) - shared))
        first = next((other for other in chosen[:n] if _kind(other[1]) == _kind(plans)), None)
        how = _difference(first[1], plans, check) if first else ONLY_HERE if n else ""
        found.append(Version(part, files, _saved(files), first[0] if first else None, how))
    return tuple(found)


def _paths(plans: Plans) -> set[Path]:
    return {frame.path for plan in plans for frame in plan.frames}


def _kind(plans: Plans) -> object:
    return [plan.values for plan in plans]


def _saved(files: Sequence[Path]) -> float | None:
    try:
        return max((path.stat().st_mtime for path in files), default=None)
    except OSError:
        return None


def _difference(one: Plans, other: Plans, check: Callable[[], None]) -> str:
    if not all(a.geometry.same_grid(b.geometry) for a, b in zip(one, other, strict=True)):
        return PLACE
    pairs = [pair for a, b in zip(one, other, strict=True) for pair in zip(a.frames, b.frames, strict=True)]
    pairs = [(a, b) for a, b in pairs if a.path != b.path]
    if any((a.slope, a.intercept) != (b.slope, b.intercept) for a, b in pairs):
        return VALUES
    layouts = [[replace(frame.layout, offset=0, length=0, file_size=0) for frame in pair] for pair in pairs]
    if any(a != b or a.syntax == DEFLATED for a, b in layouts):
        return STORED
    for a, b in {(a.path, b.path): (a, b) for a, b in pairs}.values():
        if not _same_bytes(a, b, check):
            return STORED if a.layout.encapsulated else VALUES
    return HEADER


def _same_bytes(one: Frame, other: Frame, check: Callable[[], None]) -> bool:
    """Return whether the pixel data of two files are the same, byte by byte."""
    left = one.layout.length
    if left != other.layout.length:
        return False
    with one.path.open("rb") as a, other.path.open("rb") as b:
        a.seek(one.layout.offset)
        b.seek(other.layout.offset)
        while left > 0:
            check()
            size = min(_PIECE, left)
            if a.read(size) != b.read(size):
                return False
            left -= size
    return True
