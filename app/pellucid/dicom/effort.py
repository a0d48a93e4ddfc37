"""How much processor time a decoder may take for a picture of some size. Runs inside a worker.

A damaged picture can keep a decoder busy for minutes. The deadline of a call is generous, because a machine may have
much else to do; processor time does not depend on that, so it can be tight.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

_LEAST_SECONDS = 1.5
_SECONDS_PER_MEGABYTE = 0.5
_bounded = False


def bound() -> None:
    """Let this process be ended by a decoder that takes too long; only a worker wants that."""
    global _bounded
    _bounded = hasattr(signal, "setitimer")


@contextmanager
def effort_for(nbytes: int) -> Iterator[None]:
    """End this process when what is inside takes more processor time than pixels of so many bytes can need."""
    if not _bounded:
        yield
        return
    signal.setitimer(signal.ITIMER_PROF, _LEAST_SECONDS + _SECONDS_PER_MEGABYTE * nbytes / 1e6)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
