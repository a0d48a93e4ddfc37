"""How the values of a volume come from the numbers a file stores: modality value = stored × slope + intercept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Rescale:
    """Slope and intercept of every slice (one for all, where they agree), and the type of the stored numbers.

    ``low`` and ``high`` are the lowest and highest number that can be stored. DICOM PS3.3 C.11.1.1.2 (Rescale Slope
    and Intercept), NIfTI-1 ``scl_slope`` and ``scl_inter``.
    """

    slopes: tuple[float, ...] = (1.0,)
    intercepts: tuple[float, ...] = (0.0,)
    type_name: str = ""
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, pairs: list[tuple[float, float]], type_name: str, low: float, high: float) -> Rescale:
        """Return the rescaling of slices with these (slope, intercept)."""
        kept = pairs[:1] if len(set(pairs)) == 1 else pairs
        slopes, intercepts = zip(*kept, strict=True)
        return cls(tuple(slopes), tuple(intercepts), type_name, low, high)

    def at(self, z: int) -> tuple[float, float]:
        """Return (slope, intercept) of a slice."""
        n = z if len(self.slopes) > 1 else 0
        return self.slopes[n], self.intercepts[n]

    def stored(self, values: ArrayLike, z: ArrayLike) -> NDArray[Any]:
        """Return the stored numbers of modality values on slices ``z``: whole numbers, unless floats are stored."""
        n = np.asarray(z) if len(self.slopes) > 1 else np.zeros_like(np.asarray(z))
        slopes, intercepts = np.array(self.slopes)[n], np.array(self.intercepts)[n]
        raw = (np.asarray(values, dtype=np.float64) - intercepts) / slopes
        return np.asarray(raw if self.type_name.startswith("float") else np.rint(raw))
