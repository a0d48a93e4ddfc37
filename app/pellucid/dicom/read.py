"""Read planned volumes: the middle slice first, then outwards, in two threads.

Uncompressed pixels are read by this process straight into the volume, after sizes were checked against the
bytes that are there; everything else is decoded by the workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.buffers import allocate
from pellucid.dicom.child import Pool, default_pool
from pellucid.dicom.memory import SHARE, check_fits
from pellucid.dicom.padding import noticed_padding, unusable_padding
from pellucid.dicom.pixel_types import smallest_integer
from pellucid.dicom.rescale import stored_rescale
from pellucid.dicom.sources import Piece, Source, decode_source, plan_sources
from pellucid.dicom.stack import VolumePlan
from pellucid.dicom.stored import to_values
from pellucid.dicom.thumbnail import thumbnail
from pellucid.dicom.work import run_all
from pellucid.language import tr, tr_count
from pellucid.model.findings import Finding, Refused
from pellucid.model.geometry import Geometry
from pellucid.model.reduction import Extent, Reduction
from pellucid.model.volume import Volume

__all__ = ["read_plan", "read_sequence", "thumbnail"]

Array = NDArray[Any]
Progress = Callable[[float], None]
OnFirst = Callable[[Array, int], None]


def read_plan(
    plan: VolumePlan,
    *,
    pool: Pool | None = None,
    progress: Progress = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    on_first: OnFirst | None = None,
    share: float = SHARE,
    reduction: Reduction | None = None,
) -> Volume:
    """Read one volume; ``on_first`` gets the values of the middle slice and its index as soon as possible.

    ``share`` is how much of the free memory it may take; with a ``reduction`` only that is read, slice by slice.
    Raises Refused with a sentence (TooLarge where it does not fit), child.Cancelled when told to stop.
    """
    (volume,) = read_sequence((plan,), pool=pool, progress=progress, cancelled=cancelled, on_first=on_first,
                              share=share, reduction=reduction)  # fmt: skip
    return volume


def read_sequence(
    plans: Sequence[VolumePlan],
    *,
    pool: Pool | None = None,
    progress: Progress = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    on_first: OnFirst | None = None,
    share: float = SHARE,
    reduction: Reduction | None = None,
) -> tuple[Volume, ...]:
    """Read the volumes of a 4-D image; all get the same type of voxel."""
    pool = pool or default_pool()
    if reduction is None or reduction.is_whole:
        return Loading(plans, pool, progress, cancelled, share).run(on_first)
    from pellucid.dicom.reduced import Shrinking, part_of

    plans = part_of(plans, reduction)
    if reduction.factor == 1:
        return Loading(plans, pool, progress, cancelled, share).run(None)
    return Shrinking(plans, reduction.factor, pool, progress, cancelled, share).run(None)


class Loading:
    """The reading of some volumes into memory of one type."""

    def __init__(
        self, plans: Sequence[VolumePlan], pool: Pool, progress: Progress, cancelled: Callable[[], bool], share: float
    ) -> None:
        self._plans, self._pool, self._progress, self._cancelled = plans, pool, progress, cancelled
        self._share = share
        self._sources = plan_sources(plans)
        self._components = plans[0].components
        self._first: tuple[Source, Array, bool] | None = None
        self._failures: dict[tuple[int, int], str] = {}

    def run(self, on_first: OnFirst | None) -> tuple[Volume, ...]:
        dtype = common_type(self._plans)
        self._check_fits(dtype)
        self._read_first(on_first)
        images, arrays, low, high = self._fill(dtype)
        if np.dtype(dtype).kind in "iu" and not _holds(dtype, low, high):
            dtype = smallest_integer(low, high)
            del images, arrays
            self._check_fits(dtype)
            images, arrays, low, high = self._fill(dtype)
        self._blank_failures(arrays, low)
        findings = self._failure_findings()
        self._progress(1.0)
        return tuple(
            _volume(plan, self._grid(plan), image, array, low, (*plan.findings, *findings))
            for plan, image, array in zip(self._plans, images, arrays, strict=True)
        )

    def _grid(self, plan: VolumePlan) -> Geometry:
        """Return the grid of what is read of a plan."""
        return plan.geometry

    def _check_fits(self, dtype: str) -> None:
        """Refuse volumes that would take more than their share of the free memory (H25)."""
        grid = self._grid(self._plans[0])
        check_fits(tr("This image"), Extent.of(grid, len(self._plans), self._components, dtype), self._share)

    def _read_first(self, on_first: OnFirst | None) -> None:
        """Decode the middle slice and hand its values over."""
        source = self._sources[0]
        decoded, scaled = decode_source(source, self._pool, self._cancelled)
        self._first = source, decoded, scaled
        if on_first is None:
            return
        piece = source.pieces[0]
        stored = piece.cut(decoded[0])
        slope, intercept = (1.0, 0.0) if scaled else (piece.frame.slope, piece.frame.intercept)
        dtype = "float32" if common_type(self._plans).startswith("float") else None
        if self._components > 1:
            on_first(np.ascontiguousarray(stored), piece.index)
            return
        low, high = to_values(stored, np.empty(stored.shape, np.float64), slope, intercept)
        values = np.empty(stored.shape, dtype or smallest_integer(low, high))
        to_values(stored, values, slope, intercept)
        on_first(values, piece.index)

    def _fill(self, dtype: str) -> tuple[list[Any], list[Array], float, float]:
        """Read every frame into new images; return them and the true range of their values."""
        images, arrays = zip(
            *(allocate(self._grid(plan), dtype, self._components) for plan in self._plans), strict=True
        )  # fmt: skip
        self._begin(arrays)
        ranges: list[tuple[float, float]] = []
        failures = self._failures
        failures.clear()

        def work(source: Source) -> None:
            try:
                ranges.append(self._take(source, arrays))
            except Refused as refusal:
                failures.update({(piece.volume, piece.index): str(refusal) for piece in source.pieces})

        run_all(work, self._sources, self._progress, self._cancelled)
        self._end()
        if not ranges or len(failures) * 2 > sum(len(plan.frames) for plan in self._plans):
            raise Refused(next(iter(failures.values())))
        return list(images), list(arrays), min(r[0] for r in ranges), max(r[1] for r in ranges)

    def _begin(self, arrays: Sequence[Array]) -> None:
        """Get ready to fill new arrays."""

    def _end(self) -> None:
        """Finish what was begun."""

    def _take(self, source: Source, arrays: Sequence[Array]) -> tuple[float, float]:
        """Read one source into its places."""
        first = self._first
        if first is not None and first[0] is source:
            decoded, scaled = first[1], first[2]
        else:
            direct = self._direct(source, arrays)
            if direct is not None:
                return direct
            decoded, scaled = decode_source(source, self._pool, self._cancelled)
        ends = [self._place(piece, piece.cut(decoded[piece.row]), scaled, arrays) for piece in source.pieces]
        return min(low for low, _ in ends), max(high for _, high in ends)

    def _direct(self, source: Source, arrays: Sequence[Array]) -> tuple[float, float] | None:
        """Read a source without a detour, if that can be."""
        return source.direct(arrays)

    def _place(self, piece: Piece, stored: Array, scaled: bool, arrays: Sequence[Array]) -> tuple[float, float]:
        out = arrays[piece.volume][piece.index]
        if stored.shape != out.shape:
            raise Refused(
                tr("{name} could not be read: its frames are not as large as it says.", name=piece.frame.path.name)
            )
        if self._components > 1:
            out[...] = stored
            return 0.0, float(np.iinfo(out.dtype).max)
        slope, intercept = (1.0, 0.0) if scaled else (piece.frame.slope, piece.frame.intercept)
        return to_values(stored, out, slope, intercept)

    def _blank_failures(self, arrays: Sequence[Array], low: float) -> None:
        for volume, index in self._failures:
            arrays[volume][index] = low

    def _failure_findings(self) -> tuple[Finding, ...]:
        if not self._failures:
            return ()
        (_, index), sentence = next(iter(self._failures.items()))
        count = len(self._failures)
        message = tr_count(
            "Slice {first} is blank because the file is damaged. {sentence}",
            "{count} slices, the first is number {first}, are blank because the file is damaged. {sentence}",
            count,
            first=index + 1,
            sentence=sentence,
        )
        return (Finding("unreadable-file", message),)


def _volume(
    plan: VolumePlan, grid: Geometry, image: Any, array: Array, low: float, findings: tuple[Finding, ...]
) -> Volume:
    stated = padding_values(plan)
    padding, found = noticed_padding(array, low, stated, plan.unit)
    if plan.padding is not None and stated is None and plan.components == 1:
        found = (*found, unusable_padding())
    rescale = stored_rescale(plan) if grid is plan.geometry else None
    return Volume(image, grid, plan.unit, padding, plan.acquisition, (*findings, *found), rescale)


def padding_values(plan: VolumePlan) -> tuple[float, float] | None:
    """Return the padding range in modality values; None where it is another one in some slices, or there is none."""
    if plan.padding is None or plan.components > 1 or plan.frames[0].layout.tables:
        return None
    first, last = plan.padding
    scales = {(frame.slope, frame.intercept) for frame in plan.frames if frame.number >= 0}
    ranges = {tuple(sorted(value * slope + intercept for value in (first, last))) for slope, intercept in scales}
    if len(ranges) != 1:
        return None
    ((low, high),) = ranges
    return low, high


def common_type(plans: Sequence[VolumePlan]) -> str:
    """Return the NumPy type that holds the values of all plans, as far as their headers tell."""
    kinds = {np.dtype(plan.pixel_type) for plan in plans}
    if len(kinds) == 1:
        return kinds.pop().name
    return np.result_type(*kinds).name.replace("int64", "int32")


def _holds(dtype: str, low: float, high: float) -> bool:
    info = np.iinfo(dtype)
    return bool(info.min <= low and high <= info.max)
