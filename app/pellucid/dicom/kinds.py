"""What a DICOM object is for, by its SOP class: an image, labels, contours, a document …"""

from __future__ import annotations

IMAGE = "image"
SEGMENTATION = "segmentation"
STRUCTURES = "structures"
DOCUMENT = "document"
PRESENTATION = "presentation"
REGISTRATION = "registration"
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_KINDS = {
    "66.4": SEGMENTATION, "66.7": SEGMENTATION, "481.3": STRUCTURES, "104.1": DOCUMENT, "104.2": DOCUMENT,
    "11.1": PRESENTATION, "11.2": PRESENTATION, "11.3": PRESENTATION, "11.4": PRESENTATION,
    "66.1": REGISTRATION, "66.3": REGISTRATION,
}  # fmt: skip


def content_of(sop_class: str) -> str:
    """Return what objects of a SOP class hold; everything not known is taken for an image."""
    kind = sop_class.removeprefix(_STORAGE)
    if kind.startswith("88."):
        return DOCUMENT
    return _KINDS.get(kind, IMAGE) if kind != sop_class else IMAGE
