"""Splitting a series differently, and merging it again: the list of studies follows, and so do layers of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pellucid.dicom.splitting import AUTOMATIC, Splitting
from pellucid.history.layers import RemoveLayer
from pellucid.jobs.job import Job
from pellucid.language import tr, tr_count
from pellucid.model.layer import ImageLayer
from pellucid.session.opening import Loaded, read, title_of

if TYPE_CHECKING:
    from pellucid.dicom.resplit import Splittable
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

MOST_LAYERS = 16
"""Images of a series that are opened at once; the others are in the list of studies."""


class Resplitting:
    """What a series was split by is remembered for the sitting; what is open of it is one undoable step."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def why_not(self, series: Series | None) -> str:
        """Return why a series cannot be split differently, or nothing."""
        if series is None:
            return tr("Open a DICOM series first: only a series is split by its tags.")
        if not series.volumes:
            return tr("There is no image in this series.")
        frames = sum(len(plan.frames) for plan in series.volumes)
        return "" if frames > 1 else tr("The series holds one picture: there is nothing to split.")

    def series_of(self, layer: ImageLayer | None) -> Series | None:
        """Return the series of the library that a layer came from."""
        if layer is None or layer.source.kind != "dicom":
            return None
        uid = layer.source.detail.rpartition("|")[0]
        return next((one for one in self._session.library.series if one.uid == uid), None)

    def read(self, series: Series, done: Callable[[Splittable], Any], failed: Callable[[str], None]) -> Job:
        """Read the headers of a series again and find what varies in it."""

        def work(job: Job) -> Splittable:
            from pellucid.dicom.resplit import read_splittable

            return read_splittable(series.files, series.uid, cancelled=job.cancelled)

        return self._session.jobs.load(tr("Looking at what varies in {title}", title=title_of(series)), work, done,
                                       failed)  # fmt: skip

    def try_out(self, found: Splittable, choice: Splitting, done: Callable[[str], None],
                failed: Callable[[str], None]) -> Job:  # fmt: skip
        """Find in the background what a choice would make; the latest question counts."""
        return self._session.jobs.query("splitting", tr("Splitting"), lambda _job: found.outcome(choice), done, failed,
                                        quiet=True)  # fmt: skip

    def merge_again(self, series: Series) -> Job:
        """Split a series as Pellucid would by itself."""
        return self.read(series, lambda found: self.apply(found, AUTOMATIC), self._complain)

    def apply(self, found: Splittable, choice: Splitting) -> Job:
        """Split a series as chosen; open layers of it that nobody changed become those of the new splitting."""
        session = self._session
        mine = [layer for layer in session.document.images if layer.source.detail.startswith(f"{found.uid}|")]
        untouched = [layer for layer in mine if not layer.provenance and layer.source.reduction is None]

        def work(job: Job) -> tuple[Series, list[Loaded]]:
            series = found.split(choice)
            count = min(_images(series), MOST_LAYERS) if untouched else 0
            share = session.settings.memory_share / 100
            return series, [read(series, part, job, None, share) for part in range(count)]

        def done(answer: tuple[Series, list[Loaded]]) -> None:
            series, loaded = answer
            session.library.put(series)
            here = [layer for layer in untouched if layer in session.document]
            if here and loaded:
                self._replace(here, loaded, title_of(series))
            if len(mine) > len(here):
                session.notice.emit(tr("Layers of this series that were changed or reduced stay as they are."), "info")
            if here and _images(series) > MOST_LAYERS:
                session.notice.emit(tr("The first {count} images were opened; the others are in the list of studies.",
                                       count=MOST_LAYERS), "info")  # fmt: skip

        return session.jobs.load(tr("Splitting"), work, done, self._complain)

    def _replace(self, old: list[ImageLayer], loaded: list[Loaded], title: str) -> None:
        session = self._session
        with session.history.group(tr_count("Split {title} into one image", "Split {title} into {count} images",
                                            len(loaded), title=title)):  # fmt: skip
            for layer in reversed(old):
                session.history.do(RemoveLayer(layer))
            for one in loaded:
                session.loading.add(one, replace=False)
        first, *others = session.document.images[-len(loaded) :]
        for layer in others:
            layer.visible = False  # one over the other they would hide all but the last
        session.document.active = first

    def _complain(self, sentence: str) -> None:
        self._session.notice.emit(sentence, "warning")


def _images(series: Series) -> int:
    from pellucid.dicom.stack import sequences

    return len(sequences(series))
