"""What one layer shows in one pane: a slice, a resampled plane or a thick slab, kept while only colours change."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Geometry
from pellucid.model.labels import Box, LabelMap
from pellucid.model.planes import PlaneFrame
from pellucid.model.projecting import Thickness
from pellucid.model.slabs import Slabs
from pellucid.model.slicing import PlaneImage, Sight, layer_plane, layer_slice, orient_preview
from pellucid.ui.canvas.slabs import Slab

_MOVING, _STILL = 300_000, 1_000_000
"""The most pixels that an askew plane is sampled at, while it moves and at rest."""
_PATIENCE = 0.03
"""Seconds that a refresh may spend on making a large slab finer."""


@dataclass(frozen=True)
class Section:
    """How a pane cuts its layers: which slice of a frame, how thick, and what of it is seen.

    ``still`` says that nothing moved since the last refresh, so that there is time for details.
    """

    frame: PlaneFrame
    index: int
    sight: Sight | None = None
    thickness: Thickness | None = None
    still: bool = True


def sight(frame: PlaneFrame, bounds: tuple[float, float, float, float], screen: float, *, still: bool) -> Sight:
    """Return what is seen of a frame through ``bounds`` of its plane, where a screen pixel is ``screen`` mm."""
    left, top, right, bottom = frame.extent
    width = max(min(bounds[2], right) - max(bounds[0], left), 0.0)
    height = max(min(bounds[3], bottom) - max(bounds[1], top), 0.0)
    voxel = min(frame.pixel_mm)
    pitch = min(max(screen, voxel / 8), voxel) if still else max(screen, voxel)
    return Sight(bounds, max(pitch, float(np.sqrt(width * height / (_STILL if still else _MOVING)))))


class Cutter:
    """Cuts one layer for one pane."""

    def __init__(self) -> None:
        self._side = Slab()
        self._slabs = Slabs()
        self._plane: tuple[Hashable, PlaneImage | None] | None = None
        self.coarse = False
        """Whether what was cut last could be finer."""

    def cut(
        self, array: NDArray[Any], version: Hashable, geometry: Geometry, section: Section, *, fill: float,
        smooth: bool = False, labels: bool = False,
    ) -> PlaneImage | None:  # fmt: skip
        """Return what a layer shows; ``version`` tells when the voxels of ``array`` (z, y, x[, c]) change."""
        frame, index = section.frame, section.index
        self.coarse = False
        if section.thickness is not None:
            patience = None if section.sight is None else _PATIENCE if section.still else 0.0
            image = self._slabs.cut(array, version, geometry, frame, index, section.thickness, fill=fill,
                                    smooth=smooth, sight=section.sight, labels=labels, patience=patience)  # fmt: skip
            self.coarse = not self._slabs.complete
            return image
        axis, k = layer_slice(geometry, frame, index)
        if axis < 0:
            self.coarse = not section.still
            return self._askew(array, version, geometry, section, fill, smooth)
        image = layer_plane(array, geometry, frame, index, fill=fill)
        if image is None or axis != 0 or not geometry.is_even:
            return image
        return replace(image, array=orient_preview(self._side.slice(array, version, k), frame, geometry, fill=fill))

    def follow(self, labels: LabelMap, before: int, edits: int, box: Box) -> None:
        """Take up voxels that were painted: between two counts of edits nothing changed but what is in the box."""
        self._side.follow(labels.array, (labels, before), (labels, edits), box)

    def _askew(
        self, array: NDArray[Any], version: Hashable, geometry: Geometry, section: Section, fill: float, smooth: bool
    ) -> PlaneImage | None:
        key = (version, section.frame, section.index, section.sight, smooth)
        if self._plane is None or self._plane[0] != key:
            image = layer_plane(array, geometry, section.frame, section.index, fill=fill, smooth=smooth,
                                sight=section.sight)  # fmt: skip
            self._plane = key, image
        return self._plane[1]
