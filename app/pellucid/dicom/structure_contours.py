"""The contours of a DICOM structure set, parsed. Runs inside a worker.

Source: PS3.3 C.8.8.5 (structure set), C.8.8.6 (ROI contour) and C.8.8.8 (observations).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.display_colours import hex_of
from pellucid.dicom.kinds import STRUCTURES, content_of
from pellucid.dicom.parsing import try_to_parse
from pellucid.dicom.references import TAGS as REFERENCE_TAGS
from pellucid.dicom.references import referenced_series
from pellucid.dicom.values import Values
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Floats

_CLASS, _CHARACTERS, _FRAME = 0x00080016, 0x00080005, 0x00200052
_TITLES = (0x30060002, 0x30060004, 0x0008103E)
_ROIS, _NUMBER, _ROI_FRAME, _NAME = 0x30060020, 0x30060022, 0x30060024, 0x30060026
_DRAWN, _COLOUR, _CONTOURS, _BELONGS = 0x30060039, 0x3006002A, 0x30060040, 0x30060084
_KIND, _COUNT, _POINTS = 0x30060042, 0x30060046, 0x30060050
_OBSERVATIONS, _ROLE = 0x30060080, 0x300600A4
_TAGS = REFERENCE_TAGS | {
    _CLASS, _CHARACTERS, _FRAME, *_TITLES, _ROIS, _NUMBER, _NAME, _ROI_FRAME, _DRAWN, _COLOUR, _CONTOURS, _BELONGS,
    _KIND, _COUNT, _POINTS, _OBSERVATIONS, _ROLE,
}  # fmt: skip
_LONGEST_KIND = 16
_FARTHEST = 1e6


@dataclass
class _Region:
    """A structure while it is read."""

    number: int
    name: str
    frame: str = ""
    color: str | None = None
    role: str = ""
    kinds: list[str] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)
    damaged: int = 0
    miscounted: int = 0


def read_plain(payload: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """Read the structure set ``payload["path"]``; answer its structures, and the points of all their contours."""
    path = Path(payload["path"])
    parsed = try_to_parse(path, _TAGS)
    values = Values(parsed.elements) if parsed is not None else None
    if parsed is None or values is None or content_of(values.code(_CLASS) or parsed.media_class) != STRUCTURES:
        raise Refused(tr("{name} could not be read: it holds no DICOM structure set.", name=path.name))
    regions = list(_regions(values).values())
    if not regions:
        raise Refused(tr("{name} could not be read: there is no structure in it.", name=path.name))
    findings = [finding for region in regions for finding in _findings(region)]
    if parsed.truncated:
        said = tr("The file is cut short: contours or structures may be missing.")
        findings.insert(0, Finding("unreadable-file", said))
    answer = {
        "title": next((text for tag in _TITLES if (text := values.text(tag))), ""),
        "structures": [_plain(region) for region in regions],
        "findings": [[found.code, found.message, found.severity] for found in findings],
        "series": referenced_series(values),
    }
    points = [piece for region in regions for piece in region.points]
    return answer, [np.concatenate(points) if points else np.empty((0, 3))]


def _unnamed(number: int) -> str:
    return tr("Structure {number}", number=number)


def _plain(region: _Region) -> dict[str, Any]:
    return {
        "number": region.number, "name": region.name, "color": region.color, "frame": region.frame,
        "role": region.role, "kinds": region.kinds, "counts": region.counts,
    }  # fmt: skip


def _regions(values: Values) -> dict[int, _Region]:
    """Return all structures by their numbers: those that are described, and those that are only drawn."""
    common = values.code(_FRAME)
    found: dict[int, _Region] = {}
    for n, item in enumerate(values.items(_ROIS), start=1):
        number = item.integer(_NUMBER)
        number = n if number is None or number in found else number
        found[number] = _Region(number, item.text(_NAME) or _unnamed(number), item.code(_ROI_FRAME) or common)
    for item in values.items(_DRAWN):
        number = item.integer(_BELONGS) or 0
        region = found.setdefault(number, _Region(number, _unnamed(number), common))
        region.color = hex_of(item.numbers(_COLOUR)) or region.color
        _draw(region, item.items(_CONTOURS))
    for item in values.items(_OBSERVATIONS):
        known = found.get(item.integer(_BELONGS) or 0)
        if known is not None:
            known.role = item.code(_ROLE)
    return found


def _draw(region: _Region, contours: Iterable[Values]) -> None:
    for contour in contours:
        points = _points(contour.raw(_POINTS))
        if points is None:
            region.damaged += 1
            continue
        stated = contour.integer(_COUNT)
        region.miscounted += stated is not None and stated != len(points)
        region.kinds.append(contour.code(_KIND).upper()[:_LONGEST_KIND])
        region.counts.append(len(points))
        region.points.append(points)


def _points(raw: bytes) -> Floats | None:
    """Return the points (n, 3) of a contour, however many the file says there are; None when they are no points."""
    try:
        numbers = np.array(raw.strip(b" \0").split(b"\\")).astype(np.float64)
    except ValueError:
        return None
    if len(numbers) < 3 or len(numbers) % 3 or not np.all(np.abs(numbers) < _FARTHEST):
        return None
    return numbers.reshape(-1, 3)


def _findings(region: _Region) -> list[Finding]:
    found = []
    if region.damaged:
        said = tr_count(
            "{count} contour of “{name}” is damaged and left out.",
            "{count} contours of “{name}” are damaged and left out.",
            region.damaged,
            name=region.name,
        )
        found.append(Finding("damaged-contour", said))  # fmt: skip
    if region.miscounted:
        said = tr_count("{count} contour of “{name}” holds another number of points than it states; all are used.",
                        "{count} contours of “{name}” hold another number of points than they state; all are used.",
                        region.miscounted, name=region.name)  # fmt: skip
        found.append(Finding("damaged-contour", said, "info"))
    return found
