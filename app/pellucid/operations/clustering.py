"""Classes by value: multi-Otsu, k-means (colour too) and Gaussian mixture, as label maps ordered by brightness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.classes import (
    Bins,
    class_map,
    classified,
    counted,
    mixture_table,
    split_table,
)
from pellucid.operations.engines.colour_clusters import colour_centres, colour_classes, colour_sample
from pellucid.operations.engines.combining import combined
from pellucid.operations.engines.histogram import histogram, without_padding
from pellucid.operations.operation import Image, Labels, operation
from pellucid.operations.pixels import Array, map_blocks, need_scalar
from pellucid.operations.units import Range, Slider, Title, Unit

Background = Annotated[bool, Title("Darkest class is background")]


def _bins(title: str, image: Any, classes: int, context: Context) -> Bins:
    """Return the histogram; raise Refused when it holds fewer different values than there are classes."""
    need_scalar(title, image)
    found = without_padding(histogram(image, context), context.padding)
    different = int(np.count_nonzero(found.counts))
    if different < classes:
        raise Refused(
            tr(
                "{title} needs at least {classes} different values; the image has {count}. Choose fewer classes.",
                title=title,
                classes=classes,
                count=different,
            )
        )
    return found.start, 1 if found.exact else found.step, found.counts


def _classes(image: Any, bins: Bins, table: Array, background: bool, context: Context) -> Any:
    first = 0 if background else 1

    def work(values: Array, out: Array) -> None:
        out[...] = classified(values, bins, table, first, context.padding)

    return map_blocks(image, np.uint16, work, context)


def _script(table: str, classes: str) -> Callable[[Any], str]:
    """Return what writes the lines of a script; ``table`` is the function that gives each bin its class."""

    def lines(p: Any) -> str:
        return f"""
            low, step, counts = counted(voxels(image), padding)  # a bin for each whole number, else 65,536
            table = {table}(counts, {classes})
            result = class_map(image, (low, step, counts), table, {0 if p.background else 1}, padding)
        """

    return lines


def _learn_otsu(image: Any, context: Context, *, thresholds: int) -> tuple[Bins, Array]:
    bins = _bins(tr("Multi-Otsu"), image, thresholds + 1, context)
    return bins, split_table(bins[2], thresholds + 1)


@operation(
    "threshold.multi_otsu",
    title="Multi-Otsu thresholds",
    menu="Segment/Threshold",
    pointwise=True,
    prepare=_learn_otsu,
    prepare_uses=("thresholds",),
    keywords=("automatic", "classes", "levels", "several thresholds"),
    python=_script("split_table", "$thresholds + 1"),
    toolbox=(counted, split_table, class_map),
)
def multi_otsu(
    image: Image,
    context: Context,
    *,
    thresholds: Annotated[int, Unit("thresholds"), Range(1, 5), Slider(1, 5, 1)] = 2,
    background: Background = True,
) -> Labels:
    """Cut the histogram at several thresholds and give each class of values a label, by rising brightness.

    The thresholds maximise the variance between the classes; they are said beside the result. Whole numbers are
    counted exactly, others in 65,536 bins. Padding and NaN get no label.

    Settings:
        thresholds: How many cuts there are; there is one label more.
        background: Give the darkest class the label 0, so that it is not shown.

    Source:
        Liao, Chen and Chung, A fast algorithm for multilevel thresholding, J. Inf. Sci. Eng. 17 (2001) 713-727; as
        SimpleITK.OtsuMultipleThresholds and skimage.filters.threshold_multiotsu with a bin for each value.
    """
    bins, table = context.prepared
    low, step, _ = bins
    cuts = [low + int(k) * step for k in np.flatnonzero(np.diff(table)) + 1]
    context.remark(tr("Thresholds: {values}.", values=", ".join(f"{cut:.6g}" for cut in cuts)))
    return _classes(image, bins, table, background, context)


def _learn_means(image: Any, context: Context, *, classes: int, seed: int) -> Any:
    if image.GetNumberOfComponentsPerPixel() > 1:
        return _learn_colours(image, classes, seed, context)
    bins = _bins(tr("k-means"), image, classes, context)
    return bins, split_table(bins[2], classes)


def _learn_colours(image: Any, classes: int, seed: int, context: Context) -> Array:
    sample = colour_sample(image)
    if len(np.unique(sample, axis=0)) < classes:
        raise Refused(tr("k-means needs at least {classes} different colours. Choose fewer classes.", classes=classes))
    return colour_centres(sample, classes, seed, context.check)


def _means_script(p: Any) -> str:
    first = 0 if p.background else 1
    return f"""
        if image.GetNumberOfComponentsPerPixel() == 1:  # of one value: the best classes there are
            low, step, counts = counted(voxels(image), padding)
            table = split_table(counts, $classes)
            result = class_map(image, (low, step, counts), table, {first}, padding)
        else:
            centres = colour_centres(colour_sample(image), $classes, $seed)
            result = on_grid_of(colour_classes(voxels(image), centres, {first}), image)
    """


@operation(
    "clusters.kmeans",
    title="k-means",
    menu="Segment/Clusters",
    pointwise=True,
    prepare=_learn_means,
    prepare_uses=("classes", "seed"),
    keywords=("cluster", "classes", "colour segmentation", "unsupervised", "tissue classes"),
    python=_means_script,
    toolbox=(counted, split_table, class_map, colour_sample, colour_centres, colour_classes),
)
def kmeans(
    image: Image,
    context: Context,
    *,
    classes: Annotated[int, Unit("classes"), Range(2, 12), Slider(2, 8, 1)] = 3,
    background: Background = True,
    seed: Annotated[int, Title("Random seed"), Unit("#"), Range(0, 2**31 - 1), Slider(0, 100, 1)] = 0,
) -> Labels:
    """Group the voxels so that their values lie as near as possible to the mean of their class.

    Labels are ordered by brightness. Of one value per voxel the best classes of the histogram are found (whole numbers
    exactly, others in 65,536 bins); of colour, red, green and blue count alike and the means are learned from up to
    100,000 pixels. Padding and NaN get no label.

    Settings:
        classes: How many groups there are.
        background: Give the darkest class the label 0, so that it is not shown.
        seed: Chooses the first guess for colour; another number may find other classes.

    Source:
        Lloyd, Least squares quantization in PCM, IEEE Trans. Inf. Theory 28 (1982) 129-137; first guess by k-means++,
        as scipy.cluster.vq.kmeans2.
    """
    first = 0 if background else 1
    if image.GetNumberOfComponentsPerPixel() == 1:
        bins, table = context.prepared
        return _classes(image, bins, table, background, context)

    def work(parts: Any, out: Array) -> None:
        out[...] = colour_classes(parts[0], context.prepared, first)

    return combined((image,), np.uint16, 1, work, context)


def _learn_mixture(image: Any, context: Context, *, classes: int) -> tuple[Bins, Array]:
    bins = _bins(tr("Gaussian mixture"), image, classes, context)
    context.check()
    return bins, mixture_table(bins[2], classes)


@operation(
    "clusters.mixture",
    title="Gaussian mixture",
    menu="Segment/Clusters",
    pointwise=True,
    prepare=_learn_mixture,
    prepare_uses=("classes",),
    keywords=("EM", "expectation maximisation", "GMM", "classes", "tissue"),
    python=_script("mixture_table", "$classes"),
    toolbox=(counted, mixture_table, class_map),
)
def gaussian_mixture(
    image: Image,
    context: Context,
    *,
    classes: Annotated[int, Unit("classes"), Range(2, 6), Slider(2, 6, 1)] = 3,
    background: Background = True,
) -> Labels:
    """Describe the histogram as a sum of Gaussians and give each voxel the one it most probably belongs to.

    Unlike k-means, classes may differ in width and in size. Labels are ordered by the means of the Gaussians. The
    histogram is fitted in at most 1,024 bins. Padding and NaN get no label.

    Settings:
        classes: How many Gaussians make up the histogram.
        background: Give the darkest class the label 0, so that it is not shown.

    Source:
        Dempster, Laird and Rubin, Maximum likelihood from incomplete data via the EM algorithm, J. R. Stat. Soc. B 39
        (1977) 1-38.
    """
    bins, table = context.prepared
    return _classes(image, bins, table, background, context)
