"""What scanning found on disk, growing while the scan runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from psygnal import Signal

from pellucid.dicom.splitting import AUTOMATIC
from pellucid.files.discover import is_series
from pellucid.jobs.job import Job, JobState
from pellucid.jobs.runner import Runner
from pellucid.language import tr

if TYPE_CHECKING:
    from pellucid.dicom.scan import Problem
    from pellucid.dicom.splitting import Splitting
    from pellucid.dicom.stack import Series
    from pellucid.files.discover import Found, Item
    from pellucid.files.images import ImageFile


class Library:
    """Series, images and problems found so far; later scans add to it."""

    changed = Signal()
    thumbnail_ready = Signal(str)
    """Emitted with the key of the item whose thumbnail can now be had."""

    def __init__(self, jobs: Runner) -> None:
        self._jobs = jobs
        self._series: dict[str, Series] = {}
        self._images: dict[str, ImageFile] = {}
        self._problems: dict[Path, Problem] = {}
        self._thumbnails: dict[str, NDArray[Any] | None] = {}
        self._drawn_of: dict[str, int] = {}
        """How many files of a series were found when its thumbnail was drawn."""
        self.job: Job | None = None
        self._scans: list[Job] = []
        self.scanning = False
        self.seen = 0
        self.total: int | None = None
        self._splittings: dict[str, Splitting] = {}
        """How series (by their UIDs) are split where the user chose it in this sitting."""

    @property
    def series(self) -> tuple[Series, ...]:
        """Return the DICOM series found, in the order they were found."""
        return tuple(self._series.values())

    @property
    def images(self) -> tuple[ImageFile, ...]:
        """Return the image files found."""
        return tuple(self._images.values())

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the files that could not be read, each with its sentence."""
        return tuple(self._problems.values())

    def key(self, item: Item) -> str:
        """Return the name under which an item is dragged, cached and found again."""
        return f"series:{item.uid}" if is_series(item) else f"image:{item.path}"

    def item(self, key: str) -> Item | None:
        """Return the item of a key, or None when it is not in the library."""
        kind, _, name = key.partition(":")
        return self._series.get(name) if kind == "series" else self._images.get(name)

    def scan(self, paths: Iterable[Path], done: Callable[[Found], None]) -> Job:
        """Look for images in files and folders; the library fills while the job runs."""
        roots = tuple(paths)

        def work(job: Job) -> Found:
            from pellucid.files.discover import discover

            return discover(roots, on_found=lambda found: self._jobs.post(lambda: self._take(found)),
                            cancelled=job.cancelled, splittings=splittings)  # fmt: skip

        def finish(found: Found) -> None:
            self._ended(job)
            self._take(found)
            self._draw_anew(found)
            done(found)

        def check() -> None:
            if job.state in (JobState.FAILED, JobState.CANCELLED) and job in self._scans:
                self._ended(job)
                self.changed.emit()

        splittings = dict(self._splittings)
        self.scanning, self.seen, self.total = True, 0, None
        self.changed.emit()
        self.job = job = self._jobs.load(tr("Looking for images in {named}", named=_named(roots)), work, finish)
        self._scans.append(job)
        job.changed.connect(check)
        return job

    def put(self, series: Series) -> None:
        """Take a series that was split anew in the place of what was found; later scans split it like this, too."""
        if series.splitting == AUTOMATIC:
            self._splittings.pop(series.uid, None)
        else:
            self._splittings[series.uid] = series.splitting
        self._series[series.uid] = series
        self.changed.emit()

    def _ended(self, job: Job) -> None:
        """Note that one of the scans is over: it answered, failed or was cancelled."""
        self._scans.remove(job)
        self.job = self._scans[-1] if self._scans else None
        self.scanning = bool(self._scans)

    def include(self, series: Iterable[Series]) -> None:
        """Take in series that are known from elsewhere, such as the study database."""
        self._series |= {one.uid: one for one in series}
        self.changed.emit()

    def _take(self, found: Found) -> None:
        found_series = {series.uid: series for series in found.series}
        self._series = {uid: series for uid, series in self._series.items() if uid not in found_series} | found_series
        self._images.update({str(image.path): image for image in found.images})
        self._problems.update({problem.path: problem for problem in found.problems})
        self.seen, self.total = found.seen, found.total
        self.changed.emit()

    def thumbnail(self, item: Item) -> NDArray[Any] | None:
        """Return the thumbnail (h, w[, 3]) uint8 of an item; None while it is being made or cannot be had."""
        key = self.key(item)
        if key not in self._thumbnails:
            self._thumbnails[key] = None
            self._ask_for(item)
        return self._thumbnails[key]

    def _draw_anew(self, found: Found) -> None:
        """Draw the middle of series that were pictured when only some of their files were found."""
        for series in found.series:
            if self._drawn_of.get(self.key(series), len(series.files)) != len(series.files):
                self._ask_for(series)

    def _ask_for(self, item: Item) -> None:
        key = self.key(item)
        if is_series(item):
            self._drawn_of[key] = len(item.files)
        self._jobs.query(
            f"thumbnail {key}", tr("Thumbnail"), lambda _job: _draw(item), lambda t: self._keep(key, t), quiet=True
        )

    def _keep(self, key: str, thumbnail: NDArray[Any] | None) -> None:
        self._thumbnails[key] = thumbnail
        self.thumbnail_ready.emit(key)


def _draw(item: Item) -> NDArray[Any] | None:
    from pellucid.dicom.thumbnail import thumbnail
    from pellucid.files.images import thumbnail as image_thumbnail

    return thumbnail(item) if is_series(item) else image_thumbnail(item)


def _named(roots: tuple[Path, ...]) -> str:
    return roots[0].name or str(roots[0]) if len(roots) == 1 else f"{len(roots)} places"
