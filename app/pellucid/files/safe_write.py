"""Replace a file so that either the old or the new one is there, whole (hazards H26, H27).

Written beside the target, flushed to the disk, checked by whoever wrote it, and only then renamed over the
target.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.reduction import amount

PREFIX, SUFFIX = ".pellucid-", ".part"
_STALE_SECONDS = 3600.0
_RESERVE = 1 << 20
_REASONS = {
    errno.ENOSPC: mark("the disk is full. Free some space or choose another folder"),
    errno.EDQUOT: mark("your quota on this disk is used up. Free some space or choose another folder"),
    errno.EACCES: mark("you may not write here. Choose another folder"),
    errno.EPERM: mark("you may not write here. Choose another folder"),
    errno.EROFS: mark("this disk cannot be written to. Choose another folder"),
    errno.ENOENT: mark("the folder is not there any more. Choose another one"),
    errno.ENAMETOOLONG: mark("its name is too long. Choose a shorter one"),
    errno.EISDIR: mark("there is a folder of this name. Choose another name"),
}


@contextlib.contextmanager
def replacing(path: Path, *, needs: int = 0) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to; rename it over ``path`` when the block ends well.

    ``needs`` is the expected size in bytes: with less free space nothing is begun. When the block raises, the
    temporary file goes and the old file stays; operating-system errors become Refused with a sentence. A link
    is followed: the file it points to is replaced.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f"{PREFIX}{uuid4().hex[:16]}{SUFFIX}")
    try:
        _check_place(path, target, needs)
        sweep(target.parent)
        yield temporary
        _flush(temporary)
        _keep_mode(target, temporary)
        os.replace(temporary, target)  # noqa: PTH105 - the atomic one, patched by the fault tests
        _flush_folder(target.parent)
    except OSError as error:
        raise Refused(sentence(path, error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sentence(path: Path, error: OSError) -> str:
    """Return why writing failed and that nothing was lost, for people."""
    known = _REASONS.get(error.errno or 0)
    reason = tr(known) if known else error.strerror or tr("the system refused it")
    said = tr("{name} was not written: {reason}.", name=path.name, reason=reason)
    unchanged = path.exists() and not path.is_dir()
    return " ".join((said, tr("The file that was there is unchanged."))) if unchanged else said


def sweep(folder: Path, older_than: float = _STALE_SECONDS) -> int:
    """Remove temporary files that a killed program left in a folder; return how many there were."""
    count = 0
    with contextlib.suppress(OSError):
        for left in folder.glob(f"{PREFIX}*{SUFFIX}"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > older_than:
                    left.unlink()
                    count += 1
    return count


def _check_place(path: Path, target: Path, needs: int) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "folder")
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "folder")
    free = shutil.disk_usage(target.parent).free
    if needs and needs + _RESERVE > free:
        raise Refused(
            tr(
                "{name} was not written: it needs {needed} and the disk has {free} left. Free "
                "some space or choose another folder.",
                name=path.name,
                needed=amount(needs),
                free=amount(free),
            )
        )


def _flush(temporary: Path) -> None:
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())


def _keep_mode(target: Path, temporary: Path) -> None:
    with contextlib.suppress(OSError):
        if target.exists():
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))


def _flush_folder(folder: Path) -> None:
    """Make the new name last; some systems cannot open a folder, and the rename is done either way."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
