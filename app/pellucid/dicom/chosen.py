"""Volumes by the tags that the user chose, instead of those that Pellucid would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.dicom.dimension_tags import DIMENSIONS, TIMES
from pellucid.dicom.sequences import (
    Key,
    Part,
    by_rank,
    labels,
    places_of,
    projections,
    split_places,
    tag_values,
)
from pellucid.dicom.split_findings import by_choice
from pellucid.dicom.splitting import Splitting, source_tag, value_of
from pellucid.language import tr
from pellucid.model.findings import Finding, Refused

if TYPE_CHECKING:
    from pellucid.dicom.grouping import Group
    from pellucid.dicom.records import Member

_NEAR = 0.05
"""Volumes whose slices lie nearer than this (mm) to each other are on one grid."""


def split_as_chosen(group: Group, choice: Splitting) -> tuple[list[Part], list[Finding]]:
    """Make a volume, or a frame, of each value; what repeats a position inside of it is split as always."""
    names = group.varies(choice.by)
    values = _by_values(group, names)
    keys = sorted(values)
    parts = []
    for key in keys:
        label = ", ".join(labels(names, key, keys))
        for inner in _inside(values[key], group):
            text = ", ".join(word for word in (label, inner.label) if word)
            own = f"{key}{inner.sequence}" if inner.sequence else ""
            about = (*tag_values(names, inner.members), *inner.values)
            parts.append(Part(inner.members, text, own, about))
    tags = [(name, source_tag(group.members, name)) for name in names]
    if choice.apart:
        return parts, [by_choice(tags, len(keys), apart=True)]
    _check_one_grid(parts, group, names)
    return [replace(part, sequence="chosen#") for part in parts], [by_choice(tags, len(parts), apart=False)]


def _by_values(group: Group, names: Sequence[str]) -> dict[Key, list[Member]]:
    """Return the frames of each value; by their order at each place where every slice has a time of its own."""
    members = group.members
    found: dict[Key, list[Member]] = {}
    for member in members:
        found.setdefault(tuple(value_of(member, name) for name in names), []).append(member)
    if len(names) == 1 and names[0] in TIMES and group.placed:
        places = places_of(members, group)
        most = max(map(len, places))
        if len(found) > most > 1 and (ranked := by_rank(places, names[0])) is not None:
            return ranked
    return found


def _inside(members: list[Member], group: Group) -> list[Part]:
    if group.film or not (group.placed or group.stacked):
        if group.film and len(members) > 1:
            return [Part((member,), tr("frame {n}", n=n), "film") for n, member in enumerate(members, start=1)]
        return [Part(tuple(members))]
    return split_places(places_of(members, group))[0]


def _check_one_grid(parts: Sequence[Part], group: Group, names: Sequence[str]) -> None:
    """Refuse frames of one layer that do not have the same slices."""
    by = ", ".join(tr(DIMENSIONS[name].title) for name in names)
    counts = [len(part.members) for part in parts]
    if len(set(counts)) > 1:
        raise Refused(tr(
            "They cannot be frames of one layer: by {by}, some have {most} slices and some {fewest}. Make separate "
            "volumes of them.", by=by, most=max(counts), fewest=min(counts)))  # fmt: skip
    if not group.placed:
        return
    first = sorted(projections(parts[0].members))
    for part in parts[1:]:
        if max(abs(a - b) for a, b in zip(first, sorted(projections(part.members)), strict=True)) > _NEAR:
            raise Refused(tr("They cannot be frames of one layer: by {by}, they lie at different places. Make separate "
                             "volumes of them.", by=by))  # fmt: skip
