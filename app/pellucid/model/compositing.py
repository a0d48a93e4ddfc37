"""Two slices brought together at the resolution of the view, and the arithmetic of difference and red–green."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.model.compare import Compare
from pellucid.model.layer import ImageLayer
from pellucid.model.slicing import PlaneImage
from pellucid.model.volume import Volume

Floats = NDArray[np.float32]
Places = NDArray[np.floating[Any]]
_EDGE = 1e-4  # pixels; a sample this far beyond the last voxel still belongs to it


@dataclass(frozen=True)
class Raster:
    """Samples on a plane: centres at (left + column·pitch, top + row·pitch), in plane coordinates."""

    columns: int
    rows: int
    left: float
    top: float
    pitch: float


def extent(plane: PlaneImage) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a slice in plane coordinates, edges of the pixels included."""
    rows, columns = plane.array.shape[:2]
    a, b, c, d, e, f = plane.transform
    corners = [(x - 0.5, y - 0.5) for x in (0, columns) for y in (0, rows)]
    us, vs = zip(*((a * x + b * y + c, d * x + e * y + f) for x, y in corners), strict=True)
    return min(us), min(vs), max(us), max(vs)


def raster(
    first: PlaneImage, second: PlaneImage, seen: tuple[float, float, float, float], pixel: float
) -> Raster | None:
    """Return where to compare two slices: what is ``seen`` of either, no finer than needed.

    ``seen`` is left, top, right, bottom in plane coordinates; ``pixel`` the size of a pixel of the screen there. The
    samples lie on the pixels of the first slice unless those of the screen or of the second are coarser or finer.
    None when nothing of the slices is seen.
    """
    boxes = np.array([extent(first), extent(second)])
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    low, high = np.maximum(low, seen[:2]), np.minimum(high, seen[2:])
    if np.any(high <= low):
        return None
    finest = min(_pitch(first), _pitch(second))
    pitch = max(pixel, finest)
    anchor = np.array(extent(first)[:2]) + pitch / 2
    start = np.floor((low - anchor) / pitch)
    stop = np.ceil((high - anchor) / pitch)
    left, top = anchor + start * pitch
    columns, rows = (stop - start).astype(int) + 1
    return Raster(int(columns), int(rows), float(left), float(top), float(pitch))


def _pitch(plane: PlaneImage) -> float:
    a, b, _, d, e, _ = plane.transform
    return float(min(np.hypot(a, d), np.hypot(b, e)))


def sampled(plane: PlaneImage, where: Raster, *, smooth: bool = True, fill: float | None = None) -> Floats:
    """Return the values of a slice at the samples of a raster, NaN outside; shape (rows, columns[, channels]).

    Linear in the plane when ``smooth``, else the nearest pixel. Pixels with the value ``fill`` count as outside.
    """
    a, b, c, d, e, f = plane.transform
    u = where.left + np.arange(where.columns) * where.pitch
    v = where.top + np.arange(where.rows) * where.pitch
    if abs(b) + abs(d) > 1e-9:
        return _askew(plane, u, v, smooth=smooth, fill=fill)
    columns, rows = (u - c) / a, (v - f) / e
    height, width = plane.array.shape[:2]
    inside_x, inside_y = _inside(columns, width), _inside(rows, height)
    out = np.full((where.rows, where.columns, *plane.array.shape[2:]), np.nan, np.float32)
    if inside_x.any() and inside_y.any():
        box = np.ix_(inside_y, inside_x)
        values = _mixed(plane.array, rows[inside_y], 0, smooth=smooth, fill=fill)
        out[box] = _mixed(values, columns[inside_x], 1, smooth=smooth, fill=None)
    return out


def _inside(places: Places, count: int) -> NDArray[np.bool_]:
    return np.asarray((places >= -0.5 - _EDGE) & (places <= count - 0.5 + _EDGE))


def _mixed(array: NDArray[Any], places: Places, axis: int, *, smooth: bool, fill: float | None) -> Floats:
    """Return an array at fractional places along an axis; beyond the outermost centres their values hold."""
    last = array.shape[axis] - 1
    if not smooth:
        index = np.clip(np.floor(places + 0.5).astype(np.intp), 0, last)
        return _floats(array.take(index, axis), fill)
    places = np.clip(places, 0, last)
    index = np.minimum(places.astype(np.intp), max(last - 1, 0))
    weight = (places - index).astype(np.float32).reshape((-1, *(1,) * (array.ndim - 1 - axis)))
    below = _floats(array.take(index, axis), fill)
    if not weight.any():
        return below
    above = _floats(array.take(np.minimum(index + 1, last), axis), fill)
    mixed = above - below
    mixed *= weight
    mixed += below
    if np.isnan(mixed).any():  # a neighbour that is no number must not spoil a place exactly on a pixel
        mixed = np.where(weight < _EDGE, below, np.where(weight > 1 - _EDGE, above, mixed))
    return mixed


def _floats(values: NDArray[Any], fill: float | None) -> Floats:
    out = values.astype(np.float32)
    if fill is not None and not np.isnan(fill):
        out[values == fill] = np.nan
    return out


def _askew(plane: PlaneImage, u: Any, v: Any, *, smooth: bool, fill: float | None) -> Floats:
    """Return the values of a slice that is turned or sheared in the plane."""
    a, b, c, d, e, f = plane.transform
    inverse = np.linalg.inv(np.array([[a, b], [d, e]]))
    du, dv = (u - c)[None, :], (v - f)[:, None]
    columns = inverse[0, 0] * du + inverse[0, 1] * dv
    rows = inverse[1, 0] * du + inverse[1, 1] * dv
    height, width = plane.array.shape[:2]
    outside = ~(_inside(columns, width) & _inside(rows, height))
    x, y = np.clip(columns, 0, width - 1), np.clip(rows, 0, height - 1)
    if not smooth:
        values = _floats(plane.array[np.floor(y + 0.5).astype(int), np.floor(x + 0.5).astype(int)], fill)
        values[outside] = np.nan
        return values
    x0, y0 = (np.minimum(n.astype(np.intp), max(count - 2, 0)) for n, count in ((x, width), (y, height)))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    extra = (...,) + (None,) * (plane.array.ndim - 2)
    wx, wy = (x - x0).astype(np.float32)[extra], (y - y0).astype(np.float32)[extra]
    upper = _floats(plane.array[y0, x0], fill) * (1 - wx) + _floats(plane.array[y0, x1], fill) * wx
    lower = _floats(plane.array[y1, x0], fill) * (1 - wx) + _floats(plane.array[y1, x1], fill) * wx
    values = upper * (1 - wy) + lower * wy
    values[outside] = np.nan
    return np.asarray(values, np.float32)


def difference_colors(first: Floats, second: Floats, span: float, table: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Return premultiplied 0xAARRGGBB of first − second in a diverging table of 256 colours centred on zero.

    A difference of ``span`` or more gets the last colour, −``span`` the first; where either is no number nothing is
    drawn.
    """
    share = (first - second) * (127.5 / span if span > 0 else 0.0) + 127.5
    known = np.isfinite(share)
    np.clip(share, 0.0, 255.0, out=share)
    share[~known] = 0.0
    red, green, blue = table.astype(np.uint32).T
    colors = (np.uint32(0xFF000000) | red << 16 | green << 8 | blue)[np.floor(share + 0.5).astype(np.uint8)]
    colors[~known] = 0
    return np.asarray(colors)


def red_green_colors(first: NDArray[np.uint8], second: NDArray[np.uint8], *, cyan: bool) -> NDArray[np.uint32]:
    """Return 0xAARRGGBB with the first as red and the second as green, or as green and blue when ``cyan``."""
    green = second.astype(np.uint32)
    colors = np.uint32(0xFF000000) | first.astype(np.uint32) << 16 | green << 8
    return np.asarray(colors | green if cyan else colors)


def same_quantity(first: Volume, second: Volume) -> bool:
    """Return whether the values of two images may be subtracted: both state one unit, or are of one modality."""
    if first.is_colour or second.is_colour or first.unit != second.unit:
        return False
    return bool(first.unit) or first.acquisition.modality == second.acquisition.modality


def difference_span(first: ImageLayer, second: ImageLayer, compare: Compare) -> float:
    """Return the difference that gets the full colour: as asked, else half of the wider window, or 1 of shares."""
    if compare.span > 0:
        return compare.span
    if not same_quantity(first.volume, second.volume):
        return 1.0
    return max(first.display.width, second.display.width, 1e-12) / 2
