"""The vectors that say what the frames of a nuclear medicine image are: detector, window, phase, slot, rotation, slice.

Source: PS3.3 C.8.4.8 (NM multi-frame). Runs inside a worker.
"""

from __future__ import annotations

from pellucid.dicom.values import Values

_POINTER, _SLICE = 0x00280009, 0x00540080
_VECTORS = {
    "energy window": 0x00540010, "detector": 0x00540020, "phase": 0x00540030, "rr interval": 0x00540060,
    "time slot": 0x00540070, "rotation": 0x00540050, "view": 0x00540090, "time slice": 0x00540100,
}  # fmt: skip
TAGS = frozenset({*_VECTORS.values(), _POINTER, _SLICE})


def frame_dimensions(values: Values, count: int) -> list[dict[str, int]]:
    """Return what the vectors say of every frame; a vector that is too short says nothing."""
    frames: list[dict[str, int]] = [{} for _ in range(count)]
    for name, tag in _VECTORS.items():
        vector = values.binary(tag, "H")
        if len(vector) >= count:
            for frame, value in zip(frames, vector, strict=False):
                frame[name] = int(value)
    return frames


def is_slice_stack(values: Values) -> bool:
    """Return whether the frames are slices counted by a slice vector, also gated ones; not times or angles alone."""
    pointer = values.binary(_POINTER, "H")
    pairs = zip(pointer[::2], pointer[1::2], strict=False)
    return _SLICE in values and any(group << 16 | element == _SLICE for group, element in pairs)
