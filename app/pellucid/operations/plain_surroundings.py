"""What scripts carry instead of the surroundings of an operation: nobody watches, stops or translates a script."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """Raised when something cannot be done; the text says what and what to do."""


class Cancelled(Exception):
    """Never raised: nobody stops a script."""


def tr(text: str, **fields: object) -> str:
    """Return a text with its fields filled."""
    return text.format(**fields) if fields else text


def mark(text: str) -> str:
    """Return a text as it is."""
    return text


def available_cores() -> int:
    """Return the number of processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class Context:
    """The surroundings of a computation, where there are none."""

    threads: int = field(default_factory=available_cores)

    def check(self) -> None:
        """Go on."""

    def progress(self, fraction: float) -> None:
        """Tell nobody."""

    def remark(self, sentence: str) -> None:
        """Say what should be known of the result."""
        sys.stderr.write(f"{sentence}\n")

    def part(self, start: float, stop: float) -> Context:
        """Return the same surroundings."""
        return self

    def each(self, work: Callable[[Any], None], items: Iterable[Any]) -> None:
        """Do work on every item."""
        for item in items:
            work(item)

    def execute(self, filter: Any, *images: Any) -> Any:
        """Run a filter of SimpleITK."""
        filter.SetNumberOfThreads(self.threads)
        return filter.Execute(*images)
