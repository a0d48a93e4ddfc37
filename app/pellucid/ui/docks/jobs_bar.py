"""What is running, for the status bar: name, progress, and a cross to cancel it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import Elided, ProgressBar, flat_button

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.session import Session

PATIENCE_MS = 200


def worth_showing(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs the status bar speaks of, oldest first."""
    return [job for job in jobs if not job.quiet and not job.finished]


class JobsBar(QWidget):
    """The oldest running job; how many more there are. Hidden when all is quiet or over in a blink."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job: Job | None = None
        self.setAccessibleName(tr("Running work"))
        self.name = Elided()
        self.name.setFixedWidth(180)
        self.name.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # else the bar is laid over it
        self.bar = ProgressBar()
        self.bar.setFixedWidth(88)
        self.bar.setAccessibleName(tr("Progress"))
        self.percent = QLabel()
        self.percent.setFont(theme.figures(self.percent.font()))
        self.percent.setMinimumWidth(self.percent.fontMetrics().horizontalAdvance("100 %"))
        self.more = QLabel()
        self.more.setProperty("dim", True)
        self.cancel = flat_button("close", tr("Cancel"), self._cancel)
        line = QHBoxLayout(self)
        line.setContentsMargins(theme.MARGIN, 0, 0, 0)
        line.setSpacing(theme.MARGIN)
        for widget in (self.name, self.bar, self.percent, self.more, self.cancel):
            line.addWidget(widget)
        self._wait = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._wait.timeout.connect(self._show)
        self._soon = QTimer(self, singleShot=True, interval=0)  # a bar paints the whole window whenever it moves
        self._soon.timeout.connect(self._show)
        session.jobs.changed.connect(self._changed)
        session.view.events.hide_identity.connect(lambda _hide: self._changed())
        self.hide()

    def _changed(self) -> None:
        if self.isVisible():
            self._soon.start()
        elif worth_showing(self._session.jobs.running) and not self._wait.isActive():
            self._wait.start()

    def _show(self) -> None:
        jobs = worth_showing(self._session.jobs.running)
        self.setVisible(bool(jobs))
        if not jobs:
            self._job = None
            self.name.clear()
            self.cancel.setToolTip(tr("Cancel"))
            return
        job = self._job = jobs[0]
        shown = self._session.concealing.text
        self.name.setText(shown(f"{job.name} – {job.text}" if job.text else job.name))
        self.cancel.setToolTip(tr("Cancel: {name}", name=shown(job.name)))
        known = job.progress > 0
        self.bar.setRange(0, 1000 if known else 0)
        self.bar.setValue(round(job.progress * 1000))
        self.percent.setText(f"{round(job.progress * 100)} %" if known else "")
        self.more.setText(f"+{len(jobs) - 1}" if len(jobs) > 1 else "")
        self.more.setToolTip("\n".join(shown(other.name) for other in jobs[1:]))

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
