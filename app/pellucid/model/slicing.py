"""What each layer shows in a plane of the screen.

A layer whose slices are parallel to the plane is a view of its own voxels with a transform; any other grid is
resampled by ``askew``. ``planes`` says how the screen lies in the world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.askew import Sight, cut, gathered, nearest_slices, raster
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.planes import PlaneFrame, plane_frame, positions_along

__all__ = [
    "PlaneFrame", "PlaneImage", "Sight", "Transform", "layer_plane", "layer_slice", "orient_preview", "plane_frame",
]  # fmt: skip

Transform = tuple[float, float, float, float, float, float]

_PARALLEL = 1e-4  # cosine; 0.05 mm over half a metre
_ROW_ERROR = 0.01  # mm that an unevenly spaced slice may be drawn away from its place without finer rows
_MOST_ROWS = 4096


@dataclass(frozen=True, eq=False)
class PlaneImage:
    """What a canvas draws for one layer in one plane.

    ``array`` is (rows, columns[, c]) with rows running down. ``transform`` (a, b, c, d, e, f) takes pixel
    centres to plane coordinates: u = a·column + b·row + c, v = d·column + e·row + f. ``axis`` and ``index``
    name the shown slice of the layer's own grid; ``axis`` is -1 when the pixels come from several slices.
    """

    array: NDArray[Any]
    transform: Transform
    axis: int
    index: int
    summed: int = 1
    """Of how many slices the values are a sum."""

    def for_window(self) -> PlaneImage:
        """Return the same with a sum brought back to the size of one slice, as the window expects it."""
        return self if self.summed == 1 else replace(self, array=self.array / self.summed)

    def value_at(self, u: float, v: float) -> Any:
        """Return the value of the pixel at plane coordinates, or None beside the picture."""
        a, b, c, d, e, f = self.transform
        column, row = np.linalg.solve(np.array([[a, b], [d, e]]), np.array([u - c, v - f]))
        x, y = int(np.floor(column + 0.5)), int(np.floor(row + 0.5))
        rows, columns = self.array.shape[:2]
        return self.array[y, x] if 0 <= y < rows and 0 <= x < columns else None

    @property
    def pixel_mm(self) -> tuple[float, float]:
        """Return the distance of pixels in a row and in a column."""
        a, b, _, d, e, _ = self.transform
        return float(np.hypot(a, d)), float(np.hypot(b, e))


def layer_plane(
    array: NDArray[Any], geometry: Geometry, frame: PlaneFrame, index: int, *, fill: float = 0, smooth: bool = False,
    sight: Sight | None = None,
) -> PlaneImage | None:  # fmt: skip
    """Return what a layer shows on slice ``index`` of a frame, or None when the plane misses the layer.

    ``array`` is (z, y, x[, c]) on ``geometry``. Slices parallel to the frame give a view without a copy, of
    the nearest slice; an unevenly spaced stack cut along z is spread to its true positions, and gaps wider
    than one and a half steps show ``fill``. Every other grid is resampled: to the nearest voxel, or with ``smooth``
    between voxels, and only where it is looked at when ``sight`` tells where that is.
    """
    layout = slice_layout(geometry, frame)
    if layout is None:
        return _resampled(array, geometry, frame, index, fill, smooth, sight)
    k = layout.slice_at(float(frame.depths[index]))
    if k < 0:
        return None
    chosen = array[(slice(None),) * (2 - layout.normal_axis) + (k,)]
    return PlaneImage(layout.arranged(chosen, fill), layout.transform(k), layout.normal_axis, k)


def orient_preview(
    preview_slice: NDArray[Any], frame: PlaneFrame, geometry: Geometry, *, fill: float = 0
) -> NDArray[Any]:
    """Turn a slice, as ``array.take(index, axis)`` gives it, the way ``layer_plane`` turned the layer's own.

    Raise ValueError when the layer's slices are not parallel to the frame (``PlaneImage.axis`` is -1).
    """
    layout = slice_layout(geometry, frame)
    if layout is None:
        raise ValueError("the slices of this layer are not parallel to the plane")
    return layout.arranged(preview_slice, fill)


def layer_slice(geometry: Geometry, frame: PlaneFrame, index: int) -> tuple[int, int]:
    """Return the voxel axis and the slice of a layer that slice ``index`` of a frame shows.

    The slice is -1 when the plane misses the layer; both are -1 when its slices are not parallel to it.
    """
    layout = slice_layout(geometry, frame)
    if layout is None:
        return -1, -1
    return layout.normal_axis, layout.slice_at(float(frame.depths[index]))


@dataclass(frozen=True, eq=False)
class SliceLayout:
    """How the slices of one layer lie in a frame they are parallel to."""

    geometry: Geometry
    normal_axis: int
    right_axis: int
    right_sign: int
    down_axis: int
    down_sign: int
    depth: float
    lean: float
    shift: tuple[float, float]
    first: Transform
    spread: NDArray[np.intp] | None

    def slice_at(self, depth: float) -> int:
        """Return the slice at a distance along the frame's normal, or -1."""
        position = (depth - self.depth) / self.lean
        return int(nearest_slices(self.geometry, self.normal_axis, np.array([position]))[0])

    @property
    def is_upright(self) -> bool:
        """Return whether all slices lie behind each other, seen along the normal."""
        reach = float(positions_along(self.geometry, self.normal_axis)[-1])
        return max(abs(self.shift[0]), abs(self.shift[1])) * reach < 1e-3 * min(self.geometry.spacing)

    def positions(self) -> Floats:
        """Return the depth of every slice in the frame."""
        return self.depth + self.lean * positions_along(self.geometry, self.normal_axis)

    def transform(self, index: int) -> Transform:
        """Return the transform of a slice; those of a sheared stack lie displaced to each other."""
        a, b, c, d, e, f = self.first
        position = float(positions_along(self.geometry, self.normal_axis)[index])
        return a, b, c + position * self.shift[0], d, e, f + position * self.shift[1]

    def arranged(self, chosen: NDArray[Any], fill: float) -> NDArray[Any]:
        """Return a slice in screen orientation, spread to true positions where the stack is uneven."""
        if self.spread is not None:  # z is the first array axis of every slice that contains it
            chosen = chosen[np.maximum(self.spread, 0)]
            chosen[self.spread < 0] = fill
        if self.down_axis < self.right_axis:
            chosen = chosen.swapaxes(0, 1)
        return chosen[:: self.down_sign, :: self.right_sign]


@lru_cache(maxsize=256)
def slice_layout(geometry: Geometry, frame: PlaneFrame) -> SliceLayout | None:
    """Return how the slices of a layer lie in a frame, or None when they are bent or not parallel to it."""
    if geometry.warp is not None:
        return None
    axes = geometry.axes
    along = np.abs(frame.normal @ axes)
    normal = int(np.argmax(along))
    first, second = (axis for axis in range(3) if axis != normal)
    if max(along[first], along[second]) > _PARALLEL:
        return None
    straight = abs(frame.right @ axes[:, first]) + abs(frame.down @ axes[:, second])
    crossed = abs(frame.right @ axes[:, second]) + abs(frame.down @ axes[:, first])
    right, down = (first, second) if straight >= crossed else (second, first)
    right_sign = 1 if frame.right @ axes[:, right] >= 0 else -1
    down_sign = 1 if frame.down @ axes[:, down] >= 0 else -1
    spread, _ = _spread(geometry) if normal != 2 else (None, 0.0)
    corner = np.array(geometry.origin)
    steps = []
    for axis, sign in ((right, right_sign), (down, down_sign)):
        count, step = _samples(geometry, axis)
        corner = corner + (axes[:, axis] * (count - 1) * step if sign < 0 else 0.0)
        steps.append(sign * step * axes[:, axis])
    (a, d), (b, e) = ((float(s @ frame.right), float(s @ frame.down)) for s in steps)
    c, f = frame.plane_coordinates(corner)
    shift = (float(axes[:, normal] @ frame.right), float(axes[:, normal] @ frame.down))
    depth = float((np.array(geometry.origin) - frame.origin) @ frame.normal)
    lean = float(axes[:, normal] @ frame.normal)
    transform = (a, b, c, d, e, f)
    return SliceLayout(geometry, normal, right, right_sign, down, down_sign, depth, lean, shift, transform, spread)


def _samples(geometry: Geometry, axis: int) -> tuple[int, float]:
    """Return how many samples a plane shows along an axis and how far apart they are."""
    spread, step = _spread(geometry) if axis == 2 else (None, 0.0)
    return (geometry.size[axis], geometry.spacing[axis]) if spread is None else (len(spread), step)


@lru_cache(maxsize=64)
def _spread(geometry: Geometry) -> tuple[NDArray[np.intp] | None, float]:
    """Return the slice of each row of an even grid that shows an uneven stack, and the distance of its rows.

    The rows are an odd fraction of a step apart, so that every slice stays centred on its position; the
    coarsest fraction that places each slice within a hundredth of a millimetre is taken.
    """
    if geometry.slice_positions is None:
        return None, 0.0
    centres = np.array(geometry.slice_positions)
    length, best = float(centres[-1]), geometry.spacing[2]
    for parts in (1, 3, 5, 7, 9):
        step = geometry.spacing[2] / parts
        if parts > 1 and length / step >= _MOST_ROWS:
            break
        best = step
        if np.max(np.abs(centres - np.round(centres / step) * step)) <= _ROW_ERROR:
            break
    rows = np.arange(round(length / best) + 1, dtype=np.float64) * best
    return nearest_slices(geometry, 2, rows), best


def _resampled(
    array: NDArray[Any], geometry: Geometry, frame: PlaneFrame, index: int, fill: float, smooth: bool,
    sight: Sight | None,
) -> PlaneImage | None:  # fmt: skip
    """Gather the values of a grid that lies askew to the frame, where the plane cuts it."""
    depth = float(frame.depths[index])
    bounds = cut(geometry, frame, depth)
    pixels = None if bounds is None else raster(bounds, geometry, sight)
    if pixels is None:
        return None
    values = gathered(array, geometry, frame, depth, pixels, fill=fill, smooth=smooth)
    return PlaneImage(values, pixels.transform, -1, -1)
