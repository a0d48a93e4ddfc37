"""Ten thousand damaged files through the real loader: every one gives an image or a sentence, soon, in bounded memory.

``PELLUCID_MUTANTS`` sets how many, ``PELLUCID_MUTANTS_SEED`` which ones (printed, so that a run can be repeated).
Series that are no images go to whoever opens them (``session.specials.OPENERS``), whose notices are sentences too;
registrations to their reader; and every fourth file to the reader of tags.

How soon is judged by the processor time an answer took its worker, in units of a piece of work done in the same
workers: a machine that is slow or has much else to do changes nothing.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import numpy as np
import pytest

from measured_pool import UNIT_MEGABYTES, MeasuredPool
from mutations import Mutator, seeds
from patience import PATIENCE
from pellucid.dicom import child
from pellucid.dicom.child import Pool
from pellucid.dicom.kinds import PRESENTATION, REGISTRATION
from pellucid.dicom.read import read_sequence
from pellucid.dicom.spatial_registration import read as read_registration
from pellucid.dicom.stack import Series, sequences
from pellucid.dicom.tags import READ, rows_of
from pellucid.files.discover import discover
from pellucid.files.images import ImageFile
from pellucid.files.images import read as read_image
from pellucid.model.findings import Refused
from pellucid.session.session import Session
from pellucid.session.specials import OPENERS

pytestmark = pytest.mark.filterwarnings("ignore:failed to create weakref")
"""Signals hide this of themselves, but not where two threads make sessions at once."""

COUNT = int(os.environ.get("PELLUCID_MUTANTS", "10000"))
SEED = int(os.environ.get("PELLUCID_MUTANTS_SEED", "20261127"))
BATCH = 50
TAGS_OF_EVERY = 4
"""Only every so manieth file is also read tag by tag: the loader is what the ten thousand are for."""
SOON, LATEST = 2.0, 10.0
LATE_OF = 1000
"""One answer of so many may come later than soon: 99.9 % must not (H20)."""
UNITS_EVERY = 20
CAP = 2 << 30


@dataclass
class Tally:
    """What came of the files, and the worst of them."""

    images: int = 0
    opened: Counter[str] = field(default_factory=Counter)
    said: Counter[str] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    sentences: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    slow: list[tuple[float, str]] = field(default_factory=list)
    peaks: dict[int, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def sentence(self, text: str, name: str) -> None:
        known = " ".join(text.replace(name, "…").split()[-5:])
        with self.lock:
            self.sentences[known] += 1
            if not text.endswith(".") or "Error" in text or "Traceback" in text or "/" in unquoted(text):
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


def unquoted(text: str) -> str:
    """Return a sentence without what it quotes of a file; nothing else of it may look like a path."""
    return re.sub("“[^”]*”", "", text).replace("pixels/", "")


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
    for path in sorted(folder.glob("*.dcm"))[::TAGS_OF_EVERY]:
        read_tags(path, pool, tally)
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
        return open_special(item, name, tally)
    if item.content == REGISTRATION:
        return open_registration(item, name, pool, tally)
    if not item.volumes:
        tally.sentence(item.findings[0].message, name)
    for plans in sequences(item):
        attempt(lambda plans=plans: read_sequence(plans, pool=pool), name, tally)
    return None


def attempt(read, name: str, tally: Tally) -> None:
    with answered_by(name, tally):
        read()
        with tally.lock:
            tally.images += 1


@contextmanager
def answered_by(name: str, tally: Tally, kind: str = "") -> Iterator[None]:
    """Count a refusal as a sentence and every other exception as a problem; note how long it took."""
    began = time.monotonic()
    try:
        yield
    except Refused as refusal:
        tally.sentence(str(refusal), name)
        with tally.lock:
            tally.said[kind] += bool(kind)
    except Exception as error:
        tally.problems.append(f"{type(error).__name__} for {name}: {error}")
    tally.took(began, name)


def open_special(series: Series, name: str, tally: Tally) -> None:
    """Let the opener of an object that is no image do its work, jobs included; it shows something or says why not."""
    with answered_by(name, tally, series.content):
        notices, shown, session = list[str](), list[object](), Session()
        session.notice.connect(lambda text, severity: notices.append(text) if severity != "info" else None)
        session.reports.opened.connect(shown.append)
        try:
            OPENERS[series.content](session, series)
            if not session.jobs.drain(PATIENCE):
                tally.problems.append(f"no end of opening {name}")
            there = bool(shown or session.document.layers)
        finally:
            session.close()
        if not there:
            raise Refused(notices[0] if notices else "nothing was shown and nothing was said")
        with tally.lock:
            tally.opened[series.content] += 1


def open_registration(series: Series, name: str, pool: Pool, tally: Tally) -> None:
    for path in series.files:
        with answered_by(name, tally, series.content):
            found = read_registration(path, pool)
            for frame in found.matrices:
                matrix = found.between(found.registered, frame)
                assert matrix is None or np.isfinite(matrix).all(), "a matrix that is no number"
            with tally.lock:
                tally.opened[series.content] += 1


def read_tags(path: Path, pool: Pool, tally: Tally) -> None:
    began = time.monotonic()
    try:
        outcome = "rows" if rows_of(pool.call(READ, {"path": str(path)})[0]["rows"]) else "no rows"
    except Refused as refusal:
        outcome = "sentences"
        if not str(refusal).endswith("."):
            tally.problems.append(f"no sentence of the tags of {path.name}: {refusal}")
    except Exception as error:
        outcome = "problems"
        tally.problems.append(f"{type(error).__name__} in the tags of {path.name}: {error}")
    tally.took(began, f"tags of {path.name}")
    with tally.lock:
        tally.tags[outcome] += 1


@pytest.mark.hazard("H17")
@pytest.mark.hazard("H19")
@pytest.mark.hazard("H20")
@pytest.mark.hazard("H21")
@pytest.mark.filterwarnings("ignore:failed to create weakref:UserWarning")  # psygnal silences it for one thread only
def test_ten_thousand_damaged_files(
    place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutator, tally, pool, stop = Mutator(SEED), Tally(), MeasuredPool(memory_cap_bytes=CAP), Event()
    assert pool.deadline < LATEST, "an answer that is not there by then is given up and said"
    monkeypatch.setattr(child, "_default", pool)
    watcher = Thread(target=tally.watch, args=(pool, stop))
    watcher.start()
    began = time.monotonic()

    def serve(number: int, files: list[tuple[str, bytes]]) -> None:
        folder = place / str(number)
        folder.mkdir()
        for name, data in files:
            (folder / name).write_bytes(data)
        read_batch(folder, {name for name, _ in files}, pool, tally)
        if number % UNITS_EVERY == 0:
            pool.measure_unit()
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
        print(said(tally, pool, seconds))
    assert tally.problems == []
    assert len(pool.above(SOON)) <= len(pool.answers) // LATE_OF + (COUNT < LATE_OF), pool.above(SOON)
    assert [answer for answer in pool.above(LATEST) if answer[0] < math.inf] == []
    assert max(tally.peaks.values()) <= CAP
    assert tally.images > COUNT // 10, "hardly anything could be read"
    if COUNT >= 1000:
        assert {*OPENERS, REGISTRATION} <= set(tally.opened | tally.said), "a kind of object was never opened"
        assert set(OPENERS) - {PRESENTATION} <= set(tally.opened), "a kind of object could never be opened"
    assert tally.tags["rows"] > COUNT // TAGS_OF_EVERY // 4, "hardly any tags could be read"


def keep_of(folder: Path, tally: Tally) -> None:
    """Remove a folder of mutants, but for what is kept to look at (``PELLUCID_MUTANTS_KEEP``)."""
    kept = os.environ.get("PELLUCID_MUTANTS_KEEP")
    if kept:
        bad = " ".join((*tally.problems, *(name for seconds, name in tally.slow if seconds > LATEST / 5)))
        for path in folder.iterdir():
            if path.name in bad:
                shutil.copy(path, kept)
    shutil.rmtree(folder)


def said(tally: Tally, pool: MeasuredPool, seconds: float) -> str:
    worst = sorted((took for took, _ in pool.answers if took < math.inf), reverse=True)
    ended = len(pool.answers) - len(worst)
    lines = [
        f"\n{COUNT} mutants of {len(seeds())} files, PELLUCID_MUTANTS_SEED={SEED}: {seconds:.0f} s",
        f"  {tally.images} images, {tally.sentences.total()} sentences, {len(tally.problems)} neither; "
        f"the latest after {tally.slow[0][0]:.1f} s ({tally.slow[0][1]}); "
        f"{len(tally.peaks)} workers, at most {max(tally.peaks.values()) >> 20} MiB",
        f"  {len(pool.answers)} answers: one in a thousand took over {worst[len(pool.answers) // LATE_OF]:.2f} s of a "
        f"processor, the worst {worst[0]:.2f} s, {ended} workers were ended; {len(pool.above(SOON))} are late where "
        f"{UNIT_MEGABYTES} MiB are unpacked in {pool.unit:.3f} s",
        "  objects: " + "; ".join(f"{kind} {tally.opened[kind]} opened, {tally.said[kind]} refused in words"
                                  for kind in sorted({*OPENERS, REGISTRATION})),
        "  tags: " + ", ".join(f"{count} {what}" for what, count in tally.tags.items()),
        *(f"  {count:6} … {text}" for text, count in tally.sentences.most_common(12)),
    ]
    return "\n".join(lines)
