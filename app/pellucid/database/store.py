"""One study database in use: opened when it is needed, set aside when it is broken, its folders kept beside it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pellucid import paths
from pellucid.database import schema
from pellucid.database.rows import Root
from pellucid.language import tr
from pellucid.model.findings import Refused

FILE_NAME = "studies.db"
FOLDERS = "folders.json"
_BESIDE = ("", "-wal", "-shm")


def stored(path: Path) -> str | bytes:
    """Return a path as it is kept: text, or bytes where the system gave a name that is no text."""
    name = os.fspath(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def path_of(kept: str | bytes) -> Path:
    """Return a path that was kept."""
    return Path(os.fsdecode(kept))


class Store:
    """The database of a folder; every thread has a connection of its own.

    ``said`` is a sentence about the state of the file, ``""`` when all is well.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder if folder is not None else paths.data_dir() / "studies"
        self.path = self.folder / FILE_NAME
        self.said = ""
        self.writes = True
        self._here = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.RLock()

    @property
    def exists(self) -> bool:
        """Return whether the user has asked for a database."""
        return self.path.exists()

    @property
    def connection(self) -> sqlite3.Connection:
        """Return the connection of this thread, opened on first use."""
        found: sqlite3.Connection | None = getattr(self._here, "connection", None)
        if found is None:
            with self._lock:
                found, self.writes = self._open()
                self._all.append(found)
                self._here.connection = found
        if not self.writes and not self.said:
            self.said = tr(
                "The study database can be read but not changed. Check the disk and the rights of its folder."
            )
        return found

    def _open(self) -> tuple[sqlite3.Connection, bool]:
        try:
            return schema.connect(self.path)
        except schema.Newer:
            raise Refused(
                tr("The study database was made by a newer version of Pellucid. Update Pellucid, or delete {path}.",
                   path=self.path)
            ) from None  # fmt: skip
        except (schema.ReadOnly, sqlite3.OperationalError):
            raise Refused(
                tr("The study database cannot be opened. Check the disk and the rights of its folder, {path}.",
                   path=self.folder)
            ) from None  # fmt: skip
        except sqlite3.DatabaseError as error:
            if not schema.is_broken(error):
                raise
            return self._anew()

    def _anew(self) -> tuple[sqlite3.Connection, bool]:
        """Set a broken file aside and begin with an empty index of the same folders."""
        self._set_aside()
        connection, writes = schema.connect(self.path)
        known = [(stored(Path(path)),) for path in self._kept_folders()]
        connection.executemany("INSERT OR IGNORE INTO roots (path) VALUES (?)", known)
        return connection, writes

    def _set_aside(self) -> None:
        for end in _BESIDE:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{end}").replace(f"{self.path}.broken{end}")
        self.said = tr(
            "The study database was damaged and set aside as {name}. Your folders are kept; update them to fill it.",
            name=f"{FILE_NAME}.broken",
        )

    def rebuild(self) -> None:
        """Set the file aside although it could be opened: something in it turned out to be broken."""
        with self._lock:
            self.close()
            connection, self.writes = self._anew()
            connection.close()

    def close(self) -> None:
        """Close every connection; the next question opens one again."""
        with self._lock:
            for connection in self._all:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
            self._all.clear()
            self._here = threading.local()

    def delete(self) -> None:
        """Delete the database itself: there is nothing in it any more, and no trace is to stay."""
        self.close()
        for name in (*(f"{FILE_NAME}{end}" for end in _BESIDE), FOLDERS, *(f"{FILE_NAME}.broken{e}" for e in _BESIDE)):
            (self.folder / name).unlink(missing_ok=True)
        self.writes, self.said = True, ""

    # ---------------------------------------------------------------- asking and changing

    def ask(self, question: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question; raise Refused where there is no database (any more)."""
        for again in (True, False):
            if not self.exists:
                break
            with self._guarded():
                connection = self.connection
                try:
                    return connection.execute(question, tuple(values)).fetchall()
                except sqlite3.ProgrammingError:
                    if connection in self._all or not again:
                        raise
                    self._here.connection = None  # another thread closed it in the meantime
        raise Refused(tr("This folder is not in the study database any more."))

    @contextlib.contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Change the database, all or nothing; another program that is writing is waited for."""
        with self._guarded():
            connection = self.connection
            if not self.writes:
                raise Refused(self.said)
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def empty_log(self) -> None:
        """Let nothing that was deleted stay in the log of changes beside the file."""
        with self._guarded():
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """Say what goes wrong with the file as a sentence; a broken file is set aside."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = schema.code_of(error)
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                said = tr("Another Pellucid is writing to the study database. Try again in a moment.")
            elif code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
                said = tr("The study database could not be used: the disk is full or cannot be written.")
            elif schema.is_broken(error):
                self.rebuild()
                said = self.said
            else:
                raise
            raise Refused(said) from None

    # ---------------------------------------------------------------- folders

    def roots(self) -> tuple[Root, ...]:
        """Return the folders the user added, with what is known of them."""
        if not self.exists:
            return ()
        rows = self.ask(
            "SELECT roots.id, path, (SELECT count(*) FROM files WHERE root = roots.id AND series IS NOT NULL),"
            " (SELECT count(*) FROM files WHERE root = roots.id AND series IS NOT NULL AND missing), updated, offline"
            " FROM roots ORDER BY path"
        )
        return tuple(Root(n, path_of(path), files, gone, when, bool(off)) for n, path, files, gone, when, off in rows)

    def root(self, number: int) -> Root:
        """Return one folder; raise Refused when it is not in the list any more."""
        for root in self.roots():
            if root.id == number:
                return root
        raise Refused(tr("This folder is not in the study database any more."))

    def add_root(self, folder: Path) -> Root:
        """Add a folder. One that lies inside another, or holds another, is refused: files would be counted twice."""
        path = folder.absolute()
        if not path.is_dir():
            raise Refused(tr("“{name}” is not a folder that can be read.", name=path.name or str(path)))
        for root in self.roots():
            if root.path == path:
                return root
            if root.path in path.parents or path in root.path.parents:
                raise Refused(
                    tr("“{name}” and “{other}”, which is in the list, lie inside each other.",
                       name=path.name or str(path), other=root.path.name or str(root.path))
                )  # fmt: skip
        with self.changing() as connection:
            connection.execute("INSERT OR IGNORE INTO roots (path) VALUES (?)", (stored(path),))
        self.keep_folders()
        return next(root for root in self.roots() if root.path == path)

    def keep_folders(self) -> None:
        """Write the list of folders beside the database: it survives a broken file."""
        names = [str(root.path) for root in self.roots()]
        temporary = self.folder / f".{FOLDERS}"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(names, stream)
        temporary.replace(self.folder / FOLDERS)

    def _kept_folders(self) -> list[str]:
        try:
            names = json.loads((self.folder / FOLDERS).read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return []
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
