"""The spacing that a user states for an image whose source does not: a step, and what it makes known (H43)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.language import tr
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Volume

SET_SPACING = "set_spacing"
PIXELS_SET, SLICES_SET = "spacing-by-hand", "distance-by-hand"
CALIBRATED = "calibrated-by-hand"
PARAMETERS = ("x_mm", "y_mm", "z_mm")
LEAST, MOST = 1e-6, 1e4
"""Millimetres between which a distance of voxels is taken for meant."""
PYTHON = """
    result = sitk.Image(result)
    stated = ($x_mm, $y_mm, $z_mm)
    result.SetSpacing([new or old for new, old in zip(stated, result.GetSpacing())])
    """
_PIXELS_KNOWN = {"unknown-spacing", "detector-spacing", PIXELS_SET, CALIBRATED}
_SLICES_KNOWN = {"no-position", SLICES_SET}

Stated = tuple[float | None, float | None, float | None]


def open_axes(volume: Volume) -> tuple[bool, bool, bool]:
    """Return which spacings the user may state: those that the source does not, also when stated before."""
    geometry, codes = volume.geometry, {finding.code for finding in volume.findings}
    plane = not geometry.has_lengths or geometry.at_detector or bool(codes & {PIXELS_SET, CALIBRATED})
    depth = geometry.size[2] > 1 and (not geometry.known_spacing[2] or SLICES_SET in codes)
    return plane, plane, depth


def stated_geometry(geometry: Geometry, stated: Stated) -> Geometry:
    """Return a grid with the spacings that were stated; the others stay as they are."""
    spacing = tuple(old if new is None else new for old, new in zip(geometry.spacing, stated, strict=True))
    known = tuple(old or new is not None for old, new in zip(geometry.known_spacing, stated, strict=True))
    detector = geometry.at_detector and stated[0] is None
    return replace(geometry, spacing=spacing, known_spacing=known, at_detector=detector)  # type: ignore[arg-type]


def spaced(volume: Volume, stated: Stated) -> Volume:
    """Return the same voxels at stated distances, and what was stated as findings; raise Refused where it may not be.

    The spacing is never overwritten where the source states it.
    """
    check(volume, stated)
    import SimpleITK as sitk

    geometry, image = stated_geometry(volume.geometry, stated), sitk.Image(volume.image)
    image.SetSpacing(geometry.spacing[: image.GetDimension()])
    kept, fresh = volume.findings, []
    if stated[0] is not None:
        kept = tuple(finding for finding in kept if finding.code not in _PIXELS_KNOWN)
        said = tr("The size of a pixel was set by hand to {x:g} × {y:g} mm; the source does not state it.",
                  x=stated[0], y=stated[1])  # fmt: skip
        fresh.append(Finding(PIXELS_SET, said, "info"))
    if stated[2] is not None:
        kept = tuple(finding for finding in kept if finding.code not in _SLICES_KNOWN)
        said = tr("The distance of slices was set by hand to {z:g} mm; the source does not state it.", z=stated[2])
        fresh.append(Finding(SLICES_SET, said, "info"))
    return replace(volume, image=image, geometry=geometry, findings=(*kept, *fresh))


def check(volume: Volume, stated: Stated) -> None:
    """Raise Refused with a sentence when spacings cannot be stated for an image."""
    numbers = [number for number in stated if number is not None]
    if not numbers or (stated[0] is None) != (stated[1] is None):
        raise Refused(tr("State the size of a pixel along both axes, or the distance of slices."))
    if not all(np.isfinite(number) and LEAST <= number <= MOST for number in numbers):
        raise Refused(tr("A spacing must lie between 0.000001 and 10,000 mm."))
    free = open_axes(volume)
    if any(number is not None and not may for number, may in zip(stated, free, strict=True)):
        raise Refused(tr("The source states this spacing; it is not overwritten by hand."))


def set_spacing(volume: Volume, parameters: Mapping[str, Any]) -> Volume:
    """Take the step again on an image."""
    return spaced(volume, stated_of(parameters))


def stated_of(parameters: Mapping[str, Any]) -> Stated:
    """Return the spacings in the parameters of a step."""
    x, y, z = (parameters.get(name) for name in PARAMETERS)
    if not all(number is None or (isinstance(number, int | float) and not isinstance(number, bool))
               for number in (x, y, z)):  # fmt: skip
        raise Refused(tr("The spacings of the step “Set spacing” must be numbers."))
    return x, y, z
