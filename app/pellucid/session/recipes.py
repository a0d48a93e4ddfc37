"""The steps of the active image or label: change one, and what follows is taken again as one undoable step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance
from pellucid.recipes.python_code import Start
from pellucid.recipes.step_words import name_of
from pellucid.session.bases import base_of
from pellucid.session.carrying_over import CarryingOver, planned
from pellucid.session.chains import Chain, Steps, first_open
from pellucid.session.inputs import Choice
from pellucid.session.live_steps import LiveSteps
from pellucid.session.recomputing import Recomputation, StepRefused, check_kinds, kind_after
from pellucid.session.remaking import Change, remaking
from pellucid.session.step_cache import StepCache, key_of

if TYPE_CHECKING:
    from pellucid.session.session import Session

_SHARE = 4
"""What of the history's budget the results between steps may take: one part of so many."""


@dataclass(frozen=True)
class Failure:
    """The step of a layer that could not be taken (-1: one that is not there yet), and the sentence that says why."""

    layer: str
    label: int
    position: int
    sentence: str


class Recipes(CarryingOver):
    """Edits the steps of a layer. Positions count from 0; what cannot be done raises Refused with a sentence."""

    selected_changed = Signal(object)
    """Emitted with the position of the step that is selected, or None."""
    failed = Signal(object)
    """Emitted with the ``Failure`` of the last recomputation, and with None when it holds no longer."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, StepCache(session.history.budget // _SHARE))
        self.live = LiveSteps(session, self)
        self.failure: Failure | None = None
        self._selected: int | None = None
        session.history.changed.connect(self._remember)

    # ---------------------------------------------------------------- what there is

    @property
    def selected(self) -> int | None:
        """Return the position of the step that is looked at."""
        return self._selected

    @selected.setter
    def selected(self, position: int | None) -> None:
        if position != self._selected:
            self._selected = position
            self.selected_changed.emit(position)

    def kind_before(self, chain: Chain, position: int) -> str:
        """Return what a step at a position works on, ``image`` or ``mask``; ``""`` when that is not known."""
        try:
            base = base_of(self._session, chain)
            return kind_after(chain.steps[:position], chain.first_open, base.kind)
        except Refused:
            return ""

    def script_start(self, chain: Chain) -> Start:
        """Return what a script must know of the image that a chain began with."""
        try:
            frames = base_of(self._session, chain).frames
        except Refused:
            frames = ()
        if not frames and isinstance(chain.layer, ImageLayer):
            frames = chain.layer.frames
        return Start(frames[0].components == 4, frames[0].padding) if frames else Start()

    def why_not(self, chain: Chain) -> str:
        """Return the sentence that says why the steps of a chain cannot be changed, or ``""``."""
        try:
            base_of(self._session, chain)
        except Refused as refusal:
            return str(refusal)
        return ""

    # ---------------------------------------------------------------- changes

    def edit(self, position: int, parameters: Mapping[str, Any], others: Sequence[Choice] | None = None,
             *, branch: bool = False) -> Job:  # fmt: skip
        """Change the parameters, and the further inputs, of a step and take what follows again."""
        chain = self._chain()
        step = self.changed_step(chain, position, parameters, others)
        whole = chain.changed(position, parameters=step.parameters, inputs=step.inputs)
        name = name_of(step, self.unit(chain))
        title = (
            tr("Branch of {layer} with {operation}", layer=chain.layer.name, operation=name)
            if branch
            else tr("Edit step {number}: {operation} on {layer}", number=position + 1, operation=name,
                    layer=chain.layer.name)
        )  # fmt: skip
        return self._remake(chain, whole, title, branch=branch, name=f"{chain.layer.name} – {name}")

    def branch(self, position: int, parameters: Mapping[str, Any], others: Sequence[Choice] | None = None) -> Job:
        """Make a new layer with another step at a position; the layer stays as it is."""
        return self.edit(position, parameters, others, branch=True)

    def insert(self, position: int, operation_id: str, parameters: Mapping[str, Any],
               others: Sequence[Choice] = ()) -> Job:  # fmt: skip
        """Put a new step in before the one at a position, which may be the end."""
        chain = self._chain()
        step = self.new_step(chain, operation_id, parameters, others)
        title = tr("Insert {operation} on {layer}", operation=name_of(step, self.unit(chain)), layer=chain.layer.name)
        return self._remake(chain, chain.inserted(max(position, chain.first_open), step), title)

    def remove(self, position: int) -> Job:
        """Take a step out."""
        chain = self._chain(open_at=position)
        name = name_of(chain.steps[position], self.unit(chain))
        title = tr("Remove step {number}: {operation} on {layer}", number=position + 1, operation=name,
                   layer=chain.layer.name)  # fmt: skip
        return self._remake(chain, chain.removed(position), title)

    def move(self, position: int, to: int) -> Job:
        """Take a step at another position."""
        chain = self._chain(open_at=min(position, to))
        name = name_of(chain.steps[position], self.unit(chain))
        title = tr("Move step {number}: {operation} on {layer}", number=position + 1, operation=name,
                   layer=chain.layer.name)  # fmt: skip
        return self._remake(chain, chain.moved(position, to), title)

    def set_enabled(self, position: int, on: bool) -> Job:
        """Take a step, or pass it over while it stays in the list."""
        chain = self._chain(open_at=position)
        name = name_of(chain.steps[position], self.unit(chain))
        words = {"number": position + 1, "operation": name, "layer": chain.layer.name}
        title = (
            tr("Switch on step {number}: {operation} on {layer}", **words)
            if on
            else tr("Switch off step {number}: {operation} on {layer}", **words)
        )
        return self._remake(chain, chain.changed(position, enabled=on), title)

    def new_step(self, chain: Chain, operation_id: str, parameters: Mapping[str, Any],
                 others: Sequence[Choice]) -> Provenance:  # fmt: skip
        """Return a step that a chain could get, with checked parameters."""
        names = self._session.running.inputs.names(chain.layer, others)
        return planned(Provenance(operation_id, dict(parameters), names))

    def changed_step(self, chain: Chain, position: int, parameters: Mapping[str, Any],
                     others: Sequence[Choice] | None) -> Provenance:  # fmt: skip
        """Return a step of a chain with other, checked parameters and inputs."""
        if not chain.first_open <= position < len(chain.steps):
            raise Refused(tr("This step cannot be taken again."))
        step = chain.steps[position]
        if others is not None:
            names = self._session.running.inputs.names(chain.layer, others)
            step = replace(step, inputs=(*step.inputs[:1], *names[1:]))
        return planned(replace(step, parameters={**step.parameters, **parameters}))

    def _remake(self, chain: Chain, whole: Steps, title: str, *, branch: bool = False, name: str = "") -> Job:
        session = self._session
        if isinstance(chain.layer, ImageLayer) and session.loading.is_placeholder(chain.layer):
            raise Refused(tr("The series is still being opened."))
        new = Chain.of(chain.layer, whole, chain.label or None)
        base = base_of(session, chain)
        kind = "mask" if isinstance(chain.layer, LabelLayer) else "image"
        check_kinds(new.steps, new.first_open, base.kind, kind)
        apart = name or tr("{name}, changed", name=chain.layer.name)
        change = Change(whole, title, apart, branch)
        place = remaking(session, chain, change)
        remarks: list[str] = []
        recomputation = Recomputation(self.cache, self.named(new.steps, new.layer), remark=remarks.append)
        self._say_failed(None)
        session.running.clear_preview()

        def work(job: Job) -> None:
            try:
                place.compute(base, replace(recomputation, progress=job.report, cancelled=job.cancelled), job)
            except StepRefused as refusal:
                position = chain.place_before(new.steps, refusal.position)
                failure = Failure(chain.layer.id, chain.label, position, str(refusal))
                session.jobs.post(lambda: self._say_failed(failure))
                raise

        def done(_nothing: None) -> None:
            place.commit()
            if remarks:
                session.notice.emit(" ".join(dict.fromkeys(remarks)), "info")

        return session.running.edit(title, work, done, self._tell)

    # ---------------------------------------------------------------- parts

    def forget(self) -> None:
        """Drop what is kept: everything was closed."""
        self.cache.forget()
        self._say_failed(None)
        self.selected = None

    def _remember(self) -> None:
        """Take note of what images are now: the nearest results of their steps."""
        self.cache.budget = self._session.history.budget // _SHARE
        for layer in self._session.document.images:
            steps = Chain.of(layer).steps
            if steps and layer.base and not any(step.inputs[1:] for step in steps):
                frame = min(layer.frame, len(layer.frames) - 1)
                begin = first_open(steps)
                self.cache.note(key_of(steps[begin:]), (layer.base[frame],), layer.volume)

    def _say_failed(self, failure: Failure | None) -> None:
        if failure != self.failure:
            self.failure = failure
            self.failed.emit(failure)
