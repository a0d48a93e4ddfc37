"""Presentation contexts: which kinds of objects are taken, and in which transfer syntaxes (PS3.7 D.3.2, PS3.8 9.3.2).

An association has 128 of them. A context answers with one transfer syntax, so a server that keeps compressed images can
send them as they are only when every compressed syntax has a context of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST = 128
NATIVE = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_JPEG = "1.2.840.10008.1.2.4."
COMPRESSED = (
    _JPEG + "70", _JPEG + "90", _JPEG + "91", _JPEG + "80", _JPEG + "50", "1.2.840.10008.1.2.5", _JPEG + "51",
    _JPEG + "57", _JPEG + "81", _JPEG + "201", _JPEG + "202", _JPEG + "203", "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2", _JPEG + "110", _JPEG + "111", _JPEG + "112", _JPEG + "102", _JPEG + "103", _JPEG + "107",
)  # fmt: skip
"""By how common they are; video is taken too, though it is not shown."""
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_BY_MODALITY = {
    "CT": ("2", "2.1", "2.2"), "MR": ("4", "4.1", "4.2", "4.4"), "PT": ("128", "130", "128.1"), "NM": ("20",),
    "CR": ("1",), "DX": ("1.1", "1.1.1"), "MG": ("1.2", "1.2.1", "13.1.3"), "US": ("6.1", "3.1", "6.2"),
    "XA": ("12.1", "12.1.1"), "RF": ("12.2", "12.2.1"), "SEG": ("66.4", "66.7"), "RTSTRUCT": ("481.3",),
    "RTDOSE": ("481.2",), "RTPLAN": ("481.5", "481.8"), "RTIMAGE": ("481.1",), "SR": ("88.11", "88.22", "88.33"),
    "PR": ("11.1", "11.2"), "KO": ("88.59",), "DOC": ("104.1", "104.2"), "REG": ("66.1", "66.3"),
    "SM": ("77.1.6",), "OT": ("7", "7.1", "7.2", "7.3", "7.4"), "SC": ("7", "7.2", "7.4"),
}  # fmt: skip
_COMMON = ("2", "4", "2.1", "4.1", "128", "20", "1", "1.1", "1.2", "6.1", "3.1", "12.1", "12.2", "7", "7.4", "66.4",
           "481.3", "481.2", "481.5", "88.11", "88.22", "88.33", "11.1", "104.1", "88.59", "66.1")  # fmt: skip


def classes_of(modalities: Iterable[str]) -> tuple[str, ...]:
    """Return the SOP classes that series of some modalities mostly have; many of all kinds where nothing is known."""
    known = [number for modality in modalities for number in _BY_MODALITY.get(modality, ())]
    return tuple(_STORAGE + number for number in dict.fromkeys((*known, *(() if known else _COMMON), "7")))


def to_receive(classes: Iterable[str], room: int) -> list[Any]:
    """Return contexts to receive objects of some classes: first every class uncompressed, then compressed in turn."""
    from pynetdicom import build_context

    wanted = list(dict.fromkeys(classes))[:room]
    found = [build_context(kind, list(NATIVE)) for kind in wanted]
    for syntax in COMPRESSED:
        if len(found) + len(wanted) > room:
            break
        found += [build_context(kind, syntax) for kind in wanted]
    return found


def to_send(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """Return contexts to send objects of (class, transfer syntax): as they are, and uncompressed if need be."""
    from pynetdicom import build_context

    found = dict.fromkeys(pairs)
    for kind, _ in tuple(found):
        found |= dict.fromkeys((kind, syntax) for syntax in NATIVE)
    return [build_context(kind, syntax) for kind, syntax in found]


def everything() -> list[Any]:
    """Return contexts of a listener: all kinds of storage in all syntaxes; there is no limit to those."""
    from pynetdicom import AllStoragePresentationContexts, build_context

    return [
        build_context(context.abstract_syntax, [*NATIVE, *COMPRESSED]) for context in AllStoragePresentationContexts
    ]
