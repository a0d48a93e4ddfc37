"""The one declaration of what can be computed: a decorated, typed function and what is read from it.

Form, menu, command palette, command line, recipe, help and the test over the whole registry read the same
``Operation`` (see ``declaration``). The functions live in one module per family; ``registry()`` imports them when
first asked.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pellucid.language import tr
from pellucid.operations.answers import Points as FoundPoints
from pellucid.operations.answers import Rows as MeasuredRows
from pellucid.operations.answers import Table as MeasuredTable
from pellucid.operations.context import Cancelled, Context, Refused
from pellucid.operations.declaration import Operation, Reach, Spacing
from pellucid.operations.fields import Field, make_model, parse_docstring, read_fields
from pellucid.operations.ports import Port, read_ports

__all__ = [
    "Cancelled",
    "Context",
    "Field",
    "Image",
    "Labels",
    "Mask",
    "Operation",
    "Points",
    "Port",
    "Refused",
    "Rows",
    "Table",
    "get",
    "operation",
    "registry",
]

if TYPE_CHECKING:
    from SimpleITK import Image

    Mask = Image
    Labels = Image
    Points = FoundPoints
    Table = MeasuredTable
    Rows = MeasuredRows
else:  # the markers the decorator reads; SimpleITK itself is imported by the families
    Image = Annotated[Any, "image"]
    Mask = Annotated[Any, "mask"]
    Labels = Annotated[Any, "labels"]
    Points = Annotated[Any, "points"]
    Table = Annotated[Any, "table"]
    Rows = Annotated[Any, "rows"]

FAMILIES = (
    "smoothing", "denoising", "diffusion", "restoration", "noise", "noise_level",
    "edges", "laplacian", "canny", "sharpening", "features", "texture", "points",
    "kernels", "frequency", "periodic",
    "intensity", "curves", "equalising", "clahe", "precision", "normalising", "matching", "bias_field",
    "arithmetic", "formula", "masking",
    "colour", "colour_models", "colour_ranges", "stains",
    "geometry", "orientation", "straightening", "cropping", "blacking", "metadata", "projection", "stitching",
    "registration",
    "series",
    "threshold", "thresholds_automatic", "region_growing", "scribbling", "watershed", "nuclei", "clustering",
    "superpixels", "contours",
    "masks", "mask_expression", "morphology", "islands", "shapes", "interpolation", "distances",
    "label_maps", "label_shapes", "comparison", "object_features",
)  # fmt: skip

_declared: dict[str, Operation] = {}
_reading = Lock()


def operation(
    id: str,
    *,
    title: str,
    menu: str,
    prepare: Callable[..., Any] | None = None,
    reach: Callable[[Any, Spacing], Reach | None] | None = None,
    **more: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a typed function as an operation.

    The function takes its images by position (annotated Image or Mask; ``| None`` where one is optional, ``*name``
    for any number), then ``context``, then its parameters by keyword. ``complaint`` checks parameters
    against one another and returns a sentence or None; all of ``more`` are fields of ``Operation``.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if id in _declared:
            raise ValueError(f"the operation {id} is declared twice")
        doc = parse_docstring(function)
        fields = read_fields(function, doc)
        ports, output = read_ports(function)
        _declared[id] = Operation(
            id=id,
            title=title,
            menu=menu,
            help="\n".join(part for part in (doc.summary, doc.body) if part),
            source=doc.source,
            ports=ports,
            output=output,
            parameters=make_model(id, function, fields),
            fields=fields,
            function=function,
            reach_of=reach,
            preparation=prepare,
            **more,
        )
        return function

    return register


@cache
def registry() -> Mapping[str, Operation]:
    """Return every operation by its id, in the order of the menus; imports the families when first called."""
    with _reading:
        for family in FAMILIES:
            importlib.import_module(f"pellucid.operations.{family}")
        place = {f"pellucid.operations.{family}": n for n, family in enumerate(FAMILIES)}
        rows = list(_declared.items())  # in the order of the imports, and some families import others
        ordered = sorted(rows, key=lambda row: place.get(row[1].function.__module__, len(place)))
        if ordered != rows:
            _declared.clear()
            _declared.update(ordered)
    return MappingProxyType(_declared)


def get(id: str) -> Operation:
    """Return the operation of that id; raise Refused with the nearest ids when there is none."""
    known = registry()
    if id in known:
        return known[id]
    near = difflib.get_close_matches(id, known, n=3, cutoff=0.5) or [name for name in known if id in name][:3]
    if near:
        raise Refused(tr("There is no operation “{id}”; did you mean {names}?", id=id, names=", ".join(near)))
    raise Refused(tr("There is no operation “{id}”.", id=id))
