"""Measure the objects of label maps: what the command line and the window call, for the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.operations.answers import Rows
from pellucid.recipes.row_units import honest

if TYPE_CHECKING:
    from pellucid.operations.context import Context

OBJECTS = "features.objects"
OVERLAP = "features.overlap"


def measured(
    labels: Any,
    geometry: Geometry,
    images: Sequence[Any],
    parameters: Mapping[str, Any],
    label_names: Mapping[int, str],
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
    remark: Callable[[str], None] = lambda sentence: None,
) -> Rows:
    """Return the rows of a label map (a SimpleITK image) with honest units, and the names of its labels if any.

    Raises Refused with a sentence, and the operations' Cancelled when ``cancelled`` says so.
    """
    context = _context(progress, cancelled, remark)
    return named(honest(_rows(OBJECTS, context, labels, *images, **parameters), geometry), label_names)


def overlapping(
    maps: Sequence[Any],
    names: Sequence[Mapping[int, str]],
    *,
    resample: bool = False,
    progress: Callable[[float], None] = lambda fraction: None,
    cancelled: Callable[[], bool] = lambda: False,
    remark: Callable[[str], None] = lambda sentence: None,
) -> Rows:
    """Return a row for each pair of labels of two maps (SimpleITK images) that share voxels, with their names."""
    context = _context(progress, cancelled, remark)
    return named_overlap(_rows(OVERLAP, context, *maps, resample=resample), *names)


def _context(
    progress: Callable[[float], None], cancelled: Callable[[], bool], remark: Callable[[str], None]
) -> Context:
    from pellucid.operations.operation import Context

    return Context(progress=progress, cancelled=cancelled, remark=remark)


def _rows(operation: str, context: Context, *images: Any, **parameters: Any) -> Rows:
    from pellucid.operations.operation import Refused as CannotRun
    from pellucid.operations.operation import get

    try:
        rows: Rows = get(operation).run(context, *images, **parameters)
    except CannotRun as refusal:
        raise Refused(str(refusal)) from refusal
    return rows


def named(rows: Rows, label_names: Mapping[int, str]) -> Rows:
    """Return rows with a column for the names of the labels; without any name there is none."""
    from pellucid.operations.object_columns import column

    if not label_names:
        return rows
    names = [label_names.get(value, "") for value in rows.values["label"]]
    first, *others = rows.columns
    values = {"label": rows.values["label"], "name": names}
    return Rows((first, column("name"), *others), values | {one.name: rows.values[one.name] for one in others})


def named_overlap(rows: Rows, names: Mapping[int, str], other_names: Mapping[int, str]) -> Rows:
    """Return rows of overlaps with columns for the names of both labels."""
    from pellucid.operations.object_columns import column

    found: dict[str, list[Any]] = {"label": rows.values["label"]}
    found["name"] = [names.get(value, str(value)) for value in rows.values["label"]]
    found["other"] = rows.values["other"]
    found["other_name"] = [other_names.get(value, str(value)) for value in rows.values["other"]]
    found |= {name: values for name, values in rows.values.items() if name not in found}
    return Rows(tuple(column(name) for name in found), found)
