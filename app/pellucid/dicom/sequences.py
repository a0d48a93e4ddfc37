"""Frames that repeat a position (H08): find what tells them apart, and make one volume of each value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom.grouping import Group
from pellucid.dicom.records import blank
from pellucid.language import mark, tr
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

SAME_POSITION = 0.02
"""Slices nearer than this (mm, or a tenth of a pixel) lie at the same position."""
_TITLES = {
    "segment": mark("segment"),
    "stack": mark("stack"),
    "type": mark("image type"),
    "echo": mark("echo number"),
    "echo time": mark("echo time"),
    "temporal": mark("temporal position"),
    "diffusion": mark("b-value"),
    "trigger": mark("trigger time"),
    "reference time": mark("frame reference time"),
    "inversion time": mark("inversion time"),
    "flip angle": mark("flip angle"),
    "energy": mark("tube voltage"),
    "kernel": mark("reconstruction kernel"),
    "acquisition": mark("acquisition number"),
    "index": mark("dimension index"),
    "acquisition time": mark("acquisition time"),
    "content time": mark("content time"),
}
_TIMES = ("temporal", "trigger", "reference time", "acquisition time", "content time")
_APART = frozenset({"segment", "stack", "type", "energy", "kernel"})
"""What makes different images rather than frames of one 4-D image."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Part:
    """The frames of one volume; ``sequence`` is non-empty when the volume is a frame of a 4-D image."""

    members: tuple[Member, ...]
    label: str = ""
    sequence: str = ""


def split(group: Group) -> tuple[list[Part], list[Finding]]:
    """Split a group into volumes without repeated positions."""
    if group.film and len(group.members) > 1:
        return [Part((m,), tr("frame {n}", n=n), "film") for n, m in enumerate(group.members, start=1)], []
    if not group.placed:
        return [Part(group.members)], []
    parts, findings = [], []
    single: set[Key] = set()
    copies = _copies(group.members)
    for number, members in enumerate(copies, start=1):
        found, said = _split_places(members)
        findings += said
        for part in found:
            if not part.sequence and (files := _frames(part)) in single:
                continue  # nothing in it has versions: an earlier copy holds it
            if not part.sequence:
                single.add(files)
            label = ", ".join(
                t for t in (tr("copy {number}", number=number) if len(copies) > 1 else "", part.label) if t
            )
            copied = f"copy {number} " if len(copies) > 1 else ""
            sequence = f"{copied}{part.sequence}" if part.sequence else ""
            parts.append(Part(part.members, label, sequence))
    return parts, findings


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


def _split_places(members: Sequence[Member]) -> tuple[list[Part], list[Finding]]:
    places = _places(members)
    most = max(len(place) for place in places)
    if most == 1:
        return [Part(tuple(members))], []
    names, groups, complete = _told_apart(places, most)
    tied = not names and _are_tied(groups)
    parts = _parts(names, groups, complete and not tied, tied)
    return parts, [_finding(names, len(parts), complete, tied)]


def _places(members: Sequence[Member]) -> list[list[Member]]:
    """Return the members at each position along the normal."""
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
    names = [name for name in _TITLES if _varies(places, name)]
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
        for name in (*(name for name in _TIMES if name in names), ""):
            ranked = _by_rank(places, name)
            if ranked is not None:
                return (name,) if name else (), ranked, True
    if loose is not None:
        return loose
    ranked = _by_rank(places, "")
    assert ranked is not None
    return (), ranked, False


def _varies(places: list[list[Member]], name: str) -> bool:
    """Return whether all frames have a value, and some frames at one position differ in it."""
    values = [[_value(member, name) for member in place] for place in places]
    return all(None not in row for row in values) and any(len(set(row)) > 1 for row in values)


def _value(member: Member, name: str) -> Any:
    dimensions = member.frame.dimensions
    if name == "diffusion":
        return None if "b" not in dimensions else (dimensions["b"], dimensions.get("direction", ()))
    return dimensions.get(name)


def _by_value(places: list[list[Member]], names: tuple[str, ...]) -> dict[Key, list[Member]] | None:
    """Return the members of each value, None when two at one position share one."""
    groups: dict[Key, list[Member]] = {}
    for place in places:
        keys = [tuple(_value(member, name) for name in names) for member in place]
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


def _by_rank(places: list[list[Member]], name: str) -> dict[Key, list[Member]] | None:
    """Return the first, second … member of every position in the order of a value, or of instance numbers."""
    groups: dict[Key, list[Member]] = {}
    for place in places:
        if name and len({_value(member, name) for member in place}) < len(place):
            return None
        ranked = sorted(place, key=(lambda m: (_value(m, name),)) if name else _instance)
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
    return (member.frame.number < 0, *_instance(member))


def _parts(names: tuple[str, ...], groups: dict[Key, list[Member]], complete: bool, tied: bool) -> list[Part]:
    timed = not names or all(name in _TIMES for name in names)
    keys = sorted(groups) if timed else sorted(groups, key=lambda key: min(_first(m) for m in groups[key]))
    parts = []
    for key in keys:
        label = ", ".join(_labels(names, key, keys)) if names else tr("time {n}", n=key[0])
        label = _place_on_disk(groups[key], key) if tied else label
        apart = [str(value) for name, value in zip(names, key, strict=False) if name in _APART]
        is_frame = complete and len(apart) < max(len(names), 1)
        parts.append(Part(tuple(groups[key]), label, f"{' '.join(apart)}#" if is_frame else ""))
    return parts


def _labels(names: tuple[str, ...], key: Key, keys: list[Key]) -> list[str]:
    labels = []
    for position, (name, value) in enumerate(zip(names, key, strict=False)):
        values = list(dict.fromkeys(other[position] for other in keys))
        labels.append(_label(name, value, values))
    return labels


def _label(name: str, value: Any, values: list[Any]) -> str:
    if name in _TIMES:
        return tr("time {n}", n=sorted(values).index(value) + 1) if value in values else tr("time {n}", n=value)
    if name == "diffusion":
        same = [other for other in values if other[0] == value[0]]
        return f"b {value[0]:g}" + (f" ({same.index(value) + 1})" if len(same) > 1 else "")
    if name == "type":
        common = set.intersection(*(set(str(other).split()) for other in values))
        return " ".join(word for word in str(value).split() if word not in common).lower() or tr("other type")
    if name == "index":
        return tr("part {n}", n=".".join(f"{n:g}" for n in value))
    units = {
        "echo time": mark("TE {n:g} ms"),
        "inversion time": mark("TI {n:g} ms"),
        "flip angle": mark("flip {n:g}°"),
        "energy": mark("{n:g} kV"),
        "echo": mark("echo {n:g}"),
        "acquisition": mark("acquisition {n:g}"),
    }
    return tr(units[name], n=value) if name in units else f"{name} {value}"


def _finding(names: tuple[str, ...], count: int, complete: bool, tied: bool) -> Finding:
    if tied:
        message = tr(
            "Several images lie at one place and only their files tell them apart: each is an image of its own."
        )
        return Finding("several-volumes", message, "warning")
    if names:
        by = ", ".join(tr(_TITLES[name]) for name in names)
        message = tr("The series holds {count} volumes at the same positions, told apart by {by}.", count=count, by=by)
    else:
        message = tr(
            "The series holds {count} volumes at the same positions, told apart only by the order of their "
            "instance numbers.",
            count=count,
        )
    if not complete:
        message += " " + tr("Not every one has a slice at every position.")
    return Finding("several-volumes", message, "info" if names and complete else "warning")
