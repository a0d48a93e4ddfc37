"""Secondary captures whose frames are slices, by the vectors that say so. Runs inside a worker.

Source: PS3.3 C.8.6.3 (SC multi-frame vectors).
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from pellucid.dicom.records import FrameRecord
from pellucid.dicom.values import Values

_POINTER, _LOCATIONS, _PAGES = 0x00280009, 0x00182005, 0x00182001
TAGS = frozenset({_POINTER, _LOCATIONS, _PAGES})
_SMALLEST = 1e-7


def is_captured_stack(values: Values) -> bool:
    """Return whether the frames of a capture are slices, not times or views."""
    return _vector(values) != 0


def captured_slices(values: Values, frames: list[FrameRecord]) -> list[FrameRecord]:
    """Return the slices in their order: at a distance from each other when their locations are stated."""
    places = values.numbers(_vector(values))
    if len(places) < len(frames):
        return [replace(f, position=None) for f in frames]
    order = sorted(range(len(frames)), key=lambda n: places[n])
    steps = [places[b] - places[a] for a, b in pairwise(order)]
    even = bool(steps) and steps[0] > _SMALLEST and max(steps) - min(steps) <= 1e-3 * steps[0]
    between = (places[order[-1]] - places[order[0]]) / len(steps) if even and _LOCATIONS in values else None
    ranks = {n: rank for rank, n in enumerate(order)}
    return [replace(f, position=None, instance=ranks[n], between=between) for n, f in enumerate(frames)]


def _vector(values: Values) -> int:
    """Return the tag of the vector that says which slice each frame is, 0 when frames are no slices."""
    pointer = values.binary(_POINTER, "H")
    tag = pointer[0] << 16 | pointer[1] if len(pointer) == 2 else 0
    return tag if tag in (_LOCATIONS, _PAGES) and tag in values else 0
