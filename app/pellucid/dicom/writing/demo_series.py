"""The demo study as DICOM: one uncompressed file per slice, and the same seed always gives the same files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.dicom.writing.modalities import CLASSES, PET_UNITS, SECONDARY_CAPTURE
from pellucid.dicom.writing.modules import PROGRAM
from pellucid.dicom.writing.pixel_cells import put_cells
from pellucid.dicom.writing.texts import decimal, person
from pellucid.dicom.writing.windows import put_windows
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Acquisition

if TYPE_CHECKING:
    from pydicom import Dataset

_RESCALE_TYPES = {"HU": "HU", "Bq/ml": "", "g/ml": "", "": "US"}
_INT16 = np.iinfo(np.int16)


def write_series(
    folder: Path,
    array: NDArray[Any],
    geometry: Geometry,
    acquisition: Acquisition,
    *,
    unit: str = "",
    slope: float | Sequence[float] = 1.0,
    intercept: float | Sequence[float] = 0.0,
    padding: int | None = None,
    seed: str = "",
    extra: Mapping[str, Any] | None = None,
) -> tuple[Path, ...]:
    """Write modality values (z, y, x) or 8-bit colours (z, y, x, 3) as files ``0001.dcm`` … of a folder.

    Values are stored as 16-bit signed numbers through slope and intercept (one, or one per slice). UIDs come
    from ``seed``: the same seed gives the same files. ``extra`` maps DICOM keywords to values for every file.
    Raises Refused when values do not fit into 16 bits.
    """
    count = array.shape[0]
    slopes, intercepts = np.broadcast_to(slope, count), np.broadcast_to(intercept, count)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index in range(count):
        dataset = _header(geometry, acquisition, seed, index)
        _put_values(dataset, array[index], float(slopes[index]), float(intercepts[index]), unit, padding)
        put_windows(dataset, acquisition)
        for keyword, value in (extra or {}).items():
            setattr(dataset, keyword, value)
        path = folder / f"{index + 1:04d}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return tuple(paths)


def _header(geometry: Geometry, acquisition: Acquisition, seed: str, index: int) -> Dataset:
    """Return everything of a slice but its pixels."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CLASSES.get(acquisition.modality, SECONDARY_CAPTURE)
    dataset.SOPInstanceUID = _uid(seed, acquisition.series_uid, f"slice {index}")
    dataset.StudyInstanceUID = acquisition.study_uid or _uid(seed, "study")
    dataset.SeriesInstanceUID = acquisition.series_uid or _uid(seed, "series", acquisition.series_number)
    dataset.FrameOfReferenceUID = geometry.frame_of_reference or _uid(seed, "frame of reference")
    dataset.PatientName = person(acquisition.patient_name)
    dataset.PatientID = acquisition.patient_id
    dataset.PatientBirthDate = acquisition.birth_date
    dataset.PatientSex = acquisition.sex
    dataset.StudyDate = acquisition.study_date
    dataset.StudyTime = ""
    dataset.StudyID = ""
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = acquisition.study_description
    dataset.Modality = acquisition.modality
    dataset.Manufacturer = PROGRAM
    dataset.SeriesDescription = acquisition.series_description
    dataset.SeriesNumber = acquisition.series_number
    dataset.InstanceNumber = index + 1
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    x, y, z = geometry.spacing
    dataset.PixelSpacing = [decimal(y), decimal(x)]
    dataset.SliceThickness = decimal(z)
    dataset.ImagePositionPatient = [decimal(v) for v in geometry.index_to_world((0, 0, index))]
    dataset.ImageOrientationPatient = [decimal(v) for v in (*geometry.axes[:, 0], *geometry.axes[:, 1])]
    dataset.PositionReferenceIndicator = ""
    return dataset


def _put_values(
    dataset: Dataset, values: NDArray[Any], slope: float, intercept: float, unit: str, padding: int | None
) -> None:
    if values.ndim == 3:
        put_cells(dataset, values.astype(np.uint8), colour=True)
        return
    stored = np.rint((values - intercept) / slope)
    if stored.min() < _INT16.min or stored.max() > _INT16.max:
        raise Refused(tr("The values do not fit into 16 bits with this slope; choose a larger one."))
    put_cells(dataset, stored.astype(np.int16), colour=False)
    dataset.RescaleSlope, dataset.RescaleIntercept = decimal(slope), decimal(intercept)
    if _RESCALE_TYPES.get(unit):
        dataset.RescaleType = _RESCALE_TYPES[unit]
    if unit in PET_UNITS:
        dataset.Units = PET_UNITS[unit]
    if padding is not None:
        dataset.PixelPaddingValue = padding


def _uid(*parts: str) -> str:
    """Return a UID that depends on nothing but the parts."""
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=["pellucid", *parts]))
