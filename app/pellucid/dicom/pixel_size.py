"""Which of several statements about the size of a pixel counts, and what is said of it: ultrasound, projections, scans.

Source: PS3.3 C.8.5.5 (US region calibration), C.7.6.2 and 10.7.1.3 (calibrated pixel spacing), C.8.6 (SC).
``pixel_size`` runs inside a worker.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pellucid.dicom.values import Values
from pellucid.language import tr
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.records import FrameRecord, Member

_REGIONS, _FORMAT, _DATA_TYPE, _UNIT_X, _UNIT_Y = 0x00186011, 0x00186012, 0x00186014, 0x00186024, 0x00186026
_DELTA_X, _DELTA_Y = 0x0018602C, 0x0018602E
_EDGES = (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)
_CALIBRATED, _MAGNIFICATION, _SCANNED, _SPACING = 0x00280A02, 0x00181114, 0x00182010, 0x00280030
_ASPECT = 0x00280034
TAGS = frozenset({_ASPECT, _REGIONS, _FORMAT, _DATA_TYPE, _UNIT_X, _UNIT_Y, _DELTA_X, _DELTA_Y, *_EDGES, _CALIBRATED,
                  _MAGNIFICATION, _SCANNED, _SPACING})  # fmt: skip
_CENTIMETRES, _PLANAR, _OF_TISSUE = 3, 1, (1, 2)
_MOST = 64
_ALIKE = 1e-3
_ULTRASOUND = ("US", "IVUS")
_PROJECTIONS = ("CR", "DX", "MG", "XA", "RF", "IO", "PX", "RG")


def pixel_size(values: Values, frame: FrameRecord, modality: str) -> dict[str, Any]:
    """Return the changes to a frame that better statements than its Pixel Spacing make."""
    if modality in _ULTRASOUND and _REGIONS in values:
        return _of_regions(values, frame)
    if modality in _PROJECTIONS and (note := _of_projection(values, frame)):
        return {"size_note": note}
    if frame.spacing is None and frame.detector_spacing and values.numbers(_SCANNED):
        return {"size_note": "scanned"}
    return {"size_note": ratio} if (ratio := _aspect(values)) else {}


def _aspect(values: Values) -> str:
    """Return how much higher than wide a pixel is, where only that is stated (PS3.3 C.7.6.3.1.7)."""
    stated = values.numbers(_ASPECT)
    if len(stated) != 2 or min(stated) <= 0 or abs(stated[0] / stated[1] - 1) <= _ALIKE:
        return ""
    return f"aspect {stated[0] / stated[1]:.3g}"


def _of_regions(values: Values, frame: FrameRecord) -> dict[str, Any]:
    """Return the spacing of the regions that show tissue in two dimensions, if they agree on one."""
    regions = values.items(_REGIONS)[:_MOST]
    steps = [step for region in regions if (step := _step(region)) is not None]
    if not steps:
        return {"spacing": None, "size_note": "no region"}
    first = steps[0]
    if any(abs(a - b) > _ALIKE * b for step in steps for a, b in zip(step, first, strict=True)):
        return {"spacing": None, "detector_spacing": None, "size_note": "regions"}
    stated = frame.spacing
    differs = stated is not None and any(abs(a - b) > 0.01 * b for a, b in zip(stated, first, strict=True))
    whole = len(regions) == 1 and _is_whole(regions[0], values)
    return {"spacing": first, "size_note": "region differs" if differs else "region" if whole else "parts"}


def _step(region: Values) -> tuple[float, float] | None:
    """Return mm from row to row and column to column of a region in cm; None for curves, Doppler and damage."""
    units = region.unsigned(_UNIT_X), region.unsigned(_UNIT_Y)
    if units != (_CENTIMETRES, _CENTIMETRES) or region.unsigned(_FORMAT) != _PLANAR:
        return None
    if region.unsigned(_DATA_TYPE) not in _OF_TISSUE:
        return None
    dx, dy = region.double(_DELTA_X), region.double(_DELTA_Y)
    if not dx or not dy or not all(1e-6 < abs(d) < 100 for d in (dx, dy)):
        return None
    return abs(dy) * 10.0, abs(dx) * 10.0


def _is_whole(region: Values, values: Values) -> bool:
    x0, y0, x1, y1 = (region.unsigned(tag) or 0 for tag in _EDGES)
    columns, rows = values.unsigned(0x00280011) or 0, values.unsigned(0x00280010) or 0
    return x0 <= 1 and y0 <= 1 and x1 >= columns - 2 and y1 >= rows - 2


def _of_projection(values: Values, frame: FrameRecord) -> str:
    """Return how the size was calibrated, or by what the shadow is larger than the patient."""
    kind = values.code(_CALIBRATED)
    if frame.spacing is not None and frame.spacing != frame.detector_spacing and frame.detector_spacing is not None:
        return f"calibrated {kind}".strip()
    factor = values.number(_MAGNIFICATION)
    if factor and math.isfinite(factor) and factor > 1.0 and frame.detector_spacing is not None:
        return f"magnified {factor:.3g}"
    return ""


def size_findings(member: Member) -> list[Finding]:
    """Say which statement about the size of a pixel is used, where there is a choice."""
    note, _, about = member.frame.size_note.partition(" ")
    if note == "calibrated":
        how = {"GEOMETRY": tr("the geometry of the device"), "FIDUCIAL": tr("an object of known size")}.get(about, "")
        message = (
            tr("Lengths are calibrated by {how}, for one depth in the patient; they are not those at the detector.",
               how=how)
            if how else
            tr("Lengths are calibrated for one depth in the patient; how is not stated. They are not those at the "
               "detector.")
        )  # fmt: skip
        return [Finding("calibrated-spacing", message, "info")]
    whole = member.frame.size_note
    sentence = _SENTENCES.get(note if about and note in ("magnified", "aspect") else whole)
    if sentence is None or (note == "aspect" and (member.frame.spacing or member.frame.detector_spacing)):
        return []
    return [Finding("pixel-size", sentence(about), "warning" if whole in _WRONG or note in _WRONG else "info")]


_WRONG = frozenset({"region differs", "aspect"})
_SENTENCES = {
    "aspect": lambda ratio: tr(
        "Pixels are {ratio} times as high as wide, but are drawn square: shapes are distorted, and lengths and angles "
        "in pixels are not those of the patient.", ratio=ratio),
    "magnified": lambda factor: tr(
        "The file estimates that the shadow at the detector is {factor} times the size of the patient. Lengths are "
        "those at the detector: divide them by {factor}.", factor=factor),
    "scanned": lambda _: tr("Lengths are those on the film or paper that was scanned, not in the patient."),
    "no region": lambda _: tr(
        "No region of the ultrasound picture shows tissue at a stated scale: lengths are in pixels."),
    "regions": lambda _: tr(
        "The regions of the ultrasound picture have different scales: lengths are in pixels, as one scale would be "
        "wrong in the others."),
    "parts": lambda _: tr("Lengths hold inside the region of the ultrasound picture that shows tissue."),
    "region differs": lambda _: tr(
        "The scale of the ultrasound region and the Pixel Spacing of the file differ: that of the region is used."),
}  # fmt: skip
