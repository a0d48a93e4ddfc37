"""New folders of files, such as a DICOM series, that are there whole or not at all.

A folder is filled beside its target under a name of ours and renamed when the work is done, so that a full disk, a
cancelled or a killed export leaves nothing half-written.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from pellucid.files.safe_write import PREFIX, SUFFIX, sentence
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.reduction import amount

if TYPE_CHECKING:
    from pydicom import Dataset

_RESERVE = 1 << 20
_STALE_SECONDS = 24 * 3600.0


def save(dataset: Dataset, path: Path) -> None:
    """Write a data set and flush it to the disk."""
    with path.open("xb") as file:
        dataset.save_as(file, enforce_file_format=True)
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def new_folder(target: Path, needs: int = 0, commit: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Give a temporary folder beside ``target``; rename it to it when the block ends well, else remove it.

    ``commit`` is called when all is written and checked; it raises what it likes when the folder must not appear.
    """
    temporary = target.with_name(f"{PREFIX}{uuid4().hex[:16]}{SUFFIX}")
    try:
        _check_place(target, needs)
        _sweep(target.parent)
        temporary.mkdir()
        yield temporary
        commit()
        with contextlib.suppress(FileNotFoundError):
            target.rmdir()  # an empty folder gives way; one that got files meanwhile does not
        temporary.rename(target)
    except OSError as error:
        raise Refused(sentence(target, error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def obstacle(target: Path) -> str:
    """Return why nothing can be written into a folder, or ``""``: it must be new or empty."""
    if not target.parent.is_dir():
        return tr("The folder “{parent}” does not exist. Choose another one.", parent=target.parent)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        return tr("“{name}” is there already. Choose another name for the folder.", name=target.name)
    return ""


def _check_place(target: Path, needs: int) -> None:
    if why := obstacle(target):
        raise Refused(why)
    free = shutil.disk_usage(target.parent).free
    if needs + _RESERVE > free:
        raise Refused(tr("{name} was not written: it needs {needed} and the disk has {free} left. Free some space "
                         "or choose another folder.", name=target.name, needed=amount(needs),
                         free=amount(free)))  # fmt: skip


def _sweep(parent: Path) -> None:
    """Remove what a killed program left beside, a day ago or earlier."""
    with contextlib.suppress(OSError):
        for left in parent.glob(f"{PREFIX}*{SUFFIX}"):
            if left.is_dir() and time.time() - left.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
