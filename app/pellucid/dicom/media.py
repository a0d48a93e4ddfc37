"""The directory of a medium (DICOMDIR): which files it names, found inside its own folder and nowhere else.

Source: PS3.3 annex F (basic directory), PS3.10 section 8.2 (file IDs: at most eight components of eight characters).
Names on real media differ in case or carry a version (``IMG001.;1``), so they are compared as a reader of discs does.
Runs inside a worker.
"""

from __future__ import annotations

import stat
import struct
from pathlib import Path
from typing import Any

from pellucid.dicom.elements import Malformed
from pellucid.dicom.parsing import parse
from pellucid.dicom.values import Values
from pellucid.language import tr
from pellucid.model.findings import Refused

_RECORDS, _FILE_ID, _IN_USE = 0x00041220, 0x00041500, 0x00041410
_WANTED = frozenset({_RECORDS, _FILE_ID, _IN_USE})
LARGEST_BYTES = 256 << 20
MOST_FILES = 1_000_000
_DEEPEST, _LONGEST = 32, 255


def read_directory(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the ``files`` a directory names that are there, and how many are ``missing`` or ``outside``.

    Raises Refused when it cannot be read or names nothing.
    """
    path = Path(payload["path"])
    if path.stat().st_size > LARGEST_BYTES:
        raise Refused(tr("{name} is too large for a directory of a medium.", name=path.name))
    try:
        parsed = parse(path, _WANTED)
    except (Malformed, ValueError, RecursionError, LookupError, OverflowError, struct.error):
        parsed = None
    records = parsed.elements.sequences.get(_RECORDS, []) if parsed is not None else []
    named = [_components(Values(record)) for record in records[:MOST_FILES] if _is_used(Values(record))]
    wanted = list(dict.fromkeys(components for components in named if components))
    if not wanted:
        raise Refused(tr("{name} is damaged or names no file.", name=path.name))
    return Folder(path.parent).find(wanted) | {"truncated": bool(parsed and parsed.truncated)}


def _is_used(values: Values) -> bool:
    return values.unsigned(_IN_USE) != 0


def _components(values: Values) -> tuple[str, ...]:
    """Return the parts of a file ID; an odd one is kept as it is, and is not found or refused later."""
    raw = values.raw(_FILE_ID)
    text = bytes(raw).decode("utf-8", "surrogateescape") if raw else ""
    return tuple(part.strip(" \0") for part in text.split("\\") if part.strip(" \0"))


class Folder:
    """The folder of a medium, in which names are looked up part by part; listings are read once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listings: dict[Path, dict[str, str]] = {}

    def find(self, wanted: list[tuple[str, ...]]) -> dict[str, Any]:
        """Return the files that are there, without links; what would lead outside is counted, never looked at."""
        files: list[str] = []
        missing = outside = 0
        for components in wanted:
            if not all(map(_is_plain, components)) or len(components) > _DEEPEST:
                outside += 1
                continue
            found, linked = self._find(components)
            if found is not None:
                files.append(str(found))
            elif linked:
                outside += 1
            else:
                missing += 1
        return {"files": files, "missing": missing, "outside": outside}

    def _find(self, components: tuple[str, ...]) -> tuple[Path | None, bool]:
        """Return the file, and whether a link was in the way."""
        place = self._root
        for n, component in enumerate(components):
            name = self._listing(place).get(_key(component))
            if name is None:
                return None, False
            place = place / name
            mode = place.lstat().st_mode
            if stat.S_ISLNK(mode):
                return None, True
            if not (stat.S_ISREG(mode) if n == len(components) - 1 else stat.S_ISDIR(mode)):
                return None, False
        return place, False

    def _listing(self, folder: Path) -> dict[str, str]:
        if folder not in self._listings:
            try:
                names = [entry.name for entry in folder.iterdir()]
            except OSError:
                names = []
            self._listings[folder] = {_key(name): name for name in sorted(names, reverse=True)}
        return self._listings[folder]


def _is_plain(component: str) -> bool:
    """Return whether a part of a file ID is a name, not a way to somewhere else or a device."""
    odd = set(component) & set('/\\:\0')
    return not odd and component not in (".", "..") and len(component) <= _LONGEST


def _key(name: str) -> str:
    """Return a name as discs compare it: without case, version and closing full stop."""
    return name.partition(";")[0].rstrip(".").upper()
