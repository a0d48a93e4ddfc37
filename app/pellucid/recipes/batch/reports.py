"""What a batch leaves for people and programs: a table of its items, and all points or numbers in one table."""

from __future__ import annotations

import csv
import importlib.util
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pellucid.files.answers import as_csv, as_json
from pellucid.files.safe_write import replacing
from pellucid.files.texts import write_text
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.recipes.batch.journal import Entry

ENDINGS = (".csv", ".parquet", ".json")
ANSWERS = "answers.csv"
_COLUMNS = ("item", "state", "seconds", "sentence", "output", "attempts", "recipe", "input")
_NUMBERS = frozenset({"seconds", "attempts", "frame", "x", "y", "z", "radius", "strength", "value"})


def check_report(path: Path, made: Path | None = None) -> None:
    """Raise Refused when a report cannot be written there, before anything is computed; ``made`` is a folder to be."""
    if path.suffix.lower() not in ENDINGS:
        raise Refused(tr("The name of the report must end in {endings}.", endings=", ".join(ENDINGS)))
    parent = path.absolute().parent
    if not parent.is_dir() and (made is None or parent != made.absolute()):
        raise Refused(tr("The folder “{parent}” does not exist. Choose another one.", parent=parent))
    if path.suffix.lower() == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise Refused(
            tr("Parquet needs the package “pyarrow”: install Pellucid with its extra “parquet”, or choose .csv.")
        )


def write_report(entries: Iterable[Entry], path: Path) -> None:
    """Write a row for each item, by the ending of the path."""
    table = [{name: getattr(entry, name) for name in _COLUMNS} for entry in entries]
    _write(_COLUMNS, [{**row, "state": str(row["state"])} for row in table], path)


def write_answers(entries: Iterable[Entry], folder: Path, *, parquet: bool) -> Path:
    """Join the points or numbers of all items into one table, the name of the item first; return its path."""
    titles: dict[str, None] = {"item": None}
    table: list[dict[str, Any]] = []
    for entry in entries:
        if not entry.output:
            continue
        with (folder / entry.output).open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            titles |= dict.fromkeys(rows.fieldnames or ())
            table += [{"item": entry.name, **row} for row in rows]
    ordered = tuple(sorted(titles, key=lambda title: {"item": 0, "frame": 1}.get(title, 2)))
    path = folder / ANSWERS
    write_text(path, as_csv(ordered, table))
    if parquet:
        numbers = {title for title in ordered if title in _NUMBERS or _is_measured(title, table)}
        typed = [{key: _value(text, key in numbers) for key, text in row.items()} for row in table]
        _write_parquet(ordered, typed, path.with_suffix(".parquet"), numbers)
    return path


def _is_measured(title: str, table: Sequence[dict[str, Any]]) -> bool:
    """Return whether a column of the answers holds numbers only: those of objects depend on what was measured."""
    held = [row[title] for row in table if row.get(title)]
    try:
        return title not in ("item", "name", "title", "unit") and all(math.isfinite(float(text)) for text in held)
    except ValueError:
        return False


def _value(text: str, is_number: bool) -> Any:
    return text if not is_number else float(text) if text else None


def _write(titles: Sequence[str], table: Sequence[dict[str, Any]], path: Path) -> None:
    kind = path.suffix.lower()
    if kind == ".parquet":
        _write_parquet(titles, table, path)
    else:
        write_text(path, as_json(table) if kind == ".json" else as_csv(titles, table))


def _write_parquet(
    titles: Sequence[str], table: Sequence[dict[str, Any]], path: Path, numbers: Iterable[str] = _NUMBERS
) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    numbers = frozenset(numbers)
    kinds = {title: pa.float64() if title in numbers else pa.string() for title in titles}
    columns = {title: [row.get(title) for row in table] for title in titles}
    made = pa.table({title: pa.array(values, kinds[title]) for title, values in columns.items()})
    with replacing(path) as temporary:
        parquet.write_table(made, temporary)
