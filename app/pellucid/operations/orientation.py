"""Flip, rotate and reorient."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.grids import refuse_huge
from pellucid.operations.engines.sampling import sampled, sampled_plain
from pellucid.operations.engines.turning import grown, turning
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, view
from pellucid.operations.units import Begins, Intensity, Range, Slider, Title, Unit

# fmt: off
Letters = Literal[
    "LPS", "RAS", "LAS", "RPS", "LPI", "LAI", "RPI", "RAI", "LSP", "LSA", "LIP", "LIA", "RSP", "RSA", "RIP", "RIA",
    "PLS", "PLI", "PRS", "PRI", "PSL", "PSR", "PIL", "PIR", "ALS", "ALI", "ARS", "ARI", "ASL", "ASR", "AIL", "AIR",
    "SLP", "SLA", "SRP", "SRA", "SPL", "SPR", "SAL", "SAR", "ILP", "ILA", "IRP", "IRA", "IPL", "IPR", "IAL", "IAR",
]
# fmt: on


@operation(
    "geometry.flip",
    title="Flip",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("mirror", "reverse", "left right", "upside down"),
    python=lambda p: (
        """
        ways = [slice(None, None, -1 if flip else 1) for flip in ($flip_z, $flip_y, $flip_x)]
        result = on_grid_of(voxels(image)[tuple(ways)], image)
    """
        + (
            ""
            if p.mode == "mirror"
            else """
        flips = ($flip_x, $flip_y, $flip_z)[: image.GetDimension()]
        corner = [n - 1 if flip else 0 for n, flip in zip(image.GetSize(), flips)]
        result.SetOrigin(image.TransformIndexToPhysicalPoint(corner))
        axes = np.reshape(image.GetDirection(), (len(flips), -1)) * np.where(flips, -1, 1)
        result.SetDirection(axes.ravel())
    """
        )
    ),
)
def flip(
    image: Image,
    context: Context,
    *,
    flip_x: Annotated[bool, Title("Along x")] = True,
    flip_y: Annotated[bool, Title("Along y")] = False,
    flip_z: Annotated[bool, Title("Along z")] = False,
    mode: Annotated[
        Literal["mirror", "restore"],
        Title("What happens", ("Mirror the picture", "Only store the voxels in reverse")),
    ] = "mirror",
) -> Image:
    """Reverse the order of the voxels along some axes.

    To mirror moves the values in space, so that in a patient left and right (or front and back, head and feet) are
    swapped: right for pictures without a place in space, and to repair a wrongly stored image. To store in reverse
    changes origin and direction along with the order, so that every value stays exactly where it is and the picture
    looks the same. No value changes.

    Settings:
        flip_x: Reverse the first axis, the columns.
        flip_y: Reverse the second axis, the rows.
        flip_z: Reverse the order of the slices; planar images ignore it.
        mode: Whether the values move in space, or only the order in which they are stored.

    Source:
        numpy.flip; SimpleITK.Flip.
    """
    flips = (flip_x, flip_y, flip_z)[: image.GetDimension()]
    array = view(image)
    result, out = blank(image, array.dtype)
    z, y, x = (slice(None, None, -1 if one else 1) for one in (flip_z, flip_y, flip_x))
    turned = array[z, y, x]

    def copy(n: int) -> None:
        out[n] = turned[n]

    context.each(copy, range(len(out)))
    if mode == "mirror":
        _say_mirrored(image, flips, context)
        return result
    corner = [n - 1 if one else 0 for n, one in zip(image.GetSize(), flips, strict=True)]
    result.SetOrigin(image.TransformIndexToPhysicalPoint(corner))
    axes = np.reshape(image.GetDirection(), (len(flips), -1)) * np.where(flips, -1, 1)
    result.SetDirection(axes.ravel().tolist())
    return result


def _say_mirrored(image: sitk.Image, flips: tuple[bool, ...], context: Context) -> None:
    """Say what lies on the other side now."""
    axes = np.abs(np.reshape(image.GetDirection(), (len(flips), -1)))
    names = (tr("left and right"), tr("front and back"), tr("head and feet"))
    swapped = ", ".join(names[int(axes[:, k].argmax())] for k, one in enumerate(flips) if one)
    if sum(flips) % 2:
        context.remark(tr("This is a mirror image now: of a patient, {sides} are swapped.", sides=swapped))
    elif swapped:
        context.remark(tr("The picture is turned by half a turn: of a patient, {sides} are swapped.", sides=swapped))


@operation(
    "geometry.rotate",
    title="Rotate",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("turn", "angle", "straighten", "tilt"),
    python="""
        # sitk.Resample with a rotation, but for the rounding of whole numbers and for gaps
        transform = turning(image, $axis, $angle)
        grid = grown(image, transform) if $grow else image
        result = sampled_plain(image, grid, transform, $interpolation, $background, padding)
    """,
    toolbox=(turning, grown, sampled_plain),
)
def rotate(
    image: Image,
    context: Context,
    *,
    angle: Annotated[float, Unit("°"), Title("Angle"), Range(-360.0, 360.0), Slider(-180.0, 180.0, 1.0)] = 10.0,
    axis: Annotated[
        Literal["x", "y", "z", "left", "back", "head"],
        Title(
            "About",
            (
                "Voxel axis x",
                "Voxel axis y",
                "Voxel axis z",
                "Patient, to the left",
                "Patient, to the back",
                "Patient, to the head",
            ),
        ),
    ] = "z",
    interpolation: Annotated[
        Literal["nearest", "linear", "bspline"],
        Title("Interpolation", ("Nearest", "Linear", "Cubic B-spline")),
    ] = "linear",
    grow: Annotated[bool, Title("Grow to hold all of it")] = False,
    background: Annotated[Intensity, Title("Background"), Begins("lowest")] = 0.0,
) -> Image:
    """Turn the picture about an axis through the middle of the image.

    Values move in space: the grid keeps its spacing and directions and gets the turned picture. A positive angle
    turns by the right-hand rule about the axis: about the axis to the head, seen on an axial slice, clockwise. A
    planar image turns in its plane. The pixel type stays, whole numbers are rounded. Padding and NaN mix into
    nothing; where they are nearest, they stay.

    Settings:
        angle: How far the picture is turned.
        axis: The direction about which it is turned; planar images ignore it.
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        grow: Enlarge the grid so that no corner is cut off.
        background: The value of voxels that the turned picture does not reach.

    Source:
        As SimpleITK.Resample with a VersorTransform; in planes as scipy.ndimage.rotate.
    """
    transform = turning(image, axis, angle)
    grid = image
    if grow:
        grid = grown(image, transform)
        refuse_huge(grid.GetSize(), image)
    return sampled(image, grid, transform, interpolation, background, context)


@operation(
    "geometry.reorient",
    title="Reorient",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("RAS", "LPS", "LAS", "orientation", "axes", "permute", "transpose", "radiological"),
    python="""
        planar = image.GetDimension() == 2
        result = sitk.DICOMOrient(sitk.JoinSeries(image) if planar else image, $letters)
        result = result[:, :, 0] if planar else result
    """,
)
def reorient(
    image: Image,
    context: Context,
    *,
    letters: Annotated[Letters, Title("Axes run to")] = "LPS",
) -> Image:
    """Store the voxels along other axes of the patient; every value stays exactly where it is.

    The axes are only swapped and reversed, nothing is interpolated: an oblique image stays oblique, its axes nearest
    to those of the patient are taken. The letters say where the columns, the rows and the slices run to: L left,
    R right, P posterior (back), A anterior (front), S superior (head), I inferior (feet).

    Settings:
        letters: Where the first, the second and the third axis run to.

    Source:
        SimpleITK.DICOMOrient. Mind that some programs name axes by where they come from: this LPS is their RAI.
    """
    filter = sitk.DICOMOrientImageFilter()
    filter.SetDesiredCoordinateOrientation(letters)
    if image.GetDimension() == 3:
        return context.execute(filter, image)
    if letters[2] not in "SI":
        raise Refused(tr("A planar image keeps its plane: choose letters that end in S or I."))
    return context.execute(filter, context.execute(sitk.JoinSeriesImageFilter(), image))[:, :, 0]
