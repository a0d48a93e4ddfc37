"""Two images on different grids: say how they differ, and bring one onto the grid of the other."""

from __future__ import annotations

from collections.abc import Callable

import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.pixels import on_same_grid

Align = Callable[[sitk.Image, sitk.Image, str, Context], sitk.Image]


def onto(first: sitk.Image, other: sitk.Image, kind: str, context: Context) -> sitk.Image:
    """Return ``other`` on the grid of ``first``: linear, a mask by its nearest voxel, 0 where it does not reach."""
    if first.GetDimension() != other.GetDimension():
        raise Refused(tr("A planar image and a volume cannot be combined."))
    filter = sitk.ResampleImageFilter()
    filter.SetReferenceImage(first)
    filter.SetInterpolator(sitk.sitkLinear if kind == "image" else sitk.sitkNearestNeighbor)
    return context.execute(filter, other)


def fitted(
    title: str,
    images: tuple[sitk.Image, ...],
    kinds: tuple[str, ...],
    context: Context,
    *,
    resample: bool,
    align: Align = onto,
) -> tuple[sitk.Image, ...]:
    """Return the images on the grid of the first one; raise Refused where one is not and ``resample`` is false."""
    first, fit = images[0], [images[0]]
    for other, kind in zip(images[1:], kinds[1:], strict=True):
        if on_same_grid(first, other):
            fit.append(other)
        elif resample:
            context.remark(tr("An image on another grid was resampled onto the first one (linear; masks nearest)."))
            fit.append(align(first, other, kind, context))
        else:
            raise Refused(
                tr(
                    "{title} needs images on the same grid: {first} and {other} differ. Let it be resampled, or "
                    "resample one of them first.",
                    title=title,
                    first=_grid(first),
                    other=_grid(other),
                )
            )
    return tuple(fit)


def _grid(image: sitk.Image) -> str:
    size = " × ".join(map(str, image.GetSize()))
    steps = " × ".join(f"{step:.3g}" for step in image.GetSpacing())
    return tr("{size} voxels of {steps} mm", size=size, steps=steps)
