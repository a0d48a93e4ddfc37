"""Volumes that follow each other through the same places, where slices are missing and no tag tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pellucid.dicom.dimension_tags import TIMES
from pellucid.dicom.splitting import value_of

if TYPE_CHECKING:
    from pellucid.dicom.records import Member


def by_runs(places: Sequence[Sequence[Member]], most: int) -> dict[tuple[int], list[Member]] | None:
    """Return the members of each pass through the places, None unless there are ``most`` of them.

    Frames are taken in the order of a time that all state differently, or of their instance numbers. A place that
    comes again begins the next pass: a slice that is missing then moves none of a later volume into an earlier one.
    """
    where = {id(member): n for n, place in enumerate(places) for member in place}
    members = [member for place in places for member in place]
    for name in (*TIMES, "instance"):
        values = [value_of(member, name) for member in members]
        if None in values or len(set(values)) < len(values):
            continue
        ordered = [members[k] for k in sorted(range(len(members)), key=lambda k: values[k])]
        runs = _runs(ordered, where)
        if len(runs) == most:
            return {(n,): run for n, run in enumerate(runs, start=1)}
    return None


def _runs(ordered: Sequence[Member], where: dict[int, int]) -> list[list[Member]]:
    runs: list[list[Member]] = []
    seen: set[int] = set()
    for member in ordered:
        place = where[id(member)]
        if not runs or place in seen:
            runs.append([])
            seen = set()
        runs[-1].append(member)
        seen.add(place)
    return runs
