"""What has been found so far: parts that are applied one after the other, and the transform they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import SimpleITK as sitk

from pellucid.operations.engines.registration.frames import affine_of, in_space, matrix_of, moved_bend, named
from pellucid.operations.engines.registration.preparing import Pair
from pellucid.operations.pixels import Array

Part: TypeAlias = Array | sitk.Transform
"""A matrix, or a B-spline or displacement field in the world of the fixed image."""


@dataclass(frozen=True, eq=False)
class Chain:
    """Parts in the world of a pair, the last is applied to a fixed point first; ``given`` is a start that bends."""

    pair: Pair
    parts: tuple[Part, ...] = ()
    given: sitk.Transform | None = None

    def then(self, part: Part) -> Chain:
        """Return the chain with a part that is applied before all others; matrices side by side become one."""
        if isinstance(part, sitk.Transform) and part.IsLinear():
            part = matrix_of(part)
        if self.parts and isinstance(part, np.ndarray) and isinstance(self.parts[-1], np.ndarray):
            return replace(self, parts=(*self.parts[:-1], np.asarray(self.parts[-1] @ part)))
        return replace(self, parts=(*self.parts, part))

    @property
    def matrix(self) -> Array | None:
        """Return the matrix that the chain is, or None where something bends."""
        if self.given is not None or any(isinstance(part, sitk.Transform) for part in self.parts):
            return None
        return np.asarray(self.parts[0]) if self.parts else np.eye(self.pair.dimensions + 1)

    def within(self) -> sitk.Transform:
        """Return the transform in the world of the pair."""
        pair = self.pair
        known = [part if isinstance(part, sitk.Transform) else affine_of(part) for part in self.parts]
        if self.given is not None:
            known = [affine_of(np.linalg.inv(pair.moving_frame)), self.given, affine_of(pair.fixed_frame), *known]
        known = known or [sitk.TranslationTransform(pair.dimensions)]
        return known[0] if len(known) == 1 else sitk.CompositeTransform(known)

    def outside(self) -> sitk.Transform:
        """Return the transform from points of the fixed image to points of the moving one, in mm."""
        pair = self.pair
        here, back = pair.fixed_frame, np.linalg.inv(pair.fixed_frame)
        parts: list[Part] = [] if self.given is not None else [pair.moving_frame @ back]
        for part in self.parts:
            if isinstance(part, np.ndarray):
                matrix = here @ (in_space(part) if pair.lifted else part) @ back
                if parts and isinstance(parts[-1], np.ndarray):
                    parts[-1] = parts[-1] @ matrix
                else:
                    parts.append(matrix)
            else:
                parts.append(moved_bend(_lifted_bend(part, pair), here))
        centre = here[:-1, -1].copy()
        known = [part if isinstance(part, sitk.Transform) else named(part, centre) for part in parts]
        if self.given is not None:
            known = [self.given, *known]
        return known[0] if len(known) == 1 else sitk.CompositeTransform(known)


def _lifted_bend(transform: sitk.Transform, pair: Pair) -> sitk.Transform:
    """Return a bend of a plane as one of space that is the same one voxel above and below the plane."""
    if not pair.lifted:
        return transform
    grid = pair.fixed
    field = sitk.TransformToDisplacementField(
        transform, sitk.sitkVectorFloat64, grid.GetSize(), grid.GetOrigin(), grid.GetSpacing(), grid.GetDirection()
    )
    values = sitk.GetArrayFromImage(field)
    vectors = np.zeros((3, *values.shape[:2], 3))
    vectors[..., :2] = values
    lifted = sitk.GetImageFromArray(vectors, isVector=True)
    step = grid.GetSpacing()[0]
    lifted.SetSpacing([*grid.GetSpacing(), step])
    lifted.SetOrigin([*grid.GetOrigin(), -step])
    directions = np.eye(3)
    directions[:2, :2] = np.array(grid.GetDirection()).reshape(2, 2)
    lifted.SetDirection(directions.ravel().tolist())
    return sitk.DisplacementFieldTransform(lifted)
