"""Which series an object that is no image says it was made from. Runs inside a worker."""

from __future__ import annotations

from pellucid.dicom.values import Values

_SERIES, _UID = 0x00081115, 0x0020000E
_FRAMES, _STUDIES, _STRUCTURE_SERIES = 0x30060010, 0x30060012, 0x30060014
TAGS = frozenset({_SERIES, _UID, _FRAMES, _STUDIES, _STRUCTURE_SERIES})


def referenced_series(values: Values) -> list[str]:
    """Return the UIDs of the series that a segmentation or a structure set refers to, each once."""
    items = values.items(_SERIES)
    for frame in values.items(_FRAMES):
        for study in frame.items(_STUDIES):
            items += study.items(_STRUCTURE_SERIES)
    return list(dict.fromkeys(uid for uid in (item.code(_UID) for item in items) if uid))
