"""The engine for user kernels: the direct sum over shifted copies, or the product of spectra, tile by tile.

Each tile is cut out with its surroundings, which the border rule makes up outside the image, so that both ways
compute the same and no more than is wanted. NaN and Inf reach as far as the kernel: such tiles are summed directly.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.operations.context import Region
from pellucid.operations.engines.bands import all_finite
from pellucid.operations.pixels import Array, work_type

_PADDING: dict[str, Any] = {"nearest": "edge", "reflect": "symmetric", "mirror": "reflect", "wrap": "wrap"}
"""The border rules by their names in scipy.ndimage, and as numpy.pad calls them."""
_OUTSIDE = -1
_DIRECT_VOXELS, _DIRECT_WORK = 1 << 16, 6 * 10**7  # what stays in the cache; products in about 50 ms
_FFT_PLANE, _FFT_BLOCK = (1, 1024, 1024), (32, 128, 128)
_DIRECT_WEIGHTS = {True: 27, False: 50}
"""Up to so many weights other than 0 the direct sum is faster: of a plane, of a volume."""


def faster_by_fft(kernel: NDArray[np.float64]) -> bool:
    """Return whether spectra are faster than the direct sum for a kernel (z, y, x)."""
    return bool(np.count_nonzero(kernel) > _DIRECT_WEIGHTS[len(kernel) == 1])


class Correlation:
    """Correlates tiles of one array (z, y, x[, c]) with one odd kernel (z, y, x)."""

    def __init__(self, array: Array, kernel: NDArray[np.float64], boundary: str, constant: float, by_fft: bool) -> None:
        self.array, self.constant, self.by_fft = array, constant, by_fft
        self.dtype = work_type(array.dtype)
        self.kernel = kernel.astype(self.dtype)
        sizes = zip(array.shape[:3], kernel.shape, strict=True)
        self._places = [_places(count, taps // 2, boundary) for count, taps in sizes]
        self._spectra: dict[tuple[int, ...], Array] = {}

    def tiles(self, region: Region) -> Iterator[Region]:
        """Split a region into pieces that are worked on at a time, each in well under 200 ms."""
        sizes = [part.stop - part.start for part in region]
        if self.by_fft:
            steps = list(_FFT_PLANE if len(self.kernel) == 1 else _FFT_BLOCK)
        else:
            voxels = max(1, min(_DIRECT_VOXELS, _DIRECT_WORK // self.kernel.size) // int(np.prod(self.array.shape[3:])))
            x = min(sizes[2], voxels)
            y = min(sizes[1], max(1, voxels // x))
            steps = [max(1, voxels // (x * y)), y, x]
        starts = (range(part.start, part.stop, step) for part, step in zip(region, steps, strict=True))
        for corner in np.array(np.meshgrid(*starts, indexing="ij")).reshape(3, -1).T.tolist():
            z, y, x = (slice(a, min(a + s, p.stop)) for a, s, p in zip(corner, steps, region, strict=True))
            yield z, y, x

    def tile(self, tile: Region) -> Array:
        """Return one tile of the correlated array."""
        values = self._surrounded(tile)
        shape = tuple(part.stop - part.start for part in tile)
        if self.by_fft and all_finite(values):
            return self._product(values, shape)
        return self._sum(values, shape)

    def _surrounded(self, tile: Region) -> Array:
        """Return a tile with as many voxels around it as the kernel reaches."""
        cut: list[slice] = []
        made_up: list[tuple[int, slice]] = []
        for axis, (part, places) in enumerate(zip(tile, self._places, strict=True)):
            radius = self.kernel.shape[axis] // 2
            reached = slice(part.start, part.stop + 2 * radius)  # among the places, which begin outside
            inside = radius <= part.start and part.stop + 2 * radius <= len(places) - radius
            cut.append(slice(part.start - radius, part.stop + radius) if inside else slice(None))
            if not inside:
                made_up.append((axis, reached))
        values = self.array[tuple(cut)]
        for axis, reached in made_up:
            values = values.take(np.maximum(self._places[axis][reached], 0), axis=axis)
        values = values.astype(self.dtype)
        for axis, reached in made_up:
            values[(slice(None),) * axis + (self._places[axis][reached] == _OUTSIDE,)] = self.constant
        return values

    def _sum(self, values: Array, shape: tuple[int, ...]) -> Array:
        """Sum the products of all weights but 0 with the values shifted under them."""
        total = np.zeros((*shape, *values.shape[3:]), self.dtype)
        product = np.empty_like(total)
        for shift in np.argwhere(self.kernel).tolist():
            there = tuple(slice(first, first + count) for first, count in zip(shift, shape, strict=True))
            np.multiply(values[there], self.kernel[tuple(shift)], out=product)
            total += product
        return total

    def _product(self, values: Array, shape: tuple[int, ...]) -> Array:
        """Multiply spectra; the mean is left out of the rounding errors and added at the end."""
        from scipy import fft

        lengths = tuple(fft.next_fast_len(count, real=True) for count in values.shape[:3])
        if lengths not in self._spectra:
            self._spectra[lengths] = fft.rfftn(self.kernel, lengths).conj()
        spectrum = self._spectra[lengths]
        mean = values.mean(dtype=np.float64)
        waves = fft.rfftn(values - self.dtype.type(mean), lengths, axes=(0, 1, 2))
        waves *= spectrum.reshape(*spectrum.shape, *(1,) * (values.ndim - 3))
        result = fft.irfftn(waves, lengths, axes=(0, 1, 2), overwrite_x=True)
        z, y, x = shape
        return result[:z, :y, :x] + self.dtype.type(mean * self.kernel.sum(dtype=np.float64))


def _places(count: int, radius: int, boundary: str) -> NDArray[np.intp]:
    """Return the index that stands for each place from ``radius`` before the first voxel to as far after the last."""
    if boundary == "constant":
        return np.pad(np.arange(count), radius, constant_values=_OUTSIDE)
    return np.pad(np.arange(count), radius, _PADDING[boundary])


def correlated(array: Array, kernel: NDArray[np.float64], boundary: str, constant: float, by_fft: bool) -> Array:
    """Return a whole array (z, y, x[, c]) correlated with a kernel (z, y, x), in 32 or 64-bit floats."""
    engine = Correlation(array, kernel, boundary, constant, by_fft)
    out = np.empty(array.shape, engine.dtype)
    whole = slice(0, array.shape[0]), slice(0, array.shape[1]), slice(0, array.shape[2])
    for tile in engine.tiles(whole):
        out[tile] = engine.tile(tile)
    return out
