"""Times of day without dates that run past midnight: 00:00:10 comes after 23:59:50 where nothing contradicts that."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from pellucid.dicom.dimension_tags import value_text
from pellucid.language import tr
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.grouping import Group
    from pellucid.dicom.records import Member

    Places = list[list[Member]]

_CLOCKS = ("acquisition time", "content time")
_TIME = re.compile(r"(\d\d)(?::?(\d\d)(?::?(\d\d)(\.\d*)?)?)?")
_HALF_A_DAY = 43_200.0


def past_midnight(group: Group, places: Callable[[], Places]) -> tuple[Group, list[Finding]]:
    """Let hours count on beyond 24 where the clocks of frames leave out more than half a day.

    ``places`` are asked for only then. Where instance numbers follow the clocks as they are, these stay, and a finding
    says that it is not clear.
    """
    members, findings = group.members, list[Finding]()
    for name in _CLOCKS:
        stated = {_stated(member, name) for member in members}
        late = _after_the_gap(stated)
        if not late or max(map(len, held := places())) < 2:
            continue
        said = {"late": value_text(name, min(late)), "early": value_text(name, max(stated - late))}
        if _follow(held, name, frozenset()) and not _follow(held, name, late):
            return group, [_unclear(said)]
        members = tuple(_later(member, name, late) for member in members)
        findings = [_taken(said)]
    return replace(group, members=members), findings


def _stated(member: Member, name: str) -> str:
    return str(member.frame.dimensions.get(name, ""))


def _seconds(text: str) -> float:
    """Return the seconds of a time that ``_TIME`` matches."""
    hours, minutes, seconds, fraction = _TIME.fullmatch(text).groups()  # type: ignore[union-attr]
    return int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0{fraction or ''}")


def _after_the_gap(stated: set[str]) -> frozenset[str]:
    """Return the times before a gap of more than half a day, those after midnight."""
    if not all(map(_TIME.fullmatch, stated)):
        return frozenset()
    ordered = sorted(stated, key=_seconds)
    for n, (before, after) in enumerate(pairwise(ordered), start=1):
        if _seconds(after) - _seconds(before) > _HALF_A_DAY:
            return frozenset(ordered[:n])
    return frozenset()


def _follow(places: Places, name: str, late: frozenset[str]) -> bool:
    """Return whether the instance numbers at every place rise with the clock."""
    for place in places:
        ordered = sorted(place, key=lambda m: (_stated(m, name) in late, _seconds(_stated(m, name))))
        numbers = [member.frame.instance for member in ordered]
        if not all(a is not None and b is not None and a < b for a, b in pairwise(numbers)):
            return False
    return True


def _later(member: Member, name: str, late: frozenset[str]) -> Member:
    if _stated(member, name) not in late:
        return member
    hours, minutes, seconds, fraction = _TIME.fullmatch(_stated(member, name)).groups()  # type: ignore[union-attr]
    counted = f"{int(hours) + 24}{minutes or '00'}{seconds or '00'}{fraction or ''}"
    return replace(member, frame=replace(member.frame, dimensions=member.frame.dimensions | {name: counted}))


def _taken(said: dict[str, str]) -> Finding:
    message = tr("The times of the images have no dates and are taken to run past midnight: {late} comes after "
                 "{early}.", **said)  # fmt: skip
    return Finding("past-midnight", message, "info")


def _unclear(said: dict[str, str]) -> Finding:
    message = tr("The times of the images have no dates and may run past midnight, but the instance numbers do not say "
                 "so: {late} is taken to come before {early}.", **said)  # fmt: skip
    return Finding("past-midnight", message)
