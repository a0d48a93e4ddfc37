"""The foot of an operation: preview, before, apply, progress, and the sentence when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import (
    Elided,
    ProgressBar,
    allow,
    described,
    dim,
    flat_button,
    push_button,
    row,
    rule,
    tell,
)

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.operations.operation import Operation
    from pellucid.session import Session


class RunBox(QWidget):
    """Everything below the form; knows no parameters."""

    preview_toggled = Signal(bool)
    apply_asked = Signal(bool)
    """Emitted with True for “as new layer”."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job: Job | None = None
        self.why_not = ""
        self._measures = self._by_slice = False
        self._build()

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        self.preview = QCheckBox(tr("Preview"))
        self.preview.setChecked(True)
        described(self.preview, tr("Preview"), tr("Show the result on the slices in view before applying it"))
        self.preview.toggled.connect(self.preview_toggled)
        self.state = Elided()
        self.state.setProperty("dim", True)
        self.before = push_button(
            tr("Before"), tip=tr("Hold to see the image before the change (or hold ` on the image)")
        )
        self.before.pressed.connect(lambda: self._hide_preview(True))
        self.before.released.connect(lambda: self._hide_preview(False))
        self.message = QLabel("", wordWrap=True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.hide()
        self.apply_new = push_button(tr("Apply as new layer"), lambda: self.apply_asked.emit(True))
        self.apply = push_button(tr("Apply"), lambda: self.apply_asked.emit(False), kind="primary")
        for button in (self.apply_new, self.apply):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        described(
            self.apply_new, tr("Apply as new layer"), tr("Keep the layer as it is and put the result into a new one")
        )
        described(self.apply, tr("Apply"), tr("Change the active layer or label (Ctrl+Enter); undo brings it back"))
        buttons = QWidget()
        pair = QHBoxLayout(buttons)
        pair.setContentsMargins(0, 0, 0, 0)
        pair.setSpacing(theme.MARGIN)
        pair.addWidget(self.apply_new, 3)
        pair.addWidget(self.apply, 2)
        self.all_frames = QCheckBox("")
        self.all_frames.setChecked(True)
        self.all_frames.hide()
        self.remarks = dim()
        self.remarks.hide()
        self._progress_row = self._progress()
        for part in (
            rule(),
            row(self.preview, self.state, self.before, spacing=theme.MARGIN, stretch=1),
            self.all_frames,
            self.remarks,
            self.message,
            self._progress_row,
            buttons,
        ):
            column.addWidget(part)

    def _progress(self) -> QWidget:
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.percent = QLabel("0 %")
        self.percent.setFont(theme.figures(self.percent.font()))
        self.percent.setProperty("dim", True)
        self.cancel = flat_button("close", tr("Cancel"), self._cancel, tip=tr("Stop; nothing is changed"))
        line = row(self.bar, self.percent, self.cancel, spacing=theme.MARGIN, stretch=0)
        line.hide()
        return line

    # ---------------------------------------------------------------- state

    def start(self, operation: Operation) -> None:
        """Begin with an operation: no message, its own wording."""
        from pellucid.operations.declaration import VOXELS

        self.say("")
        self.state.setText("")
        self.remark("")
        self._measures = operation.output in ("table", "rows")
        self._by_slice = operation.same_grid and (operation.pointwise or operation.reach_of is not None)
        self.before.setVisible(operation.output in VOXELS)
        self.apply_new.setVisible(operation.output in VOXELS)
        self.apply.setVisible(operation.output != "table")
        mask = operation.output == "mask"
        new = (
            tr("Keep the active label and put the mask into a new label layer")
            if mask
            else tr("Keep the layer as it is and put the result into a new one")
        )
        described(self.apply_new, tr("Apply as new layer"), new)

    def set_frames(self, count: int) -> None:
        """Offer to change all frames of a time series; one frame offers nothing."""
        title = tr("All {count} frames", count=count)
        self.all_frames.setText(title)
        described(self.all_frames, title, tr("Apply to every frame of the series; off: to the shown one only"))
        self.all_frames.setVisible(count > 1)

    def allow(self, why_not: str) -> None:
        """Enable the buttons, or say why they are not."""
        busy = tr("This operation is still running.") if self._job is not None else ""
        self.why_not = why_not
        for button in (self.apply, self.apply_new):
            allow(button, why_not or busy)
        allow(self.preview, why_not)
        allow(self.before, why_not or ("" if self.preview.isChecked() else tr("Turn the preview on first.")))
        if why_not:
            self.say(why_not, "warning")
        elif self.message.property("tone") == "warning":
            self.say("")

    def say(self, sentence: str, tone: str = "") -> None:
        """Show a sentence; ``tone`` is ``""``, ``"good"``, ``"warning"`` or ``"danger"``."""
        tell(self.message, sentence, tone)

    def remark(self, sentence: str) -> None:
        """Show what an operation remarks of the slices in view, of the whole where it needs that, or nothing."""
        of_slice = bool(sentence) and self._by_slice
        self.remarks.setText(tr("In this slice: {remark}", remark=sentence) if of_slice else sentence)
        self.remarks.setVisible(bool(sentence))

    def preview_state(self, state: str) -> None:
        """Show where the preview stands: ``""``, ``"computing"``, ``"shown"``, ``"box"`` or a sentence."""
        shown = tr("whole image") if self._measures else tr("these slices")
        known = {"": "", "computing": tr("computing…"), "shown": shown, "box": tr("the box on the slices")}
        self.state.setText(known.get(state, ""))
        if state not in known:
            self.say(state, "danger")
        elif self.message.property("tone") == "danger" and state == "shown":
            self.say("")

    def follow(self, job: Job) -> None:
        """Show the progress of a job until it ends."""
        self._job = job
        self.state.setText("")
        self.say("")
        self._progress_row.show()
        if self.apply.hasFocus() or self.apply_new.hasFocus():
            self.cancel.setFocus()  # a button that is disabled would hand the focus to whatever comes next
        job.changed.connect(self._advance)
        self._advance()

    def _advance(self) -> None:
        job = self._job
        if job is None:
            return
        self.bar.setValue(round(job.progress * 1000))
        self.percent.setText(f"{round(job.progress * 100)} %")
        if job.finished:
            job.changed.disconnect(self._advance)
            self._job = None
            self._ended(job)
        self.allow(self.why_not)
        if job.finished:
            if self.cancel.hasFocus():
                self.apply.setFocus()
            self._progress_row.hide()

    def _ended(self, job: Job) -> None:
        if job.error:
            self.say(job.error, "danger")
        elif job.state.value == "cancelled":
            self.say(tr("Cancelled; nothing was changed."))
        else:
            self.say(tr("Applied. Change a value to preview again."), "good")

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _hide_preview(self, hidden: bool) -> None:
        self._session.view.hide_preview = hidden
