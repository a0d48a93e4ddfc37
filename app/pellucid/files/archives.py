"""ZIP archives opened safely: judged and unpacked by a worker, under names made here, into a folder that goes again.

The folder is private (0700) and is erased when the program ends; what a crash left is erased at the next start.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pellucid import paths
from pellucid.dicom.child import Cancelled, Pool, default_pool
from pellucid.files.limits import Implausible, is_trusted
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused

ENDING = ".zip"
_LIST, _UNPACK = "pellucid.files.unzipping:list_archive", "pellucid.files.unzipping:unpack"
_FOLDER, _ALIVE = "unpacked", ".in-use"
_ROOM_SHARE = 0.8
_AT_ONCE_BYTES, _AT_ONCE_FILES = 64 << 20, 256
_SECONDS, _BYTES_PER_SECOND = 20.0, 4 << 20
_ours: dict[Path, IO[bytes]] = {}


@dataclass(frozen=True)
class Unpacked:
    """Where the files of an archive are now, and sentences about what was left out."""

    folder: Path
    said: tuple[str, ...] = ()


def is_archive(path: Path) -> bool:
    """Return whether a path is to be opened as a ZIP archive."""
    return path.suffix.lower() == ENDING and path.is_file()


def unpack(
    path: Path, *, pool: Pool | None = None, cancelled: Callable[[], bool] = lambda: False
) -> Unpacked:
    """Unpack an archive into a private folder of this program; raise Refused when it must not be.

    Raises child.Cancelled when told to stop; then, and when it is refused, nothing is left. What is too much to be
    plausible raises Implausible, unless the user trusts it.
    """
    pool = pool or default_pool()
    folder = _private_folder()
    try:
        room = int(shutil.disk_usage(folder).free * _ROOM_SHARE)
        asked = {"path": str(path), "room": room, "trusted": is_trusted(path)}
        listed, _ = pool.call(_LIST, asked, deadline=_SECONDS, cancelled=cancelled)
        if "asks" in listed:
            raise Implausible(listed["asks"])
        damaged = _unpack_all(path, listed["entries"], folder, pool, cancelled)
    except BaseException:
        erase(folder)
        raise
    said = tuple(_left_out(path.name, listed, damaged))
    if not listed["entries"]:
        erase(folder)
        raise Refused(" ".join(said) or tr("{name} holds no file.", name=path.name))
    return Unpacked(folder, said)


def _unpack_all(
    path: Path, entries: list[tuple[int, int, str]], folder: Path, pool: Pool, cancelled: Callable[[], bool]
) -> int:
    """Unpack in pieces, so that it can be stopped; the names are numbers, at most a thousand in a folder."""
    damaged, piece, size = 0, list[tuple[int, int, str]](), 0
    for n, (index, length, ending) in enumerate(entries, 1):
        inner = folder / f"{n // 1000:03d}"
        if n % 1000 == 0 or n == 1:
            inner.mkdir(mode=0o700, exist_ok=True)
        piece.append((index, length, str(inner / f"{n:06d}{ending}")))
        size += length
        if size >= _AT_ONCE_BYTES or len(piece) >= _AT_ONCE_FILES or n == len(entries):
            if cancelled():
                raise Cancelled
            seconds = _SECONDS + size / _BYTES_PER_SECOND
            answer, _ = pool.call(_UNPACK, {"path": str(path), "wanted": piece}, deadline=seconds, cancelled=cancelled)
            damaged += answer["damaged"]
            piece, size = [], 0
    return damaged


def _left_out(name: str, listed: dict[str, Any], damaged: int) -> list[str]:
    """Say what of an archive was not unpacked."""
    said = []
    if listed["encrypted"]:
        said.append(
            tr_count("{count:,} file in {name} needs a password; unpack it yourself and open its folder.",
                     "{count:,} files in {name} need a password; unpack it yourself and open its folder.",
                     listed["encrypted"], name=name)
        )  # fmt: skip
    if listed["nested"]:
        said.append(
            tr_count("{count:,} archive inside {name} was not opened; open it by itself.",
                     "{count:,} archives inside {name} were not opened; open them by themselves.",
                     listed["nested"], name=name)
        )  # fmt: skip
    if listed["links"]:
        said.append(
            tr_count("{count:,} link or device in {name} was left out.",
                     "{count:,} links or devices in {name} were left out.", listed["links"], name=name)
        )  # fmt: skip
    if damaged:
        said.append(
            tr_count("{count:,} file in {name} is damaged and was left out.",
                     "{count:,} files in {name} are damaged and were left out.", damaged, name=name)
        )  # fmt: skip
    return said


# ---------------------------------------------------------------- the folders


def _private_folder() -> Path:
    """Return a new folder that only its owner can read, and mark it as in use while this program runs."""
    above = paths.cache_dir() / _FOLDER
    above.mkdir(mode=0o700, exist_ok=True)
    if not _ours:
        atexit.register(erase_ours)
    folder = Path(tempfile.mkdtemp(dir=above))
    mark = (folder / _ALIVE).open("wb")
    _claim(mark)
    _ours[folder] = mark
    return folder


def erase(folder: Path) -> None:
    """Erase one folder of this program with everything in it."""
    mark = _ours.pop(folder, None)
    if mark is not None:
        mark.close()
    shutil.rmtree(folder, ignore_errors=True)


def erase_ours() -> None:
    """Erase what this program unpacked."""
    for folder in list(_ours):
        erase(folder)


def erase_left_over() -> None:
    """Erase what a program that is not running any more left behind."""
    above = paths.cache_dir() / _FOLDER
    if not above.is_dir():
        return
    for folder in above.iterdir():
        if folder not in _ours and folder.is_dir() and not folder.is_symlink() and not _in_use(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _in_use(folder: Path) -> bool:
    """Return whether another program holds the mark of a folder."""
    try:
        with (folder / _ALIVE).open("r+b") as mark:
            if not _claim(mark):
                return True
        if os.name == "nt":  # a file that is open cannot be taken away there
            (folder / _ALIVE).unlink()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _claim(mark: IO[bytes]) -> bool:
    """Return whether the mark could be locked until it is closed; True where there are no such locks."""
    with contextlib.suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
    return True
