"""SLIC superpixels: small, compact regions of similar values."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.slic import cells, connected, lightness, superpixels
from pellucid.operations.operation import Image, Labels, Mask, operation
from pellucid.operations.pixels import MOST_LABELS, allocate, axis_lengths, finite_extremes, view
from pellucid.operations.units import Begins, Millimetres, Range, Slider, Title, Unit
from pellucid.operations.watershed import in_steps


def scales_of(spacing: tuple[float, ...], shape: tuple[int, ...], size: float, compactness: float) -> tuple[float, ...]:
    """Return what a step of one voxel along z, y, x counts beside a difference of one in lightness."""
    return tuple(compactness * step / size if n > 1 else 0.0 for step, n in zip(reversed(spacing), shape, strict=True))


@operation(
    "clusters.slic",
    title="Superpixels (SLIC)",
    menu="Segment/Clusters",
    keywords=("supervoxels", "over-segmentation", "regions", "k-means"),
    python="""
        array, spacing = voxels(image), (*image.GetSpacing(), 1.0)[:3]
        inside = None if mask is None else voxels(mask) > 0
        counts = cells(array.shape[:3], spacing, $size)
        scales = scales_of(spacing, array.shape[:3], $size, $compactness)
        features = lightness(array, finite_range(array))
        belongs = superpixels(features, inside, counts, scales, $iterations)
        labels, count = connected(belongs, inside, belongs.size / math.prod(counts) / 4)
        result = on_grid_of(labels.astype(np.uint16), image)
    """,
    toolbox=(cells, scales_of, lightness, superpixels, connected),
)
def slic(
    image: Image,
    mask: Annotated[Mask, Title("Only inside")] | None,
    context: Context,
    *,
    size: Annotated[Millimetres, Title("Size"), Range(0.001), Slider(1.0, 100.0, 1.0), Begins("spacing", 12.0)] = 10.0,
    compactness: Annotated[float, Title("Compactness"), Unit("×"), Range(0.0, 1000.0), Slider(1.0, 50.0, 1.0)] = 10.0,
    iterations: Annotated[int, Unit("iterations"), Range(1, 50), Slider(1, 20, 1)] = 5,
) -> Labels:
    """Cut the image into many small, compact regions of similar values and give each a label.

    The regions begin as cubes (squares in a single slice) of the size in mm; every voxel then joins the nearest of the
    centres around it, in place and in lightness (of colours, L*a*b*), and the centres move to the mean of what joined
    them. Every region is in one piece; pieces below a quarter of the usual size join a neighbour. NaN counts as the
    lowest value. Values count from 0 to 100 over the range of the image: cut outliers off first.

    Settings:
        size: Width of the regions.
        compactness: Small values follow edges more closely, large ones give squarer regions.
        iterations: How often the centres move; more changes little.

    Source:
        Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods, IEEE Trans. PAMI 34 (2012)
        2274-2282; as skimage.segmentation.slic.
    """
    array, spacing = view(image), axis_lengths(image)
    shape = array.shape[:3]
    inside = None if mask is None else view(mask) > 0
    counts = cells(shape, spacing, size)
    expected = int(np.prod(counts))
    _check(expected)
    limits = finite_extremes(image, context.part(0.0, 0.05))
    features = lightness(array, limits)
    step = 0.7 / iterations
    turns = iter([context.part(0.1 + step * n, 0.1 + step * (n + 1)) for n in range(iterations)])
    scales = scales_of(spacing, shape, size, compactness)
    belongs = superpixels(features, inside, counts, scales, iterations, lambda: next(turns).each, context.check)
    labels, count = connected(belongs, inside, belongs.size / expected / 4, in_steps(context, 0.8, 1.0, 2))
    _check(count)
    result, out = allocate(image.GetSize(), np.uint16)
    result.CopyInformation(image)
    out[...] = labels
    return result


def _check(count: int) -> None:
    """Raise Refused when there are more regions than labels."""
    if count > MOST_LABELS:
        raise Refused(
            tr("There would be {count} regions, more than the {most} labels there can be. Choose a larger size.",
               count=count, most=MOST_LABELS)
        )  # fmt: skip

