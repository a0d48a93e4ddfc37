"""Where an image goes that was made from a label or a label map: a distance map, the values of labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.model.findings import Refused
from pellucid.model.histogram import auto_limits, histogram
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume
from pellucid.session.bases import base_of
from pellucid.session.chains import Chain, Steps, common_steps
from pellucid.session.results import Step, add_layer

if TYPE_CHECKING:
    import SimpleITK as sitk

    from pellucid.session.session import Session


class LabelImagePlace:
    """Takes an image made from labels as a layer of its own, with the steps that lead to it from an image."""

    def __init__(self, session: Session, target: LabelLayer, step: Step) -> None:
        self._session, self._step, self._target = session, step, target
        self._steps, self._base = _begun(session, target, step)
        self._volume: Volume | None = None
        self._limits = (0.0, 1.0)

    def prepare(self, result: Volume | sitk.Image) -> None:
        """Take the image, and find a window for it."""
        self._volume = result if isinstance(result, Volume) else Volume(result, self._target.own_geometry)
        self._limits = auto_limits(histogram(self._volume))

    def commit(self) -> None:
        """Add it as a layer."""
        if self._volume is None:
            return
        name = f"{self._target.name} – {self._step.name}"
        new = ImageLayer(
            name, (self._volume,), provenance=self._steps, base=self._base, placement=self._target.placement
        )
        new.display.set_limits(*self._limits)
        new.first_limits = self._limits
        add_layer(self._session, new, self._step.title)


def _begun(session: Session, target: LabelLayer, step: Step) -> tuple[Steps, tuple[Volume, ...]]:
    """Return the steps from an image to the result and that image, or nothing where they do not begin with one."""
    chain = Chain.of(target)
    before = common_steps(target) if step.takes == "labels" else chain.steps
    try:
        base = base_of(session, chain)
    except Refused:
        return (), ()
    if not before or base.kind != "image" or not base.frames:
        return (), ()
    return tuple(replace(one, label=0) for one in (*before, *step.made)), base.frames
