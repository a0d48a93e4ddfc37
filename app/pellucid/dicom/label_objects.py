"""Objects that hold labels rather than an image, as their headers tell: segmentations and structure sets."""

from __future__ import annotations

from pellucid.dicom.kinds import SEGMENTATION, STRUCTURES, content_of
from pellucid.dicom.values import Values
from pellucid.language import tr

_SEGMENTATION_TYPE = 0x00620001
_SEGMENTS, _SEGMENT, _SEGMENT_NAME = 0x00620002, 0x00620004, 0x00620005
_STRUCTURES, _STRUCTURE, _STRUCTURE_NAME = 0x30060020, 0x30060022, 0x30060026
NAME_TAGS = frozenset({
    _SEGMENTATION_TYPE, _SEGMENTS, _SEGMENT, _SEGMENT_NAME, _STRUCTURES, _STRUCTURE, _STRUCTURE_NAME,
})  # fmt: skip
LABELS = frozenset({SEGMENTATION, STRUCTURES})
"""Contents that become label layers."""


def contents_of(values: Values, sop_class: str) -> tuple[str, ...]:
    """Return the names of the segments or structures of an object, in its order."""
    content = content_of(sop_class)
    if content == SEGMENTATION:
        return tuple(_segment(item) for item in values.items(_SEGMENTS))
    if content == STRUCTURES:
        return tuple(_structure(item) for item in values.items(_STRUCTURES))
    return ()


def is_shown_as_labels(values: Values, sop_class: str) -> bool:
    """Return whether an object is labels only: a fractional segmentation can be seen as an image as well."""
    content = content_of(sop_class)
    return content == STRUCTURES or (content == SEGMENTATION and values.code(_SEGMENTATION_TYPE) != "FRACTIONAL")


def _segment(item: Values) -> str:
    return item.text(_SEGMENT_NAME) or tr("Segment {number}", number=item.unsigned(_SEGMENT) or 0)


def _structure(item: Values) -> str:
    return item.text(_STRUCTURE_NAME) or tr("Structure {number}", number=item.integer(_STRUCTURE) or 0)
