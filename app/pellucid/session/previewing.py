"""Compute a preview on a worker: the visible slices, the whole where it cannot be less, places as spots."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import sample_limits
from pellucid.model.layer import Preview
from pellucid.model.volume import Volume
from pellucid.recipes.replay import wrapped
from pellucid.recipes.row_units import honest
from pellucid.session.inputs import LabelVoxels
from pellucid.session.results import needs_window

if TYPE_CHECKING:
    from pellucid.operations.answers import Points, Rows, Table
    from pellucid.operations.operation import Operation

_SPOT = 3.0  # pixels, the least radius of a place that was found


@dataclass(frozen=True, eq=False)
class Asked:
    """What a preview is wanted of: the operation with its inputs, and (voxel axis, index) of the visible slices."""

    operation: Operation
    inputs: tuple[Volume | LabelVoxels, ...]
    parameters: dict[str, Any]
    slices: tuple[tuple[int, int], ...]
    volume: Volume
    color: str


@dataclass(frozen=True, eq=False)
class Answer:
    """What can be shown of it: a preview of the image, a table or rows, and what the operation remarked."""

    preview: Preview | None = None
    table: Table | Rows | None = None
    remarks: tuple[str, ...] = ()


def previewed(asked: Asked, job: Job) -> Answer:
    """Compute the answer; raises what the operation raises."""
    from pellucid.operations.operation import Context

    remarks: list[str] = []
    context = Context(job.report, job.cancelled, padding=asked.volume.padding, remark=remarks.append)
    answer = _answer(asked, context)
    return replace(answer, remarks=tuple(dict.fromkeys(remarks)))


def _answer(asked: Asked, context: Any) -> Answer:
    from pellucid.operations.preview import preview_slice, whole

    operation, title = asked.operation, tr(asked.operation.title)
    images = tuple(item.image for item in asked.inputs)
    if operation.output in ("rows", "table"):
        return Answer(table=honest(whole(operation, images, asked.parameters, context), asked.inputs[0].geometry))
    if operation.output == "points":
        found = whole(operation, images, asked.parameters, context)
        geometry = asked.volume.geometry
        spots = {(axis, index): drawn(found, geometry, axis, index) for axis, index in asked.slices}
        return Answer(Preview(title, spots, is_mask=True, color=asked.color))
    if not operation.same_grid:
        result = operation.run(context, *images, **asked.parameters)
        made = wrapped(operation, asked.volume, result, operation.ground(asked.inputs).geometry)
        middle = np.asarray(made.array[made.array.shape[0] // 2])
        return Answer(Preview(title, whole=made, limits=_limits(operation, asked.volume, [middle])))
    if not asked.slices:  # no slice of a layer that registration turned or bent lies in a pane
        return _whole(asked, images, context)
    parts = {}
    for axis, index in asked.slices:
        parts[axis, index] = preview_slice(operation, images, axis, index, asked.parameters, context)
        context = replace(context, remark=lambda _sentence: None)  # what is said of one slice is said of all
    if operation.output == "mask":
        return Answer(Preview(title, parts, is_mask=True, color=asked.color))
    if operation.output == "labels":
        return Answer(Preview(title, parts, is_mask=True, is_labels=True))
    return Answer(Preview(title, parts, limits=_limits(operation, asked.volume, list(parts.values()))))


def _whole(asked: Asked, images: tuple[Any, ...], context: Any) -> Answer:
    """Return a preview of the whole image, for panes that cut across its slices."""
    from pellucid.operations.preview import whole

    operation, title = asked.operation, tr(asked.operation.title)
    made = wrapped(operation, asked.volume, whole(operation, images, asked.parameters, context))
    if operation.output in ("mask", "labels"):
        return Answer(Preview(title, whole=made, is_mask=True, is_labels=operation.output == "labels",
                              color=asked.color))  # fmt: skip
    middle = np.asarray(made.array[made.array.shape[0] // 2])
    return Answer(Preview(title, whole=made, limits=_limits(operation, asked.volume, [middle])))


def _limits(operation: Operation, before: Volume, parts: list[NDArray[Any]]) -> tuple[float, float] | None:
    """Return the window of a preview that the window of the image does not fit, as the result will have one."""
    components = parts[0].shape[2] if parts and parts[0].ndim == 3 else 1
    fits = not parts or not needs_window(operation.keeps_window, before, components, parts[0].dtype)
    return None if fits else sample_limits(parts)


def drawn(found: Points, geometry: Geometry, axis: int, index: int) -> NDArray[np.uint8]:
    """Return a slice with a spot for each place in it, as large as the place and never too small to be seen."""
    shape = list(geometry.size[::-1])
    del shape[2 - axis]
    picture = np.zeros(shape, np.uint8)
    rows, columns = [k for k in (2, 1, 0) if k != axis]
    for position, radius in zip(found.positions, found.radii, strict=True):
        place = geometry.world_to_index(position)
        away = abs(place[axis] - index) * geometry.spacing[axis]
        if away > max(radius, geometry.spacing[axis] / 2):
            continue
        here = np.sqrt(max(radius**2 - away**2, 0.0))
        size = [max(_SPOT, here / geometry.spacing[k]) for k in (rows, columns)]
        _spot(picture, (place[rows], place[columns]), size)
    return picture


def _spot(picture: NDArray[np.uint8], centre: tuple[float, float], size: list[float]) -> None:
    first = [max(0, int(c - s)) for c, s in zip(centre, size, strict=True)]
    part = picture[first[0] : int(centre[0] + size[0]) + 2, first[1] : int(centre[1] + size[1]) + 2]
    y, x = np.ogrid[first[0] : first[0] + part.shape[0], first[1] : first[1] + part.shape[1]]
    part[((y - centre[0]) / size[0]) ** 2 + ((x - centre[1]) / size[1]) ** 2 <= 1] = 1
