"""Diffusion weighted series as four makers write them, and the way back from a ``.bvec`` into the axes of the patient.

The way back is that of FSL, written out here; nibabel reads the affine. ``dcm2niix`` is where the meaning of GE's axes
is from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_making import AXIAL, MR, stack

B_VALUES = (0.0, 1000.0, 1000.0, 1000.0, 700.0)
ALONG = np.array([(0, 0, 0), (1, 0, 0), (0, 0.6, -0.8), (-0.36, 0.48, 0.8), (0, 0, 1)], float)
TILTED = (0.8, 0.36, -0.48, -0.6, 0.48, -0.64)
Weigh = Callable[[Dataset, float, NDArray[Any]], None]


def standard(ds: Dataset, b: float, along: NDArray[Any]) -> None:
    ds.DiffusionBValue = b
    if b:
        ds.DiffusionGradientOrientation = [*along]


def siemens(ds: Dataset, b: float, along: NDArray[Any]) -> None:
    ds.Manufacturer = "SIEMENS"
    ds.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
    ds.add_new(0x0019100C, "IS", int(b))
    if b:
        ds.add_new(0x0019100E, "FD", [*along])


def csa(ds: Dataset, b: float, along: NDArray[Any]) -> None:
    """Write what nibabel's description of the CSA header says: 84 bytes for an element, 16 before each value."""
    def element(name: str, values: Sequence[str]) -> bytes:
        head = name.encode().ljust(64, b"\0") + (1).to_bytes(4, "little") + b"FD\0\0" + (0).to_bytes(4, "little")
        data = head + len(values).to_bytes(4, "little") + (77).to_bytes(4, "little")
        for value in values:
            text = value.encode() + b"\0"
            data += b"".join(n.to_bytes(4, "little") for n in (len(text), len(text), 77, len(text)))
            data += text.ljust(-(-len(text) // 4) * 4, b"\0")
        return data

    ds.Manufacturer = "SIEMENS"
    rows = [("B_value", [f"{b:g}"])] + ([("DiffusionGradientDirection", [f"{x:.8f}" for x in along])] if b else [])
    ds.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    ds.add_new(0x00291010, "OB", b"SV10\4\3\2\1" + len(rows).to_bytes(4, "little") + (77).to_bytes(4, "little")
               + b"".join(element(*row) for row in rows))  # fmt: skip


def philips(ds: Dataset, b: float, along: NDArray[Any]) -> None:
    ds.Manufacturer = "Philips Medical Systems"
    ds.add_new(0x20010010, "LO", "Philips Imaging DD 001")
    ds.add_new(0x20011003, "FL", b)
    ds.add_new(0x20050010, "LO", "Philips MR Imaging DD 001")
    for n in range(3):
        ds.add_new(0x200510B0 + n, "FL", along[n])


def ge(ds: Dataset, b: float, along: NDArray[Any]) -> None:
    """Write a direction along frequency, phase and slice, as dcm2niix undoes it for axial slices, phase by columns."""
    ds.Manufacturer, ds.InPlanePhaseEncodingDirection, ds.PatientPosition = "GE MEDICAL SYSTEMS", "COL", "HFS"
    ds.add_new(0x00430010, "LO", "GEMS_PARM_01")
    ds.add_new(0x00431039, "IS", [10**9 + int(b), 8, 0, 0])
    ds.add_new(0x00190010, "LO", "GEMS_ACQU_01")
    right, down = np.array(ds.ImageOrientationPatient, float).reshape(2, 3)
    own = [along @ right, along @ down, -along @ np.cross(right, down)]
    for n in range(3):
        ds.add_new(0x001910BB + n, "DS", f"{own[n]:.8f}")


def series(weigh: Weigh, orientation: Sequence[float] = AXIAL, **more: Any) -> list[Dataset]:
    files = []
    for n, (b, along) in enumerate(zip(B_VALUES, ALONG, strict=True)):
        for ds in stack(3, seed=n, orientation=orientation, modality="MR", sop_class=MR, slope=None, **more)[1]:
            ds.InstanceNumber = 100 * n + int(ds.InstanceNumber)
            weigh(ds, b, along)
            files.append(ds)
    return files


def in_patient(nifti: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return b-values and directions (LPS) of what is beside a NIfTI file, by FSL's definition."""
    affine = nib.load(nifti).affine[:3, :3]
    stem = nifti.name.split(".")[0]
    voxel = np.loadtxt(nifti.with_name(f"{stem}.bvec"), ndmin=2)
    if np.linalg.det(affine) > 0:
        voxel[0] *= -1
    world = (affine / np.linalg.norm(affine, axis=0)) @ voxel
    return np.loadtxt(nifti.with_name(f"{stem}.bval"), ndmin=1), (np.diag([-1, -1, 1]) @ world).T
