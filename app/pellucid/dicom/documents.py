"""Reports and encapsulated documents as text: SR content trees, key object notes, CDA, the words of a PDF.

Source: PS3.3 C.17.3 (SR document content), C.24.2 (encapsulated document). What is read runs in a worker, within
bounds: items, characters, bytes.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom import pdf_text
from pellucid.dicom.elements import Malformed, Unreasonable
from pellucid.dicom.parsing import parse
from pellucid.dicom.structured_reports import TAGS as REPORT_TAGS
from pellucid.dicom.structured_reports import Line, report_lines
from pellucid.dicom.values import Values
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.reduction import amount

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool
    from pellucid.dicom.process import Answer

_CLASS, _MODALITY, _DATE, _TIME, _SERIES = 0x00080016, 0x00080060, 0x00080023, 0x00080033, 0x0008103E
_NAME, _ID, _BORN = 0x00100010, 0x00100020, 0x00100030
_BYTES, _TITLE, _TYPE, _LENGTH = 0x00420011, 0x00420010, 0x00420012, 0x00420015
_CONTENT = 0x0040A730
_TAGS = frozenset({0x00080005, _CLASS, _MODALITY, _DATE, _TIME, _SERIES, _NAME, _ID, _BORN, _BYTES, _TITLE, _TYPE,
                   _LENGTH}) | REPORT_TAGS  # fmt: skip
_READ = "pellucid.dicom.documents:read_plain"
_EXTRACT = "pellucid.dicom.documents:extract_plain"
_WORDS = "pellucid.dicom.documents:words_plain"
MOST_BYTES = 256 << 20
_MOST_TEXT = 2_000_000
_MOST_PHRASES = 50
_COVER = "•••"
_PDF = b"%PDF-"
_TEXTS = ("text/plain", "text/xml", "application/xml", "application/hl7-v3+xml")


@dataclass(frozen=True)
class Document:
    """A report: its lines, who it is about (for hiding), and whether a file can be saved out of it.

    ``kind`` is ``"report"``, ``"text"`` or ``"pdf"``; ``note`` says what is not shown.
    """

    path: Path
    title: str
    kind: str
    lines: tuple[Line, ...]
    patient: tuple[str, ...] = ()
    date: str = ""
    note: str = ""
    size: int = 0

    @property
    def has_file(self) -> bool:
        """Return whether there is a PDF to be saved."""
        return self.kind == "pdf" and self.size > 0

    def heading(self, *, hide_identity: bool = False) -> str:
        """Return the title; hidden is what is known to name the patient."""
        return _covered(self.title, self.patient) if hide_identity else self.title

    def text(self, *, hide_identity: bool = False) -> str:
        """Return everything as plain text, indented like the tree; hidden is what is known to name the patient."""
        shown = [line for line in self.lines if not (hide_identity and line.identifies)]
        rows = ["    " * line.depth + line.text for line in shown]
        text = "\n".join([self.title, *rows] if self.title and self.kind != "report" else rows)  # one begins with it
        if not hide_identity:
            head = [", ".join(word for word in self.patient if word), self.date]
            return "\n".join([*filter(None, head), *([""] if any(head) else []), text]).strip()
        return _covered(text, self.patient)


def _covered(text: str, patient: Sequence[str]) -> str:
    """Return a text without what would name the patient: the name as a whole and in parts, the ID, the date of birth.

    Single words are looked up, so that a file with a thousand of them in a name keeps nobody waiting.
    """
    parts = {part for one in patient for part in (one, *re.split(r"[\s,^=()]+", one)) if len(part) > 1}
    words = {part.casefold() for part in parts if re.fullmatch(r"\w+", part)}
    for day in {one for one in patient if re.fullmatch(r"\d{8}", one)}:
        text = _written_day(day).sub(_COVER, text)
    for part in sorted((part for part in parts if part.casefold() not in words), key=len, reverse=True)[:_MOST_PHRASES]:
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", _COVER, text, flags=re.IGNORECASE)
    return re.sub(r"\w+", lambda found: _COVER if found.group().casefold() in words else found.group(), text)


def _written_day(day: str) -> re.Pattern[str]:
    """Return what finds a date in figures however it is written: 1958-04-12, 12.4.58, 04/12/1958."""
    year, month, number = rf"(?:{day[:2]})?{day[2:4]}", f"0?{int(day[4:6])}", f"0?{int(day[6:])}"
    mark = r"\s?[-./]\s?"
    ways = (year, month, number), (number, month, year), (month, number, year)
    return re.compile("|".join(rf"(?<!\d){mark.join(way)}(?!\d)" for way in ways))


# ---------------------------------------------------------------- in the program


def read(path: Path, pool: Pool | None = None, cancelled: Callable[[], bool] | None = None) -> Document:
    """Read a document in a worker; raise Refused with a sentence for what is none."""
    from pellucid.dicom.child import default_pool

    pool, begun = pool or default_pool(), time.monotonic()
    answer, _ = pool.call(_READ, {"path": str(path)}, cancelled=cancelled)
    if answer["kind"] == "pdf":
        left = min(pdf_text.SECONDS, pool.deadline - (time.monotonic() - begun))
        _add_words(answer, path, partial(pool.call, deadline=max(left, 1.0), cancelled=cancelled))
    series = answer.pop("series")
    answer["title"] = answer["title"] or series
    lines = tuple(Line(depth, text, bool(identifies)) for depth, text, identifies in answer.pop("lines"))
    patient = tuple(answer.pop("patient"))
    return Document(path, lines=lines, patient=patient, **answer)


def _add_words(answer: dict[str, Any], path: Path, call: Callable[[str, dict[str, Any]], Answer]) -> None:
    """Add what the pages of a PDF say, or why that is not shown.

    The worker does not hear that this is about ``path``: a file it fails at is not set aside, so that it can be saved.
    """
    try:
        found, _ = call(_WORDS, {"file": str(path)})
    except Refused:
        why = tr("The text of the PDF is not shown: it is damaged, or too much for one look.")
        found = {"lines": [], "title": "", "note": why}
    answer["lines"] += found["lines"]
    answer["title"] = answer["title"] or found["title"]
    save = tr("Save it, or open it with the viewer of your system.")
    answer["note"] = f"{found['note']} {save}"


def extract(path: Path, pool: Pool | None = None) -> bytes:
    """Return the PDF inside of a file, checked to begin as one; raise Refused where it does not."""
    from pellucid.dicom.child import default_pool

    _, arrays = (pool or default_pool()).call(_EXTRACT, {"path": str(path)})
    return arrays[0].tobytes()


# ---------------------------------------------------------------- in a worker


def read_plain(payload: dict[str, Any]) -> dict[str, Any]:
    """Read ``payload["path"]``; answer title, lines and who it is about, or refuse. Runs in a worker."""
    path = Path(payload["path"])
    values = _values(path)
    answer: dict[str, Any] = {
        "patient": [values.name(_NAME), values.text(_ID), values.code(_BORN)],
        "date": _moment(values.code(_DATE), values.code(_TIME)),
        "title": values.text(_TITLE),
        "series": values.text(_SERIES),
        "note": "", "size": 0,
    }  # fmt: skip
    if _BYTES in values:
        return answer | _encapsulated(values, path)
    if _CONTENT not in values:
        raise Refused(tr("{name} could not be read: it holds no report and no document.", name=path.name))
    title, lines, cut = report_lines(values)
    note = tr("The report is longer than what is shown: it was cut.") if cut else ""
    return answer | {"kind": "report", "title": title, "lines": lines, "note": note}


def extract_plain(payload: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Return the bytes of the PDF inside of ``payload["path"]``. Runs in a worker."""
    path = Path(payload["path"])
    data = _pdf(_values(path).raw(_BYTES), path)
    return {}, [np.frombuffer(data, np.uint8)]


def words_plain(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the words of the PDF inside of ``payload["file"]`` and what is not shown. Runs in a worker."""
    path = Path(payload["file"])
    lines, note, title = pdf_text.words(_pdf(_values(path).raw(_BYTES), path))
    return {"lines": lines, "note": note, "title": title}


def _values(path: Path) -> Values:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused(tr("{name} was not read: it is larger than {limit} MB.", name=path.name,
                             limit=MOST_BYTES >> 20))  # fmt: skip
        parsed = parse(path, _TAGS)
    except (Malformed, Unreasonable, OSError, ValueError, RecursionError, struct.error):
        parsed = None
    if parsed is None:
        raise Refused(tr("{name} could not be read: its DICOM header is damaged.", name=path.name))
    return Values(parsed.elements)


def _encapsulated(values: Values, path: Path) -> dict[str, Any]:
    """Return what is told of a document inside of a DICOM file."""
    kind, data = values.code(_TYPE).lower(), values.raw(_BYTES)
    if kind in _TEXTS or (kind != "application/pdf" and data[:5] == b"<?xml"):
        lines, cut = _text_lines(data)
        note = tr("The document is longer than what is shown: it was cut.") if cut else ""
        return {"kind": "text", "lines": lines, "note": note}
    if kind not in ("application/pdf", ""):
        raise Refused(tr("{name} holds a document of the kind “{kind}”, which Pellucid does not show.", name=path.name,
                         kind=kind[:60]))  # fmt: skip
    data = _pdf(data, path)
    version = re.match(rb"%PDF-(\d\.\d)", data)
    said = tr("PDF {version}, {size}", version=version.group(1).decode() if version else "?", size=amount(len(data)))
    return {"kind": "pdf", "lines": [(0, said, False)], "size": len(data)}


def _pdf(data: bytes, path: Path) -> bytes:
    """Return the bytes of a PDF without what pads them; refuse what does not begin as one."""
    if data[: len(_PDF)] != _PDF:
        raise Refused(tr("{name} says that it holds a PDF, but what is in it does not begin like one. It was not "
                         "opened.", name=path.name))  # fmt: skip
    return data[:-1] if len(data) % 2 == 0 and data[-1:] == b"\0" else data


def _text_lines(data: bytes) -> tuple[list[tuple[int, str, bool]], bool]:
    """Return the words of a text or of the body of an XML document, whose tags are taken out, not obeyed."""
    text = data[:_MOST_TEXT].decode("utf-8", "replace").replace("\0", "")
    if text.lstrip().startswith("<"):
        text = _without_doctype(text)
        for start, end in (("<!--", "-->"), ("<style", "</style>"), ("<script", "</script>")):
            text = _without(text, start, end)
        text = re.sub(r"</(?:p|tr|li|title|paragraph|item|section|table|caption|text|name|given|family)\s*>|<br\s*/?>",
                      "\n", text, flags=re.IGNORECASE)  # fmt: skip
        text = re.sub(r"<[^<>]{0,10000}>", " ", text)
        for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
            text = text.replace(entity, character)
    rows = [" ".join(row.split()) for row in text.splitlines()]
    return [(0, row, False) for row in rows if row], len(data) > _MOST_TEXT


def _without_doctype(text: str) -> str:
    """Return an XML text without its document type, whose entities are never looked at."""
    start = text.find("<!DOCTYPE")
    if start < 0:
        return text
    end, inner = text.find(">", start), text.find("[", start)
    if 0 <= inner < end:
        end = text.find(">", max(text.find("]", inner), inner))
    return f"{text[:start]} {text[end + 1 :] if end >= 0 else ''}"


def _without(text: str, start: str, end: str) -> str:
    """Return a text without what lies between two marks; without an end the rest goes."""
    kept, position = [], 0
    while (begin := text.find(start, position)) >= 0:
        kept.append(text[position:begin])
        stop = text.find(end, begin)
        position = len(text) if stop < 0 else stop + len(end)
    return " ".join([*kept, text[position:]])


def _moment(date: str, clock: str) -> str:
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) >= 8 and date[:8].isdigit() else ""
    hour = f"{clock[:2]}:{clock[2:4]}" if len(clock) >= 4 and clock[:4].isdigit() else ""
    return f"{day} {hour}".strip()
