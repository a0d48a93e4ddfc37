"""Time opening a native CT series against SimpleITK's series reader and plain reading, in turns.

    PYTHONPATH=app python benchmarks/loading.py --slices 600 --size 512 --repeat 5

Goals (performance.md §9): G1 whole volume / SimpleITK <= 0.35, G3 first slice / SimpleITK <= 0.20,
G4 peak memory over base / bytes of the volume <= 1.25.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def make(folder: Path, slices: int, size: int) -> None:
    from pellucid.dicom.writing.demo_series import write_series
    from pellucid.model.geometry import Geometry
    from pellucid.model.volume import Acquisition

    random = np.random.default_rng(0)
    noise = random.integers(-1000, 1500, (8, size, size), dtype=np.int16)
    for first in range(0, slices, 8):
        count = min(8, slices - first)
        place = (-200.0, -200.0, float(first))
        geometry = Geometry((size, size, count), (0.7, 0.7, 1.0), place, frame_of_reference="1.2.3.4")
        who = Acquisition("CT", "Bench", "1", series_uid="1.2.826.0.1.3680043.8.498.77")
        part = folder / f"part{first:05d}"
        write_series(part, noise[:count], geometry, who, unit="HU", intercept=-1024, seed=f"{first}")
        for path in part.iterdir():
            path.rename(folder / f"{first:05d}-{path.name}")
        part.rmdir()


def rss() -> tuple[int, int]:
    """Return resident and peak bytes of this process."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(lines["VmRSS"].split()[0]) << 10, int(lines["VmHWM"].split()[0]) << 10


def cat(folder: Path) -> dict[str, Any]:
    begin = time.perf_counter()
    buffer = bytearray(1 << 20)
    for path in folder.iterdir():
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass
    return {"whole": time.perf_counter() - begin}


def sitk(folder: Path) -> dict[str, Any]:
    import SimpleITK

    begin = time.perf_counter()
    (uid,) = SimpleITK.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), uid)
    scanned = time.perf_counter() - begin
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(names)
    image = reader.Execute()
    whole = time.perf_counter() - begin
    array = SimpleITK.GetArrayViewFromImage(image)
    return {"scan": scanned, "first": whole, "whole": whole, "sum": int(array[::37].astype(np.int64).sum())}


def pellucid(folder: Path) -> dict[str, Any]:
    import SimpleITK  # noqa: F401  both sides have it loaded

    from pellucid.dicom.child import default_pool
    from pellucid.dicom.read import read_plan
    from pellucid.dicom.scan import scan

    pool = default_pool()
    for _ in range(pool.workers):  # the window starts its workers long before anybody opens a folder
        pool.call("pellucid.dicom.headers:read_headers", {"paths": []})
    base = rss()[0]
    begin = time.perf_counter()
    plan = scan([folder]).series[0].volumes[0]
    times = {"scan": time.perf_counter() - begin}

    def first(values: Any, index: int) -> None:
        times["first"] = time.perf_counter() - begin

    volume = read_plan(plan, on_first=first)
    times["whole"] = time.perf_counter() - begin
    peak = (rss()[1] - base) / volume.nbytes
    return times | {"peak": peak, "sum": int(volume.array[::37].astype(np.int64).sum())}


SIDES: dict[str, Callable[[Path], dict[str, Any]]] = {"cat": cat, "sitk": sitk, "pellucid": pellucid}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "FOLDER"), help="run one side once (used by itself)")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(SIDES[options.one[0]](Path(options.one[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), options.slices, options.size)
        report(Path(folder), options.repeat)


def report(folder: Path, repeat: int) -> None:
    found: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for round_ in range(repeat + 1):  # the first round warms the cache
        for side in SIDES if round_ % 2 else reversed(SIDES):
            command = [sys.executable, __file__, "--one", side, str(folder)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            if round_:
                found[side].append(json.loads(done.stdout))
    ours, theirs = found["pellucid"], found["sitk"]
    assert {run["sum"] for run in ours} == {run["sum"] for run in theirs}, "the voxels differ"
    for side, runs in found.items():
        medians = {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0] if key != "sum"}
        print(f"{side:9}", medians)
    ratio = lambda ours_key, key: statistics.median(a[ours_key] / b[key] for a, b in zip(ours, theirs, strict=True))  # noqa: E731
    print(f"scan / SimpleITK scan   {ratio('scan', 'scan'):.2f}")
    print(f"G1 whole / SimpleITK    {ratio('whole', 'whole'):.2f}   goal 0.35")
    print(f"G3 first / SimpleITK    {ratio('first', 'whole'):.2f}   goal 0.20")
    print(f"G4 peak / volume        {statistics.median(run['peak'] for run in ours):.2f}   goal 1.25")


if __name__ == "__main__":
    main()
