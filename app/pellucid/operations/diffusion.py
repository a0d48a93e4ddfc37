"""Filters that smooth along edges and not across them: diffusion, curvature diffusion, curvature flow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pellucid.operations.context import Context
from pellucid.operations.engines.flows import (
    Change,
    curvature_change,
    edge_factor,
    flow_change,
    flow_steps,
    flowed,
    gradient_change,
    mean_square_slope,
)
from pellucid.operations.engines.pieces import Each
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import blank, blocks, store, view
from pellucid.operations.plain import floating
from pellucid.operations.units import Range, Slider, Title, Unit

Iterations = Annotated[int, Title("Iterations"), Unit("iterations"), Range(1, 500), Slider(1, 50, 1)]
Conductance = Annotated[float, Title("Conductance"), Unit("×"), Range(0.01, 1000.0), Slider(0.1, 10.0, 0.1)]


def _reach(params: Any, spacing: Any) -> tuple[int, int, int]:
    """Return how far a change spreads: one voxel in each step."""
    return (params.iterations,) * 3


def _mean_square_slope(image: Any, context: Context) -> Any:
    """Return the mean square of the gradient, to which the conductance is relative."""
    array = view(image)
    return mean_square_slope(array, flow_steps(image.GetSpacing(), array.shape), context.each)


@operation(
    "denoising.gradient_diffusion",
    title="Gradient diffusion",
    menu="Filters/Edge-preserving",
    prepare=_mean_square_slope,
    reach=_reach,
    keywords=("anisotropic diffusion", "Perona Malik", "denoise", "edge-preserving"),
    python="""
        # sitk.GradientAnisotropicDiffusion(image, stable_time(steps), $conductance, $iterations, $iterations) is the
        # same for voxels of 1 mm, but for the rounding of floats
        array = voxels(image)
        steps = flow_steps(image.GetSpacing(), array.shape)
        factor = edge_factor(mean_square_slope(array, steps), $conductance, floating(array).dtype)
        smooth = flowed(floating(array), steps, $iterations, gradient_change, factor)
        result = on_grid_of(stored(smooth, array.dtype), image)
    """,
    toolbox=(flow_steps, mean_square_slope, edge_factor, flowed, gradient_change),
)
def gradient_diffusion(
    image: Image, context: Context, *, iterations: Iterations = 10, conductance: Conductance = 1.0
) -> Image:
    """Let the values flow into each other, less and less the steeper they change.

    Areas are smoothed as with a Gaussian that grows with the iterations, edges stay. The time of one iteration is
    a third of the longest that is stable for the spacing, so distances count in mm. Nothing flows over the border. The
    pixel type stays, whole numbers are rounded; each colour channel is smoothed by itself.

    Settings:
        iterations: How often the values flow; more smooth more.
        conductance: Slopes of so many times the root mean square slope of the image count as edges.

    Source:
        Perona and Malik, IEEE PAMI 12, 1990, with exp(-slope² / 2 k²); as SimpleITK.GradientAnisotropicDiffusion, but
        with the divergence per mm.
    """
    return _flowed(image, iterations, gradient_change, conductance, context)


@operation(
    "denoising.curvature_diffusion",
    title="Curvature diffusion",
    menu="Filters/Edge-preserving",
    prepare=_mean_square_slope,
    reach=_reach,
    keywords=("anisotropic diffusion", "MCDE", "denoise", "edge-preserving"),
    python="""
        # sitk.CurvatureAnisotropicDiffusion(image, stable_time(steps), $conductance, $iterations, $iterations) is the
        # same for voxels of 1 mm, but for the rounding of floats
        array = voxels(image)
        steps = flow_steps(image.GetSpacing(), array.shape)
        factor = edge_factor(mean_square_slope(array, steps), $conductance, floating(array).dtype)
        smooth = flowed(floating(array), steps, $iterations, curvature_change, factor)
        result = on_grid_of(stored(smooth, array.dtype), image)
    """,
    toolbox=(flow_steps, mean_square_slope, edge_factor, flowed, curvature_change),
)
def curvature_diffusion(
    image: Image, context: Context, *, iterations: Iterations = 10, conductance: Conductance = 3.0
) -> Image:
    """Move the surfaces of equal value by their curvature, less and less the steeper the values change.

    Fine structures last longer and the contrast of edges falls less than with gradient diffusion. The time of one
    iteration is a third of the longest that is stable for the spacing, so distances count in mm. Nothing flows
    over the border. The pixel type stays, whole numbers are rounded; each colour channel is smoothed by itself.

    Settings:
        iterations: How often the surfaces move; more smooth more.
        conductance: Slopes of so many times the root mean square slope of the image count as edges.

    Source:
        Whitaker and Xue, Variable-conductance, level-set curvature for image denoising, ICIP 2001; as
        SimpleITK.CurvatureAnisotropicDiffusion, but with the divergence per mm.
    """
    return _flowed(image, iterations, curvature_change, conductance, context)


@operation(
    "denoising.curvature_flow",
    title="Curvature flow",
    menu="Filters/Edge-preserving",
    reach=_reach,
    keywords=("mean curvature", "level set", "denoise", "edge-preserving"),
    python="""
        # sitk.CurvatureFlow(image, stable_time(steps), $iterations) is the same but for the rounding of floats
        array = voxels(image)
        steps = flow_steps(image.GetSpacing(), array.shape)
        smooth = flowed(floating(array), steps, $iterations, flow_change)
        result = on_grid_of(stored(smooth, array.dtype), image)
    """,
    toolbox=(flow_steps, flowed, flow_change),
)
def curvature_flow(image: Image, context: Context, *, iterations: Iterations = 10) -> Image:
    """Move the surfaces of equal value by their curvature: wrinkles go, straight edges stay as sharp as they are.

    Corners become round and small details vanish, whatever their contrast. The time of one iteration is a third of
    the longest that is stable for the spacing, so curvature counts in mm. Nothing flows over the border. The pixel type
    stays, whole numbers are rounded; each colour channel is smoothed by itself.

    Settings:
        iterations: How often the surfaces move; more smooth more.

    Source:
        Sethian, Level Set Methods and Fast Marching Methods, 1999; as SimpleITK.CurvatureFlow.
    """
    return _flowed(image, iterations, flow_change, None, context)


def _flowed(image: Any, iterations: int, change: Change, conductance: float | None, context: Context) -> Any:
    """Return an image after so many steps of a flow."""
    array = view(image)
    steps = flow_steps(image.GetSpacing(), array.shape)
    values = floating(array)
    factor = None if conductance is None else edge_factor(context.prepared, conductance, values.dtype)
    wanted = context.region(array.shape)
    smooth = flowed(values, steps, iterations, change, factor, wanted, _rounds(iterations, context))
    result, out = blank(image, array.dtype)
    for block in blocks(wanted, array.shape):
        context.check()
        store(smooth[block], out[block])
    return result


def _rounds(count: int, context: Context) -> Iterator[Each]:
    """Return the runners of so many rounds, each with its part of the progress."""
    return (context.part(n / count, (n + 1) / count).each for n in range(count))
