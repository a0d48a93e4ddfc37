"""How much memory is free, asked of the system itself: no image may take so much that the machine stands still."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from pellucid.model.reduction import Extent, Reduction, TooLarge

SHARE = 0.75
"""The share of the free memory one image may take when nobody says otherwise."""
_UNKNOWN = 4 << 30
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def free_bytes() -> int:
    """Return the bytes that can be had without swapping; 4 GiB where the system does not tell."""
    asked = {"win32": _windows, "darwin": _macos}.get(sys.platform, _linux)
    try:
        found = asked()
    except (OSError, ValueError, AttributeError, IndexError):
        found = 0
    return found or _half_of_all() or _UNKNOWN


def allowed_bytes(share: float = SHARE) -> tuple[int, int]:
    """Return the free bytes and how many of them one image may take."""
    free = free_bytes()
    return free, int(free * share)


def check_fits(name: str, extent: Extent, share: float = SHARE, reduction: Reduction | None = None) -> None:
    """Raise TooLarge, when what is asked for does not fit."""
    free, allowed = allowed_bytes(share)
    asked = extent if reduction is None else reduction.extent(extent)
    if asked.nbytes > allowed:
        raise TooLarge(name, extent, free, allowed, reduction)


def _linux() -> int:
    """Return what the kernel calls available, or what is left to the container we are in."""
    lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    return min(free, _left_in_container(free))


def _left_in_container(free: int) -> int:
    """Return what a control group (version 2) still gives; files it caches can be dropped and count as free."""
    try:
        limit = (_CGROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
        lines = (_CGROUP / "memory.stat").read_text(encoding="ascii").splitlines()
        cached = sum(int(line.split()[1]) for line in lines if line.split()[0] in ("inactive_file", "active_file"))
    except (OSError, ValueError, IndexError):
        return free
    return free if limit == "max" else max(int(limit) - used + cached, 1)


def _windows() -> int:
    class Status(ctypes.Structure):
        """MEMORYSTATUSEX of the Windows API."""

        _fields_ = (
            ("dwLength", ctypes.c_ulong), ("dwMemoryLoad", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("ullTotalPhys", "ullAvailPhys", "ullTotalPageFile",
              "ullAvailPageFile", "ullTotalVirtual", "ullAvailVirtual", "ullAvailExtendedVirtual")),
        )  # fmt: skip

    status = Status()
    status.dwLength = ctypes.sizeof(Status)
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    return int(status.ullAvailPhys) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else 0


def _macos() -> int:
    """Return free and inactive pages of the Mach host (host_statistics64 with HOST_VM_INFO64)."""
    system = ctypes.CDLL(None)
    counts = (ctypes.c_uint32 * 64)()
    length = ctypes.c_uint32(len(counts))
    host_vm_info64 = 4
    system.mach_host_self.restype = ctypes.c_uint32
    failed = system.host_statistics64(
        ctypes.c_uint32(system.mach_host_self()), host_vm_info64, ctypes.byref(counts), ctypes.byref(length)
    )
    free, _active, inactive = counts[:3]
    return 0 if failed else int(free + inactive) * os.sysconf("SC_PAGE_SIZE")


def _half_of_all() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, ValueError, OSError):
        return 0
