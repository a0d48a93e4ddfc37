"""What the steps of a layer began with: kept by the layer, found in another one, read again, or honestly unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import HAND_EDIT, ImageLayer, LabelLayer, Layer, Source
from pellucid.model.volume import Volume, image_from_array
from pellucid.session.chains import Chain, is_fixed, start_of

if TYPE_CHECKING:
    from pellucid.session.session import Session


@dataclass(frozen=True, eq=False)
class Base:
    """The frames before the first step, or the ``source`` they must be read from; one frame for a label.

    ``kind`` is what they are, ``image`` or ``mask``. The empty mask before all steps of a label is made only when it is
    ``read``: whether steps can be changed is asked after each stroke, and a mask is as large as the label map.
    """

    frames: tuple[Volume, ...]
    kind: str = "image"
    source: Source | None = None
    frame: int | None = None
    blank_on: LabelLayer | None = None

    def read(self, job: Job) -> tuple[Volume, ...]:
        """Return the frames, on a worker; raise Refused when the source is gone."""
        if self.blank_on is not None:
            return (blank_mask(self.blank_on),)
        if self.source is None:
            return self.frames
        from pellucid.files.sources import read_source

        frames = read_source(self.source, progress=lambda f: job.report(0.2 * f), cancelled=job.cancelled)
        return frames if self.frame is None else frames[self.frame : self.frame + 1]


def base_of(session: Session, chain: Chain) -> Base:
    """Return what a chain began with; raise Refused with the sentence that says why it is not known."""
    if isinstance(chain.layer, LabelLayer):
        return _of_label(session, chain, chain.layer)
    return _of_image(chain.layer)


def _of_image(layer: ImageLayer, frame: int | None = None) -> Base:
    frames = layer.base if layer.provenance else layer.frames
    if frames:
        return Base(frames if frame is None else frames[frame : frame + 1])
    start = start_of(layer.provenance)
    if layer.source.paths and not any(is_fixed(step) for step in layer.provenance):
        taken = start.frame if start is not None else frame
        return Base((), source=layer.source, frame=taken)
    raise _unknown(layer)


def _unknown(layer: Layer) -> Refused:
    return Refused(
        tr("What “{name}” was before its first step is not known, so its steps cannot be changed.", name=layer.name)
    )


def _of_label(session: Session, chain: Chain, layer: LabelLayer) -> Base:
    steps, start = chain.steps, chain.start
    if any(is_fixed(step) for step in steps):
        raise _unknown(layer)
    if start is not None:
        image = session.document.find(start.layer)
    else:
        if not steps or steps[0].operation == HAND_EDIT:
            return Base((), "mask", blank_on=layer)
        image = next((one for one in session.document.images if (one.name,) == steps[0].inputs[:1]), None)
    if not isinstance(image, ImageLayer):
        name = start.name if start is not None else (steps[0].inputs or ("?",))[0]
        raise Refused(
            tr("The image “{name}” that this label was made from is not open any more. Undo until it is back, or "
               "make the label anew.", name=name)
        )  # fmt: skip
    return _of_image(image, start.frame if start is not None else min(image.frame, len(image.frames) - 1))


def blank_mask(layer: LabelLayer) -> Volume:
    """Return an empty mask on the grid of a label layer."""
    geometry = layer.own_geometry
    return Volume(image_from_array(np.zeros(layer.labels.shape, np.uint8), geometry), geometry)
