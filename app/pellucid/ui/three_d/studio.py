"""The thread that owns the stage: VTK lets others work while it draws, so the window never waits for a picture.

A stage must be made, changed and drawn in one thread. On macOS that can only be the main one.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from pellucid.language import tr

if TYPE_CHECKING:
    from pellucid.ui.three_d.planes import Planes
    from pellucid.ui.three_d.stage import Stage
    from pellucid.ui.three_d.surfaces import Surfaces
    from pellucid.ui.three_d.volume import VolumePart

_log = logging.getLogger(__name__)


class Parts:
    """Everything that belongs to the thread of the studio."""

    def __init__(self) -> None:
        from pellucid.ui.three_d.planes import Planes
        from pellucid.ui.three_d.stage import Stage
        from pellucid.ui.three_d.surfaces import Surfaces
        from pellucid.ui.three_d.volume import VolumePart

        self.stage: Stage = Stage()
        self.surfaces: Surfaces = Surfaces(self.stage)
        self.planes: Planes = Planes(self.stage)
        self.volume: VolumePart = VolumePart(self.stage)


class Studio(QObject):
    """Takes orders from the main thread and answers with signals; of pictures only the latest order counts."""

    drawn = Signal(object, bool)
    """Emitted with a picture (rows, columns, 4), and whether it is a rough one."""
    picked = Signal(object)
    """Emitted with the world point under a pixel."""
    failed = Signal(str)
    """Emitted with a sentence when nothing can be drawn."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1, "pellucid-3d") if sys.platform != "darwin" else None
        self._parts: Parts | None = None
        self._lock = Lock()
        self._wanted: tuple[int, int, bool] | None = None
        self._closed = False

    def do(self, action: Callable[[Parts], Any]) -> None:
        """Change something on the stage, after everything that was ordered before."""
        if self._closed:
            return
        if self._thread is None:
            self._run(action)
        else:
            self._thread.submit(self._run, action)

    def draw(self, width: int, height: int, *, rough: bool) -> None:
        """Order a picture; an order that waits is replaced."""
        with self._lock:
            waits, self._wanted = self._wanted is not None, (width, height, rough)
        if not waits:
            self.do(self._draw)

    def pick(self, x: int, y: int) -> None:
        """Ask what lies under a pixel of the last picture."""

        def look(parts: Parts) -> None:
            start, end = parts.stage.sight(x, y)
            both = (parts.stage.pick(x, y), parts.volume.pick(start, end))
            found = [point for point in both if point is not None]
            if found:
                self.picked.emit(min(found, key=lambda point: float(np.linalg.norm(point - start))))

        self.do(look)

    def wait(self, seconds: float = 60.0) -> None:
        """Wait until everything that was ordered is done; what it emitted is still to be delivered."""
        if self._thread is not None and not self._closed:
            done: Future[None] = self._thread.submit(lambda: None)
            done.result(seconds)

    def close(self) -> None:
        """Let go of the stage and end the thread."""
        if self._closed:
            return
        self.do(lambda parts: parts.stage.close())
        self._closed = True
        if self._thread is not None:
            self._thread.submit(self._forget)
            self._thread.shutdown(wait=True)

    def _forget(self) -> None:
        self._parts = None

    def _run(self, action: Callable[[Parts], Any]) -> None:
        try:
            if self._parts is None:
                self._parts = Parts()
            action(self._parts)
        except Exception as error:
            _log.error("the 3-D view failed with %s\n%s", type(error).__name__,
                       "".join(traceback.format_tb(error.__traceback__)))  # fmt: skip
            self.failed.emit(tr("The 3-D view could not be drawn ({reason}).", reason=type(error).__name__))

    def _draw(self, parts: Parts) -> None:
        with self._lock:
            wanted, self._wanted = self._wanted, None
        if wanted is not None:
            width, height, rough = wanted
            parts.volume.hurry(rough)
            self.drawn.emit(parts.stage.picture(width, height), rough)
