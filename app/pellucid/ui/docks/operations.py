"""The panels “Filters” and “Segmentation”: choose an operation, set it, see it, apply it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from pellucid.language import mark, tr
from pellucid.model.crop_box import Box
from pellucid.model.findings import Refused
from pellucid.session.framing import Framed
from pellucid.ui.docks.beginnings import from_grid, from_values, not_stated, scale_of
from pellucid.ui.docks.operation_card import OperationCard
from pellucid.ui.docks.operation_list import OperationList
from pellucid.ui.docks.parts import EmptyState, Panel, allow
from pellucid.ui.docks.seed_link import SeedLink
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.operation_form import LIMITS, OperationForm

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.model.histogram import Histogram
    from pellucid.model.layer import ImageLayer
    from pellucid.operations.answers import Table
    from pellucid.operations.operation import Operation
    from pellucid.session import Session

ROOM_FOR_BOTH = 520
"""Below this height in pixels the list folds away while an operation is set."""
TITLES = {"Filters": mark("Filters"), "Segment": mark("Segmentation")}
EMPTY = {
    "Filters": mark("Choose a filter to set it and see it at once on the slices in view."),
    "Segment": mark("Choose a threshold to make a mask, or a clean-up for the active label."),
}


def starting_limits(limits: tuple[float, float], histogram: Histogram) -> tuple[float, float]:
    """Return limits that mean something on an image: as declared where they do, else the brighter quarter."""
    low, high = limits
    if histogram.minimum < low < histogram.maximum and high > low:
        return low, min(high, float(histogram.maximum))
    return float(histogram.percentile(75)), float(histogram.maximum)


class OperationsDock(Panel):
    """The operations of one menu, the form of the chosen one, preview and apply."""

    limits_shown = Signal(object)
    """Emitted with the two limits the histogram should show, or None."""

    def __init__(self, session: Session, root: str = "Filters", parent: QWidget | None = None) -> None:
        super().__init__(TITLES[root], parent)
        self._session, self._root = session, root
        self._operations: Mapping[str, Operation] = {}
        self._asked: list[Callable[[], object]] = []
        self.operation: Operation | None = None
        self.form: OperationForm | None = None
        self._previewing = self._starting = False
        self._seeds = SeedLink(session)
        self._in_front = True
        self._watch = LayerWatch(lambda what: self._check() if what in ("table", "active_label", "frames") else None)
        self._build()
        document = session.document
        for signal in (document.active_changed, document.inserted, document.removed):
            signal.connect(self._document_changed)
        session.preview_state.connect(self._preview_state)
        session.running.remarked.connect(self._remarked)
        session.running.answered.connect(self._answered)
        session.framing.dragged.connect(self._box_dragged)
        self._document_changed()

    # ---------------------------------------------------------------- for the main window

    def choose(self, operation_id: str) -> None:
        """Show the form of an operation, as a click on it in the list does."""
        self._load_registry(lambda: self.list.select(operation_id))

    def set_limits(self, low: float, high: float) -> None:
        """Take the limits that were dragged on the histogram."""
        if self.form is not None:
            self.form.set_limits(low, high)

    def close_operation(self) -> None:
        """Drop the preview and return to the list; what Escape does."""
        if self.operation is not None:
            self._stop_preview()
            self.operation = self.form = None
            self._seeds.attach(None)
            self.list.deselect()
            self.stack.setCurrentIndex(0)
            self._fold()
            self._show_limits()

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        self.list = OperationList(self._root)
        self.list.chosen.connect(self._choose)
        self.set_header(tr(TITLES.get(self._root, self._root)))
        self.column.addWidget(self.list, 3)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("tune-variant", tr(EMPTY[self._root])))
        self.card = card = OperationCard(self._session)
        self.inputs, self.answer, self.run = card.inputs, card.answer, card.run
        card.closed.connect(self.close_operation)
        card.defaults_asked.connect(self._defaults)
        card.evolution.wanted.connect(self._evolve)
        self.inputs.edited.connect(self._request)
        self.run.preview_toggled.connect(self._toggle_preview)
        self.run.apply_asked.connect(self._apply)
        self.stack.addWidget(card)
        self.column.addWidget(self.stack, 4)

    # ---------------------------------------------------------------- choosing

    def _load_registry(self, then: Callable[[], object] | None = None) -> None:
        """Read the registry in the background the first time: it loads SimpleITK."""

        def done(operations: Mapping[str, Operation]) -> None:
            self._operations = operations
            self.list.set_operations(operations.values())
            while self._asked:
                self._asked.pop(0)()

        if self._operations:
            if then is not None:
                then()
            return
        first = not self._asked
        self._asked.append(then or (lambda: None))
        if first:
            running = self._session.running
            self._session.jobs.query(
                f"operations {self._root}",
                tr("Reading the operations"),
                lambda _job: running.operations(),
                done,
                quiet=True,
            )

    def _choose(self, operation_id: str) -> None:
        if self.operation is not None and self.operation.id == operation_id:
            return
        self._stop_preview()
        self.operation = operation = self._operations[operation_id]
        self.form = OperationForm(operation)
        self.form.touched.connect(self._touched)
        self.form.edited.connect(self._edited)
        self.form.invalid.connect(self._invalid)
        self.card.start(operation, self.form)
        self._seeds.attach(self.form)
        self.stack.setCurrentIndex(1)
        self._fold()
        self._starting = True
        self._fit_to_image()
        self._check()
        self._show_box()
        self._request()

    def _fit_to_image(self) -> None:
        """Give the form what depends on the image: value range, unit, size."""
        image, form = self._session.document.active_image, self.form
        if image is None or form is None:
            return
        form.set_size(image.geometry.size)
        unstated = not_stated(form.operation, image.own_geometry)
        form.set_spacing_known(image.geometry.has_lengths or bool(unstated))
        form.set_scale(scale_of(image.own_geometry))
        if self._starting and (values := from_grid(form.operation.fields, image.own_geometry)):
            form.begin(values)
        if self._starting and unstated:
            form.leave_open(unstated)
        if not form.follows_image:
            self._starting = False
            return

        def done(histogram: Histogram) -> None:
            if form is self.form and histogram.total:
                form.set_ranges(histogram.minimum, histogram.maximum, image.volume.unit)
                self._begin(form, image, histogram)

        self._session.looking.histogram(image, "volume", done, f"form {self._root}")

    def _begin(self, form: OperationForm, image: ImageLayer, histogram: Histogram) -> None:
        """Let a form that was just opened start with what fits the image."""
        limits = form.limits()
        values = from_values(form.operation.fields, image, histogram)
        if limits is not None and LIMITS[0] not in values:
            values |= dict(zip(LIMITS, starting_limits(limits, histogram), strict=True))
        if self._starting and values:
            form.begin(values)
            self._show_limits()
        self._starting = False

    # ---------------------------------------------------------------- preview

    def _touched(self) -> None:
        self._starting = False  # what the user says stands, also when what fits the image is known only later
        self.run.say("")

    def _edited(self, _values: dict[str, Any]) -> None:
        self._check()
        self._show_limits()
        self._request()

    def _invalid(self, sentence: str) -> None:
        self._stop_preview()
        allow(self.run.apply, sentence)
        allow(self.run.apply_new, sentence)

    def _request(self) -> None:
        if self.operation is None or self.form is None or not self.run.preview.isChecked() or not self._is_seen():
            return
        if self.run.why_not or self.form.check():
            return
        if self.form.box() is not None:
            self.run.preview_state("box")
            return
        self._previewing = True
        self._session.running.preview(self.operation.id, self.form.values(), self.inputs.value())

    def _evolve(self) -> None:
        """Begin with the contour that is to move."""
        self.run.preview.setChecked(True)
        self._request()

    def _toggle_preview(self, on: bool) -> None:
        if on:
            self._request()
        else:
            self._stop_preview()

    def _stop_preview(self) -> None:
        if self._previewing:
            self._previewing = False
            self._session.running.clear_preview()
            self.run.preview_state("")

    def _preview_state(self, state: str) -> None:
        if self._previewing:
            self.run.preview_state(state)

    def _remarked(self, remarks: tuple[str, ...]) -> None:
        if self._previewing or not remarks:
            self.run.remark(" ".join(remarks))

    def _answered(self, table: Table | None) -> None:
        if self.operation is not None and self.operation.output == "table":
            image = self._session.document.active_image
            self.answer.show_table(table, image.volume.unit if image is not None else "")

    def _show_limits(self) -> None:
        self.limits_shown.emit(self.form.limits() if self.form is not None and self._is_seen() else None)
        self._show_box()

    def _show_box(self) -> None:
        """Show the box and the seeds of the form on the panes: what is cut off must be seen to be cut off."""
        self._seeds.show(self._is_seen())
        image, form = self._session.document.active_image, self.form if self._is_seen() else None
        box = form.box() if form is not None else None
        shown = None if image is None or box is None else Framed(image.id, image.geometry, Box(*box))
        self._session.framing.show(self, shown)

    def _box_dragged(self, box: Box) -> None:
        if self._session.framing.owner is self and self.form is not None:
            self.form.set_box(box)

    # ---------------------------------------------------------------- apply

    def _apply(self, as_new_layer: bool) -> None:
        if self.operation is None or self.form is None:
            return
        complaint = self.form.check()
        if complaint:
            self.run.say(complaint, "danger")
            return
        self._previewing = False
        try:
            job: Job = self._session.running.apply(
                self.operation.id, self.form.values(), as_new_layer=as_new_layer, others=self.inputs.value(),
                all_frames=self.run.all_frames.isChecked(),
            )
        except Refused as refusal:
            self.run.say(str(refusal), "danger")
        else:
            self.run.follow(job)

    def _defaults(self) -> None:
        if self.form is not None:
            self.form.reset()
            self._starting = True
            self._fit_to_image()

    # ---------------------------------------------------------------- following the document

    def _document_changed(self, *_args: object) -> None:
        self._watch.on(self._session.document.active_labels)
        if self.operation is not None:
            QTimer.singleShot(0, self, self._refit)

    def _refit(self) -> None:
        self._fit_to_image()
        self._check()
        self._show_box()

    def _check(self) -> None:
        """Enable Apply, or say why it cannot be."""
        if self.operation is None:
            return
        operation, running = self.operation, self._session.running
        self.inputs.offer(lambda port: running.choices(operation.id, port))
        image = self._session.document.active_image
        many = operation.output == "image" and operation.inputs[0] == "image" and image is not None
        self.run.set_frames(len(image.frames) if many and image is not None else 1)
        self.run.allow(running.why_not(operation.id))
        self.card.evolution.allow(self.run.why_not)
        if self.form is not None and not self.run.why_not and (complaint := self.form.check()):
            self._invalid(complaint)

    def _fold(self) -> None:
        """Let the list make room for the form where both do not fit."""
        had_focus = self.list.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        folded = self.operation is not None and self.height() < ROOM_FOR_BOTH
        self.list.setVisible(not folded)
        self.stack.setVisible(self.operation is not None or self.height() >= ROOM_FOR_BOTH)
        if folded and had_focus and self.form is not None:
            self.form.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold or unfold the list."""
        super().resizeEvent(event)
        self._fold()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the preview up again."""
        super().showEvent(event)
        if not event.spontaneous():
            self._came()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Read the registry once the panel is on the screen: loading SimpleITK earlier would delay the window."""
        super().paintEvent(event)
        if not self._operations and not self._asked:
            QTimer.singleShot(0, self, self._load_registry)

    def hideEvent(self, event: QHideEvent) -> None:
        """Drop the preview when the panel is hidden."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._went()

    def set_in_front(self, on: bool) -> None:
        """Take note whether the panel can be seen: Qt hides a dock behind another tab without telling its widget."""
        if on != self._in_front:
            self._in_front = on
            self._came() if on else self._went()

    def _is_seen(self) -> bool:
        return self._in_front and self.isVisible()

    def _came(self) -> None:
        if self.operation is not None:
            QTimer.singleShot(0, self, self._request)
            self._show_limits()

    def _went(self) -> None:
        self._stop_preview()
        self._show_limits()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close the operation with Escape; Ctrl+Enter applies."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape and self.operation is not None:
            if not self._session.seeding.stop():
                self.close_operation()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.run.apply.isEnabled():
            self._apply(False)
        else:
            super().keyPressEvent(event)
