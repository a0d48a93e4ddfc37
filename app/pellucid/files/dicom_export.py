"""Write images as derived DICOM series: into a new folder, read back and compared before it is put in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.dicom.child import Cancelled
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.series import SeriesPlan, plan_series
from pellucid.files.export import Report
from pellucid.files.new_folder import new_folder, save
from pellucid.files.raw import IsCancelled, Progress
from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.model.volume import Volume

_WRITING, _CHECKED = 0.7, 1.0
_HEADER_BYTES = 8192
_CLOSE_MM = 1e-6
Commit = Callable[[], object]


@dataclass(frozen=True)
class Written:
    """What lies in a new folder: the report, and the class and UID of every instance in the order of the files."""

    report: Report
    plan: SeriesPlan
    instances: tuple[tuple[str, str], ...]


def write_image(
    frames: Sequence[Volume], folder: Path, request: Request, *, accept_loss: bool = True,
    progress: Progress = lambda _: None, cancelled: IsCancelled = lambda: False, commit: Commit | None = None,
) -> Written:  # fmt: skip
    """Write the frames of an image as a derived series into a folder that is not there yet, and read it back.

    Raises Refused with a sentence when it cannot be written, when something would be lost and ``accept_loss`` is
    False, or when writing or reading back fails; Cancelled when told to stop. Nothing is left behind then.
    ``commit`` is called before the folder gets its name and may raise, too.
    """
    plan = plan_series(frames, request)
    refuse_losses(plan, folder, accept_loss=accept_loss)
    with new_folder(folder, space_for(plan), commit or unless(cancelled)) as temporary:
        instances = fill_folder(temporary, folder, frames, plan, progress, cancelled)
    return Written(_report(folder, plan), plan, instances)


def unless(cancelled: IsCancelled) -> Commit:
    """Return what raises Cancelled when told to stop."""

    def check() -> None:
        if cancelled():
            raise Cancelled

    return check


def refuse_losses(plan: SeriesPlan, folder: Path, *, accept_loss: bool) -> None:
    """Raise Refused when something would be lost and that was not agreed to."""
    if plan.losses and not accept_loss:
        raise Refused(tr("{name} was not written, because something would be lost. {losses}", name=folder.name,
                         losses=" ".join(plan.losses)))  # fmt: skip


def space_for(plan: SeriesPlan) -> int:
    """Return how many bytes a series takes on the disk."""
    return plan.nbytes + plan.count * _HEADER_BYTES


def fill_folder(
    temporary: Path, target: Path, frames: Sequence[Volume], plan: SeriesPlan,
    progress: Progress = lambda _: None, cancelled: IsCancelled = lambda: False,
) -> tuple[tuple[str, str], ...]:  # fmt: skip
    """Write a planned series into a folder that is there, and read it back; return class and UID of every file."""
    instances = []
    for number, dataset in enumerate(plan.datasets()):
        if cancelled():
            raise Cancelled
        save(dataset, temporary / f"{number + 1:04d}.dcm")
        instances.append((str(dataset.SOPClassUID), str(dataset.SOPInstanceUID)))
        progress(_WRITING * (number + 1) / plan.count)
    check_series(temporary, target, frames, plan, progress, cancelled)
    progress(_CHECKED)
    return tuple(instances)


# ------------------------------------------------------------------ reading back


def check_series(
    temporary: Path, target: Path, frames: Sequence[Volume], plan: SeriesPlan,
    progress: Progress = lambda _: None, cancelled: IsCancelled = lambda: False,
) -> None:  # fmt: skip
    """Read a written series with the ordinary reader; raise Refused unless values and places are those given."""
    from pellucid.dicom.read import read_sequence
    from pellucid.dicom.scan import scan
    from pellucid.dicom.stack import sequences

    series = scan([temporary]).series
    groups = sequences(series[0]) if len(series) == 1 else ()
    if len(groups) != 1 or len(groups[0]) != len(frames):
        raise differs(target)
    back = read_sequence(groups[0], cancelled=cancelled, share=1.0,
                         progress=lambda share: progress(_WRITING + share * (_CHECKED - _WRITING)))  # fmt: skip
    for given, read in zip(frames, back, strict=True):
        if not _same_place(given, read) or not _same_values(given, read, plan):
            raise differs(target)


def differs(target: Path) -> Refused:
    """Return the sentence for what does not read back."""
    return Refused(tr("{name} was not kept: what was written does not read back the same, so the disk or the program "
                      "is at fault. Try another folder.", name=target.name))  # fmt: skip


def is_flipped(given: Volume) -> bool:
    """Return whether the slices came back in the opposite order: DICOM counts them along the normal of their rows."""
    axes = given.geometry.axes
    along = float(np.cross(axes[:, 0], axes[:, 1]) @ axes[:, 2])
    return given.geometry.oriented and given.geometry.size[2] > 1 and along < 0


def _same_place(given: Volume, read: Volume) -> bool:
    if given.geometry.size != read.geometry.size or given.geometry.oriented != read.geometry.oriented:
        return False
    if not given.geometry.oriented:
        pairs = zip(given.geometry.known_spacing, given.geometry.spacing, read.geometry.known_spacing,
                    read.geometry.spacing, strict=True)  # fmt: skip
        return all(known == found and (not known or abs(a - b) <= 1e-6 * a) for known, a, found, b in pairs)
    nx, ny, nz = given.geometry.size
    index = np.array([(x, y, z) for z in range(nz) for y in (0, ny - 1) for x in (0, nx - 1)], dtype=float)
    there = index.copy()
    if is_flipped(given):
        there[:, 2] = nz - 1 - there[:, 2]
    apart = given.geometry.index_to_world(index) - read.geometry.index_to_world(there)
    return bool(np.max(np.abs(apart)) <= _CLOSE_MM * max(1.0, float(np.max(np.abs(given.geometry.corners())))))


def _same_values(given: Volume, read: Volume, plan: SeriesPlan) -> bool:
    order = slice(None, None, -1) if is_flipped(given) else slice(None)
    components = read.components if read.is_colour else 1
    for old, new in zip(given.array, read.array[order], strict=True):
        if read.is_colour:
            same = np.array_equal(old[..., :components], new)
        else:
            same = _near(old, new, plan)
        if not same:
            return False
    return True


def _near(old: Any, new: Any, plan: SeriesPlan) -> bool:
    """Return whether the values of a slice are those given, up to the error that was stated."""
    if not plan.losses:
        return bool(np.array_equal(old, new, equal_nan=old.dtype.kind == "f"))
    finite = np.isfinite(old)
    off = np.abs(old[finite].astype(np.float64) - new[finite].astype(np.float64))
    return bool(off.max(initial=0.0) <= plan.error * (1 + 1e-6))


def _report(folder: Path, plan: SeriesPlan) -> Report:
    said = tr_count("{name} holds {count} file ({title}).", "{name} holds {count} files ({title}).", plan.count,
                    name=folder.name, title=plan.title)  # fmt: skip
    checked = tr("Read back: values and places are those of the image.") if not plan.losses else tr("Read back:")
    return Report(folder, (said, checked, *plan.losses, *plan.remarks), not plan.losses)
