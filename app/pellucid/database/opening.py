"""A series of the index becomes a ``dicom.stack.Series`` from its kept headers; its folder is not scanned again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pellucid.database.filing import unpack
from pellucid.database.searching import number_of
from pellucid.database.store import Store, path_of
from pellucid.dicom.child import Pool
from pellucid.dicom.duplicates import suspects
from pellucid.dicom.records import FileRecord
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import Series, one_series, series_key
from pellucid.language import tr
from pellucid.model.findings import Refused


def series(
    store: Store, key: str, *, pool: Pool | None = None, cancelled: Callable[[], bool] = lambda: False
) -> Series:
    """Return a series as it lies on disk now.

    Where its files are those that were read, the kept headers are taken; where one of them changed, or two have to
    be compared, the files of the series (and no others) are read again. Raises Refused when they are not there.
    """
    rows = store.ask(
        "SELECT path, size, mtime, record FROM files WHERE series = ? ORDER BY path", (number_of(key),)
    )
    records, there, same = list[FileRecord](), list[Path](), True
    for kept, size, mtime, packed in rows:
        path = path_of(kept)
        try:
            status = path.stat()
        except OSError:
            continue
        there.append(path)
        same = same and (status.st_size, status.st_mtime_ns) == (size, mtime)
        records.append(unpack(packed, path))
    if not there:
        raise Refused(_gone(store, key, len(rows)))
    uid = series_key(records[0])
    if same and not suspects(records):
        return one_series(uid, records)
    return _read_again(there, uid, pool, cancelled)


def _read_again(files: list[Path], uid: str, pool: Pool | None, cancelled: Callable[[], bool]) -> Series:
    found = scan(files, pool=pool, cancelled=cancelled).series
    for one in found:
        if one.uid == uid:
            return one
    raise Refused(tr("The files of this series are not what they were. Update its folder in the study browser."))


def _gone(store: Store, key: str, count: int) -> str:
    offline = store.ask(
        "SELECT 1 FROM files JOIN roots ON roots.id = files.root WHERE series = ? AND offline LIMIT 1",
        (number_of(key),),
    )
    if offline or not count:
        return tr("This series lies in a folder that cannot be reached now. Connect its drive and update the folder.")
    return tr("The files of this series are not where they were. Update its folder in the study browser.")
