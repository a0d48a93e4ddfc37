"""Volumes that follow each other through the same places, where slices are missing and no tag tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from pellucid.dicom.dimension_tags import TIMES
from pellucid.dicom.splitting import value_of

if TYPE_CHECKING:
    from pellucid.dicom.records import Member


def by_runs(places: Sequence[Sequence[Member]], most: int) -> dict[tuple[int], list[Member]] | None:
    """Return the members of each pass through the places, None unless there are ``most`` of them.

    Frames are taken in the order of a time that all state differently, or of their instance numbers. A pass goes one
    way; where that makes too many (interleaved slices), a place that comes again begins the next one. A slice that is
    missing then moves none of a later volume into an earlier one.
    """
    where = {id(member): n for n, place in enumerate(places) for member in place}
    members = [member for place in places for member in place]
    for name in (*TIMES, "instance"):
        values = [value_of(member, name) for member in members]
        if None in values or len(set(values)) < len(values):
            continue
        ordered = [members[k] for k in sorted(range(len(members)), key=lambda k: values[k])]
        path = [where[id(member)] for member in ordered]
        for starts in (_turns(path), _returns(path)):
            if len(starts) == most:
                runs = zip(starts, [*starts[1:], len(path)], strict=True)
                return {(n,): ordered[first:last] for n, (first, last) in enumerate(runs, start=1)}
    return None


def _turns(path: Sequence[int]) -> list[int]:
    """Return where each pass begins when all of them go through the places in the same sense."""
    steps = [b - a for a, b in pairwise(path)]
    sense = 1 if sum(step > 0 for step in steps) * 2 >= len(steps) else -1
    return [0, *(n for n, step in enumerate(steps, start=1) if step * sense <= 0)]


def _returns(path: Sequence[int]) -> list[int]:
    """Return where each pass begins when a place that comes again begins one."""
    starts, seen = [0], {path[0]}
    for n, place in enumerate(path[1:], start=1):
        if place in seen:
            starts.append(n)
            seen = set()
        seen.add(place)
    return starts
