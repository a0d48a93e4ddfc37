"""Frames that repeat a position (H08): find what tells them apart, and make one volume of each value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom.dimension_tags import APART, DIMENSIONS, TIMES, value_text
from pellucid.dicom.grouping import Group
from pellucid.dicom.midnight import past_midnight
from pellucid.dicom.parallel_stacks import separate_stacks, split_stacks
from pellucid.dicom.records import blank
from pellucid.dicom.runs import by_runs
from pellucid.dicom.split_findings import found_by_itself, one_frame_each
from pellucid.dicom.splitting import AUTOMATIC, Splitting, TagValue, source_tag, value_of
from pellucid.language import tr
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

SAME_POSITION = 0.02
"""Slices nearer than this (mm, or a tenth of a pixel) lie at the same position."""
_OF_DETECTORS = ("detector", "energy window")
_NEVER_FOUND = frozenset({"instance", "view"})
"""What varies from frame to frame without saying that there are several images."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """The frames of one volume; ``sequence`` is non-empty when the volume is a frame of a 4-D image.

    ``values`` are those that tell it from the other volumes of its series; ``copy`` counts from 1 where files with
    one identity differ.
    """

    members: tuple[Member, ...]
    label: str = ""
    sequence: str = ""
    values: tuple[TagValue, ...] = ()
    copy: int = 0


def split(group: Group, choice: Splitting = AUTOMATIC) -> tuple[list[Part], list[Finding]]:
    """Split a group into volumes without repeated positions; raise Refused where a choice cannot be followed."""
    group, findings = past_midnight(group, lambda: places_of(group.members, group))
    if choice.by and group.varies(choice.by):
        from pellucid.dicom.chosen import split_as_chosen

        parts, said = split_as_chosen(group, choice)
        return parts, findings + said
    if group.film and len(group.members) > 1:
        return _films(group.members), []
    if not group.placed and not group.stacked:
        return [Part(group.members)], []
    parts = []
    single: set[Key] = set()
    copies = _copies(group.members)
    for number, members in enumerate(copies, start=1):
        places = places_of(members, group)
        stacks = separate_stacks(places) if group.placed and not choice.merged else {}
        found, said = split_stacks(stacks, split_places) if stacks else split_places(places)
        findings += said
        for part in found:
            if not part.sequence and (files := _frames(part)) in single:
                continue  # nothing in it has versions: an earlier copy holds it
            if not part.sequence:
                single.add(files)
            if len(copies) > 1:
                label = ", ".join(t for t in (tr("copy {number}", number=number), part.label) if t)
                sequence = f"copy {number} {part.sequence}" if part.sequence else ""
                part = replace(part, label=label, sequence=sequence, copy=number)
            parts.append(part)
    return parts, findings


def _films(members: Sequence[Member]) -> list[Part]:
    """Return a film for every detector and energy window; without them all frames are one."""
    names = [n for n in _OF_DETECTORS if len({value_of(m, n) for m in members} - {None}) > 1]
    films: dict[Key, list[Member]] = {}
    for member in members:
        films.setdefault(tuple(value_of(member, name) for name in names), []).append(member)
    parts = []
    for key, film in films.items():
        label = ", ".join(value_text(name, value) for name, value in zip(names, key, strict=True))
        for n, member in enumerate(film, start=1):
            values = tuple(TagValue(name, source_tag(members, name), value_text(name, value_of(member, name)))
                           for name in one_frame_each(film))  # fmt: skip
            frame = tr("frame {n}", n=n)
            parts.append(Part((member,), f"{label}, {frame}" if label else frame, f"film {key}", values))
    return parts


def _frames(part: Part) -> Key:
    """Return which frames of which files a part is made of."""
    return tuple((member.file.path, member.frame.number) for member in part.members)


def projections(members: Sequence[Member]) -> np.ndarray:
    """Return the distance of every frame along the normal of the first one, in mm."""
    orientation = np.array(members[0].frame.orientation)
    normal = np.cross(orientation[:3], orientation[3:])
    positions = np.array([member.frame.position for member in members])
    return np.asarray(positions @ (normal / np.linalg.norm(normal)))


def _copies(members: Sequence[Member]) -> list[tuple[Member, ...]]:
    """Return the members of each copy: every version of a file in one of them, all other files in each."""
    count = max(member.copy for member in members) + 1
    if count <= 1:
        return [tuple(members)]
    versions: dict[str, int] = {}
    for member in members:
        versions[member.file.sop_uid] = max(versions.get(member.file.sop_uid, 0), member.copy)
    copies = (
        tuple(m for m in members if m.copy < 0 or m.copy == min(copy, versions[m.file.sop_uid]))
        for copy in range(count)
    )
    return [copy for copy in copies if copy]  # a version may have gone to another group


def split_places(places: list[list[Member]]) -> tuple[list[Part], list[Finding]]:
    """Split what lies at some places into volumes that have each place once, by what tells them apart."""
    most = max(len(place) for place in places)
    members = [member for place in places for member in place]
    if most == 1:
        return [Part(tuple(members))], []
    names, groups, complete = _told_apart(places, most)
    tied = not names and _are_tied(groups)
    parts = _parts(names, groups, complete and not tied, tied)
    tags = [(name, source_tag(members, name)) for name in names]
    return parts, [found_by_itself(tags, len(parts), complete, tied)]


def places_of(members: Sequence[Member], group: Group) -> list[list[Member]]:
    """Return the members at each position along the normal; slices of a stack without positions by their number."""
    if not group.placed:
        numbered: dict[int, list[Member]] = {}
        for n, member in enumerate(members):
            number = member.frame.instance
            numbered.setdefault(n if number is None or not group.stacked else number, []).append(member)
        return list(numbered.values())
    distances = projections(members)
    spacing = members[0].frame.spacing
    tolerance = min(SAME_POSITION, min(spacing) / 10) if spacing else SAME_POSITION
    order = np.argsort(distances, kind="stable")
    places: list[list[Member]] = []
    last = None
    for k in order:
        if last is None or distances[k] - last > tolerance:
            places.append([])
            last = distances[k]
        places[-1].append(members[k])
    return places


def _told_apart(places: list[list[Member]], most: int) -> tuple[tuple[str, ...], dict[Key, list[Member]], bool]:
    """Return the names of what differs, the members of each value, and whether each has every position."""
    names = [name for name in DIMENSIONS if name not in _NEVER_FOUND and _varies(places, name)]
    total = sum(len(place) for place in places)
    if "segment" in names:
        names = ["segment"]
    choices = [*((name,) for name in names), *combinations(names, 2), *combinations(names, 3)]
    loose = None
    for choice in choices:
        groups = _by_value(places, choice)
        if groups is None:
            continue
        if len(groups) * len(places) == total:
            return choice, groups, True
        if choice == ("segment",):
            return choice, _without_gaps(groups, places), True
        if loose is None and len(groups) == most:
            loose = choice, groups, False
    if total == most * len(places):
        for name in (*(name for name in TIMES if name in names), ""):
            ranked = by_rank(places, name)
            if ranked is not None:
                return (name,) if name else (), ranked, True
    if loose is not None:
        return loose
    ranked = by_runs(places, most) or by_rank(places, "")
    assert ranked is not None
    return (), ranked, False


def _varies(places: list[list[Member]], name: str) -> bool:
    """Return whether all frames have a value, and some frames at one position differ in it."""
    values = [[value_of(member, name) for member in place] for place in places]
    return all(None not in row for row in values) and any(len(set(row)) > 1 for row in values)


def _by_value(places: list[list[Member]], names: tuple[str, ...]) -> dict[Key, list[Member]] | None:
    """Return the members of each value, None when two at one position share one."""
    groups: dict[Key, list[Member]] = {}
    for place in places:
        keys = [tuple(value_of(member, name) for name in names) for member in place]
        if len(set(keys)) < len(keys):
            return None
        for value, member in zip(keys, place, strict=True):
            groups.setdefault(value, []).append(member)
    return groups


def _without_gaps(groups: dict[Key, list[Member]], places: list[list[Member]]) -> dict[Key, list[Member]]:
    """Give every segment a slice at every position: frames that are empty are not stored (PS3.3 C.8.20.2)."""
    filled: dict[Key, list[Member]] = {}
    for key, members in groups.items():
        own = {id(member) for member in members}
        filled[key] = [
            next((m for m in place if id(m) in own), None) or replace(place[0], frame=blank(place[0].frame))
            for place in places
        ]
    return filled


def by_rank(places: list[list[Member]], name: str) -> dict[Key, list[Member]] | None:
    """Return the first, second … member of every position in the order of a value, or of instance numbers."""
    groups: dict[Key, list[Member]] = {}
    for place in places:
        if name and len({value_of(member, name) for member in place}) < len(place):
            return None
        ranked = sorted(place, key=(lambda m: (value_of(m, name),)) if name else _instance)
        for rank, member in enumerate(ranked, start=1):
            groups.setdefault((rank,), []).append(member)
    return groups


def _instance(member: Member) -> Key:
    frame = member.frame
    return (frame.instance if frame.instance is not None else 1 << 40, member.file.path, frame.number)


def _are_tied(groups: dict[Key, list[Member]]) -> bool:
    """Return whether not even the instance numbers tell the members of different groups apart."""
    numbers = [{member.frame.instance for member in members} for members in groups.values()]
    return any(None in found for found in numbers) or not all(a.isdisjoint(b) for a, b in combinations(numbers, 2))


def _place_on_disk(members: list[Member], key: Key) -> str:
    """Name images that nothing in their headers tells apart: by the file if it is one."""
    files = {member.file.path for member in members}
    return Path(files.pop()).name if len(files) == 1 else tr("image {n}", n=key[0])


def _first(member: Member) -> Key:
    """Return the order of acquisition of a frame, blank frames last."""
    return member.frame.number < 0, _instance(member)[0]


def _ordered_keys(names: Sequence[str], groups: dict[Key, list[Member]]) -> list[Key]:
    """Return the values in their order: times by time, all others as they were acquired, or else by value."""
    timed = not names or all(name in TIMES for name in names)
    return sorted(groups) if timed else sorted(groups, key=lambda key: (min(map(_first, groups[key])), key))


def _parts(names: tuple[str, ...], groups: dict[Key, list[Member]], complete: bool, tied: bool) -> list[Part]:
    keys = _ordered_keys(names, groups)
    parts = []
    for key in keys:
        label = ", ".join(labels(names, key, keys)) if names else tr("time {n}", n=key[0])
        label = _place_on_disk(groups[key], key) if tied else label
        apart = [str(value) for name, value in zip(names, key, strict=False) if name in APART]
        is_frame = complete and len(apart) < max(len(names), 1)
        sequence = f"{' '.join(apart)}#" if is_frame else ""
        parts.append(Part(tuple(groups[key]), label, sequence, tag_values(names, groups[key])))
    return parts


def tag_values(names: Sequence[str], members: Sequence[Member]) -> tuple[TagValue, ...]:
    """Return the values of the frames of one volume; where every slice has one of its own, the earliest."""
    found = []
    for name in names:
        values = [value for member in members if (value := value_of(member, name)) is not None]
        first = min(values) if name in TIMES else values[0]
        found.append(TagValue(name, source_tag(members, name), value_text(name, first)))
    return tuple(found)


def labels(names: Sequence[str], key: Key, keys: list[Key]) -> list[str]:
    """Return how the values of one volume read beside those of the others."""
    found = []
    for position, (name, value) in enumerate(zip(names, key, strict=False)):
        values = list(dict.fromkeys(other[position] for other in keys))
        found.append(_label(name, value, values))
    return found


def _label(name: str, value: Any, values: list[Any]) -> str:
    if name in TIMES:
        return tr("time {n}", n=sorted(values).index(value) + 1) if value in values else tr("time {n}", n=value)
    if name == "diffusion":
        same = [other for other in values if other[0] == value[0]]
        return f"b {value[0]:g}" + (f" ({same.index(value) + 1})" if len(same) > 1 else "")
    if name == "type":
        common = set.intersection(*(set(str(other).split()) for other in values))
        return " ".join(word for word in str(value).split() if word not in common).lower() or tr("other type")
    return value_text(name, value)
