"""Active contours: a front that starts at seeds or at a mask and moves over the image until it fits."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context
from pellucid.operations.engines.contour_flows import (
    edge_potential,
    edge_steps,
    limit_steps,
    region_steps,
    usual_edge,
)
from pellucid.operations.engines.contour_starts import END_LINES, TOOLBOX, Start, front_of, moments_of, start_lines
from pellucid.operations.engines.fronts import finest_step
from pellucid.operations.engines.scale import sigma_voxels
from pellucid.operations.engines.slopes import (
    blockwise,
    gaussian_derivatives,
    metric_per_mm,
    steepness,
    voxel_sigmas,
)
from pellucid.operations.evolution import Moment, quiet, result_after
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, need_scalar, view
from pellucid.operations.units import Begins, Intensity, Millimetres, Range, SeedText, Slider, Title, Unit, When

Iterations = Annotated[int, Title("Iterations"), Unit("iterations"), Range(1, 100_000), Slider(1, 1000, 1)]
Radius = Annotated[Millimetres, Title("Seed radius"), Range(0.0), Slider(0.5, 30.0, 0.5), Begins("spacing", 4.0)]
Smoothness = Annotated[Millimetres, Title("Smoothness"), Range(0.0), Slider(0.0, 5.0, 0.05), Begins("spacing", 0.5)]
Weight = Annotated[float, Unit("×"), Range(0.0), Slider(0.0, 4.0, 0.05)]
Balloon = Annotated[float, Title("Growth"), Unit("×"), Range(-10.0, 10.0), Slider(-2.0, 2.0, 0.05)]

# ---------------------------------------------------------------- Chan and Vese


def _chan_vese_moments(image: sitk.Image, start: Start, context: Context, **values: Any) -> Iterator[Moment]:
    p, finest, each = SimpleNamespace(**values), finest_step(image), quiet(context).each
    front = front_of(image, start, p, context)
    yield Moment(0, 0.0, front.seen)
    array = view(image)
    channels = [array] if array.ndim == 3 else [array[..., n] for n in range(array.shape[3])]
    steps = region_steps(front, channels, p.smoothness / finest, p.inner, p.outer, each)
    yield from moments_of(front, finest, steps, context)


def _chan_vese_lines(p: Any) -> str:
    return f"""{start_lines(p)}
        channels = [array] if array.ndim == 3 else [array[..., n] for n in range(array.shape[3])]
        steps = region_steps(front, channels, $smoothness / finest, $inner, $outer){END_LINES}"""


@operation(
    "contours.chan_vese",
    title="Chan–Vese",
    menu="Segment/Contours",
    keywords=("active contour", "snake", "level set", "without edges", "region", "two-phase", "animated"),
    evolution=_chan_vese_moments,
    python=_chan_vese_lines,
    toolbox=(*TOOLBOX, region_steps),
)
def chan_vese(
    image: Image,
    start: Annotated[Mask | None, Title("Start")] = None,
    *,
    context: Context,
    begin: Annotated[Literal["seeds", "grid"], Title("Begin at", ("Seeds", "Everywhere"))] = "seeds",
    seeds: Annotated[SeedText, Title("Seeds"), When("begin", ("seeds",))] = "",
    radius: Radius = 5.0,
    iterations: Iterations = 200,
    smoothness: Smoothness = 0.5,
    inner: Annotated[Weight, Title("Evenness inside")] = 1.0,
    outer: Annotated[Weight, Title("Evenness outside")] = 1.0,
) -> Mask:
    """Let a contour move until the values inside and those outside are each as even as they can be.

    It needs no edges: the contour takes in a voxel whose value is nearer to the mean inside than to the mean outside.
    It moves from where it starts, so what it does not touch stays out. With a mask to start from, seeds are left out.
    Colour counts by all its channels. NaN pulls neither way. It stops early when nothing moves any more.

    Settings:
        begin: Whether it starts at seeds, or at balls all over the image for many objects at once.
        seeds: Where the contour starts: balls about these places.
        radius: Radius of the balls it starts with.
        iterations: How often the contour is moved, each time by about half a voxel at its full speed.
        smoothness: Radius of the details that are smoothed away; 0 follows every voxel.
        inner: Weight of the differences from the mean inside; more makes the inside more even, and smaller.
        outer: Weight of the differences from the mean outside; more makes the outside more even.

    Source:
        Chan and Vese 2001, colour: Chan, Sandberg and Vese 2000; the force is divided by the square of the contrast.
    """
    moments = _chan_vese_moments(
        image, start, context, begin=begin, seeds=seeds, radius=radius, smoothness=smoothness, inner=inner, outer=outer
    )
    return result_after(image, moments, iterations, context)


# ---------------------------------------------------------------- geodesic


def _steepness(image: sitk.Image, sigma: float, context: Context) -> Array:
    """Return the slopes of an image per mm at a scale."""
    array, metric = view(image), metric_per_mm(image)
    kernels = gaussian_derivatives(voxel_sigmas(image, sigma))
    return blockwise(array.shape, lambda block: steepness(array, kernels, metric, block), each=quiet(context).each)


def _geodesic_moments(image: sitk.Image, start: Start, context: Context, **values: Any) -> Iterator[Moment]:
    need_scalar(tr("Geodesic contour"), image)
    sigma_voxels(tr("Geodesic contour"), values["sigma"], image)
    p, finest, each = SimpleNamespace(**values), finest_step(image), quiet(context).each
    front = front_of(image, start, p, context)
    yield Moment(0, 0.0, front.seen)
    steep = _steepness(image, p.sigma, context)
    edge = p.edge or usual_edge(steep, front.seen)
    potential = edge_potential(steep, edge, edge * p.softness / 100 + 1e-30)
    steps = edge_steps(
        front, potential, p.growth, p.smoothness / finest, p.attraction, p.sigma / finest, each
    )
    yield from moments_of(front, finest, steps, context)


def _geodesic_lines(p: Any) -> str:
    edge = "$edge" if p.edge else "usual_edge(steep, front.seen)"
    return f"""{start_lines(p)}
        kernels, metric = gaussian_derivatives(voxel_sigmas(image, $sigma)), metric_per_mm(image)
        # about ndimage.gaussian_gradient_magnitude, per mm
        steep = blockwise(array.shape, lambda block: steepness(array, kernels, metric, block))
        edge = {edge}
        potential = edge_potential(steep, edge, edge * $softness / 100 + 1e-30)
        steps = edge_steps(front, potential, $growth, $smoothness / finest, $attraction, $sigma / finest){END_LINES}"""


@operation(
    "contours.geodesic",
    title="Geodesic contour",
    menu="Segment/Contours",
    keywords=("active contour", "snake", "level set", "edge", "balloon", "animated"),
    evolution=_geodesic_moments,
    python=_geodesic_lines,
    toolbox=(
        *TOOLBOX, edge_steps, edge_potential, usual_edge, metric_per_mm, gaussian_derivatives, voxel_sigmas,
        blockwise, steepness,
    ),
)  # fmt: skip
def geodesic(
    image: Image,
    start: Annotated[Mask | None, Title("Start")] = None,
    *,
    context: Context,
    seeds: Annotated[SeedText, Title("Seeds")] = "",
    radius: Radius = 5.0,
    iterations: Iterations = 200,
    sigma: Annotated[Millimetres, Title("Edge scale"), Range(0.0), Slider(0.1, 10.0, 0.1), Begins("spacing")] = 1.0,
    edge: Annotated[Intensity, Title("Edge slope"), Range(0.0)] = 0.0,
    softness: Annotated[float, Title("Edge softness"), Unit("%"), Range(1.0, 1000.0), Slider(5.0, 100.0, 1.0)] = 25.0,
    growth: Balloon = 1.0,
    smoothness: Annotated[Smoothness, Begins("spacing")] = 1.0,
    attraction: Annotated[Weight, Title("Attraction")] = 1.0,
) -> Mask:
    """Let a contour grow, or shrink, until it lies on edges of the image.

    It moves freely where values change little and stops where they change steeply; a gap in an edge that is narrower
    than the smoothness allows is not passed. With a mask to start from, seeds are left out. NaN stops the contour.
    It stops early when nothing moves any more.

    Settings:
        seeds: Where the contour starts: balls about these places.
        radius: Radius of the balls it starts with.
        iterations: How often the contour is moved, each time by about half a voxel at its full speed.
        sigma: Standard deviation of the Gaussian at whose scale edges are looked for.
        edge: Slope, per mm, at which the contour moves at half its speed; 0 takes one that fits where it starts.
        softness: How gradually the speed falls around that slope, as a share of it.
        growth: Speed at which the contour grows where there is no edge; below 0 it shrinks.
        smoothness: Radius of the details that are smoothed away; more keeps it from leaking through gaps.
        attraction: How strongly the contour is pulled onto edges nearby, from either side.

    Source:
        Caselles, Kimmel and Sapiro 1997, with the terms of itk::GeodesicActiveContourLevelSetImageFilter.
    """
    moments = _geodesic_moments(
        image, start, context, seeds=seeds, radius=radius, sigma=sigma, edge=edge, softness=softness, growth=growth,
        smoothness=smoothness, attraction=attraction,
    )  # fmt: skip
    return result_after(image, moments, iterations, context)


# ---------------------------------------------------------------- between limits


def _threshold_moments(image: sitk.Image, start: Start, context: Context, **values: Any) -> Iterator[Moment]:
    need_scalar(tr("Threshold level set"), image)
    p, finest, each = SimpleNamespace(**values), finest_step(image), quiet(context).each
    front = front_of(image, start, p, context)
    yield Moment(0, 0.0, front.seen)
    soft = p.transition or (p.upper - p.lower) / 10 or 1.0
    steps = limit_steps(front, view(image), p.lower, p.upper, soft, p.smoothness / finest, each)
    yield from moments_of(front, finest, steps, context)


def _threshold_lines(p: Any) -> str:
    soft = "$transition" if p.transition else "($upper - $lower) / 10 or 1.0"
    return f"""{start_lines(p)}
        soft = {soft}
        steps = limit_steps(front, array, $lower, $upper, soft, $smoothness / finest){END_LINES}"""


@operation(
    "contours.threshold",
    title="Threshold level set",
    menu="Segment/Contours",
    complaint=lambda p: None if p.lower <= p.upper else tr("Lower must not be above upper."),
    keywords=("active contour", "snake", "level set", "grow", "region", "animated"),
    evolution=_threshold_moments,
    python=_threshold_lines,
    toolbox=(*TOOLBOX, limit_steps),
)
def between_limits(
    image: Image,
    start: Annotated[Mask | None, Title("Start")] = None,
    *,
    context: Context,
    seeds: Annotated[SeedText, Title("Seeds")] = "",
    lower: Annotated[Intensity, Title("Lower")] = 0.0,
    upper: Annotated[Intensity, Title("Upper")] = 1000.0,
    radius: Radius = 5.0,
    iterations: Iterations = 200,
    smoothness: Smoothness = 0.5,
    transition: Annotated[Intensity, Title("Transition"), Range(0.0)] = 0.0,
) -> Mask:
    """Let a contour grow where values lie between two limits and shrink elsewhere, kept smooth as it moves.

    Unlike a threshold it takes only what is connected to its start, with a smooth surface, and does not leak through
    gaps narrower than the smoothness allows. With a mask to start from, seeds are left out. NaN counts as outside the
    limits. It stops early when nothing moves any more.

    Settings:
        seeds: Where the contour starts: balls about these places.
        lower: The smallest value that the contour grows into.
        upper: The largest value that the contour grows into.
        radius: Radius of the balls it starts with.
        iterations: How often the contour is moved, each time by about half a voxel at its full speed.
        smoothness: Radius of the details that are smoothed away; more keeps it from leaking through gaps.
        transition: Distance from a limit at which the contour has its full speed; 0 takes a tenth of the range.

    Source:
        Lefohn, Cates and Whitaker 2003, as itk::ThresholdSegmentationLevelSetImageFilter.
    """
    moments = _threshold_moments(
        image, start, context, lower=lower, upper=upper, seeds=seeds, radius=radius, smoothness=smoothness,
        transition=transition,
    )  # fmt: skip
    return result_after(image, moments, iterations, context)
