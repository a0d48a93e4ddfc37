"""Reports and documents of a study: read in a job, shown as text; a PDF is saved or handed over on request."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.documents import Document
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

MOST = 50
"""Documents of one series that are read at once."""


class Reports:
    """Opens documents; files that were made for a viewer of the system are erased when the sitting ends."""

    opened = Signal(object)
    """Emitted with the documents (a tuple, not empty) that were read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._folders: list[tempfile.TemporaryDirectory[str]] = []

    def open(self, series: Series) -> Job:
        """Read the documents of a series and show them; what cannot be read is said."""
        session, paths = self._session, series.files[:MOST]

        def work(job: Job) -> tuple[list[Document], list[str]]:
            return _read_all(paths, job)

        def done(answer: tuple[list[Document], list[str]]) -> None:
            documents, problems = answer
            if documents:
                self.opened.emit(tuple(documents))
            if problems:
                session.notice.emit(problems[0], "warning")
            if len(series.files) > MOST:
                session.notice.emit(tr_count("One document of the series was left out.",
                                             "{count} documents of the series were left out.",
                                             len(series.files) - MOST), "info")  # fmt: skip

        return session.jobs.load(tr("Reading a report"), work, done, self._complain)

    def save(self, document: Document, path: Path) -> Job:
        """Write the PDF inside of a document to a file."""

        def work(_job: Job) -> None:
            from pellucid.dicom.documents import extract
            from pellucid.files.safe_write import replacing

            data = extract(document.path)
            with replacing(path) as temporary:
                Path(temporary).write_bytes(data)
                if Path(temporary).read_bytes() != data:
                    raise Refused(tr("{name} was not kept: what was written does not read back the same.",
                                     name=path.name))  # fmt: skip

        def done(_nothing: None) -> None:
            self._session.notice.emit(tr("The PDF was written to “{name}”.", name=path.name), "info")

        return self._session.jobs.load(tr("Writing {name}", name=path.name), work, done, self._complain)

    def hand_over(self, document: Document, then: Callable[[Path], object]) -> Job:
        """Put the PDF of a document where a viewer of the system can read it: in a folder of this user alone."""
        folder = tempfile.TemporaryDirectory(prefix="pellucid-", ignore_cleanup_errors=True)
        self._folders.append(folder)
        path = Path(folder.name) / "document.pdf"

        def work(_job: Job) -> None:
            from pellucid.dicom.documents import extract

            path.write_bytes(extract(document.path))

        def done(_nothing: None) -> None:
            then(path)

        return self._session.jobs.load(tr("Taking out the PDF"), work, done, self._complain)

    def close(self) -> None:
        """Erase what was handed over."""
        for folder in self._folders:
            folder.cleanup()
        self._folders.clear()

    def _complain(self, sentence: str) -> None:
        self._session.notice.emit(sentence, "warning")


def _read_all(paths: tuple[Path, ...], job: Job) -> tuple[list[Document], list[str]]:
    from pellucid.dicom.documents import read

    documents, problems = [], []
    for path in paths:
        if job.cancelled():
            break
        try:
            documents.append(read(path, cancelled=job.cancelled))
        except Refused as refusal:
            problems.append(str(refusal))
    return documents, problems
