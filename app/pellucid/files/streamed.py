"""Image files read piece by piece: a part, or block means, of what may not fit into memory.

Stored numbers are taken in the order of the file, some rows or one plane at a time. What is not wanted is skipped:
in plain files without reading it, in compressed ones by inflating and dropping it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.buffers import allocate
from pellucid.dicom.child import Cancelled
from pellucid.files.raw import IsCancelled, Progress, RawImage
from pellucid.model.block_means import BlockMeans
from pellucid.model.reduction import Reduction

if TYPE_CHECKING:
    import SimpleITK as sitk

Array = NDArray[Any]
Place = tuple[int, ...]

_PIECE = 32 << 20
"""Bytes of stored numbers that are held at a time, where rows can be told apart."""


class Units(Protocol):
    """Where units come from; they are asked for in their order, and so are the rows of one."""

    def rows(self, unit: int, first: int, count: int) -> Array:
        """Return some entries along the slowest axis of a unit."""

    def close(self) -> None:
        """Let go of the file."""


@dataclass(frozen=True)
class Order:
    """How the numbers of a file follow each other: axes from slowest to fastest; the last ``inner`` make a unit.

    A unit is a plane (y, x) as a rule, with the colours of its pixels where they lie together.
    """

    axes: str
    sizes: Place
    inner: int

    @classmethod
    def of(cls, raw: RawImage, inner: int | None = None) -> Order:
        """Return the order in a file; without ``inner`` a unit is the least that holds whole planes."""
        axes, sizes = raw.axes[::-1], tuple(raw.sizes[::-1])
        return cls(axes, sizes, inner or len(axes) - min(axes.index("x"), axes.index("y")))

    @property
    def unit_shape(self) -> Place:
        """Return the lengths of the axes of a unit."""
        return self.sizes[-self.inner :]

    @property
    def count(self) -> int:
        """Return the number of units."""
        return prod(self.sizes[: -self.inner])

    def places(self) -> Iterator[Place]:
        """Return the place of every unit along the axes that count them."""
        return np.ndindex(self.sizes[: -self.inner])

    def of_axis(self, letter: str, place: Place) -> int | None:
        """Return where along an axis a place lies; None when a unit holds more than one of them."""
        at = self.axes.find(letter)
        return 0 if at < 0 else place[at] if at < len(place) else None

    def frame(self, place: Place) -> int | None:
        """Return the frame of a place, several frame axes counted as one; None where a unit holds several."""
        at = [n for n, letter in enumerate(self.axes) if letter == "t"]
        if any(n >= len(place) for n in at):
            return None
        return int(np.ravel_multi_index([place[n] for n in at], [self.sizes[n] for n in at])) if at else 0

    def planes(self, piece: Array, place: Place) -> Iterator[tuple[Place, Array]]:
        """Split a piece of a unit into planes (y, x[, c]), each with its place along all other axes."""
        names = self.axes[-self.inner :]
        kept = [names.index(letter) for letter in "yxc" if letter in names]
        others = [n for n in range(self.inner) if n not in kept]
        turned = piece.transpose(*others, *kept)
        for inside in np.ndindex(turned.shape[: len(others)]):
            full = [*place, *(0 for _ in names)]
            for n, k in zip(others, inside, strict=True):
                full[len(place) + n] = k
            yield tuple(full), turned[inside]


def read_streamed(
    raw: RawImage,
    units: Units,
    reduction: Reduction,
    *,
    inner: int | None = None,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
) -> list[sitk.Image]:
    """Return what is left of each frame of a file, as images on the grid of ``reduction.geometry``."""
    order, grid, frames = Order.of(raw, inner), reduction.geometry(raw.geometry), reduction.frame_range(raw.frames)
    images, arrays = zip(*(allocate(grid, raw.dtype.name, raw.components) for _ in frames), strict=True)
    planar = "c" in order.axes[: -order.inner]
    colours = raw.components if planar else 1
    targets: Sequence[Array] = [array[..., c] for array in arrays for c in range(colours)] if planar else arrays
    means = BlockMeans(reduction, raw.geometry.size, targets, stacked=not raw.geometry.is_planar,
                       scaling=(raw.slope, raw.intercept))  # fmt: skip

    def wanted(z: int | None, frame: int | None) -> bool:
        return (z is None or means.wants(z)) and (frame is None or frame in frames)

    with closing(units):
        for n, place in enumerate(order.places()):
            if wanted(order.of_axis("z", place), order.frame(place)):
                for first, count in _pieces(order, means, raw.stored.itemsize):
                    if cancelled():
                        raise Cancelled
                    for full, plane in order.planes(units.rows(n, first, count), place):
                        z, frame = order.of_axis("z", full), order.frame(full)
                        if wanted(z, frame) and z is not None and frame is not None:
                            which = (frame - frames.start) * colours + (full[order.axes.index("c")] if planar else 0)
                            _add(means, which, z, first, plane, order)
            progress((n + 1) / order.count)
    means.finish()
    return list(images)


def _add(means: BlockMeans, which: int, z: int, first: int, plane: Array, order: Order) -> None:
    """Add a piece of a plane; one that is not made of rows is a whole plane, whose rows that count are taken."""
    if _has_rows(order):
        means.add(which, z, first, plane)
    else:
        means.add(which, z, means.rows.start, plane[means.rows.start : means.rows.stop])


def _has_rows(order: Order) -> bool:
    return order.axes[-order.inner :] in ("yx", "yxc", "ycx")


def _pieces(order: Order, means: BlockMeans, itemsize: int) -> Iterator[tuple[int, int]]:
    """Return first row and number of rows of every piece of a unit; blocks are never cut."""
    if not _has_rows(order):
        yield 0, order.unit_shape[0]
        return
    step = means.steps[1]
    most = max(_PIECE // (prod(order.unit_shape[1:]) * itemsize) // step, 1) * step
    for first in range(means.rows.start, means.rows.stop, most):
        yield first, min(most, means.rows.stop - first)


class Held:
    """Units of an array that is in memory already."""

    def __init__(self, order: Order, array: Array) -> None:
        self._units = array.reshape(-1, *order.unit_shape)

    def rows(self, unit: int, first: int, count: int) -> Array:
        """Return some entries along the slowest axis of a unit."""
        rows: Array = self._units[unit, first : first + count]
        return rows

    def close(self) -> None:
        """Keep the array: it belongs to somebody else."""


class Decoded:
    """Units that were decoded in batches by somebody else, such as the pages of a TIFF file."""

    def __init__(self, order: Order, itemsize: int, decode: Callable[[int, int], Array]) -> None:
        self._shape, self._count, self._decode = order.unit_shape, order.count, decode
        self._most = max(_PIECE // (prod(self._shape) * itemsize), 1)
        self._first, self._held = 0, np.empty((0, *self._shape))

    def rows(self, unit: int, first: int, count: int) -> Array:
        """Return some entries along the slowest axis of a unit, decoding more units ahead."""
        if not self._first <= unit < self._first + len(self._held):
            self._held = np.empty((0, *self._shape))
            self._held = self._decode(unit, min(self._most, self._count - unit)).reshape(-1, *self._shape)
            self._first = unit
        rows: Array = self._held[unit - self._first][first : first + count]
        return rows

    def close(self) -> None:
        """Let go of what is held."""
        self._held = np.empty((0, *self._shape))
