"""What dialogs that write a file in the background have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QLineEdit, QProgressBar, QPushButton

from pellucid.jobs.job import JobState
from pellucid.language import tr

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.session import Session
    from pellucid.ui.dialogs.export import Card


class WritingDialog(QDialog):
    """A dialog with a line for a path and at most one job that writes; closing it stops the job."""

    path: QLineEdit
    bar: QProgressBar
    stop: QPushButton
    _session: Session
    _job: Job | None

    def _advance(self) -> None:
        """Show how far the job is."""

    def _watch(self, job: Job) -> None:
        """Show from now on how far a job is that writes."""
        self._job = job
        self.bar.show()
        self.stop.setText(tr("Cancel"))
        job.changed.connect(self._advance)

    def _ended(self, *, handed_over: bool = True) -> Job | None:
        """Show how far the job is; return it once, when nothing more comes of it.

        ``handed_over`` says whether the dialog has what the job made: a job is done before that.
        """
        job = self._job
        if job is None:
            return None
        self.bar.setValue(round(job.progress * 1000))
        if not job.finished or (job.state is JobState.DONE and not handed_over):
            return None
        job.changed.disconnect(self._advance)
        self._job = None
        self.bar.hide()
        self.stop.setText(tr("Close"))
        return job

    def _folder(self) -> Path:
        """Return the folder of the path, else the one used last."""
        if self.path.text().strip():
            return Path(self.path.text().strip()).parent
        last = self._session.settings.last_folder
        return Path(last) if last and Path(last).is_dir() else Path.home()

    def _stop_writing(self, job: Job) -> None:
        """Stop a job that writes."""
        job.cancel()

    def _close(self) -> None:
        """Stop what is being written, or close when nothing is."""
        if self._job is not None:
            self._stop_writing(self._job)
        else:
            self.reject()

    def reject(self) -> None:
        """Close; what is being written is stopped."""
        if self._job is not None:
            self._job.changed.disconnect(self._advance)
            self._stop_writing(self._job)
            self._job = None
        super().reject()


def file_complaint(text: str, ending: str) -> str:
    """Return why nothing can be written to a path of this ending, or ``""``."""
    if not text:
        return tr("Give the file a name.")
    if not Path(text).expanduser().parent.is_dir():
        return tr("The folder “{parent}” does not exist. Choose another one.", parent=Path(text).parent)
    return "" if text.lower().endswith(ending) else tr("The name must end in {wanted}.", wanted=ending)


def show_no_result(card: Card, job: Job) -> bool:
    """Say on a card that a job failed or was cancelled; return whether it did either."""
    if job.error:
        card.show_lines([job.error], "danger", tr("Nothing was written"))
    elif job.state is JobState.CANCELLED:
        card.show_lines([tr("Cancelled; nothing was written.")], "warning")
    else:
        return False
    return True
