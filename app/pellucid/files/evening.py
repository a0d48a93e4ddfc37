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

Range = tuple[float, float]
_SAME = 1e-9
_ALIKE = 1.02
"""Distances that differ by less than this factor are one, rounded differently."""
_WHOLE = 0.05
"""A distance that leaves less than this share of itself over divides the stack, as far as rounded positions tell."""


def evened(volume: Volume) -> Volume:
    """Return the volume on evenly spaced slices, linear between the two nearest; unchanged when it is even.

    First and last slice keep their places exactly. The new distance is the smallest one of the stack, or a little
    less so that it divides the whole, so no slice is skipped; gaps are filled by interpolation, which a finding says.
    """
    positions = volume.geometry.slice_positions
    if positions is None:
        return volume
    steps, length = np.diff(positions), positions[-1] - positions[0]
    smallest = float(np.median(steps[steps <= steps.min() * _ALIKE]))
    count = int(np.ceil(length / smallest - _WHOLE)) + 1
    step = float(length / (count - 1))
    check_memory(
        tr("The evened volume"), volume.nbytes // len(positions) * count, tr_count("1 slice", "{count} slices", count)
    )
    array = _at(volume.array, np.array(positions), np.minimum(np.arange(count) * step, positions[-1]), volume.padding)
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


def _at(
    array: NDArray[Any], positions: NDArray[np.float64], wanted: NDArray[np.float64], padding: Range | None
) -> NDArray[Any]:
    """Interpolate slices linearly, whole numbers rounded; padding and NaN mix into nothing: there the nearer one is."""
    from pellucid.operations.engines.gaps import missing

    out = np.empty((len(wanted), *array.shape[1:]), array.dtype)
    below = np.clip(np.searchsorted(positions, wanted, side="right") - 1, 0, len(positions) - 2)
    for n, (k, position) in enumerate(zip(below, wanted, strict=True)):
        share = (position - positions[k]) / (positions[k + 1] - positions[k])
        nearer = array[k + (share > 0.5)]
        if share < _SAME or share > 1 - _SAME:
            out[n] = nearer
            continue
        mixed = array[k] * (1 - share) + array[k + 1] * share
        unknown = missing(array[k : k + 2], padding)
        if unknown is not None:
            mixed = np.where(unknown.any(axis=0), nearer, mixed)
        out[n] = np.rint(mixed) if array.dtype.kind in "ui" else mixed
    return out
