"""Label tables in files of their own: ours (JSON), those of ITK-SNAP and 3D Slicer, CSV; and the tables to begin with.

Ours is ``{"format": "pellucid-labels", "version": 1, "title": …, "labels": [{"value": 1, "name": …, "color": …}]}``
with colours ``#RRGGBB``; what is as usual is left out of a row: ``visible``, ``locked``, ``opacity``, ``status``,
``notes`` and ``code`` (an object of ``scheme``, ``value`` and ``meaning``). The file of names beside an exported label
image holds the same rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pellucid import paths
from pellucid.files.label_text_tables import (
    BadLine,
    Numbered,
    from_csv,
    from_slicer,
    from_snap,
    is_snap,
    status_of,
    to_csv,
    to_slicer,
    to_snap,
)
from pellucid.files.texts import write_text
from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.labels import MAX_VALUE, Code, Label, Status, color_for

FORMATS = (
    (mark("Label table (.json)"), ".json"),
    (mark("ITK-SNAP label descriptions (.txt)"), ".txt"),
    (mark("3D Slicer colour table (.ctbl)"), ".ctbl"),
    (mark("Comma separated values (.csv)"), ".csv"),
)
"""(title, extension) of what can be read and written."""
_LARGEST = 32 << 20
_READERS = {".csv": from_csv, ".tsv": from_csv, ".ctbl": from_slicer, ".label": from_snap}
_WRITERS = {".csv": to_csv, ".ctbl": to_slicer, ".txt": to_snap}


@dataclass(frozen=True)
class Preset:
    """A label table that comes with the program; title and names are in English."""

    title: str
    labels: tuple[Label, ...]


def read_table(path: Path) -> tuple[Label, ...]:
    """Return the labels of a file by value; raise Refused with a sentence that names the line."""
    path = Path(path)
    text = _text_of(path)
    try:
        rows = tuple(_checked(_rows_of(text, path.suffix.lower())))
    except BadLine as bad:
        raise Refused(tr("{name}, line {line}: {why}.", name=path.name, line=bad.line, why=bad.why)) from bad
    if not rows:
        raise Refused(tr("{name} holds no labels.", name=path.name))
    return tuple(sorted(rows, key=lambda row: row.value))


def write_table(path: Path, labels: Iterable[Label], title: str = "") -> None:
    """Write labels in the format that the ending of a path names; raise Refused with a sentence."""
    path, writer = Path(path), _WRITERS.get(Path(path).suffix.lower())
    if writer is None and path.suffix.lower() != ".json":
        known = ", ".join(extension for _, extension in FORMATS)
        raise Refused(tr("{name} is no label table. Choose one of {known}.", name=path.name, known=known))
    write_text(path, to_json(labels, title) if writer is None else writer(labels))


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """Return the tables that come with the program."""
    found = []
    for file in sorted((paths.resources() / "label_tables").glob("*.json")):
        title = json.loads(file.read_text(encoding="utf-8"))["title"]
        found.append(Preset(title, read_table(file)))
    return tuple(found)


@lru_cache(maxsize=1)
def anatomy_codes() -> tuple[Code, ...]:
    """Return common SNOMED CT codes by meaning: concepts that DICOM PS3.16 lists."""
    held = json.loads((paths.resources() / "anatomy_codes.json").read_text(encoding="utf-8"))
    return tuple(Code(held["scheme"], value, meaning) for value, meaning in held["codes"])


def to_json(labels: Iterable[Label], title: str = "") -> str:
    """Return labels in our format, a line for each."""
    head: dict[str, Any] = {"format": "pellucid-labels", "version": 1} | ({"title": title} if title else {})
    begun = json.dumps(head, ensure_ascii=False)[:-1]
    rows = ",\n".join("  " + json.dumps(json_row(row), ensure_ascii=False) for row in labels)
    return f'{begun}, "labels": [\n{rows}\n]}}\n'


def json_row(row: Label) -> dict[str, Any]:
    """Return a label as plain data, without what is as usual."""
    usual = Label(row.value, row.name, row.color)
    plain: dict[str, Any] = {"value": row.value, "name": row.name, "color": row.color}
    for name in ("visible", "locked", "opacity", "notes"):
        if getattr(row, name) != getattr(usual, name):
            plain[name] = getattr(row, name)
    if row.status is not Status.NOT_STARTED:
        plain["status"] = str(row.status)
    if row.code is not None:
        plain["code"] = {"scheme": row.code.scheme, "value": row.code.value, "meaning": row.code.meaning}
    return plain


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise Refused(tr("{name} is far too large for a label table.", name=path.name))
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or tr("the system refused it")).lower()
        raise Refused(tr("{name} could not be opened: {reason}.", name=path.name, reason=reason)) from error
    if b"\0" in data:
        raise Refused(tr("{name} is not a text, so it is no label table.", name=path.name))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _rows_of(text: str, extension: str) -> Iterator[Numbered]:
    if extension in _READERS:
        return _READERS[extension](text)
    if extension == ".json" or text.lstrip().startswith("{"):
        return _from_json(text)
    return from_snap(text) if is_snap(text) else from_slicer(text)


def _checked(rows: Iterable[Numbered]) -> Iterator[Label]:
    """Leave the background out; refuse values that come twice or that no voxel can hold; name what has no name."""
    known: dict[int, int] = {}
    for line, row in rows:
        if row.value == 0:
            continue
        if not 1 <= row.value <= MAX_VALUE:
            said = tr("the value {value} is not one from 1 to {limit}", value=row.value, limit=MAX_VALUE)
            raise BadLine(line, said)
        if row.value in known:
            said = tr("the value {value} is in line {other} already", value=row.value, other=known[row.value])
            raise BadLine(line, said)
        known[row.value] = line
        yield row if row.name else Label(**vars(row) | {"name": tr("Label {value}", value=row.value)})


def _from_json(text: str) -> Iterator[Numbered]:
    try:
        held = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadLine(error.lineno, tr("it is not readable as JSON")) from error
    except RecursionError as error:
        raise BadLine(1, tr("it is not readable as JSON")) from error
    rows = held.get("labels") if isinstance(held, dict) else None
    if not isinstance(rows, list):
        raise BadLine(1, tr("there is no list “labels”"))
    lines = [n for n, line in enumerate(text.splitlines(), 1) if '"value"' in line]
    for number, row in enumerate(rows):
        # A row of ours has a line of its own; in any other layout the first line is as good as can be told.
        line = lines[number] if len(lines) == len(rows) else 1
        yield line, _json_label(line, number + 1, row)


def _json_label(line: int, place: int, row: Any) -> Label:
    bad = BadLine(line, tr("label number {place} in it is not understood", place=place))
    if not isinstance(row, dict) or not _is_whole(row.get("value")) or not isinstance(row.get("name", ""), str):
        raise bad
    value, code = row["value"], row.get("code")
    color, opacity = row.get("color", color_for(max(value, 1))), row.get("opacity", 1.0)
    texts = [row.get("notes", ""), row.get("status", ""), color]
    if isinstance(code, dict):
        texts += [code.get(part, "") for part in ("scheme", "value", "meaning")]
    elif code is not None:
        raise bad
    switches = (row.get("visible", True), row.get("locked", False))
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(on, bool) for on in switches):
        raise bad
    if isinstance(opacity, bool) or not isinstance(opacity, int | float) or not 0 <= opacity <= 1:
        raise bad
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", color):
        raise BadLine(line, tr("“{found}” is not a colour written #RRGGBB", found=color))
    made = Code(*texts[3:]) if code is not None else None
    return Label(value, row.get("name", "").strip(), color, *switches, float(opacity), status_of(line, texts[1]),
                 texts[0], made)  # fmt: skip


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
