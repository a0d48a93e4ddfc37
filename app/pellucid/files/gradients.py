"""Diffusion weighting beside a NIfTI file: ``NAME.bval`` and ``NAME.bvec``, as FSL and BIDS define them.

Source: brain imaging data structure, diffusion imaging data: one column for each frame; directions along the axes of
the voxels, the first turned round where the affine has a positive determinant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pellucid.files.formats import format_of
from pellucid.files.texts import write_text
from pellucid.language import tr, tr_count
from pellucid.model.diffusion import Weighting, weighting_of
from pellucid.model.geometry import Floats, Geometry
from pellucid.model.volume import Volume

_WEAK = 50.0
"""Below this b-value (s/mm²) nothing is weighted in earnest: such frames need no direction."""
_ASKEW = 1e-3


@dataclass(frozen=True)
class Gradients:
    """The b-values of all frames, their directions as they are written (frames, 3), and what is not known."""

    b_values: tuple[float, ...]
    directions: Floats | None
    note: str = ""


def gradients_of(frames: Sequence[Volume]) -> Gradients | None:
    """Return the weighting of the frames of an image; None where nothing is weighted or nothing is stated."""
    stated = [weighting_of(frame.acquisition.extra) for frame in frames]
    known = [weighting for weighting in stated if weighting is not None]
    if not any(weighting.b > 0 for weighting in known):
        return None
    if len(known) < len(frames):
        return Gradients((), None, tr_count("One frame states no b-value: no .bval and no .bvec were written.",
                                            "{count} frames state no b-value: no .bval and no .bvec were written.",
                                            len(frames) - len(known)))  # fmt: skip
    directions, note = _directions(known, frames[0].geometry)
    return Gradients(tuple(weighting.b for weighting in known), directions, note)


def write_gradients(frames: Sequence[Volume], path: Path) -> tuple[list[Path], str]:
    """Write what is known beside a NIfTI file; return the files, and a sentence of what is not known."""
    found = gradients_of(frames) if format_of(path).name == "NIfTI" else None
    if found is None:
        return [], ""
    written = []
    if found.b_values:
        written.append(_beside(path, ".bval"))
        write_text(written[-1], _row(found.b_values))
    if found.directions is not None:
        written.append(_beside(path, ".bvec"))
        write_text(written[-1], "".join(map(_row, found.directions.T)))
    return written, found.note


def told_beside(frames: Sequence[Volume], path: Path, *, changed: bool) -> tuple[str, ...]:
    """Write what is known beside a NIfTI file, and return sentences that say what was written and what was not.

    Nothing is written beside a ``changed`` image: it may have been turned against the directions of its source.
    """
    if format_of(path).name != "NIfTI" or gradients_of(frames) is None:
        return ()
    if changed:
        return (tr("The image was changed since it was read: its b-values and directions were not written."),)
    written, unknown = write_gradients(frames, path)
    said = [tr("Diffusion weighting is in {name} beside it.", name=made.name) for made in written]
    return (*said, *filter(None, [unknown]))


def _directions(known: Sequence[Weighting], grid: Geometry) -> tuple[Floats | None, str]:
    """Return the directions along the axes of a grid, or why there are none."""
    missing = sum(one.along is None and one.b > _WEAK for one in known)
    if missing:
        return None, tr_count(
            "One weighted frame states no direction of its gradient that can be relied on: no .bvec was written.",
            "{count} weighted frames state no direction of their gradient that can be relied on: no .bvec was written.",
            missing)  # fmt: skip
    if not grid.oriented or grid.orthonormality_error > _ASKEW:
        return None, tr("The axes of the image are not perpendicular, or not known: no .bvec was written.")
    in_patient = np.array([one.along or (0.0, 0.0, 0.0) for one in known])
    along = in_patient @ grid.axes
    if np.linalg.det(grid.axes) > 0:  # LPS to RAS turns two axes: the sign is that of the affine
        along[:, 0] = -along[:, 0]
    return along, ""


def _beside(path: Path, ending: str) -> Path:
    extension = next(one for one in format_of(path).extensions if path.name.lower().endswith(one))
    return path.with_name(path.name[: -len(extension)] + ending)


def _row(numbers: Sequence[float] | Floats) -> str:
    return " ".join(f"{round(float(number), 6) + 0.0:.10g}" for number in numbers) + "\n"
