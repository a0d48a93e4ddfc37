"""Register two images by a plan."""

from __future__ import annotations

import SimpleITK as sitk

from pellucid.operations.context import Context
from pellucid.operations.engines.registration.outcome import Outcome, Watch
from pellucid.operations.engines.registration.plans import Plan


def register(
    fixed: sitk.Image, moving: sitk.Image, plan: Plan, context: Context, *,
    fixed_mask: sitk.Image | None = None, moving_mask: sitk.Image | None = None,
    initial: sitk.Transform | None = None, seed: int = 1, watch: Watch | None = None,
) -> Outcome:  # fmt: skip
    """Return the transform that brings a moving image onto a fixed one."""
    raise NotImplementedError
