"""What a place looks like: how much of a vessel it is part of."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.engines.scale import sigma_reach, sigma_voxels
from pellucid.operations.engines.slopes import long_axes, metric_per_mm, voxel_sigmas
from pellucid.operations.engines.vessels import VESSEL_VOXELS, scales_between, vessel_answer, vessels_at
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, blocks, finite_extremes, view
from pellucid.operations.units import Millimetres, Percent, Range, Slider, Title, Unit, When


def _lines(params: Any) -> str:
    contrast, learn, dark = "None", "", params.polarity == "dark"
    if params.measure == "frangi":
        learn = """
        low, high = finite_range(array)
        contrast = $contrast / 100 * (high - low) or 1.0"""
        contrast = "contrast"
    return f"""
        # skimage.filters.{params.measure} in mm and in any direction of space, with sigma = radius / sqrt(2)
        array, metric = voxels(image), metric_per_mm(image){learn}
        best = np.zeros(array.shape, np.float32)
        for radius in scales_between($smallest, $largest, $steps):
            sigma = radius / math.sqrt(2)
            answer = vessels_at(array, sigma, voxel_sigmas(image, sigma), metric, {contrast}, dark={dark})
            best = np.maximum(best, answer)
        result = on_grid_of(best, image)
    """


@operation(
    "features.vesselness",
    title="Vesselness",
    menu="Filters/Features",
    keeps_unit=False,
    prepare=finite_extremes,
    reach=lambda p, spacing: sigma_reach(max(p.smallest, p.largest) / math.sqrt(2), spacing),
    complaint=lambda p: None if p.smallest <= p.largest else tr("The smallest radius must not be above the largest."),
    keywords=("Frangi", "Sato", "tube", "ridge", "line", "blood vessel", "Hessian", "angiography"),
    python=_lines,
    toolbox=(metric_per_mm, voxel_sigmas, scales_between, vessels_at),
)
def vesselness(
    image: Image,
    context: Context,
    *,
    smallest: Annotated[Millimetres, Title("Smallest radius"), Range(1e-6), Slider(0.1, 10.0, 0.1)] = 1.0,
    largest: Annotated[Millimetres, Title("Largest radius"), Range(1e-6), Slider(0.1, 20.0, 0.1)] = 3.0,
    steps: Annotated[int, Title("Steps"), Unit("scales"), Range(1, 30), Slider(1, 10, 1)] = 3,
    polarity: Annotated[Literal["bright", "dark"], Title("Vessels", ("Bright", "Dark"))] = "bright",
    measure: Annotated[Literal["frangi", "sato"], Title("Response", ("Frangi (0 to 1)", "Sato (contrast)"))] = "frangi",
    contrast: Annotated[Percent, Title("Contrast"), When("measure", ("frangi",))] = 5.0,
) -> Image:
    """Show how much each place looks like part of a vessel.

    The curvatures of the image are taken at several scales, per mm and along tilted axes too, and the strongest
    answer stays. A vessel curves across and not along; plates and blobs are held down. In a single slice vessels
    are lines. The result is 32-bit float; colour channels are treated one by one. The border repeats the outermost
    voxel.

    Settings:
        smallest: Radius of the thinnest vessels.
        largest: Radius of the widest ones.
        steps: How many radii are tried from thin to wide, with equal ratios between them.
        polarity: Whether vessels are brighter or darker than what is around them.
        measure: Frangi gives a likelihood that is even between strong and faint ones, Sato how far they stand out.
        contrast: Share of the range of the image at which Frangi's answer is no longer taken for noise.

    Source:
        Frangi et al., Multiscale vessel enhancement filtering, 1998; Sato et al., Three-dimensional multi-scale line
        filter, 1998; as skimage.filters.frangi and sato. A radius of r answers most at a sigma of r / √2.
    """
    array, metric = view(image), metric_per_mm(image)
    if len(long_axes(array.shape)) < 2:
        raise Refused(tr("Vesselness needs an image of at least two rows and two columns."))
    sigma_voxels(tr("Vesselness"), largest / math.sqrt(2), image)
    low, high = context.prepared
    limit = (contrast / 100 * (high - low) or 1.0) if measure == "frangi" else None
    result, out = blank(image, np.float32)
    radii = scales_between(smallest, largest, steps)
    for n, radius in enumerate(radii):
        sigma = radius / math.sqrt(2)
        widths = voxel_sigmas(image, sigma)

        def work(block: Region, sigma: float = sigma, widths: list[float] = widths) -> None:
            with np.errstate(all="ignore"):
                answer = vessel_answer(array, sigma, widths, metric, limit, block, dark=polarity == "dark")
                np.maximum(out[block], answer, out=out[block], casting="same_kind")

        turn = context.part(n / len(radii), (n + 1) / len(radii))
        turn.each(work, blocks(turn.region(array.shape), array.shape, VESSEL_VOXELS))
    return result
