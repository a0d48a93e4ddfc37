"""The tags of what is open: which file a slice lies in, its elements, two files side by side, one element over all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.dicom.child import default_pool
from pellucid.dicom.stack import sequences
from pellucid.dicom.tags import COLUMN, READ, Difference, Row, differences, rows_of
from pellucid.files.discover import is_series
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.layer import ImageLayer, Layer
from pellucid.session.opening import key_of, title_of

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series
    from pellucid.session.session import Session

_CHUNK = 32


@dataclass(frozen=True, eq=False)
class Files:
    """The files of a layer or a series in the order of their slices, and the layer they follow if there is one."""

    title: str
    paths: tuple[Path, ...]
    layer: Layer | None = None


@dataclass(frozen=True)
class Reading:
    """What was read: the rows of one file, beside those of another where two were asked for."""

    rows: tuple[Difference, ...]
    compared: bool


class TagReading:
    """Reads tags in jobs; only the latest answer matters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def sources(self) -> tuple[Files, ...]:
        """Return the open layers that came from DICOM files, the uppermost first."""
        found = ((layer, self._paths(layer)) for layer in reversed(self._session.document.layers))
        return tuple(Files(layer.name, paths, layer) for layer, paths in found if paths)

    def of_series(self, series: Series) -> Files:
        """Return the files of a series that is not open."""
        return Files(title_of(series), series.files)

    def slice_of(self, files: Files) -> int:
        """Return which of the files holds the slice under the crosshair; the first where that is not known."""
        layer = files.layer
        if not isinstance(layer, ImageLayer) or layer not in self._session.document or len(files.paths) < 2:
            return 0
        index = round(float(layer.geometry.world_to_index(self._session.view.crosshair)[2]))
        frames = self._frames(layer)
        if frames and 0 <= index < len(frames) and frames[index] in files.paths:
            return files.paths.index(frames[index])
        return min(max(index, 0), len(files.paths) - 1)

    def read(
        self, path: Path, other: Path | None, done: Callable[[Reading], None], failed: Callable[[str], None]
    ) -> Job:
        """Read the elements of a file, and of another one to put beside them."""

        def work(job: Job) -> Reading:
            here = _rows(path, job)
            if other is None:
                return Reading(tuple(Difference(row, "") for row in here), compared=False)
            return Reading(differences(here, _rows(other, job)), compared=True)

        return self._session.jobs.query("tags", tr("Reading tags"), work, done, failed, quiet=True)

    def column(
        self, paths: Sequence[Path], key: str, done: Callable[[tuple[str | None, ...]], None],
        failed: Callable[[str], None],
    ) -> Job:  # fmt: skip
        """Read one element in many files; None where a file does not have it."""

        def work(job: Job) -> tuple[str | None, ...]:
            texts: list[str | None] = []
            for start in range(0, len(paths), _CHUNK):
                chunk = [str(path) for path in paths[start : start + _CHUNK]]
                answer, _ = default_pool().call(COLUMN, {"paths": chunk, "key": key}, cancelled=job.cancelled)
                texts += answer["texts"]
                job.report(len(texts) / len(paths))
            return tuple(texts)

        return self._session.jobs.query("tag column", tr("Reading one tag of all slices"), work, done, failed)

    def whole(self, path: Path, key: str, done: Callable[[str], None], failed: Callable[[str], None]) -> Job:
        """Read the text of one element as far as 64 KiB."""

        def work(job: Job) -> str:
            payload = {"paths": [str(path)], "key": key, "whole": True}
            answer, _ = default_pool().call(COLUMN, payload, cancelled=job.cancelled)
            return answer["texts"][0] or ""

        return self._session.jobs.query("tag", tr("Reading a tag"), work, done, failed, quiet=True)

    def _paths(self, layer: Layer) -> tuple[Path, ...]:
        """Return the files of a layer, in the order of its slices where the library knows them; none if not DICOM."""
        if not isinstance(layer, ImageLayer):
            series = self._session.library.item(f"series:{layer.source.detail.partition('|')[0]}")
            return series.files if series is not None and is_series(series) else ()
        if layer.source.kind != "dicom":
            return ()
        known = tuple(dict.fromkeys(self._frames(layer, every=True)))
        return known or tuple(Path(path) for path in layer.source.paths)

    def _frames(self, layer: ImageLayer, *, every: bool = False) -> tuple[Path, ...]:
        """Return the file of each slice of the frame that is shown (or of every frame), if they can be told."""
        uid = layer.source.detail.rpartition("|")[0]
        series = self._session.library.item(f"series:{uid}")
        if series is None or not is_series(series):
            return ()
        every_part = sequences(series)
        part = next((n for n in range(len(every_part)) if key_of(series, n) == layer.source.detail), None)
        if part is None:
            return ()
        plans = every_part[part]
        shown = plans if every else plans[min(layer.frame, len(plans) - 1) :][:1]
        return tuple(frame.path for plan in shown for frame in plan.frames)


def _rows(path: Path, job: Job) -> tuple[Row, ...]:
    answer, _ = default_pool().call(READ, {"path": str(path)}, cancelled=job.cancelled)
    return rows_of(answer["rows"])
