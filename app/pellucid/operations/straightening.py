"""Put a sheared image on a grid at right angles: gantry tilt, skewed axes."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.grids import refuse_huge
from pellucid.operations.engines.sampling import identity, sampled, sampled_plain
from pellucid.operations.engines.upright import upright
from pellucid.operations.operation import Image, operation
from pellucid.operations.units import Begins, Intensity, Title

_SQUARE = 1e-9


@operation(
    "geometry.straighten",
    title="Straighten sheared axes",
    menu="Filters/Geometry",
    same_grid=False,
    keywords=("gantry tilt", "shear", "orthogonal", "deskew", "right angles", "CT"),
    python="""
        # like sitk.Resample(image, grid, sitk.Transform(), ...), but for rounding and for gaps
        grid = upright(image, grow=$grow)
        result = sampled_plain(image, grid, identity(image), $interpolation, $background, padding)
    """,
    toolbox=(upright, sampled_plain, identity),
)
def straighten(
    image: Image,
    context: Context,
    *,
    interpolation: Annotated[
        Literal["nearest", "linear", "bspline"],
        Title("Interpolation", ("Nearest", "Linear", "Cubic B-spline")),
    ] = "linear",
    grow: Annotated[bool, Title("Grow to hold all of it")] = True,
    background: Annotated[Intensity, Title("Background"), Begins("lowest")] = 0.0,
) -> Image:
    """Resample an image whose axes are not at right angles onto a grid whose axes are.

    Needed where a tilted gantry or skewed rows must become a rectangular volume for another program; every value
    stays where it lies in the patient. The new slices lie in the planes of the old ones and keep their rows, so values
    are only interpolated within the slices. The pixel type stays, whole numbers are rounded. Padding and NaN mix into
    nothing; where they are nearest, they stay.

    Settings:
        interpolation: How values between voxels are found; nearest makes no new values and is right for masks.
        grow: Enlarge the slices so that no corner is cut off.
        background: The value of voxels that the image does not reach.

    Source:
        As SimpleITK.Resample; PS3.3 C.8.2.1 for the tilt of a gantry.
    """
    grid = upright(image, grow=grow)
    refuse_huge(grid.GetSize(), image)
    _say_angles(image, context)
    return sampled(image, grid, identity(image), interpolation, background, context)


def _say_angles(image: sitk.Image, context: Context) -> None:
    n = image.GetDimension()
    axes = np.reshape(image.GetDirection(), (n, n))
    if np.abs(axes.T @ axes - np.eye(n)).max() < _SQUARE:
        context.remark(tr("The axes are at right angles already: nothing was changed."))
        return
    skew = 90.0 - float(np.degrees(np.arccos(np.clip(axes[:, 0] @ axes[:, 1], -1, 1))))
    if abs(skew) > 0.01:
        context.remark(tr("Straightened: rows and columns were {angle:.2f}° off a right angle.", angle=abs(skew)))
    if n == 3:
        normal = np.cross(axes[:, 0], axes[:, 1])
        along = abs(float(normal @ axes[:, 2])) / float(np.linalg.norm(normal))
        tilt = float(np.degrees(np.arccos(np.clip(along, -1, 1))))
        if tilt > 0.01:
            context.remark(tr("Straightened: the slices were tilted by {angle:.2f}°.", angle=tilt))
