"""Values outside the scanned field that no header names (H16)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.model.findings import Finding

_LEAST_HU = -1025.0
"""Air is -1000 HU; a scanner clips at -1024. What lies below is not tissue."""


def noticed_padding(
    array: NDArray[Any], low: float, declared: tuple[float, float] | None, unit: str
) -> tuple[tuple[float, float] | None, tuple[Finding, ...]]:
    """Return the padding range of a volume, widened when impossible values surround a CT, and a finding.

    ``array`` is (z, y, x), ``low`` its minimum, ``declared`` the range the header names (modality values).
    """
    if unit != "HU" or array.ndim != 3 or low >= _LEAST_HU or (declared and declared[0] <= low <= declared[1]):
        return declared, ()
    corners = array[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    if np.mean(corners == low) < 0.5:
        return declared, ()
    high = declared[1] if declared and low < declared[1] <= _LEAST_HU else low
    message = tr("Voxels of {low:g} HU lie outside the scanned field and are left out of statistics.", low=low)
    if declared:
        message = tr(
            "Voxels of {low:g} HU lie outside the scanned field and are left out of statistics, "
            "although the header names {stated:g}.",
            low=low,
            stated=declared[0],
        )
    return (low, high), (Finding("padding", message, "info"),)


def unusable_padding() -> Finding:
    """Say that the header names padding which is no one range of values: scaled differently from slice to slice."""
    message = tr("The value that the header names for pixels outside the image is another one in every slice, or goes "
                 "through a table: it is not left out of the window and of statistics.")  # fmt: skip
    return Finding("mixed-values", message, "info")
