"""Find again where the pixels of a layer came from: relative paths, digests, reading.

``Source.detail`` of a DICOM source is ``SERIES-UID|n``: the n-th image of that series, where volumes that
share a sequence key are one image; ``SERIES-UID|n@choice`` where the user chose how the series is split.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.files.images import read
from pellucid.files.raw import IsCancelled, Progress
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import Source
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pellucid.dicom.child import Pool
    from pellucid.dicom.stack import VolumePlan

_STEP = 4 << 20


def digest(paths: Iterable[str]) -> str:
    """Return the SHA-256 over the contents of files, in the order given; ``""`` when one cannot be read."""
    total = hashlib.sha256()
    try:
        for path in paths:
            with Path(path).open("rb") as file:
                while piece := file.read(_STEP):
                    total.update(piece)
    except OSError:
        return ""
    return total.hexdigest()


def relative(path: str, folder: Path) -> str:
    """Return a path as seen from a folder, with forward slashes; absolute when on another drive."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return Path(path).as_posix()


def absolute(path: str, folder: Path) -> str:
    """Undo ``relative``."""
    return os.path.normpath(folder / path)


def moved(source: Source, folder: Path) -> Source:
    """Return the source with its files looked up by name below a folder; the rest keep their path.

    Where several files have a name (every series may have its ``0001.dcm``), the one counts whose folders are
    called like those the file was in, then the one that lies among most of the others.
    """
    wanted = {Path(path).name for path in source.paths}
    places: dict[str, list[Path]] = {}
    held: dict[Path, int] = {}
    for place, _, names in os.walk(folder):
        here = wanted.intersection(names)
        held[Path(place)] = len(here)
        for name in here:
            places.setdefault(name, []).append(Path(place))

    def best(path: str) -> str:
        name, before = Path(path).name, Path(path).parent.parts[::-1]
        if name not in places:
            return path

        def likeness(place: Path) -> tuple[int, int]:
            pairs = zip(before, place.parts[::-1], strict=False)
            return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)), held[place]

        return str(max(places[name], key=likeness) / name)

    return replace(source, paths=tuple(best(path) for path in source.paths))


def read_source(
    source: Source,
    *,
    pool: Pool | None = None,
    progress: Progress = lambda _: None,
    cancelled: IsCancelled = lambda: False,
) -> tuple[Volume, ...]:
    """Read the frames of a layer again; raise Refused with a sentence when they are not there any more."""
    if source.kind == "image" and source.paths:
        path, reduction = Path(source.paths[0]), source.reduction
        return read(path, pool=pool, progress=progress, cancelled=cancelled, reduction=reduction)
    if source.kind != "dicom":
        raise Refused(tr("The pixels of this layer were computed and are not in the saved work."))
    from pellucid.dicom.read import read_sequence

    plans = _plans(source, pool, cancelled)
    return read_sequence(plans, pool=pool, progress=progress, cancelled=cancelled, reduction=source.reduction)


def _plans(source: Source, pool: Pool | None, cancelled: IsCancelled) -> tuple[VolumePlan, ...]:
    """Return the plans of the image that a DICOM source names."""
    from pellucid.dicom.scan import scan
    from pellucid.dicom.splitting import parse_place
    from pellucid.dicom.stack import sequences

    uid, _, place = source.detail.rpartition("|")
    number, choice = parse_place(place)
    snapshot = scan([Path(path) for path in source.paths], pool=pool, cancelled=cancelled, splittings={uid: choice})
    series = next((s for s in snapshot.series if s.uid == uid and s.splitting == choice), None)
    images = sequences(series) if series is not None else ()
    if number >= len(images):
        name = Path(source.paths[0]).parent.name if source.paths else tr("its folder")
        raise Refused(
            tr("The series of this layer was not found in “{name}”. Show where its files are now.", name=name)
        )
    return images[number]
