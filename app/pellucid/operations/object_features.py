"""Tables of objects: what each label of a map, or each connected part of it, measures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Annotated, Any, Literal

from pellucid.language import tr
from pellucid.operations.answers import Rows as MeasuredRows
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.object_overlap import overlap_table
from pellucid.operations.engines.object_table import named_channels, object_table, steps_of
from pellucid.operations.islands import Connectivity
from pellucid.operations.object_columns import column
from pellucid.operations.operation import Image, Labels, Rows, operation
from pellucid.operations.pixels import view
from pellucid.operations.units import Intensity, Range, Slider, Title, Unit, When

GROUPS = ("shape", "intensity", "texture", "colocalisation")


def percents_of(text: str) -> tuple[float, ...]:
    """Return the percentiles that a text names; raise Refused when it names others than from 0 to 100."""
    words = [word for word in re.split(r"[\s,;]+", text.strip()) if word]
    try:
        found = tuple(dict.fromkeys(float(word) for word in words))
    except ValueError:
        found = (-1.0,)
    if not all(0 <= share <= 100 for share in found):
        raise Refused(tr("Percentiles are numbers from 0 to 100, such as “5 25 75 95”; “{given}” is not.", given=text))
    return found


def _complaint(p: Any) -> str | None:
    try:
        percents_of(p.percentiles)
    except Refused as refusal:
        return str(refusal)
    return None


def _options(p: Any) -> dict[str, Any]:
    return {
        "connected": p.rows == "objects",
        "corners": p.connectivity == "corners",
        "smallest": p.smallest,
        "groups": [group for group in GROUPS if getattr(p, group)],
        "percents": percents_of(p.percentiles),
        "levels": p.levels,
        "distance": p.distance,
        "above": p.above if p.threshold == "value" else None,
    }


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")] if text.strip() else []


def _lines(p: Any) -> str:
    brought = "on_grid_or_resampled(labels, one)" if p.resample else "one"
    return f"""
        # as skimage.measure.regionprops_table and skimage.feature.graycoprops, in mm on any grid in space
        options = {_options(p)!r}
        channels = named_channels([voxels({brought}) for one in images], {_names(p.names)!r})
        result = object_table(voxels(labels), steps_of(labels), channels, options)
    """


@operation(
    "features.objects",
    title="Measure objects",
    menu="Segment/Measure",
    grids="aligned",
    complaint=_complaint,
    keywords=("features", "table", "region properties", "volume", "area", "count", "texture", "radiomics", "intensity"),
    python=_lines,
    toolbox=(named_channels, object_table, steps_of),
)
def objects(
    labels: Labels,
    *images: Annotated[Image, Title("Images")] | None,
    context: Context,
    rows: Annotated[
        Literal["labels", "objects"], Title("One row for", ("Each label", "Each connected object"))
    ] = "labels",
    connectivity: Annotated[Connectivity, When("rows", ("objects",))] = "faces",
    smallest: Annotated[int, Title("Smallest size"), Unit("voxels"), Range(1), Slider(1, 1000, 1)] = 1,
    shape: Annotated[bool, Title("Shape")] = True,
    intensity: Annotated[bool, Title("Intensity")] = True,
    texture: Annotated[bool, Title("Texture")] = False,
    colocalisation: Annotated[bool, Title("Colocalisation")] = False,
    percentiles: Annotated[str, Title("Percentiles")] = "5 25 75 95",
    levels: Annotated[int, Title("Grey levels"), Unit("levels"), Range(2, 128), Slider(8, 64, 8)] = 32,
    distance: Annotated[int, Title("Distance"), Unit("voxels"), Range(1, 64), Slider(1, 8, 1)] = 1,
    threshold: Annotated[
        Literal["otsu", "value"],
        Title("Threshold of the channels", ("Otsu of each channel", "A value")),
        When("colocalisation", (True,)),
    ] = "otsu",
    above: Annotated[Intensity, Title("Above"), When("threshold", ("value",))] = 0.0,
    names: Annotated[str, Title("Names of the images")] = "",
    resample: Annotated[bool, Title("Resample the images onto this grid")] = False,
) -> Rows:
    """Measure size, shape, values and texture of every label, or of every connected object.

    Each row is one object, each column one number; a heading tells its definition. Lengths are measured in the space of
    the patient, also on grids that are oblique or sheared; a single slice gives areas and perimeters instead of volumes
    and surfaces. Of colour images each channel is measured. Values that are NaN or infinite are left out.

    Settings:
        rows: Whether all voxels of a label are one object, or each of its connected parts.
        connectivity: Whether voxels are connected by faces only, or also by edges and corners.
        smallest: Objects of fewer voxels are left out.
        shape: Measure the box, axes, surface or perimeter, calipers and convex hull.
        intensity: Measure the values of the images.
        texture: Measure which grey levels of the images lie beside each other.
        colocalisation: Measure how the values of every two channels go together (Pearson, Manders).
        percentiles: Shares in per cent for which the values are given, apart by blanks.
        levels: Into how many equal parts the range of all measured values is divided for entropy and texture.
        distance: How far apart the two voxels of a pair are in the co-occurrence matrix.
        threshold: Above what a channel counts as present for the coefficients of Manders.
        above: The value that a channel must exceed to count as present, the same for all channels.
        names: What the columns of each image begin with, apart by commas; needed for several images only.
        resample: Bring the images onto this grid (linear) where they lie elsewhere, instead of refusing them.

    Source:
        Definitions as skimage.measure.regionprops, ITK's label shape statistics (Lehmann, Insight Journal, 2007) and
        MorphoLibJ (Legland et al., Bioinformatics 32, 2016); each heading names its own. Colocalisation: Manders et
        al., Measurement of co-localization of objects in dual-colour confocal images, Journal of Microscopy 169, 1993.
    """
    given = SimpleNamespace(rows=rows, connectivity=connectivity, smallest=smallest, shape=shape, intensity=intensity,
                            texture=texture, colocalisation=colocalisation, percentiles=percentiles, levels=levels,
                            distance=distance, threshold=threshold, above=above)  # fmt: skip
    channels = named_channels([view(image) for image in images if image is not None], _names(names))
    if not (intensity or texture or colocalisation):
        channels = {}
    if colocalisation and len(channels) < 2:
        context.remark(tr("Colocalisation needs two images, or one in colour; it was left out."))
    each = _in_turn(context, _pieces_of_work(given, len(channels)))
    found = object_table(view(labels), steps_of(labels), channels, _options(given), each)
    if not found["label"]:
        context.remark(tr("There are no objects to measure."))
    return MeasuredRows(tuple(column(name) for name in found), found)


def _pieces_of_work(p: Any, channels: int) -> int:
    """Return how many calls of ``each`` the table makes."""
    values = channels * (3 + p.texture) if p.intensity or p.texture else 0
    pairs = channels * (channels - 1) + 2 * channels * (p.threshold == "otsu")
    return 1 + 2 * p.shape + values + (pairs if p.colocalisation else 0)


def _in_turn(context: Context, calls: int) -> Callable[[Callable[[Any], None], Iterable[Any]], None]:
    """Return how to do so many pieces of work one after the other, with one progress for all of them."""
    parts = iter([context.part(n / calls, (n + 1) / calls) for n in range(calls)])

    def each(work: Callable[[Any], None], items: Iterable[Any]) -> None:
        context.check()
        next(parts).each(work, items)

    return each


def _overlap_lines(p: Any) -> str:
    brought = "on_grid_or_resampled(labels, other, nearest=True)" if p.resample else "other"
    return f"""
        # the counts of scikit-learn's contingency_matrix, without the background
        result = overlap_table(voxels(labels), voxels({brought}))
    """


@operation(
    "features.overlap",
    title="Measure overlap",
    menu="Segment/Measure",
    grids="aligned",
    keywords=("Jaccard", "colocalisation", "contingency", "table", "shared", "intersection"),
    python=_overlap_lines,
    toolbox=(overlap_table,),
)
def overlap(
    labels: Labels,
    other: Annotated[Labels, Title("Other label map")],
    context: Context,
    *,
    resample: Annotated[bool, Title("Resample the other map onto this grid")] = False,
) -> Rows:
    """Measure which labels of two label maps share voxels, and how many.

    Each row is a pair of labels that overlap, with the voxels they share, the share of each that these are, and their
    Jaccard index. Labels that meet no other have no row.

    Settings:
        resample: Bring the other map onto this grid (nearest voxel) where it lies elsewhere, instead of refusing it.

    Source:
        Jaccard, Bulletin de la Société Vaudoise des Sciences Naturelles 37, 1901.
    """
    found = overlap_table(view(labels), view(other), context.each)
    if not found["label"]:
        context.remark(tr("No labels of the two maps share a voxel."))
    return MeasuredRows(tuple(column(name) for name in found), found)
