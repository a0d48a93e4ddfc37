"""A part of planned volumes, or all of them with fewer voxels, read slice by slice and never held as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.child import Pool
from pellucid.dicom.read import Loading, common_type, padding_values
from pellucid.dicom.sources import Piece, Source
from pellucid.dicom.stack import Frame, VolumePlan
from pellucid.dicom.stored import to_values
from pellucid.language import tr
from pellucid.model.block_means import BlockMeans
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.reduction import Extent, Reduction, Triple

Array = NDArray[Any]


def extent_of(plans: Sequence[VolumePlan]) -> Extent:
    """Return what the volumes of a sequence ask for, from their headers."""
    return Extent.of(plans[0].geometry, len(plans), plans[0].components, common_type(plans))


def part_of(plans: Sequence[VolumePlan], reduction: Reduction) -> tuple[VolumePlan, ...]:
    """Return plans of the frames and boxes that are kept, with the finding that tells so; nothing is averaged yet."""
    finding = reduction.finding(extent_of(plans))
    kept = [plans[n] for n in reduction.frame_range(len(plans))]
    return tuple(replace(_cropped(plan, reduction), findings=(finding, *plan.findings)) for plan in kept)


def _cropped(plan: VolumePlan, reduction: Reduction) -> VolumePlan:
    start, size = reduction.box(plan.geometry.size)
    frames = plan.frames[start[2] : start[2] + size[2]]
    if size[:2] != plan.geometry.size[:2]:
        frames = tuple(replace(frame, tile=_tile(frame, start, size)) for frame in frames)
    return replace(plan, geometry=plan.geometry.cropped(start, size), frames=frames)


def _tile(frame: Frame, start: Triple, size: Triple) -> tuple[int, int, int, int]:
    top, left = frame.tile[:2] if frame.tile is not None else (0, 0)
    return top + start[1], left + start[0], size[1], size[0]


class Shrinking(Loading):
    """Reads every slice once and keeps the means of blocks."""

    def __init__(
        self, plans: Sequence[VolumePlan], factor: int, pool: Pool, progress: Callable[[float], None],
        cancelled: Callable[[], bool], share: float,
    ) -> None:  # fmt: skip
        super().__init__(plans, pool, progress, cancelled, share)
        self._reduction = Reduction(factor)
        self._means: BlockMeans | None = None

    def _grid(self, plan: VolumePlan) -> Geometry:
        return self._reduction.geometry(plan.geometry)

    def _begin(self, arrays: Sequence[Array]) -> None:
        grid = self._plans[0].geometry
        self._means = BlockMeans(self._reduction, grid.size, arrays, stacked=not grid.is_planar,
                                 paddings=[padding_values(plan) for plan in self._plans])  # fmt: skip
        for volume, plan in enumerate(self._plans):
            for z, frame in enumerate(plan.frames):
                if frame.number < 0:
                    self._add(volume, z, np.zeros((grid.size[1], grid.size[0]), np.float64))

    def _end(self) -> None:
        assert self._means is not None
        self._means.finish()

    def _direct(self, source: Source, arrays: Sequence[Array]) -> tuple[float, float] | None:
        return None

    def _place(self, piece: Piece, stored: Array, scaled: bool, arrays: Sequence[Array]) -> tuple[float, float]:
        if stored.shape[:2] != self._plans[piece.volume].geometry.size[1::-1]:
            raise Refused(
                tr("{name} could not be read: its frames are not as large as it says.", name=piece.frame.path.name)
            )
        if self._components > 1:
            self._add(piece.volume, piece.index, stored)
            return 0.0, float(np.iinfo(arrays[0].dtype).max)
        slope, intercept = (1.0, 0.0) if scaled else (piece.frame.slope, piece.frame.intercept)
        values = np.empty(stored.shape, np.float64)
        ends = to_values(stored, values, slope, intercept)
        self._add(piece.volume, piece.index, values)
        return ends

    def _add(self, volume: int, z: int, values: Array) -> None:
        means = self._means
        assert means is not None
        if means.wants(z):
            means.add(volume, z, means.rows.start, values[means.rows.start : means.rows.stop])

    def _blank_failures(self, arrays: Sequence[Array], low: float) -> None:
        """Blank blocks of which no slice could be read; the others are means of those that could."""
        assert self._means is not None
        depth = self._means.steps[2]
        for volume, index in self._failures:
            block = index // depth
            lost = all((volume, z) in self._failures for z in range(block * depth, (block + 1) * depth))
            if lost and block < len(arrays[volume]):
                arrays[volume][block] = low
