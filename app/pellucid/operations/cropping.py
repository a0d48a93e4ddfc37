"""Cut a part out, or add a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.boxes import box_around, is_foreground, largest_piece, otsu_level
from pellucid.operations.engines.grids import refuse_huge, refuse_outside, times
from pellucid.operations.engines.histogram import histogram, otsu_split, without_padding
from pellucid.operations.islands import keep_largest
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, allocate, view
from pellucid.operations.plain import stored
from pellucid.operations.units import Begins, Box, Intensity, Millimetres, Range, Slider, Title, Voxels, When

Margin = Annotated[Millimetres, Title("Margin"), Range(0.0), Slider(0.0, 50.0, 1.0)]


@operation(
    "geometry.crop",
    title="Crop to box",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("region of interest", "ROI", "cut", "trim"),
    python="""
        dimension = image.GetDimension()
        result = sitk.RegionOfInterest(image, $box[3:][:dimension], $box[:dimension])
    """,
)
def crop(image: Image, context: Context, *, box: Annotated[Box, Title("Box")] = (0, 0, 0, 1, 1, 1)) -> Image:
    """Keep only the voxels inside a box; they stay where they are in space.

    Settings:
        box: First voxel x, y, z, then the number of voxels along x, y, z (1 along z for a planar image).

    Source:
        SimpleITK.RegionOfInterest.
    """
    start, size = box[:3], box[3:]
    refuse_outside(start, size, image)
    return _cut(image, start, size, context)


@operation(
    "geometry.crop_to_mask",
    title="Crop to mask",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("label", "bounding box", "region of interest", "ROI", "cut", "trim"),
    python="""
        start, size = box_around(voxels(mask) != 0, image.GetSpacing(), $margin)
        result = sitk.RegionOfInterest(image, size, start)
    """,
    toolbox=(box_around,),
)
def crop_to_mask(image: Image, mask: Mask, context: Context, *, margin: Margin = 5.0) -> Image:
    """Keep only the box around a mask; the voxels stay where they are in space.

    The box runs along the axes of the image and ends at its border. What lies in the box but not in the mask is kept.

    Settings:
        margin: How much more is kept on every side, rounded up to whole voxels.

    Source:
        SimpleITK.RegionOfInterest.
    """
    box = box_around(view(mask) != 0, image.GetSpacing(), margin)
    if box is None:
        raise Refused(tr("The mask is empty, so there is nothing to crop to."))
    return _cut(image, *box, context)


@operation(
    "geometry.crop_foreground",
    title="Crop to foreground",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("automatic", "body", "air", "background", "border", "frame", "trim", "autocrop"),
    python=lambda p: f"""
        array = voxels(image)
        level = {"otsu_level(array, padding)" if p.method == "otsu" else "$threshold"}
        inside = is_foreground(array, $method, level, array[0, 0, 0], padding)
        inside = largest_piece(inside, image) if $one_piece else inside
        start, size = box_around(inside, image.GetSpacing(), $margin)
        result = sitk.RegionOfInterest(image, size, start)
    """,
    toolbox=(otsu_level, is_foreground, largest_piece, box_around),
)
def crop_foreground(
    image: Image,
    context: Context,
    *,
    method: Annotated[
        Literal["otsu", "above", "border"],
        Title("Foreground", ("Brighter class (Otsu)", "Above the threshold", "All but the value of the border")),
    ] = "otsu",
    threshold: Annotated[Intensity, Title("Threshold"), When("method", ("above",))] = 0.0,
    one_piece: Annotated[bool, Title("Largest piece only")] = True,
    margin: Margin = 5.0,
) -> Image:
    """Keep only the box around what is not background; the voxels stay where they are in space.

    The box runs along the axes of the image and ends at its border. Padding and NaN are never foreground; of colours,
    a voxel counts when one channel does.

    Settings:
        method: What counts as foreground; the border is padding where it is known, else the value of the first voxel.
        threshold: The value above which voxels are foreground, for that choice only.
        one_piece: Leave out specks and whatever else is not connected to the largest piece.
        margin: How much more is kept on every side, rounded up to whole voxels.

    Source:
        Otsu, IEEE Trans. SMC 9 (1979) 62-66; SimpleITK.ConnectedComponent; SimpleITK.RegionOfInterest.
    """
    inside = _foreground(image, method, threshold, context.part(0.0, 0.5))
    if one_piece:
        inside = keep_largest(inside, context.part(0.5, 0.8))
    box = box_around(view(inside) != 0, image.GetSpacing(), margin)
    if box is None:
        raise Refused(tr("Nothing in this image is foreground. Choose another way to find it, or a lower threshold."))
    kept, of = times(box[1]), times(image.GetSize())
    context.remark(tr("{kept} of {of} voxels were kept.", kept=kept, of=of))
    return _cut(image, *box, context.part(0.8, 1.0))


def _foreground(image: sitk.Image, method: str, level: Any, context: Context) -> sitk.Image:
    """Return the mask of what is not background."""
    array, padding = view(image), context.padding
    if method == "otsu":
        counted = without_padding(histogram(image, context.part(0.0, 0.6)), padding)
        split = otsu_split(counted.counts)
        if split is None:
            raise Refused(tr("Otsu needs at least two different values; all voxels of this image are equal."))
        level = counted.start + (split + 1) * (1 if counted.exact else counted.step)
    mask, out = allocate(image.GetSize(), np.uint8)
    mask.CopyInformation(image)

    def work(n: int) -> None:
        out[n] = is_foreground(array[n : n + 1], method, level, array[0, 0, 0], padding)[0]

    context.part(0.6, 1.0).each(work, range(len(array)))
    return mask


def _cut(image: sitk.Image, start: Sequence[int], size: Sequence[int], context: Context) -> sitk.Image:
    """Return the part of an image that begins at a voxel and has a size."""
    filter = sitk.RegionOfInterestImageFilter()
    filter.SetIndex(list(start[: image.GetDimension()]))
    filter.SetSize(list(size[: image.GetDimension()]))
    return context.execute(filter, image)


_PADDING = {
    "constant": '"constant", constant_values=stored(np.array($constant, np.float64), array.dtype)',
    "mirror": '"symmetric"',
    "edge": '"edge"',
}
Added = Annotated[Voxels, Range(0), Slider(0, 100, 1)]


@operation(
    "geometry.pad",
    title="Pad",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("border", "margin", "enlarge", "extend", "canvas size", "reflect"),
    python=lambda p: (
        f"""
        array = voxels(image)
        before, after = ($before_z, $before_y, $before_x), ($after_z, $after_y, $after_x)
        if image.GetDimension() == 2:
            before, after = (0, *before[1:]), (0, *after[1:])
        widths = [*zip(before, after), *[(0, 0)] * (array.ndim - 3)]
        array = np.pad(array, widths, {_PADDING[p.mode]})
        planar = array[0] if image.GetDimension() == 2 else array
        result = sitk.GetImageFromArray(planar, isVector=array.ndim == 4)
        result.SetSpacing(image.GetSpacing())
        result.SetDirection(image.GetDirection())
        result.SetOrigin(image.TransformIndexToPhysicalPoint([-n for n in before[::-1]][: image.GetDimension()]))
    """
    ),
)
def pad(
    image: Image,
    context: Context,
    *,
    before_x: Annotated[Added, Title("Before x")] = 10,
    after_x: Annotated[Added, Title("After x")] = 10,
    before_y: Annotated[Added, Title("Before y")] = 10,
    after_y: Annotated[Added, Title("After y")] = 10,
    before_z: Annotated[Added, Title("Before z")] = 0,
    after_z: Annotated[Added, Title("After z")] = 0,
    mode: Annotated[
        Literal["constant", "mirror", "edge"],
        Title("Fill with", ("A constant", "The mirrored image", "The outermost voxels")),
    ] = "constant",
    constant: Annotated[Intensity, Title("Constant"), Begins("lowest"), When("mode", ("constant",))] = 0.0,
) -> Image:
    """Add voxels at the sides of the image; those that were there stay where they are in space.

    The origin moves by what is added before. The pixel type stays; a constant is rounded and clipped to it.

    Settings:
        before_x: How many columns are added before the first.
        after_x: How many columns are added after the last.
        before_y: How many rows are added before the first.
        after_y: How many rows are added after the last.
        before_z: How many slices are added before the first; planar images ignore it.
        after_z: How many slices are added after the last; planar images ignore it.
        mode: What the new voxels hold; the mirror repeats the outermost voxel.
        constant: The value of new voxels, for that choice only.

    Source:
        numpy.pad: constant, symmetric, edge; as SimpleITK.ConstantPad, MirrorPad and ZeroFluxNeumannPad.
    """
    before = (before_x, before_y, before_z)[: image.GetDimension()]
    after = (after_x, after_y, after_z)[: image.GetDimension()]
    size = [a + n + b for a, n, b in zip(before, image.GetSize(), after, strict=True)]
    refuse_huge(size, image)
    array = view(image)
    result, out = allocate(size, array.dtype, image.GetNumberOfComponentsPerPixel())
    starts = (*before, 0)[2::-1]
    rows, columns = (slice(first, first + n) for first, n in zip(starts[1:], array.shape[1:3], strict=True))
    z, y, x = (_sources(*sizes, mode) for sizes in zip(array.shape[:3], starts, out.shape[:3], strict=True))
    value = stored(np.array(constant, np.float64), array.dtype)

    def work(n: int) -> None:
        if mode != "constant":
            out[n] = array[z[n]][np.ix_(y, x)]
            return
        out[n] = value
        if 0 <= n - starts[0] < len(array):
            out[n, rows, columns] = array[n - starts[0]]

    context.each(work, range(len(out)))
    result.SetSpacing(image.GetSpacing())
    result.SetDirection(image.GetDirection())
    result.SetOrigin(image.TransformIndexToPhysicalPoint([-n for n in before]))
    return result


def _sources(length: int, before: int, total: int, mode: str) -> Array:
    """Return which old voxel each new one along an axis repeats."""
    places = np.arange(total) - before
    if mode == "mirror":
        folded = places % (2 * length)
        return np.minimum(folded, 2 * length - 1 - folded)
    return places.clip(0, length - 1)
