"""The clock of cine: it tells how much time has really passed, at the moment the next frame is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer

if TYPE_CHECKING:
    from pellucid.session.playing import Playing


class CineClock(QObject):
    """Drives what plays. A frame is only ever asked for after the one before could be drawn."""

    def __init__(self, playing: Playing, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playing = playing
        self._passed = QElapsedTimer()
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.tick)
        playing.changed.connect(self._follow)

    def _follow(self) -> None:
        if not self._playing.is_playing:
            self._timer.stop()
        elif not self._timer.isActive():
            self._passed.start()
            self._wait()
        else:
            self._wait()

    def _wait(self) -> None:
        self._timer.start(max(1, round(self._playing.due())))

    def tick(self) -> None:
        """Tell how much time has passed since the last time."""
        passed = self._passed.nsecsElapsed() / 1e6
        self._passed.start()
        self._playing.advance(passed)
        if self._playing.is_playing:
            self._wait()
