"""Give an unevenly spaced stack even slices, when the user asks for it (hazard H02)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.files.limits import check_memory
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding
from pellucid.model.volume import Volume, image_from_array


def evened(volume: Volume) -> Volume:
    """Return the volume on evenly spaced slices, linear between the two nearest; unchanged when it is even.

    The new distance is the smallest one of the stack, so no slice is skipped; gaps are filled by
    interpolation, which a finding says. First and last slice keep their places (the last within half a step).
    """
    positions = volume.geometry.slice_positions
    if positions is None:
        return volume
    steps = np.diff(positions)
    step = float(steps.min())
    count = int(np.floor((positions[-1] - positions[0]) / step + 0.5)) + 1
    check_memory(
        tr("The evened volume"), volume.nbytes // len(positions) * count, tr_count("1 slice", "{count} slices", count)
    )
    array = _at(volume.array, np.array(positions), np.minimum(np.arange(count) * step, positions[-1]))
    x, y, _ = volume.geometry.size
    a, b, _ = volume.geometry.spacing
    geometry = replace(volume.geometry, size=(x, y, count), spacing=(a, b, step), slice_positions=None)
    note = Finding(
        "resampled-even",
        tr(
            "The slices were resampled from {smallest:.3g} to {largest:.3g} mm apart to {step:.3g} mm; "
            "gaps were filled by interpolation.",
            smallest=steps.min(),
            largest=steps.max(),
            step=step,
        ),
    )
    kept = tuple(f for f in volume.findings if f.code not in ("uneven-spacing", "missing-slices"))
    image = image_from_array(array, geometry, colour=volume.is_colour)
    return replace(volume, image=image, geometry=geometry, findings=(*kept, note), rescale=None)


def _at(array: NDArray[Any], positions: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[Any]:
    """Interpolate slices linearly; whole numbers are rounded to the nearest."""
    out = np.empty((len(wanted), *array.shape[1:]), array.dtype)
    below = np.clip(np.searchsorted(positions, wanted, side="right") - 1, 0, len(positions) - 2)
    for n, (k, position) in enumerate(zip(below, wanted, strict=True)):
        share = (position - positions[k]) / (positions[k + 1] - positions[k])
        if share < 1e-9 or share > 1 - 1e-9:
            out[n] = array[k + (share > 0.5)]
            continue
        mixed = array[k] * (1 - share) + array[k + 1] * share
        out[n] = np.rint(mixed) if array.dtype.kind in "ui" else mixed
    return out
