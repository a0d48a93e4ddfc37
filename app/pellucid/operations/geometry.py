"""Resample: to a spacing, to a number of voxels, to the grid of another image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.gridding import shared_axes, size_grids, spacing_grids, turned_to
from pellucid.operations.engines.grids import refuse_huge
from pellucid.operations.engines.resampling import AxisGrid, resampled, resampled_plain
from pellucid.operations.engines.sampling import identity, sampled, sampled_plain
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import view
from pellucid.operations.units import Begins, Intensity, Millimetres, Range, Slider, Title, Voxels

Interpolation = Annotated[
    Literal["nearest", "linear", "bspline", "lanczos", "hamming"],
    Title(
        "Interpolation",
        ("Nearest", "Linear", "Cubic B-spline", "Windowed sinc (Lanczos)", "Windowed sinc (Hamming)"),
    ),
]
AntiAlias = Annotated[bool, Title("Smooth before coarser voxels")]
_TWINS = {
    "nearest": "sitk.sitkNearestNeighbor",
    "linear": "sitk.sitkLinear",
    "bspline": "sitk.sitkBSpline3",
    "lanczos": "sitk.sitkLanczosWindowedSinc",
    "hamming": "sitk.sitkHammingWindowedSinc",
}


@operation(
    "geometry.resample",
    title="Resample to spacing",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("isotropic", "interpolate", "resize", "voxel size", "zoom", "sinc", "anti-alias"),
    python=lambda p: (
        f"""
        # like sitk.Resample with {_TWINS[p.interpolation]} onto these voxels, but for rounding and for gaps
        spacing = ($spacing_x, $spacing_y, $spacing_z)
        grids = spacing_grids(image.GetSize(), image.GetSpacing(), spacing, anti_alias=$anti_alias)
        result = resampled_plain(image, grids, $interpolation, padding)
    """
    ),
    toolbox=(spacing_grids, resampled_plain),
)
def resample(
    image: Image,
    context: Context,
    *,
    spacing_x: Annotated[Millimetres, Title("Spacing x"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    spacing_y: Annotated[Millimetres, Title("Spacing y"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    spacing_z: Annotated[Millimetres, Title("Spacing z"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    interpolation: Interpolation = "linear",
    anti_alias: AntiAlias = True,
) -> Image:
    """Interpolate the image on a grid of another spacing that covers the same space.

    Directions and the middle of the image stay; the number of voxels is the extent divided by the spacing,
    rounded. An axis of a single voxel stays as it is. The pixel type stays, whole numbers are rounded. Padding
    and NaN mix into nothing; where they are nearest, they stay.

    Settings:
        spacing_x: New distance of voxels along the first axis.
        spacing_y: New distance of voxels along the second axis.
        spacing_z: New distance of voxels along the third axis; ignored by planar images.
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        anti_alias: Take details away that coarser voxels cannot show, with a Gaussian as wide as the new voxels.

    Source:
        As SimpleITK.Resample; Unser, Splines: a perfect fit for signal and image processing, 1999; smoothing
        after Cardoso et al., Scale factor point spread function matching, MICCAI 2015.
    """
    grids = spacing_grids(image.GetSize(), image.GetSpacing(), (spacing_x, spacing_y, spacing_z), anti_alias=anti_alias)
    return _on_grids(image, grids, interpolation, context)


@operation(
    "geometry.resample_to_size",
    title="Resample to size",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("resize", "matrix", "interpolate", "pixels", "scale", "zoom"),
    python=lambda p: (
        f"""
        # like sitk.Resample with {_TWINS[p.interpolation]} onto these voxels, but for rounding and for gaps
        grids = size_grids(image.GetSize(), ($size_x, $size_y, $size_z), anti_alias=$anti_alias)
        result = resampled_plain(image, grids, $interpolation, padding)
    """
    ),
    toolbox=(size_grids, resampled_plain),
)
def resample_to_size(
    image: Image,
    context: Context,
    *,
    size_x: Annotated[Voxels, Title("Voxels along x"), Range(0), Slider(0, 1024, 1), Begins("size", axis=0)] = 256,
    size_y: Annotated[Voxels, Title("Voxels along y"), Range(0), Slider(0, 1024, 1), Begins("size", axis=1)] = 256,
    size_z: Annotated[Voxels, Title("Voxels along z"), Range(0), Slider(0, 1024, 1), Begins("size", axis=2)] = 0,
    interpolation: Interpolation = "linear",
    anti_alias: AntiAlias = True,
) -> Image:
    """Interpolate the image on a grid of so many voxels that covers exactly the same space.

    The outer edges of the first and the last voxel stay where they are, so the spacing becomes the extent divided
    by the number of voxels. An axis of a single voxel stays as it is. The pixel type stays, whole numbers are
    rounded. Padding and NaN mix into nothing; where they are nearest, they stay.

    Settings:
        size_x: New number of voxels along the first axis; 0 keeps those there are.
        size_y: New number of voxels along the second axis; 0 keeps those there are.
        size_z: New number of slices; 0 keeps those there are, planar images ignore it.
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        anti_alias: Take details away that coarser voxels cannot show, with a Gaussian as wide as the new voxels.

    Source:
        As SimpleITK.Resample; smoothing after Cardoso et al., Scale factor point spread function matching,
        MICCAI 2015.
    """
    grids = size_grids(image.GetSize(), (size_x, size_y, size_z), anti_alias=anti_alias)
    return _on_grids(image, grids, interpolation, context)


def _on_grids(image: sitk.Image, grids: Sequence[AxisGrid], how: str, context: Context) -> sitk.Image:
    refuse_huge([grid.count for grid in grids], image)
    _say_mask(image, how, context)
    _say_smoothing(image, grids, how, context)
    return resampled(image, grids, how, context)


def _say_mask(image: sitk.Image, how: str, context: Context) -> None:
    array = view(image)
    if how != "nearest" and array.dtype == np.uint8 and array.max() <= 1:
        context.remark(tr("This image holds only 0 and 1, like a mask. Nearest keeps every voxel at its nearest one."))


def _say_smoothing(image: sitk.Image, grids: Sequence[AxisGrid], how: str, context: Context) -> None:
    sigmas = [grid.blur * step for grid, step in zip(grids, image.GetSpacing(), strict=True)]
    if any(sigmas) and how != "nearest":
        widths = " × ".join(f"{sigma:.3g}" for sigma in sigmas)
        context.remark(tr("Smoothed before with a Gaussian of sigma {widths} mm, against aliasing.", widths=widths))


@operation(
    "geometry.resample_to_image",
    title="Resample to another image",
    menu="Filters/Geometry",
    same_grid=False,
    grids="any",
    keywords=("reslice", "match grid", "same grid", "register", "align", "reformat"),
    python="""
        # sitk.Resample(image, other, sitk.Transform(), sitk.sitkLinear, $background), but for rounding and for gaps
        shared = shared_axes(image, other, anti_alias=$anti_alias)
        if shared is not None:
            result = resampled_plain(turned_to(image, shared), shared.grids, $interpolation, padding, $background)
            result.CopyInformation(other)
        else:
            result = sampled_plain(image, other, identity(image), $interpolation, $background, padding)
    """,
    toolbox=(shared_axes, turned_to, resampled_plain, sampled_plain, identity),
)
def resample_to_image(
    image: Image,
    other: Annotated[Image, Title("Grid of")],
    context: Context,
    *,
    interpolation: Interpolation = "linear",
    background: Annotated[Intensity, Title("Background"), Begins("lowest")] = 0.0,
    anti_alias: AntiAlias = True,
) -> Image:
    """Interpolate the image at the voxels of another one, which lie where they lie in space.

    Nothing is registered: places are taken as both images state them. The pixel type stays, whole numbers are
    rounded. Padding and NaN mix into nothing; where they are nearest, they stay. Where both grids are turned against
    each other, nothing is smoothed and there is no windowed sinc.

    Settings:
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        background: The value of voxels that lie outside the image.
        anti_alias: Take details away that coarser voxels cannot show, with a Gaussian as wide as the new voxels.

    Source:
        As SimpleITK.Resample; smoothing after Cardoso et al., Scale factor point spread function matching,
        MICCAI 2015.
    """
    if image.GetDimension() != other.GetDimension():
        raise Refused(tr("A planar image and a volume cannot be combined."))
    refuse_huge(other.GetSize(), image)
    _say_mask(image, interpolation, context)
    shared = shared_axes(image, other, anti_alias=anti_alias)
    if shared is not None:
        turned = turned_to(image, shared)
        _say_smoothing(turned, shared.grids, interpolation, context)
        result = resampled(turned, shared.grids, interpolation, context, background)
        result.CopyInformation(other)
        return result
    if interpolation in ("lanczos", "hamming"):
        raise Refused(
            tr(
                "Both grids are turned against each other, where a windowed sinc would take very long. "
                "Choose cubic B-spline."
            )
        )
    return sampled(image, other, identity(image), interpolation, background, context)
