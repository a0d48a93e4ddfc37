"""What judges DICOM that we write: dicom3tools, dcmtk and pydicom, none of which knows our code."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from pellucid.model.geometry import Geometry
from pellucid.model.volume import Acquisition, Volume, image_from_array

TURN = (np.cos(0.3), -np.sin(0.3), 0.0, np.sin(0.3), np.cos(0.3), 0.0, 0.0, 0.0, 1.0)
TILT = (1.0, 0.0, 0.0, 0.0, 1.0, float(np.sin(0.3)), 0.0, 0.0, float(np.cos(0.3)))
GRIDS = {
    "axial": Geometry((7, 6, 5), (0.7, 0.9, 2.5), (-10.123, 20.5, 30.25)),
    "oblique": Geometry((7, 6, 5), (0.7, 0.9, 2.5), (-10.123, 20.5, 30.25), TURN),
    "tilted": Geometry((7, 6, 5), (0.7, 0.9, 2.5), (-10.123, 20.5, 30.25), TILT),
    "uneven": Geometry((7, 6, 5), (0.7, 0.9, 2.5), (-10.0, 20.5, 30.25), slice_positions=(0.0, 2.5, 5.0, 10.0, 12.6)),
    "feet first": Geometry((7, 6, 5), (0.7, 0.9, 2.5), (1.0, 2.0, 3.0), (1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0)),
    "one slice": Geometry((7, 6, 1), (0.7, 0.9, 2.5), (1.0, 2.0, 3.0)),
}  # fmt: skip
"""Grids that state where they lie."""


def tool(name: str) -> str:
    """Return the path of a program; skip where it is not installed, fail on CI."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed (Debian: dicom3tools, dcmtk)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def complaints(path: Path) -> list[str]:
    """Return what dciodvfy calls an error in a file."""
    return _errors([tool("dciodvfy"), str(path)])


def set_complaints(paths: Iterable[Path]) -> list[str]:
    """Return what dcentvfy calls an error in files that should agree with each other."""
    return _errors([tool("dcentvfy"), *map(str, paths)])


def _errors(command: Sequence[str]) -> list[str]:
    said = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return [line for line in (said.stderr + said.stdout).splitlines() if line.startswith("Error")]


def dumps(path: Path) -> bool:
    """Return whether dcmtk reads a file."""
    return subprocess.run([tool("dcmdump"), "-q", str(path)], capture_output=True).returncode == 0


@dataclass(frozen=True)
class Plane:
    """One frame as pydicom reads it: its values, and where its corners lie by PS3.3 C.7.6.2.1.1."""

    values: np.ndarray
    corners: np.ndarray


def planes(paths: Iterable[Path]) -> list[Plane]:
    """Return all frames of files, in the order of the position along the normal of the first."""
    found = [plane for path in sorted(paths) for plane in _planes(pydicom.dcmread(path))]
    first = found[0].corners
    normal = np.cross(first[1] - first[0], first[2] - first[0])
    return sorted(found, key=lambda plane: float(plane.corners[0] @ normal))


def _planes(ds: pydicom.Dataset) -> list[Plane]:
    pixels = ds.pixel_array
    if "SharedFunctionalGroupsSequence" not in ds:
        values = pixels.astype(np.float64) * float(ds.get("RescaleSlope", 1)) + float(ds.get("RescaleIntercept", 0))
        return [Plane(values, _corners(ds, ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.PixelSpacing))]
    shared = ds.SharedFunctionalGroupsSequence[0]
    turn = shared.PlaneOrientationSequence[0].ImageOrientationPatient
    spacing = shared.PixelMeasuresSequence[0].PixelSpacing
    frames = pixels[None] if int(ds.NumberOfFrames) == 1 else pixels
    return [
        Plane(frame, _corners(ds, group.PlanePositionSequence[0].ImagePositionPatient, turn, spacing))
        for frame, group in zip(frames, ds.PerFrameFunctionalGroupsSequence, strict=True)
    ]


def _corners(ds: pydicom.Dataset, position: Any, turn: Any, spacing: Any) -> np.ndarray:
    first, right, down = (np.array(v, float) for v in (position, turn[:3], turn[3:]))
    dy, dx = (float(v) for v in spacing)
    return np.array([first + x * dx * right + y * dy * down for y in (0, ds.Rows - 1) for x in (0, ds.Columns - 1)])


def expected(volume: Volume) -> list[Plane]:
    """Return the slices of a volume in the order of the position along the normal of their rows and columns."""
    geometry = volume.geometry
    nx, ny, nz = geometry.size
    found = []
    for k in range(nz):
        index = np.array([(x, y, k) for y in (0, ny - 1) for x in (0, nx - 1)], float)
        found.append(Plane(volume.array[k], geometry.index_to_world(index)))
    normal = np.cross(geometry.axes[:, 0], geometry.axes[:, 1])
    return sorted(found, key=lambda plane: float(plane.corners[0] @ normal))


def volume(
    dtype: str, geometry: Geometry = GRIDS["axial"], *, colour: int = 0, seed: int = 0, unit: str = "", **about: Any
) -> Volume:
    """Return an image of random values of a type."""
    rng = np.random.default_rng(seed)
    shape = geometry.size[::-1] + ((colour,) if colour else ())
    kind = np.dtype(dtype)
    if kind.kind == "f":
        array = rng.normal(size=shape).astype(kind)
    else:
        info = np.iinfo(kind)
        array = rng.integers(max(info.min, -(2**40)), min(info.max, 2**40), shape, dtype=np.int64).astype(kind)
    return Volume(image_from_array(array, geometry, colour=bool(colour)), geometry, unit,
                  acquisition=Acquisition(**about))  # fmt: skip
