"""The profile: what is done to an attribute, from Table E.1-1 of PS3.15 and the columns of its options.

Source: the basic actions of dicom-anonymizer's table of 2026c; options and safe private attributes from
``resources/deidentification``, which hold what the same edition prints. Actions are the codes of the standard: D dummy,
Z empty, X remove, K keep, C clean, U new UID, and their combinations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pellucid.paths import resources

EDITION = "PS3.15 2026c"
_GROUPS = {
    "D_TAGS": "D", "Z_TAGS": "Z", "X_TAGS": "X", "U_TAGS": "U", "Z_D_TAGS": "Z/D", "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D", "X_Z_D_TAGS": "X/Z/D", "X_Z_U_STAR_TAGS": "X/Z/U*",
}  # fmt: skip
_REPEATING = (0x5000, 0x6000)
_LAST_OF_REPEATING = 0x1E
_FIRST_CHOICES = ("full_dates", "modified_dates")


@cache
def basic_actions() -> Mapping[int, str]:
    """Return the action of the Basic Profile by tag; repeating groups are not in it, see ``is_graphic_group``."""
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as edition

    found = {}
    for name, action in _GROUPS.items():
        for numbers in getattr(edition, name):
            if len(numbers) == 2:
                found[numbers[0] << 16 | numbers[1]] = action
    return found


@cache
def option_actions() -> Mapping[int, Mapping[str, str]]:
    """Return, by tag, what an option does instead: K or C by the name of the option."""
    found = {}
    for tag, actions in _rows("options.tsv"):
        found[int(tag, 16)] = dict(pair.split("=") for pair in actions.split())
    return found


@cache
def safe_private() -> Mapping[tuple[str, int, int], str]:
    """Return the VR of private attributes that are safe, by creator, group and element within the block."""
    found = {}
    for creator, group, elements in _rows("safe_private.tsv"):
        for element in elements.split():
            number, vr = element.split(":")
            found[creator, int(group, 16), int(number, 16)] = vr
    return found


@cache
def action(tag: int, options: frozenset[str]) -> str:
    """Return the action for an attribute, ``""`` where the profile does not name it.

    A shift of dates wins over what other options keep; else keeping wins over cleaning.
    """
    if is_graphic_group(tag):
        return "X"
    basic = basic_actions().get(tag, "")
    offered = {name: what for name, what in option_actions().get(tag, {}).items() if name in options}
    for name in _FIRST_CHOICES:
        if name in offered:
            return offered[name]
    return "K" if "K" in offered.values() else "C" if offered else basic


def is_graphic_group(tag: int) -> bool:
    """Return whether an attribute belongs to a curve (50xx) or an overlay (60xx)."""
    group = tag >> 16
    return any(first <= group <= first + _LAST_OF_REPEATING and group % 2 == 0 for first in _REPEATING)


def _rows(name: str) -> list[list[str]]:
    text = (resources() / "deidentification" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
