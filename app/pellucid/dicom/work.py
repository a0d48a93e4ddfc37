"""Run many small readings in a few threads, with progress and cancel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from pellucid.dicom.child import Cancelled

T = TypeVar("T")

_THREADS = 2


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
