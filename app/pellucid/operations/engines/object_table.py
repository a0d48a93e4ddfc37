"""All measures of the objects of a label map, as columns by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.object_colocalisation import colocalisation
from pellucid.operations.engines.object_hulls import deep_hulls, flat_hulls
from pellucid.operations.engines.object_runs import Runs, runs_of, separate_objects
from pellucid.operations.engines.object_shapes import (
    at_border,
    boxes,
    cell_size,
    mean_places,
    principal_axes,
    spreads,
)
from pellucid.operations.engines.object_surfaces import crofton_weights, crossings
from pellucid.operations.engines.object_texture import textures
from pellucid.operations.engines.object_values import grey_levels, level_entropy, value_statistics
from pellucid.operations.engines.pieces import Each, one_by_one
from pellucid.operations.pixels import Array

Columns = dict[str, Array]


def named_channels(images: list[Array], names: list[str]) -> dict[str, Array]:
    """Return every channel to be measured under the prefix of its columns; one grey image without a name has none."""
    found: dict[str, Array] = {}
    for n, image in enumerate(images):
        plain = f"image{n + 1}" if len(images) > 1 else ""
        name = names[n] if n < len(names) and names[n] else plain
        parts = (name,) if image.ndim == 3 else tuple(f"{name} {colour}" for colour in ("red", "green", "blue"))
        for k, part in enumerate(parts):
            prefix = "_".join("".join(c if c.isalnum() else " " for c in part.lower()).split())
            values = image if image.ndim == 3 else np.ascontiguousarray(image[..., k])
            unique, count = prefix, 2
            while f"{unique}_" in found:
                unique, count = f"{prefix}_{count}", count + 1
            found[f"{unique}_" if unique else ""] = values
    return found


def steps_of(image: sitk.Image) -> tuple[Array, Array]:
    """Return the steps from voxel to voxel in space (mm) as columns, and the place of the first voxel."""
    count = image.GetDimension()
    matrix, origin = np.eye(3), np.zeros(3)
    matrix[:count, :count] = np.reshape(image.GetDirection(), (count, count)) * np.array(image.GetSpacing())
    origin[:count] = image.GetOrigin()
    return matrix, origin


def object_table(
    labels: Array, grid: tuple[Array, Array], channels: dict[str, Array], options: dict[str, Any],
    each: Each = one_by_one,
) -> dict[str, list[Any]]:  # fmt: skip
    """Return the columns of all objects: ``labels`` (z, y, x) on a grid, ``channels`` with a prefix for their columns.

    What cannot be said is None.
    """
    objects = separate_objects(labels, connected=options["connected"], corners=options["corners"])
    runs = runs_of(objects, options["smallest"], each)
    value = labels[runs.z[runs.first[:-1]], runs.y[runs.first[:-1]], runs.start[runs.first[:-1]]]
    order = np.argsort(value, kind="stable")
    columns: Columns = {"label": value.astype(np.int64)}
    if options["connected"]:
        columns["object"] = _counted(value, order)
    if "shape" in options["groups"]:
        columns |= shape_columns(runs, objects, grid, each)
    else:
        columns |= place_columns(runs, grid)
    if "intensity" in options["groups"] or "texture" in options["groups"]:
        for prefix, values in channels.items():
            columns |= value_columns(runs, objects, values, prefix, options, each)
    if "colocalisation" in options["groups"]:
        columns |= colocalisation(runs, channels, options["above"], each)
    return {name: as_list(column[order]) for name, column in columns.items()}


def _counted(value: Array, order: Array) -> Array:
    """Return the number of each object within its label, from 1."""
    ranked = value[order]
    number = np.empty(len(value), np.int64)
    number[order] = np.arange(len(value)) - np.searchsorted(ranked, ranked) + 1
    return number


def place_columns(runs: Runs, grid: tuple[Array, Array]) -> Columns:
    """Return number of voxels, size, centroid and the box around each object."""
    matrix, origin = grid
    first, extent = boxes(runs)
    flat = runs.shape[0] == 1
    centroid = mean_places(runs) @ matrix.T + origin
    size = runs.voxels * cell_size(matrix, flat=flat)
    return {
        "voxels": runs.voxels,
        ("area_mm2" if flat else "volume_mm3"): size,
        **{f"centroid_{axis}_mm": centroid[:, k] for k, axis in enumerate("xyz")},
        **{f"box_first_{axis}": first[:, k] for k, axis in enumerate("xyz")},
        **{f"box_size_{axis}": extent[:, k] for k, axis in enumerate("xyz")},
        "touches_border": at_border(runs, first, extent).astype(np.int64),
    }


def shape_columns(runs: Runs, objects: Array, grid: tuple[Array, Array], each: Each) -> Columns:
    """Return size, place and shape."""
    matrix, flat = grid[0], runs.shape[0] == 1
    columns = place_columns(runs, grid)
    size = columns["area_mm2" if flat else "volume_mm3"]
    extent = np.stack([columns[f"box_size_{axis}"] for axis in "xyz"], axis=1)
    columns["extent"] = runs.voxels / extent.prod(axis=1)
    columns["equivalent_diameter_mm"] = 2 * np.sqrt(size / np.pi) if flat else np.cbrt(6 * size / np.pi)
    axes, longest = principal_axes(spreads(runs, mean_places(runs), flat=flat), matrix, flat=flat)
    columns |= _axis_columns(axes, longest)
    found = crossings(objects, int(objects.max(initial=0)) + 1, flat=flat, each=each)[:, runs.ids]
    around = crofton_weights(matrix, flat=flat) @ found
    if flat:
        hull, feret, least = flat_hulls(runs, matrix, each)
        columns |= {"perimeter_mm": around, "roundness": 2 * np.sqrt(np.pi * size) / around}
        columns |= {"feret_mm": feret, "feret_min_mm": least}
    else:
        hull, feret = deep_hulls(runs, matrix, each)
        columns |= {"surface_mm2": around, "sphericity": np.cbrt(np.pi) * (6 * size) ** (2 / 3) / around}
        columns["feret_mm"] = feret
    return columns | {"solidity": size / hull}


def _axis_columns(axes: Array, longest: Array) -> Columns:
    names = ("axis_major_mm", "axis_minor_mm") if axes.shape[1] == 2 else (
        "axis_major_mm", "axis_middle_mm", "axis_minor_mm"
    )  # fmt: skip
    columns = {name: axes[:, k] for k, name in enumerate(names)}
    with np.errstate(divide="ignore", invalid="ignore"):
        columns["elongation"] = axes[:, 0] / axes[:, 1]
        if axes.shape[1] == 3:
            columns["flatness"] = axes[:, 1] / axes[:, 2]
    return columns | {f"major_{axis}": longest[:, k] for k, axis in enumerate("xyz")}


def value_columns(
    runs: Runs, objects: Array, values: Array, prefix: str, options: dict[str, Any], each: Each
) -> Columns:
    """Return the statistics of the values of one channel, and its texture."""
    columns = value_statistics(runs, values, options["percents"], each)
    levels = options["levels"]
    low, high = (
        float(part[np.isfinite(part)].max(initial=-np.inf)) for part in (-columns["minimum"], columns["maximum"])
    )
    low = -low
    grey = grey_levels(values, low, high, levels, each) if low <= high else np.full(values.shape, 255, np.uint8)
    columns["entropy"] = level_entropy(runs, grey, levels, each)
    if "intensity" not in options["groups"]:
        columns = {}
    if "texture" in options["groups"]:
        columns |= textures(runs, objects, grey, levels, options["distance"], each)
    return {f"{prefix}{name}": column for name, column in columns.items()}


def as_list(column: Array) -> list[Any]:
    """Return a column as numbers of Python, None for what cannot be said."""
    if column.dtype.kind in "iu":
        return list(column.tolist())
    return [value if np.isfinite(value) else None for value in column.tolist()]
