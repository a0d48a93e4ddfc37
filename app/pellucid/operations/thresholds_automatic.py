"""Masks by thresholds that are found: from the histogram of the image, around each voxel, or with hysteresis."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.engines.local_thresholds import (
    Local,
    local_blocks,
    local_map,
    local_mask,
    window_kernels,
    window_reach,
)
from pellucid.operations.islands import Connectivity
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import blank, finite_extremes, need_scalar, view
from pellucid.operations.threshold import between
from pellucid.operations.units import Begins, Intensity, Millimetres, Range, Slider, Title, Unit, When

Side = Annotated[Literal["above", "below"], Title("Select", ("Brighter class", "Darker class"))]
METHODS = (
    "Huang", "IsoData", "Intermodes", "KittlerIllingworth", "Li", "MaximumEntropy", "Moments", "Otsu", "RenyiEntropy",
    "Shanbhag", "Triangle", "Yen",
)  # fmt: skip
Method = Annotated[
    Literal[
        "Huang", "IsoData", "Intermodes", "KittlerIllingworth", "Li", "MaximumEntropy", "Moments", "Otsu",
        "RenyiEntropy", "Shanbhag", "Triangle", "Yen",
    ],
    Title("Method", (
        "Huang", "IsoData", "Intermodes", "Kittler–Illingworth", "Li", "Maximum entropy", "Moments", "Otsu",
        "Rényi entropy", "Shanbhag", "Triangle", "Yen",
    )),
]  # fmt: skip


def measured(image: sitk.Image, padding: tuple[float, float] | None) -> sitk.Image:
    """Return the image, or, where some of its values are padding or not finite, a row of the others."""
    array = sitk.GetArrayViewFromImage(image)
    if padding is None and array.dtype.kind in "iu":
        return image
    kept = np.isfinite(array)
    if padding is not None:
        kept &= (array < padding[0]) | (array > padding[1])
    return image if kept.all() or not kept.any() else sitk.GetImageFromArray(array[kept][np.newaxis])


def _learn(image: Any, context: Context, *, method: str, bins: int) -> float:
    """Return the value above which voxels belong to the brighter class."""
    need_scalar(tr("Automatic threshold"), image)
    values = measured(image, context.padding)
    low, high = finite_extremes(values, context.part(0.0, 0.2))
    if low == high:
        raise Refused(
            tr("An automatic threshold needs at least two different values; all voxels of this image are equal.")
        )
    filter = getattr(sitk, f"{method}ThresholdImageFilter")()
    filter.SetNumberOfHistogramBins(bins)
    try:
        context.part(0.2, 1.0).execute(filter, values)
    except Refused as failed:
        raise Refused(
            tr("{method} finds no threshold in the histogram of this image. Choose another method.", method=method)
        ) from failed
    return float(filter.GetThreshold())


def _automatic_lines(p: Any) -> str:
    selected = "array > threshold" if p.side == "above" else "array <= threshold"
    spared = """
        selected &= padding is None or padding[1] > threshold or array > padding[1]  # padding is no dark tissue"""
    return f"""
        filter = sitk.{p.method}ThresholdImageFilter()
        filter.SetNumberOfHistogramBins($bins)
        filter.Execute(measured(image, padding))
        array, threshold = voxels(image), filter.GetThreshold()
        selected = {selected}{spared if p.side == "below" else ""}
        result = on_grid_of(selected.astype(np.uint8), image)
    """


@operation(
    "threshold.automatic",
    title="Automatic threshold",
    menu="Segment/Threshold",
    pointwise=True,
    prepare=_learn,
    prepare_uses=("method", "bins"),
    keywords=(*METHODS, "binary", "histogram", "minimum error", "isodata", "entropy"),
    python=_automatic_lines,
    toolbox=(measured,),
)
def automatic(
    image: Image,
    context: Context,
    *,
    method: Method = "Li",
    bins: Annotated[int, Title("Histogram"), Unit("bins"), Range(2, 4096), Slider(16, 1024, 16)] = 256,
    side: Side = "above",
) -> Mask:
    """Select the voxels above or below a threshold that is found from the histogram of the image.

    The histogram has equal bins from the lowest to the highest value; 8-bit images with 256 bins have one for each
    value. Triangle suits a single peak with a long tail, Li and Otsu two classes, Huang and the entropies faint or
    small objects. The threshold is said beside the result. NaN is never selected. Padding (values outside the scanned
    field) is not counted, and low padding not selected as dark.

    Settings:
        method: How the threshold is found.
        bins: Into how many equal parts the range of values is cut; fewer are less sensitive to noise.
        side: Whether the brighter or the darker class is selected.

    Source:
        The filters of that name in SimpleITK; Sezgin and Sankur, Survey over image thresholding techniques, J.
        Electronic Imaging 13 (2004) 146-165.
    """
    threshold = context.prepared
    context.remark(tr("Threshold: {value:.6g}.", value=threshold))
    if side == "above":
        return between(image, _next(image, threshold, np.inf), np.inf, context)
    spared = context.padding is not None and context.padding[1] <= threshold
    lowest = _next(image, context.padding[1], np.inf) if context.padding and spared else -np.inf
    return between(image, lowest, threshold, context)


def _next(image: Any, value: float, way: float) -> float:
    """Return the nearest larger number the image could hold."""
    dtype = view(image).dtype
    if dtype.kind != "f":
        return float(np.floor(value)) + 1
    rounded = dtype.type(value)
    return float(rounded if rounded > value else np.nextafter(rounded, dtype.type(way)))


@operation(
    "threshold.hysteresis",
    title="Hysteresis threshold",
    menu="Segment/Threshold",
    complaint=lambda p: None if p.low <= p.high else tr("The low threshold must not be above the high one."),
    keywords=("two thresholds", "connected", "seeds", "weak and strong"),
    python=lambda p: f"""
        # skimage.filters.apply_hysteresis_threshold, but that values equal to a threshold count as well
        array = voxels(image)
        weak, sure = {"(array >= $low), (array >= $high)" if p.side == "above" else "(array <= $high), (array <= $low)"}
        connected = ndimage.generate_binary_structure(3, {1 if p.connectivity == "faces" else 3})
        islands, count = ndimage.label(weak, connected)
        kept = np.zeros(count + 1, np.uint8)
        kept[islands[sure]] = 1
        kept[0] = 0
        result = on_grid_of(kept[islands], image)
    """,
)
def hysteresis(
    image: Image,
    context: Context,
    *,
    low: Annotated[Intensity, Title("Low threshold"), Begins("level")] = 100.0,
    high: Annotated[Intensity, Title("High threshold"), Begins("high")] = 300.0,
    side: Annotated[Literal["above", "below"], Title("Select", ("Bright objects", "Dark objects"))] = "above",
    connectivity: Connectivity = "faces",
) -> Mask:
    """Select the connected parts above a low threshold that reach a high one somewhere.

    Faint parts of an object are found as long as they are connected to a clear part of it; specks that are faint all
    over are not. For dark objects the two change places: parts at or below the high threshold that reach the low
    one. Values equal to a threshold count. NaN is never selected.

    Settings:
        low: Bright objects may be as faint as this.
        high: A bright object must reach this somewhere.
        side: Whether bright objects on a dark ground are selected, or dark ones on a bright ground.
        connectivity: Whether voxels are connected by faces only, or also by edges and corners.

    Source:
        Canny, A computational approach to edge detection, IEEE Trans. PAMI 8 (1986) 679-698; as
        skimage.filters.apply_hysteresis_threshold.
    """
    need_scalar(tr("Hysteresis threshold"), image)
    above = side == "above"
    weak = between(image, low if above else -np.inf, np.inf if above else high, context.part(0.0, 0.1))
    sure = between(image, high if above else -np.inf, np.inf if above else low, context.part(0.1, 0.2))
    filter = sitk.ConnectedComponentImageFilter()
    filter.SetFullyConnected(connectivity == "corners")
    parts = view(context.part(0.2, 0.8).execute(filter, weak))
    kept = np.zeros(filter.GetObjectCount() + 1, np.uint8)
    for plane, seeds in zip(parts, view(sure), strict=True):
        context.check()
        kept[plane[seeds > 0]] = 1
    kept[0] = 0
    result, out = blank(image, np.uint8)
    for plane, target in zip(parts, out, strict=True):
        context.check()
        target[...] = kept[plane]
    return result


def _local_settings(p: Any) -> str:
    return f"({p.method!r}, {p.k!r}, {p.offset!r}, {p.side == 'below'!r})"


@operation(
    "threshold.local",
    title="Local threshold",
    menu="Segment/Threshold",
    prepare=finite_extremes,
    reach=lambda p, spacing: window_reach(p.window, p.method, spacing),
    keywords=("adaptive", "Niblack", "Sauvola", "uneven background", "document", "Bernsen"),
    python=lambda p: f"""
        # skimage.filters.threshold_local, _niblack or _sauvola, but in mm and with the border repeated
        array, how = voxels(image), {_local_settings(p)}
        selected = local_map(array, finite_range(array), window_kernels(image, $window, $method), how)
        result = on_grid_of(selected, image)
    """,
    toolbox=(local_map, window_kernels),
)
def local(
    image: Image,
    context: Context,
    *,
    method: Annotated[
        Literal["mean", "gaussian", "niblack", "sauvola"],
        Title("Method", ("Mean", "Gaussian mean", "Niblack", "Sauvola")),
    ] = "mean",
    window: Annotated[Millimetres, Title("Window"), Range(0.0), Slider(1.0, 100.0, 1.0)] = 15.0,
    offset: Annotated[Intensity, Title("Offset"), When("method", ("mean", "gaussian"))] = 0.0,
    k: Annotated[
        float, Unit("×"), Range(-10.0, 10.0), Slider(-1.0, 1.0, 0.05), When("method", ("niblack", "sauvola"))
    ] = 0.2,
    side: Annotated[Literal["above", "below"], Title("Select", ("Brighter", "Darker"))] = "above",
) -> Mask:
    """Select the voxels that are brighter or darker than what is usual around them.

    The threshold of a voxel is learned in a window around it, so uneven light does not matter. Mean and Gaussian take
    the local mean minus the offset; Niblack mean - k × SD; Sauvola m × (1 + k × (SD / R - 1)), where m is the mean
    above the lowest value and R half the range of the image. The border repeats the outermost voxel. NaN is never
    selected and makes its window empty.

    Settings:
        method: How the threshold is made of the values in the window.
        window: How far what is usual is learned from, along every axis; of a Gaussian, six standard deviations.
        offset: This is taken off the local mean; positive values select more of what is bright.
        k: How much the local standard deviation counts.
        side: Whether voxels above their threshold are selected, or those at or below it.

    Source:
        Niblack, An introduction to digital image processing, 1986; Sauvola and Pietikäinen, Adaptive document image
        binarization, Pattern Recognition 33 (2000) 225-236; as skimage.filters.threshold_local and threshold_sauvola.
    """
    need_scalar(tr("Local threshold"), image)
    array, kernels = view(image), window_kernels(image, window, method)
    how: Local = (method, k, offset, side == "below")

    result, out = blank(image, np.uint8)

    def work(block: Region) -> None:
        with np.errstate(all="ignore"):
            out[block] = local_mask(array, context.prepared, kernels, how, block)

    context.each(work, local_blocks(context.region(array.shape)))
    return result
