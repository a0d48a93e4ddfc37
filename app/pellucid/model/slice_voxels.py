"""The voxels of a grid that a plane of the screen shows, as one flat picture that tools can search and change.

Of a grid parallel to the plane they are one of its slices. Any other grid is looked at through square pixels of
half its smallest spacing: each shows the voxel that holds its middle, which is what the canvas draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.model.askew import Bounds, Raster, Sight, cut, nearest_slices, raster
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Box
from pellucid.model.nearest_values import nearest_values
from pellucid.model.paint_limits import PaintLimits, values_at
from pellucid.model.planes import PlaneFrame
from pellucid.model.slicing import layer_slice
from pellucid.model.volume import Volume

Place = tuple[int, ...]
_FINE, _MOST_PIXELS = 0.5, 1400
"""The distance of pixels on an askew plane as a share of the smallest spacing, and how many of them a side has."""
_SLAB = 8  # slices whose voxels of an askew plane share one box


class SliceVoxels:
    """What slice ``index`` of a frame shows of a grid; ``is_there`` is False where the plane misses it."""

    def __init__(self, geometry: Geometry, frame: PlaneFrame, index: int) -> None:
        self._geometry, self._frame = geometry, frame
        self.axis, self.slice = layer_slice(geometry, frame, index)
        self._depth = float(frame.depths[index])
        self._raster: Raster | None = None
        self._voxels: NDArray[np.int32] = np.zeros((0, 0, 3), np.int32)  # z, y, x of each pixel; -1 outside
        if self.axis < 0:
            bounds = cut(geometry, frame, self._depth)
            self._raster = None if bounds is None else raster(bounds, geometry, _sight(bounds, geometry))
            if self._raster is not None:
                self._voxels = self._at(self._raster, *np.ogrid[: self._raster.rows, : self._raster.columns])

    @property
    def is_there(self) -> bool:
        """Return whether the plane shows any voxel."""
        return self._raster is not None if self.axis < 0 else self.slice >= 0

    @property
    def is_plain(self) -> bool:
        """Return whether the voxels are one slice of the grid."""
        return self.axis >= 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Return rows and columns of the flat picture."""
        if self.is_plain:
            return tuple(n for axis, n in enumerate(self._geometry.size[::-1]) if axis != 2 - self.axis)
        return self._voxels.shape[:2]

    @property
    def box(self) -> Box:
        """Return the box of a plain slice."""
        z, y, x = (slice(0, n) for n in self._geometry.size[::-1])
        parts = [z, y, x]
        parts[2 - self.axis] = slice(self.slice, self.slice + 1)
        return parts[0], parts[1], parts[2]

    def take(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return what an array (z, y, x[, c]) on the grid holds in the slice; 0 where there is no voxel."""
        if self.is_plain:
            return array[(slice(None),) * (2 - self.axis) + (self.slice,)]
        z, y, x = np.moveaxis(self._voxels, -1, 0)
        values = array[z, y, x]
        values[z < 0] = 0
        return values

    def values(self, volume: Volume) -> NDArray[Any]:
        """Return the values of an image at the voxels of the slice: nearest, NaN beyond the image."""
        if volume.geometry.same_grid(self._geometry):
            return self.take(volume.array)
        if self.is_plain:
            return values_at(volume, self._geometry, self.box).squeeze(axis=2 - self.axis)
        world = self._geometry.index_to_world(self._voxels[..., ::-1].reshape(-1, 3))
        values = nearest_values(volume, world)
        return values.reshape(*self.shape, *values.shape[1:])

    def values_of(self, volume: Volume, voxels: NDArray[np.int32]) -> NDArray[Any]:
        """Return the values of an image at voxels (n, 3; z, y, x) of the grid: nearest, NaN beyond the image."""
        if volume.geometry.same_grid(self._geometry):
            return np.asarray(volume.array[tuple(voxels.T)])
        return nearest_values(volume, self._geometry.index_to_world(voxels[:, ::-1]))

    def allowed(self, limits: PaintLimits | None) -> NDArray[np.bool_]:
        """Return which voxels of the slice may change."""
        allowed = self.exists()
        if limits is None:
            return allowed
        if limits.within is not None:
            allowed &= self.take(limits.labels.array) == limits.within
        if limits.volume is not None and limits.values is not None:
            values = self.values(limits.volume)
            allowed &= (values >= limits.values[0]) & (values <= limits.values[1])
        return allowed

    def exists(self) -> NDArray[np.bool_]:
        """Return where there is a voxel."""
        return np.ones(self.shape, bool) if self.is_plain else self._voxels[..., 0] >= 0

    def place(self, world: ArrayLike) -> Place | None:
        """Return row and column of the voxel under a world point, or None beside the grid."""
        if self.is_plain:
            voxel = self.voxel(world)
            return None if voxel is None else tuple(n for axis, n in enumerate(voxel) if axis != 2 - self.axis)
        if self._raster is None:
            return None
        u, v = self._frame.plane_coordinates(world)
        column, row = (int(np.floor((at - first) / self._raster.pitch + 0.5))
                       for at, first in ((u, self._raster.left), (v, self._raster.top)))  # fmt: skip
        inside = 0 <= row < self._raster.rows and 0 <= column < self._raster.columns
        return (row, column) if inside and self._voxels[row, column, 0] >= 0 else None

    def voxel(self, world: ArrayLike) -> Place | None:
        """Return z, y and x of the voxel of the slice under a world point, or None beside the grid."""
        if not self.is_plain:
            place = self.place(world)
            return None if place is None else self.voxel_at(place)
        index = np.floor(self._geometry.world_to_index(world) + 0.5).astype(int)
        index[self.axis] = self.slice
        inside = np.all((index >= 0) & (index < np.array(self._geometry.size)))
        return tuple(int(n) for n in index[::-1]) if inside else None

    def voxel_at(self, place: Place) -> Place:
        """Return z, y and x of the voxel at a row and a column."""
        if not self.is_plain:
            return tuple(int(n) for n in self._voxels[place])
        return (*place[: 2 - self.axis], self.slice, *place[2 - self.axis :])

    def boxes(
        self, chosen: NDArray[np.bool_], fits: Callable[[NDArray[np.int32]], NDArray[np.bool_]] | None = None
    ) -> Iterator[tuple[Box, NDArray[np.bool_]]]:
        """Yield boxes (z, y, x) of the grid, and which of their voxels are the chosen ones of the slice.

        ``fits`` says which of some voxels (n, 3; z, y, x) may join the chosen ones of an askew plane that they lie
        between, though too thin to be seen: they would be left out as specks.
        """
        if not chosen.any():
            return
        if self.is_plain:
            yield self._boxed(chosen)
            return
        voxels = self._voxels[chosen]
        voxels = voxels[voxels[:, 0] >= 0]
        if fits is not None:
            slivers = self._slivers(chosen)
            voxels = np.concatenate([voxels, slivers[fits(slivers)]])
        slabs = voxels[:, 0] // _SLAB
        order = np.argsort(slabs, kind="stable")
        for part in np.split(voxels[order], np.flatnonzero(np.diff(slabs[order])) + 1):
            low, high = part.min(axis=0), part.max(axis=0) + 1
            inside = np.zeros(tuple(high - low), bool)
            inside[tuple((part - low).T)] = True
            z, y, x = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
            yield (z, y, x), inside

    def _boxed(self, chosen: NDArray[np.bool_]) -> tuple[Box, NDArray[np.bool_]]:
        """Return the smallest box of a plain slice around what is chosen."""
        parts: list[slice] = []
        for axis in range(2):
            hit = np.flatnonzero(chosen.any(axis=1 - axis))
            parts.append(slice(int(hit[0]), int(hit[-1]) + 1))
        inside = np.expand_dims(chosen[tuple(parts)], 2 - self.axis)
        parts.insert(2 - self.axis, slice(self.slice, self.slice + 1))
        return (parts[0], parts[1], parts[2]), inside

    def _slivers(self, chosen: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return the voxels that an askew plane cuts between the middles of chosen pixels, and that no pixel shows."""
        assert self._raster is not None
        rows, columns = np.nonzero(chosen)
        found = [
            self._at(self._raster, rows + down, columns + across) for down in (-0.25, 0.25) for across in (-0.25, 0.25)
        ]
        own = self._voxels[rows, columns]
        thin = np.concatenate([voxels[(voxels != own).any(axis=-1) & (voxels[:, 0] >= 0)] for voxels in found])
        numbers = np.unique(self._numbered(thin))
        width, height, _depth = self._geometry.size
        numbers = numbers[~np.isin(numbers, self._seen, assume_unique=True)]
        return np.stack([numbers // (width * height), numbers // width % height, numbers % width], -1).astype(np.int32)

    @cached_property
    def _seen(self) -> NDArray[np.int64]:
        """Return the numbers of the voxels that a pixel of an askew plane shows."""
        return np.unique(self._numbered(self._voxels[self.exists()]))

    def _numbered(self, voxels: NDArray[np.int32]) -> NDArray[np.int64]:
        width, height, _depth = self._geometry.size
        return np.asarray((voxels[:, 0].astype(np.int64) * height + voxels[:, 1]) * width + voxels[:, 2])

    def _at(self, pixels: Raster, rows: NDArray[Any], columns: NDArray[Any]) -> NDArray[np.int32]:
        """Return z, y and x of the voxel that an askew plane shows at rows and columns of its pixels; -1: none."""
        frame, geometry = self._frame, self._geometry
        inverse = np.linalg.inv(geometry.axes)
        first = frame.origin + self._depth * frame.normal + pixels.left * frame.right + pixels.top * frame.down
        base = inverse @ (first - np.array(geometry.origin))
        across, down = inverse @ frame.right * pixels.pitch, inverse @ frame.down * pixels.pitch
        voxels = np.empty((*np.broadcast_shapes(rows.shape, columns.shape), 3), np.int32)
        for axis in range(3):
            lengths = base[axis] + down[axis] * rows + across[axis] * columns
            voxels[..., 2 - axis] = nearest_slices(geometry, axis, lengths)
        voxels[(voxels < 0).any(axis=-1)] = -1
        return voxels


@lru_cache(maxsize=4)
def slice_voxels(geometry: Geometry, frame: PlaneFrame, index: int) -> SliceVoxels:
    """Return what a slice shows of a grid; the last ones are kept, as looking through an askew plane takes long."""
    return SliceVoxels(geometry, frame, index)


def _sight(bounds: Bounds, geometry: Geometry) -> Sight:
    """Return how finely the whole of a plane is looked through."""
    left, top, right, bottom = bounds
    widest = max(right - left, bottom - top)
    return Sight(bounds, max(min(geometry.spacing) * _FINE, widest / _MOST_PIXELS))
