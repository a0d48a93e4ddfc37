"""Stages and plans as scripts carry them: the fields and defaults of ``plans``, without their checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One transform that is fitted; the next stage begins where it ends."""

    transform: str
    metric: str = "mattes"
    bins: int = 32
    radius: int = 4
    optimiser: str = "regular_step"
    iterations: int = 200
    step: float = 1.0
    least_step: float = 1e-3
    tolerance: float = 1e-6
    sampling: str = "random"
    share: float = 0.05
    shrink: Sequence[int] = (4, 2, 1)
    smooth: Sequence[float] = (2.0, 1.0, 0.0)
    interpolator: str = "linear"
    scales: str = "physical"
    mesh: float = 40.0
    order: int = 3
    refine: bool = True
    variant: str = "diffeomorphic"
    field_sigma: float = 1.5
    update_sigma: float = 0.0
    match: bool = True


def changed(stage: Stage, **fields: Any) -> Stage:
    """Return a stage with some other fields."""
    return replace(stage, **fields)


@dataclass(frozen=True)
class Plan:
    """Where a registration starts, and its stages."""

    stages: Sequence[Stage]
    start: str = "centres"
