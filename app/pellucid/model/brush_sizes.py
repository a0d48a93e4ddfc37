"""Which diameters of a brush make sense on a grid: a micrograph is smaller than the smallest brush for a body."""

from __future__ import annotations

import math

from pellucid.model.geometry import Geometry

_BODY = 0.5, 200.0
"""The smallest and the largest diameter in mm that are offered where the grid does not ask for others."""


def brush_limits(geometry: Geometry | None) -> tuple[float, float]:
    """Return the smallest and the largest diameter that are offered on a grid, in its unit of length."""
    if geometry is None:
        return _BODY
    sides = [length for length, count in zip(geometry.spacing, geometry.size, strict=True) if count > 1]
    if not sides:
        return _BODY
    return min(_BODY[0], min(sides)), min(_BODY[1], _extent(geometry))


def fitting_brush(diameter: float, geometry: Geometry | None) -> float:
    """Return the diameter, or another where it would cover half of a grid at once or less than half a voxel."""
    if geometry is None:
        return diameter
    smallest, _largest = brush_limits(geometry)
    widest = _extent(geometry)
    if smallest / 2 <= diameter <= widest / 2 or widest <= 2 * smallest:
        return diameter
    wanted = widest / 30
    power = 10.0 ** math.floor(math.log10(wanted))
    return float(f"{max(n * power for n in (1, 2, 5) if n * power <= wanted):.4g}")


def resized_brush(diameter: float, steps: int, geometry: Geometry | None = None) -> float:
    """Return the diameter after steps of about a tenth, in half millimetres (finer when small)."""
    wanted = diameter * 1.12**steps
    top = max(wanted, diameter)
    unit = 0.5 if top >= 3 else 0.1 if top >= 0.6 else 10.0 ** (math.floor(math.log10(top)) - 1)
    rounded = round(wanted / unit) * unit
    if math.isclose(rounded, diameter):
        rounded = diameter + math.copysign(unit, steps)
    smallest, largest = brush_limits(geometry)
    return float(f"{min(max(rounded, smallest), largest):.6g}")


def _extent(geometry: Geometry) -> float:
    sides = (length * count for length, count in zip(geometry.spacing, geometry.size, strict=True) if count > 1)
    return max(sides, default=max(geometry.spacing))
