"""How long from a change to the end of the repaint it causes, alternated between two programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Step = Callable[[int], None]


@dataclass
class Side:
    """One of the two that are compared: what changes something, what counts repaints, and what must stay alive."""

    step: Step
    painted: Callable[[], int]
    alive: Any = None
    close: Callable[[], None] = field(default=lambda: None)


class Paints:
    """Counts the repaints of viewports: a frame counts when every one of them was painted."""

    def __init__(self, *widgets: Any) -> None:
        from PySide6.QtCore import QEvent, QObject

        counts = [0] * len(widgets)

        class Filter(QObject):
            def __init__(self, n: int) -> None:
                super().__init__()
                self.n = n

            def eventFilter(self, _watched: object, event: QEvent) -> bool:
                if event.type() == QEvent.Type.Paint:
                    counts[self.n] += 1
                return False

        self._counts = counts
        self._filters = [Filter(n) for n in range(len(widgets))]
        for widget, listener in zip(widgets, self._filters, strict=True):
            widget.installEventFilter(listener)

    def __call__(self) -> int:
        """Return how often all of them were painted."""
        return min(self._counts)


def settle(seconds: float = 0.1) -> None:
    """Let everything that was put off happen."""
    from PySide6.QtWidgets import QApplication

    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QApplication.processEvents()
        time.sleep(0.002)


def timed(side: Side, steps: int, first: int = 0) -> list[float]:
    """Return the ms from each change to the end of the repaint it causes."""
    from PySide6.QtWidgets import QApplication

    times = []
    for n in range(first, first + steps):
        before = side.painted()
        start = time.perf_counter()
        side.step(n)
        while side.painted() == before:
            QApplication.processEvents()
            if time.perf_counter() - start > 5:
                raise RuntimeError(f"step {n} was never painted")
        times.append((time.perf_counter() - start) * 1e3)
    return times


def compare(ours: Side, peer: Side, steps: int, rounds: int) -> dict[str, Any]:
    """Let both take turns; return medians, 99 % points, and the ratio of medians with its spread."""
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    ratios = []
    for n in range(rounds + 1):
        here, there = timed(ours, steps, n * steps), timed(peer, steps, n * steps)
        if n:  # the first round warms up
            times["ours"] += here
            times["peer"] += there
            ratios.append(float(np.median(here) / np.median(there)))
    row: dict[str, Any] = {}
    for who, values in times.items():
        row[f"{who}_p50"], row[f"{who}_p99"] = (round(float(np.percentile(values, q)), 3) for q in (50, 99))
    row["ratio"] = round(float(np.median(ratios)), 3)
    row["spread"] = [round(min(ratios), 3), round(max(ratios), 3)]
    return row
