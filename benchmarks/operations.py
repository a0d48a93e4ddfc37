"""Time operations against scipy, scikit-image and plain SimpleITK in the same run.

    PYTHONPATH=app python benchmarks/operations.py [--slices 60] [--only gauss] [--cpu] [--json F]

Ours and each peer take turns; the table shows medians, the ratio of medians (below 1: we are faster) and the
spread (quartiles of the ratios of single turns). Single times on a busy machine mean little, ratios a lot.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from operation_tasks import cases

Work = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """One comparison, times in ms."""

    task: str
    peer: str
    ours_ms: float
    peer_ms: float
    ratio: float
    low: float
    high: float


def timed(work: Work, clock: Callable[[], float]) -> float:
    """Return how long the work takes, in ms; the result is freed outside the clock."""
    began = clock()
    result = work()
    spent = clock() - began
    del result
    return spent * 1000


def compare(
    task: str, ours: Work, peers: dict[str, Work], repetitions: int, clock: Callable[[], float]
) -> Iterator[Row]:
    """Let ours and every peer take turns."""
    for work in (ours, *peers.values()):
        work()
    for name, peer in peers.items():
        pairs = [(timed(ours, clock), timed(peer, clock)) for _ in range(repetitions)]
        ratios = sorted(a / b for a, b in pairs)
        mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        low, _, high = statistics.quantiles(ratios, n=4) if repetitions > 1 else ratios * 3
        yield Row(task, name, mine, other, mine / other, low, high)


def main() -> None:
    """Print the table; write it as JSON when asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=60, help="slices of the 512 × 512 volume (default: 60)")
    parser.add_argument("--repetitions", type=int, default=5, help="turns of each (default: 5)")
    parser.add_argument("--cpu", action="store_true", help="count the time of the processor, not of the wall")
    parser.add_argument("--only", default="", help="run the tasks whose name contains this text")
    parser.add_argument("--json", type=Path, metavar="F", help="write the rows as JSON into this file")
    options = parser.parse_args()
    clock = time.process_time if options.cpu else time.perf_counter
    rows: list[Row] = []
    print(f"{'task':28} {'peer':27} {'ours ms':>9} {'peer ms':>9} {'ratio':>7}   quartiles")
    for task, ours, peers in cases(options.slices):
        if options.only.lower() not in task.lower():
            continue
        for row in compare(task, ours, peers, options.repetitions, clock):
            rows.append(row)
            print(
                f"{row.task:28} {row.peer:27} {row.ours_ms:9.1f} {row.peer_ms:9.1f} {row.ratio:7.2f}"
                f"   {row.low:.2f} – {row.high:.2f}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
