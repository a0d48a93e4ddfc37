"""The values by which frames at the same place differ: time, echo, b-value, phase … In a worker."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pellucid.dicom.dimension_tags import DIMENSIONS
from pellucid.dicom.records import Dimension
from pellucid.dicom.values import Values
from pellucid.dicom.weighting import B_VALUE, GE_B, PHILIPS_B, SIEMENS_B, direction_of, weighting
from pellucid.dicom.weighting import TAGS as WEIGHTING_TAGS

_KERNEL = 0x00181210
_CLOCKS = {"acquisition time": (0x00080022, 0x00080032), "content time": (0x00080023, 0x00080033)}
_NUMBERS = {
    "echo": 0x00180086, "echo time": 0x00180081, "temporal": 0x00200100, "trigger": 0x00181060,
    "inversion time": 0x00180082, "flip angle": 0x00181314, "energy": 0x00180060, "acquisition": 0x00200012,
    "reference time": 0x00541300, "gantry": 0x00181120,
}  # fmt: skip
_COMPONENT, _IMAGE_TYPE, _FRAME_TYPE = 0x00089208, 0x00080008, 0x00089007
_RAW_TYPE, _PHASE_NUMBER = 0x0043102F, 0x20011008
_CARDIAC_PHASE, _RESPIRATORY_PHASE = 0x00209241, 0x00209245
CLASSIC_TAGS = frozenset(
    {
        _KERNEL,
        *(tag for pair in _CLOCKS.values() for tag in pair),
        *_NUMBERS.values(),
        *WEIGHTING_TAGS,
        _COMPONENT,
        _IMAGE_TYPE,
        _RAW_TYPE,
        _PHASE_NUMBER,
        _CARDIAC_PHASE,
    }
)
_CONTENT, _ECHO, _DIFFUSION, _GRADIENT, _CARDIAC = 0x00209111, 0x00189114, 0x00189117, 0x00189076, 0x00189118
_RESPIRATORY, _MODIFIERS, _TIMING, _X_RAY, _RECONSTRUCTION, _LABELLING = (
    0x00209253, 0x00189115, 0x00189112, 0x00189325, 0x00189314, 0x00189251,
)  # fmt: skip
_INVERSION_TIMES, _LABEL = 0x00189079, 0x00189257
_TYPES = (0x00189226, 0x00189329, 0x00189751)
_SEGMENT, _SEGMENTS = 0x0062000A, 0x00620002
ENHANCED_TAGS = frozenset(
    {
        _CONTENT, _ECHO, _DIFFUSION, _GRADIENT, _CARDIAC, *_TYPES, _SEGMENT, _FRAME_TYPE, 0x00189074,
        0x00189082, 0x00189151, 0x00189153, 0x00200153, 0x00209056, 0x00209057, 0x00209128, 0x00209153,
        0x00209156, 0x00209157, 0x0062000B, _RESPIRATORY, _MODIFIERS, _TIMING, _X_RAY, _RECONSTRUCTION, _LABELLING,
        _INVERSION_TIMES, _LABEL, _CARDIAC_PHASE, _RESPIRATORY_PHASE, _SEGMENTS, 0x00620004, 0x00620005,
    }
)  # fmt: skip


def classic_dimensions(values: Values) -> dict[str, Dimension]:
    """Return the dimensions a data set states at its top level."""
    found: dict[str, Dimension | None] = {"kernel": values.code(_KERNEL) or None}
    found |= {name: _moment(values.code(date), values.code(time)) for name, (date, time) in _CLOCKS.items()}
    found |= {name: values.number(tag) for name, tag in _NUMBERS.items()}
    found["type"] = " ".join([*values.codes(_IMAGE_TYPE), values.code(_COMPONENT)]).strip() or None
    found["raw type"] = next(iter(values.binary(_RAW_TYPE, "h")), None)
    found["phase number"] = values.number(_PHASE_NUMBER)
    found["cardiac phase"] = _float(values, _CARDIAC_PHASE)
    return {name: value for name, value in found.items() if value is not None} | weighting(values)


def _moment(date: str, time: str) -> str | None:
    """Return a time after its date where one is stated, so that what goes past midnight comes last."""
    clock, point, fraction = time.replace(":", "").partition(".")
    dated = len(date) == 8 and date.isdigit() and len(clock) in (2, 4, 6) and clock.isdigit()
    return f"{date}{clock:0<6}{point}{fraction}" if dated else time or None


def segment_labels(values: Values) -> dict[int, str]:
    """Return the names of the segments of a segmentation by their numbers."""
    return {item.unsigned(0x00620004) or 0: item.text(0x00620005) for item in values.items(_SEGMENTS)}


def enhanced_dimensions(groups: Values, segments: Mapping[int, str]) -> dict[str, Dimension]:
    """Return the dimensions the functional groups of a frame state."""
    found: dict[str, Dimension | None] = {}
    content = groups.item(_CONTENT)
    if content is not None:
        found["stack"] = content.code(0x00209056) or None
        found["temporal"] = content.unsigned(0x00209128)
        found["acquisition"] = content.unsigned(0x00209156)
        found["acquisition time"] = content.code(0x00189074) or None
        found["index"] = tuple(float(n) for n in content.binary(0x00209157, "I")) or None
    echo, cardiac = groups.item(_ECHO), groups.item(_CARDIAC)
    if echo is not None:
        found["echo time"] = echo.double(0x00189082)
    if cardiac is not None:
        found["trigger"] = cardiac.double(0x00209153)
        found["cardiac phase"] = _float(cardiac, _CARDIAC_PHASE)
    found |= _settings(groups)
    diffusion = groups.item(_DIFFUSION)
    if diffusion is not None:
        found["b"] = diffusion.double(B_VALUE)
        gradient = diffusion.item(_GRADIENT)
        found["direction"] = direction_of(gradient) if gradient is not None else None
    for tag in _TYPES:
        kind = groups.item(tag)
        if kind is not None:
            found["type"] = " ".join([*kind.codes(_FRAME_TYPE), kind.code(_COMPONENT)]).strip() or None
    segment = groups.item(_SEGMENT)
    if segment is not None:
        number = segment.unsigned(0x0062000B) or 0
        found["segment"] = f"{number} {segments.get(number, '')}".strip()
    return {name: value for name, value in found.items() if value is not None}


def _settings(groups: Values) -> dict[str, Dimension | None]:
    """Return what the functional groups of a frame say about how it was taken and made."""
    found: dict[str, Dimension | None] = {}
    breath, modifiers, timing = groups.item(_RESPIRATORY), groups.item(_MODIFIERS), groups.item(_TIMING)
    if breath is not None:
        found["respiratory phase"] = _float(breath, _RESPIRATORY_PHASE)
    if modifiers is not None:
        found["inversion time"] = modifiers.double(_INVERSION_TIMES)
    if timing is not None:
        found["flip angle"] = timing.number(_NUMBERS["flip angle"])
    tube, made, labelled = groups.item(_X_RAY), groups.item(_RECONSTRUCTION), groups.item(_LABELLING)
    if tube is not None:
        found["energy"] = tube.number(_NUMBERS["energy"])
    if made is not None:
        found["kernel"] = made.code(_KERNEL) or None
    if labelled is not None:
        found["label"] = labelled.code(_LABEL).lower() or None
    return found


def dimension_sources(values: Values, *, enhanced: bool) -> dict[str, int]:
    """Return the elements that dimensions were read from, where they are not the usual ones."""
    if enhanced:
        return {name: named.tags[1].number for name, named in DIMENSIONS.items()
                if len(named.tags) > 1 and name != "diffusion"}  # fmt: skip
    private = next((tag for tag in (B_VALUE, GE_B, SIEMENS_B, PHILIPS_B) if values.raw(tag)), B_VALUE)
    return {} if private == B_VALUE else {"diffusion": private}


def _float(values: Values, tag: int) -> float | None:
    found = values.binary(tag, "f")
    return round(float(found[0]), 6) if found and math.isfinite(found[0]) else None
