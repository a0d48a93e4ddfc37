"""What the tests of the command line share: its answers, and inputs written by SimpleITK and pydicom."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Result:
    """What a command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return what was printed, strictly read: no NaN, no infinity."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


Run = Callable[..., Result]


def write_image(
    path: Path,
    array: NDArray[Any],
    *,
    spacing: Sequence[float] = (0.5, 0.75, 2.5),
    origin: Sequence[float] = (-10.0, 20.0, 30.5),
    direction: Sequence[float] = OBLIQUE,
    colour: bool = False,
) -> Path:
    """Write a volume with SimpleITK, which is the independent hand here."""
    image = sitk.GetImageFromArray(array, isVector=colour)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(direction)
    sitk.WriteImage(image, str(path))
    return path


def write_series(
    folder: Path,
    values: NDArray[np.int16],
    *,
    uid: str = "",
    positions: Sequence[float] | None = None,
    description: str = "Thorax",
    slope: float = 2.0,
    intercept: float = -1000.0,
    padding: int | None = None,
    times: Sequence[int] | None = None,
    patient: str = "Secret^Name",
) -> str:
    """Write stored values (z, y, x) as a CT series along z and return its UID."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = uid or generate_uid()
    frame, study = generate_uid(), generate_uid()
    heights = positions if positions is not None else [2.5 * k for k in range(len(values))]
    for k, (plane, height) in enumerate(zip(values, heights, strict=True)):
        data = Dataset()
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = CTImageStorage
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
        data.PatientName, data.PatientID, data.Modality = patient, "id-12345", "CT"
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, uid, frame
        data.SeriesDescription, data.SeriesNumber, data.InstanceNumber = description, "3", str(k + 1)
        data.Rows, data.Columns = plane.shape
        data.PixelSpacing = [0.75, 0.5]
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.ImagePositionPatient = [-10, 20, float(height)]
        data.SliceThickness = 2.5
        data.RescaleSlope, data.RescaleIntercept, data.RescaleType = slope, intercept, "HU"
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, 1
        if padding is not None:
            data.add_new(0x00280120, "SS", padding)
        if times is not None:
            data.TemporalPositionIdentifier = times[k]
            data.AcquisitionTime = f"1200{times[k]:02d}"
        data.PixelData = np.ascontiguousarray(plane, "<i2").tobytes()
        data.save_as(folder / f"{(k * 7) % len(values):03d}_{k}.dcm", enforce_file_format=True)
    return str(uid)


def answer(capsys: pytest.CaptureFixture[str], arguments: Sequence[object]) -> Result:
    """Run the command line in this process; whatever happens, no traceback is shown."""
    from pellucid.__main__ import main

    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    said = captured.err + captured.out
    assert "Traceback" not in said, said
    return Result(code, captured.out, captured.err)
