"""Steps changed, what follows taken again, and all of it committed as one step; newer work is never overwritten."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.history.layers import ReplaceVolume
from pellucid.history.painting import PatchLabels, replace_label
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.histogram import auto_limits, histogram
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume
from pellucid.recipes import together
from pellucid.session.bases import Base
from pellucid.session.chains import Begun, Chain, Steps, first_open, of_frame, rescaling
from pellucid.session.recomputing import Recomputation
from pellucid.session.results import add_layer, image_like, labels_like

if TYPE_CHECKING:
    from pellucid.session.session import Session

Limits = tuple[float, float] | None


@dataclass(frozen=True)
class Change:
    """The steps a layer shall have instead, what the history calls that, and the name of a layer of its own."""

    whole: Steps
    title: str
    name: str
    branch: bool = False


class ImageRemaking:
    """Takes an image with its changed steps: in place of the old one, or as a layer beside it."""

    def __init__(self, session: Session, chain: Chain, change: Change) -> None:
        assert isinstance(chain.layer, ImageLayer)
        self._session, self._layer, self._chain, self._change = session, chain.layer, chain, change
        self._before = chain.layer.frames
        self._shown = min(chain.layer.frame, len(chain.layer.frames) - 1)
        self._here = Begun.at(chain.layer).here
        self._frames: tuple[Volume, ...] = ()
        self._base: tuple[Volume, ...] = ()
        self._limits: Limits = None

    def compute(self, base: Base, recomputation: Recomputation, job: Job) -> None:
        """Take the steps of every frame they changed for."""
        self._base = base.read(job)
        old, new = self._chain.whole, self._change.whole
        if any(together.works_together(step) for step in (*old, *new)):
            self._frames = self._together(new, recomputation, job)
            self._fit_window(old, new)
            return
        frames = []
        for n, volume in enumerate(self._before):
            was, now = of_frame(old, n), of_frame(new, n)
            wanted = n == self._shown if self._change.branch else was != now
            taken = replace(recomputation, first=first_open(now))
            frames.append(taken.take(self._base[n], now) if wanted else volume)
        self._frames = tuple(frames)
        self._fit_window(old, new)

    def _together(self, new: Steps, recomputation: Recomputation, job: Job) -> tuple[Volume, ...]:
        """Take steps of which some work on all frames together."""
        from pellucid.operations.operation import Context

        if self._change.branch:
            raise Refused(tr("Steps that work on all frames together cannot be taken on a branch of one frame."))
        context = Context(job.report, job.cancelled, remark=recomputation.remark)
        frames = self._base
        for part in together.parts(new[first_open(new) :]):
            if part[0].enabled and together.works_together(part[0]):
                frames = together.take(part[0], frames, context)
            else:
                frames = tuple(recomputation.take(one, of_frame(part, n)) for n, one in enumerate(frames))
        return frames

    def _fit_window(self, old: Steps, new: Steps) -> None:
        """Give values in another unit or range a window of their own."""
        self._shown = min(self._shown, len(self._frames) - 1)
        shown = self._frames[self._shown]
        was, now = of_frame(old, self._shown), of_frame(new, self._shown)
        if rescaling(was) != rescaling(now) or shown.components != self._before[0].components:
            if not shown.is_colour or shown.dtype != np.uint8:
                self._limits = auto_limits(histogram(shown))

    def commit(self) -> None:
        """Put it into the document as one step."""
        layer, change, history = self._layer, self._change, self._session.history
        there = layer in self._session.document and layer.frames == self._before
        if there and layer.provenance == self._chain.whole and not change.branch:
            layer.base = layer.base or (self._base if layer.provenance else ())
            history.do(ReplaceVolume(layer, self._frames, change.whole, change.title, limits=self._limits))
            return
        n = self._shown
        begun = Begun(of_frame(change.whole, n), self._base[n : n + 1], self._here)
        new = image_like(layer, self._frames[n], begun.then(), begun.base, change.name, self._limits)
        add_layer(self._session, new, change.title)


class LabelRemaking:
    """Takes a label with its changed steps: in place of the old one, or as a label layer beside it."""

    def __init__(self, session: Session, chain: Chain, change: Change) -> None:
        assert isinstance(chain.layer, LabelLayer)
        self._session, self._layer, self._chain, self._change = session, chain.layer, chain, change
        self._state = self._stamp()
        self._made: Volume | None = None
        self._patch: PatchLabels | None = None
        if not change.branch and self._layer.labels.label(chain.label).locked:
            name = self._layer.labels.label(chain.label).name
            raise Refused(tr("The label “{name}” is locked. Unlock it in the label table first.", name=name))

    def _stamp(self) -> tuple[int, Steps, tuple[int, ...]]:
        labels = self._layer.labels
        return labels.version, self._layer.provenance, tuple(row.value for row in labels.labels if row.locked)

    def compute(self, base: Base, recomputation: Recomputation, job: Job) -> None:
        """Take the steps and find the voxels that will change."""
        (begin,) = base.read(job)
        steps = self._steps()
        made = replace(recomputation, first=first_open(steps)).take(begin, steps)
        if not self._change.branch:
            if not made.geometry.same_grid(self._layer.own_geometry):
                raise Refused(
                    tr("The label would lie on another grid than “{name}”. Use Branch to get it as a layer of its own.",
                       name=self._layer.name)
                )  # fmt: skip
            self._patch = replace_label(
                self._layer, self._chain.label, made.array != 0, self._change.title, provenance=self._change.whole,
                even_if_same=True,
            )  # fmt: skip
        self._made = made

    def commit(self) -> None:
        """Put it into the document as one step."""
        there = self._layer in self._session.document and self._state == self._stamp()
        if there and self._patch is not None:
            self._session.history.do(self._patch)
        elif self._made is not None and (self._change.branch or not there):
            row = self._layer.labels.label(self._chain.label)
            new = labels_like(self._layer, self._made.geometry, self._made.array != 0, self._steps(), row)
            new.name = self._change.name
            add_layer(self._session, new, self._change.title)

    def _steps(self) -> Steps:
        return Chain.of(self._layer, self._change.whole, self._chain.label).steps


def remaking(session: Session, chain: Chain, change: Change) -> ImageRemaking | LabelRemaking:
    """Return what takes the result of changed steps: ``compute`` on a worker, ``commit`` on the main thread."""
    if isinstance(chain.layer, LabelLayer):
        return LabelRemaking(session, chain, change)
    return ImageRemaking(session, chain, change)
