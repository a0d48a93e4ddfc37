"""Compare masks: how well two agree, what several raters come to, and how far each of them can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.answers import Entry
from pellucid.operations.answers import Table as MeasuredTable
from pellucid.operations.comparison_words import MEASURES
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.mask_comparison import compared, in_mm, space_of
from pellucid.operations.engines.raters import MOST, Consensus, chosen, judged, judgements, staple
from pellucid.operations.operation import Mask, Table, operation
from pellucid.operations.pixels import Array, blank, view
from pellucid.operations.units import Range, Slider, Title, Unit, When

_STAGES = 7


@operation(
    "compare.masks",
    title="Compare masks",
    menu="Segment/Compare",
    keywords=("Dice", "Jaccard", "Hausdorff", "overlap", "ASSD", "surface distance", "precision", "recall", "accuracy"),
    python="""
        # Dice, Jaccard, precision and recall are those of SimpleITK.LabelOverlapMeasuresImageFilter
        result = in_mm(compared(voxels(mask) > 0, voxels(other) > 0, space_of(mask)))
    """,
    toolbox=(in_mm, compared, space_of),
)
def masks(
    mask: Annotated[Mask, Title("Mask A")], other: Annotated[Mask, Title("Mask B, the reference")], context: Context
) -> Table:
    """Measure how well a mask agrees with a reference.

    A is judged by B: precision is the share of A in B, recall the share of B in A. Distances are measured in mm
    between the centres of surface voxels (those with a face towards the outside, or at the border of the image), also
    on tilted and sheared grids. Hausdorff 95 % is the larger one of the two directed 95th percentiles, the mean
    surface distance the mean over the voxels of both surfaces. Two empty masks agree fully; an empty mask has no
    distances. A planar image counts as 1 mm thick.

    Source:
        Taha and Hanbury, Metrics for evaluating 3D medical image segmentation, BMC Medical Imaging 15, 2015; ASSD:
        Heimann et al., IEEE Transactions on Medical Imaging 28, 2009; modified Hausdorff distance: Dubuisson and
        Jain, 1994. Hausdorff 95 % as in MONAI; MedPy takes one percentile over both sets of distances.
    """
    first, second = view(mask).view(bool), view(other).view(bool)
    values = compared(first, second, space_of(mask), _in_stages(context, _STAGES))
    if not values["first_voxels"] or not values["second_voxels"]:
        context.remark(tr("A mask without voxels has no surface, so there are no distances."))
    named = zip(in_mm(values).items(), MEASURES, strict=True)
    return MeasuredTable(
        tuple(Entry(name, tr(said.title), value, said.unit, tr(said.help)) for (name, value), said in named)
    )


def _in_stages(context: Context, count: int) -> Callable[[Any, Any], None]:
    """Return what does rounds of work, at most ``count``, so that progress runs through all of them."""
    parts: Iterator[Context] = iter([context.part(n / count, (n + 1) / count) for n in range(count)])
    return lambda work, items: next(parts).each(work, items)


Others = Annotated[Mask, Title("Further rater")]
First = Annotated[Mask, Title("First rater")]


def _few(masks: tuple[Any, ...]) -> list[Array]:
    """Return the voxels of the masks of all raters; raise Refused when there are too many."""
    if len(masks) > MOST:
        raise Refused(tr("At most {most} raters can be compared; {count} were given.", most=MOST, count=len(masks)))
    return [view(mask).view(bool) for mask in masks]


def _trusted(mask: Any, *others: Any) -> Consensus:
    """Learn from the whole image how far each rater can be trusted."""
    *rest, context = others
    arrays = _few((mask, *rest))
    return staple(judged(arrays, context.each)[1], len(arrays))


@operation(
    "compare.staple",
    title="STAPLE",
    menu="Segment/Compare",
    pointwise=True,
    prepare=_trusted,
    keywords=("consensus", "raters", "observers", "ground truth", "expectation maximisation", "fusion"),
    python="""
        # the probability is that of SimpleITK.STAPLE(images, 1) but for the last digits
        codes, counts = judged([voxels(one) > 0 for one in (mask, *others)])
        consensus = staple(counts, 1 + len(others))
        result = on_grid_of(chosen(codes, consensus.probability >= $threshold / 100), mask)
    """,
    toolbox=(judged, staple, chosen),
)
def staple_mask(
    mask: First,
    *others: Others,
    context: Context,
    threshold: Annotated[float, Title("Probability"), Unit("%"), Range(1, 100), Slider(1, 99, 1)] = 50.0,
) -> Mask:
    """Estimate what several raters marked, each trusted as far as the others confirm.

    Expectation maximisation finds the sensitivity and the specificity of every rater, and how likely each voxel is
    inside. The prior counts every voxel of the image: a much larger background makes the consensus smaller.

    Settings:
        threshold: A voxel is inside when it is at least this likely.

    Source:
        Warfield, Zou and Wells, Simultaneous truth and performance level estimation (STAPLE), IEEE Transactions on
        Medical Imaging 23, 2004; as SimpleITK.STAPLE.
    """
    arrays, found = _few((mask, *others)), context.prepared
    codes, _ = judged(arrays, context.part(0.0, 0.5).each)
    result, out = blank(mask, np.uint8)
    out[...] = chosen(codes, found.probability >= threshold / 100, context.part(0.5, 1.0).each)
    context.remark(
        tr(
            "Sensitivity of the raters: {sensitivity}; specificity: {specificity}.",
            sensitivity=_listed(found.sensitivity),
            specificity=_listed(found.specificity),
        )
    )
    return result


def _listed(shares: Array) -> str:
    return ", ".join("–" if np.isnan(share) else f"{share:.3f}" for share in shares)


@operation(
    "compare.raters",
    title="Trust in raters",
    menu="Segment/Compare",
    keywords=("STAPLE", "sensitivity", "specificity", "observers", "inter-rater", "performance"),
    python="""
        # as GetSensitivity and GetSpecificity of SimpleITK.STAPLEImageFilter, but for the last digits
        _, counts = judged([voxels(one) > 0 for one in (mask, *others)])
        consensus = staple(counts, 1 + len(others))
        shares = zip(consensus.sensitivity.tolist(), consensus.specificity.tolist())
        result = {}
        for n, (sensitivity, specificity) in enumerate(shares, start=1):
            result |= {f"sensitivity_{n}": sensitivity, f"specificity_{n}": specificity}
    """,
    toolbox=(judged, staple),
)
def raters(mask: First, *others: Others, context: Context) -> Table:
    """Estimate how far each of several raters can be trusted.

    The sensitivity and the specificity of every rater against the consensus that STAPLE finds, in the order of the
    masks. The specificity counts every voxel of the image.

    Source:
        Warfield, Zou and Wells, Simultaneous truth and performance level estimation (STAPLE), IEEE Transactions on
        Medical Imaging 23, 2004; as SimpleITK.STAPLEImageFilter.
    """
    found = _trusted(mask, *others, context)
    entries = []
    for n, (hit, right) in enumerate(zip(found.sensitivity, found.specificity, strict=True), start=1):
        inside = tr("Share of the consensus that this rater marked.")
        outside = tr("Share of what is outside the consensus that this rater left out.")
        entries += [
            Entry(f"sensitivity_{n}", tr("Sensitivity of rater {number}", number=n), float(hit), "", inside),
            Entry(f"specificity_{n}", tr("Specificity of rater {number}", number=n), float(right), "", outside),
        ]
    return MeasuredTable(tuple(entries))


_NEEDED = {"majority": "(1 + len(others)) // 2 + 1", "all": "1 + len(others)", "at_least": "$count"}
_VOTE = """
    votes = np.sum([voxels(one) for one in (mask, *others)], axis=0)
    result = on_grid_of((votes >= {needed}).astype(np.uint8), mask)
"""


@operation(
    "compare.vote",
    title="Vote of raters",
    menu="Segment/Compare",
    pointwise=True,
    keywords=("majority", "consensus", "observers", "fusion", "agreement"),
    python=lambda p: _VOTE.format(needed=_NEEDED[p.rule]),
)
def vote(
    mask: First,
    *others: Others,
    context: Context,
    rule: Annotated[
        Literal["majority", "all", "at_least"], Title("Inside for", ("More than half", "All raters", "At least"))
    ] = "majority",
    count: Annotated[
        int, Title("Raters"), Unit("raters"), Range(1, MOST), Slider(1, 8, 1), When("rule", ("at_least",))
    ] = 2,
) -> Mask:
    """Select the voxels that enough of several raters marked.

    A tie of a majority vote is outside. At least one is the union of all, all raters their intersection.

    Settings:
        rule: How many raters must have marked a voxel.
        count: How many are enough.

    Source:
        Majority vote, as SimpleITK.LabelVoting for masks, where a tie is undecided.
    """
    arrays = _few((mask, *others))
    raters = len(arrays)
    needed = {"majority": raters // 2 + 1, "all": raters, "at_least": count}[rule]
    codes, _ = judged(arrays, context.part(0.0, 0.5).each)
    result, out = blank(mask, np.uint8)
    out[...] = chosen(codes, judgements(raters).sum(axis=1) >= needed, context.part(0.5, 1.0).each)
    if needed > raters:
        context.remark(tr("There are only {count} raters, so no voxel has enough votes.", count=raters))
    return result
