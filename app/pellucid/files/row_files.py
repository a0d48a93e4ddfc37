"""Rows of objects as files: CSV, JSON or Parquet, by the ending of the name; nothing in them names a patient."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from pellucid.files.answers import as_csv, as_json
from pellucid.files.safe_write import replacing
from pellucid.files.texts import write_text
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.operations.answers import Column, Rows

ENDINGS = (".csv", ".json", ".parquet")


def check_ending(path: Path) -> None:
    """Raise Refused when rows cannot be written to a file of this name, before anything is computed."""
    if path.suffix.lower() not in ENDINGS:
        raise Refused(tr("The name of a table must end in {endings}.", endings=", ".join(ENDINGS)))
    if path.suffix.lower() == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise Refused(
            tr("Parquet needs the package “pyarrow”: install Pellucid with its extra “parquet”, or choose .csv.")
        )


def write_rows(rows: Rows, path: Path) -> None:
    """Write rows with every digit; what cannot be said stays empty. Raises Refused like ``check_ending``."""
    check_ending(path)
    kind = path.suffix.lower()
    if kind == ".parquet":
        _write_parquet(rows, path)
    elif kind == ".json":
        write_text(path, as_json(list(rows)))
    else:
        write_text(path, as_csv([column.name for column in rows.columns], rows))


def joined(parts: list[Rows]) -> Rows:
    """Return the rows of several tables below each other; a column that one of them lacks is empty there."""
    columns: dict[str, Column] = {}
    for part in parts:
        columns |= {column.name: column for column in part.columns if column.name not in columns}
    values: dict[str, list[Any]] = {
        name: [value for part in parts for value in part.values.get(name, [None] * len(part))] for name in columns
    }
    return Rows(tuple(columns.values()), values)


def _write_parquet(rows: Rows, path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({column.name: pa.array(rows.values[column.name]) for column in rows.columns})
    with replacing(path) as temporary:
        parquet.write_table(table, temporary)
