"""Tables and other texts on their way to a file: written in a job, read back, and the user hears how it went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.jobs.job import Job
from pellucid.language import tr

if TYPE_CHECKING:
    from pellucid.session.session import Session


def write_in_job(session: Session, path: Path, text: Callable[[], str], written: str) -> Job:
    """Write what ``text`` returns, in the background; ``written`` is said when it stands, a failure as an error.

    ``text`` runs in the job: what it needs of the document must have been taken before.
    """

    def work(_job: Job) -> None:
        from pellucid.files.texts import write_text

        write_text(path, text())

    def done(_nothing: None) -> None:
        session.notice.emit(written, "info")

    def failed(sentence: str) -> None:
        session.notice.emit(sentence, "error")

    return session.jobs.load(tr("Writing {name}", name=path.name), work, done, failed)
