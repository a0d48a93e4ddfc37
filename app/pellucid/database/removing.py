"""Out of the index, which never touches a file; and, as a step of its own, files that are really deleted."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pellucid.database.filing import settle
from pellucid.database.rows import Left
from pellucid.database.searching import number_of
from pellucid.database.store import Store, path_of
from pellucid.language import tr, tr_count


@dataclass(frozen=True)
class Doomed:
    """A file that is to be deleted, as the index knows it."""

    id: int
    path: Path
    root: Path
    size: int
    mtime: int


def remove_root(store: Store, root: int) -> None:
    """Take a folder out of the index; its files stay. With the last folder the database itself goes."""
    if len(store.roots()) <= 1:
        store.delete()
        return
    with store.changing() as connection:
        touched = {n for (n,) in connection.execute("SELECT DISTINCT series FROM files WHERE root = ?", (root,)) if n}
        connection.execute("DELETE FROM files WHERE root = ?", (root,))
        connection.execute("DELETE FROM roots WHERE id = ?", (root,))
        settle(connection, touched)
    _wipe(store)
    store.keep_folders()


def remove_series(store: Store, keys: Iterable[str]) -> None:
    """Take series out of the index; their files stay, and are found again when their folder is updated."""
    with store.changing() as connection:
        for key in keys:
            number = number_of(key)
            connection.execute("DELETE FROM files WHERE series = ?", (number,))
            settle(connection, {number})
    _wipe(store)


def _wipe(store: Store) -> None:
    """Let nothing of what was removed stay in the file: the words are packed anew, the log is emptied."""
    with store.changing() as connection:
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    store.empty_log()


def doomed(store: Store, keys: Iterable[str]) -> tuple[Doomed, ...]:
    """Return the files of series that are there now: what would be deleted."""
    found: list[Doomed] = []
    for key in keys:
        rows = store.ask(
            "SELECT files.id, files.path, roots.path, size, mtime FROM files JOIN roots ON roots.id = files.root"
            " WHERE series = ? ORDER BY files.path",
            (number_of(key),),
        )
        found += [Doomed(n, path_of(path), path_of(root), size, mtime) for n, path, root, size, mtime in rows]
    return tuple(one for one in found if os.path.lexists(one.path))


def delete_files(
    store: Store,
    files: Iterable[Doomed],
    dispose: Callable[[Path], bool],
    cancelled: Callable[[], bool] = lambda: False,
) -> Left:
    """Delete files that the index knows, that lie inside their folder without any link, and that did not change.

    ``dispose`` moves one to the trash or deletes it, and answers whether it is gone. What is left alone is counted.
    """
    gone: list[int] = []
    left: dict[str, int] = {}
    for one in files:
        if cancelled():
            break
        why = _why_not(one) or _left(one.path, dispose)
        if why:
            left[why] = left.get(why, 0) + 1
        else:
            gone.append(one.id)
    _forget(store, gone)
    reasons = tuple(
        tr_count("{count:,} file was left: it {why}.", "{count:,} files were left: each {why}.", count, why=why)
        for why, count in left.items()
    )
    return Left(len(gone), reasons)


def _left(path: Path, dispose: Callable[[Path], bool]) -> str:
    """Dispose of a file; return why it was left, or nothing."""
    try:
        return "" if dispose(path) else tr("could not be moved to the trash, and was not to be deleted for good")
    except OSError:
        return tr("could not be removed; check the rights of the folder")


def _why_not(one: Doomed) -> str:
    """Return why a file must not be deleted, or nothing."""
    if not _is_inside(one.path, one.root):
        return tr("does not lie inside the folder that was added")
    try:
        for part in (one.path, *one.path.parents):
            if part == one.root:
                break
            if stat.S_ISLNK(part.lstat().st_mode):
                return tr("lies behind a link")
        status = one.path.lstat()
    except OSError:
        return tr("is not there any more")
    if not stat.S_ISREG(status.st_mode):
        return tr("is no ordinary file")
    if (status.st_size, status.st_mtime_ns) != (one.size, one.mtime):
        return tr("was changed since it was looked at")
    return ""


def _is_inside(path: Path, root: Path) -> bool:
    if ".." in path.parts or root not in path.parents:
        return False
    try:
        return path.resolve(strict=True).is_relative_to(root.resolve(strict=True))
    except OSError:
        return True  # what is not there is told apart later


def _forget(store: Store, files: list[int]) -> None:
    if not files:
        return
    with store.changing() as connection:
        touched = set()
        for number in files:
            row = connection.execute("SELECT series FROM files WHERE id = ?", (number,)).fetchone()
            touched |= {row[0]} if row and row[0] else set()
            connection.execute("DELETE FROM files WHERE id = ?", (number,))
        settle(connection, touched)
    _wipe(store)
