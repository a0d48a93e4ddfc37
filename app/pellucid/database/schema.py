"""The tables of the index and the way to them: a version, WAL, patience with others, nothing readable by others."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

VERSION = 2
_NUMBERS_ANEW = 1
"""The version that gave the numbers of series anew; all else in it is as it is now."""
BUSY_SECONDS = 5.0

TABLES = """
CREATE TABLE roots (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, updated REAL NOT NULL DEFAULT 0,
    offline INTEGER NOT NULL DEFAULT 0);
CREATE TABLE patients (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, patient_id TEXT NOT NULL,
    birth_date TEXT NOT NULL, sex TEXT NOT NULL);
CREATE TABLE studies (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, patient INTEGER NOT NULL REFERENCES patients(id),
    uid TEXT NOT NULL, date TEXT NOT NULL, description TEXT NOT NULL, accession TEXT NOT NULL,
    modalities TEXT NOT NULL DEFAULT '', series INTEGER NOT NULL DEFAULT 0, files INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0, place INTEGER);
CREATE INDEX studies_patient ON studies(patient);
CREATE UNIQUE INDEX studies_place ON studies(place);
CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, study INTEGER NOT NULL REFERENCES studies(id),
    modality TEXT NOT NULL, number TEXT NOT NULL, description TEXT NOT NULL, protocol TEXT NOT NULL,
    body_part TEXT NOT NULL, burned_in INTEGER NOT NULL DEFAULT 0, files INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0);
CREATE INDEX series_study ON series(study);
CREATE TABLE files (
    id INTEGER PRIMARY KEY, root INTEGER NOT NULL REFERENCES roots(id), path TEXT NOT NULL UNIQUE,
    size INTEGER NOT NULL, mtime INTEGER NOT NULL, inode INTEGER NOT NULL, missing INTEGER NOT NULL DEFAULT 0,
    series INTEGER REFERENCES series(id), record BLOB);
CREATE INDEX files_series ON files(series);
CREATE INDEX files_root ON files(root);
CREATE TABLE pictures (
    series INTEGER PRIMARY KEY, height INTEGER NOT NULL, width INTEGER NOT NULL, channels INTEGER NOT NULL,
    pixels BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5(
    name, id, description, date, modality, accession, body,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '1 2 3');
"""


class Newer(Exception):
    """The file was made by a newer version of the program."""


class ReadOnly(Exception):
    """The file can be read but not written, and its tables are not of this version."""


def is_broken(error: sqlite3.Error) -> bool:
    """Return whether an error says that the file is damaged or no database at all."""
    return code_of(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def code_of(error: sqlite3.Error) -> int:
    """Return the primary code of what SQLite says is wrong."""
    return (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def connect(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Return a connection, and whether it can write. A file that is no database raises sqlite3.DatabaseError."""
    writes = True
    try:
        _make_private(path)
        connection = _opened(path, "mode=rw")
        _prepare(connection)
    except (sqlite3.OperationalError, OSError):
        connection, writes = _read_only(path), False
    try:
        _check_version(connection, writes)
    except BaseException:
        connection.close()
        raise
    return connection, writes


def _make_private(path: Path) -> None:
    """Make folder and file so that nobody but their owner can read them; the log of changes takes after the file."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        path.parent.chmod(0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that reads; where not even the notes for other readers can be written, without these."""
    connection = _opened(path, "mode=ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        return _opened(path, "mode=ro&immutable=1")
    return connection


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Let readers and one writer work at the same time, and overwrite what is deleted."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_version(connection: sqlite3.Connection, writes: bool) -> None:
    """Make the tables of this version of those of the last; an older index is made anew, its folders are kept."""
    version = _version(connection)
    if version == VERSION or (version == _NUMBERS_ANEW and not writes):
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return
    if version > VERSION:
        raise Newer
    if not writes:
        raise ReadOnly
    connection.execute("BEGIN EXCLUSIVE")
    version = _version(connection)  # another program may have been quicker
    if version == _NUMBERS_ANEW:
        _upgrade(connection)
    elif version != VERSION:
        _make_tables(connection)
    connection.execute("COMMIT")


def _upgrade(connection: sqlite3.Connection) -> None:
    """Let numbers of series never be given anew: a thumbnail could be that of another series."""
    made = next(statement for statement in TABLES.split(";\n") if statement.startswith("CREATE TABLE series "))
    connection.execute(made.replace("series", "new_series", 1))
    connection.execute("INSERT INTO new_series SELECT * FROM series")
    connection.execute("DROP TABLE series")
    connection.execute("ALTER TABLE new_series RENAME TO series")
    connection.execute("CREATE INDEX series_study ON series(study)")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _make_tables(connection: sqlite3.Connection) -> None:
    kept = _roots(connection)
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL").fetchall()
    for (name,) in sorted(rows, key=lambda row: row[0] != "words"):  # its shadows go with it
        if not name.startswith(("words_", "sqlite_")):
            connection.execute(f'DROP TABLE "{name}"')
    for statement in TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.executemany("INSERT INTO roots (path) VALUES (?)", kept)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _roots(connection: sqlite3.Connection) -> list[tuple[str]]:
    try:
        return [(str(path),) for (path,) in connection.execute("SELECT path FROM roots")]
    except sqlite3.OperationalError:
        return []
