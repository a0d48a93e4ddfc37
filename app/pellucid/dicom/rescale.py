"""What the numbers in the files of a plan are, and how values come from them."""

from __future__ import annotations

from pellucid.dicom.pixel_types import stored_range
from pellucid.dicom.stack import VolumePlan
from pellucid.model.rescale import Rescale


def stored_rescale(plan: VolumePlan) -> Rescale | None:
    """Return slope, intercept and stored type of every slice; None for colours, look-up tables and mixed types."""
    frames = plan.frames
    if not frames or plan.components > 1 or any(frame.layout.tables for frame in frames):
        return None
    layouts = {(f.layout.stored, f.layout.signed, f.layout.floating) for f in frames}
    if len(layouts) != 1:
        return None
    layout = frames[0].layout
    pairs = [(float(frame.slope), float(frame.intercept)) for frame in frames]
    if layout.floating:
        return Rescale.of(pairs, f"float{8 * layout.floating}", float("-inf"), float("inf"))
    low, high = stored_range(layout)
    kind = "signed" if layout.signed else "unsigned"
    return Rescale.of(pairs, f"{layout.stored} bits, {kind}", low, high)
