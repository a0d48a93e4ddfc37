"""Measurements as rows for files and the clipboard: full precision, world points, units, no patient identity."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pellucid.model.annotations import Annotation
from pellucid.model.reading import Reading

_SHAPE = ("length", "angle", "obtuse angle", "area", "perimeter", "width", "height")
_VALUES = ("voxels", "mean", "std", "minimum", "maximum", "median", "peak")
COLUMNS = (
    "kind", "name", "text", "series", "modality", "slice", "frame",
    *(column for quantity in _SHAPE for column in (quantity.replace(" ", "_"), f"{quantity.replace(' ', '_')}_unit")),
    "channel", *_VALUES, "value", "value_unit", "sampled_every_mm", "points_lps_mm", "normal_lps", "note",
)  # fmt: skip
"""The columns of the table; ``std`` is that of the population (divided by n), ``peak`` the highest mean of
1 cm³ around a voxel of a PET, points are x y z; x y z; …"""


@dataclass(frozen=True)
class Measured:
    """An annotation with what it says; ``series`` describes the image and names nobody."""

    annotation: Annotation
    reading: Reading
    series: str = ""
    modality: str = ""
    slice: str = ""


def to_rows(measured: Iterable[Measured]) -> list[dict[str, Any]]:
    """Return one row per annotation, or per channel where an image has several; unknown is None."""
    rows = []
    for one in measured:
        common = _common(one)
        statistics = one.reading.statistics
        values = one.reading.value if isinstance(one.reading.value, tuple) else (one.reading.value,)
        for n in range(max(len(statistics), len(values), 1)):
            row = dict.fromkeys(COLUMNS) | common
            if n < len(statistics):
                row |= {name: getattr(statistics[n], name) for name in ("channel", *_VALUES)}
            if n < len(values) and values[n] is not None:
                row |= {"value": values[n], "channel": str(n + 1) if len(values) > 1 else ""}
            rows.append(row)
    return rows


def _common(one: Measured) -> dict[str, Any]:
    drawn, reading = one.annotation, one.reading
    row: dict[str, Any] = {
        "kind": str(drawn.kind), "name": drawn.name, "text": drawn.text, "series": one.series,
        "modality": one.modality, "slice": one.slice, "frame": drawn.frame, "value_unit": reading.unit or None,
        "sampled_every_mm": reading.step, "points_lps_mm": _points(drawn.points),
        "normal_lps": _points((drawn.normal,)),
        "note": " ".join(dict.fromkeys(m.note for m in reading.measures if m.note)) or None,
    }  # fmt: skip
    for measurement in reading.measures:
        column = measurement.quantity.replace(" ", "_")
        row |= {column: measurement.value, f"{column}_unit": measurement.unit}
    return row


def _points(points: Iterable[tuple[float, float, float]]) -> str:
    return "; ".join(" ".join(repr(float(c)) for c in point) for point in points)


def to_csv(measured: Iterable[Measured], delimiter: str = ",") -> str:
    """Return a table with a header; texts that a spreadsheet would run as a formula begin with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in to_rows(measured):
        cells = {**row, **{name: _harmless(row[name]) for name in ("name", "text", "series")}}
        writer.writerow(["" if value is None else value for value in cells.values()])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: what is no number is null."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(measured: Iterable[Measured]) -> str:
    """Return the same as JSON: a list of annotations with points, plane, numbers and statistics."""
    entries = []
    for one in measured:
        drawn, reading = asdict(one.annotation), asdict(one.reading)
        del drawn["layer"], drawn["frame_of_reference"], reading["pending"]
        reading["value"] = _plain(one.reading.value)
        entries.append({**drawn, "series": one.series, "modality": one.modality, "slice": one.slice, **reading})
    about = {"coordinates": "LPS, mm", "standard_deviation": "population (divided by n)"}
    return json.dumps({"format": "pellucid-measurements", "version": 1, **about, "measurements": entries},
                      indent=1, ensure_ascii=False, allow_nan=False) + "\n"  # fmt: skip
