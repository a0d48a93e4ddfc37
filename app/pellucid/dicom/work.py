"""Run many small readings in a few threads, with progress and cancel; and ask for memory before taking it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from pellucid.dicom.child import Cancelled
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.stack import VolumePlan

T = TypeVar("T")

_THREADS = 2
_KEEP_FREE = 0.25


def run_all(
    work: Callable[[T], None],
    items: Sequence[T],
    progress: Callable[[float], None],
    cancelled: Callable[[], bool],
) -> None:
    """Do ``work`` on all items in their order, two at a time; progress is called in this thread.

    Raises Cancelled when told to stop, and whatever the work raises.
    """
    todo = iter(range(len(items)))
    lock, stop = threading.Lock(), threading.Event()
    errors: list[BaseException] = []
    done = 0

    def serve() -> None:
        nonlocal done
        while not stop.is_set() and not cancelled():
            with lock:
                index = next(todo, None)
            if index is None:
                return
            try:
                work(items[index])
            except BaseException as error:
                errors.append(error)
                stop.set()
                return
            with lock:
                done += 1

    threads = [threading.Thread(target=serve, name=f"pellucid-read-{n}") for n in range(min(_THREADS, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.05)
            progress(min(done / len(items), 0.999))
    if errors:
        raise errors[0]
    if cancelled():
        raise Cancelled


def check_memory(plans: Sequence[VolumePlan], dtype: str) -> None:
    """Refuse volumes that would not leave a quarter of the free memory (H25)."""
    voxels = sum(int(np.prod(plan.geometry.size)) * plan.components for plan in plans)
    needed, free = voxels * np.dtype(dtype).itemsize, available_memory()
    if free and needed > free * (1 - _KEEP_FREE):
        raise Refused(
            f"This image needs {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free. Close other "
            "programs or open a smaller part."
        )


def available_memory() -> int:
    """Return the bytes that can be had without swapping, 0 where the system does not tell."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0
