"""Put overlapping tiles together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.grids import refuse_huge, times
from pellucid.operations.engines.tiles import Located, expected_places, located, stitched
from pellucid.operations.operation import Image, operation
from pellucid.operations.units import Begins, Intensity, Range, Slider, Title, Unit, When

_LISTED = 12
_AGREES = 0.01  # voxels: what is less than that is not worth a sentence
Share = Annotated[float, Unit("%"), Range(0.0, 90.0), Slider(0.0, 50.0, 1.0)]


@operation(
    "geometry.stitch",
    title="Stitch tiles",
    menu="Filters/Geometry",
    same_grid=False,
    grids="any",
    keywords=("mosaic", "montage", "panorama", "tile", "microscopy", "phase correlation", "whole slide"),
    python="""
        result, _ = stitched(
            [image, *tiles], $layout, $per_row, $overlap, $reach, $subvoxel, $blend, $background, padding
        )
    """,
    toolbox=(stitched,),
)
def stitch(
    image: Annotated[Image, Title("First tile")],
    *tiles: Annotated[Image, Title("Further tiles")],
    context: Context,
    layout: Annotated[
        Literal["rows", "snake", "columns", "places"],
        Title(
            "Tile order",
            ("Row by row", "Row by row, back and forth", "Column by column", "By their place in space"),
        ),
    ] = "rows",
    per_row: Annotated[
        int, Unit("tiles"), Title("Tiles per row or column"), Range(1), Slider(1, 20, 1),
        When("layout", ("rows", "snake", "columns"))
    ] = 2,
    overlap: Annotated[Share, Title("Expected overlap")] = 15.0,
    reach: Annotated[Share, Title("Search")] = 10.0,
    subvoxel: Annotated[bool, Title("Interpolate between voxels")] = False,
    blend: Annotated[
        Literal["linear", "first", "maximum"],
        Title("Where tiles overlap", ("Blend from one into the other", "Keep the first tile", "Take the maximum")),
    ] = "linear",
    background: Annotated[Intensity, Title("Background"), Begins("lowest")] = 0.0,
) -> Image:
    """Join overlapping tiles of one picture to a single image.

    Each pair of neighbours is matched by phase correlation of the strips that both show; all shifts together decide
    where the tiles lie, by least squares. Pairs that have nothing in common are put where they were expected, and
    named. The result has the grid of the first tile, continued, and its pixel type. Volumes are matched in their
    planes only, colours by the mean of their channels. NaN and padding (values outside the scanned field of the first
    tile) are left out; where tiles have nothing else, padding stays.

    Settings:
        layout: How the tiles follow each other in the picture, in the order in which they were given.
        per_row: How many tiles the picture has in a row, or in a column where they follow each other by columns.
        overlap: The share of a tile that its neighbour shows as well, as far as it is known.
        reach: How far a tile may lie from where it is expected, as a share of its size.
        subvoxel: Shift tiles by fractions of a voxel, linearly interpolated; otherwise by whole voxels.
        blend: What is shown where several tiles lie.
        background: The value where there is no tile.

    Source:
        Phase correlation: skimage.registration.phase_cross_correlation; Preibisch et al., Globally optimal stitching
        of tiled 3D microscopic image acquisitions, Bioinformatics 25 (2009) 1463-1465.
    """
    images = (image, *tiles)
    _refuse_unlike(images, layout)
    places = expected_places(images, layout, per_row, overlap)
    size = np.array(images[0].GetSize())
    size[:2] = (np.ptp(places, axis=0) + np.max([one.GetSize()[1::-1] for one in images], axis=0))[::-1]
    refuse_huge([int(n) for n in size], image)
    result, found = stitched(
        images, layout, per_row, overlap, reach, subvoxel, blend, background, context.padding, context.check,
        context.progress,
    )
    _say(found, context)
    return result


def places_of(
    images: Sequence[sitk.Image], values: Mapping[str, Any], check: Callable[[], None],
    progress: Callable[[float], None], padding: tuple[float, float] | None = None,
) -> Located:  # fmt: skip
    """Return where stitching with these settings would put tiles; raise Refused where they are no tiles."""
    layout, count, overlap = values["layout"], values["per_row"], values["overlap"]
    _refuse_unlike(images, layout)
    return located(images, layout, count, overlap, values["reach"], values["subvoxel"], check, progress,
                   padding)  # fmt: skip


def _refuse_unlike(images: Sequence[sitk.Image], layout: str) -> None:
    """Raise Refused where tiles cannot belong to one picture."""
    first = images[0]
    for n, one in enumerate(images[1:], 2):
        if one.GetPixelID() != first.GetPixelID() or one.GetNumberOfComponentsPerPixel() != (
            first.GetNumberOfComponentsPerPixel()
        ):
            raise Refused(tr("Tile {number} has other pixels than the first one. Convert it first.", number=n))
        same = one.GetSize()[2:] == first.GetSize()[2:] if layout == "places" else one.GetSize() == first.GetSize()
        if one.GetDimension() != first.GetDimension() or not same:
            raise Refused(
                tr(
                    "Tile {number} has {size} voxels and the first one {other}. Give tiles of one size, "
                    "or place tiles of different width and height by their place in space.",
                    number=n,
                    size=times(one.GetSize()),
                    other=times(first.GetSize()),
                )
            )
        turned = not np.allclose(one.GetDirection(), first.GetDirection(), atol=1e-4)
        if turned or not np.allclose(one.GetSpacing(), first.GetSpacing(), rtol=1e-3):
            raise Refused(
                tr("Tile {number} has another spacing or direction than the first one. Resample it first.", number=n)
            )


def _say(found: Located, context: Context) -> None:
    """Say how far tiles lie from each other, how well all pairs agree, and which are doubtful."""
    matches = found.matches
    good = [match for match in matches if not match.is_doubtful]
    listed = "; ".join(f"{m.first + 1}–{m.second + 1}: {m.found[1]:g}, {m.found[0]:g}" for m in good[:_LISTED])
    more = tr(" and {count} more", count=len(good) - _LISTED) if len(good) > _LISTED else ""
    if good:
        context.remark(tr("Shifts along x, y in voxels: {pairs}{more}.", pairs=listed, more=more))
    doubtful = ", ".join(f"{m.first + 1}–{m.second + 1}" for m in matches if m.is_doubtful)
    if doubtful:
        context.remark(
            tr("These tiles have too little in common and were put where they were expected: {pairs}.", pairs=doubtful)
        )
    worst = max(good, key=found.residual, default=None)
    if worst is not None and found.residual(worst) >= _AGREES:
        mean = float(np.mean([found.residual(match) for match in good]))
        context.remark(
            tr("All pairs together leave {mean:.2f} voxels between where a pair wants its tiles and where they lie, at "
               "most {most:.2f} ({pair}).", mean=mean, most=found.residual(worst),
               pair=f"{worst.first + 1}–{worst.second + 1}")
        )  # fmt: skip
