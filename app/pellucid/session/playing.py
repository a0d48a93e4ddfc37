"""Cine: which frame, or which slice, is on the screen at which time. The clock is whoever calls ``advance``.

A frame follows from the time that has passed, never from the number of calls: where drawing is slow, frames are
left out and the rate stays true.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from psygnal import Signal

from pellucid.model.timing import DEFAULT_RATE, Timing
from pellucid.model.view import PaneState
from pellucid.session.tracks import FrameTrack, SliceTrack, Track

if TYPE_CHECKING:
    from pellucid.session.session import Session

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)
SLOWEST, FASTEST = 0.1, 240.0
"""Frames per second that may be asked for."""
_WINDOW = 1000.0  # ms over which the achieved rate is measured


class Order(StrEnum):
    """What happens after the last frame."""

    LOOP = "loop"
    BOUNCE = "bounce"
    ONCE = "once"


@dataclass(frozen=True)
class _Cycle:
    """The frames in the order in which they are shown, and when each one ends (ms)."""

    places: tuple[int, ...]
    ends: tuple[float, ...]

    def start(self, place: int) -> float:
        """Return when a frame is shown first; the beginning for one that is not."""
        n = self.places.index(place) if place in self.places else 0
        return self.ends[n - 1] if n else 0.0


class Playing:
    """What plays in a session and how. Only what the screen shows: nothing here is undoable."""

    changed = Signal()
    """Emitted when something other than the frame changed: what plays, how, in which range, or whether at all."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.is_playing = False
        self.speed = 1.0
        self.order = Order.LOOP
        self.pane: PaneState | None = None
        """The pane whose slices are meant; the window sets it."""
        self.slices_wanted = False
        """The user asked for slices to be played; see ``track``."""
        self._range: tuple[tuple[object, ...], int, int] | None = None
        self._cycle: tuple[tuple[object, ...], _Cycle] | None = None
        self._timing: tuple[tuple[object, ...], Timing] | None = None
        self._key: tuple[object, ...] = ()
        self._seen = ""
        self._at = 0.0
        self._shown = -1
        self._now = 0.0
        self._shown_at: deque[float] = deque()

    # ---------------------------------------------------------------- what there is to play

    def track(self) -> Track | None:
        """Return what plays or would play: the frames of the active image, or slices where that was asked for."""
        slices = self.slice_track() if self.slices_wanted else None
        return slices or self.frame_track()

    def frame_track(self) -> FrameTrack | None:
        """Return the frames of the active image, if it has several."""
        image = self._session.document.active_image
        return FrameTrack(self._session, image) if image is not None and len(image.frames) > 1 else None

    def slice_track(self) -> SliceTrack | None:
        """Return the slices of the pane meant, if it has several."""
        pane = self.pane or self._session.view.panes[0]
        frame = self._session.viewing.frame(pane)
        return SliceTrack(self._session, pane) if frame is not None and frame.slice_count > 1 else None

    def timing(self, track: Track) -> Timing:
        """Return the timing of a track; it is worked out once."""
        key = (*track.key, *((id(track.layer.frames),) if isinstance(track, FrameTrack) else ()))
        if self._timing is None or self._timing[0] != key:
            self._timing = key, track.timing()
        return self._timing[1]

    def range(self, track: Track) -> tuple[int, int]:
        """Return the first and the last frame that are played."""
        known = self._range is not None and self._range[0] == track.key
        return self._range[1:] if known and self._range is not None else (0, track.count - 1)

    # ---------------------------------------------------------------- how it plays

    def choose_slices(self, on: bool) -> None:
        """Play slices, or the frames of the active image again."""
        if on != self.slices_wanted:
            self.pause()
            self.slices_wanted = on
            self.changed.emit()

    def set_order(self, order: Order) -> None:
        """Choose what happens after the last frame."""
        self.order = order
        self._begin_at_shown()
        self.changed.emit()

    def next_order(self) -> None:
        """Change from loop to bounce to once and back to loop."""
        orders = list(Order)
        self.set_order(orders[(orders.index(self.order) + 1) % len(orders)])

    def set_speed(self, speed: float) -> None:
        """Play so many times as fast as the true rate; the rate stays within 0.1 to 240 frames per second."""
        track = self.track()
        rate = self.timing(track).rate if track is not None else DEFAULT_RATE
        self.speed = min(max(speed, SLOWEST / rate), FASTEST / rate)
        self._shown_at.clear()
        self.changed.emit()

    def set_rate(self, rate: float) -> None:
        """Play so many frames per second on average."""
        track = self.track()
        if track is not None:
            self.set_speed(rate / self.timing(track).rate)

    def change_speed(self, steps: int) -> None:
        """Take the next faster (1) or slower (−1) of the speeds ¼, ½, 1, 2 and 4."""
        faster = [speed for speed in SPEEDS if speed > self.speed * 1.001]
        slower = [speed for speed in SPEEDS if speed < self.speed * 0.999]
        if steps > 0:
            self.set_speed(faster[0] if faster else max(self.speed, SPEEDS[-1]))
        else:
            self.set_speed(slower[-1] if slower else min(self.speed, SPEEDS[0]))

    def set_range(self, first: int, last: int) -> None:
        """Play only these frames, both ends with them."""
        track = self.track()
        if track is not None:
            first, last = sorted((min(max(first, 0), track.count - 1), min(max(last, 0), track.count - 1)))
            self._range = None if (first, last) == (0, track.count - 1) else (track.key, first, last)
            self._begin_at_shown()
            self.changed.emit()

    # ---------------------------------------------------------------- play, pause, step

    def toggle(self) -> None:
        """Play, or pause; an image of one frame plays its slices."""
        if self.is_playing:
            self.pause()
            return
        if self.frame_track() is None:
            self.slices_wanted = True
        self.play()

    def play(self) -> None:
        """Begin to play, from the frame that is shown."""
        track = self.track()
        if track is None or track.count < 2:
            return
        self._meet(track)
        first, last = self.range(track)
        if self.order is Order.ONCE and track.place >= last:
            track.go(first)
        self._key, self.is_playing = track.key, True
        self._now = 0.0
        self._shown_at.clear()
        self._session.view.hide_preview = True
        self._begin_at_shown()
        self.changed.emit()

    def pause(self) -> None:
        """Stop where it is, and let everybody catch up who does not follow every frame."""
        if not self.is_playing:
            return
        self.is_playing = False
        self._session.view.hide_preview = False
        track = self.track()
        if track is not None and track.key == self._key:
            track.tell()
        self._session.running.refresh_preview()
        self.changed.emit()

    def go(self, place: int) -> None:
        """Show a frame or slice; what plays goes on from there."""
        track = self.track()
        if track is not None:
            track.go(min(max(place, 0), track.count - 1))
            self._begin_at_shown()
            self._session.running.refresh_preview()

    def step_frame(self, steps: int) -> None:
        """Show a later or earlier frame of the active image."""
        track = self.frame_track()
        if track is not None:
            track.go((track.place + steps) % track.count)
            self._session.running.refresh_preview()

    # ---------------------------------------------------------------- the clock

    def advance(self, milliseconds: float) -> None:
        """Show the frame that is due after so much more time has passed."""
        track = self.track()
        if not self.is_playing:
            return
        if track is None or track.key != self._key:
            self.pause()
            return
        if track.place != self._shown:
            self._begin_at_shown()
        cycle = self._cycle_of(track)
        self._now += milliseconds
        self._at += milliseconds * self.speed
        total = cycle.ends[-1]
        over = self.order is Order.ONCE and self._at >= total
        self._at = total if over else self._at % total
        place = cycle.places[-1] if over else cycle.places[self._number(cycle)]
        if place != self._shown:
            self._shown = place
            self._shown_at.append(self._now)
            track.go(place)
        while self._shown_at and self._shown_at[0] < self._now - _WINDOW:
            self._shown_at.popleft()
        if over:
            self.pause()

    def due(self) -> float:
        """Return the ms until the next frame is due."""
        track = self.track()
        if track is None:
            return 1000.0 / DEFAULT_RATE
        cycle = self._cycle_of(track)
        return max(cycle.ends[self._number(cycle)] - self._at, 0.0) / self.speed

    def rate(self) -> float:
        """Return the frames per second that are wanted, on average."""
        track = self.track()
        return (self.timing(track).rate if track is not None else DEFAULT_RATE) * self.speed

    def achieved(self) -> float | None:
        """Return the frames per second shown lately; None until that can be told."""
        if not self.is_playing or len(self._shown_at) < 3 or self._now < _WINDOW:
            return None
        return 1000.0 * (len(self._shown_at) - 1) / max(self._shown_at[-1] - self._shown_at[0], 1e-6)

    def _number(self, cycle: _Cycle) -> int:
        return min(bisect_right(cycle.ends, self._at), len(cycle.ends) - 1)

    def _cycle_of(self, track: Track) -> _Cycle:
        first, last = self.range(track)
        stated = self.timing(track)
        key = (*track.key, first, last, self.order, stated)
        if self._cycle is None or self._cycle[0] != key:
            places = list(range(first, last + 1))
            if self.order is Order.BOUNCE:
                places += places[-2:0:-1]
            ends = accumulate(stated.durations[place] for place in places)
            self._cycle = key, _Cycle(tuple(places), tuple(ends))
        return self._cycle[1]

    def _begin_at_shown(self) -> None:
        """Let the clock go on from the frame that is shown."""
        track = self.track()
        if track is not None:
            self._shown = track.place
            self._at = self._cycle_of(track).start(self._shown)

    def _meet(self, track: Track) -> None:
        """Take over, the first time an image is played, that its source wants it to go to and fro."""
        if isinstance(track, FrameTrack) and track.layer.id != self._seen:
            self._seen = track.layer.id
            if self.timing(track).bounces:
                self.order = Order.BOUNCE
