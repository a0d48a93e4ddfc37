"""What a registration came to: a sentence, the numbers, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from psygnal import EmissionInfo
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.docks.parts import Elided, allow, dim, push_button, row, tell
from pellucid.ui.forms.numbers import format_number

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.session.registration_results import Result

_NOTHING = "–"


class ResultBox(QWidget):
    """Shown while there is a result, or a sentence that says why there is none."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.notes = dim()
        self.values: dict[str, QLabel] = {}
        self.numbers = QWidget()
        grid = QGridLayout(self.numbers)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.SECTION_GAP)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        rows = (("metric", tr("Metric")), ("iterations", tr("Iterations")), ("reason", tr("Stopped because")),
                ("seconds", tr("Time")), ("overlap", tr("Overlap")))  # fmt: skip
        for n, (name, title) in enumerate(rows):
            value = Elided()
            value.setFont(theme.figures(value.font()))
            value.setAccessibleName(title)
            self.values[name] = value
            grid.addWidget(dim(title, wrap=False), n, 0)
            grid.addWidget(value, n, 1)
        self.compare = push_button(
            tr("Compare"), self._compare, glyph="compare", tip=tr("Show both images on the sides of a divider: swipe")
        )
        self.harden = push_button(
            tr("Resample to grid"), self._harden, glyph="grid",
            tip=tr("Compute the moving image on the voxels of the fixed one; the transform becomes part of its recipe"),
        )  # fmt: skip
        self.together = push_button(
            tr("Lay over"), self._lay_over, glyph="layers-outline",
            tip=tr("The images are shown in panes of their own: show both over each other in all panes"),
        )  # fmt: skip
        self._buttons = row(self.compare, self.harden)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for widget in (self.verdict, self.notes, self.numbers, self._buttons, self.together):
            column.addWidget(widget)
        session.registering.changed.connect(self._show)
        session.view.events.connect(self._view_changed)
        self._show()

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name in ("apart", "layout", "panes", "current"):
            self._show_together()

    def _show_together(self) -> None:
        result = self._session.registering.result
        pair = () if result is None else (result.fixed, result.moving)
        self.together.setVisible(bool(pair) and self._session.viewing.are_apart(pair))

    def _show(self) -> None:
        registering = self._session.registering
        result = registering.result
        self._show_together()
        self.setVisible(not registering.is_running and (result is not None or bool(registering.problem)))
        for widget in (self.numbers, self._buttons):
            widget.setVisible(result is not None)
        if result is None:
            tell(self.verdict, registering.problem, "warning")
            tell(self.notes, "")
            return
        first, *rest = result.sentences
        since = () if result.is_in_force else (tr("It is no longer in force: undone, resampled or moved since."),)
        tell(self.verdict, first, "warning" if result.is_doubtful else "good")
        self.notes.setText(" ".join((*rest, *since)))
        self.notes.setVisible(bool(self.notes.text()))
        self._show_numbers(result)
        allow(self.harden, self._session.hardening.why_not(result.moving))

    def _show_numbers(self, result: Result) -> None:
        outcome = result.outcome
        overlap = _NOTHING if math.isnan(outcome.overlap) else f"{100 * outcome.overlap:.0f} %"
        texts = {
            "metric": f"{_number(outcome.metric_before)} → {_number(outcome.metric_after)}",
            "iterations": f"{outcome.iterations:,}", "reason": outcome.stop_reason or _NOTHING,
            "seconds": tr("{seconds} s", seconds=format_number(float(f"{outcome.seconds:.3g}"))), "overlap": overlap,
        }  # fmt: skip
        for name, text in texts.items():
            self.values[name].setText(text)

    def _lay_over(self) -> None:
        result = self._session.registering.result
        if result is not None:
            self._session.viewing.lay_over((result.fixed, result.moving))
        self._show_together()

    def _compare(self) -> None:
        self._attempt(self._session.registering.compare)

    def _harden(self) -> None:
        result = self._session.registering.result
        if result is not None:
            fixed = result.fixed if result.fixed.placement is None else None
            self._attempt(lambda: self._session.hardening.harden(result.moving, fixed))

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")


def _number(value: float) -> str:
    return format_number(float(f"{value:.4g}")) if math.isfinite(value) else _NOTHING
