"""Objects from scribbles: minimal cut, random walker, growing from seeds; and a cut that finds its parts by itself."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.apart import apart
from pellucid.operations.engines.geodesics import grown_labels
from pellucid.operations.engines.graph_cuts import cut_region
from pellucid.operations.engines.scribbles import region_of, scribbled_box
from pellucid.operations.engines.superpixel_cuts import normalised_cut
from pellucid.operations.engines.walkers import walked
from pellucid.operations.operation import Image, Labels, Mask, operation
from pellucid.operations.pixels import Array, allocate, axis_lengths, blank, finite_extremes, need_scalar, view
from pellucid.operations.units import Millimetres, Percent, Range, Slider, Title, Unit

Scribbles = Annotated[Labels, Title("Scribbles")]
Margin = Annotated[Millimetres, Title("Margin"), Range(0.0), Slider(0.0, 100.0, 1.0)]
Object = Annotated[int, Title("Label of the object"), Unit("label"), Range(1, 65535), Slider(1, 10, 1)]
_MOST_NODES = 3_000_000
_MOST_WALKED = 2_000_000
_MOST_GROWN = 80_000_000
_MOST_CUT = 4_000_000

_BOX = """
    steps = [*image.GetSpacing(), 1.0][:3]
    array, marks = voxels(image), voxels(scribbles)
    box = scribbled_box(marks, steps, $margin)
"""


def _boxed(lines: str) -> str:
    """Return the lines of a script that works in the box around the scribbles."""
    return f"{inspect.cleandoc(_BOX)}\n{inspect.cleandoc(lines)}"


def _values(image: Any, box: Any) -> Array:
    """Return the values of a box without NaN and Inf."""
    return np.nan_to_num(view(image)[box].astype(np.float64), posinf=0.0, neginf=0.0)


@operation(
    "graph.cut",
    title="Graph cut",
    menu="Segment/Scribbles",
    keywords=("max flow", "min cut", "Boykov", "foreground", "background", "scribbles", "interactive"),
    python=_boxed("""
        values = np.nan_to_num(array[box].astype(np.float64), posinf=0.0, neginf=0.0)
        sides = np.where(marks[box] == $object, 1, np.where(marks[box] != 0, 2, 0))
        found = np.zeros(array.shape, np.uint8)
        found[box] = cut_region(values, sides, steps[::-1], $smoothness, $contrast)
        result = on_grid_of(found, image)
    """),
    toolbox=(scribbled_box, cut_region),
)
def graph_cut(
    image: Image,
    scribbles: Scribbles,
    context: Context,
    *,
    object: Object = 1,
    smoothness: Annotated[float, Title("Smoothness"), Unit("×"), Range(0.0), Slider(0.0, 10.0, 0.1)] = 3.0,
    contrast: Annotated[float, Title("Contrast of edges"), Unit("×"), Range(0.01), Slider(0.1, 5.0, 0.1)] = 1.0,
    margin: Margin = 20.0,
) -> Mask:
    """Cut an object out along the cheapest border between scribbles on it and scribbles around it.

    What the object and the background look like is learned from the values under the scribbles; the border is cheap
    where values change. Only the box around all scribbles and a margin is worked on; beyond it nothing is selected.

    Settings:
        object: The scribble that lies on it; all other labels count as background.
        smoothness: How dear the border is compared with the likeness of the values.
        contrast: The change of values at which a border becomes cheap, in usual differences between neighbours.
        margin: How far beyond the scribbles the object may reach.

    Source:
        Boykov and Jolly, Interactive graph cuts for optimal boundary & region segmentation, ICCV 2001; maximum flow by
        scipy.sparse.csgraph.maximum_flow.
    """
    title = tr("Graph cut")
    need_scalar(title, image)
    box = region_of(title, scribbles, margin, _MOST_NODES)
    marks, values = view(scribbles)[box], _values(image, box)
    sides = np.where(marks == object, 1, np.where(marks != 0, 2, 0))
    if not (sides == 1).any():
        raise Refused(tr("No scribble has label {value}. Choose the label that lies on the object.", value=object))
    if not (sides == 2).any():
        raise Refused(tr("All scribbles lie on the object. Paint another label on what is around it."))
    context.progress(0.1)
    steps = axis_lengths(image)[::-1]
    found = apart(cut_region, values, sides, steps, smoothness, contrast, check=context.check)
    result, out = blank(image, np.uint8)
    out[box] = found
    return result


@operation(
    "graph.random_walker",
    title="Random walker",
    menu="Segment/Scribbles",
    keywords=("diffusion", "Grady", "scribbles", "interactive", "probability"),
    python=_boxed("""
        values = np.nan_to_num(array[box].astype(np.float64), posinf=0.0, neginf=0.0)
        found = np.zeros(array.shape, np.uint16)
        found[box] = walked(values, marks[box], steps[::-1], $stiffness)
        result = on_grid_of(found, image)
    """),
    toolbox=(scribbled_box, walked),
)
def random_walker(
    image: Image,
    scribbles: Scribbles,
    context: Context,
    *,
    stiffness: Annotated[float, Title("Contrast of edges"), Unit("×"), Range(0.0), Slider(1.0, 1000.0, 1.0)] = 130.0,
    margin: Margin = 20.0,
) -> Labels:
    """Give each voxel to the scribble that a random walker from there would most likely meet first.

    Walkers shun steps over which the values change. Works with any number of labels. Only the box around all scribbles
    and a margin is worked on; beyond it there is no label.

    Settings:
        stiffness: How much walkers shun changes of the values (beta); more keeps closer to edges.
        margin: How far beyond the scribbles the labels may reach.

    Source:
        Grady, Random walks for image segmentation, IEEE TPAMI 28 (2006) 1768-1783; weights as in
        skimage.segmentation.random_walker.
    """
    title = tr("Random walker")
    need_scalar(title, image)
    box = region_of(title, scribbles, margin, _MOST_WALKED)

    def each(n: int, of: int) -> None:
        context.check()
        context.progress(n / of)

    result, out = blank(image, np.uint16)
    out[box] = walked(_values(image, box), view(scribbles)[box], axis_lengths(image)[::-1], stiffness, each)
    return result


@operation(
    "graph.grow",
    title="Grow from seeds",
    menu="Segment/Scribbles",
    prepare=lambda image, scribbles, context: finite_extremes(image, context),
    keywords=("GrowCut", "geodesic distance", "scribbles", "interactive", "watershed"),
    python=_boxed("""
        low, high = finite_range(array)
        values = np.nan_to_num(array[box].astype(np.float64), posinf=0.0, neginf=0.0) / ((high - low) or 1)
        found = np.zeros(array.shape, np.uint16)
        found[box] = grown_labels(values, marks[box].astype(np.uint16), steps[::-1], $stiffness / 100)
        result = on_grid_of(found, image)
    """),
    toolbox=(scribbled_box, grown_labels),
)
def grow_from_seeds(
    image: Image,
    scribbles: Scribbles,
    context: Context,
    *,
    stiffness: Annotated[float, Title("Distance counts"), Unit("% per mm"), Range(0.0), Slider(0.0, 5.0, 0.05)] = 0.1,
    margin: Margin = 20.0,
) -> Labels:
    """Grow all scribbles at once until they meet, each taking what is nearest to it along the image.

    Near is what can be reached with little change of the values. Works with any number of labels and is quick. Only the
    box around all scribbles and a margin is filled.

    Settings:
        stiffness: What a mm of way costs, as a share of the range of the values; more makes plainer borders.
        margin: How far beyond the scribbles the labels may reach.

    Source:
        Vezhnevets and Konouchine, GrowCut, 2005, in the form of Zhu et al., An effective interactive medical image
        segmentation method using fast GrowCut, 2014: shortest paths, here by sweeps along the axes.
    """
    title = tr("Grow from seeds")
    need_scalar(title, image)
    box = region_of(title, scribbles, margin, _MOST_GROWN)
    low, high = context.prepared
    values = _values(image, box) / ((high - low) or 1)

    def each(rounds: int) -> None:
        context.check()
        context.progress(1 - 0.9**rounds)

    marks, steps = view(scribbles)[box].astype(np.uint16), axis_lengths(image)[::-1]
    result, out = blank(image, np.uint16)
    out[box] = grown_labels(values, marks, steps, stiffness / 100, each, context.check)
    return result


@operation(
    "graph.normalised_cut",
    title="Normalised cut",
    menu="Segment/Clusters",
    keywords=("spectral clustering", "Shi", "Malik", "superpixels", "n-cut", "normalized"),
    python="""
        steps = [*image.GetSpacing(), 1.0][:3]
        array = np.nan_to_num(voxels(image).astype(np.float64), posinf=0.0, neginf=0.0)
        found = normalised_cut(array, steps[::-1], $superpixels, $likeness / 100, $threshold)
        result = on_grid_of(found, image)
    """,
    toolbox=(normalised_cut,),
)
def spectral(
    image: Image,
    context: Context,
    *,
    superpixels: Annotated[int, Title("Superpixels"), Unit("parts"), Range(2, 2000), Slider(50, 1000, 10)] = 200,
    likeness: Annotated[Percent, Title("Likeness")] = 10.0,
    threshold: Annotated[float, Title("Threshold"), Unit("cut"), Range(0.0, 10.0), Slider(0.0, 0.2, 0.001)] = 0.005,
) -> Labels:
    """Part an image where superpixels are least alike, without any scribble.

    The image becomes superpixels (SLIC); a graph joins neighbours by how alike their mean values are, and is cut in two
    again and again as long as the cut is cheap. Colours work, too.

    Settings:
        superpixels: About how many parts the graph has; more find finer borders and take longer.
        likeness: The difference of mean values, as a share of their range, at which neighbours are no longer alike.
        threshold: Parts are cut as long as the normalised cut costs less than this; more gives more parts.

    Source:
        Shi and Malik, Normalized cuts and image segmentation, IEEE TPAMI 22 (2000) 888-905;
        skimage.graph.cut_normalized on skimage.segmentation.slic.
    """
    if image.GetNumberOfComponentsPerPixel() not in (1, 3, 4):
        raise Refused(tr("Normalised cut needs a grey or an RGB colour image. Take one channel of it first."))
    if (voxels := int(np.prod(image.GetSize()))) > _MOST_CUT:
        raise Refused(
            tr("The image has {voxels:,} voxels; Normalised cut works up to {most:,}. Crop or resample it, or take one "
               "slice.", voxels=voxels, most=_MOST_CUT)
        )  # fmt: skip
    values = np.nan_to_num(view(image).astype(np.float64), posinf=0.0, neginf=0.0)
    context.check()
    steps = axis_lengths(image)[::-1]
    found = apart(normalised_cut, values, steps, superpixels, likeness / 100, threshold, check=context.check)
    result, out = allocate(image.GetSize(), np.uint16)
    result.CopyInformation(image)
    out[...] = found
    return result
