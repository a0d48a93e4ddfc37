"""The study database as the window drives it: folders updated in jobs, questions answered, series opened from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from psygnal import Signal

from pellucid.jobs.job import Job, JobState
from pellucid.language import tr, tr_count
from pellucid.session.study_pictures import StudyPictures

if TYPE_CHECKING:
    from pellucid.database.asking import Question
    from pellucid.database.indexing import Progress
    from pellucid.database.removing import Doomed
    from pellucid.database.rows import Left, Root, SeriesRow, Studies
    from pellucid.database.store import Store
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

T = TypeVar("T")
PREFIX = "indexed:"
"""How the keys of series begin that the index knows and the library perhaps not yet."""


class StudyIndex:
    """The optional index of studies; nothing is kept until a folder is added."""

    changed = Signal()
    """Emitted when folders, studies or their state changed."""
    def __init__(self, session: Session) -> None:
        self._session = session
        self._store: Store | None = None
        self.roots: tuple[Root, ...] = ()
        self.modalities: tuple[str, ...] = ()
        self._updates: dict[int, Job] = {}
        self._progress: dict[int, Progress] = {}
        self.pictures = StudyPictures(session, lambda: self.store)
        self._told = ""
        self._opening: Job | None = None

    @property
    def store(self) -> Store:
        """Return the database, which is not made by asking for it."""
        if self._store is None:
            from pellucid.database.store import Store

            self._store = Store()
        return self._store

    def close(self) -> None:
        """Let go of the file."""
        if self._store is not None:
            self._store.close()

    # ---------------------------------------------------------------- folders

    def refresh(self) -> None:
        """Look up the folders and modalities again; ``changed`` follows."""

        def look(_job: Job) -> tuple[tuple[Root, ...], tuple[str, ...], str]:
            from pellucid.database.searching import modalities

            store = self.store
            roots = store.roots()
            return roots, modalities(store) if roots else (), store.said

        def done(known: tuple[tuple[Root, ...], tuple[str, ...], str]) -> None:
            self.roots, self.modalities, said = known
            if said and said != self._told:
                self._session.notice.emit(said, "warning")
            self._told = said
            self.changed.emit()

        self._query("folders", look, done)

    def add(self, folder: Path) -> Job:
        """Add a folder and look through it; the database is made with the first one."""

        def done(root: Root) -> None:
            self.update(root)
            self.refresh()

        return self._session.jobs.load(
            tr("Adding a folder to the study database"), lambda _job: self.store.add_root(folder), done, self._failed
        )

    def update(self, root: Root) -> Job:
        """Look through a folder again: only what is new or changed is read."""
        running = self._updates.get(root.id)
        if running is not None and not running.finished:
            return running

        def work(job: Job) -> Progress:
            from pellucid.database.indexing import update

            def news(progress: Progress) -> None:
                share = min(progress.seen / max(root.files, progress.seen + 1), 0.99)
                job.report(share, tr_count("{count:,} file", "{count:,} files", progress.seen))
                self._session.jobs.post(partial(self._heard, root.id, progress))

            return update(self.store, root, on_news=news, cancelled=job.cancelled)

        def done(progress: Progress) -> None:
            self._progress.pop(root.id, None)
            if progress.offline:
                said = tr("“{name}” cannot be reached; what is known of it stays in the list.", name=root.path.name)
                self._session.notice.emit(said, "warning")
            if progress.read:
                self.pictures.forget()
            self.refresh()

        job = self._session.jobs.load(tr("Updating the study database"), work, done, self._failed)
        self._updates[root.id] = job
        job.changed.connect(lambda: self._check(root.id, job))
        return job

    def update_all(self) -> None:
        """Look through every folder again."""
        for root in self.roots:
            self.update(root)

    def progress(self, root: Root) -> Progress | None:
        """Return how far the update of a folder is, None when none runs."""
        job = self._updates.get(root.id)
        if job is None or job.finished:
            return None
        from pellucid.database.indexing import Progress

        return self._progress.get(root.id, Progress())

    def stop(self, root: Root) -> None:
        """Stop the update of a folder; what was found stays."""
        if root.id in self._updates:
            self._updates[root.id].cancel()

    def remove_root(self, root: Root) -> Job:
        """Take a folder out of the index; its files stay where they are."""
        self.stop(root)
        running = self._updates.get(root.id)

        def work(job: Job) -> None:
            from pellucid.database.removing import remove_root

            while running is not None and not running.wait(0.1):  # it writes what it found before it ends
                job.check()
            remove_root(self.store, root.id)

        return self._session.jobs.edit(
            tr("Removing a folder from the study database"), work, lambda _none: self._after_removal(), self._failed
        )

    def _check(self, root: int, job: Job) -> None:
        if job.state in (JobState.CANCELLED, JobState.FAILED) and self._updates.get(root) is job:
            del self._updates[root]
            self._progress.pop(root, None)
            self.refresh()

    def _heard(self, root: int, progress: Progress) -> None:
        first = root not in self._progress
        self._progress[root] = progress
        if first:
            self.refresh()
        else:
            self.changed.emit()

    # ---------------------------------------------------------------- asking

    def search(self, asked: Question, done: Callable[[Studies], None]) -> Job:
        """Find studies; only the latest question is answered."""

        def work(_job: Job) -> Studies:
            from pellucid.database.rows import Studies
            from pellucid.database.searching import search

            return search(self.store, asked) if self.store.exists else Studies()

        return self._query("search", work, done)

    def series(self, study: str, done: Callable[[tuple[SeriesRow, ...]], None]) -> Job:
        """Look up the series of a study."""

        def work(_job: Job) -> tuple[SeriesRow, ...]:
            from pellucid.database.searching import series_of

            return series_of(self.store, study)

        return self._query(f"series of {study}", work, done)

    def series_keys(self, studies: Sequence[str], done: Callable[[list[str]], object]) -> Job:
        """Look up the keys of all series of some studies."""

        def work(_job: Job) -> list[str]:
            from pellucid.database.searching import series_of

            return [one.key for study in studies for one in series_of(self.store, study)]

        def tell(keys: list[str]) -> None:
            done(keys)

        return self._query("keys", work, tell)

    def files(self, keys: Sequence[str], done: Callable[[tuple[Doomed, ...]], None]) -> Job:
        """Look up the files of series that are there now."""

        def work(_job: Job) -> tuple[Doomed, ...]:
            from pellucid.database.removing import doomed

            return doomed(self.store, keys)

        return self._query("files", work, done)

    def _query(self, key: str, work: Callable[[Job], T], done: Callable[[T], None]) -> Job:
        return self._session.jobs.query(
            ("study database", key), tr("Study database"), work, done, self._failed, quiet=True
        )

    def _failed(self, sentence: str) -> None:
        self._session.notice.emit(sentence, "warning")

    # ---------------------------------------------------------------- opening

    def bring(self, key: str, then: Callable[[str], object]) -> Job:
        """Put a series of the index into the library; ``then`` hears its key there."""

        def work(job: Job) -> Series:
            from pellucid.database.opening import series

            return series(self.store, key, cancelled=job.cancelled)

        def done(series: Series) -> None:
            self._session.library.include([series])
            then(self._session.library.key(series))

        return self._session.jobs.load(tr("Looking up a series"), work, done, self._failed)

    def open(self, key: str, *, replace: bool = True) -> Job:
        """Open a series of the index: instead of what is open, or over it."""
        job = self.bring(key, lambda item: self._session.loading.load_key(item, replace=replace))
        return self._asked_last(job) if replace else job

    def open_study(self, keys: Sequence[str], uid: str) -> Job:
        """Put all series of a study into the library, and open the study as one that was found on disk."""

        def work(job: Job) -> list[Series]:
            from pellucid.database.opening import series
            from pellucid.model.findings import Refused

            found: list[Series] = []
            refused: list[Refused] = []
            for key in keys:
                job.check()
                try:
                    found.append(series(self.store, key, cancelled=job.cancelled))
                except Refused as refusal:
                    refused.append(refusal)
            if not found and refused:
                raise refused[0]
            return found

        def done(found: list[Series]) -> None:
            self._session.library.include(found)
            if uid:
                self._session.open_study(uid)
            elif found:
                self._session.loading.load(max(found, key=lambda one: len(one.files)))

        return self._asked_last(self._session.jobs.load(tr("Looking up a study"), work, done, self._failed))

    def _asked_last(self, job: Job) -> Job:
        """Give up what was asked for before and would come in the place of this."""
        if self._opening is not None:
            self._opening.cancel()
        self._opening = job
        return job

    # ---------------------------------------------------------------- removing

    def remove(self, keys: Sequence[str]) -> Job:
        """Take series out of the index; their files stay."""

        def work(_job: Job) -> None:
            from pellucid.database.removing import remove_series

            remove_series(self.store, keys)

        return self._session.jobs.edit(
            tr("Removing from the study database"), work, lambda _none: self._after_removal(), self._failed
        )

    def delete(self, files: Iterable[Doomed], dispose: Callable[[Path], bool]) -> Job:
        """Delete files for good or move them to the trash, as ``dispose`` does; the user has agreed to the count."""

        def work(job: Job) -> Left:
            from pellucid.database.removing import delete_files

            return delete_files(self.store, files, dispose, job.cancelled)

        def done(left: Left) -> None:
            gone = tr_count("{count:,} file was deleted.", "{count:,} files were deleted.", left.done)
            gone = gone if left.done else tr("No file was deleted.")
            self._session.notice.emit(" ".join((gone, *left.reasons)), "warning" if left.reasons else "info")
            self._after_removal()

        return self._session.jobs.edit(tr("Deleting files"), work, done, self._failed)

    def _after_removal(self) -> None:
        self.pictures.forget()
        self.refresh()
