"""What a ZIP archive holds, judged before a byte is unpacked, and a few of its files unpacked. Runs inside a worker.

Nothing in the archive names a file on the disk: the caller does. Sizes are counted while unpacking; what an archive
declares is only believed to refuse it.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

from pellucid.files.images import EXTENSIONS
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.reduction import amount

MOST_FILES = 100_000
ASKED_FROM = 4 << 30
"""What unpacks to more is only unpacked when the user says so."""
HIGHEST_RATIO = 200
RATIO_COUNTS_FROM = 256 << 20
_ENCRYPTED = 0x1
_STEP = 1 << 20
_NESTED = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz")
_PASSED_OVER = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini")


def list_archive(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the ``entries`` worth unpacking as [index, size, ending], and how many were left out and why.

    Raises Refused when the archive is damaged or there is no room for it. When it is too much in number, size or
    ratio, and not ``trusted``, the answer is only a sentence that ``asks``.
    """
    path = Path(payload["path"])
    with _opened(path) as archive:
        infos = archive.infolist()
    _check_room(path, infos, int(payload["room"]))
    _check_places(path, infos)
    if not payload.get("trusted") and (asks := _doubt(path, infos)):
        return {"asks": asks}
    left = {"encrypted": 0, "nested": 0, "links": 0}
    entries: list[tuple[int, int, str]] = []
    for n, info in enumerate(infos):
        why = _why_not(info)
        if why:
            left[why] = left.get(why, 0) + 1
        elif not info.filename.endswith(("/", "\\")) and not _is_litter(info.filename):
            entries.append((n, info.file_size, _ending(info.filename)))
    return {"entries": entries, **left}


def unpack(payload: dict[str, Any]) -> dict[str, Any]:
    """Unpack ``[index, size, path]`` entries; return how many were ``damaged`` or larger than they said."""
    path = Path(payload["path"])
    damaged = 0
    with _opened(path) as archive:
        infos = archive.infolist()
        for index, size, target in payload["wanted"]:
            damaged += not _unpack_one(archive, infos[index], size, Path(target))
    return {"damaged": damaged}


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OverflowError):
        said = tr("{name} is damaged or no ZIP archive. Copy it again from its source.", name=path.name)
        raise Refused(said) from None


def _unpack_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, target: Path) -> bool:
    """Write one file, never more bytes than it declared; a damaged one is taken away again."""
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    written = 0
    try:
        with os.fdopen(handle, "wb") as out, archive.open(info) as stream:
            while written <= size and (block := stream.read(_STEP)):
                written += len(block)
                if written <= size:
                    out.write(block)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, LookupError):
        written = size + 1
    if written == size:
        return True
    target.unlink(missing_ok=True)
    return False


def _check_room(path: Path, infos: list[zipfile.ZipInfo], room: int) -> None:
    total = sum(info.file_size for info in infos)
    if total > room:
        raise Refused(
            tr("{name} unpacks to {total}; there is room for {room}. Unpack it on another disk and open its folder.",
               name=path.name, total=amount(total), room=amount(room))
        )  # fmt: skip


def _doubt(path: Path, infos: list[zipfile.ZipInfo]) -> str:
    """Return why an archive is only unpacked when the user says so, ``""`` when nothing speaks against it."""
    total, packed = sum(info.file_size for info in infos), max(path.stat().st_size, 1)
    if len(infos) > MOST_FILES:
        return tr("{name} holds {count:,} files; at most {limit:,} are unpacked. Unpack it yourself and open its "
                  "folder.", name=path.name, count=len(infos), limit=MOST_FILES)  # fmt: skip
    if total > RATIO_COUNTS_FROM and total > HIGHEST_RATIO * packed:
        return tr("{name} would grow from {packed} to {total}, which is not plausible. It was not opened; unpack it "
                  "yourself if you trust it.", name=path.name, packed=amount(packed), total=amount(total))  # fmt: skip
    if total > ASKED_FROM:
        return tr("{name} unpacks to {total}. It was not opened; unpack it yourself and open its folder.",
                  name=path.name, total=amount(total))  # fmt: skip
    return ""


def _check_places(path: Path, infos: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive whose files overlap: one piece of data would be unpacked again and again."""
    end = 0
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < end:
            raise Refused(tr("{name} is damaged: files in it overlap. It was not opened.", name=path.name))
        end = info.header_offset + info.compress_size


def _why_not(info: zipfile.ZipInfo) -> str:
    """Return why an entry is left out: links, devices, what needs a password, archives inside the archive."""
    mode = info.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if kind and not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return "links"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    name = info.filename.lower()
    if name.endswith(_NESTED) and not name.endswith(tuple(EXTENSIONS)):
        return "nested"
    return ""


def _is_litter(name: str) -> bool:
    return any(part in name.lower() for part in _PASSED_OVER)


def _ending(name: str) -> str:
    """Return the ending of one of our formats; everything else is found by its content and needs none."""
    lower = name.lower()
    known = (end for end in sorted((*EXTENSIONS, ".pellucid"), key=len, reverse=True) if lower.endswith(end))
    return next(known, "")
