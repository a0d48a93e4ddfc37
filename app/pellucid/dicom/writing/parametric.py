"""Floating-point values, and whole numbers that 16 bits cannot hold, as a parametric map (PS3.3 A.75)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.dicom.ucum import CODES
from pellucid.dicom.writing.derivation import coded, coded_steps, describe, processed, written_words
from pellucid.dicom.writing.modules import (
    SeriesUids,
    begin,
    burned_in,
    put_acquisition_device,
    put_place,
    put_series_reference,
    source_items,
    sources_at,
)
from pellucid.dicom.writing.origin import Instance
from pellucid.dicom.writing.request import Request
from pellucid.dicom.writing.texts import SHORT, decimal, line, new_uid
from pellucid.model.volume import Volume

if TYPE_CHECKING:
    from pydicom import Dataset

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.30"
_KIND = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]


@dataclass(frozen=True)
class Maps:
    """The frames of an image, each of which becomes one map of all its slices."""

    frames: Sequence[Volume]
    modality: str
    dtype: str
    """float32 or float64."""
    request: Request
    uids: SeriesUids

    def datasets(self) -> Iterator[Dataset]:
        """Return one data set for each frame."""
        organization = new_uid()
        for n, volume in enumerate(self.frames):
            yield self._map(volume, n, organization)

    def _map(self, volume: Volume, n: int, organization: str) -> Dataset:
        request, depth = self.request, volume.geometry.size[2]
        dataset = begin(request, self.uids, SOP_CLASS, self.modality)
        dataset.SeriesNumber = request.number if request.number is not None else 1
        put_place(dataset, request, self.uids)
        put_acquisition_device(dataset, request)
        dataset.ImageType, dataset.InstanceNumber = _KIND, n + 1
        dataset.ContentLabel, dataset.ContentCreatorName = "MAP", None
        dataset.ContentDescription = line(request.description) or None
        dataset.AcquisitionContextSequence, dataset.ContentQualification = [], "RESEARCH"
        dataset.BurnedInAnnotation, dataset.RecognizableVisualFeatures = burned_in(volume), "NO"
        dataset.PresentationLUTShape, dataset.LossyImageCompression = "IDENTITY", _lossy(dataset, request)
        describe(dataset, request, written_words(request, None, files=len(self.frames), held=depth))
        _put_dimensions(dataset, organization)
        dataset.NumberOfFrames = depth
        dataset.SharedFunctionalGroupsSequence = [self._shared(volume)]
        sources = [self._sources(volume, n, k) for k in range(depth)]
        dataset.PerFrameFunctionalGroupsSequence = [self._group(volume, n, k, found) for k, found in enumerate(sources)]
        put_series_reference(dataset, request, [one for found in sources for one in found])
        self._put_values(dataset, volume)
        return dataset

    def _shared(self, volume: Volume) -> Dataset:
        geometry = volume.geometry
        x, y, z = geometry.spacing
        measures = _item(PixelSpacing=[decimal(y), decimal(x)], SliceThickness=decimal(z))
        axes = [decimal(v) for v in (*geometry.axes[:, 0], *geometry.axes[:, 1])]
        finite = volume.array[np.isfinite(volume.array)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
        mapping = _item(
            LUTLabel="VALUES", LUTExplanation=line(self.request.description or "Values"),
            DoubleFloatRealWorldValueFirstValueMapped=low, DoubleFloatRealWorldValueLastValueMapped=high,
            RealWorldValueIntercept=0.0, RealWorldValueSlope=1.0,
            MeasurementUnitsCodeSequence=[_unit(volume.unit)],
        )  # fmt: skip
        transformation = _item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US")
        return _item(
            PixelMeasuresSequence=[measures], PlaneOrientationSequence=[_item(ImageOrientationPatient=axes)],
            ParametricMapFrameTypeSequence=[_item(FrameType=_KIND)], RealWorldValueMappingSequence=[mapping],
            PixelValueTransformationSequence=[transformation], FrameVOILUTSequence=[_window(volume, low, high)],
        )  # fmt: skip

    def _group(self, volume: Volume, n: int, k: int, sources: Sequence[tuple[Instance, int]]) -> Dataset:
        content = _item(DimensionIndexValues=[n + 1, k + 1], StackID="1", InStackPositionNumber=k + 1,
                        TemporalPositionIndex=n + 1)  # fmt: skip
        position = [decimal(v) for v in volume.geometry.index_to_world((0, 0, k))]
        group = _item(
            FrameContentSequence=[content], PlanePositionSequence=[_item(ImagePositionPatient=position)]
        )
        start = volume.acquisition.moment.start
        if start is not None and len(self.frames) > 1:
            group.TemporalPositionSequence = [_item(TemporalPositionTimeOffset=float(start))]
        if sources:
            group.DerivationImageSequence = [_derived(source_items(sources), self.request.operations)]
        return group

    def _sources(self, volume: Volume, n: int, k: int) -> list[tuple[Instance, int]]:
        axes = volume.geometry.axes
        place = [*volume.geometry.index_to_world((0, 0, k)), *axes[:, 0], *axes[:, 1]]
        return sources_at(self.request, self.uids, place, n, len(self.frames))

    def _put_values(self, dataset: Dataset, volume: Volume) -> None:
        values: Any = np.ascontiguousarray(volume.array, np.dtype(self.dtype).newbyteorder("<"))
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.Rows, dataset.Columns = values.shape[1:]
        dataset.BitsAllocated = 8 * values.itemsize
        if values.itemsize == 4:
            dataset.FloatPixelData = values.tobytes()
        else:
            dataset.DoubleFloatPixelData = values.tobytes()


def _put_dimensions(dataset: Dataset, organization: str) -> None:
    """Say that frames are indexed by time and then by place in the stack."""
    pointers = [(0x00209128, 0x00209111), (0x00209057, 0x00209111)]
    dataset.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=organization)]
    dataset.DimensionIndexSequence = [
        _item(DimensionOrganizationUID=organization, DimensionIndexPointer=pointer, FunctionalGroupPointer=group)
        for pointer, group in pointers
    ]


def _window(volume: Volume, low: float, high: float) -> Dataset:
    stated = next((w for w in volume.acquisition.windows if w.table is None and w.width > 0), None)
    level, width = (stated.level, stated.width) if stated is not None else ((low + high) / 2, (high - low) or 1.0)
    return _item(WindowCenter=decimal(level), WindowWidth=decimal(width), VOILUTFunction="LINEAR_EXACT")


def _derived(sources: list[Dataset], operations: Sequence[str]) -> Dataset:
    return _item(SourceImageSequence=sources, DerivationCodeSequence=coded_steps(operations) or [processed()])


def _unit(unit: str) -> Dataset:
    """Return the code of a unit; one that the standard has no code for is a code of our own."""
    if unit in CODES:
        return coded("UCUM", *CODES[unit])
    return coded("99PELLUCID", line(unit, SHORT), line(unit))


def _lossy(dataset: Dataset, request: Request) -> str:
    """Return whether values went through lossy compression once: that stays so."""
    header = request.origin.header if request.origin is not None else None
    if header is None or header.get("LossyImageCompression") != "01":
        return "00"
    for keyword in ("LossyImageCompressionRatio", "LossyImageCompressionMethod"):
        if keyword in header:
            dataset.add(deepcopy(header[keyword]))
    return "01"


def _item(**elements: Any) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item
