"""Give an image the histogram of another one."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.histogram import Histogram, histogram
from pellucid.operations.engines.order import counted, nothing_counted
from pellucid.operations.engines.pointwise import along_bins, by_curve
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, check_same_grid, from_array, map_blocks, view

Distribution = tuple[Array, Array]


def distribution(values: Any) -> Any:
    """Return rising levels and the share of values up to each: whole numbers one by one, else in 65,536 bins."""
    low, high = values.min().item(), values.max().item()
    if values.dtype.kind in "iu" and high - low < 65536:
        present, counts = np.unique(values, return_counts=True)
        return present, np.cumsum(counts) / values.size
    step = (high - low) / 65536 or 1.0
    bins = ((values.astype(np.float64) - low) / step).astype(np.intp).clip(0, 65535)
    cumulative = np.cumsum(np.bincount(bins, minlength=65536))
    return low + step * np.arange(65537), np.concatenate([[0.0], cumulative / values.size])


def matched(values: Any, own: Any, standard: Any) -> Any:
    """Return for each value the level of the standard distribution that has the same share of values below."""
    shares, first = np.unique(standard[1], return_index=True)
    levels, heights = own[0], np.interp(own[1], shares, standard[0][first])
    if len(levels) > 65536:  # the edges of bins, even steps
        return along_bins(values, levels[0], levels[1] - levels[0], heights)
    return np.interp(values, levels, heights)


def channels(array: Any) -> list[Any]:
    """Return the channels of an array (z, y, x[, c])."""
    return [array] if array.ndim == 3 else list(np.moveaxis(array, -1, 0))


def _from_histogram(found: Histogram) -> Distribution:
    """Return what ``distribution`` says of the counted values."""
    if found.total == 0:
        raise nothing_counted()
    shares = np.cumsum(found.counts) / found.total
    if found.exact:
        used = np.flatnonzero(found.counts)
        return found.start + used.astype(np.float64), shares[used]
    return found.start + found.step * np.arange(len(shares) + 1), np.concatenate([[0.0], shares])


def _distributions(image: Any, mask: Any, context: Context) -> list[Distribution]:
    """Return the distribution of each channel of an image."""
    if mask is not None:
        check_same_grid(tr("Match histogram"), image, mask)
    count = image.GetNumberOfComponentsPerPixel()
    if count == 1:
        return [_from_histogram(histogram(image, context, mask))]
    inside = None if mask is None else from_array(view(mask))
    parts = (context.part(n / count, (n + 1) / count) for n in range(count))
    alone = (from_array(channel) for channel in channels(view(image)))
    return [_from_histogram(histogram(one, part, inside)) for one, part in zip(alone, parts, strict=True)]


def _curves(
    image: Any, reference: Any, mask: Any, reference_mask: Any, context: Context
) -> list[tuple[Distribution, Distribution]]:
    """Return, for each channel, how the values of the image and of the reference are distributed."""
    if image.GetNumberOfComponentsPerPixel() != reference.GetNumberOfComponentsPerPixel():
        raise Refused(tr("Match histogram needs two colour images or two without colour; convert one of them first."))
    own = _distributions(image, mask, context.part(0.0, 0.5))
    return list(zip(own, _distributions(reference, reference_mask, context.part(0.5, 1.0)), strict=True))


@operation(
    "normalise.match_histogram",
    title="Match histogram",
    menu="Filters/Normalise",
    keeps_unit=False,
    pointwise=True,
    grids="any",
    prepare=_curves,
    counted_in="mask",
    keywords=("histogram matching", "specification", "harmonise", "reference", "CDF"),
    python="""
        # for whole numbers the same as skimage.exposure.match_histograms(array, voxels(reference))
        inside, elsewhere = (None if one is None else voxels(one) for one in (mask, reference_mask))
        pairs = zip(channels(voxels(image)), channels(voxels(reference)))
        made = [
            matched(one.astype(np.float64), distribution(counted(one, inside)), distribution(counted(other, elsewhere)))
            for one, other in pairs
        ]
        result = on_grid_of((np.stack(made, axis=-1) if made[1:] else made[0]).astype(np.float32), image)
    """,
    toolbox=(counted, distribution, matched, channels),
)
def match_histogram(
    image: Image, reference: Image, mask: Mask | None, reference_mask: Mask | None, context: Context
) -> Image:
    """Change the values so that they are distributed like those of a reference image.

    Each value becomes the value of the reference below which the same share of the voxels lies. Only voxels inside
    the masks are counted, where there are masks; padding of the image is not. The reference may lie on any grid.
    Images of 32 bits or more are counted in 65,536 bins. The result is 32-bit float on the scale of the reference;
    each colour channel is matched by itself. NaN stays NaN.

    Source:
        Histogram specification: Gonzalez and Woods, Digital Image Processing, section 3.3; as
        skimage.exposure.match_histograms.
    """
    curves: list[tuple[Distribution, Distribution]] = context.prepared
    if len(curves) == 1:
        return by_curve(image, lambda values: np.asarray(matched(values, *curves[0])), np.float32, context)

    def work(values: Array, out: Array) -> None:
        for n, (own, standard) in enumerate(curves):
            out[..., n] = matched(values[..., n].astype(np.float64), own, standard)

    return map_blocks(image, np.float32, work, context)
