"""How values spread around a place: local standard deviation and local entropy."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.slopes import made
from pellucid.operations.engines.windows import (
    WINDOW_VOXELS,
    ball_footprint,
    ball_reach,
    box_footprint,
    deviation,
    deviations,
    entropies,
    entropy_of,
)
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, finite_extremes, view
from pellucid.operations.units import Millimetres, Range, Slider, Title, Unit, Voxels, When

Shape = Annotated[Literal["box", "ball"], Title("Neighbourhood", ("Box of voxels", "Ball in mm"))]
Half = Annotated[Voxels, Title("Half width"), Range(1, 25), Slider(1, 10, 1), When("shape", ("box",))]
Radius = Annotated[
    Millimetres, Title("Radius of the ball"), Range(0.0), Slider(0.5, 20.0, 0.5), When("shape", ("ball",))
]
_WIDEST = 40  # voxels
_LEANING = 1.5  # how much further than straight up a ball may reach along an axis that leans


def _reach(params: Any, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    if params.shape == "box":
        return (params.half,) * 3
    x, y, z = (1 + min(_WIDEST, int(_LEANING * params.radius / length)) for length in spacing)
    return x, y, z


def _footprint(title: str, image: Any, shape: str, half: int, radius: float) -> Array:
    """Return the neighbourhood of a voxel; raise Refused for a ball that is absurdly large for the grid."""
    if shape == "box":
        return box_footprint(image, half)
    far = max(ball_reach(image, radius))
    if far > _WIDEST:
        raise Refused(
            tr(
                "A ball of {radius:g} mm reaches {voxels} voxels here; {title} works up to {limit}.",
                radius=radius,
                voxels=far,
                title=title,
                limit=_WIDEST,
            )
        )
    return ball_footprint(image, radius)


def _footprint_line(params: Any) -> str:
    return "box_footprint(image, $half)" if params.shape == "box" else "ball_footprint(image, $radius)"


@operation(
    "features.local_sd",
    title="Local standard deviation",
    menu="Filters/Features",
    keeps_range=False,
    prepare=finite_extremes,
    reach=_reach,
    keywords=("noise", "texture", "variance", "SD", "roughness", "homogeneity"),
    python=lambda p: (
        f"""
        # the square root of ndimage.uniform_filter(array**2) - ndimage.uniform_filter(array)**2, but for the rounding
        array, footprint = voxels(image), {_footprint_line(p)}
        low, high = finite_range(array)
        result = on_grid_of(deviations(array, low + (high - low) // 2, footprint), image)
    """
    ),
    toolbox=(box_footprint, ball_footprint, deviations),
)
def local_sd(image: Image, context: Context, *, shape: Shape = "box", half: Half = 1, radius: Radius = 2.0) -> Image:
    """Show how much the values spread around each voxel: their standard deviation.

    The sum of squares is divided by the number of voxels. It is computed in 64 bits. The result is 32-bit float;
    colour channels are treated one by one. The border repeats the outermost voxel. A NaN makes its neighbourhood
    NaN.

    Settings:
        shape: Take a box that counts voxels, or a ball in mm.
        half: A box of 1 has 3 × 3 × 3 voxels; in a single slice 3 × 3.
        radius: Voxels whose middle is this near are in the ball.

    Source:
        Standard deviation in a moving window, as SimpleITK.Noise, which divides by one less.
    """
    footprint = _footprint(tr("Local standard deviation"), image, shape, half, radius)
    low, high = context.prepared
    array, shift = view(image), low + (high - low) // 2

    def compute(block: Any) -> Array:
        return deviation(array, shift, footprint, block, context.check)

    return made(image, np.float32, compute, context, WINDOW_VOXELS)


@operation(
    "features.entropy",
    title="Local entropy",
    menu="Filters/Features",
    keeps_unit=False,
    prepare=finite_extremes,
    reach=_reach,
    keywords=("texture", "information", "Shannon", "disorder", "bits"),
    python=lambda p: (
        f"""
        # skimage.filters.rank.entropy of the levels as uint8, but that the border repeats the outermost voxel
        array, footprint = voxels(image), {_footprint_line(p)}
        result = on_grid_of(entropies(array, finite_range(array), $levels, footprint), image)
    """
    ),
    toolbox=(box_footprint, ball_footprint, entropies),
)
def entropy(
    image: Image,
    context: Context,
    *,
    levels: Annotated[int, Title("Levels"), Unit("levels"), Range(2, 256), Slider(2, 256, 1)] = 32,
    shape: Shape = "box",
    half: Half = 2,
    radius: Radius = 3.0,
) -> Image:
    """Show how unpredictable the values around each voxel are, in bits.

    The range of the image is divided into equal levels; the entropy of their frequencies is 0 where all voxels
    have one level, and highest where all levels are equally frequent. The result is 32-bit float; colour channels
    are treated one by one, with the same levels. The border repeats the outermost voxel; NaN is left out.

    Settings:
        levels: Into how many equal steps the range from the smallest to the largest value is divided.
        shape: Take a box that counts voxels, or a ball in mm.
        half: A box of 1 has 3 × 3 × 3 voxels; in a single slice 3 × 3.
        radius: Voxels whose middle is this near are in the ball.

    Source:
        Shannon, A mathematical theory of communication, 1948, as skimage.filters.rank.entropy.
    """
    footprint = _footprint(tr("Local entropy"), image, shape, half, radius)
    array, limits = view(image), context.prepared

    def compute(block: Any) -> Array:
        return entropy_of(array, limits, levels, footprint, block, context.check)

    return made(image, np.float32, compute, context, WINDOW_VOXELS)
