"""When the frames of a time series were taken and how long each is shown, with where that is known from.

Every frame carries its own ``Moment`` (in the acquisition of its volume), so that times survive whatever is done
to frames. ``timing`` reads the moments of a series together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from pellucid.language import mark, tr

if TYPE_CHECKING:
    from pellucid.model.volume import Volume

DEFAULT_RATE = 10.0
"""Frames per second where nothing is known."""
_SLOWEST, _FASTEST = 1000.0, 1.0  # ms per frame that somebody wants to wait, and that can be true


class TimeSource(StrEnum):
    """What a time or a duration was read from."""

    UNKNOWN = "unknown"
    FRAME_TIME = "frame time"
    FRAME_TIME_VECTOR = "frame time vector"
    CINE_RATE = "cine rate"
    DISPLAY_RATE = "recommended display frame rate"
    FRAME_DURATION = "actual frame duration"
    TEMPORAL_OFFSET = "temporal position time offset"
    TRIGGER = "trigger time"
    REFERENCE = "frame reference time"
    REFERENCE_DATE = "frame reference date and time"
    ACQUISITION = "acquisition time"
    CONTENT = "content time"
    RESOLUTION = "temporal resolution"
    REPETITION = "repetition time"
    NIFTI = "NIfTI time step"
    INTERVAL = "frame interval"


TITLES = {
    TimeSource.FRAME_TIME: mark("Frame Time"),
    TimeSource.FRAME_TIME_VECTOR: mark("Frame Time Vector"),
    TimeSource.CINE_RATE: mark("Cine Rate"),
    TimeSource.DISPLAY_RATE: mark("Recommended Display Frame Rate"),
    TimeSource.FRAME_DURATION: mark("Actual Frame Duration"),
    TimeSource.TEMPORAL_OFFSET: mark("Temporal Position Time Offset"),
    TimeSource.TRIGGER: mark("Trigger Time"),
    TimeSource.REFERENCE: mark("Frame Reference Time"),
    TimeSource.REFERENCE_DATE: mark("Frame Reference DateTime"),
    TimeSource.ACQUISITION: mark("Acquisition Time"),
    TimeSource.CONTENT: mark("Content Time"),
    TimeSource.RESOLUTION: mark("Temporal Resolution"),
    TimeSource.REPETITION: mark("Repetition Time"),
    TimeSource.NIFTI: mark("time step of the NIfTI header"),
    TimeSource.INTERVAL: mark("frame interval of the file"),
}


@dataclass(frozen=True)
class Moment:
    """One frame in time: ``start`` in s after the first frame, ``duration`` on the screen in ms; None is unknown."""

    start: float | None = None
    start_source: TimeSource = TimeSource.UNKNOWN
    duration: float | None = None
    duration_source: TimeSource = TimeSource.UNKNOWN
    bounces: bool = False
    """The source wants the frames played to and fro (Preferred Playback Sequencing 1)."""


NOWHEN = Moment()


@dataclass(frozen=True)
class Timing:
    """How a series of frames is played: ms per frame, a sentence that says why, and times in s where known."""

    durations: tuple[float, ...]
    sentence: str
    is_guess: bool = False
    times: tuple[float, ...] | None = None
    times_source: TimeSource = TimeSource.UNKNOWN
    bounces: bool = False

    @property
    def rate(self) -> float:
        """Return the mean number of frames per second."""
        return 1000.0 * len(self.durations) / sum(self.durations)

    @property
    def is_even(self) -> bool:
        """Return whether every frame is shown equally long."""
        return max(self.durations) - min(self.durations) < 0.01


def even(count: int, rate: float, sentence: str, *, is_guess: bool = False) -> Timing:
    """Return the timing of frames that follow each other at a constant rate."""
    return Timing((1000.0 / rate,) * count, sentence, is_guess)


def timing(frames: Sequence[Volume]) -> Timing:
    """Return how the frames of a layer are played, from what their sources say."""
    moments = [frame.acquisition.moment for frame in frames]
    times, times_source = _times(moments)
    bounces = all(moment.bounces for moment in moments)
    durations, sentence, guess = _stated(moments) or _from_times(times, times_source) or _guessed(len(moments))
    return Timing(durations, sentence, guess, times, times_source, bounces)


def moments_of(
    count: int,
    *,
    times: Sequence[float] | None = None,
    times_source: TimeSource = TimeSource.UNKNOWN,
    durations: Sequence[float] | None = None,
    durations_source: TimeSource = TimeSource.UNKNOWN,
    bounces: bool = False,
) -> tuple[Moment, ...]:
    """Return the moments of ``count`` frames; ``times`` in s become relative to the first, durations are in ms."""
    found = []
    for n in range(count):
        start = None if times is None else float(times[n] - times[0])
        duration = None if durations is None else float(durations[n])
        found.append(Moment(start, times_source if times is not None else TimeSource.UNKNOWN, duration,
                            durations_source if durations is not None else TimeSource.UNKNOWN, bounces))  # fmt: skip
    return tuple(found)


def number(value: float) -> str:
    """Write a time or a rate with at most three figures after what matters: ``33.3``, ``2``, ``0.048``."""
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _times(moments: Sequence[Moment]) -> tuple[tuple[float, ...] | None, TimeSource]:
    """Return the times of all frames if they have them and they rise."""
    starts = [moment.start for moment in moments]
    sources = {moment.start_source for moment in moments}
    known = tuple(start for start in starts if start is not None)
    if len(known) < len(starts) or len(sources) != 1 or not all(a < b for a, b in pairwise(known)):
        return None, TimeSource.UNKNOWN
    return tuple(start - known[0] for start in known), sources.pop()


def _stated(moments: Sequence[Moment]) -> tuple[tuple[float, ...], str, bool] | None:
    """Return the durations the source states."""
    sources = {moment.duration_source for moment in moments}
    known = tuple(moment.duration for moment in moments if moment.duration is not None)
    if len(known) < len(moments) or len(sources) != 1 or min(known) < _FASTEST:
        return None
    source = sources.pop()
    return _watchable(known, source) or (known, _stated_sentence(known, source), False)


def _stated_sentence(durations: tuple[float, ...], source: TimeSource) -> str:
    title, low, high = tr(TITLES.get(source, "")), min(durations), max(durations)
    if source in (TimeSource.CINE_RATE, TimeSource.DISPLAY_RATE):
        return f"{title} {number(1000 / low)}/s"
    if high - low < 0.01:
        return f"{title} {number(low)} ms"
    return tr("{title}: {low} to {high} ms per frame", title=title, low=number(low), high=number(high))


def _from_times(times: tuple[float, ...] | None, source: TimeSource) -> tuple[tuple[float, ...], str, bool] | None:
    """Return how long each frame lasts until the next; the last one lasts as long as most."""
    if times is None or len(times) < 2:
        return None
    steps = [1000.0 * (b - a) for a, b in pairwise(times)]
    durations = (*steps, median(steps))
    if min(durations) < _FASTEST:
        return None
    title, low, high = tr(TITLES[source]), min(durations), max(durations)
    told = tr(
        "Times of the frames: {title}, {low} to {high} ms apart",
        title=title,
        low=number(low),
        high=number(high),
    )
    if high - low < 0.01 * high:
        told = tr("Times of the frames: {title}, {step} ms apart", title=title, step=number(median(steps)))
    return _watchable(durations, source) or (durations, told, False)


def _watchable(durations: tuple[float, ...], source: TimeSource) -> tuple[tuple[float, ...], str, bool] | None:
    """Return a rate to watch frames at that are seconds or minutes apart; None when they are not."""
    mean = sum(durations) / len(durations)
    if mean <= _SLOWEST:
        return None
    told = tr(
        "The frames are {step} s apart ({title}); they are shown at {rate:g} per s",
        step=number(mean / 1000),
        title=tr(TITLES[source]),
        rate=DEFAULT_RATE,
    )
    return (1000.0 / DEFAULT_RATE,) * len(durations), told, True


def _guessed(count: int) -> tuple[tuple[float, ...], str, bool]:
    told = tr("The file states no rate; {rate:g} frames per s is a guess", rate=DEFAULT_RATE)
    return (1000.0 / DEFAULT_RATE,) * max(count, 1), told, True
