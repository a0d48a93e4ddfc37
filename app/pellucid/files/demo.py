"""The demo study: a CT of the chest, its PET companion and a stained section, made by our own code on first
use.

Nobody was imaged. CT and PET share a frame of reference and lie on different grids; the nodule in the right
lung has a known place, diameter and value (``phantom.tissues``). Everything is made from fixed seeds: two
runs on one machine give the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pellucid.files.phantom import tissues as t
from pellucid.files.phantom.scene import Grid
from pellucid.files.safe_write import sentence
from pellucid.model.findings import Refused

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

FOLDER = "demo-v1"
_MARK = ".complete"
_DAY, _TIME = "20260102", "101500"
_STORAGE = {"CT": "1.2.840.10008.5.1.4.1.1.2", "PT": "1.2.840.10008.5.1.4.1.1.128"}


def demo_study(folder: Path | None = None) -> Path:
    """Return the folder of the demo study; make it first if it is not there whole (a few seconds).

    Without ``folder`` it lies in the user's cache. It is made beside and renamed, so a half-made one is never
    seen. Raises Refused with a sentence when it cannot be written.
    """
    if folder is None:
        from pellucid.paths import cache_dir

        folder = cache_dir() / FOLDER
    if (folder / _MARK).is_file():
        return folder
    making = folder.with_name(f"{folder.name}-{uuid4().hex[:8]}.part")
    try:
        making.mkdir(parents=True)
        _make(making)
        (making / _MARK).touch()
        _put(making, folder)
    except OSError as error:
        raise Refused(sentence(folder, error)) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return folder


def _put(making: Path, folder: Path) -> None:
    """Rename into place; another program may have been faster."""
    with contextlib.suppress(OSError):
        making.rename(folder)
        return
    if not (folder / _MARK).is_file():
        shutil.rmtree(folder, ignore_errors=True)
        making.rename(folder)


def _make(folder: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        for made in [threads.submit(work, folder) for work in (_ct, _pet, _section)]:
            made.result()


def _ct(folder: Path) -> None:
    from pellucid.files.phantom.thorax import ct_slices

    head = _head("CT", "Chest, venous phase", 2)
    head.KVP, head.ConvolutionKernel, head.ContrastBolusAgent = 120, "STANDARD", "Simulated"
    head.WindowCenter, head.WindowWidth = [50, -600, 400], [400, 1500, 1800]
    head.WindowCenterWidthExplanation = ["SOFT TISSUE", "LUNG", "BONE"]
    head.RescaleType = "HU"
    stored = (ct_slices() + 1024).astype("<u2")
    _write(folder / "CT", head, stored, t.CT_GRID, slope=1, intercept=-1024)


def _pet(folder: Path) -> None:
    import numpy as np
    from pydicom.dataset import Dataset

    from pellucid.files.phantom.thorax import pet_slices

    head = _head("PT", "FDG, attenuation corrected", 3)
    values = pet_slices()
    slope = float(np.float32(values.max() / 32_767))
    head.Units, head.DecayCorrection, head.RescaleType = "BQML", "START", "BQML"
    head.CorrectedImage = ["ATTN", "SCAT", "DECY", "NORM"]
    head.SeriesType, head.CountsSource = ["WHOLE BODY", "IMAGE"], "EMISSION"
    head.NumberOfSlices, head.FrameReferenceTime, head.ActualFrameDuration = len(values), 0, 120_000
    drug = Dataset()
    drug.Radiopharmaceutical, drug.RadiopharmaceuticalStartTime = "Fluorodeoxyglucose", "091500"
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = 3.5e8, 6586.2
    head.RadiopharmaceuticalInformationSequence = [drug]
    stored = np.rint(values / slope).astype("<u2")
    _write(folder / "PET", head, stored, t.PET_GRID, slope=slope, intercept=0)


def _section(folder: Path) -> None:
    from pellucid.files.phantom.slide import PIXEL_MM, slide
    from pellucid.files.picture_writers import tiff
    from pellucid.model.geometry import Geometry

    pixels = slide()
    height, width, _ = pixels.shape
    steps, known = (PIXEL_MM, PIXEL_MM, 1.0), (True, True, False)
    grid = Geometry((width, height, 1), steps, known_spacing=known, oriented=False)
    with (folder / "Section, H&E.tif").open("xb") as file:
        tiff(file, [pixels[None]], grid)


def _uid(name: str) -> str:
    """Return a UID that always is the same for a name (2.25 and 128 bits, PS3.5 B.2)."""
    return f"2.25.{int.from_bytes(hashlib.sha256(f'pellucid demo {name}'.encode()).digest()[:16], 'big')}"


def _head(modality: str, description: str, number: int) -> Dataset:
    """Return what all slices of a series share."""
    from pydicom.dataset import Dataset

    head = Dataset()
    head.SpecificCharacterSet, head.ImageType = "ISO_IR 192", ["ORIGINAL", "PRIMARY", "AXIAL"]
    head.SOPClassUID, head.Modality, head.Manufacturer = _STORAGE[modality], modality, "Pellucid"
    head.StudyDate = head.SeriesDate = head.AcquisitionDate = head.ContentDate = _DAY
    head.StudyTime = head.SeriesTime = head.AcquisitionTime = head.ContentTime = _TIME
    head.StudyDescription, head.SeriesDescription = "Demo study (computed)", description
    head.PatientName, head.PatientID, head.PatientBirthDate = "Demo^Phantom", "DEMO-1", ""
    head.PatientSex, head.PatientWeight, head.PatientPosition = "O", 74, "HFS"
    head.AccessionNumber, head.ReferringPhysicianName, head.StudyID = "", "", "1"
    head.StudyInstanceUID, head.SeriesInstanceUID = _uid("study"), _uid(modality)
    head.FrameOfReferenceUID, head.PositionReferenceIndicator = _uid("frame of reference"), ""
    head.SeriesNumber, head.AcquisitionNumber, head.BodyPartExamined = number, 1, "CHEST"
    return head


def _write(
    folder: Path, head: Dataset, stored: NDArray[np.uint16], grid: Grid, *, slope: float, intercept: float
) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    folder.mkdir()
    x, y, z = grid.spacing
    head.SamplesPerPixel, head.PhotometricInterpretation, head.PixelRepresentation = 1, "MONOCHROME2", 0
    head.Rows, head.Columns, head.BitsAllocated, head.BitsStored, head.HighBit = *stored.shape[1:], 16, 16, 15
    head.PixelSpacing, head.SliceThickness, head.ImageOrientationPatient = [y, x], z, [1, 0, 0, 0, 1, 0]
    head.RescaleSlope, head.RescaleIntercept = slope, intercept
    head.file_meta = FileMetaDataset()
    head.file_meta.TransferSyntaxUID, head.file_meta.MediaStorageSOPClassUID = (
        ExplicitVRLittleEndian,
        head.SOPClassUID,
    )
    for n, pixels in enumerate(stored, 1):
        _place(head, n, [grid.origin[0], grid.origin[1], round(grid.origin[2] + (n - 1) * z, 4)])
        head.PixelData = pixels.tobytes()
        head.save_as(folder / f"{n:03d}.dcm", enforce_file_format=True)


def _place(head: Any, number: int, position: list[float]) -> None:
    head.InstanceNumber, head.ImageIndex = number, number
    head.ImagePositionPatient, head.SliceLocation = position, position[2]
    head.SOPInstanceUID = _uid(f"{head.Modality} {number}")
    head.file_meta.MediaStorageSOPInstanceUID = head.SOPInstanceUID
