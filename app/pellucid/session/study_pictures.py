"""Thumbnails of the study database: made one after the other when they are seen, kept unless the user wants none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from pellucid.jobs.job import Job
from pellucid.language import tr

if TYPE_CHECKING:
    from pellucid.database.store import Store
    from pellucid.session.session import Session

Picture = NDArray[np.uint8]
_MOST_WAITING = 60


class StudyPictures:
    """The thumbnails asked for in this sitting."""

    ready = Signal(str)
    """Emitted with the key of a series whose thumbnail can now be had, ``""`` when none counts any more."""

    def __init__(self, session: Session, store: Callable[[], Store]) -> None:
        self._session, self._store = session, store
        self._made: dict[str, Picture | None] = {}
        self._wanted: list[str] = []
        self._drawing = False
        self._forgotten = 0

    def picture(self, key: str) -> Picture | None:
        """Return the thumbnail of a series, None while it is being made or where there is none."""
        if key not in self._made:
            if key in self._wanted:
                self._wanted.remove(key)
            self._wanted.append(key)
            del self._wanted[:-_MOST_WAITING]  # what was scrolled past is asked for again when it is seen again
            self._draw_next()
        return self._made.get(key)

    def forget(self) -> None:
        """Forget what was made: numbers of series may be given anew, and files may show something else now."""
        self._made.clear()
        self._wanted.clear()
        self._forgotten += 1
        self.ready.emit("")

    def keep(self, wanted: bool) -> None:
        """Keep thumbnails from now on, or keep none and delete those there are."""
        self._session.settings.keep_thumbnails = wanted
        self._session.keep_settings()
        if not wanted:
            self._session.jobs.edit(tr("Deleting thumbnails"), lambda _job: _delete(self._store()))

    def _draw_next(self) -> None:
        if self._drawing or not self._wanted:
            return
        self._drawing = True
        key, drawn, settings = self._wanted.pop(), partial(self._drawn, self._forgotten), self._session.settings
        self._session.jobs.query(
            ("study database", "thumbnail", key), tr("Thumbnail"),
            lambda job: _picture(self._store(), key, lambda: settings.keep_thumbnails, job),
            partial(drawn, key), lambda _sentence: drawn(key, None), quiet=True,
        )  # fmt: skip

    def _drawn(self, forgotten: int, key: str, made: Picture | None) -> None:
        self._drawing = False
        if forgotten == self._forgotten:  # else it may show what its files say no longer
            self._made[key] = made
            self.ready.emit(key)
        self._draw_next()


def _picture(store: Store, key: str, wanted: Callable[[], bool], job: Job) -> Picture | None:
    """Return the kept thumbnail of a series, or make it."""
    from pellucid.database import pictures
    from pellucid.database.opening import series
    from pellucid.dicom.thumbnail import thumbnail

    known = pictures.picture(store, key)
    if known is not None:
        return known
    files = pictures.files(store, key)
    made = thumbnail(series(store, key, cancelled=job.cancelled))
    if made is not None and wanted() and store.writes:
        pictures.keep(store, key, made, files, wanted)
    return made


def _delete(store: Store) -> None:
    from pellucid.database.pictures import forget_all

    if store.exists:
        forget_all(store)
