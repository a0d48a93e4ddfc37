"""The step that resamples a layer by its transform onto a grid that is said in numbers, not by another image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Volume, still_true

if TYPE_CHECKING:
    import SimpleITK as sitk

HARDEN = "transform.resample"
_WAYS = ("nearest", "linear", "bspline")
_LARGEST_AXIS = 1 << 24


def hardening(transform: str, grid: Geometry, interpolation: str, background: float) -> dict[str, Any]:
    """Return the parameters of the step."""
    return {
        "transform": transform, "size": list(grid.size), "spacing": list(grid.spacing), "origin": list(grid.origin),
        "direction": list(grid.direction), "interpolation": interpolation, "background": background,
    }  # fmt: skip


def like(grid: Geometry, dimension: int) -> sitk.Image:
    """Return an image of one byte per voxel on a grid."""
    import SimpleITK as sitk

    image = sitk.Image(list(grid.size[:dimension]), sitk.sitkUInt8)
    image.SetSpacing(grid.spacing[:dimension])
    image.SetOrigin(grid.origin[:dimension])
    image.SetDirection(grid.axes[:dimension, :dimension].ravel().tolist())
    return image


def harden(volume: Volume, parameters: Mapping[str, Any]) -> Volume:
    """Take the step; raise Refused where its parameters are no transform or no grid."""
    from pellucid.operations.engines.registration.applying import in_plane, on_slice_of
    from pellucid.operations.engines.registration.texts import built, parsed
    from pellucid.operations.engines.sampling import sampled_plain

    grid, way, background = _grid(parameters), parameters.get("interpolation"), parameters.get("background", 0.0)
    if grid is None or way not in _WAYS or not isinstance(background, int | float):
        raise Refused(tr("The grid or the interpolation of the step “Resample to grid” is no such thing."))
    try:
        transform = built(parsed(str(parameters.get("transform", ""))))
    except ValueError as error:
        raise Refused(tr("The transform of the step “Resample to grid” cannot be read.")) from error
    target = like(grid, volume.image.GetDimension())
    try:
        flat, plane = in_plane(volume.image, target, transform)
    except ValueError as error:
        raise Refused(not_in_plane()) from error
    made = sampled_plain(flat, plane, transform, way, float(background), volume.padding)
    return on_grid(volume, on_slice_of(made, target), grid)


def not_in_plane() -> str:
    """Return the sentence that a transform has other dimensions than what is to be resampled."""
    return tr("The transform of the step “Resample to grid” has another dimension than the image.")


def on_grid(volume: Volume, made: sitk.Image, grid: Geometry) -> Volume:
    """Return what resampling made of a volume: its values mean the same, but lie on another grid."""
    return replace(volume, image=made, geometry=grid, findings=still_true(volume.findings, grid), rescale=None)


def _grid(parameters: Mapping[str, Any]) -> Geometry | None:
    from pellucid.operations.context import Refused as TooLarge
    from pellucid.operations.engines.grids import refuse_huge

    try:
        size = tuple(int(n) for n in parameters["size"])
        parts = [tuple(float(n) for n in parameters[name]) for name in ("spacing", "origin", "direction")]
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    spacing, origin, direction = parts
    if (len(size), len(spacing), len(origin), len(direction)) != (3, 3, 3, 9) or not np.isfinite(sum(parts, ())).all():
        return None
    if min(size) < 1 or max(size) > _LARGEST_AXIS or min(spacing) <= 0:
        return None
    if abs(np.linalg.det(np.reshape(direction, (3, 3)))) < 1e-6:
        return None
    try:
        refuse_huge(size, like(Geometry((1, 1, 1)), 3))
    except TooLarge as error:
        raise Refused(str(error)) from error
    return Geometry(size, spacing, origin, direction)  # type: ignore[arg-type]


def value_beyond(frames: Sequence[Volume], check: Callable[[], None]) -> float:
    """Return the value that is put where the image does not reach: its padding, else its lowest value."""
    if not frames:
        return 0.0
    if frames[0].padding is not None:
        return float(frames[0].padding[0])
    lowest = np.inf
    for volume in frames:
        for part in volume.array:
            check()
            values = part[np.isfinite(part)] if part.dtype.kind == "f" else part
            lowest = min(lowest, float(values.min())) if values.size else lowest
    return lowest if np.isfinite(lowest) else 0.0
