"""What a registration came to, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.layer import ImageLayer
from pellucid.model.placement import Placement

if TYPE_CHECKING:
    from pellucid.operations.engines.registration.outcome import Outcome
    from pellucid.operations.engines.registration.plans import Stage
    from pellucid.session.registration_runs import Asked


@dataclass(frozen=True, eq=False)
class Result:
    """What a registration came to."""

    asked: Asked
    outcome: Outcome
    placement: Placement
    remarks: tuple[str, ...] = ()
    kept: bool = False
    """Whether it was stopped and its estimate kept."""
    before: Placement | None = None
    """Where the moving image lay before."""

    @property
    def fixed(self) -> ImageLayer:
        """Return the image that stayed."""
        return self.asked.fixed

    @property
    def moving(self) -> ImageLayer:
        """Return the image that was placed."""
        return self.asked.moving

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Return the stages it took."""
        return self.asked.plan.stages

    @property
    def is_in_force(self) -> bool:
        """Return whether the moving image lies where it was put, and this was not undone."""
        return self.moving.placement is self.placement

    @property
    def is_doubtful(self) -> bool:
        """Return whether somebody should look closely."""
        return not self.outcome.converged or bool(self.outcome.doubts)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Return what is to be said of it."""
        doubts = self.outcome.doubts
        if not doubts and self.outcome.converged:
            doubts = (tr("Converged. Nothing speaks against the result; compare before and after all the same."),)
        elif not doubts:
            doubts = (tr("The optimiser did not come to rest: give it more iterations, or a better start."),)
        return (*doubts, *filter(None, (self.outcome.unmeasured,)), *self.remarks)


def remarks_on(asked: Asked) -> tuple[str, ...]:
    """Return what is to be known of a result beside its outcome: what was changed meanwhile, which frame it is of."""
    said = []
    for layer, volume in ((asked.fixed, asked.fixed_volume), (asked.moving, asked.moving_volume)):
        if volume not in layer.frames:
            said.append(tr("“{name}” was changed meanwhile; the result is that of the image before.", name=layer.name))
        elif len(layer.frames) > 1:
            frame = 1 + next(n for n, one in enumerate(layer.frames) if one is volume)
            said.append(tr("Of “{name}” frame {frame} was registered; it holds for all.", name=layer.name, frame=frame))
    return tuple(said)
