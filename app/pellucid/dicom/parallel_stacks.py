"""Frames of several Stack IDs (PS3.3 C.7.6.16.2.2) at different places: volumes of their own, no volume with a gap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid.dicom.dimension_tags import value_text
from pellucid.dicom.geometry import JITTER
from pellucid.dicom.split_findings import said_of
from pellucid.dicom.splitting import TagValue, source_tag, value_of
from pellucid.language import tr
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.records import Member
    from pellucid.dicom.sequences import Part

    Places = list[list[Member]]


def separate_stacks(places: Places) -> dict[str, Places]:
    """Return the places of every stack, nothing where there are not several, or where they fill one grid.

    A Stack ID for every slice tells no stacks apart, nor do stacks that share a place.
    """
    stacks: dict[str, Places] = {}
    for place in places:
        names = {value_of(member, "stack") for member in place}
        if len(names) > 1 or None in names:
            return {}
        stacks.setdefault(names.pop(), []).append(place)
    if len(stacks) < 2 or 2 * len(stacks) > len(places) or _fill_one_grid(places):
        return {}
    return dict(sorted(stacks.items()))


def _fill_one_grid(places: Places) -> bool:
    """Return whether the places follow each other on a line at one distance."""
    found = np.array([place[0].frame.position for place in places], dtype=np.float64)
    even = found[0] + np.outer(np.arange(len(found)), (found[-1] - found[0]) / (len(found) - 1))
    step = float(np.linalg.norm(found[-1] - found[0])) / (len(found) - 1)
    return float(np.linalg.norm(found - even, axis=1).max()) <= min(JITTER, step / 10)


def split_stacks(
    stacks: dict[str, Places], split_places: Callable[[Places], tuple[list[Part], list[Finding]]]
) -> tuple[list[Part], list[Finding]]:
    """Split every stack by itself."""
    parts, findings = [], [_stacks_finding(stacks)]
    for name, places in stacks.items():
        found, said = split_places(places)
        parts += _of_stack(name, found)
        findings += said
    return parts, findings


def _of_stack(name: str, parts: Sequence[Part]) -> list[Part]:
    """Return the volumes of one stack as volumes that are told from those of the others by its name."""
    named = []
    for part in parts:
        value = TagValue("stack", source_tag(part.members, "stack"), value_text("stack", name))
        label = ", ".join(text for text in (value.text, part.label) if text)
        sequence = f"stack {name} {part.sequence}" if part.sequence else ""
        named.append(replace(part, label=label, sequence=sequence, values=(value, *part.values)))
    return named


def _stacks_finding(stacks: dict[str, Places]) -> Finding:
    by = said_of([("stack", source_tag(next(iter(stacks.values()))[0], "stack"))])
    message = tr("The series holds {count} stacks of slices at different places, told apart by {by}: each is a volume "
                 "of its own.", count=len(stacks), by=by)  # fmt: skip
    return Finding("several-stacks", message, "info")
