"""Measure the objects of label maps: what the command line and the window call, for the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.operations.answers import Rows
from pellucid.recipes.row_units import honest

OBJECTS = "features.objects"


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
    from pellucid.operations.operation import Context, get
    from pellucid.operations.operation import Refused as CannotRun

    context = Context(progress=progress, cancelled=cancelled, remark=remark)
    try:
        rows = get(OBJECTS).run(context, labels, *images, **parameters)
    except CannotRun as refusal:
        raise Refused(str(refusal)) from refusal
    return named(honest(rows, geometry), label_names)


def named(rows: Rows, label_names: Mapping[int, str]) -> Rows:
    """Return rows with a column for the names of the labels; without any name there is none."""
    from pellucid.operations.object_columns import column

    if not label_names:
        return rows
    names = [label_names.get(value, "") for value in rows.values["label"]]
    first, *others = rows.columns
    values = {"label": rows.values["label"], "name": names}
    return Rows((first, column("name"), *others), values | {one.name: rows.values[one.name] for one in others})
