"""Twenty thousand files: the list can be used within five seconds, and holds all of them at the end (H25)."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dicom_making import slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.scan import Snapshot, scan

SERIES, SLICES = 200, 100
SOON = 5.0


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder in memory where the system has one."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="many-", dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path) -> None:
    """Write the files by changing numbers of one."""
    ds = slice_dataset(np.zeros((4, 4), np.int16), position=(0, 0, 7777), series="1.2.840.99999.3.1000001", number=8888)
    ds.SOPInstanceUID = "1.2.840.99999.4.2000002"
    file = io.BytesIO()
    ds.save_as(file, enforce_file_format=True)
    whole = file.getvalue()
    assert all(whole.count(sign) for sign in (b"1000001", b"2000002", b"7777", b"8888"))
    for n in range(SERIES):
        below = folder / f"{n:03}"
        below.mkdir()
        one = whole.replace(b"1000001", b"%07d" % (1000001 + n))
        for k in range(SLICES):
            data = one.replace(b"2000002", b"%07d" % (2000002 + n * SLICES + k)).replace(b"7777", b"%4d" % k)
            (below / f"{(k * 37) % SLICES:03}").write_bytes(data.replace(b"8888", b"%4d" % k))


@pytest.mark.hazard("H25")
@pytest.mark.hazard("H44")
def test_the_list_can_be_used_long_before_the_last_file(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(place)
    pool = Pool()
    pool.start()
    told: list[tuple[float, int]] = []
    began = time.monotonic()

    def listen(snapshot: Snapshot) -> None:
        complete = sum(1 for series in snapshot.series if series.volumes and len(series.files) == SLICES)
        told.append((time.monotonic() - began, complete))

    try:
        found = scan([place], pool=pool, on_series=listen)
    finally:
        pool.close()
    seconds = time.monotonic() - began
    first = next(after for after, complete in told if complete)
    with capfd.disabled():
        print(f"\n{SERIES * SLICES} files: one series after {first:.1f} s, all {seconds:.1f} s, {len(told)} updates")
    assert len(found.series) == SERIES and not found.problems
    assert all(len(plan.frames) == SLICES for series in found.series for plan in series.volumes)
    late = max(SOON, seconds / 4)  # a slow machine is judged by what it needs for all
    assert first < late
    gaps = np.diff([0.0, *(after for after, _ in told)])
    assert gaps.max() < late
