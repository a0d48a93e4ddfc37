"""When frames were taken: what a header says (in a worker), and what that means for the frames of one 4-D image.

Source: PS3.3 C.7.6.5 (cine), C.7.6.16.2.2 (frame content), C.8.4.9 and C.8.4.14 (NM gated and dynamic).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from pellucid.dicom.values import Values
from pellucid.model.timing import Moment, TimeSource, moments_of

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

_NUMBERS = {
    "frame time": 0x00181063, "cine rate": 0x00180040, "display rate": 0x00082144, "duration": 0x00181242,
    "resolution": 0x00200110,
}  # fmt: skip
_VECTOR, _SEQUENCING = 0x00181065, 0x00181244
_PHASES, _PHASE_FRAMES, _DURATION = 0x00540032, 0x00540033, 0x00181242
_GATED, _GATED_DATA = 0x00540062, 0x00540063
_TEMPORAL, _OFFSET, _CONTENT, _REFERENCE_DATE = 0x00209310, 0x0020930D, 0x00209111, 0x00189151
CINE_TAGS = frozenset({*_NUMBERS.values(), _VECTOR, _SEQUENCING, _PHASES, _PHASE_FRAMES, _GATED, _GATED_DATA})
FRAME_TAGS = frozenset({_TEMPORAL, _OFFSET, _CONTENT, _REFERENCE_DATE})
_SHARED, _MR_TIMING = 0x52009229, 0x00189112
_REPETITION, _SEQUENCE, _ECHO_PLANAR, _DIMENSIONS, _AVERAGES = (
    0x00180080, 0x00180020, 0x00189018, 0x00180023, 0x00180083,
)  # fmt: skip
CINE_TAGS |= {_SHARED, _MR_TIMING, _REPETITION, _SEQUENCE, _ECHO_PLANAR, _DIMENSIONS, _AVERAGES}
_DAY = 86_400.0
_OF_ONE_SHOT = ("echo", "echo time", "inversion time", "flip angle", "type", "label", "trigger", "cardiac phase",
                "phase number", "respiratory phase", "stack")  # fmt: skip
"""What volumes that follow each other after one repetition time have in common."""

Facts = Mapping[str, Any]


def cine_facts(values: Values) -> dict[str, float | tuple[float, ...]]:
    """Return what a file says about the rate of its frames, numbers in ms or per s. Runs in a worker."""
    facts: dict[str, float | tuple[float, ...]] = {}
    for name, tag in _NUMBERS.items():
        number = values.number(tag)
        if number is not None and 0 < number < 1e9:
            facts[name] = number
    vector = _decimals(values.raw(_VECTOR))
    if vector:
        facts["vector"] = vector
    if values.unsigned(_SEQUENCING) == 1:
        facts["bounces"] = 1.0
    phases = values.items(_PHASES)
    if phases:
        stated = ((phase.number(_DURATION) or 0.0, phase.unsigned(_PHASE_FRAMES) or 0) for phase in phases)
        facts["phases"] = tuple(number for pair in stated for number in pair)
    gated = values.item(_GATED)
    data = gated.item(_GATED_DATA) if gated is not None else None
    step = data.number(_NUMBERS["frame time"]) if data is not None else None
    if step and "frame time" not in facts:
        facts["frame time"] = step
    return facts | _repetition(values)


def _repetition(values: Values) -> dict[str, float | tuple[float, ...]]:
    """Return the repetition time (ms) where it is the time of a volume: echo-planar, 2-D, one average."""
    shared = values.item(_SHARED)
    timed = shared.item(_MR_TIMING) if shared is not None else None
    planar = "EP" in values.codes(_SEQUENCE) or values.code(_ECHO_PLANAR) == "YES"
    averages = values.number(_AVERAGES)
    time = (timed if timed is not None else values).number(_REPETITION)
    usable = planar and values.code(_DIMENSIONS) == "2D" and averages in (None, 1.0) and time and 0 < time < 1e6
    return {"repetition": time} if usable and time else {}


def frame_times(groups: Values) -> dict[str, float | str]:
    """Return the times that the functional groups of a frame state. Runs in a worker."""
    found: dict[str, float | str] = {}
    temporal, content = groups.item(_TEMPORAL), groups.item(_CONTENT)
    offset = temporal.double(_OFFSET) if temporal is not None else None
    if offset is not None:
        found["time offset"] = offset
    date = content.code(_REFERENCE_DATE) if content is not None else ""
    if date:
        found["reference date"] = date
    return found


def moments(volumes: Sequence[Sequence[Member]]) -> tuple[Moment, ...]:
    """Return the moment of every volume of one 4-D image or film, in their order."""
    count, facts = len(volumes), volumes[0][0].file.cine
    if count == 1:
        return moments_of(1)
    one_file = len({member.file.path for volume in volumes for member in volume}) == 1
    durations, source = _durations(facts, count, one_file)
    times, times_source = _times_of(volumes, facts)
    if times is None and durations is not None and source in (TimeSource.FRAME_TIME, TimeSource.FRAME_TIME_VECTOR):
        times, times_source = _started(facts, count, durations), source
    return moments_of(count, times=times, times_source=times_source, durations=durations, durations_source=source,
                      bounces="bounces" in facts)  # fmt: skip


def _durations(facts: Facts, count: int, one_file: bool) -> tuple[list[float] | None, TimeSource]:
    """Return how long each frame is shown: as the producer recommends, else as long as it took."""
    if "display rate" in facts:
        return [1000.0 / facts["display rate"]] * count, TimeSource.DISPLAY_RATE
    steps = _vector(facts, count)
    if steps is not None and one_file:
        return [*steps[1:], steps[0] or sorted(steps[1:])[(count - 1) // 2]], TimeSource.FRAME_TIME_VECTOR
    if "frame time" in facts and one_file:
        return [facts["frame time"]] * count, TimeSource.FRAME_TIME
    if "cine rate" in facts:
        return [1000.0 / facts["cine rate"]] * count, TimeSource.CINE_RATE
    phases = _phases(facts)
    if len(phases) == count and one_file:
        return phases, TimeSource.FRAME_DURATION
    if "duration" in facts and one_file:
        return [facts["duration"]] * count, TimeSource.FRAME_DURATION
    return None, TimeSource.UNKNOWN


def _vector(facts: Facts, count: int) -> list[float] | None:
    """Return the increments before each frame in ms; the first has none, whatever its entry says (C.7.6.5.1.2)."""
    stated = facts.get("vector", ())
    usable = len(stated) >= count and all(step > 0 for step in stated[1:count])
    return list(stated[:count]) if usable else None


def _phases(facts: Facts) -> list[float]:
    """Return a duration for every frame of a dynamic nuclear medicine image of one detector and one energy."""
    stated = facts.get("phases", ())
    pairs = zip(stated[::2], stated[1::2], strict=False)
    return [duration for duration, frames in pairs if duration > 0 for _ in range(min(int(frames), 10_000))]


def _started(facts: Facts, count: int, durations: list[float]) -> list[float]:
    """Return the time in s of each frame of a film."""
    steps = _vector(facts, count) or [0.0, *durations[:-1]]
    return [ms / 1000.0 for ms in accumulate([0.0, *steps[1:]])]


def _times_of(volumes: Sequence[Sequence[Member]], facts: Facts) -> tuple[list[float] | None, TimeSource]:
    """Return the time in s of each volume by the first kind of time that rises from volume to volume."""
    for name, source, read in _KINDS:
        times = [_earliest(volume, name, read) for volume in volumes]
        known = [time for time in times if time is not None]
        if len(known) < len(times):
            continue
        if name in ("acquisition time", "content time"):
            known = _over_midnight(known)
        if all(a < b for a, b in pairwise(known)):
            return known, source
    positions = [_earliest(volume, "temporal", _number) for volume in volumes]
    ranks = [rank for rank in positions if rank is not None]
    if "resolution" in facts and len(ranks) == len(volumes) and all(a < b for a, b in pairwise(ranks)):
        return [facts["resolution"] * (rank - ranks[0]) / 1000.0 for rank in ranks], TimeSource.RESOLUTION
    if "repetition" in facts and _follow_each_other(volumes):
        places = ranks if len(ranks) == len(volumes) and all(a < b for a, b in pairwise(ranks)) else range(len(volumes))
        return [facts["repetition"] * (rank - places[0]) / 1000.0 for rank in places], TimeSource.REPETITION
    return None, TimeSource.UNKNOWN


def _follow_each_other(volumes: Sequence[Sequence[Member]]) -> bool:
    """Return whether volumes differ by nothing but time or weighting, one repetition time after the other."""
    return all(len({member.frame.dimensions.get(name) for volume in volumes for member in volume
                    if member.frame.number >= 0}) == 1 for name in _OF_ONE_SHOT)  # fmt: skip


def _earliest(volume: Sequence[Member], name: str, read: Any) -> float | None:
    values = [read(member.frame.dimensions.get(name)) for member in volume if member.frame.number >= 0]
    return None if not values or None in values else min(values)


def _over_midnight(times: list[float]) -> list[float]:
    """Let times of day go on rising when a series runs past midnight."""
    risen, days = times[:1], 0.0
    for before, after in pairwise(times):
        days += _DAY if after < before - _DAY / 2 else 0.0
        risen.append(after + days)
    return risen


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _milliseconds(value: Any) -> float | None:
    number = _number(value)
    return None if number is None else number / 1000.0


def _clock(value: Any) -> float | None:
    """Return seconds of a TM (``HHMMSS.ffffff``, colons allowed) or a DT (``YYYYMMDDHHMMSS.ffffff&ZZXX``)."""
    text = str(value or "").replace(":", "").split("+")[0].split("-")[0].strip()
    digits, _, fraction = text.partition(".")
    if not digits.isdecimal() or (fraction and not fraction.isdecimal()):
        return None
    seconds = float(f"0.{fraction}") if fraction else 0.0
    if len(digits) == 14:
        try:
            return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp() + seconds
        except (ValueError, OverflowError, OSError):
            return None
    if len(digits) not in (2, 4, 6):
        return None
    hours, minutes, rest = (int(digits[n : n + 2] or 0) for n in (0, 2, 4))
    return hours * 3600 + minutes * 60 + rest + seconds


_KINDS = (
    ("time offset", TimeSource.TEMPORAL_OFFSET, _number),
    ("trigger", TimeSource.TRIGGER, _milliseconds),
    ("reference time", TimeSource.REFERENCE, _milliseconds),
    ("reference date", TimeSource.REFERENCE_DATE, _clock),
    ("acquisition time", TimeSource.ACQUISITION, _clock),
    ("content time", TimeSource.CONTENT, _clock),
)


def _decimals(raw: bytes) -> tuple[float, ...]:
    """Return the numbers of a decimal string of any length; none when one of them is no number."""
    try:
        numbers = tuple(float(part) for part in raw.decode("ascii", "replace").strip(" \0").split("\\"))
    except ValueError:
        return ()
    return numbers if all(map(math.isfinite, numbers)) else ()
