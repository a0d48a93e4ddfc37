"""Errors nobody foresaw: each is noted in the log without its text and told in one sentence; none ends the window."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from psygnal import EmitLoopError

from pellucid import paths
from pellucid.language import tr
from pellucid.model.findings import Refused

LOG_NAME = "pellucid.log"
LOG_BYTES, OLD_LOGS = 1 << 20, 3
SAME_PLACE_LOGGED = 10
SAME_PLACE_TOLD_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Failures:
    """Takes over what Python does with errors that reach nobody: in slots, in paint events and in threads."""

    def __init__(self, tell: Callable[[str, str], object], post: Callable[[Callable[[], object]], object]) -> None:
        self._tell, self._post = tell, post
        self._seen: Counter[tuple[str, int]] = Counter()
        self._told: dict[tuple[str, int], float] = {}
        self._hooks: tuple[Any, Any] | None = None

    def install(self) -> None:
        """Hear of every unhandled error from now on."""
        self._hooks = sys.excepthook, threading.excepthook
        sys.excepthook = self._in_program
        threading.excepthook = self._in_thread

    def remove(self) -> None:
        """Let Python print them again."""
        if self._hooks is not None:
            sys.excepthook, threading.excepthook = self._hooks
            self._hooks = None

    def _in_program(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            self._take(error)
        elif self._hooks is not None:
            self._hooks[0](kind, error, trace)

    def _in_thread(self, failed: threading.ExceptHookArgs) -> None:
        if isinstance(failed.exc_value, Exception):
            self._take(failed.exc_value)

    def _take(self, error: BaseException) -> None:
        while isinstance(error, EmitLoopError) and error.__cause__ is not None:
            error = error.__cause__
        place = _place(error)
        self._seen[place] += 1
        if not isinstance(error, Refused) and self._seen[place] <= SAME_PLACE_LOGGED:
            _log.error("%s\n%s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
        now = time.monotonic()
        if now - self._told.get(place, -SAME_PLACE_TOLD_SECONDS) >= SAME_PLACE_TOLD_SECONDS:
            self._told[place] = now  # a paint event that fails would tell it at every repaint
            sentence, severity = _said(error)
            self._post(lambda: self._tell(sentence, severity))


def keep_log() -> logging.Handler | None:
    """Write what the program logs into a file of the user, a few MB at most; None where that cannot be."""
    try:
        handler = RotatingFileHandler(
            paths.log_dir() / LOG_NAME, maxBytes=LOG_BYTES, backupCount=OLD_LOGS, encoding="utf-8", delay=True
        )
    except OSError:
        return None
    handler.setFormatter(_WithoutPeople("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("pellucid").addHandler(handler)  # only ours: other libraries quote the files they read
    return handler


class _WithoutPeople(logging.Formatter):
    """Leaves out what may name a person: the texts of errors, which quote files, and the user's own folder."""

    def formatException(self, ei: Any) -> str:
        return "".join(traceback.format_tb(ei[2])) + getattr(ei[0], "__name__", "")

    def format(self, record: logging.LogRecord) -> str:
        text, home = super().format(record), str(Path.home())
        return text.replace(home, "~") if len(home) > 1 else text


def _place(error: BaseException) -> tuple[str, int]:
    frames = traceback.extract_tb(error.__traceback__)
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else (type(error).__name__, 0)


def _said(error: BaseException) -> tuple[str, str]:
    if isinstance(error, Refused):
        return str(error), "warning"
    if isinstance(error, MemoryError):
        return tr("There is not enough memory for this. Close other images or work on a part of this one."), "error"
    where = tr("Where it happened is noted in {file} in the log folder.", file=LOG_NAME)
    return tr(
        "Something went wrong inside Pellucid ({name}). {where} Save your work.", name=type(error).__name__, where=where
    ), "error"
