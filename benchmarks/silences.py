"""Measure how long an operation does not ask whether to stop, and how long it keeps every other thread waiting.

    PYTHONPATH=app python benchmarks/silences.py [--slices 100] [--only threshold]

``unheard`` is the longest time between two questions after Cancel, ``frozen`` the longest time a thread that wakes
every 2 ms could not run: the window would not answer. On a busy machine others take time too: trust the best of runs.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

from operation_tasks import Phantom
from segmentation_tasks import Scene

from pellucid.operations import Context, get
from pellucid.operations.context import Refused

TICK = 0.002


def silences(run: Callable[..., Any], images: tuple[Any, ...]) -> tuple[float, float, float]:
    """Return how long a run takes, goes on unheard, and freezes other threads, in seconds."""
    asked, ticks, over = [time.perf_counter()], [0.0], threading.Event()

    def cancelled() -> bool:
        asked.append(time.perf_counter())
        return False

    def beat() -> None:
        last = time.perf_counter()
        while not over.wait(TICK):
            now = time.perf_counter()
            ticks.append(now - last - TICK)
            last = now

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    run(Context(cancelled=cancelled), *images)
    over.set()
    heart.join()
    asked.append(time.perf_counter())
    asked.sort()
    return asked[-1] - asked[0], max(b - a for a, b in pairwise(asked)), max(ticks)


def tasks(slices: int) -> dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Return what is run, by name: (operation, images, values)."""
    made = Phantom(slices)
    scene = Scene(made.image)
    place = " ".join(map(str, made.image.TransformIndexToPhysicalPoint([256, 256, slices // 2])))
    thin = slice(0, 20)
    return {
        "labels.split": ("labels.split", (scene.clump,), {}),
        "labels.relabel": ("labels.relabel", (scene.labels,), {}),
        "masks.distance": ("masks.distance", (made.mask,), {}),
        "masks.margin": ("masks.margin", (made.mask,), {"margin": 5.0}),
        "masks.smooth": ("masks.smooth", (made.mask,), {}),
        "masks.convex_hull": ("masks.convex_hull", (made.mask,), {}),
        "masks.keep_largest": ("masks.keep_largest", (made.mask,), {}),
        "masks.fill_holes": ("masks.fill_holes", (made.mask,), {}),
        "threshold.otsu": ("threshold.otsu", (made.image,), {}),
        "threshold.automatic": ("threshold.automatic", (made.image,), {}),
        "threshold.local": ("threshold.local", (made.image,), {}),
        "threshold.local sauvola": ("threshold.local", (made.image,), {"method": "sauvola"}),
        "threshold.hysteresis": ("threshold.hysteresis", (made.image,), {"low": 100.0, "high": 250.0}),
        "threshold.multi_otsu": ("threshold.multi_otsu", (made.image,), {}),
        "clusters.kmeans": ("clusters.kmeans", (made.image,), {}),
        "clusters.mixture": ("clusters.mixture", (made.image,), {}),
        "clusters.slic": ("clusters.slic", (made.image[:, :, thin],), {}),
        "watershed.split_touching": ("watershed.split_touching", (scene.clump,), {}),
        "watershed.from_markers": ("watershed.from_markers", (made.image, scene.markers), {}),
        "watershed.basins": ("watershed.basins", (made.image,), {"sigma": 5.0}),
        "objects.nuclei": ("objects.nuclei", (made.image,), {"diameter": 36.0}),
        "regions.connected": ("regions.connected", (made.image,), {"seeds": place, "lower": 100.0}),
        "graph.grow": ("graph.grow", (made.image[:, :, thin], scene.markers[:, :, thin]), {}),
        "features.objects": ("features.objects", (scene.labels, made.image), {}),
        "features.objects by parts": ("features.objects", (scene.labels,), {"rows": "objects"}),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=100)
    parser.add_argument("--only", default="", help="run the tasks whose name contains this text")
    parser.add_argument("--repeat", type=int, default=1, help="say the best of so many runs")
    options = parser.parse_args()
    print(f"{'task':28} {'takes s':>8} {'unheard s':>10} {'frozen s':>9}")
    for name, (id, images, values) in tasks(options.slices).items():
        if options.only not in name:
            continue
        try:
            work = partial(get(id).run, **values)
            runs = [silences(work, images) for _ in range(options.repeat)]
        except Refused as refusal:
            print(f"{name:28} {refusal}")
            continue
        took, unheard, frozen = (min(column) for column in zip(*runs, strict=True))
        print(f"{name:28} {took:8.2f} {unheard:10.2f} {frozen:9.2f}", flush=True)


if __name__ == "__main__":
    main()
