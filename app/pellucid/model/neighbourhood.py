"""The k × k voxels around one, as they lie on the screen, with what is taken where the image has ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.planes import GridFrame, PlaneFrame
from pellucid.model.volume import Volume

SIZES = (3, 5, 7, 9, 11, 13, 15)
_PARALLEL = 0.9999
"""The cosine from which on a screen axis counts as running along a voxel axis."""

Indices = NDArray[np.int64]


class Edge(StrEnum):
    """What stands where the image has ended; the names are those of ``scipy.ndimage``."""

    NEAREST = "nearest"
    MIRROR = "mirror"
    ZERO = "constant"


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Voxels around ``centre`` (x, y, z) of a volume; ``indices`` is (k, k, 3), rows run down the screen.

    ``along_grid`` says whether rows and columns are those of the voxels; on an oblique plane they are steps of the
    screen, and each cell is the voxel nearest to its place.
    """

    volume: Volume
    centre: tuple[int, int, int]
    indices: Indices
    along_grid: bool

    @property
    def size(self) -> int:
        """Return how many rows there are."""
        return int(self.indices.shape[0])

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Return which cells, shape (k, k), lie in the image."""
        size = np.array(self.volume.geometry.size)
        return np.asarray(np.all((self.indices >= 0) & (self.indices < size), axis=-1))

    def values(self, edge: Edge = Edge.NEAREST) -> NDArray[Any]:
        """Return the values, shape (k, k) or (k, k, c) in the type of the volume, ``edge`` beyond the image."""
        x, y, z = np.moveaxis(_folded(self.indices, self.volume.geometry.size, edge), -1, 0)
        values = np.array(self.volume.array[z, y, x])
        if edge is Edge.ZERO:
            values[~self.inside] = 0
        return values

    def stored(self, values: NDArray[Any]) -> NDArray[Any] | None:
        """Return the stored numbers of values of these cells, or None where the volume does not know them."""
        rescale = self.volume.rescale
        if rescale is None or self.volume.is_colour:
            return None
        depth = self.volume.geometry.size[2]
        return rescale.stored(values, np.clip(self.indices[..., 2], 0, depth - 1))

    def axis_names(self) -> tuple[str, str]:
        """Return which index grows to the right and which downwards: ``("x", "−y")``; empty on oblique planes."""
        if not self.along_grid or self.size < 2:
            return "", ""
        return _axis_name(self.indices[0, 1] - self.indices[0, 0]), _axis_name(self.indices[1, 0] - self.indices[0, 0])

    def outline(self) -> Floats:
        """Return the world positions, shape (4, 3), of the corners of the square all around."""
        first, right, down = (self.indices[0, 0], self.indices[0, -1], self.indices[-1, 0])
        a = (right - first) / (2 * (self.size - 1))
        b = (down - first) / (2 * (self.size - 1))
        last = self.indices[-1, -1]
        corners = np.array([first - a - b, right + a - b, last + a + b, down - a + b], dtype=np.float64)
        return self.volume.geometry.index_to_world(corners)


def neighbourhood(volume: Volume, frame: PlaneFrame, world: ArrayLike, size: int) -> Neighbourhood | None:
    """Return the voxels around the one at a world point as a frame shows them; None outside the image."""
    geometry = volume.geometry
    index = geometry.world_to_index(world)
    if not geometry.contains(index):
        return None
    centre = np.floor(index + 0.5).astype(np.int64)
    steps = np.arange(size) - size // 2
    axes = screen_axes(geometry, frame)
    if axes is not None:
        right, down = axes
        indices = centre + steps[None, :, None] * right + steps[:, None, None] * down
    else:
        across, along = frame.pixel_mm
        place = np.asarray(world, dtype=np.float64)
        points = place + steps[None, :, None] * across * frame.right + steps[:, None, None] * along * frame.down
        indices = np.floor(geometry.world_to_index(points.reshape(-1, 3)) + 0.5).astype(np.int64)
        indices = indices.reshape(size, size, 3)
    x, y, z = (int(n) for n in centre)
    return Neighbourhood(volume, (x, y, z), indices, axes is not None)


def screen_axes(geometry: Geometry, frame: PlaneFrame) -> tuple[Indices, Indices] | None:
    """Return the index steps (x, y, z) to the right and down the screen, or None where they are no voxel axes."""
    if isinstance(frame, GridFrame) and (frame.geometry is geometry or frame.geometry.same_grid(geometry)):
        return _step(frame.right_axis, frame.right_sign), _step(frame.down_axis, frame.down_sign)
    if geometry.warp is not None:
        return None
    found = []
    for vector in (frame.right, frame.down):
        along = geometry.axes.T @ vector
        axis = int(np.argmax(np.abs(along)))
        if abs(along[axis]) < _PARALLEL:
            return None
        found.append(_step(axis, 1 if along[axis] > 0 else -1))
    return found[0], found[1]


def _step(axis: int, sign: int) -> Indices:
    step = np.zeros(3, dtype=np.int64)
    step[axis] = sign
    return step


def _axis_name(step: Indices) -> str:
    axis = int(np.argmax(np.abs(step)))
    return ("" if step[axis] > 0 else "\N{MINUS SIGN}") + "xyz"[axis]


def _folded(indices: Indices, size: tuple[int, int, int], edge: Edge) -> Indices:
    """Return indices that all lie in the image: those beyond it are led back as the edge rule says."""
    last = np.array(size) - 1
    if edge is not Edge.MIRROR:
        return np.clip(indices, 0, last)
    period = np.maximum(2 * last, 1)
    folded = np.abs(indices) % period
    return np.where(last > 0, np.minimum(folded, period - folded), 0)
