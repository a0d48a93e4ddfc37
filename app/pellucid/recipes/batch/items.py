"""What a batch works on: files, the files of globs, and the series of DICOM folders; and when one has changed."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool
    from pellucid.dicom.scan import Problem
    from pellucid.dicom.stack import Series, VolumePlan

_DETACHED = (".mhd", ".nhdr", ".hdr")
"""Headers whose pixels lie in a file beside them."""


@dataclass(frozen=True)
class Item:
    """One image to work on: a file, or one image of a DICOM series (``plans``: its frames).

    ``id`` tells it from all others, ``stem`` is what its result may be called. ``files`` are looked at to see whether
    it has changed. An item with a ``refusal`` cannot be read at all.
    """

    id: str
    stem: str
    path: Path
    files: tuple[Path, ...]
    plans: tuple[VolumePlan, ...] = ()
    part: int = 0
    refusal: str = ""

    @property
    def folder(self) -> Path:
        """Return the folder of the file, or that of the series."""
        return self.path if self.plans else self.path.parent


def collect(
    inputs: Iterable[str | Path],
    *,
    without: Path | None = None,
    pool: Pool | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Item, ...]:
    """Return what there is to work on, each once; ``without`` is a folder that does not count, that of the results.

    Raises Refused for what is not there, and child.Cancelled when told to stop.
    """
    from pellucid.dicom.scan import scan

    named = expanded(inputs)
    out = without.resolve() if without is not None else None
    snapshot = scan(named, pool=pool, cancelled=cancelled)
    asked = {path.absolute() for path in named if path.is_file()}
    found = [item for series in snapshot.series if series.volumes for item in _of_series(series)]
    others = dict.fromkeys(path.absolute() for path in snapshot.others)
    found += [_of_file(path) for path in sorted(others) if path in asked or _is_image(path)]
    found += [_of_problem(problem) for problem in snapshot.problems]
    return tuple(item for item in found if out is None or out not in item.path.resolve().parents)


def expanded(inputs: Iterable[str | Path]) -> list[Path]:
    """Return the files and folders that are there; a glob stands for those it matches, ``**`` for any folders."""
    paths: list[Path] = []
    for given in inputs:
        if os.path.exists(given):  # noqa: PTH110 - False where a name is too long for the system
            paths.append(Path(given))
            continue
        matched = sorted(glob.glob(str(given), recursive=True)) if glob.has_magic(str(given)) else []  # noqa: PTH207
        if not matched:
            raise Refused(tr("There is no file or folder “{path}”.", path=given))
        paths += [Path(path) for path in matched]
    return list(dict.fromkeys(paths))


def stamp(files: Iterable[Path]) -> str:
    """Return what tells a changed item from the one that was worked on: sizes and times of its files."""
    total = hashlib.sha256()
    for file in files:
        try:
            status = file.stat()
            total.update(f"{file.name}\0{status.st_size}\0{status.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
        except OSError:
            total.update(f"{file.name}\0gone\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def short_hash(text: str) -> str:
    """Return eight digits that stand for a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]


def _of_series(series: Series) -> Iterable[Item]:
    """Yield the images of a series: named by their folder and a digest of the UID, never by what is said of them."""
    from pellucid.dicom.stack import sequences

    folder, digest = series.files[0].parent.absolute(), short_hash(series.uid)
    groups = sequences(series)
    for n, plans in enumerate(groups):
        part = f"-{n + 1}" if len(groups) > 1 else ""
        id, stem = f"{folder}#{digest}{part}", f"{folder.name}-{digest}{part}"
        yield Item(id, stem, folder, series.files, plans, n)


def _of_file(path: Path) -> Item:
    beside = sorted(path.parent.glob(f"{glob.escape(path.stem)}.*")) if path.suffix.lower() in _DETACHED else [path]
    return Item(str(path), stem_of(path), path, tuple(beside))


def _of_problem(problem: Problem) -> Item:
    path = problem.path.absolute()
    return Item(str(path), stem_of(path), path, (path,), refusal=problem.sentence)


def stem_of(path: Path) -> str:
    """Return the name of a file without the ending that says its format."""
    from pellucid.files.images import EXTENSIONS

    ending = max((e for e in EXTENSIONS if path.name.lower().endswith(e)), key=len, default="")
    return path.name[: len(path.name) - len(ending)] or path.name


def _is_image(path: Path) -> bool:
    from pellucid.files.images import EXTENSIONS

    return path.name.lower().endswith(EXTENSIONS) and not path.name.startswith(".")
