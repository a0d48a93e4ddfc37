"""Change what is said of the grid without touching a value: origin, spacing, direction."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, blank, view
from pellucid.operations.units import Begins, Millimetres, Range, Slider, Title

_WORLD = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
_KNOWN = (True, True, True)
Length = Annotated[Millimetres, Range(1e-6, 1e6), Slider(0.1, 10.0, 0.1)]
Place = Annotated[Millimetres, Range(-1e7, 1e7), Slider(-500.0, 500.0, 0.1)]
Fixed = Annotated[
    Literal["first", "middle"],
    Title("What keeps its place", ("The first voxel", "The middle of the image")),
]


def direction_of(text: str) -> Array:
    """Return three letters, or nine numbers row by row, as a matrix whose columns are the axes."""
    letters = text.strip().upper()
    if len(letters) == 3 and all(letter in _WORLD for letter in letters):
        matrix = np.zeros((3, 3))
        for column, letter in enumerate(letters):
            row, sign = _WORLD[letter]
            matrix[row, column] = sign
        return matrix
    numbers = [float(part) for part in text.replace(",", " ").replace(";", " ").split()]
    return np.array(numbers).reshape(3, 3)


def origin_that_keeps_the_middle(result: sitk.Image, image: sitk.Image) -> list[float]:
    """Return the origin that puts the middle of an image where that of another is."""
    middle = [(n - 1) / 2 for n in image.GetSize()]
    there, here = (np.array(one.TransformContinuousIndexToPhysicalPoint(middle)) for one in (image, result))
    return [float(n) for n in np.array(result.GetOrigin()) + there - here]


def origin_for_the_middle(result: sitk.Image) -> list[float]:
    """Return the origin that puts the middle of an image where its first voxel is."""
    first = np.array(result.GetOrigin())
    middle = result.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in result.GetSize()])
    return [float(n) for n in 2 * first - middle]


@operation(
    "geometry.set_spacing",
    title="Set spacing",
    menu="Filters/Geometry",
    same_grid=False,
    states={"known_spacing": _KNOWN},
    keywords=("voxel size", "pixel size", "calibrate", "metadata", "header", "scale"),
    python="""
        result = sitk.Image(image)
        result.SetSpacing(($spacing_x, $spacing_y, $spacing_z)[: image.GetDimension()])
        if $fixed == "middle":
            result.SetOrigin(origin_that_keeps_the_middle(result, image))
    """,
    toolbox=(origin_that_keeps_the_middle,),
)
def set_spacing(
    image: Image,
    context: Context,
    *,
    spacing_x: Annotated[Length, Title("Spacing x"), Begins("spacing", axis=0)] = 1.0,
    spacing_y: Annotated[Length, Title("Spacing y"), Begins("spacing", axis=1)] = 1.0,
    spacing_z: Annotated[Length, Title("Spacing z"), Begins("spacing", axis=2)] = 1.0,
    fixed: Fixed = "first",
) -> Image:
    """State how far the voxels lie apart; no value is changed.

    For images whose spacing is missing or wrong: lengths, areas and volumes that are measured from now on follow it.
    To get other voxels of the same picture, resample instead.

    Settings:
        spacing_x: Distance of neighbouring columns.
        spacing_y: Distance of neighbouring rows.
        spacing_z: Distance of neighbouring slices; planar images ignore it.
        fixed: The place in space from which the image grows or shrinks.

    Source:
        SimpleITK.Image.SetSpacing; Pixel Spacing, DICOM PS3.3 10.7.1.3.
    """
    result = _copied(image, context)
    result.SetSpacing((spacing_x, spacing_y, spacing_z)[: image.GetDimension()])
    if fixed == "middle":
        result.SetOrigin(origin_that_keeps_the_middle(result, image))
    return result


@operation(
    "geometry.set_origin",
    title="Set origin",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("position", "translate", "shift", "move", "metadata", "header", "centre"),
    python="""
        result = sitk.Image(image)
        result.SetOrigin(($origin_x, $origin_y, $origin_z)[: image.GetDimension()])
        if $fixed == "middle":
            result.SetOrigin(origin_for_the_middle(result))
    """,
    toolbox=(origin_for_the_middle,),
)
def set_origin(
    image: Image,
    context: Context,
    *,
    origin_x: Annotated[Place, Title("To the left"), Begins("origin", axis=0)] = 0.0,
    origin_y: Annotated[Place, Title("To the back"), Begins("origin", axis=1)] = 0.0,
    origin_z: Annotated[Place, Title("To the head"), Begins("origin", axis=2)] = 0.0,
    fixed: Annotated[
        Literal["first", "middle"],
        Title("What is put there", ("The first voxel", "The middle of the image")),
    ] = "first",
) -> Image:
    """State where the image lies in space; no value is changed.

    The place is a point in the coordinates of the patient as in DICOM: left, back and head are positive.

    Settings:
        origin_x: How far to the left of the patient the point lies.
        origin_y: How far to the back of the patient the point lies.
        origin_z: How far to the head of the patient the point lies; planar images ignore it.
        fixed: The part of the image that is put at the point.

    Source:
        SimpleITK.Image.SetOrigin; Image Position (Patient), DICOM PS3.3 C.7.6.2.1.1.
    """
    result = _copied(image, context)
    result.SetOrigin((origin_x, origin_y, origin_z)[: image.GetDimension()])
    if fixed == "middle":
        result.SetOrigin(origin_for_the_middle(result))
    return result


@operation(
    "geometry.set_direction",
    title="Set direction",
    menu="Filters/Geometry",
    same_grid=False,
    states={"oriented": True},
    complaint=lambda p: _complaint(p.axes),
    keywords=("orientation", "RAS", "LPS", "cosines", "metadata", "header", "letters"),
    python="""
        n = image.GetDimension()
        result = sitk.Image(image)
        result.SetDirection(direction_of($axes)[:n, :n].ravel().tolist())
        if $fixed == "middle":
            result.SetOrigin(origin_that_keeps_the_middle(result, image))
    """,
    toolbox=(direction_of, origin_that_keeps_the_middle),
)
def set_direction(
    image: Image,
    context: Context,
    *,
    axes: Annotated[str, Title("Axes")] = "LPS",
    fixed: Fixed = "middle",
) -> Image:
    """State where the axes of the image run to in the patient; no value is changed.

    For images whose orientation is missing or wrong: letters and planes follow it from now on. To store the same
    picture along other axes, reorient instead; to turn the picture, rotate.

    Settings:
        axes: Three letters say where columns, rows and slices run to (L or R, P or A, S or I); or nine numbers, the
            direction row by row.
        fixed: The place in space about which the image turns.

    Source:
        SimpleITK.Image.SetDirection; Image Orientation (Patient), DICOM PS3.3 C.7.6.2.1.1.
    """
    matrix, n = direction_of(axes), image.GetDimension()
    if n == 2 and abs(matrix[2, 2]) < 1 - 1e-6:
        raise Refused(tr("A planar image lies in the plane of left and back: the third letter must be S or I."))
    result = _copied(image, context)
    result.SetDirection(matrix[:n, :n].ravel().tolist())
    if fixed == "middle":
        result.SetOrigin(origin_that_keeps_the_middle(result, image))
    return result


def _complaint(text: str) -> str | None:
    """Return why a text is no direction, or None."""
    try:
        matrix = direction_of(text)
    except ValueError:
        return tr("Axes must be three letters like LPS, or nine numbers; “{given}” is neither.", given=text)
    if not np.isfinite(matrix).all() or np.abs(matrix.T @ matrix - np.eye(3)).max() > 1e-3:
        return tr("The axes must be perpendicular and of length 1: each of L or R, P or A, S or I once.")
    if np.linalg.det(matrix) < 0:
        return tr("These axes make a left-handed, mirrored image. Reverse one of them, as {hint}.", hint=_hint(text))
    return None


def _hint(text: str) -> str:
    """Return letters with the last axis reversed."""
    letters = text.strip().upper()
    opposite = dict(zip("LRPASI", "RLAPIS", strict=True))
    return f"{letters[:2]}{opposite[letters[2]]}" if len(letters) == 3 else tr("with −1 times its column")


def _copied(image: sitk.Image, context: Context) -> sitk.Image:
    """Return a copy of an image that carries none of its metadata."""
    array = view(image)
    result, out = blank(image, array.dtype)

    def copy(n: int) -> None:
        out[n] = array[n]

    context.each(copy, range(len(out)))
    return result
