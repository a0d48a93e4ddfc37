"""Waiting for a window that has nothing more to do, whatever time that takes."""

from __future__ import annotations

import gc

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

_CLOCK = Qt.TimerType.PreciseTimer  # that of cine, which goes on
_SOON = 500  # ms; what waits longer is a sentence that goes away


def at_rest(session) -> bool:
    """Return whether nothing is computed and no widget is about to look again; for ``qtbot.waitUntil``.

    While frames are played widgets look again for ever, and the sooner after each other the busier the machine is.
    """
    timers = (timer for window in all_windows() for timer in window.findChildren(QTimer) if timer.isActive())
    soon = any(timer.isSingleShot() and timer.interval() <= _SOON and timer.timerType() != _CLOCK for timer in timers)
    return (session.playing.is_playing or not soon) and not session.jobs.running


def all_windows() -> list[QWidget]:
    """Return all windows, dialogs and menus; garbage that is collected while Qt lists them would crash the process."""
    gc.disable()
    try:
        return QApplication.topLevelWidgets()
    finally:
        gc.enable()
