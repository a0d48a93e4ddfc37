"""Each hostile or damaged file gives an image or a sentence, in time and in bounded memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.model.findings import Refused

pytestmark = pytest.mark.data

DEADLINE = 10.0
CAP = 2 << 30


def peaks(pool: Pool, stop: Event, found: dict[int, int]) -> None:
    """Note the largest memory each worker ever held."""
    while not stop.wait(0.005):
        for pid in pool.pids:
            with suppress(OSError, StopIteration, ValueError):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                line = next(line for line in lines if line.startswith("VmHWM"))
                found[pid] = max(found.get(pid, 0), int(line.split()[1]) << 10)


def outcome(path: Path, pool: Pool) -> tuple[list[str], float]:
    """Scan and read one file; return what came of it and the seconds it took."""
    begin = time.monotonic()
    snapshot = scan([path], pool=pool)
    found = [f"sentence: {problem.sentence}" for problem in snapshot.problems]
    found += ["other" for _ in snapshot.others]
    for series in snapshot.series:
        if not series.volumes:
            found.append(f"sentence: {series.findings[0].message}")
        for plan in series.volumes:
            try:
                found.append(f"image {read_plan(plan, pool=pool).array.shape}")
            except Refused as refusal:
                found.append(f"sentence: {refusal}")
    return found, time.monotonic() - begin


@pytest.mark.hazard("H19")
@pytest.mark.hazard("H20")
@pytest.mark.hazard("H21")
@pytest.mark.hazard("H22")
@pytest.mark.parametrize(("folder", "count"), [("hostile", 93), ("bad_files", 29)])
def test_an_image_or_a_sentence(data_dir: Path, folder: str, count: int) -> None:
    files = sorted(
        path for path in (data_dir / folder).rglob("*") if path.is_file() and path.name != "SOURCE.txt"
    )
    assert len(files) == count
    pool = Pool(workers=2, deadline=DEADLINE, memory_cap_bytes=CAP)
    stop, memory = Event(), dict[int, int]()
    watcher = Thread(target=peaks, args=(pool, stop, memory))
    watcher.start()
    try:
        with ThreadPoolExecutor(2) as threads:
            outcomes = list(threads.map(lambda path: outcome(path, pool), files))
        late = [path for path, (_, seconds) in zip(files, outcomes, strict=True) if seconds > DEADLINE]
        assert [path.name for path in late if outcome(path, pool)[1] > 2 * DEADLINE] == [], "late when alone, too"
    finally:
        stop.set()
        watcher.join()
        pool.close()
    for path, (found, _) in zip(files, outcomes, strict=True):
        assert found, path.name
        for text in found:
            if text.startswith("sentence"):
                assert text.endswith(".") and "Error" not in text and "Traceback" not in text, text
    assert max(memory.values()) <= CAP
    readable = [
        path
        for path, (found, _) in zip(files, outcomes, strict=True)
        if any(t.startswith("image") for t in found)
    ]
    assert readable, "nothing at all could be read"
