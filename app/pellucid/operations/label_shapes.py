"""Label maps on other grids, and smoothed without gaps between the labels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.gridding import spacing_grids
from pellucid.operations.engines.grids import refuse_huge
from pellucid.operations.engines.label_smoothing import smoothed_labels
from pellucid.operations.engines.scale import sigma_voxels
from pellucid.operations.operation import Image, Labels, operation
from pellucid.operations.pixels import as_labels, blank, view
from pellucid.operations.units import Millimetres, Range, Slider, Title


@operation(
    "labels.smooth",
    title="Smooth labels",
    menu="Segment/Label maps",
    keywords=("joint smoothing", "Gaussian", "jagged", "outline"),
    python="""
        sigmas = [$sigma / step for step in reversed((*labels.GetSpacing(), 1.0)[:3])]
        result = on_grid_of(smoothed_labels(voxels(labels), sigmas), labels)
    """,
    toolbox=(smoothed_labels,),
)
def smooth(
    labels: Labels,
    context: Context,
    *,
    sigma: Annotated[Millimetres, Title("Sigma"), Range(0.0), Slider(0.5, 10.0, 0.5)] = 1.5,
) -> Labels:
    """Smooth the borders of all labels together, so that neighbours neither part nor overlap.

    Every label and the background are smoothed with a Gaussian; each voxel goes to the one with the largest share. The
    border repeats the outermost voxel.

    Settings:
        sigma: Standard deviation of the Gaussian; details much smaller than this disappear.

    Source:
        Joint smoothing as in 3D Slicer; the label-wise Gaussian of ITK's LabelImageGaussianInterpolateImageFunction.
    """
    x, y, z = sigma_voxels(tr("Smooth labels"), sigma, labels)

    def each(n: int, of: int) -> None:
        context.check()
        context.progress(n / of)

    result, out = blank(labels, np.uint16)
    out[...] = smoothed_labels(view(labels), [z, y, x], each)
    return result


Interpolation = Annotated[
    Literal["nearest", "label_gaussian"], Title("Interpolation", ("Nearest", "Label-wise Gaussian (smooth)"))
]
_TWINS = {"nearest": sitk.sitkNearestNeighbor, "label_gaussian": sitk.sitkLabelGaussian}
_NAMES = {"nearest": "sitk.sitkNearestNeighbor", "label_gaussian": "sitk.sitkLabelGaussian"}


def _spacing_lines(p: Any) -> str:
    return f"""
        spacing = ($spacing_x, $spacing_y, $spacing_z)
        grids = spacing_grids(labels.GetSize(), labels.GetSpacing(), spacing, anti_alias=False)
        resample = sitk.ResampleImageFilter()
        resample.SetSize([grid.count for grid in grids])
        resample.SetOutputSpacing([grid.step * step for grid, step in zip(grids, labels.GetSpacing())])
        resample.SetOutputDirection(labels.GetDirection())
        resample.SetOutputOrigin(labels.TransformContinuousIndexToPhysicalPoint([grid.first for grid in grids]))
        resample.SetInterpolator({_NAMES[p.interpolation]})
        result = on_grid_of(voxels(resample.Execute(labels)).astype(np.uint16), resample.Execute(labels))
    """


@operation(
    "labels.resample",
    title="Resample labels to spacing",
    menu="Segment/Label maps",
    same_grid=False,
    keywords=("isotropic", "interpolate", "voxel size"),
    python=_spacing_lines,
    toolbox=(spacing_grids,),
)
def resample(
    labels: Labels,
    context: Context,
    *,
    spacing_x: Annotated[Millimetres, Title("Spacing x"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    spacing_y: Annotated[Millimetres, Title("Spacing y"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    spacing_z: Annotated[Millimetres, Title("Spacing z"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    interpolation: Interpolation = "nearest",
) -> Labels:
    """Bring labels onto a grid of another spacing that covers the same space; no new values arise.

    Directions and the middle stay; the number of voxels is the extent divided by the spacing, rounded.

    Settings:
        spacing_x: New distance of voxels along the first axis.
        spacing_y: New distance of voxels along the second axis.
        spacing_z: New distance of voxels along the third axis; ignored by planar images.
        interpolation: The label of the nearest voxel, or the one with the largest share under a Gaussian.

    Source:
        SimpleITK.Resample with sitkNearestNeighbor or sitkLabelGaussian.
    """
    grids = spacing_grids(labels.GetSize(), labels.GetSpacing(), (spacing_x, spacing_y, spacing_z), anti_alias=False)
    refuse_huge([grid.count for grid in grids], labels)
    filter = sitk.ResampleImageFilter()
    filter.SetSize([grid.count for grid in grids])
    filter.SetOutputSpacing([grid.step * step for grid, step in zip(grids, labels.GetSpacing(), strict=True)])
    filter.SetOutputDirection(labels.GetDirection())
    filter.SetOutputOrigin(labels.TransformContinuousIndexToPhysicalPoint([grid.first for grid in grids]))
    return _resampled(labels, filter, interpolation, context)


@operation(
    "labels.resample_to_image",
    title="Resample labels to an image",
    menu="Segment/Label maps",
    same_grid=False,
    grids="any",
    keywords=("match grid", "same grid", "reslice"),
    python=lambda p: f"""
        moved = sitk.Resample(labels, other, sitk.Transform(), {_NAMES[p.interpolation]})
        result = on_grid_of(voxels(moved).astype(np.uint16), moved)
    """,
)
def resample_to_image(
    labels: Labels,
    other: Annotated[Image, Title("Grid of")],
    context: Context,
    *,
    interpolation: Interpolation = "nearest",
) -> Labels:
    """Bring labels onto the grid of an image, by their places in space; no new values arise.

    Nothing is registered. What lies outside the labels is background.

    Settings:
        interpolation: The label of the nearest voxel, or the one with the largest share under a Gaussian.

    Source:
        SimpleITK.Resample with sitkNearestNeighbor or sitkLabelGaussian.
    """
    if labels.GetDimension() != other.GetDimension():
        raise Refused(tr("A planar image and a volume cannot be combined."))
    refuse_huge(other.GetSize(), labels)
    filter = sitk.ResampleImageFilter()
    filter.SetReferenceImage(other)
    return _resampled(labels, filter, interpolation, context)


def _resampled(labels: Any, filter: Any, interpolation: str, context: Context) -> Any:
    filter.SetInterpolator(_TWINS[interpolation])
    moved = as_labels(context.execute(filter, labels))  # must outlive its view
    result, out = blank(moved, np.uint16)
    np.copyto(out, view(moved))
    return result
