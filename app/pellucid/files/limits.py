"""How much an image may ask for: budgets in bytes, checked before anything is allocated.

What is only not plausible is opened all the same once the user said so (``trust``); what cannot be is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pellucid.dicom.memory import allowed_bytes
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.reduction import amount

DECODED_IN_CHILD = 768 << 20
"""The largest picture a decoder child is asked for; it holds it twice, below its memory cap of 2 GiB."""
_DEFLATE_MOST = 1032
"""No deflate stream grows by more than this factor (zlib, "Maximum expansion factor")."""
_SUSPICIOUS_RATIO = 200
_SUSPICIOUS_BYTES = 1 << 30
_trusted: set[Path] = set()


class Implausible(Refused):
    """Raised for what is refused only until the user says that it is to be opened."""


def trust(path: Path) -> None:
    """Open a file, or what a folder holds, in this sitting although it would grow without measure: the user said so."""
    _trusted.add(path.absolute())


@contextmanager
def trusting(path: Path) -> Iterator[None]:
    """Let a file that we wrote ourselves be read however far it grows: it is no stranger's."""
    trust(path)
    try:
        yield
    finally:
        _trusted.discard(path.absolute())


def is_trusted(path: Path) -> bool:
    """Return whether the user said that a file is to be opened."""
    whole = path.absolute()
    return not _trusted.isdisjoint((whole, *whole.parents))


def check_memory(name: str, nbytes: int, shape: str, budget: int | None = None) -> None:
    """Refuse pixels that need more than the budget (three quarters of the free memory when not given)."""
    allowed = allowed_bytes()[1] if budget is None else budget
    if nbytes > allowed:
        raise Refused(
            tr(
                "{name} declares {shape}, which needs {needed} of memory; {allowed} may be used for "
                "it. It was not opened.",
                name=name,
                shape=shape,
                needed=amount(nbytes),
                allowed=amount(allowed),
            )
        )


def check_present(name: str, declared: int, present: int, shape: str) -> None:
    """Refuse a file that holds fewer bytes than its header declares."""
    if declared > present:
        raise Refused(
            tr(
                "{name} declares {shape} ({declared}) but only {present} of pixels are in the file. It "
                "is damaged or incomplete; copy it again from its source.",
                name=name,
                shape=shape,
                declared=amount(declared),
                present=amount(max(present, 0)),
            )
        )


def check_inflation(path: Path, declared: int, compressed: int, shape: str) -> None:
    """Refuse a compressed stream that cannot hold what is declared; raise Implausible for what may be a bomb."""
    name = path.name
    if declared > compressed * _DEFLATE_MOST + 1024:
        raise Refused(
            tr(
                "{name} declares {shape} ({declared}), more than {present} of compressed data can "
                "hold. It is damaged or incomplete; copy it again from its source.",
                name=name,
                shape=shape,
                declared=amount(declared),
                present=amount(max(compressed, 0)),
            )
        )
    if declared > _SUSPICIOUS_BYTES and declared > compressed * _SUSPICIOUS_RATIO and not is_trusted(path):
        raise Implausible(
            tr(
                "{name} would grow from {packed} to {unpacked} ({shape}), which is not plausible for "
                "an image. It was not opened; unpack it yourself if you trust it.",
                name=name,
                packed=amount(compressed),
                unpacked=amount(declared),
                shape=shape,
            )
        )
