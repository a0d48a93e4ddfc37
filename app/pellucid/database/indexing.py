"""Look through a folder again: only what is new or changed is read, what moved is followed, what vanished is marked."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pellucid.database.filing import Filing, Read, Stamp
from pellucid.database.rows import Root
from pellucid.database.store import Store, path_of, stored
from pellucid.dicom.child import Cancelled, Pool, default_pool
from pellucid.dicom.scan import headers_of, walk

_FIRST_CHUNK, _CHUNK = 8, 64
_FIRST_PAUSE, _PAUSE = 0.1, 0.7


@dataclass(frozen=True)
class Progress:
    """How far an update is: files met, read anew, followed to a new place, gone, and whether the folder is there."""

    seen: int = 0
    read: int = 0
    moved: int = 0
    gone: int = 0
    total: int | None = None
    offline: bool = False


@dataclass(frozen=True)
class _Known:
    """A file as the index knows it."""

    id: int
    stamp: Stamp
    series: int | None
    missing: bool
    follows: bool
    """Whether its series would be the same under another path."""


def update(
    store: Store,
    root: Root,
    *,
    pool: Pool | None = None,
    on_news: Callable[[Progress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Progress:
    """Bring one folder of the index up to date; what was found is kept also when it is cancelled.

    A folder that cannot be reached, or is empty although files are known in it (a drive that is not plugged in
    leaves its mount point), is marked as offline and nothing of it is touched. Raises child.Cancelled.
    """
    return _Update(store, root, pool or default_pool(), on_news, cancelled).run()


class _Update:
    """The state of one update."""

    def __init__(
        self, store: Store, root: Root, pool: Pool,
        on_news: Callable[[Progress], None], cancelled: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._store, self._root, self._pool = store, root, pool
        self._on_news, self._cancelled = on_news, cancelled
        self._known: dict[Path, _Known] = {}
        self._by_stamp: dict[Stamp, Path] = {}
        self._met: set[Path] = set()
        self._done: list[Read] = []
        self._back: list[int] = []
        self._moved: list[tuple[Path, int]] = []
        self._stamps: dict[str, Stamp] = {}
        self._progress = Progress()
        self._pause, self._next_commit = _FIRST_PAUSE, time.monotonic()

    def run(self) -> Progress:
        self._learn()
        if not self._is_there():
            return self._go_offline()
        try:
            with ThreadPoolExecutor(self._pool.workers, "pellucid-index") as threads:
                self._read_all(threads)
        finally:
            self._commit()
        self._check()
        self._mark_gone()
        self._say(total=self._progress.seen)
        return self._progress

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled

    # ---------------------------------------------------------------- what there is

    def _learn(self) -> None:
        """Recall what the index knows of this folder."""
        rows = self._store.ask(
            "SELECT files.id, path, size, mtime, inode, series, files.missing, coalesce(series.key, '') FROM files"
            " LEFT JOIN series ON series.id = files.series WHERE root = ?",
            (self._root.id,),
        )
        for number, kept, size, mtime, inode, series, missing, key in rows:
            path, stamp = path_of(kept), Stamp(size, mtime, inode)
            self._known[path] = _Known(number, stamp, series, bool(missing), not key.startswith("file:"))
            if inode:
                self._by_stamp[stamp] = path

    def _is_there(self) -> bool:
        try:
            with os.scandir(self._root.path) as entries:
                return next(entries, None) is not None or not any(not one.missing for one in self._known.values())
        except OSError:
            return False

    def _go_offline(self) -> Progress:
        with self._store.changing() as connection:
            connection.execute("UPDATE roots SET offline = 1 WHERE id = ?", (self._root.id,))
        self._say(offline=True)
        return self._progress

    def _chunks(self) -> Iterator[list[str]]:
        """Yield the files that must be read, few at first, so that the list begins to fill at once."""
        chunk: list[str] = []
        size = _FIRST_CHUNK
        for path in walk([self._root.path], self._cancelled):
            if self._must_be_read(path):
                chunk.append(str(path))
            if len(chunk) >= size:
                yield chunk
                chunk, size = [], min(size * 2, _CHUNK)
        if chunk:
            yield chunk

    def _must_be_read(self, path: Path) -> bool:
        """Return whether a file is new or changed; note what is as it was, came back or moved."""
        try:
            status = path.stat()
        except OSError:
            return False
        self._met.add(path)
        self._progress = replace(self._progress, seen=self._progress.seen + 1)
        stamp = Stamp(status.st_size, status.st_mtime_ns, status.st_ino & 0x7FFFFFFFFFFFFFFF)
        known = self._known.get(path)
        if known is not None and known.stamp == stamp:
            if known.missing:
                self._back.append(known.id)
            return False
        before = self._by_stamp.get(stamp) if known is None else None
        if before is not None and self._known[before].follows and not os.path.lexists(before):
            self._moved.append((path, self._known.pop(before).id))
            del self._by_stamp[stamp]
            return False
        self._stamps[str(path)] = stamp
        return True

    # ---------------------------------------------------------------- reading

    def _read_all(self, threads: ThreadPoolExecutor) -> None:
        pending: set[Future[list[tuple[str, dict[str, Any]]]]] = set()
        try:
            for chunk in self._chunks():
                pending.add(threads.submit(headers_of, chunk, self._pool, self._cancelled))
                pending = self._collect(pending, 2 * self._pool.workers)
            self._collect(pending, 0)
        finally:
            for future in pending:
                future.cancel()

    def _collect(self, pending: set[Future[Any]], most: int) -> set[Future[Any]]:
        """Take in answers until at most ``most`` calls are under way; write the first at once, then seldom."""
        while pending:
            self._check()
            done, pending = wait(pending, timeout=0.1 if len(pending) > most else 0, return_when="FIRST_COMPLETED")
            for future in done:
                self._done += [self._taken(path, found) for path, found in future.result()]
            if self._done and time.monotonic() >= self._next_commit:
                self._commit()
            if len(pending) <= most:
                break
        return pending

    def _taken(self, path: str, found: dict[str, Any]) -> Read:
        self._progress = replace(self._progress, read=self._progress.read + 1)
        return Read(Path(path), self._stamps.pop(path), found.get("record"))

    def _commit(self) -> None:
        """Write what was found so far, and tell."""
        done, back, moved = self._done, self._back, self._moved
        self._done, self._back, self._moved = [], [], []
        if done or back or moved:
            with self._store.changing() as connection:
                filing = Filing(connection, self._root.id)
                filing.touched |= self._move(connection, moved) | self._bring_back(connection, back)
                filing.put(done)
                connection.execute("UPDATE roots SET offline = 0 WHERE id = ?", (self._root.id,))
            self._say(moved=self._progress.moved + len(moved))
        self._next_commit = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _PAUSE)

    def _move(self, connection: Any, moved: list[tuple[Path, int]]) -> set[int]:
        for path, number in moved:
            connection.execute("DELETE FROM files WHERE path = ? AND id <> ?", (stored(path), number))
            connection.execute("UPDATE files SET path = ?, missing = 0 WHERE id = ?", (stored(path), number))
        return _series_of(connection, [number for _, number in moved])

    def _bring_back(self, connection: Any, back: list[int]) -> set[int]:
        connection.executemany("UPDATE files SET missing = 0 WHERE id = ?", [(number,) for number in back])
        return _series_of(connection, back)

    def _mark_gone(self) -> None:
        """Mark what is known but was not met, and note when the folder was looked through to the end."""
        gone = [known.id for path, known in self._known.items() if path not in self._met and not known.missing]
        with self._store.changing() as connection:
            connection.executemany("UPDATE files SET missing = 1 WHERE id = ?", [(number,) for number in gone])
            filing = Filing(connection, self._root.id)
            filing.touched = _series_of(connection, gone)
            filing.settle()
            connection.execute(
                "UPDATE roots SET updated = ?, offline = 0 WHERE id = ?", (time.time(), self._root.id)
            )
        self._progress = replace(self._progress, gone=len(gone))

    def _say(self, **changes: Any) -> None:
        self._progress = replace(self._progress, **changes)
        self._on_news(self._progress)


def _series_of(connection: Any, files: list[int]) -> set[int]:
    """Return the series that files belong to."""
    found: set[int] = set()
    for number in files:
        row = connection.execute("SELECT series FROM files WHERE id = ?", (number,)).fetchone()
        if row is not None and row[0] is not None:
            found.add(row[0])
    return found
