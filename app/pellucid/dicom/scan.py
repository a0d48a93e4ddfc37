"""Find DICOM in folders and files: workers parse headers, series stream out while the scan runs."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pellucid.dicom.child import Cancelled, Pool, default_pool
from pellucid.dicom.duplicates import suspects
from pellucid.dicom.records import FileRecord, from_json
from pellucid.dicom.splitting import AUTOMATIC, Splitting
from pellucid.dicom.stack import Series, one_series, series_key
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding, Refused

_log = logging.getLogger(__name__)
_READ = "pellucid.dicom.headers:read_headers"
_DIGEST = "pellucid.dicom.headers:digests"
_DIRECTORY = "pellucid.dicom.media:read_directory"
_DIRECTORY_SECONDS = 30.0
_FIRST_CHUNK, _CHUNK = 8, 64
_NEWS_SECONDS = 0.2
_DIGEST_CHUNK = 16


@dataclass(frozen=True)
class Problem:
    """A file that could not be read, with a sentence."""

    path: Path
    sentence: str
    asks: bool = False
    """Whether it is opened all the same when the user says so."""


@dataclass(frozen=True)
class Snapshot:
    """What a scan found so far; ``others`` are not DICOM, ``files_total`` is None until known."""

    series: tuple[Series, ...] = ()
    problems: tuple[Problem, ...] = ()
    files_seen: int = 0
    files_total: int | None = None
    others: tuple[Path, ...] = ()


def scan(
    paths: Iterable[str | Path],
    *,
    pool: Pool | None = None,
    on_series: Callable[[Snapshot], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    splittings: Mapping[str, Splitting] | None = None,
) -> Snapshot:
    """Look for DICOM, by content, in files and folders; a DICOMDIR that is named stands for the files it names.

    ``splittings`` say how series (by their UIDs) are split where that was chosen; what cannot be is split as always.
    ``on_series`` is called in this thread, a few times a second, with what is known so far.
    Raises child.Cancelled when told to stop.
    """
    scanning = _Scan(pool or default_pool(), on_series, cancelled, splittings or {})
    return scanning.run([Path(path) for path in paths])


def records_of(
    paths: Iterable[Path], uid: str, *, pool: Pool | None = None, cancelled: Callable[[], bool] = lambda: False
) -> tuple[list[FileRecord], dict[str, str]]:
    """Return the headers of one series in some files, and the digests of those that share an identity."""
    scanning = _Scan(pool or default_pool(), None, cancelled, {})
    scanning.run(list(paths))
    return scanning.records(uid), scanning.digests


def headers_of(chunk: list[str], pool: Pool, stopped: Callable[[], bool]) -> list[tuple[str, dict[str, Any]]]:
    """Let a worker read headers; when one file takes the worker down, find out which."""
    if stopped():
        raise Cancelled
    try:
        payload = {"paths": chunk} if len(chunk) > 1 else {"paths": chunk, "path": chunk[0]}
        answer, _ = pool.call(_READ, payload, cancelled=stopped)
    except Refused as refusal:
        if len(chunk) == 1:
            return [(chunk[0], {"problem": str(refusal)})]
        return [answer for path in chunk for answer in headers_of([path], pool, stopped)]
    return list(zip(chunk, answer["files"], strict=True))


def walk(paths: Iterable[Path], cancelled: Callable[[], bool] = lambda: False) -> Iterator[Path]:
    """Yield the files of folders in the order of their names; links are followed, but not in circles."""
    seen: set[tuple[int, int]] = set()
    for path in paths:
        yield from _walk(path, seen, cancelled)


def _walk(path: Path, seen: set[tuple[int, int]], cancelled: Callable[[], bool]) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    stack = [path]
    while stack and not cancelled():
        folder = stack.pop()
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        folders = [Path(entry.path) for entry in ordered if _is(entry.is_dir)]
        yield from (Path(entry.path) for entry in ordered if _is(entry.is_file))
        stack += reversed(folders)


def _is(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:
        return False


def _is_called_directory(path: Path) -> bool:
    return path.name.upper().startswith("DICOMDIR")


def _odd(answer: dict[str, Any]) -> Iterator[str]:
    """Say what is odd about the files a DICOMDIR names."""
    if answer["missing"]:
        yield tr_count("It names {count:,} file that is not there.", "It names {count:,} files that are not there.",
                       answer["missing"])  # fmt: skip
    if answer["outside"]:
        yield tr_count("It names {count:,} place outside its folder, which was not looked at.",
                       "It names {count:,} places outside its folder, which were not looked at.",
                       answer["outside"])  # fmt: skip
    if answer["truncated"]:
        yield tr("It ends too early; there may be more files.")


class _Scan:
    """The state of one scan."""

    def __init__(
        self, pool: Pool, on_series: Callable[[Snapshot], None] | None, cancelled: Callable[[], bool],
        splittings: Mapping[str, Splitting],
    ) -> None:  # fmt: skip
        self._pool, self._on_series, self._cancelled, self._splittings = pool, on_series, cancelled, splittings
        self._records: dict[str, list[FileRecord]] = {}
        self._built: dict[str, tuple[int, Series]] = {}
        self.digests: dict[str, str] = {}
        self._problems: list[Problem] = []
        self._others: list[Path] = []
        self._seen = 0
        self._total: int | None = None
        self._media: list[Path] = []
        self._named: set[Path] = set()
        self._next_news = self._sorted_anew = 0.0
        self._stop = threading.Event()

    def run(self, paths: list[Path]) -> Snapshot:
        self._named = {path for path in paths if path.is_file()}
        self._scan(paths)
        media, self._media, self._named = self._media, [], set()
        if media:
            self._scan([path for directory in media for path in self._named_by(directory)])
        self._check()
        self._read_digests()
        return self._snapshot()

    def _scan(self, paths: list[Path]) -> None:
        self._stop.clear()
        pending: set[Future[list[tuple[str, dict[str, Any]]]]] = set()
        try:
            with ThreadPoolExecutor(self._pool.workers, "pellucid-scan") as threads:
                try:
                    for chunk in self._chunks(paths):
                        pending.add(threads.submit(self._read, chunk))
                        pending = self._collect(pending, most=2 * self._pool.workers)
                    self._collect(pending, most=0)
                finally:
                    self._stop.set()
                    for future in pending:
                        future.cancel()
        finally:
            self._stop.set()
        self._check()

    def _named_by(self, directory: Path) -> list[Path]:
        """Return the files a DICOMDIR names; its whole folder, with a sentence, where it is of no use."""
        try:
            answer, _ = self._pool.call(
                _DIRECTORY, {"path": str(directory)}, deadline=_DIRECTORY_SECONDS, cancelled=self._cancelled
            )
        except Refused as refusal:
            said = tr("{why} Its folder was searched instead.", why=refusal)
            self._problems.append(Problem(directory, said))
            return [directory.parent]
        said = " ".join(_odd(answer))
        files = [Path(name) for name in answer["files"]]
        if not files:
            said = f"{said} " + tr("Its folder was searched instead.")
            files = [directory.parent]
        if said:
            self._problems.append(Problem(directory, said))
        return files

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled

    def _stopped(self) -> bool:
        return self._stop.is_set() or self._cancelled()

    def _chunks(self, paths: list[Path]) -> Iterator[list[str]]:
        """Yield small chunks first, so that the first series shows soon."""
        chunk: list[str] = []
        size, count = _FIRST_CHUNK, 0
        for path in walk(paths, self._cancelled):
            chunk.append(str(path))
            count += 1
            if len(chunk) >= size:
                yield chunk
                chunk, size = [], min(size * 2, _CHUNK)
        self._total = (self._total or 0) + count
        if chunk:
            yield chunk

    def _read(self, chunk: list[str]) -> list[tuple[str, dict[str, Any]]]:
        return headers_of(chunk, self._pool, self._stopped)

    def _collect(self, pending: set[Future[Any]], most: int) -> set[Future[Any]]:
        """Take in answers until at most ``most`` calls are under way."""
        while pending:
            self._check()
            done, pending = wait(pending, timeout=0.1 if len(pending) > most else 0, return_when="FIRST_COMPLETED")
            for future in done:
                for path, found in future.result():
                    self._take(Path(path), found)
            self._tell()
            if len(pending) <= most:
                break
        return pending

    def _take(self, path: Path, found: dict[str, Any]) -> None:
        self._seen += 1
        if path in self._named and ("directory" in found or _is_called_directory(path)) and "record" not in found:
            self._media.append(path)
        elif "record" in found:
            record = from_json(found["record"])
            self._records.setdefault(series_key(record), []).append(record)
        elif "problem" in found:
            self._problems.append(Problem(path, found["problem"]))
        elif "other" in found:
            self._others.append(path)

    def _tell(self) -> None:
        """Report what is known, at most a few times a second.

        What is done for the news alone takes at most a fifth of the time. Sorting a series that is new is none of
        that: it has to be done anyway, and the longer one waits for it, the more there is to do.
        """
        now = time.monotonic()
        if self._on_series is None or now < self._next_news:
            return
        self._sorted_anew = 0.0
        self._on_series(self._snapshot())
        spent = time.monotonic() - now - self._sorted_anew
        self._next_news = time.monotonic() + max(_NEWS_SECONDS, 5 * spent)

    def _snapshot(self) -> Snapshot:
        built = (self._series(uid, records) for uid, records in self._records.items())
        # never in the order in which the workers answered: an index must mean the same series every time
        series = sorted(built, key=lambda one: min(one.files, default=Path()))
        problems = sorted(self._problems, key=lambda problem: problem.path)
        return Snapshot(tuple(series), tuple(problems), self._seen, self._total, tuple(self._others))

    def _series(self, uid: str, records: list[FileRecord]) -> Series:
        version = len(records) + len(self.digests)
        known = self._built.get(uid)
        if known is None or known[0] != version:
            begun = time.monotonic()
            self._built[uid] = version, self._split(uid, records)
            self._sorted_anew += time.monotonic() - begun if known is None else 0.0
        return self._built[uid][1]

    def _split(self, uid: str, records: list[FileRecord]) -> Series:
        """Build a series as it was chosen; while files are still coming the choice may not be possible yet."""
        choice = self._splittings.get(uid, AUTOMATIC)
        try:
            return _understood(uid, records, self.digests, choice)
        except Refused:
            return _understood(uid, records, self.digests, AUTOMATIC)

    def records(self, uid: str) -> list[FileRecord]:
        """Return the headers of one series."""
        return self._records.get(uid, [])

    def _read_digests(self) -> None:
        """Compare the contents of files that share their identity."""
        twins = [record for records in self._records.values() for record in suspects(records)]
        for start in range(0, len(twins), _DIGEST_CHUNK):
            files = [(record.path, record.data_offset) for record in twins[start : start + _DIGEST_CHUNK]]
            try:
                answer, _ = self._pool.call(_DIGEST, {"files": files}, cancelled=self._cancelled)
            except Refused:
                continue
            self.digests |= {path: digest for (path, _), digest in zip(files, answer["digests"], strict=True)}


def _understood(uid: str, records: list[FileRecord], digests: dict[str, str], choice: Splitting) -> Series:
    """Sort one series; what its headers say may be so absurd that the arithmetic fails, which must hurt no other.

    Raises Refused where the frames cannot be split as chosen.
    """
    try:
        return one_series(uid, records, digests, choice)
    except (ArithmeticError, ValueError, LookupError, TypeError) as error:
        _log.warning("a series could not be sorted: %s", type(error).__name__)
        first = min(records, key=lambda record: record.path)
        message = tr("{name} could not be understood: its DICOM header is damaged.", name=Path(first.path).name)
        files = tuple(Path(record.path) for record in sorted(records, key=lambda record: record.path))
        return Series(uid, first.modality, files=files, findings=(Finding("unreadable-file", message),))
