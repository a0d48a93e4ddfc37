"""How a file asks to be shown: its windows with their function, and its VOI lookup tables.

Source: PS3.3 C.11.2.1 (VOI LUT). ``voi_tables`` runs in a worker.
"""

from __future__ import annotations

from pellucid.dicom.elements import Malformed
from pellucid.dicom.records import FrameRecord
from pellucid.dicom.tables import described, table_entries
from pellucid.dicom.values import Values
from pellucid.language import tr
from pellucid.model.transfer import ValueTable
from pellucid.model.volume import WindowPreset

_SEQUENCE, _DESCRIPTOR, _EXPLANATION, _DATA = 0x00283010, 0x00283002, 0x00283003, 0x00283006
TAGS = frozenset({_SEQUENCE, _DESCRIPTOR, _EXPLANATION, _DATA})
_MOST = 8
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def voi_tables(values: Values, *, signed: bool) -> tuple[tuple[int, int, str, str], ...]:
    """Return the VOI LUTs of a data set as (first value, bits, packed entries, explanation); damaged ones are left out.

    ``signed``: the values that go in may be below zero, so that the first one is written with a sign.
    """
    found = []
    for item in values.items(_SEQUENCE)[:_MOST]:
        try:
            count, first, bits = described(item, _DESCRIPTOR, signed=signed)
            table = ValueTable.of(first, bits, table_entries(item.raw(_DATA), count, bits, item))
        except (Malformed, ValueError):
            continue
        found.append((table.first, table.bits, table.packed, item.text(_EXPLANATION)))
    return tuple(found)


def stated_windows(frame: FrameRecord) -> tuple[WindowPreset, ...]:
    """Return what a frame offers to be shown with: its windows first, then its tables."""
    function = frame.function if frame.function in _FUNCTIONS else "LINEAR"
    windows = [
        WindowPreset(name or _numbered("DICOM", n), level, width, "DICOM", function)
        for n, (level, width, name) in enumerate(frame.windows)
    ]
    for n, (first, bits, packed, name) in enumerate(frame.tables):
        table = ValueTable(first, bits, packed)
        low, high = table.limits
        title = name or _numbered(tr("File LUT"), n)
        windows.append(WindowPreset(title, (low + high) / 2, high - low, "DICOM", table=table))
    return tuple(windows)


def _numbered(name: str, n: int) -> str:
    return f"{name} {n + 1}" if n else name
