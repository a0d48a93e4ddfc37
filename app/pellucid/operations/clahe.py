"""Contrast limited adaptive histogram equalisation, slice by slice."""

from __future__ import annotations

import itertools
from typing import Annotated, Any

import numpy as np

from pellucid.operations.context import Context
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, blank, finite_extremes, store, view
from pellucid.operations.units import Millimetres, Range, Slider, Title, Unit

_FAR = 1 << 20  # voxels: more than any slice is wide


def tile_edges(size: Any, spacing: Any, tile: float) -> list[Any]:
    """Return where about equal tiles begin and end along x and y; a length of 0 means an eighth of the longer side."""
    lengths = [n * step for n, step in zip(size[:2], spacing[:2], strict=True)]
    counts = [max(1, round(length / (tile or max(lengths) / 8))) for length in lengths]
    return [np.rint(np.linspace(0, n, min(c, n) + 1)).astype(int) for n, c in zip(size[:2], counts, strict=True)]


def tile_places(edges: Any) -> tuple[Any, Any, Any]:
    """Return, for each pixel, the tiles with the nearest centres before and after it, and the share of the latter."""
    centres = (edges[:-1] + edges[1:] - 1) / 2
    places = np.interp(np.arange(edges[-1]), centres, np.arange(len(centres)))
    before = places.astype(int)
    return before, np.minimum(before + 1, len(centres) - 1), places - before


def tile_curves(share: Any, edges: Any, limit: float, bins: int) -> Any:
    """Return the clipped cumulative histograms of a row of tiles, of values from 0 to 1."""
    tile = np.repeat(np.arange(len(edges) - 1), np.diff(edges)) * bins
    finite = ~np.isnan(share)
    places = np.minimum((np.where(finite, share, 0) * bins).astype(np.intp), bins - 1) + tile
    counts = np.bincount(places[finite], minlength=(len(edges) - 1) * bins).reshape(-1, bins)
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ceiling = limit * total / bins
    excess = np.maximum(counts - ceiling, 0).sum(axis=1, keepdims=True)
    heights = np.cumsum((np.minimum(counts, ceiling) + excess / bins) / total, axis=1)
    return np.concatenate([np.zeros((len(heights), 1)), heights], axis=1)


def along_tile_curves(share: Any, curves: Any, rows: Any, columns: Any) -> Any:
    """Return values from 0 to 1 mapped by the curves of the four nearest tiles, weighed by distance."""
    count, bins = curves.shape[1], curves.shape[2] - 1
    place = np.nan_to_num(share) * bins
    lower = np.minimum(place.astype(np.intp), bins - 1)
    rest, flat, result = place - lower, curves.ravel(), np.zeros(share.shape)
    for row, high in ((rows[0], 1 - rows[2]), (rows[1], rows[2])):
        for column, wide in ((columns[0], 1 - columns[2]), (columns[1], columns[2])):
            first = (row[:, None] * count + column) * (bins + 1) + lower
            start = flat.take(first)
            result += high[:, None] * wide * (start + rest * (flat.take(first + 1) - start))
    return np.where(np.isnan(share), np.nan, result)


def share_of_range(values: Any, low: float, high: float) -> Any:
    """Return values as shares of a range, limited to 0 and 1; of a colour the brightest channel."""
    grey = values if values.ndim == 2 else values.max(axis=-1)
    return np.clip((grey.astype(np.float64) - low) / ((high - low) or 1.0), 0, 1)


def in_range(share: Any, values: Any, low: float, high: float) -> Any:
    """Return shares as values of a range; colours are scaled so that the brightest channel becomes that."""
    made = low + (high - low) * share
    if values.ndim == 2:
        return made
    brightest = values.max(axis=-1).astype(np.float64)
    return values * np.divide(made, brightest, out=np.zeros_like(made), where=brightest > 0)[..., None]


@operation(
    "intensity.clahe",
    title="CLAHE",
    menu="Filters/Intensity",
    keeps_unit=False,
    reach=lambda p, spacing: (_FAR, _FAR, 0),
    prepare=finite_extremes,
    keywords=("adaptive histogram equalisation", "local contrast", "contrast limited", "equalize"),
    python="""
        array = voxels(image)
        low, high = finite_range(array)
        across, down = tile_edges(image.GetSize(), image.GetSpacing(), $tile)
        columns, rows = tile_places(across), tile_places(down)
        made = []
        for values in array:
            share = share_of_range(values, low, high)
            curves = np.stack([tile_curves(share[a:b], across, $limit, $bins) for a, b in zip(down, down[1:])])
            made.append(in_range(along_tile_curves(share, curves, rows, columns), values, low, high))
        result = on_grid_of(stored(np.stack(made), array.dtype), image)
    """,
    toolbox=(tile_edges, tile_places, tile_curves, along_tile_curves, share_of_range, in_range),
)
def clahe(
    image: Image,
    context: Context,
    *,
    tile: Annotated[Millimetres, Title("Tile size"), Range(0.0), Slider(0.0, 100.0, 1.0)] = 0.0,
    limit: Annotated[float, Title("Contrast limit"), Unit("×"), Range(1.0, 1e6), Slider(1.0, 20.0, 0.5)] = 3.0,
    bins: Annotated[int, Title("Bins"), Unit("bins"), Range(2, 65536), Slider(64, 4096, 64)] = 1024,
) -> Image:
    """Equalise the histogram of each neighbourhood, without blowing up noise.

    Every slice is divided into tiles; the cumulative histogram of each, cut at the limit, is a curve, and each voxel
    is mapped by the curves of the four nearest tiles, weighed by distance. All slices share the range of the
    image, which stays, as does the pixel type; whole numbers are rounded. Colours keep their hue: only the
    brightest channel is equalised and the others follow. NaN stays NaN and is not counted.

    Settings:
        tile: Length of a side; 0 takes an eighth of the longer side of the slice.
        limit: The steepest gain in contrast; what rises above it is spread over all values.
        bins: How finely each histogram divides the range of the image.

    Source:
        Zuiderveld, Contrast limited adaptive histogram equalization, Graphics Gems IV (1994) 474-485.
    """
    low, high = context.prepared
    array = view(image)
    result, out = blank(image, array.dtype)
    across, down = tile_edges(image.GetSize(), image.GetSpacing(), tile)
    columns, rows = tile_places(across), tile_places(down)
    strips = list(itertools.pairwise(down))
    slices = range(len(array))[context.region(array.shape)[0]]
    for done, z in enumerate(slices):
        part = context.part(done / len(slices), (done + 1) / len(slices))
        curves = np.empty((len(strips), len(across) - 1, bins + 1))

        def learn(n: int, values: Array = array[z], curves: Array = curves) -> None:
            strip = values[slice(*strips[n])]
            curves[n] = tile_curves(share_of_range(strip, low, high), across, limit, bins)

        def apply(n: int, values: Array = array[z], curves: Array = curves, made: Array = out[z]) -> None:
            strip = slice(*strips[n])
            share = share_of_range(values[strip], low, high)
            mapped = along_tile_curves(share, curves, [one[strip] for one in rows], columns)
            with np.errstate(invalid="ignore"):
                store(in_range(mapped, values[strip], low, high), made[strip])

        part.part(0.0, 0.3).each(learn, range(len(strips)))
        part.part(0.3, 1.0).each(apply, range(len(strips)))
    return result
