"""How much an image may ask for: budgets in bytes, checked before anything is allocated."""

from __future__ import annotations

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


def check_inflation(name: str, declared: int, compressed: int, shape: str) -> None:
    """Refuse a compressed stream that cannot hold what the header declares, or looks like a bomb."""
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
    if declared > _SUSPICIOUS_BYTES and declared > compressed * _SUSPICIOUS_RATIO:
        raise Refused(
            tr(
                "{name} would grow from {packed} to {unpacked} ({shape}), which is not plausible for "
                "an image. It was not opened; unpack it yourself if you trust it.",
                name=name,
                packed=amount(compressed),
                unpacked=amount(declared),
                shape=shape,
            )
        )
