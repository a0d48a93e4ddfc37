"""What a header says about each frame: classic, enhanced (functional groups), mosaic, nuclear medicine, dose.

Source: PS3.3 C.7.6.2 (image plane), C.7.6.16 (functional groups), C.8.4.8 (NM), C.8.8.3 (dose). In a worker.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pellucid.dicom.captured import TAGS as CAPTURED_TAGS
from pellucid.dicom.captured import captured_slices, is_captured_stack
from pellucid.dicom.dimensions import (
    CLASSIC_TAGS,
    ENHANCED_TAGS,
    classic_dimensions,
    enhanced_dimensions,
    segment_labels,
)
from pellucid.dicom.display_tables import TAGS as VOI_TAGS
from pellucid.dicom.display_tables import voi_tables
from pellucid.dicom.mosaic import TAGS as MOSAIC_TAGS
from pellucid.dicom.mosaic import mosaic_frames
from pellucid.dicom.nuclear import TAGS as NUCLEAR_TAGS
from pellucid.dicom.nuclear import frame_dimensions, is_slice_stack
from pellucid.dicom.pixel_size import TAGS as SIZE_TAGS
from pellucid.dicom.pixel_size import pixel_size
from pellucid.dicom.records import FrameRecord, Numbers, PixelLayout
from pellucid.dicom.timing import CINE_TAGS, FRAME_TAGS, frame_times
from pellucid.dicom.ucum import unit_of
from pellucid.dicom.values import Values

_SHARED, _PER_FRAME = 0x52009229, 0x52009230
_PLANE_POSITION, _PLANE_ORIENTATION, _MEASURES = 0x00209113, 0x00209116, 0x00289110
_TRANSFORMATION, _VOI, _REAL_WORLD, _UNITS_CODE = 0x00289145, 0x00289132, 0x00409096, 0x004008EA
_MAPPING_SLOPE, _MAPPING_INTERCEPT, _MAPPING_TABLE, _CODE_VALUE = 0x00409225, 0x00409224, 0x00409212, 0x00080100
_DETECTORS, _SLICE_VECTOR = 0x00540022, 0x00540080
_FRAME_OFFSETS, _DOSE_SCALING, _DOSE_UNITS = 0x3004000C, 0x3004000E, 0x30040002
_SEGMENTATION_TYPE, _LARGEST_FRACTION = 0x00620001, 0x0062000E
_PARAMETRIC_MAP = "1.2.840.10008.5.1.4.1.1.30"
WANTED = (
    frozenset(
        {
            0x00080008, 0x00080016, 0x00180050, 0x00180088, 0x00181164, 0x00182010, 0x00200013, 0x00200032,
            0x00200037, 0x00280030, 0x00280A02, 0x00281050, 0x00281051, 0x00281052, 0x00281053, 0x00281054,
            0x00281055, 0x00281056, 0x00541001, _MAPPING_SLOPE, _MAPPING_INTERCEPT, _MAPPING_TABLE, _CODE_VALUE,
            *VOI_TAGS,
            _SHARED, _PER_FRAME, _PLANE_POSITION, _PLANE_ORIENTATION, _MEASURES, _TRANSFORMATION, _VOI,
            _REAL_WORLD, _UNITS_CODE, _DETECTORS, _SLICE_VECTOR, _FRAME_OFFSETS, _DOSE_SCALING, _DOSE_UNITS,
            _SEGMENTATION_TYPE, _LARGEST_FRACTION,
        }
    )
    | CLASSIC_TAGS
    | ENHANCED_TAGS
    | MOSAIC_TAGS
    | CINE_TAGS
    | FRAME_TAGS
    | NUCLEAR_TAGS
    | CAPTURED_TAGS
    | SIZE_TAGS
)  # fmt: skip
_UNITS = {"HU": "HU", "BQML": "Bq/ml", "GML": "g/ml", "CM2ML": "cm²/ml", "CNTS": "counts", "CPS": "counts/s",
          "OD": "OD", "GY": "Gy", "PCNT": "%", "MGML": "mg/ml", "Z_EFF": "Z"}  # fmt: skip
_TOO_MANY_FRAMES = 200_000
_FARTHEST, _SMALLEST = 1e6, 1e-7
_SLOPE, _INTERCEPT, _LARGEST_SCALE = 0x00281053, 0x00281052, 1e30
_SAME_HEIGHT = 0.01


def frame_records(values: Values, layout: PixelLayout, modality: str) -> list[FrameRecord]:
    """Return a record for every frame of a file."""
    first = _plane(values, FrameRecord(instance=values.integer(0x00200013)))
    first = replace(first, **pixel_size(values, first, modality))
    first = _meaning(values, first, modality)
    first = replace(first, dimensions=classic_dimensions(values))
    first = replace(first, tables=voi_tables(values, signed=layout.signed or first.intercept < 0))
    if _DOSE_SCALING in values:
        first = _scaled(first, values.number(_DOSE_SCALING), 0.0, _UNITS.get(values.code(_DOSE_UNITS), ""))
    if values.code(_SEGMENTATION_TYPE) == "FRACTIONAL":
        first = replace(first, slope=1 / (values.unsigned(_LARGEST_FRACTION) or (1 << layout.stored) - 1))
    per_frame = values.items(_PER_FRAME)
    count = min(layout.frames, _TOO_MANY_FRAMES)
    if is_enhanced(values):
        return _enhanced(values, per_frame, first, count, modality)
    tiles = mosaic_frames(values, layout, first)
    if tiles:
        return tiles
    if count == 1:
        return [first]
    return _multi_frame(values, first, count)


def is_enhanced(values: Values) -> bool:
    """Return whether a file states its frames in functional groups."""
    return _SHARED in values or _PER_FRAME in values


def _plane(values: Values, frame: FrameRecord) -> FrameRecord:
    """Take over what a data set says about the plane of a frame."""
    between = values.number(0x00180088)
    spacing, detector = _pair(values, 0x00280030), _pair(values, 0x00181164) or _pair(values, 0x00182010)
    return replace(
        frame,
        position=_tuple(values, 0x00200032, 3) or frame.position,
        orientation=_tuple(values, 0x00200037, 6) or frame.orientation,
        spacing=spacing or frame.spacing,
        detector_spacing=detector or frame.detector_spacing,
        thickness=_positive(values.number(0x00180050)) or frame.thickness,
        between=between if between and _SMALLEST < abs(between) < _FARTHEST else frame.between,
    )


def _meaning(values: Values, frame: FrameRecord, modality: str) -> FrameRecord:
    """Take over what a data set says about the meaning of stored values and how to show them."""
    changes: dict[str, Any] = {}
    kind = values.code(0x00541001) or values.code(0x00281054)  # PET states its own; others say US for unspecified
    unit = _UNITS.get(kind, "") if kind else frame.unit
    if values.raw(_SLOPE).strip(b" \0") or values.raw(_INTERCEPT).strip(b" \0"):
        # PS3.3 C.8.2.1.1.2: HU unless Rescale Type says otherwise
        unit = "HU" if modality == "CT" and not kind and not unit else unit
        frame = _scaled(frame, _stated(values, _SLOPE, 1.0), _stated(values, _INTERCEPT, 0.0), unit)
    elif kind:
        changes["unit"] = unit
    centres, widths = values.numbers(0x00281050), values.numbers(0x00281051)
    names = values.text(0x00281055).split("\\")
    names += [""] * len(centres)
    pairs = [(c, w, name.strip()) for c, w, name in zip(centres, widths, names, strict=False) if w > 0]
    if pairs:
        changes |= {"windows": tuple(pairs), "function": values.code(0x00281056)}
    return replace(frame, **changes)


def _stated(values: Values, tag: int, default: float) -> float | None:
    """Return a number, its default where it is not stated, None where it cannot be read."""
    return values.number(tag) if values.raw(tag).strip(b" \0") else default


def _scaled(frame: FrameRecord, slope: float | None, intercept: float | None, unit: str) -> FrameRecord:
    """Return a frame with its rescale; stored numbers without a unit where it cannot be meant."""
    if not slope or intercept is None or max(abs(slope), abs(intercept)) > _LARGEST_SCALE:
        return replace(frame, slope=1.0, intercept=0.0, unit="", unscaled=True)
    return replace(frame, slope=slope, intercept=intercept, unit=unit, unscaled=False)


def _enhanced(
    values: Values, per_frame: list[Values], first: FrameRecord, count: int, modality: str
) -> list[FrameRecord]:
    """Merge the shared and the per-frame functional groups of an enhanced file."""
    shared, segments = values.item(_SHARED), segment_labels(values)
    base = _groups(shared, first, modality, values, segments) if shared else first
    frames = []
    for number in range(count):
        frame = replace(base, number=number)
        if number < len(per_frame):
            frame = _groups(per_frame[number], frame, modality, values, segments)
        frames.append(frame)
    return frames


def _groups(groups: Values, frame: FrameRecord, modality: str, top: Values, segments: dict[int, str]) -> FrameRecord:
    for tag in (_PLANE_POSITION, _PLANE_ORIENTATION, _MEASURES):
        item = groups.item(tag)
        if item is not None:
            frame = _plane(item, frame)
    for tag in (_TRANSFORMATION, _VOI):
        item = groups.item(tag)
        if item is not None:
            frame = _meaning(item, frame, modality)
    real_world = groups.item(_REAL_WORLD)
    if real_world is not None and top.code(0x00080016) == _PARAMETRIC_MAP:
        frame = _mapped(real_world, frame)
    dimensions = frame.dimensions | enhanced_dimensions(groups, segments) | frame_times(groups)
    return replace(frame, dimensions=dimensions)


def _mapped(mapping: Values, frame: FrameRecord) -> FrameRecord:
    """Take over a real-world value mapping (PS3.3 C.7.6.16.2.11): a line, or a table, which is not applied.

    What of a line is not stated changes nothing: no slope is 1, no intercept is 0.
    """
    if mapping.raw(_MAPPING_TABLE):
        return replace(frame, slope=1.0, intercept=0.0, unit="", unscaled=False, unmapped=True)
    slope, intercept = (mapping.double(tag) if mapping.raw(tag) else default
                        for tag, default in ((_MAPPING_SLOPE, 1.0), (_MAPPING_INTERCEPT, 0.0)))  # fmt: skip
    unit = mapping.item(_UNITS_CODE)
    frame = replace(frame, unmapped=False)
    return _scaled(frame, slope, intercept, unit_of(unit.text(_CODE_VALUE)) if unit is not None else "")


def _multi_frame(values: Values, first: FrameRecord, count: int) -> list[FrameRecord]:
    """Return the frames of a file without functional groups: doses and NM slices have places, cine not."""
    frames = [replace(first, number=n, dimensions=first.dimensions | {"frame": n + 1} | stated)
              for n, stated in enumerate(frame_dimensions(values, count))]  # fmt: skip
    offsets = values.numbers(_FRAME_OFFSETS)
    if len(offsets) >= count and first.position and first.orientation:
        return [_shifted(f, first, distance) for f, distance in zip(frames, _distances(offsets, first), strict=False)]
    if is_captured_stack(values):
        return captured_slices(values, frames)
    order = values.binary(_SLICE_VECTOR, "H")
    if len(order) < count or not is_slice_stack(values):
        return [replace(f, position=None) for f in frames]
    detector = values.item(_DETECTORS)
    placed = _plane(detector, first) if detector is not None else first
    if not placed.position or not placed.orientation or not placed.between:
        return [replace(f, instance=order[n]) for n, f in enumerate(frames)]
    return [replace(_shifted(f, placed, (order[n] - 1) * placed.between), instance=order[n])
            for n, f in enumerate(frames)]  # fmt: skip


def _distances(offsets: list[float], first: FrameRecord) -> list[float]:
    """Return how far along the normal each plane of a dose lies: its offsets are that, or heights (C.8.8.3.2).

    Heights begin with that of the first plane; where the normal points down, planes that go up go against it.
    """
    if offsets[0] == 0.0:
        return offsets
    assert first.orientation is not None and first.position is not None
    (a, b, _), (d, e, _) = first.orientation[:3], first.orientation[3:]
    down = a * e - b * d < 0 and abs(offsets[0] - first.position[2]) < _SAME_HEIGHT
    return [(offsets[0] - offset) if down else (offset - offsets[0]) for offset in offsets]


def _shifted(frame: FrameRecord, origin: FrameRecord, distance: float) -> FrameRecord:
    assert origin.position is not None and origin.orientation is not None
    r, c = origin.orientation[:3], origin.orientation[3:]
    normal = (r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0])
    position = tuple(p + distance * n for p, n in zip(origin.position, normal, strict=True))
    return replace(frame, position=position, orientation=origin.orientation)


def _tuple(values: Values, tag: int, count: int) -> Numbers | None:
    """Return numbers of a plausible size; a position a kilometre away is damage, not a place."""
    numbers = values.numbers(tag)
    plausible = len(numbers) == count and max(map(abs, numbers)) <= _FARTHEST
    return tuple(numbers) if plausible else None


def _pair(values: Values, tag: int) -> Numbers | None:
    numbers = _tuple(values, tag, 2)
    return numbers if numbers and min(numbers) > _SMALLEST else None


def _positive(number: float | None) -> float | None:
    return number if number and _SMALLEST < number < _FARTHEST else None
