"""One file per slice: CT, MR and PET images, and secondary captures that say where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.writing.derivation import describe, written_words
from pellucid.dicom.writing.modalities import CLASSES, put_modality, settle_mr
from pellucid.dicom.writing.modules import (
    SeriesUids,
    begin,
    burned_in,
    copy,
    put_acquisition_device,
    put_place,
    put_series_reference,
    put_sources,
    sources_at,
)
from pellucid.dicom.writing.origin import IMAGE, MOMENT, Instance
from pellucid.dicom.writing.pixel_cells import put_cells
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.storing import Storing
from pellucid.dicom.writing.texts import decimal
from pellucid.dicom.writing.windows import put_windows
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset

_RESCALE_TYPES = {"HU": "HU", "": "US", "%": "PCT", "mg/ml": "MGML", "OD": "OD"}
_MR_MOMENT = frozenset({"EchoTime", "EchoNumbers", "DiffusionBValue", "DiffusionGradientOrientation", "TriggerTime"})
_PT_MOMENT = frozenset({
    "FrameReferenceTime", "ActualFrameDuration", "DecayFactor", "DoseCalibrationFactor", "ScatterFractionFactor",
    "TriggerTime",
})  # fmt: skip


@dataclass(frozen=True)
class Sheaf:
    """The frames of an image that are written slice by slice."""

    frames: Sequence[Volume]
    sop_class: str
    modality: str
    storing: Storing | None
    """None for colours."""
    request: Request
    uids: SeriesUids

    def datasets(self) -> Iterator[Dataset]:
        """Return the data sets of all slices of all frames, one by one."""
        for n, volume in enumerate(self.frames):
            for k in range(volume.geometry.size[2]):
                yield self._slice(volume, n, k)

    def keeps_times(self) -> bool:
        """Return whether the files say when the frames were taken, as far as that is known."""
        starts = [volume.acquisition.moment.start for volume in self.frames]
        known = [start for start in starts if start is not None]
        if len(known) < 2 or self.sop_class == CLASSES["PT"] or even_step(starts) is not None:
            return True
        if len(known) < len(starts):
            return False
        first = [self._slice(volume, n, 0) for n, volume in enumerate(self.frames)]
        said = [[read(slice_) for slice_ in first] for read in (_trigger, _acquired)]
        return any(None not in times and np.allclose(np.diff(np.array(times, float)), np.diff(known), atol=1e-3)
                   for times in said)  # fmt: skip

    def _slice(self, volume: Volume, n: int, k: int) -> Dataset:
        request, geometry, depth = self.request, volume.geometry, volume.geometry.size[2]
        number = n * depth + k
        dataset = begin(request, self.uids, self.sop_class, self.modality)
        put_place(dataset, request, self.uids)
        put_acquisition_device(dataset, request)
        dataset.ImageType = _image_type(self.sop_class)
        dataset.InstanceNumber = number + 1
        put_modality(dataset, request, volume.unit, depth)
        dataset.BurnedInAnnotation = burned_in(volume)
        if self.sop_class == CLASSES["PT"]:
            dataset.ImageIndex = number + 1
        sources: list[tuple[Instance, int]] = []
        if geometry.oriented:
            position, orientation = self._put_plane(dataset, volume, k)
            sources = sources_at(request, self.uids, (*position, *orientation), n, len(self.frames))
        self._put_moment(dataset, sources, n)
        describe(dataset, request, written_words(request, self.storing, files=len(self.frames) * depth))
        put_sources(dataset, sources)
        put_series_reference(dataset, request, sources)
        self._put_values(dataset, volume, number, volume.array[k])
        return dataset

    def _put_plane(self, dataset: Dataset, volume: Volume, k: int) -> tuple[list[float], list[float]]:
        geometry = volume.geometry
        x, y, z = geometry.spacing
        position = [decimal(v) for v in geometry.index_to_world((0, 0, k))]
        orientation = [decimal(v) for v in (*geometry.axes[:, 0], *geometry.axes[:, 1])]
        dataset.PixelSpacing = [decimal(y), decimal(x)]
        dataset.SliceThickness = decimal(z) if geometry.known_spacing[2] else None
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = position, orientation
        return [float(v) for v in position], [float(v) for v in orientation]

    def _put_moment(self, dataset: Dataset, sources: list[tuple[Instance, int]], n: int) -> None:
        """Repeat when the slice was taken, as far as its class has a place for it, and number the frames."""
        origin = self.request.origin
        if origin is not None and origin.instances:
            one = sources[0][0] if sources else origin.instances[0]
            kept = {"AcquisitionDate", "AcquisitionTime", "AcquisitionNumber"}
            kept |= _PT_MOMENT if self.sop_class == CLASSES["PT"] else set()
            kept |= _MR_MOMENT if self.sop_class == CLASSES["MR"] else set()
            header = origin.moment(one)
            copy(dataset, header, [keyword for keyword in MOMENT if keyword in kept])
            copy(dataset, origin.header, IMAGE)
        if self.sop_class == CLASSES["MR"]:
            settle_mr(dataset)
        if len(self.frames) > 1:
            dataset.TemporalPositionIdentifier, dataset.NumberOfTemporalPositions = n + 1, len(self.frames)
            if self.sop_class == CLASSES["CT"]:
                dataset.AcquisitionNumber = n + 1
            self._put_start(dataset, n)

    def _put_start(self, dataset: Dataset, n: int) -> None:
        """Say when the frame was taken after the first, as far as the class has a place for it."""
        starts = [volume.acquisition.moment.start for volume in self.frames]
        if self.sop_class == CLASSES["PT"]:
            if not dataset.get("FrameReferenceTime") and starts[n] is not None:
                dataset.FrameReferenceTime = decimal(float(starts[n] or 0.0) * 1000.0)
            return
        step = even_step(starts)
        if step is not None and not dataset.get("TriggerTime"):
            dataset.TemporalResolution = decimal(step * 1000.0)

    def _put_values(self, dataset: Dataset, volume: Volume, number: int, values: NDArray[Any]) -> None:
        if self.storing is None:
            put_cells(dataset, values, colour=True)
            return
        inverted = volume.acquisition.monochrome1
        put_cells(dataset, self.storing.stored(values, number), colour=False, inverted=inverted)
        slope, intercept = self.storing.slopes[number], self.storing.intercepts[number]
        if self.sop_class != CLASSES["MR"] or not self.storing.is_plain:
            dataset.RescaleSlope, dataset.RescaleIntercept = decimal(slope), decimal(intercept)
            if self.sop_class != CLASSES["PT"]:
                dataset.RescaleType = _RESCALE_TYPES.get(volume.unit, "US")
        _put_padding(dataset, volume, self.storing, slope, intercept)
        put_windows(dataset, volume.acquisition)


def _trigger(dataset: Dataset) -> float | None:
    """Return the time in s after the trigger."""
    stated = dataset.get("TriggerTime")
    return None if stated in (None, "") else float(stated) / 1000.0


def _acquired(dataset: Dataset) -> float | None:
    """Return the time of day in s at which a slice was acquired."""
    text = str(dataset.get("AcquisitionTime") or "")
    if not text[:6].isdecimal() or len(text) < 6:
        return None
    return int(text[:2]) * 3600.0 + int(text[2:4]) * 60.0 + float(text[4:])


def even_step(starts: Sequence[float | None]) -> float | None:
    """Return the time in s from frame to frame where it is known and always the same."""
    known = [start for start in starts if start is not None]
    if len(known) < max(len(starts), 2):
        return None
    steps = np.diff(known)
    even = steps[0] > 0 and np.max(np.abs(steps - steps[0])) <= 1e-3 * steps[0]
    return float(known[-1] - known[0]) / len(steps) if even else None


def _image_type(sop_class: str) -> list[str]:
    """Return Image Type as the class wants it: PET knows no secondary images."""
    if sop_class == CLASSES["PT"]:
        return ["DERIVED", "PRIMARY"]
    return ["DERIVED", "SECONDARY", *{CLASSES["CT"]: ["AXIAL"], CLASSES["MR"]: ["OTHER"]}.get(sop_class, [])]


def _put_padding(dataset: Dataset, volume: Volume, storing: Storing, slope: float, intercept: float) -> None:
    """Say which stored numbers are no part of the image."""
    info = np.iinfo(storing.dtype)
    if storing.holes:
        ends = [storing.hole] * 2
    elif volume.padding is not None and len(set(storing.slopes)) == len(set(storing.intercepts)) == 1:
        low, high = sorted(round((value - intercept) / slope) for value in volume.padding)
        if high < info.min or low > info.max:
            return
        ends = [max(low, int(info.min)), min(high, int(info.max))]
    else:
        return
    dataset.PixelPaddingValue = ends[0]
    if ends[1] != ends[0]:
        dataset.PixelPaddingRangeLimit = ends[1]
