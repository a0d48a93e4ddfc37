"""Preview and apply of an operation: only here do operations meet layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from psygnal import Signal

from pellucid.history.layers import ReplaceVolume
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.labels import color_for
from pellucid.model.layer import ImageLayer, LabelLayer, Provenance
from pellucid.model.volume import Volume
from pellucid.recipes.own_steps import MAKE_EVEN
from pellucid.recipes.replay import wrapped
from pellucid.recipes.row_units import honest
from pellucid.recipes.step_words import describe
from pellucid.session.answers import place_for
from pellucid.session.evolving import ITERATIONS
from pellucid.session.inputs import Choice, Inputs
from pellucid.session.previewing import Answer, Asked, previewed
from pellucid.session.results import FramesPlace, Step

if TYPE_CHECKING:
    from pellucid.operations.operation import Operation, Port
    from pellucid.session.session import Session

class Ready(NamedTuple):
    """An operation that can run now: settled by its parameters, with what it works on."""

    operation: Operation
    target: ImageLayer | LabelLayer
    inputs: tuple[Any, ...]
    parameters: dict[str, Any]


class Running:
    """Run operations on the active image or the active label."""

    remarked = Signal(object)
    """Emitted with the sentences that an operation said about the result of a preview; none clears them."""
    answered = Signal(object)
    """Emitted with the ``Table`` or the ``Rows`` that an operation measured, and with None when it holds no longer."""
    tabled = Signal(object, object)
    """Emitted with the ``Rows`` that were asked for by Apply, and the ``Step`` that made them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._again: Callable[[], object] | None = None
        self._job: Job | None = None
        self._previewed: ImageLayer | None = None
        self._edits: list[Job] = []
        self.inputs = Inputs(session)

    def operations(self) -> Mapping[str, Operation]:
        """Return every registered operation by its id."""
        from pellucid.operations.operation import registry

        return registry()

    def choices(self, operation_id: str, port: Port) -> tuple[tuple[str, Choice], ...]:
        """Return (title, choice) of everything that can be a further input of an operation."""
        return self.inputs.choices(self.operations()[operation_id], port)

    def why_not(self, operation_id: str) -> str:
        """Return the sentence that says why an operation cannot run now, or ``""`` when it can."""
        try:
            operation = self.operations()[operation_id]
            self.inputs.check(operation, self.inputs.target(operation), (), complete=False)
        except Refused as refusal:
            return str(refusal)
        return ""

    # ---------------------------------------------------------------- preview

    def preview(self, operation_id: str, values: dict[str, Any], others: Sequence[Choice] = ()) -> Job | None:
        """Show what an operation would do on the visible slices; the document stays as it is."""
        session, others = self._session, tuple(others)
        values = dict(values)
        self._again = lambda: self.preview(operation_id, values, others)
        try:
            operation, _target, inputs, parameters = self._ready(operation_id, values, others)
        except Refused as refusal:
            self.fail(str(refusal))
            return None
        image = session.document.active_image
        if image is None:
            return None
        slices, volume = session.visible_slices(), image.volume
        plain = operation.same_grid and operation.output not in ("table", "rows")
        if not slices and plain and (image.placement is None or operation.evolution is not None):
            self.fail(tr("No pane shows a plain slice to preview. Reset the planes, or set the slab to one slice."))
            return None
        asked = Asked(operation, inputs, parameters, slices, volume, self.color())
        if operation.evolution is not None:
            return session.evolving.begin(image, asked)
        title = tr("Preview of {title}", title=tr(operation.title))
        return self.ask(image, title, lambda job: previewed(asked, job), self._again)

    def ask(self, image: ImageLayer, title: str, work: Callable[[Job], Answer], again: Callable[[], object]) -> Job:
        """Have a preview computed and show it on an image; ``again`` asks anew when other slices are visible."""
        session, volume, self._again = self._session, image.volume, again
        session.preview_state.emit("computing")

        def done(answer: Answer) -> None:
            if self._again is None or image.volume is not volume or image not in session.document:
                return
            self.show(image, answer)

        self._job = session.jobs.query("preview", title, work, done, self.fail, quiet=True)
        return self._job

    def refresh_preview(self) -> None:
        """Compute the preview again, for the slices that are visible now; while cine plays there is none."""
        if self._again is not None and not self._session.playing.is_playing:
            self._again()

    def clear_preview(self) -> None:
        """Drop the preview and show the image as it is."""
        self._again = None
        if self._job is not None:
            self._job.cancel()
            self._job = None
        self.inputs.forget()
        if self._previewed is not None:
            self._previewed.preview = None
            self._previewed = None
        self._session.preview_state.emit("")
        self.remarked.emit(())

    def show(self, image: ImageLayer, answer: Answer) -> None:
        """Show a preview on an image: the answer to what was asked, or one on the way to it."""
        if self._previewed is not None and self._previewed is not image:
            self._previewed.preview = None
        self._previewed = image
        image.preview = answer.preview
        self._session.preview_state.emit("shown")
        self.remarked.emit(answer.remarks)
        if answer.table is not None:
            self.answered.emit(answer.table)

    def fail(self, sentence: str) -> None:
        """Show no preview, and say why."""
        if self._previewed is not None:
            self._previewed.preview = None
        self._session.preview_state.emit(sentence)
        self.remarked.emit(())
        self.answered.emit(None)

    def color(self) -> str:
        """Return the colour of a mask that is previewed: that of the active label."""
        layer = self._session.document.active_labels
        return layer.labels.label(layer.active_label).color if layer is not None else color_for(1)

    # ---------------------------------------------------------------- apply

    def apply(self, operation_id: str, values: dict[str, Any], *, as_new_layer: bool = False,
              others: Sequence[Choice] = (), all_frames: bool = False) -> Job:  # fmt: skip
        """Run an operation on the whole active image or label in the background and commit one named step.

        Of a time series the shown frame is changed, with ``all_frames`` each. Raises Refused when the operation cannot
        run on what is active.
        """
        ready = self._ready(operation_id, values, others)
        evolved = self._evolved(ready)
        if evolved is not None:
            ready = ready._replace(parameters=ready.parameters | {ITERATIONS: evolved[0]})
        name, step = self._step(ready, others)
        self.clear_preview()
        place, firsts = self._place(ready, step, as_new_layer=as_new_layer, all_frames=all_frames)
        made = None if evolved is None else evolved[1]
        remarks: list[str] = []

        def work(job: Job) -> None:
            results = tuple(_taken(ready, first, job, remarks, n / len(firsts), 1 / len(firsts), made)
                            for n, first in enumerate(firsts))  # fmt: skip
            place.prepare(results if isinstance(place, FramesPlace) else results[0])

        def done(_nothing: None) -> None:
            self._commit(place, ready.target, name, remarks)

        return self.edit(name, work, done, lambda sentence: self._session.notice.emit(sentence, "error"))

    def _ready(self, operation_id: str, values: dict[str, Any], others: Sequence[Choice]) -> Ready:
        """Return what can be run, or raise Refused."""
        operation = self.operations()[operation_id]
        target = self.inputs.target(operation)
        self.inputs.check(operation, target, others)
        parameters = validated(operation, values)
        operation = operation.settled(parameters)
        return Ready(operation, target, self.inputs.volumes(operation, target, others), parameters)

    def _step(self, ready: Ready, others: Sequence[Choice]) -> tuple[str, Step]:
        """Return the name of what is run, and the step that it becomes."""
        operation, target, _inputs, parameters = ready
        name = describe(operation, parameters, target.volume.unit if isinstance(target, ImageLayer) else "")
        made = Provenance(operation.id, parameters, self.inputs.names(target, others))
        step = Step.of(operation, made, tr("{operation} on {layer}", operation=name, layer=target.name))
        return name, replace(step, rows=self.inputs.rows(operation, others))

    def _place(self, ready: Ready, step: Step, *, as_new_layer: bool, all_frames: bool) -> tuple[Any, tuple[Any, ...]]:
        """Return what takes the results, and the first input of each."""
        operation, target, inputs, _parameters = ready
        as_new_layer = as_new_layer or (operation.output == "mask" and "labels" in operation.inputs[1:])
        series = all_frames and isinstance(target, ImageLayer) and len(target.frames) > 1
        if series and operation.output == "image":
            assert isinstance(target, ImageLayer)
            return FramesPlace(self._session, target, step, as_new_layer=as_new_layer), target.frames
        return place_for(self._session, target, step, as_new_layer=as_new_layer), inputs[:1]

    def _commit(self, place: Any, target: ImageLayer | LabelLayer, name: str, remarks: list[str]) -> None:
        """Put what was made into the document, if what it was made of is still open."""
        notice = self._session.notice
        if target not in self._session.document:
            notice.emit(tr("“{name}” is no longer open; the result of {operation} was dropped.",
                           name=target.name, operation=name), "info")  # fmt: skip
            return
        place.commit()
        if remarks:
            notice.emit(" ".join(dict.fromkeys(remarks)), "info")

    def _evolved(self, ready: Ready) -> tuple[int, Callable[[Any], Any]] | None:
        """Return how far a contour that is being watched came, and what makes its mask; None where there is none."""
        operation, target, inputs, parameters = ready
        if operation.evolution is None or not isinstance(target, ImageLayer):
            return None
        asked = Asked(operation, inputs, parameters, (), target.volume, self.color())
        return self._session.evolving.taken(asked)

    def make_even(self, layer: ImageLayer | None = None) -> Job:
        """Resample an unevenly spaced stack, of the active image if none is named, onto even slices as one step."""
        session = self._session
        layer = layer or session.document.active_image
        if layer is None or layer.geometry.is_even:
            raise Refused(tr("The slices of the active image are evenly spaced already."))
        before = layer.frames

        def work(_job: Job) -> tuple[Volume, ...]:
            from pellucid.files.evening import evened

            return tuple(evened(volume) for volume in before)

        def done(frames: tuple[Volume, ...]) -> None:
            if layer.frames == before and layer in session.document:
                step = Provenance(MAKE_EVEN, {}, (layer.name,))
                title = tr("Make spacing even on {name}", name=layer.name)
                session.history.do(ReplaceVolume(layer, frames, (*layer.provenance, step), title))

        return self.edit(tr("Make spacing even"), work, done, lambda text: session.notice.emit(text, "error"))

    def edit(self, name: str, work: Callable[[Job], Any], done: Callable[[Any], None],
              failed: Callable[[str], None]) -> Job:  # fmt: skip
        """Start work on the document that is given up when everything is closed."""
        job = self._session.jobs.edit(name, work, done, failed)
        self._edits = [*(other for other in self._edits if not other.finished), job]
        return job

    def cancel(self) -> None:
        """Drop the preview and whatever is being applied: what it was for is closed."""
        for job in self._edits:
            job.cancel()
        self._edits.clear()
        self.clear_preview()


def _taken(ready: Ready, first: Any, job: Job, remarks: list[str], begin: float, share: float,
           made: Callable[[Any], Any] | None) -> Any:  # fmt: skip
    """Return what an operation makes of a first volume or label; its progress fills a share of the job's.

    ``made`` has the result already: a contour that was watched.
    """
    from pellucid.operations.operation import Context

    operation, parameters, inputs = ready.operation, ready.parameters, (first, *ready.inputs[1:])
    context = Context(lambda done: job.report(begin + share * done), job.cancelled, remark=remarks.append,
                      padding=first.padding if isinstance(first, Volume) else None)  # fmt: skip
    result = made(context) if made else operation.run(context, *(item.image for item in inputs), **parameters)
    if operation.output in ("rows", "table"):
        return honest(result, first.geometry)
    if not isinstance(first, Volume) and operation.same_grid:
        return result
    volume = first if isinstance(first, Volume) else first.volume
    return wrapped(operation, volume, result, operation.ground(inputs).geometry)


def validated(operation: Operation, values: dict[str, Any]) -> dict[str, Any]:
    """Return the checked parameters of an operation; raise Refused with a sentence."""
    from pellucid.operations.operation import Refused as BadParameters

    try:
        return dict(operation.validate(**values).model_dump())
    except BadParameters as error:
        raise Refused(str(error)) from error
