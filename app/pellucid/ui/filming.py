"""Makes pictures and films: draws a scene per turn of the event loop and hands it to the job that writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui.canvas.picturing import Look, Picturing, Pose, pixels_of

if TYPE_CHECKING:
    from pellucid.files.export import Report
    from pellucid.files.movies import FilmFormat
    from pellucid.jobs.job import Job
    from pellucid.session import Session
    from pellucid.session.filming import Film

_WAITING = 4  # pictures that are drawn and not written yet
_PATIENCE = 0.1  # s between two looks whether the job was cancelled
Pixels = NDArray[np.uint8]


class FilmMaker(QObject):
    """A picture or film on its way; ``done`` hears of it when it was written and read back."""

    def __init__(
        self, session: Session, picturing: Picturing, done: Callable[[Report], None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._picturing = session, picturing
        self._queue: Queue[Pixels] = Queue(_WAITING)
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._draw_next)
        self._done = done
        self.error = ""
        """Why drawing cannot go on."""
        self.drawn = 0
        self._pose: Pose | None = None

    def make(self, film: Film, look: Look, path: Path, form: FilmFormat) -> Job:
        """Begin; the job says how far it is and can be cancelled."""
        self._film, self._look = film, look
        self._size = self._picturing.size(look)
        self.job = self._session.jobs.load(
            tr("Writing {name}", name=path.name), lambda job: self._write(job, path, form), self._done
        )
        self._timer.start()
        return self.job

    def _write(self, job: Job, path: Path, form: FilmFormat) -> Report:
        """Write what comes; runs in a thread of the jobs."""
        from pellucid.files.movies import PICTURES, write_film, write_picture

        coming = self._coming(job)
        if form in PICTURES:
            (picture,) = coming
            return write_picture(picture, path)
        return write_film(path, form, coming, self._film.durations, progress=job.report, cancelled=job.cancelled)

    def _coming(self, job: Job) -> Iterator[Pixels]:
        for _ in range(len(self._film)):
            while True:
                job.check()
                if self.error:
                    raise Refused(self.error)
                try:
                    picture = self._queue.get(timeout=_PATIENCE)
                except Empty:
                    continue
                break
            yield picture

    def _draw_next(self) -> None:
        """Draw one picture, or spend a moment on its details, unless the writer has enough to do."""
        if self.job.finished or self.job.cancelled() or self.drawn == len(self._film):
            self.stop()
            return
        self._timer.setInterval(5 if self._queue.full() else 0)
        if self._queue.full():
            return
        if self._picturing.size(self._look) != self._size:
            self.error = tr("The size of the panes changed while the film was drawn. Begin again.")
            self.stop()
            return
        if self._pose is None:
            self._pose = self._picturing.pose(self._look, self._film.scenes[self.drawn])
        if not self._pose.refine():
            return
        picture = pixels_of(self._pose.draw())
        self._let_go()
        self._queue.put_nowait(picture)  # nobody else puts any in
        self.drawn += 1

    def stop(self) -> None:
        """Draw no more, and show everything as it was."""
        self._timer.stop()
        self._let_go()

    def _let_go(self) -> None:
        if self._pose is not None:
            self._pose.close()
            self._pose = None
