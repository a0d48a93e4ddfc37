"""The content tree of a structured report as indented lines: what a concept means, its value, its unit, what it names.

Source: PS3.3 C.17.3 (content items), C.18 (their values). Runs inside a worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from pellucid.dicom.values import Values
from pellucid.language import mark, tr

_CONTENT, _KIND, _RELATION, _NAME = 0x0040A730, 0x0040A040, 0x0040A010, 0x0040A043
_MEANING, _CODE, _SCHEME = 0x00080104, 0x00080100, 0x00080102
_TEXT, _CONCEPT, _MEASURED, _NUMBER, _UNITS = 0x0040A160, 0x0040A168, 0x0040A300, 0x0040A30A, 0x004008EA
_QUALIFIER, _MOMENT, _DATE, _TIME, _PERSON, _UID = (
    0x0040A301, 0x0040A120, 0x0040A121, 0x0040A122, 0x0040A123, 0x0040A124,
)  # fmt: skip
_REFERENCED, _OBJECT, _OBJECT_CLASS, _FRAMES = 0x00081199, 0x00081155, 0x00081150, 0x00081160
_SHAPE, _POINTS, _DIMENSIONS, _TARGET = 0x00700023, 0x00700022, 0x00700021, 0x0040DB73
_COMPLETE, _VERIFIED = 0x0040A491, 0x0040A493
TAGS = frozenset({
    _CONTENT, _KIND, _RELATION, _NAME, _MEANING, _CODE, _SCHEME, _TEXT, _CONCEPT, _MEASURED, _NUMBER, _UNITS,
    _QUALIFIER, _MOMENT, _DATE, _TIME, _PERSON, _UID, _REFERENCED, _OBJECT, _OBJECT_CLASS, _FRAMES, _SHAPE, _POINTS,
    _DIMENSIONS, _TARGET, _COMPLETE, _VERIFIED,
})  # fmt: skip
_SUBJECT = frozenset({"121022", "121029", "121030", "121031", "121024", "121028"})
"""Concepts of DCM that name the patient: accession number, subject name, ID, birth date, UIDs."""
_MOST_LINES, _MOST_TEXT, _LONGEST = 20_000, 2_000_000, 200_000
_SHAPES = {"POINT": mark("point"), "MULTIPOINT": mark("points"), "POLYLINE": mark("line"), "CIRCLE": mark("circle"),
           "ELLIPSE": mark("ellipse"), "POLYGON": mark("polygon"), "ELLIPSOID": mark("ellipsoid")}  # fmt: skip


class Line(NamedTuple):
    """A line of a report; ``identifies`` says that it names somebody."""

    depth: int
    text: str
    identifies: bool


@dataclass
class _Report:
    """What was written so far, within its bounds."""

    lines: list[Line]
    room: int = _MOST_TEXT
    cut: bool = False

    def add(self, line: Line) -> None:
        if self.cut or len(self.lines) >= _MOST_LINES or self.room < len(line.text):
            self.cut = True
            return
        self.room -= len(line.text)
        self.lines.append(line)


def report_lines(values: Values) -> tuple[str, list[Line], bool]:
    """Return the title of a report, its lines, and whether there is more than is shown."""
    report = _Report([])
    title = _meaning(values.item(_NAME))
    states = {"COMPLETE": tr("complete"), "PARTIAL": tr("not complete"), "VERIFIED": tr("verified"),
              "UNVERIFIED": tr("not verified")}  # fmt: skip
    state = [states[code] for tag in (_COMPLETE, _VERIFIED) if (code := values.code(tag)) in states]
    report.add(Line(0, f"{title or tr('Report')}{' (' + ', '.join(state) + ')' if state else ''}", False))
    _walk(values, 1, report)
    return title, report.lines, report.cut


def _walk(parent: Values, depth: int, report: _Report) -> None:
    for item in parent.items(_CONTENT):
        if report.cut:
            return
        name, kind = item.item(_NAME), item.code(_KIND)
        concept, value = _meaning(name), _value(item, kind)
        text = ": ".join(part for part in (concept, value) if part) or _unknown(item, kind)
        about = name.code(_CODE) if name is not None else ""
        for n, row in enumerate(text.splitlines() or [""]):
            report.add(Line(depth + (n > 0), row, kind == "PNAME" or about in _SUBJECT))
        _walk(item, depth + 1, report)


def _unknown(item: Values, kind: str) -> str:
    """Name an item without words: a reference within the report, or a container without a heading."""
    if _TARGET in item:
        path = ".".join(str(n) for n in item.binary(_TARGET, "I"))
        return tr("see item {path}", path=path)
    return tr("(section)") if kind == "CONTAINER" else tr("(nothing stated)")


def _value(item: Values, kind: str) -> str:
    """Write the value of a content item for reading."""
    if kind == "NUM":
        return _measured(item)
    if kind == "CODE":
        return _meaning(item.item(_CONCEPT))
    if kind == "PNAME":
        return item.name(_PERSON)
    if kind in ("IMAGE", "COMPOSITE", "WAVEFORM"):
        return "\n".join(_reference(one) for one in item.items(_REFERENCED))
    if kind in ("SCOORD", "SCOORD3D", "TCOORD"):
        return _coordinates(item)
    if kind in ("DATE", "TIME", "DATETIME"):
        return _when(item, kind)
    if kind == "UIDREF":
        return item.code(_UID)
    return item.text(_TEXT, _LONGEST).replace("\r\n", "\n").replace("\r", "\n") if kind == "TEXT" else ""


def _measured(item: Values) -> str:
    measured = item.item(_MEASURED)
    if measured is None:
        return _meaning(item.item(_QUALIFIER)) or tr("no value")
    number, unit = measured.code(_NUMBER), measured.item(_UNITS)
    code = unit.code(_CODE) if unit is not None else ""
    said = "" if code in ("1", "{counts}", "{ratio}") else code if code else _meaning(unit)
    qualifier = _meaning(item.item(_QUALIFIER))
    return f"{number} {said}".strip() + (f" ({qualifier})" if qualifier else "")


def _reference(one: Values) -> str:
    from pydicom.uid import UID

    kind = UID(one.code(_OBJECT_CLASS)).name.removesuffix(" Storage")
    frames = one.code(_FRAMES).replace("\\", ", ")
    where = tr(", frames {frames}", frames=frames) if frames else ""
    return f"{kind} {one.code(_OBJECT)}{where}"


def _coordinates(item: Values) -> str:
    shape = item.code(_SHAPE)
    dimensions = 3 if item.code(_KIND) == "SCOORD3D" else 2
    count = len(item.binary(_POINTS, "f")) // dimensions
    return f"{tr(_SHAPES[shape]) if shape in _SHAPES else shape.lower()}, " + tr("{count} points", count=count)


def _when(item: Values, kind: str) -> str:
    text = item.code({"DATE": _DATE, "TIME": _TIME, "DATETIME": _MOMENT}[kind])
    day, clock = (text, "") if kind == "DATE" else ("", text) if kind == "TIME" else (text[:8], text[8:])
    said = f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 and day.isdigit() else day
    hours = clock.partition(".")[0].partition("+")[0]
    told = ":".join(hours[n : n + 2] for n in range(0, len(hours), 2)) if hours.isdigit() else clock
    return f"{said} {told}".strip()


def _meaning(code: Any) -> str:
    """Return what a code means, in words or at least by its value."""
    if code is None:
        return ""
    return str(code.text(_MEANING) or " ".join(filter(None, (code.text(_CODE), code.text(_SCHEME)))))
