"""All panes that changed are taken up together, and their pictures made side by side on the processors there are.

The drawing of one slice is NumPy and QImage work that lets other threads run. It is finished before Qt paints, so
nothing the threads read can change meanwhile.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from shiboken6 import isValid

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView

Work = Callable[[], None]

_MOST_THREADS = 4


class Drawing(QObject):
    """Gathers the panes that asked to be drawn until the event loop has time for all of them at once.

    A pane that was hidden meanwhile is passed over: it would take up volumes it let go of, and asks when it is shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self._due: dict[SliceView, None] = {}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._draw)

    def ask(self, pane: SliceView) -> None:
        """Take a pane up before the next frame."""
        self._due[pane] = None
        if not self._timer.isActive():
            self._timer.start()

    def drop(self, pane: SliceView) -> None:
        """Forget that a pane asked: it was taken up already."""
        self._due.pop(pane, None)

    def _draw(self) -> None:
        panes, self._due = [pane for pane in self._due if isValid(pane) and pane.isVisible()], {}
        for pane in panes:
            try:
                pane.flush()
            except Exception:  # one pane that fails must not keep the others from being drawn
                sys.excepthook(*sys.exc_info())
        do_together(work for pane in panes if isValid(pane) for work in pane.pictures())


@lru_cache(maxsize=1)
def drawing() -> Drawing:
    """Return the one that all panes of the program share."""
    return Drawing()


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor | None:
    helpers = min(os.cpu_count() or 1, _MOST_THREADS) - 1
    return ThreadPoolExecutor(helpers, thread_name_prefix="pellucid-draw") if helpers else None


def do_together(works: Iterable[Work]) -> None:
    """Do all of some work in this thread and the helping ones; raise the first error there was."""
    todo, errors = deque(works), list[Exception]()

    def serve() -> None:
        while todo:
            try:
                work = todo.popleft()
            except IndexError:
                return
            try:
                work()
            except Exception as error:
                errors.append(error)

    threads = _threads() if len(todo) > 1 else None
    waiting = [threads.submit(serve) for _ in range(min(len(todo), _MOST_THREADS) - 1)] if threads is not None else []
    serve()
    for helper in waiting:
        if not helper.cancel():
            helper.result()
    if errors:
        raise errors[0]
