"""Write a volume as a proper DICOM series: one uncompressed file per slice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Acquisition

if TYPE_CHECKING:
    from pydicom import Dataset

_CLASSES = {
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
}
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_RESCALE_TYPES = {"HU": "HU", "Bq/ml": "", "g/ml": "", "": "US"}
_PET_UNITS = {"Bq/ml": "BQML", "g/ml": "GML", "counts": "CNTS"}
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
        _put_windows(dataset, acquisition)
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
    dataset.SOPClassUID = _CLASSES.get(acquisition.modality, _SECONDARY_CAPTURE)
    dataset.SOPInstanceUID = _uid(seed, acquisition.series_uid, f"slice {index}")
    dataset.StudyInstanceUID = acquisition.study_uid or _uid(seed, "study")
    dataset.SeriesInstanceUID = acquisition.series_uid or _uid(seed, "series", acquisition.series_number)
    dataset.FrameOfReferenceUID = geometry.frame_of_reference or _uid(seed, "frame of reference")
    dataset.PatientName = "^".join(part.strip() for part in acquisition.patient_name.split(","))
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
    dataset.Manufacturer = "Pellucid"
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
    dataset.Rows, dataset.Columns = values.shape[:2]
    if values.ndim == 3:
        _put_cells(dataset, values.astype(np.uint8), "RGB", signed=False)
        dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
        return
    stored = np.rint((values - intercept) / slope)
    if stored.min() < _INT16.min or stored.max() > _INT16.max:
        raise Refused(tr("The values do not fit into 16 bits with this slope; choose a larger one."))
    _put_cells(dataset, stored.astype("<i2"), "MONOCHROME2", signed=True)
    dataset.SamplesPerPixel = 1
    dataset.RescaleSlope, dataset.RescaleIntercept = decimal(slope), decimal(intercept)
    if _RESCALE_TYPES.get(unit):
        dataset.RescaleType = _RESCALE_TYPES[unit]
    if unit in _PET_UNITS:
        dataset.Units = _PET_UNITS[unit]
    if padding is not None:
        dataset.PixelPaddingValue = padding


def _put_cells(dataset: Dataset, cells: NDArray[Any], photometric: str, *, signed: bool) -> None:
    bits = cells.itemsize * 8
    dataset.PhotometricInterpretation = photometric
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = bits, bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    data = cells.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"


def _put_windows(dataset: Dataset, acquisition: Acquisition) -> None:
    windows = [window for window in acquisition.windows if window.table is None]
    windows = [window for window in windows if window.function == windows[0].function]  # one function holds for all
    if windows:
        dataset.WindowCenter = [decimal(window.level) for window in windows]
        dataset.WindowWidth = [decimal(window.width) for window in windows]
        dataset.WindowCenterWidthExplanation = [window.name for window in windows]
        if windows[0].function != "LINEAR":
            dataset.VOILUTFunction = windows[0].function


def _uid(*parts: str) -> str:
    """Return a UID that depends on nothing but the parts."""
    from pydicom.uid import generate_uid

    return str(generate_uid(entropy_srcs=["pellucid", *parts]))


def decimal(value: float) -> str:
    """Return a number as a decimal string of at most 16 characters (PS3.5 6.2), as exact as that allows."""
    for digits in range(17, 5, -1):
        text = f"{float(value):.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{float(value):.6g}"
