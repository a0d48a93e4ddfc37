"""How often an item was begun, and whether all shall stop: empty files, so that every worker everywhere sees them."""

from __future__ import annotations

import contextlib
import shutil
import time
from pathlib import Path

FOLDER = ".pellucid-batch"
MOST = 2
"""A worker that dies with an item may have had bad luck once: the item is begun again, but not a third time."""
_LOOK_SECONDS = 0.2
_STOP = "stop"


class Attempts:
    """The files of one run, in a folder beside the results."""

    def __init__(self, out: Path) -> None:
        self.folder = out / FOLDER
        self._looked = 0.0
        self._stopped = False

    def prepare(self) -> None:
        """Begin a new run: nothing was begun, nobody shall stop."""
        self.remove()
        self.folder.mkdir(parents=True)

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, name: str) -> int:
        """Return the how-manieth time it is that an item is begun; beyond ``MOST`` it must not be."""
        for attempt in range(1, MOST + 1):
            with contextlib.suppress(FileExistsError):
                (self.folder / f"{name}.{attempt}").touch(exist_ok=False)
                return attempt
        return MOST + 1

    def end(self, name: str) -> None:
        """Forget an item that went through, however it went."""
        for attempt in range(1, MOST + 1):
            (self.folder / f"{name}.{attempt}").unlink(missing_ok=True)

    def stop(self) -> None:
        """Tell all workers to stop."""
        with contextlib.suppress(OSError):
            (self.folder / _STOP).touch()

    def stopped(self) -> bool:
        """Return whether all shall stop, or the run is gone; looks at the disk a few times a second at most."""
        now = time.monotonic()
        if not self._stopped and now - self._looked >= _LOOK_SECONDS:
            self._looked = now
            self._stopped = (self.folder / _STOP).exists() or not self.folder.exists()
        return self._stopped
