"""From files to plain header records: what sorting, geometry and the browser need. Runs inside a worker."""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

from pellucid.dicom.captured import is_captured_stack
from pellucid.dicom.dimensions import dimension_sources
from pellucid.dicom.elements import Malformed, Unreasonable
from pellucid.dicom.frames import WANTED as FRAME_TAGS
from pellucid.dicom.frames import frame_records, is_enhanced
from pellucid.dicom.kinds import content_of
from pellucid.dicom.label_objects import LABELS, NAME_TAGS, contents_of, is_shown_as_labels
from pellucid.dicom.nuclear import is_slice_stack
from pellucid.dicom.parsing import Parsed, has_preamble, parse
from pellucid.dicom.records import FileRecord, PixelLayout, to_json
from pellucid.dicom.references import TAGS as REFERENCE_TAGS
from pellucid.dicom.references import referenced_series
from pellucid.dicom.suv import TAGS as SUV_TAGS
from pellucid.dicom.suv import uptake
from pellucid.dicom.timing import cine_facts
from pellucid.dicom.values import Values
from pellucid.language import tr

_TEXTS = {
    "patient_name": 0x00100010, "patient_id": 0x00100020, "birth_date": 0x00100030, "sex": 0x00100040,
    "study_date": 0x00080020, "study_description": 0x00081030, "series_description": 0x0008103E,
    "series_number": 0x00200011, "body_part": 0x00180015, "protocol": 0x00181030, "manufacturer": 0x00080070,
    "patient_weight": 0x00101030, "laterality": 0x00200062, "view": 0x00185101,
    "burned_in": 0x00280301, "accession": 0x00080050,
}  # fmt: skip
_TAGS = frozenset(
    {
        0x00080005, 0x00080016, 0x00080018, 0x00080060, 0x0020000D, 0x0020000E, 0x00200052,
        0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280010, 0x00280011, 0x00280100, 0x00280101,
        0x00280102, 0x00280103, 0x00280120, 0x00280121, 0x00280122, 0x00280123, 0x00280124, 0x00280125, 0x00282110,
        0x00283000, 0x00280009, 0x00540080,
        *_TEXTS.values(),
    }
)  # fmt: skip
WANTED = _TAGS | FRAME_TAGS | SUV_TAGS | NAME_TAGS | REFERENCE_TAGS
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
_LOSSY_SYNTAXES = frozenset(
    f"1.2.840.10008.1.2.4.{n}" for n in (50, 51, 53, 55, 81, 91, 93, 203)
)  # .91 and .203 may be lossless, which the header then says
_MAYBE_LOSSY = frozenset({"1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.203"})
_FRAMES_UNCHECKED = 1000
_LARGEST_SIDE = 1 << 17
_DICOM_NAMES = frozenset({".dcm", ".dicom", ".dic", ".ima"})


def read_headers(payload: dict[str, Any]) -> dict[str, Any]:
    """Read the headers of ``payload["paths"]``; answer, per file, a record, a problem or "other"."""
    return {"files": [read_one(Path(path)) for path in payload["paths"]]}


def read_one(path: Path) -> dict[str, Any]:
    """Read one file; return ``{"record": …}``, ``{"problem": sentence}`` or ``{"other": True}``."""
    try:
        record = read_record(path)
    except Unreasonable as reason:
        return {"problem": tr("{name} was not read: it {reason}.", name=path.name, reason=reason)}
    except OSError as error:
        return {
            "problem": tr(
                "{name} could not be opened: {reason}.", name=path.name, reason=error.strerror or "the system refused"
            )
        }
    except (Malformed, ValueError, RecursionError, LookupError, OverflowError, struct.error):
        return {"problem": tr("{name} could not be read: its DICOM header is damaged.", name=path.name)}
    if record is None and path.suffix.lower() in _DICOM_NAMES:
        return {"problem": tr("{name} is named like a DICOM file but does not hold one.", name=path.name)}
    if record is None:
        return {"other": True}
    return {"directory": True} if record.sop_class == MEDIA_DIRECTORY else {"record": to_json(record)}


def read_record(path: Path) -> FileRecord | None:
    """Read one header; None when the file is not DICOM."""
    parsed = parse(path, WANTED)
    if parsed is None:
        return None
    values = Values(parsed.elements)
    layout = pixel_layout(parsed, values, path.stat().st_size)
    sop_class = values.code(0x00080016) or parsed.media_class
    if not sop_class and layout is None and not values.code(0x00080060) and not has_preamble(parsed.buffer):
        return None
    modality = values.code(0x00080060)
    contents = contents_of(values, sop_class)
    labels = is_shown_as_labels(values, sop_class)
    return FileRecord(
        path=str(path),
        sop_class=sop_class,
        sop_uid=values.code(0x00080018),
        series_uid=values.code(0x0020000E),
        study_uid=values.code(0x0020000D),
        modality=modality,
        frame_of_reference=values.code(0x00200052),
        texts=_texts(values),
        pixels=layout,
        frames=tuple(frame_records(values, layout, modality)) if layout and not labels else (),
        padding=_padding(values, layout) if layout else None,
        lossy=_is_lossy(values, parsed.syntax),
        truncated=parsed.truncated,
        stacked=is_slice_stack(values) or is_captured_stack(values),
        cine=cine_facts(values),
        sources=dimension_sources(values, enhanced=is_enhanced(values)),
        data_offset=parsed.dataset_offset,
        note=_note(layout),
        contents=contents,
        references=tuple(referenced_series(values)) if content_of(sop_class) in LABELS else (),
    )


def pixel_layout(parsed: Parsed, values: Values, file_size: int) -> PixelLayout | None:
    """Return how and where pixels are stored, None when there are none that can be understood."""
    rows, columns = values.unsigned(0x00280010), values.unsigned(0x00280011)
    pixels = parsed.pixels
    if pixels is None or not rows or not columns:
        return None
    floating = {0x7FE00008: 4, 0x7FE00009: 8}.get(pixels.tag, 0)
    allocated = values.unsigned(0x00280100) or (floating * 8 if floating else 16)
    stored = min(values.unsigned(0x00280101) or allocated, allocated)
    stated = values.unsigned(0x00280102)
    fits = stated is not None and stored - 1 <= stated < allocated
    layout = PixelLayout(
        syntax=parsed.syntax,
        rows=rows,
        columns=columns,
        samples=values.unsigned(0x00280002) or 1,
        frames=max(values.integer(0x00280008) or 1, 1),
        photometric=values.code(0x00280004) or "MONOCHROME2",
        planar=values.unsigned(0x00280006) or 0,
        allocated=allocated,
        stored=stored,
        high_bit=stated if stated is not None and fits else stored - 1,
        impossible_high_bit=None if fits or floating else stated,
        signed=values.unsigned(0x00280103) == 1,
        offset=pixels.offset,
        length=pixels.length,
        encapsulated=pixels.encapsulated,
        vr=pixels.vr or "OW",
        floating=floating,
        tables=0x00283000 in values,
        file_size=file_size,
    )
    _check_frames(layout, pixels.fragments)
    whole = replace(layout, photometric="YBR_FULL")
    stated_halved = layout.photometric == "YBR_FULL_422" and not layout.encapsulated
    if stated_halved and layout.length * 8 >= whole.frame_bits * layout.frames:
        return whole  # it was unpacked by somebody who left the name
    return layout


def _check_frames(layout: PixelLayout, fragments: int) -> None:
    """Refuse a number of frames that is far from what the file can hold, before anything is made of each (H21)."""
    there = fragments if layout.encapsulated else -(-layout.length * 8 // max(layout.frame_bits, 1))
    if layout.frames > _FRAMES_UNCHECKED and layout.frames > 2 * there:
        raise Unreasonable(
            tr("declares {frames} frames but holds the pixels of {there}", frames=layout.frames, there=there)
        )


def digests(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a digest of the data set (not the file meta information) of every ``[path, offset]``."""
    return {"digests": [_digest(path, offset) for path, offset in payload["files"]]}


def _digest(path: str, offset: int) -> str:
    with Path(path).open("rb") as file:
        file.seek(offset)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _texts(values: Values) -> dict[str, str]:
    texts = {}
    for key, tag in _TEXTS.items():
        text = values.name(tag) if key == "patient_name" else values.text(tag)
        if text:
            texts[key] = text
    if values.code(0x00080060) == "PT":
        found = uptake(values)
        texts |= {f"suv_{kind}": repr(factor) for kind, factor in found.factors.items()}
        if found.missing:
            texts["suv_missing"] = ",".join(found.missing)
    return texts


def _padding(values: Values, layout: PixelLayout) -> tuple[float, float] | None:
    """Return the closed range of stored values that are padding (PS3.3 C.7.5.1.1.2)."""
    if layout.floating:
        kind, tag, limit = ("f", 0x00280122, 0x00280124) if layout.floating == 4 else ("d", 0x00280123, 0x00280125)
        ends = values.binary(tag, kind)[:1] + values.binary(limit, kind)[:1]
        return (float(min(ends)), float(max(ends))) if ends and all(map(math.isfinite, ends)) else None
    kind = ("h" if layout.signed else "H") if len(values.raw(0x00280120)) == 2 else ("i" if layout.signed else "I")
    first = values.binary(0x00280120, kind)
    if not first:
        return None
    last = values.binary(0x00280121, kind) or first
    return float(min(first[0], last[0])), float(max(first[0], last[0]))


def _is_lossy(values: Values, syntax: str) -> bool:
    stated = values.code(0x00282110)
    return stated == "01" or (stated != "00" and syntax in _LOSSY_SYNTAXES - _MAYBE_LOSSY)


def _note(layout: PixelLayout | None) -> str:
    if layout is None:
        return "no-pixels"
    sides = max(layout.rows, layout.columns)
    return "too-large" if sides > _LARGEST_SIDE else ""
