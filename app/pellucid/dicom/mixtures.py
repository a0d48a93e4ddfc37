"""What slices of one volume should have in common and do not: units, polarity, padding, how they were made."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, Any

from pellucid.dicom.dimension_tags import DIMENSIONS, value_text
from pellucid.dicom.splitting import value_of
from pellucid.language import tr
from pellucid.model.findings import Finding

if TYPE_CHECKING:
    from pellucid.dicom.records import Member

_ALIKE = ("type", "raw type", "kernel", "energy", "echo", "echo time", "inversion time", "flip angle", "diffusion")
"""Dimensions that are the same in all slices of an image; times, phases and numbers of acquisition need not be."""
_ADJUSTED = ("inversion time", "flip angle")
"""Those of them that are set anew for a slice as a matter of course: told without alarm."""
_NAMED = 3
_ROUNDED = 0.01
"""Numbers that differ by less than this share are the same setting, as scanners round it."""


def mixture_findings(members: Sequence[Member]) -> list[Finding]:
    """Return what differs from slice to slice of one volume and makes their values or looks hard to compare."""
    members = [member for member in members if member.frame.number >= 0]
    return [*_units(members), *_polarity(members), *_paddings(members), *_making(members)]


def _units(members: Sequence[Member]) -> list[Finding]:
    units = sorted({member.frame.unit for member in members})
    if len(units) < 2 or any(member.frame.unscaled or member.frame.unmapped for member in members):
        return []  # the latter is said for itself
    named = ", ".join(unit or tr("none") for unit in units)
    message = tr("The slices are in different units ({units}): values are shown without a unit, and those of one slice "
                 "cannot be compared with those of another.", units=named)  # fmt: skip
    return [Finding("mixed-values", message)]


def _polarity(members: Sequence[Member]) -> list[Finding]:
    if len({member.layout.photometric for member in members} & {"MONOCHROME1", "MONOCHROME2"}) < 2:
        return []
    message = tr("Some slices are meant to be shown inverted (MONOCHROME1) and some are not: values are kept, and all "
                 "are shown as the middle slice is meant to be.")  # fmt: skip
    return [Finding("mixed-values", message)]


def _paddings(members: Sequence[Member]) -> list[Finding]:
    if len({member.file.padding for member in members}) < 2:
        return []
    message = tr("Not all slices name the same value for pixels outside the image: none is left out of the window and "
                 "of statistics.")  # fmt: skip
    return [Finding("mixed-values", message)]


def _making(members: Sequence[Member]) -> list[Finding]:
    """Say that slices were taken or reconstructed in another way than their neighbours."""
    said: dict[str, str] = {}
    for name in _ALIKE:
        values = {value_of(member, name) for member in members}
        if _are_alike(values):
            continue
        texts = sorted("–" if value is None else value_text(name, value) for value in values)
        listed = ", ".join(texts[:_NAMED]) + (" …" if len(texts) > _NAMED else "")
        said[name] = f"{tr(DIMENSIONS[name].title)} ({listed})"
    if not said:
        return []
    message = tr("The slices of the volume were not all made alike, they differ in: {what}.",
                 what="; ".join(said.values()))  # fmt: skip
    return [Finding("mixed-making", message, "info" if set(said).issubset(_ADJUSTED) else "warning")]


def _are_alike(values: Set[Any]) -> bool:
    if len(values) < 2:
        return True
    numbers = [value for value in values if isinstance(value, int | float)]
    return len(numbers) == len(values) and max(numbers) - min(numbers) <= _ROUNDED * abs(max(numbers, key=abs))
