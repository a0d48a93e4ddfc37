"""Operations declared by a test, and forgotten after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pellucid.operations import operation as module
from pellucid.operations.answers import Entry
from pellucid.operations.answers import Points as Found
from pellucid.operations.answers import Table as Measured
from pellucid.operations.context import Context
from pellucid.operations.operation import Image, Mask, Points, Table, operation, registry
from pellucid.operations.pixels import blank, view


@contextmanager
def declared() -> Iterator[None]:
    """Add ``test.sum`` (any number of images), ``test.brightest`` (points), ``test.mean`` (a table, optional mask)."""
    registry()
    before = dict(module._declared)
    _declare()
    try:
        yield
    finally:
        module._declared.clear()
        module._declared.update(before)


def _declare() -> None:
    @operation("test.sum", title="Sum of images", menu="Filters/Test", pointwise=True)
    def total(image: Image, *tiles: Image, context: Context) -> Image:
        """Add images."""
        result, out = blank(image, np.int16)
        for one in (image, *tiles):
            out += view(one)
        context.remark("Added.")
        return result

    @operation("test.brightest", title="Brightest", menu="Filters/Test")
    def brightest(image: Image, context: Context) -> Points:
        """Find the brightest voxels."""
        array = view(image)
        places = np.argwhere(array == array.max())
        world = [image.TransformIndexToPhysicalPoint([int(n) for n in place[::-1]]) for place in places]
        count = len(places)
        return Found(np.array(world).reshape(-1, 3), np.full(count, 2.5), np.ones(count), "Spot")

    @operation("test.mean", title="Mean value", menu="Filters/Test")
    def mean(image: Image, region: Mask | None, context: Context) -> Table:
        """Measure the mean."""
        values = view(image) if region is None else view(image)[view(region) != 0]
        return Measured((Entry("mean", "Mean", float(values.mean()), "intensity"),))
