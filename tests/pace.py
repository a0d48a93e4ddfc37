"""How slow this machine is, so that a limit that is a promise to the user asks the same of every machine."""

from __future__ import annotations

import time
from functools import cache

import numpy as np

REFERENCE = 0.015
"""Seconds of processor time the work below takes on the machine the limits were written for."""


def _work() -> float:
    begun = time.thread_time()
    values = np.random.default_rng(0).random(200_000)
    for _ in range(2):
        np.sort(values)
    sum(n * n for n in range(200_000))
    return time.thread_time() - begun


@cache
def slowness() -> float:
    """Return how many times slower this machine is than that one, at least 1."""
    return max(1.0, min(_work() for _ in range(5)) / REFERENCE)


def allowed(seconds: float) -> float:
    """Return what a limit in seconds of processor time is on this machine."""
    return seconds * slowness()
