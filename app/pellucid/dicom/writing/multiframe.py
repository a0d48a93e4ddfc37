"""One secondary capture for what states no place in the patient: pictures, films, and stacks of slices.

A stack says its order in the Slice Location Vector where the distance of its slices is known, else in the Page Number
Vector (PS3.3 C.8.6.3): it has no direction in the patient, so it cannot say positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.writing.derivation import describe, written_words
from pellucid.dicom.writing.modalities import SECONDARY_CAPTURE
from pellucid.dicom.writing.modules import (
    WHOLE,
    SeriesUids,
    begin,
    burned_in,
    copy,
    put_acquisition_device,
    put_place,
    put_series_reference,
    put_sources,
)
from pellucid.dicom.writing.origin import IMAGE
from pellucid.dicom.writing.pixel_cells import put_cells
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.storing import Storing
from pellucid.dicom.writing.texts import decimal
from pellucid.dicom.writing.windows import put_windows
from pellucid.model.timing import timing
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset

BYTES, WORDS, COLOURS = (f"1.2.840.10008.5.1.4.1.1.7.{n}" for n in (2, 3, 4))
LOCATIONS, PAGES, TIMES, LABELS = 0x00182005, 0x00182001, 0x00181065, 0x00182002


@dataclass(frozen=True)
class Pictures:
    """A picture, the frames of a film, or the slices of one stack."""

    frames: Sequence[Volume]
    modality: str
    storing: Storing | None
    request: Request
    uids: SeriesUids

    def dataset(self) -> Dataset:
        """Return the one data set of all frames or slices."""
        request, first = self.request, self.frames[0]
        cells = self._cells()
        dataset = begin(request, self.uids, self._sop_class(cells), self.modality)
        put_acquisition_device(dataset, request)
        put_place(dataset, request, self.uids)
        dataset.PatientOrientation = None
        dataset.ConversionType, dataset.BurnedInAnnotation = "WSD", burned_in(first)
        dataset.ImageType, dataset.InstanceNumber = ["DERIVED", "SECONDARY"], 1
        describe(dataset, request, written_words(request, self.storing, files=1, held=len(cells)))
        if request.origin is not None:
            copy(dataset, request.origin.header, IMAGE)
            sources = [(one, WHOLE) for one in request.origin.instances]
            put_sources(dataset, sources)
            put_series_reference(dataset, request, sources)
        self._put_spacing(dataset, first)
        if len(cells) > 1:
            self._put_order(dataset, len(cells))
        inverted = first.acquisition.monochrome1 and len(cells) == 1
        put_cells(dataset, cells if len(cells) > 1 else cells[0], colour=first.is_colour, inverted=inverted)
        self._put_meaning(dataset, first)
        return dataset

    def _cells(self) -> NDArray[Any]:
        slices = [values for volume in self.frames for values in volume.array]
        if self.storing is None:
            return np.stack(slices)
        return np.stack([self.storing.stored(values, 0) for values in slices])

    def _sop_class(self, cells: NDArray[Any]) -> str:
        if len(cells) == 1:
            return SECONDARY_CAPTURE
        if self.storing is None:
            return COLOURS
        return BYTES if cells.itemsize == 1 else WORDS

    def _put_spacing(self, dataset: Dataset, volume: Volume) -> None:
        geometry = volume.geometry
        x, y, z = geometry.spacing
        if geometry.has_lengths and geometry.at_detector:
            dataset.ImagerPixelSpacing = [decimal(y), decimal(x)]
        elif geometry.has_lengths:
            dataset.PixelSpacing = [decimal(y), decimal(x)]
        if geometry.size[2] == 1 and geometry.known_spacing[2]:
            dataset.SliceThickness = decimal(z)

    def _put_order(self, dataset: Dataset, count: int) -> None:
        """Say what the frames are: slices at a distance or of none known, or moments."""
        geometry = self.frames[0].geometry
        dataset.NumberOfFrames = count
        if geometry.size[2] > 1:
            if geometry.known_spacing[2]:
                dataset.FrameIncrementPointer = LOCATIONS
                dataset.SliceLocationVector = [decimal(k * geometry.spacing[2]) for k in range(count)]
            else:
                dataset.FrameIncrementPointer = PAGES
                dataset.PageNumberVector = list(range(1, count + 1))
            return
        played = timing(self.frames)
        if played.is_guess and played.times is None:
            dataset.FrameIncrementPointer = LABELS
            dataset.FrameLabelVector = [str(n) for n in range(1, count + 1)]
        else:
            starts = played.times or [sum(played.durations[:n]) / 1000.0 for n in range(count)]
            dataset.FrameIncrementPointer = TIMES
            dataset.FrameTimeVector = [decimal(step * 1000.0) for step in np.diff(starts, prepend=starts[0])]

    def _put_meaning(self, dataset: Dataset, first: Volume) -> None:
        if self.storing is None:
            return
        slope, intercept = self.storing.slopes[0], self.storing.intercepts[0]
        dataset.RescaleSlope, dataset.RescaleIntercept = decimal(slope), decimal(intercept)
        dataset.RescaleType = "US"
        if dataset.SOPClassUID in (BYTES, WORDS):
            dataset.PresentationLUTShape = "IDENTITY"
        put_windows(dataset, first.acquisition)
