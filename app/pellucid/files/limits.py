"""How much an image may ask for: budgets in bytes, checked before anything is allocated."""

from __future__ import annotations

import os
from pathlib import Path

from pellucid.model.findings import Refused

DECODED_IN_CHILD = 768 << 20
"""The largest picture a decoder child is asked for; it holds it twice, below its memory cap of 2 GiB."""
_DEFLATE_MOST = 1032
"""No deflate stream grows by more than this factor (zlib, "Maximum expansion factor")."""
_SUSPICIOUS_RATIO = 200
_SUSPICIOUS_BYTES = 1 << 30


def amount(nbytes: float) -> str:
    """Return a number of bytes for people: ``512 bytes``, ``38.1 MB``, ``2.5 GB`` (decimal units)."""
    if nbytes < 1000:
        return f"{int(nbytes)} bytes"
    for unit in ("kB", "MB", "GB"):
        nbytes /= 1000
        if nbytes < 1000:
            return f"{nbytes:.1f} {unit}"
    return f"{nbytes / 1000:,.1f} TB"


def free_memory() -> int:
    """Return the bytes of memory the machine can give away now; 4 GiB where it does not say."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 4 << 30


def check_memory(name: str, nbytes: int, shape: str, budget: int | None = None) -> None:
    """Refuse pixels that need more than the budget (three quarters of the free memory when not given)."""
    allowed = free_memory() * 3 // 4 if budget is None else budget
    if nbytes > allowed:
        raise Refused(
            f"{name} declares {shape}, which needs {amount(nbytes)} of memory; {amount(allowed)} may be "
            "used for it. "
            "It was not opened."
        )


def check_present(name: str, declared: int, present: int, shape: str) -> None:
    """Refuse a file that holds fewer bytes than its header declares."""
    if declared > present:
        raise Refused(
            f"{name} declares {shape} ({amount(declared)}) but only {amount(max(present, 0))} of pixels "
            "are in the "
            "file. It is damaged or incomplete; copy it again from its source."
        )


def check_inflation(name: str, declared: int, compressed: int, shape: str) -> None:
    """Refuse a compressed stream that cannot hold what the header declares, or looks like a bomb."""
    if declared > compressed * _DEFLATE_MOST + 1024:
        raise Refused(
            f"{name} declares {shape} ({amount(declared)}), more than {amount(max(compressed, 0))} of "
            "compressed "
            "data can hold. It is damaged or incomplete; copy it again from its source."
        )
    if declared > _SUSPICIOUS_BYTES and declared > compressed * _SUSPICIOUS_RATIO:
        raise Refused(
            f"{name} would grow from {amount(compressed)} to {amount(declared)} ({shape}), which is not "
            "plausible for "
            "an image. It was not opened; unpack it yourself if you trust it."
        )
