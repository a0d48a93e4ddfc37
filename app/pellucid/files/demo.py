"""The demo study: a CT of the chest, its PET companion and a stained section, all computed on first use.

Nobody was imaged. CT and PET share a frame of reference and lie on different grids; the nodule in the right
lung has a known place, diameter and value (``phantom.tissues``). Everything is made from fixed seeds: two
runs on one machine give the same bytes.
"""

from __future__ import annotations

import contextlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from pellucid.files.phantom import tissues as t
from pellucid.files.phantom.scene import Grid
from pellucid.files.safe_write import sentence
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.volume import Acquisition, WindowPreset

FOLDER = "demo-v2"
_MARK = ".complete"
_SEED, _DAY, _TIME = "pellucid demo 1", "20260102", "101500"
_MORE: dict[str, object] = {
    "StudyTime": _TIME, "SeriesTime": _TIME, "AcquisitionTime": _TIME, "SeriesDate": _DAY,
    "AcquisitionDate": _DAY,
    "PatientWeight": 74, "PatientSize": 1.76, "PatientSex": "M", "PatientPosition": "HFS", "BodyPartExamined": "CHEST",
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
}  # fmt: skip


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
    from pellucid.dicom.writing.demo_series import write_series
    from pellucid.files.phantom.thorax import ct_slices

    windows = (
        WindowPreset("SOFT TISSUE", 50, 400),
        WindowPreset("LUNG", -600, 1500),
        WindowPreset("BONE", 400, 1800),
    )
    who = replace(_who("CT", "Chest, venous phase", 2), windows=windows)
    more = {"KVP": 120, "ConvolutionKernel": "STANDARD", "ContrastBolusAgent": "Simulated"}
    write_series(folder / "CT", ct_slices(), _geometry(t.CT_GRID), who, unit="HU", seed=_SEED, extra=_MORE | more)


def _pet(folder: Path) -> None:
    from pydicom.dataset import Dataset

    from pellucid.dicom.writing.demo_series import write_series
    from pellucid.files.phantom.thorax import pet_slices

    drug = Dataset()
    drug.Radiopharmaceutical, drug.RadiopharmaceuticalStartTime = "Fluorodeoxyglucose", "091500"
    drug.RadionuclideTotalDose, drug.RadionuclideHalfLife = 3.5e8, 6586.2
    values = pet_slices()
    more = {
        "DecayCorrection": "START", "CorrectedImage": ["ATTN", "SCAT", "DECY", "NORM"],
        "CountsSource": "EMISSION",
        "SeriesType": ["WHOLE BODY", "IMAGE"], "NumberOfSlices": len(values), "FrameReferenceTime": 0,
        "ActualFrameDuration": 120_000, "RadiopharmaceuticalInformationSequence": [drug],
    }  # fmt: skip
    who = _who("PT", "FDG, attenuation corrected", 3)
    slope = round(float(values.max()) / 32_000, 6)
    write_series(
        folder / "PET",
        values,
        _geometry(t.PET_GRID),
        who,
        unit="Bq/ml",
        slope=slope,
        seed=_SEED,
        extra=_MORE | more,
    )


def _section(folder: Path) -> None:
    from pellucid.files.phantom.slide import PIXEL_MM, slide
    from pellucid.files.picture_writers import tiff

    pixels = slide()
    height, width, _ = pixels.shape
    steps, known = (PIXEL_MM, PIXEL_MM, 1.0), (True, True, False)
    grid = Geometry((width, height, 1), steps, known_spacing=known, oriented=False)
    with (folder / "Section, H&E.tif").open("xb") as file:
        tiff(file, [pixels[None]], grid)


def _who(modality: str, description: str, number: int) -> Acquisition:
    return Acquisition(
        modality=modality, patient_name="Phantom, Demo", patient_id="DEMO-1", sex="O", study_date=_DAY,
        study_description="Demo study (computed)", series_description=description, series_number=str(number),
    )  # fmt: skip


def _geometry(grid: Grid) -> Geometry:
    return Geometry(grid.size, grid.spacing, grid.origin)
