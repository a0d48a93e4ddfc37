"""Make DICOM files whose every number is known, and spoil them on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CT, MR, NM, CR, ENHANCED_CT = (f"1.2.840.10008.5.1.4.1.1.{n}" for n in ("2", "4", "20", "1", "2.1"))


def normal_of(orientation: Sequence[float]) -> np.ndarray:
    return np.cross(orientation[:3], orientation[3:])


def slice_dataset(
    pixels: np.ndarray,
    *,
    position: Sequence[float] | None = (0.0, 0.0, 0.0),
    orientation: Sequence[float] | None = AXIAL,
    spacing: Sequence[float] | None = (0.8, 0.5),
    series: str = "1.2.3.1",
    reference: str = "1.2.3.9",
    number: int | None = 1,
    modality: str = "CT",
    sop_class: str = CT,
    slope: float | str | None = 1,
    intercept: float | str | None = -1024,
    photometric: str = "MONOCHROME2",
    **more: Any,
) -> Dataset:
    """Return one slice; ``more`` are DICOM keywords."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.3", series
    ds.PatientName, ds.PatientID, ds.Modality = "Doe^Jane", "42", modality
    if reference:
        ds.FrameOfReferenceUID = reference
    if position is not None:
        ds.ImagePositionPatient = [f"{v:.9g}" for v in position]
    if orientation is not None:
        ds.ImageOrientationPatient = [f"{v:.9g}" for v in orientation]
    if spacing is not None:
        ds.PixelSpacing = list(spacing)
    if number is not None:
        ds.InstanceNumber = number
    if slope is not None:
        ds.RescaleSlope, ds.RescaleIntercept = slope, intercept
    put_pixels(ds, pixels, photometric)
    for keyword, value in more.items():
        setattr(ds, keyword, value)
    return ds


def put_pixels(ds: Dataset, pixels: np.ndarray, photometric: str = "MONOCHROME2") -> None:
    bits = pixels.itemsize * 8
    ds.Rows, ds.Columns = pixels.shape[-3:-1] if photometric == "RGB" else pixels.shape[-2:]
    ds.SamplesPerPixel = 3 if photometric == "RGB" else 1
    ds.PhotometricInterpretation = photometric
    if photometric == "RGB":
        ds.PlanarConfiguration = 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = bits, bits, bits - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = pixels.tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    ds["PixelData"].VR = "OW"


def save(
    folder: Path, datasets: Iterable[Dataset], name: Callable[[int], str] = "s{:04d}.dcm".format
) -> list[Path]:
    """Write datasets under names that say nothing about their order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for k, ds in enumerate(datasets):
        path = folder / name(k)
        ds.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def stack(
    count: int,
    *,
    step: float = 2.5,
    distances: Sequence[float] | None = None,
    orientation: Sequence[float] = AXIAL,
    origin: Sequence[float] = (-50.0, -60.0, 10.0),
    drift: Sequence[float] = (0.0, 0.0, 0.0),
    size: tuple[int, int] = (6, 5),
    seed: int = 0,
    **more: Any,
) -> tuple[np.ndarray, list[Dataset]]:
    """Return random stored values (z, y, x) and their slices along the normal, plus a drift per slice."""
    stored = np.random.default_rng(seed).integers(0, 2000, (count, *size)).astype(np.int16)
    distances = [k * step for k in range(count)] if distances is None else distances
    normal = normal_of(orientation)
    places = [np.array(origin) + d * normal + k * np.array(drift) for k, d in enumerate(distances)]
    slices = [
        slice_dataset(stored[k], position=place, orientation=orientation, number=k + 1, **more)
        for k, place in enumerate(places)
    ]
    return stored, slices


def two_echoes(folder: Path) -> Path:
    """Write a series of two echoes at three times into a folder, and return it."""
    files = []
    for echo in range(2):
        for time in range(3):
            for ds in stack(4, seed=10 * echo + time, modality="MR", sop_class=MR, slope=None)[1]:
                ds.EchoTime, ds.TemporalPositionIdentifier, ds.SeriesDescription = 5.0 * (echo + 1), time + 1, "Two"
                files.append(ds)
    save(folder, files)
    return folder


def world_corners(slices: Sequence[Dataset]) -> np.ndarray:
    """Return where the four corner pixels of every slice lie, from the headers alone: the oracle."""
    corners = []
    for ds in slices:
        right, down = (
            np.array(ds.ImageOrientationPatient[:3], float),
            np.array(ds.ImageOrientationPatient[3:], float),
        )
        dy, dx = (float(v) for v in ds.PixelSpacing)
        first = np.array(ds.ImagePositionPatient, float)
        for y in (0, ds.Rows - 1):
            for x in (0, ds.Columns - 1):
                corners.append(first + x * dx * right + y * dy * down)
    return np.array(corners)


def geometry_corners(geometry: Any) -> np.ndarray:
    """Return where a geometry puts the four corner pixels of every slice."""
    nx, ny, nz = geometry.size
    index = [(x, y, z) for z in range(nz) for y in (0, ny - 1) for x in (0, nx - 1)]
    return np.asarray(geometry.index_to_world(np.array(index, float)))
