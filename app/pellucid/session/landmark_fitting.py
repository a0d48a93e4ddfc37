"""How well landmarks can be brought together, and the placement by which they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.model.geometry import Floats, Geometry
from pellucid.model.layer import ImageLayer
from pellucid.model.measuring import written
from pellucid.model.placement import Placement
from pellucid.model.planes import outer_corners
from pellucid.session.placements import box_around, placement_of

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.operations.engines.registration.landmark_fits import Kind


@dataclass(frozen=True)
class Fit:
    """How well a transform can bring the landmarks together; lengths in the unit ``unit``.

    ``away`` is how far apart each pair is after the fit, by name, also those that are left out of it, and ``predicted``
    how far when the fit is made without it. ``problem`` says why there is none.
    """

    kind: Kind
    used: int = 0
    unit: str = "mm"
    away: dict[str, float] = field(default_factory=dict)
    predicted: dict[str, float] = field(default_factory=dict)
    rms: float = 0.0
    predicted_rms: float | None = None
    worst: str = ""
    problem: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the pairs of which each was left out once."""
        return tuple(self.predicted)

    def with_predicted(self, names: Sequence[str], predicted: Sequence[float] | Floats) -> Fit:
        """Return the fit with how far each of its pairs is from where all others take it; NaN where there is none."""
        left = {name: float(n) for name, n in zip(names, predicted, strict=True) if np.isfinite(n)}
        told = left if self.kind == "thin_plate" else {name: self.away[name] for name in names}
        return replace(
            self, predicted=left, predicted_rms=rms_of(list(left.values())) if left else None,
            worst=max(told, key=lambda name: told[name]) if len(told) > 2 else "",
        )  # fmt: skip


def distance_text(length: float) -> str:
    """Write how far two points are apart; what only rounding left is 0."""
    return written(round(length, 3) + 0.0)


@dataclass(frozen=True)
class How:
    """In which space two images are fitted: ``planar`` as pictures, or as slices with their normals."""

    planar: bool
    normals: tuple[Floats, Floats] | None

    @staticmethod
    def of(images: tuple[ImageLayer, ImageLayer]) -> How:
        """Return how two images are fitted."""
        planar = all(int(image.volume.image.GetDimension()) == 2 for image in images)
        fixed, moving = images[0].geometry, images[1].volume.geometry
        flat = not planar and fixed.size[2] == 1 and moving.size[2] == 1
        return How(planar, (_normal(fixed), _normal(moving)) if flat else None)


def _normal(geometry: Geometry) -> Floats:
    return np.cross(geometry.axes[:, 0], geometry.axes[:, 1])


def predicted_by(
    kind: Kind, points: tuple[Floats, Floats], how: How, check: Callable[[], None] = lambda: None
) -> Floats:  # fmt: skip
    """Return how far each pair is from where a fit to all others takes it; some ms for each pair."""
    from pellucid.operations.engines.registration.landmark_fits import left_out

    return left_out(kind, *points, how.planar, normals=how.normals, check=check)


def rms_of(lengths: Sequence[float]) -> float:
    """Return the root of the mean of the squares, 0 of none."""
    return float(np.sqrt(np.mean(np.square(lengths)))) if lengths else 0.0


def placement_by(
    kind: Kind, points: tuple[Floats, Floats], grids: tuple[Geometry, Geometry], how: How, title: str,
    job: Job | None = None,
) -> Placement:  # fmt: skip
    """Return the placement of a moving image by points (n, 3) in the common and in its own world; grids: fixed, own."""
    from pellucid.operations.engines.registration import landmark_fits
    from pellucid.operations.engines.registration.splitting import apply

    onto, own = grids
    if kind != "thin_plate":
        made = landmark_fits.fit(kind, *points, how.planar, normals=how.normals)
        return placement_of(made, onto, own, title)
    affine = landmark_fits.fit("affine", *points, how.planar, normals=how.normals)
    both = np.vstack([outer_corners(onto), apply(affine.GetInverse(), outer_corners(own))])
    check = job.check if job is not None else lambda: None
    made = landmark_fits.fit(
        kind, *points, how.planar, normals=how.normals, domain=box_around(both, onto), check=check
    )
    return placement_of(made, onto, own, title)
