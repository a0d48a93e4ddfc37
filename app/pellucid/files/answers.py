"""Answers that are no images: points and tables as rows of a CSV or JSON file; nothing in them names a patient."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pellucid.files.texts import write_text
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.operations.answers import Points, Rows, Table

Answer = Points | Table | Rows
Row = dict[str, Any]
ENDINGS = (".csv", ".json")


def is_answer(result: Any) -> bool:
    """Return whether a result is points, a table or rows, not an image."""
    return isinstance(result, (Points, Table, Rows))


def check_ending(path: Path) -> None:
    """Raise Refused when a file cannot take points or a table, by its ending."""
    if path.suffix.lower() not in ENDINGS:
        raise Refused(
            tr("The answer is a table and no image: let the name end in {endings}.", endings=" / ".join(ENDINGS))
        )


def rows(answer: Answer) -> list[Row]:
    """Return an answer as rows: places in LPS mm, the numbers of a table one by one, or objects."""
    if isinstance(answer, Table):
        return [
            {"name": entry.name, "title": tr(entry.title), "value": float(entry.value), "unit": entry.unit}
            for entry in answer.entries
        ]
    if isinstance(answer, Rows):
        return list(answer)
    found = zip(answer.positions.tolist(), answer.radii.tolist(), answer.strengths.tolist(), strict=True)
    return [
        {"x": x, "y": y, "z": z, "radius": radius, "strength": strength, "name": answer.name}
        for (x, y, z), radius, strength in found
    ]


def columns(answer: Answer) -> tuple[str, ...]:
    """Return the columns of an answer, also of one that is empty."""
    if isinstance(answer, Table):
        return ("name", "title", "value", "unit")
    if isinstance(answer, Rows):
        return tuple(column.name for column in answer.columns)
    return ("x", "y", "z", "radius", "strength", "name")


def write_answers(answers: Sequence[Answer], path: Path) -> None:
    """Write the answers of the frames of one image, by the ending of the path; several frames are numbered."""
    check_ending(path)
    several = len(answers) > 1
    titles = (*(("frame",) if several else ()), *columns(answers[0]))
    tidy = [
        {**({"frame": n} if several else {}), **row} for n, answer in enumerate(answers) for row in rows(answer)
    ]
    write_text(path, as_json(tidy) if path.suffix.lower() == ".json" else as_csv(titles, tidy))


def as_csv(titles: Sequence[str], table: Iterable[Mapping[str, Any]]) -> str:
    """Return a table with a header: numbers with every digit, empty where there is none."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    for row in table:
        writer.writerow([_cell(row.get(title)) for title in titles])
    return text.getvalue()


def as_json(table: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a JSON list; what is not a finite number is null."""
    finite = [{key: None if _is_hole(value) else value for key, value in row.items()} for row in table]
    return json.dumps(finite, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _cell(value: Any) -> Any:
    return "" if value is None or _is_hole(value) else value


def _is_hole(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def as_tabbed(text: str) -> str:
    """Return a CSV text with tabs between its cells, as spreadsheets take it from the clipboard."""
    out = io.StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(csv.reader(io.StringIO(text)))
    return out.getvalue()
