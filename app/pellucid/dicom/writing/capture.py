"""Pictures of the screen as secondary captures (PS3.3 A.8.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.writing.derivation import describe
from pellucid.dicom.writing.modalities import SECONDARY_CAPTURE
from pellucid.dicom.writing.modules import PROGRAM, WHOLE, SeriesUids, begin, put_series_reference, put_sources
from pellucid.dicom.writing.pixel_cells import put_cells
from pellucid.dicom.writing.request import Request
from pellucid.language import tr

if TYPE_CHECKING:
    from pydicom import Dataset


def capture(pixels: NDArray[np.uint8], request: Request, *, texts: bool) -> Dataset:
    """Return a picture (rows, columns, 3) as a secondary capture; ``texts`` says that words are drawn into it.

    It belongs to patient and study of the request; one without an origin names nobody and joins no study.
    """
    dataset = begin(request, SeriesUids.of(request), SECONDARY_CAPTURE, "OT")
    dataset.Laterality = dataset.PatientOrientation = None
    dataset.ConversionType, dataset.BurnedInAnnotation = "WSD", "YES" if texts else "NO"
    dataset.SecondaryCaptureDeviceManufacturer = PROGRAM
    dataset.DateOfSecondaryCapture, dataset.TimeOfSecondaryCapture = dataset.ContentDate, dataset.ContentTime
    dataset.ImageType, dataset.InstanceNumber = ["DERIVED", "SECONDARY"], 1
    describe(dataset, request, [tr("Picture of the screen")])
    if request.origin is not None:
        sources = [(one, WHOLE) for one in request.origin.instances]
        put_sources(dataset, sources)
        put_series_reference(dataset, request, sources)
    put_cells(dataset, np.ascontiguousarray(pixels[..., :3]), colour=True)
    return dataset
