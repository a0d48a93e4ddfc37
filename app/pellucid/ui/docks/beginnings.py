"""What a form begins with on an image: a default in mm or in HU means nothing on a micrograph of 0.5 µm."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pellucid.model.geometry import Geometry
    from pellucid.model.histogram import Histogram
    from pellucid.model.layer import ImageLayer
    from pellucid.operations.operation import Field, Operation

_COARSE = (0.05, 20.0)
"""Voxels between these sizes (mm) are those of patients, for which lengths are declared."""


def scale_of(geometry: Geometry) -> float:
    """Return the power of ten by which the voxels differ from those of patients, 1 where they do not."""
    finest = min(geometry.spacing[:2])
    if not geometry.has_lengths or _COARSE[0] <= finest <= _COARSE[1]:
        return 1.0
    return float(10.0 ** round(math.log10(finest)))


def from_grid(fields: Iterable[Field], geometry: Geometry) -> dict[str, float | str]:
    """Return what begins with the grid of the image, and lengths that are not those of patients."""
    of, scale = {"spacing": geometry.spacing, "origin": geometry.origin, "size": geometry.size}, scale_of(geometry)
    found: dict[str, float | str] = {}
    for field in fields:
        if field.begins is not None and field.begins.of_grid:
            begins = of[field.begins.at][field.begins.axis]
            share = field.begins.share
            found[field.name] = begins if share == 1.0 else float(f"{begins * share:.3g}")
        elif field.unit == "mm" and field.kind == "float" and scale != 1.0:
            found[field.name] = float(f"{field.default * scale:.6g}")
        elif field.name == "unit" and "voxels" in field.choices and scale != 1.0:
            found["unit"] = "voxels"
    return found


def not_stated(operation: Operation, geometry: Geometry) -> tuple[str, ...]:
    """Return the spacings that an operation would make known although nobody has stated them: none is proposed."""
    if "known_spacing" not in operation.states:
        return ()
    axes = {field.name: field.begins.axis for field in operation.fields
            if field.begins is not None and field.begins.at == "spacing"}  # fmt: skip
    return tuple(name for name, axis in axes.items() if not geometry.known_spacing[axis] and geometry.size[axis] > 1)


def from_values(fields: Iterable[Field], image: ImageLayer, histogram: Histogram) -> dict[str, float]:
    """Return what begins with the window or the values of the image."""
    low, high = image.display.limits
    span = histogram.percentile(99) - histogram.percentile(1)
    of = {
        "level": (low + high) / 2, "width": high - low, "low": low, "high": high, "lowest": histogram.minimum,
        "span": span, "slope": span / min(image.own_geometry.spacing[:2]),
    }  # fmt: skip
    found = {}
    for field in fields:
        if field.begins is not None and not field.begins.of_grid:
            figures = 1 if field.begins.at in ("span", "slope") else 6
            value = float(f"{of[field.begins.at] * field.begins.share:.{figures}g}")
            if field.minimum is None or value > field.minimum:
                found[field.name] = value
    return found
