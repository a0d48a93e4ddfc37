"""The card of one step: its form and inputs, the final result live, Update and Branch; or a new step to insert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.docks.inputs_box import InputsBox
from pellucid.ui.docks.parts import described, dim, flat_button, row, scrolling
from pellucid.ui.docks.run_box import RunBox
from pellucid.ui.docks.seed_link import SeedLink
from pellucid.ui.forms.operation_form import OperationForm

if TYPE_CHECKING:
    from pellucid.model.histogram import Histogram
    from pellucid.model.layer import Provenance
    from pellucid.operations.operation import Operation
    from pellucid.session import Session


class StepBox(RunBox):
    """The foot of a step: Update changes the layer, Branch makes another one."""

    def start(self, operation: Operation) -> None:
        """Begin with an existing step."""
        super().start(operation)
        self.name(tr("Update"), tr("Take this step and all that follow again (Ctrl+Enter); undo brings it back"))
        self.apply_new.setVisible(True)
        self.apply_new.setText(tr("Branch"))
        described(self.apply_new, tr("Branch"), tr("Keep the layer as it is and put the changed steps into a new one"))

    def start_new(self, operation: Operation) -> None:
        """Begin with a step that is not there yet."""
        super().start(operation)
        self.name(tr("Insert"), tr("Insert this step and take all that follow again; undo takes it out"))
        self.apply_new.setVisible(False)

    def name(self, title: str, tip: str) -> None:
        """Say what the main button does."""
        self.apply.setText(title)
        self.apply.setVisible(True)
        described(self.apply, title, tip)

    def _ended(self, job: Job) -> None:
        if not job.error and job.state.value != "cancelled":
            self.say(tr("Done. What follows was taken again."), "good")
        else:
            super()._ended(job)


class StepCard(QWidget):
    """Shows one step at a time; ``position`` is None while there is none."""

    closed = Signal()
    inserted = Signal(int)
    """Emitted with the position of a step that was inserted."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.position: int | None = None
        self.operation: Operation | None = None
        self.form: OperationForm | None = None
        self._step: Provenance | None = None
        self._new = self._previewing = False
        self._seeds = SeedLink(session)
        self._build()

    def _build(self) -> None:
        self.title, self.summary = QLabel(), dim()
        font = self.title.font()
        font.setWeight(font.Weight.DemiBold)
        self.title.setFont(font)
        self.back = flat_button("close", tr("Close"), self.closed.emit, tip=tr("Close without changing anything (Esc)"))
        self.inputs, self.run = InputsBox(), StepBox(self._session)
        self.inputs.edited.connect(self._edited)
        self.run.preview_toggled.connect(self._toggled)
        self.run.apply_asked.connect(self.apply)
        self._form_place = QVBoxLayout()
        body = QWidget()
        inner = QVBoxLayout(body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(theme.MARGIN)
        inner.addWidget(self.summary)
        inner.addWidget(self.inputs)
        inner.addLayout(self._form_place)
        inner.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(row(self.title, self.back, stretch=0))
        column.addWidget(scrolling(body), 1)
        column.addWidget(self.run)

    @property
    def is_new(self) -> bool:
        """Return whether the step that is shown is not there yet."""
        return self._new and self.position is not None

    # ---------------------------------------------------------------- what it shows

    def show_step(self, position: int, step: Provenance, operation: Operation) -> None:
        """Show a step of the active layer; a form that is open for it stays, with the values of the step."""
        same = self._step is not None and position == self.position and operation is self.operation
        if same and step == self._step:
            return
        self._begin(position, operation, new=False, keep=same)
        self._step = step
        self._offer()
        self.inputs.set_value(self._chosen(step))
        if self.form is not None:
            self.form.set_values(step.parameters)
            self._seeds.show(True)
        self.title.setText(tr("Step {number}: {title}", number=position + 1, title=tr(operation.title)))

    def show_new(self, position: int, operation: Operation) -> None:
        """Show an operation that may become a step before the one at a position."""
        self._begin(position, operation, new=True, keep=False)
        self._step = None
        self._offer()
        self.title.setText(tr("New step {number}: {title}", number=position + 1, title=tr(operation.title)))
        self._edited()

    def clear(self) -> None:
        """Show nothing, and drop the preview."""
        self.stop_preview()
        self.position = self.operation = self._step = None
        self._set_form(None)

    def _begin(self, position: int, operation: Operation, *, new: bool, keep: bool) -> None:
        self.stop_preview()
        self.position, self.operation, self._new = position, operation, new
        self.summary.setText(tr(operation.help).partition("\n")[0])
        if keep:
            return
        self._set_form(OperationForm(operation))
        self.inputs.start(operation)
        if new:
            self.run.start_new(operation)
        else:
            self.run.start(operation)
        self.run.allow("")
        self._fit_to_image()

    def _set_form(self, form: OperationForm | None) -> None:
        while (item := self._form_place.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self.form = form
        self._seeds.attach(form)
        if form is not None:
            self._form_place.addWidget(form)
            form.edited.connect(self._edited)
            form.invalid.connect(self._invalid)

    def _fit_to_image(self) -> None:
        image, form = self._session.document.active_image, self.form
        if image is None or form is None:
            return
        form.set_size(image.geometry.size)
        form.set_spacing_known(image.geometry.has_lengths)
        if not form.follows_image:
            return

        def done(histogram: Histogram) -> None:
            if form is self.form and histogram.total:
                form.set_ranges(histogram.minimum, histogram.maximum, image.volume.unit)

        self._session.looking.histogram(image, "volume", done, "recipe step")

    def _offer(self) -> None:
        operation, running = self.operation, self._session.running
        if operation is not None and len(operation.ports) > 1:
            self.inputs.offer(lambda port: running.choices(operation.id, port))

    def _chosen(self, step: Provenance) -> list[Any]:
        known = self._session.running.inputs.by_name()
        missing = [name for name in step.inputs[1:] if name not in known]
        if missing:
            self.run.say(tr("“{name}” is not open. Choose another input.", name=missing[0]), "warning")
        return [known[name] for name in step.inputs[1:] if name in known]

    # ---------------------------------------------------------------- preview

    def _others(self) -> Sequence[Any] | None:
        takes = self.operation is not None and len(self.operation.ports) > 1
        return self.inputs.value() if takes else None

    def _edited(self, *_values: object) -> None:
        self.run.say("")
        self.run.allow("")
        self._seeds.show(self.form is not None)
        if self.position is None or self.form is None or not self.run.preview.isChecked():
            return
        self._previewing = True
        new = self.operation.id if self._new and self.operation is not None else ""
        self._session.recipes.live.show(self.position, self.form.values(), self._others(), new)

    def _invalid(self, sentence: str) -> None:
        self.stop_preview()
        self._seeds.show(True)
        self.run.allow(sentence)

    def _toggled(self, on: bool) -> None:
        if on:
            self._edited()
        else:
            self.stop_preview()
            self._seeds.show(True)

    def stop_preview(self) -> None:
        """Show the layer as it is, without seeds."""
        self._seeds.show(False)
        if self._previewing:
            self._previewing = False
            self._session.running.clear_preview()
            self.run.preview_state("")

    def preview_state(self, state: str) -> None:
        """Take note of where the preview stands."""
        if self._previewing:
            self.run.preview_state(state)

    def remarked(self, remarks: tuple[str, ...]) -> None:
        """Show what the operations remark."""
        if self._previewing or not remarks:
            self.run.remark(" ".join(remarks))

    # ---------------------------------------------------------------- apply

    def apply(self, branch: bool) -> None:
        """Update the layer or insert the step; with ``branch`` make a new layer."""
        if self.position is None or self.form is None or self.operation is None:
            return
        complaint = self.form.check()
        if complaint:
            self.run.say(complaint, "danger")
            return
        recipes, values, others = self._session.recipes, self.form.values(), self._others()
        self._previewing = False
        try:
            if self._new:
                job = recipes.insert(self.position, self.operation.id, values, others or ())
            else:
                job = recipes.edit(self.position, values, others, branch=branch)
        except Refused as refusal:
            self.run.say(str(refusal), "danger")
            return
        self.run.follow(job)
        if self._new:
            job.changed.connect(lambda: self._ended(job))

    def _ended(self, job: Job) -> None:
        """Tell that the new step is there; one that could not be taken stays as it was typed."""
        if self.is_new and job.state is JobState.DONE and self.position is not None:
            self._new = False
            self.inserted.emit(self.position)
