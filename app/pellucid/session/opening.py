"""What an item found on disk becomes: frames, the window to begin with, a name. Runs in jobs, knows no session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.splitting import place_of
from pellucid.dicom.stack import sequences
from pellucid.files.discover import is_series
from pellucid.jobs.job import Job
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.histogram import histogram, initial_limits
from pellucid.model.layer import Source
from pellucid.model.reduction import Reduction
from pellucid.model.volume import Acquisition, Volume, image_from_array

if TYPE_CHECKING:
    from pellucid.dicom.stack import Series, VolumePlan
    from pellucid.files.discover import Item


@dataclass(frozen=True)
class Loaded:
    """What a load job hands to the main thread: frames, the window to begin with, and where they came from."""

    frames: tuple[Volume, ...]
    limits: tuple[float, float]
    name: str
    source: Source


def parts(item: Item) -> tuple[str, ...]:
    """Return a name for each volume an item holds; plans of one sequence count as one."""
    if not is_series(item):
        return (item.path.name,)
    return tuple(_part_name(plans) for plans in sequences(item))


def _part_name(plans: tuple[VolumePlan, ...]) -> str:
    if len(plans) == 1:
        return plans[0].label
    common = [value.text for value in plans[0].values if all(value in plan.values for plan in plans)]
    return ", ".join((*common, tr("{count} frames", count=len(plans))))


def read(
    item: Item, part: int, job: Job, first: Any = None, share: float = 0.75, reduction: Reduction | None = None
) -> Loaded:
    """Read one volume (all its frames) of an item and find the window to begin with.

    ``share`` is how much of the free memory it may take; raise TooLarge when that is not enough.
    """
    frames: tuple[Volume, ...]
    if is_series(item):
        from pellucid.dicom.read import read_sequence

        if not item.volumes:
            why = item.findings[0].message if item.findings else tr("It holds no image.")
            raise Refused(tr("“{title}” could not be opened. {why}", title=title_of(item), why=why))
        plans = sequences(item)[part]
        frames = read_sequence(plans, progress=job.report, cancelled=job.cancelled, on_first=first, share=share,
                               reduction=reduction)  # fmt: skip
        source = Source("dicom", tuple(str(p) for p in item.files), key_of(item, part), reduction)
    else:
        from pellucid.files.images import read as read_image

        frames = read_image(item.path, progress=job.report, cancelled=job.cancelled, share=share, reduction=reduction)
        source = Source("image", (str(item.path),), reduction=reduction)
    name = title_of(item, part)
    if reduction is not None and not reduction.is_whole:
        name = f"{name} ({reduction.label})"
    return Loaded(frames, start_limits(frames[0], job.cancelled), name, source)


def key_of(series: Series, part: int) -> str:
    """Return what ``Source.detail`` says of one image of a series: which, and how the series was split."""
    return f"{series.uid}|{place_of(part, series.splitting)}"


def start_limits(volume: Volume, cancelled: Callable[[], bool]) -> tuple[float, float]:
    """Return the window to begin with: the first one the source states, else 0.1–99.9 % of all values."""
    known = volume.acquisition.windows or volume.is_colour or volume.suv_factor is not None
    return initial_limits(volume, histogram(volume, cancelled=cancelled) if not known else None)


def one_slice(plan: VolumePlan, pixels: NDArray[Any], index: int) -> Volume:
    """Return one decoded slice of a volume, in its place."""
    nx, ny, _ = plan.geometry.size
    geometry: Geometry = plan.geometry.cropped((0, 0, index), (nx, ny, 1))
    image = image_from_array(np.ascontiguousarray(pixels[np.newaxis]), geometry, colour=pixels.ndim == 3)
    acquisition: Acquisition = plan.acquisition
    return Volume(image, geometry, unit=plan.unit, acquisition=acquisition)


def title_of(item: Item, part: int = 0) -> str:
    """Return a name for the layer: what the series is called, never who the patient is."""
    if not is_series(item):
        return item.path.name
    name = item.description or f"{item.modality} {item.number}".strip() or tr("Series")
    labels = parts(item)
    return f"{name} {labels[part]}".strip() if len(labels) > 1 else name
