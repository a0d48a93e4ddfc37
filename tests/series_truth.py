"""What a series of DICOM files says by its headers alone, told by pydicom and NumPy: an oracle that knows no loader."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import generate_uid

from dicom_making import ENHANCED_CT, slice_dataset
from pellucid.dicom.headers import digests, read_record
from pellucid.dicom.read import read_plan
from pellucid.dicom.stack import Series, VolumePlan, build_series

MISPLACED = frozenset({"rounded-positions", "sideways", "off-grid", "not-orthogonal"})
"""Codes of findings that say that slices do not lie exactly where the volume shows them."""


@dataclass(frozen=True)
class Slice:
    """Where the corner pixels of one frame lie by its header (None: not stated), and its modality values."""

    corners: np.ndarray | None
    values: np.ndarray
    scale: float


def slices_of(path: Path) -> list[Slice]:
    """Return every frame of a file."""
    ds = pydicom.dcmread(path)
    stored = ds.pixel_array.reshape(-1, ds.Rows, ds.Columns).astype(np.float64)
    return [_slice(_frame_headers(ds, n), pixels, ds.Rows, ds.Columns) for n, pixels in enumerate(stored)]


def _frame_headers(ds: Dataset, number: int) -> Dataset:
    """Return one data set with what holds for a frame: its own groups go before the shared ones."""
    merged = Dataset()
    merged.update({element.tag: element for element in ds if element.tag.group in (0x20, 0x28)})
    shared, own = ds.get("SharedFunctionalGroupsSequence", ()), ds.get("PerFrameFunctionalGroupsSequence", ())
    for groups in (*shared[:1], *own[number : number + 1]):
        for sequence in groups:
            merged.update({element.tag: element for element in sequence.value[0]})
    return merged


def _slice(ds: Dataset, stored: np.ndarray, rows: int, columns: int) -> Slice:
    slope, intercept = float(ds.get("RescaleSlope", 1)), float(ds.get("RescaleIntercept", 0))
    values = stored * slope + intercept
    scale = float(np.max(np.abs(stored * slope))) + abs(intercept)
    if "ImagePositionPatient" not in ds:
        return Slice(None, values, scale)
    first = np.array(ds.ImagePositionPatient, float)
    right, down = np.array(ds.ImageOrientationPatient, float).reshape(2, 3)
    dy, dx = (float(v) for v in ds.PixelSpacing)
    corners = [first + x * dx * right + y * dy * down for y in (0, rows - 1) for x in (0, columns - 1)]
    return Slice(np.array(corners), values, scale)


def built(paths: Iterable[Path]) -> list[Series]:
    """Return what the loader makes of files."""
    records = [record for path in paths if (record := read_record(path)) is not None]
    answer = digests({"files": [(record.path, record.data_offset) for record in records]})
    return build_series(records, dict(zip([r.path for r in records], answer["digests"], strict=True)))


@dataclass(frozen=True)
class Verdict:
    """How far a volume is from the truth: worst corner in mm, worst value relative to what it was computed from."""

    corner: float
    value: float
    codes: frozenset[str]

    @property
    def is_silently_wrong(self) -> bool:
        """Return whether slices lie elsewhere and nothing says so, or values are wrong."""
        return self.value > 1e-6 or (self.corner > 0.01 and not self.codes & MISPLACED)


def judged(plan: VolumePlan) -> Verdict:
    """Compare a volume, slice by slice, with the headers of the very frames it says it is made of."""
    array, geometry = read_plan(plan).array, plan.geometry
    corner = value = 0.0
    nx, ny, nz = geometry.size
    assert nz == len(plan.frames)
    truth = {path: slices_of(path) for path in {frame.path for frame in plan.frames}}
    for z, frame in enumerate(plan.frames):
        true = truth[frame.path][frame.number]
        told = geometry.index_to_world([(x, y, z) for y in (0, ny - 1) for x in (0, nx - 1)])
        if true.corners is not None:
            corner = max(corner, float(np.max(np.linalg.norm(told - true.corners, axis=1))))
        off = np.abs(array[z].astype(np.float64) - true.values)
        value = max(value, float(np.max(off)) / max(true.scale, 1e-30))
    return Verdict(corner, value, codes(plan))


def codes(found: Any) -> frozenset[str]:
    """Return the codes of the findings of a series or a volume."""
    return frozenset(finding.code for finding in found.findings)


def alarms(found: Any) -> frozenset[str]:
    """Return the codes of findings that warn."""
    return frozenset(finding.code for finding in found.findings if finding.severity != "info")


def volume_hash(plan: VolumePlan) -> str:
    """Return a digest of place and values of a volume (to a nanometre, to seven digits)."""
    geometry = plan.geometry
    nx, ny, nz = geometry.size
    index = [(x, y, z) for z in range(nz) for y in (0, ny - 1) for x in (0, nx - 1)]
    places = np.round(geometry.index_to_world(index), 6) + 0.0
    values = read_plan(plan).array.astype(np.float32)
    return hashlib.sha256(places.tobytes() + values.tobytes()).hexdigest()


def twins(slices: Sequence[Dataset], chance: random.Random) -> list[Dataset]:
    """Return the same frames as enhanced multi-frame files, one for each series, frame of reference and matrix."""
    kinds: dict[tuple[Any, ...], list[Dataset]] = {}
    for ds in slices:
        key = (ds.SeriesInstanceUID, ds.get("FrameOfReferenceUID", ""), ds.Rows, ds.Columns)
        kinds.setdefault(key, []).append(ds)
    return [_enhanced(frames, chance) for frames in kinds.values()]


def _enhanced(slices: list[Dataset], chance: random.Random) -> Dataset:
    frames = slices[:]
    if all("ImagePositionPatient" in ds for ds in frames):
        chance.shuffle(frames)
    stored = np.stack([ds.pixel_array for ds in frames])
    first = frames[0]
    whole = slice_dataset(
        stored, position=None, orientation=None, spacing=None, slope=None, sop_class=ENHANCED_CT,
        series=first.SeriesInstanceUID, reference=first.get("FrameOfReferenceUID", ""),
        photometric=first.PhotometricInterpretation, NumberOfFrames=len(frames),
    )  # fmt: skip
    whole.SOPInstanceUID = generate_uid()
    whole.PerFrameFunctionalGroupsSequence = Items([_groups(ds) for ds in frames])
    return whole


_GROUPS = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
}


def _groups(ds: Dataset) -> Dataset:
    groups = Dataset()
    for name, keywords in _GROUPS.items():
        item = Dataset()
        for keyword in keywords:
            if keyword in ds:
                setattr(item, keyword, ds[keyword].value)
        if len(item):
            setattr(groups, name, Items([item]))
    if "TemporalPositionIdentifier" in ds:
        content = Dataset()
        content.TemporalPositionIndex = ds.TemporalPositionIdentifier
        groups.FrameContentSequence = Items([content])
    return groups
