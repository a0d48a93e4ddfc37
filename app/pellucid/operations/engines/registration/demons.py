"""Demons: every voxel of the fixed image gets a displacement of its own."""

from __future__ import annotations

from pellucid.operations.engines.registration.chains import Chain
from pellucid.operations.engines.registration.course import Course
from pellucid.operations.engines.registration.plans import Stage
from pellucid.operations.engines.registration.stages import End


def fit(chain: Chain, stage: Stage, number: int, course: Course, seed: int) -> tuple[Chain, End]:
    raise NotImplementedError
