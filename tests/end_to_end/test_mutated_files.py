"""Ten thousand damaged files through the real loader: every one gives an image or a sentence, soon, in bounded memory.

``PELLUCID_MUTANTS`` sets how many, ``PELLUCID_MUTANTS_SEED`` which ones (printed, so that a run can be repeated).
Series that are no images go to whoever opens them (``session.specials.OPENERS``).
"""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import pytest

from mutations import Mutator, seeds
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_sequence
from pellucid.dicom.stack import Series, sequences
from pellucid.files.discover import discover
from pellucid.files.images import ImageFile
from pellucid.files.images import read as read_image
from pellucid.model.findings import Refused
from pellucid.session.session import Session
from pellucid.session.specials import OPENERS

COUNT = int(os.environ.get("PELLUCID_MUTANTS", "10000"))
SEED = int(os.environ.get("PELLUCID_MUTANTS_SEED", random.SystemRandom().randrange(1 << 32)))
BATCH = 50
LATEST = 10.0
CAP = 2 << 30


@dataclass
class Tally:
    """What came of the files, and the worst of them."""

    images: int = 0
    sentences: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    slow: list[tuple[float, str]] = field(default_factory=list)
    peaks: dict[int, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def sentence(self, text: str, name: str) -> None:
        known = " ".join(text.replace(name, "…").split()[-5:])
        with self.lock:
            self.sentences[known] += 1
            if not text.endswith(".") or "Error" in text or "Traceback" in text or "/" in text.replace("pixels/", ""):
                self.problems.append(f"no sentence for {name}: {text}")

    def took(self, began: float, name: str) -> None:
        with self.lock:
            self.slow = sorted([*self.slow, (time.monotonic() - began, name)], reverse=True)[:50]

    def watch(self, pool: Pool, stop: Event) -> None:
        """Note the largest memory each worker ever held."""
        while not stop.wait(0.02):
            for pid in pool.pids:
                with suppress(OSError, StopIteration, ValueError):
                    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                    line = next(line for line in lines if line.startswith("VmHWM"))
                    self.peaks[pid] = max(self.peaks.get(pid, 0), int(line.split()[1]) << 10)


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder in memory where the system has one."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="mutants-", dir=memory if memory.is_dir() else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def read_batch(folder: Path, names: set[str], pool: Pool, tally: Tally) -> None:
    """Find and read what is in a folder; every file must be answered."""
    began = time.monotonic()
    found = discover(sorted(folder.iterdir()), pool=pool)
    tally.took(began, "finding " + folder.name)
    answered = set()
    for problem in found.problems:
        answered.add(problem.path.name)
        tally.sentence(problem.sentence, problem.path.name)
    for item in (*found.series, *found.images):
        answered |= {path.name for path in (item.files if isinstance(item, Series) else (item.path,))}
        read_item(item, pool, tally)
    silent = names - answered
    if silent:
        tally.problems.append(f"neither image nor sentence: {sorted(silent)}")


def read_item(item: Series | ImageFile, pool: Pool, tally: Tally) -> None:
    if isinstance(item, ImageFile):
        return attempt(lambda: read_image(item, pool=pool), item.path.name, tally)
    name = item.files[0].name
    if not item.volumes and not item.findings:
        tally.problems.append(f"no volume and no finding: {name}")
    if item.content in OPENERS:
        return attempt(lambda: open_special(item), name, tally)
    if not item.volumes:
        tally.sentence(item.findings[0].message, name)
    for plans in sequences(item):
        attempt(lambda plans=plans: read_sequence(plans, pool=pool), name, tally)
    return None


def attempt(read, name: str, tally: Tally) -> None:
    began = time.monotonic()
    try:
        read()
        with tally.lock:
            tally.images += 1
    except Refused as refusal:
        tally.sentence(str(refusal), name)
    except Exception as error:
        tally.problems.append(f"{type(error).__name__} for {name}: {error}")
    tally.took(began, name)


def open_special(series: Series) -> None:
    """Let the opener of an object that is no image do its work, jobs included."""
    session = Session()
    try:
        OPENERS[series.content](session, series)
        session.jobs.drain(2 * LATEST)
    finally:
        session.close()


@pytest.mark.hazard("H17")
@pytest.mark.hazard("H19")
@pytest.mark.hazard("H20")
@pytest.mark.hazard("H21")
@pytest.mark.filterwarnings("ignore:failed to create weakref:UserWarning")  # psygnal silences it for one thread only
def test_ten_thousand_damaged_files(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mutator, tally, pool, stop = Mutator(SEED), Tally(), Pool(memory_cap_bytes=CAP), Event()
    watcher = Thread(target=tally.watch, args=(pool, stop))
    watcher.start()
    began = time.monotonic()

    def serve(number: int, files: list[tuple[str, bytes]]) -> None:
        folder = place / str(number)
        folder.mkdir()
        for name, data in files:
            (folder / name).write_bytes(data)
        read_batch(folder, {name for name, _ in files}, pool, tally)
        keep_of(folder, tally)

    try:
        with ThreadPoolExecutor(2) as threads:
            futures = [
                threads.submit(serve, number, [mutator.next() for _ in range(min(BATCH, COUNT - start))])
                for number, start in enumerate(range(0, COUNT, BATCH))
            ]
            for future in futures:
                future.result()
    finally:
        stop.set()
        watcher.join()
        pool.close()
    seconds = time.monotonic() - began
    with capfd.disabled():
        print(said(tally, seconds))
    assert tally.problems == []
    assert tally.slow[0][0] <= LATEST, tally.slow[:5]
    assert max(tally.peaks.values()) <= CAP
    assert tally.images > COUNT // 10, "hardly anything could be read"


def keep_of(folder: Path, tally: Tally) -> None:
    """Remove a folder of mutants, but for what is kept to look at (``PELLUCID_MUTANTS_KEEP``)."""
    kept = os.environ.get("PELLUCID_MUTANTS_KEEP")
    if kept:
        bad = " ".join((*tally.problems, *(name for seconds, name in tally.slow if seconds > LATEST / 5)))
        for path in folder.iterdir():
            if path.name in bad:
                shutil.copy(path, kept)
    shutil.rmtree(folder)


def said(tally: Tally, seconds: float) -> str:
    late = sum(1 for took, _ in tally.slow if took > 2.0)
    lines = [
        f"\n{COUNT} mutants of {len(seeds())} files, PELLUCID_MUTANTS_SEED={SEED}: {seconds:.0f} s",
        f"  {tally.images} images, {tally.sentences.total()} sentences, {len(tally.problems)} neither; "
        f"{late} answers after 2 s, the latest after {tally.slow[0][0]:.1f} s ({tally.slow[0][1]}); "
        f"{len(tally.peaks)} workers, at most {max(tally.peaks.values()) >> 20} MiB",
        *(f"  {count:6} … {text}" for text, count in tally.sentences.most_common(12)),
    ]
    return "\n".join(lines)
