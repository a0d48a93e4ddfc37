"""Even out the slow shading of the coil in MR images: N4."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
import SimpleITK as sitk

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, blank, need_scalar, view
from pellucid.operations.units import Range, Slider, Title, Unit


def every_nth(shape: Any, spacing: Any, shrink: int) -> tuple[slice, ...]:
    """Return which voxels (z, y, x) stay: every nth along the finest axis, about as far apart along the others."""
    steps = [*reversed([*spacing, max(spacing)][:3])]
    factors = [min(round(shrink * min(spacing) / step) or 1, n // 8 or 1) for n, step in zip(shape, steps, strict=True)]
    return tuple(slice((n - 1) % factor // 2, n, factor) for n, factor in zip(shape, factors, strict=True))


def spline_weights(size: int, cut: slice) -> Any:
    """Return the weights of the voxels that stayed for every voxel of an axis: cubic splines through them."""
    from scipy import interpolate

    kept = np.arange(size)[cut]
    if len(kept) == 1:
        return np.ones((size, 1))
    spline = interpolate.make_interp_spline(kept, np.eye(len(kept)), k=3 if len(kept) > 3 else 1)
    return spline(np.arange(size))


def in_planes(field: Any, cuts: Any, shape: Any) -> tuple[Any, Any]:
    """Return a field spread over y and x, and the weights of its planes for every slice."""
    down, across = spline_weights(shape[1], cuts[1]), spline_weights(shape[2], cuts[2])
    return down @ field @ across.T, spline_weights(shape[0], cuts[0])


def weighed(planes: Any, weights: Any) -> Any:
    """Return the sum of planes, each with its weight."""
    return sum(weight * plane for weight, plane in zip(weights, planes, strict=True))


class _Listener:
    """Tell SimpleITK's N4, which has neither progress nor abort, how far it is and when to stop."""

    def __init__(self, work: Any) -> None:
        self.work = work

    def __call__(self) -> None:
        self.work()


class _Deaf:
    """What a listener becomes to stop a filter: SimpleITK gives up when it cannot call it, and prints nothing."""


def _fit(values: Array, usable: Array, levels: int, iterations: int, context: Context) -> Array:
    """Return the logarithm of the bias field of a small image."""
    flat = 0 if len(values) == 1 else ()
    image, within = (sitk.GetImageFromArray(np.squeeze(one, flat)) for one in (values, usable))
    filter = sitk.N4BiasFieldCorrectionImageFilter()
    filter.SetMaximumNumberOfIterations([iterations] * levels)
    stopper = _Listener(lambda: None)

    def listen() -> None:
        if context.cancelled():
            stopper.__class__ = _Deaf  # type: ignore[assignment]
        done = filter.GetCurrentLevel() * iterations + filter.GetElapsedIterations()
        context.progress(min(1.0, done / (levels * iterations)))

    for listener in (_Listener(listen), stopper):
        filter.AddCommand(sitk.sitkIterationEvent, listener)
    context.execute(filter, image, within)
    return view(filter.GetLogBiasFieldAsImage(image)).reshape(values.shape)


def _foreground(values: Array, mask: Array | None, context: Context) -> Array:
    """Return the voxels a field can be learned from: above 0, in the mask or in the brighter class of Otsu."""
    usable = values > 0
    if mask is None:
        otsu = sitk.OtsuThresholdImageFilter()
        otsu.SetInsideValue(0)
        otsu.SetOutsideValue(1)
        mask = view(context.execute(otsu, sitk.GetImageFromArray(values)))
    usable &= mask > 0
    if not usable.any():
        raise Refused(tr("N4 needs voxels above 0 to learn the bias field from; in this image or mask there are none."))
    return usable.astype(np.uint8)


def _n4_lines(p: Any) -> str:
    made = "field" if p.result == "field" else "array / field"
    return f"""
        array = voxels(image)
        cuts = every_nth(array.shape, image.GetSpacing(), $shrink)
        small = np.nan_to_num(array[cuts].astype(np.float32), posinf=0, neginf=0)
        if mask is None:
            usable = sitk.GetArrayFromImage(sitk.OtsuThreshold(sitk.GetImageFromArray(small), 0, 1)) > 0
        else:
            usable = voxels(mask)[cuts] > 0
        usable = (usable & (small > 0)).astype(np.uint8)
        values, within = (sitk.GetImageFromArray(one[0] if len(one) == 1 else one) for one in (small, usable))
        n4 = sitk.N4BiasFieldCorrectionImageFilter()
        n4.SetMaximumNumberOfIterations([$iterations] * $levels)
        n4.Execute(values, within)
        log_field = sitk.GetArrayFromImage(n4.GetLogBiasFieldAsImage(values)).reshape(small.shape)
        # the field on all voxels: cubic splines through those that were kept
        planes, weights = in_planes(log_field, cuts, array.shape)
        field = np.exp(np.stack([weighed(planes, one) for one in weights]))
        result = on_grid_of(({made}).astype(np.float32), image)
    """


@operation(
    "normalise.n4",
    title="N4 bias field correction",
    menu="Filters/Normalise",
    keywords=("inhomogeneity", "shading", "nonuniformity", "N3", "MR", "coil"),
    unit_stays=lambda p: p.result != "field",
    python=_n4_lines,
    toolbox=(every_nth, in_planes, weighed),
)
def n4(
    image: Image,
    mask: Mask | None,
    context: Context,
    *,
    levels: Annotated[int, Title("Fitting levels"), Unit("levels"), Range(1, 8), Slider(1, 6, 1)] = 4,
    iterations: Annotated[int, Unit("iterations"), Range(1, 1000), Slider(5, 200, 5)] = 50,
    shrink: Annotated[int, Title("Shrink factor"), Unit("×"), Range(1, 32), Slider(1, 8, 1)] = 4,
    result: Annotated[
        Literal["corrected", "field"], Title("Result", ("Corrected image", "Bias field"))
    ] = "corrected",
) -> Image:
    """Divide an image by a smooth bias field that makes its histogram sharpest.

    The field is learned from the voxels above 0 that are in the mask or, without one, in the brighter class of Otsu,
    on a coarser grid; it is then spread over all voxels by cubic splines. The result is 32-bit float. An image of
    one slice is corrected in two dimensions. NaN and infinite values are not used and stay.

    Settings:
        levels: Each level halves the distance of the spline's knots: more levels follow a field that varies faster.
        iterations: The most steps per level; a level that has converged ends earlier.
        shrink: The field is learned from every nth voxel along the finest axis, about as far apart along the others.
        result: The image divided by the field, or the field itself.

    Source:
        Tustison et al., N4ITK: improved N3 bias correction, IEEE Trans. Medical Imaging 29 (2010) 1310-1320;
        SimpleITK.N4BiasFieldCorrection.
    """
    need_scalar(tr("N4 bias field correction"), image)
    array = view(image)
    cuts = every_nth(array.shape, image.GetSpacing(), shrink)
    small = np.nan_to_num(array[cuts].astype(np.float32), posinf=0, neginf=0)
    usable = _foreground(small, None if mask is None else view(mask)[cuts], context.part(0.0, 0.02))
    log_field = _fit(small, usable, levels, iterations, context.part(0.02, 0.9))
    planes, weights = in_planes(log_field, cuts, array.shape)
    made, out = blank(image, np.float32)

    def spread(z: int) -> None:
        field = np.exp(weighed(planes, weights[z]))
        with np.errstate(invalid="ignore", over="ignore"):
            np.copyto(out[z], field if result == "field" else array[z] / field, casting="same_kind")

    context.part(0.9, 1.0).each(spread, range(len(array)))
    return made
