"""De-identified copies from the window: look at what there is, preview, black out, run, report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from psygnal import Signal

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.deidentify.plan import Plan
    from pellucid.dicom.deidentify.run import Copied, Outcome, Source, Survey
    from pellucid.session.session import Session

_PICTURE = "pellucid.dicom.deidentify.showing:picture"
_PICTURE_SECONDS = 60.0
_MOST_FILES = 16


class Deidentifying:
    """What one dialog works on. Titles of jobs name nobody."""

    changed = Signal()
    """Emitted on the main thread when something was found, or a run ended."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.paths: tuple[Path, ...] = ()
        self.found: Survey | None = None
        self.outcome: Outcome | None = None
        self.folder: Path | None = None
        """Where the copies of the outcome are."""
        self.sentence = ""
        """Why looking or the run did not work."""
        self.job: Job | None = None

    @property
    def running(self) -> bool:
        """Return whether copies are being written."""
        return self.job is not None and not self.job.finished

    def open_series(self) -> tuple[Path, ...]:
        """Return the files of the series that are open as layers."""
        details = [layer.source.detail for layer in self._session.document.images]
        series = (one for one in self._session.library.series if any(d.startswith(f"{one.uid}|") for d in details))
        return tuple(dict.fromkeys(path for one in series for path in one.files))

    def look(self, paths: Iterable[Path]) -> Job:
        """Find out what there is; only the answer to the latest question comes."""
        self.paths, self.found, self.outcome, self.sentence = tuple(paths), None, None, ""
        wanted = self.paths

        def work(job: Job) -> Survey:
            from pellucid.dicom.deidentify.run import survey

            return survey(wanted, progress=job.report, cancelled=job.cancelled)

        return self._session.jobs.query("deidentify", tr("Looking for DICOM"), work, self._looked, self._failed)

    def preview(self, source: Source, plan: Plan, done: Callable[[Copied], None]) -> Job:
        """Compute what would be done to one file."""
        found = self._need_found()

        def work(_job: Job) -> Copied:
            from pellucid.dicom.deidentify.run import preview

            return preview(source, found, plan)

        name = tr("Preview of a de-identification")
        return self._session.jobs.query("deidentify preview", name, work, done, self._failed, quiet=True)

    def picture(
        self, sources: Sequence[Source], done: Callable[[NDArray[Any]], None], failed: Callable[[str], None]
    ) -> Job:
        """Decode the brightest values of a series, in files from its beginning to its end, to look for text in them."""
        step = max(-(-len(sources) // _MOST_FILES), 1)
        paths = [str(source.path) for source in sources[::step]]

        def work(job: Job) -> NDArray[Any]:
            from pellucid.dicom.child import default_pool

            payload = {"path": paths[0], "paths": paths}
            _, arrays = default_pool().call(_PICTURE, payload, deadline=_PICTURE_SECONDS, cancelled=job.cancelled)
            return arrays[0]

        name = tr("Picture of a series")
        return self._session.jobs.query("deidentify picture", name, work, done, failed, quiet=True)

    def numbers(self) -> dict[int, tuple[Source, ...]]:
        """Return the files of each series, by its number in the copies."""
        from pellucid.dicom.deidentify.naming import Names
        from pellucid.dicom.deidentify.plan import Plan

        found = self._need_found()
        names, series = Names(found.sources, Plan()), dict[int, list[Any]]()
        for source in found.sources:
            series.setdefault(names.series(source.seen), []).append(source)
        return {number: tuple(sources) for number, sources in series.items()}

    def run(self, folder: Path, plan: Plan) -> Job:
        """Write the copies in the background; raise Refused for what can be known before."""
        from pellucid.dicom.deidentify.run import check_place

        found = self._need_found()
        check_place(self.paths, folder)
        paths, self.outcome, self.sentence = self.paths, None, ""

        def work(job: Job) -> Outcome:
            from pellucid.dicom.deidentify.run import deidentify_folder

            return deidentify_folder(paths, folder, plan, known=found, progress=job.report, cancelled=job.cancelled,
                                     commit=job.commit)  # fmt: skip

        self.folder = folder
        self.job = self._session.jobs.load(tr("De-identify"), work, self._done, self._failed)
        self.job.changed.connect(self._check_cancelled)
        return self.job

    def cancel(self) -> None:
        """Stop soon; nothing is left behind."""
        if self.job is not None:
            self.job.cancel()

    def save_report(self, path: Path, failed: Callable[[str], None]) -> Job:
        """Write the report of the last run in the background; raise Refused where there is none yet."""
        from pellucid.dicom.deidentify.report import written
        from pellucid.files.safe_write import replacing

        outcome = self.outcome
        if outcome is None:
            raise Refused(tr("There is no report yet."))

        def work(_job: Job) -> None:
            with replacing(path) as temporary:
                temporary.write_text(written(outcome, path.suffix), encoding="utf-8")

        return self._session.jobs.load(tr("Save the report"), work, lambda _nothing: None, failed)

    def _need_found(self) -> Survey:
        if self.found is None:
            raise Refused(tr("Choose first what is to be de-identified."))
        return self.found

    def _looked(self, found: Survey) -> None:
        from pellucid.dicom.deidentify.run import nothing_found

        self.found = found if found.sources else None
        self.sentence = "" if found.sources else nothing_found(found)
        self.changed.emit()

    def _done(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.changed.emit()

    def _failed(self, sentence: str) -> None:
        self.sentence = sentence
        self.changed.emit()

    def _check_cancelled(self) -> None:
        if self.job is not None and self.job.state is JobState.CANCELLED:
            self.sentence = tr("Stopped; no copies were written.")
            self.changed.emit()
