"""Objects as devices write them: which pixel size counts, and values per frame; pydicom and the made numbers judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_making import AXIAL, CT, ENHANCED_CT, put_pixels, save, slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import Series, VolumePlan, sequences

CLASSES = {
    "CR": "1", "DX": "1.1", "MG": "1.2", "US": "6.1", "US multi-frame": "3.1", "XA": "12.1", "RF": "12.2", "SC": "7",
    "NM": "20", "PT": "128", "enhanced MR": "4.1", "enhanced PT": "130",
}  # fmt: skip


def opened(tmp_path: Path, pool: Pool, *datasets: Dataset) -> Series:
    (series,) = scan(save(tmp_path, datasets), pool=pool).series
    return series


def picture(modality: str, pixels: np.ndarray | None = None, sop: str = "", **more: Any) -> Dataset:
    pixels = np.arange(60, dtype=np.uint16).reshape(6, 10) if pixels is None else pixels
    sop_class = f"1.2.840.10008.5.1.4.1.1.{CLASSES[sop or modality]}"
    spacing = more.pop("spacing", None)
    ds = slice_dataset(pixels, position=None, orientation=None, spacing=spacing, modality=modality,
                       sop_class=sop_class, slope=None, **more)  # fmt: skip
    if pixels.ndim == 3:
        ds.NumberOfFrames = len(pixels)
    return ds


def said(series: Series) -> str:
    return " ".join(finding.message for plan in series.volumes for finding in plan.findings)


def region(dx: float, dy: float, edges: tuple[int, int, int, int] = (0, 0, 9, 5), **changes: int) -> Dataset:
    """Return a calibrated region in cm per pixel."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = 1, 1, 0
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX, item.PhysicalDeltaY = dx, dy
    names = ("RegionLocationMinX0", "RegionLocationMinY0", "RegionLocationMaxX1", "RegionLocationMaxY1")
    for name, value in (*zip(names, edges, strict=True), *changes.items()):
        setattr(item, name, value)
    return item


@pytest.mark.hazard("H43")
@pytest.mark.parametrize(
    ("regions", "stated", "spacing", "words"),
    [
        ([region(0.02, 0.03)], None, (0.2, 0.3), ""),
        ([region(0.02, -0.03)], None, (0.2, 0.3), ""),
        ([region(0.02, 0.03, (2, 1, 7, 4))], None, (0.2, 0.3), "Lengths hold inside the region"),
        ([region(0.02, 0.03), region(0.02, 0.03, RegionDataType=2)], None, (0.2, 0.3), "hold inside"),
        ([region(0.02, 0.03), region(0.05, 0.03)], None, None, "have different scales"),
        ([region(0.02, 0.03), region(0.05, 0.03)], (0.3, 0.2), None, "have different scales"),
        ([region(0.02, 0.03, PhysicalUnitsYDirection=7)], None, None, "No region"),  # a Doppler curve: cm/s
        ([region(0.02, 0.03, RegionSpatialFormat=2)], None, None, "No region"),  # M-mode
        ([region(0.02, 0.03, RegionSpatialFormat=2)], (0.3, 0.2), None, "No region"),
        ([region(0.0, 0.03)], None, None, "No region"),
        ([region(float("nan"), 0.03)], None, None, "No region"),
        ([region(0.02, 0.03)], (0.3, 0.2), (0.2, 0.3), ""),
        ([region(0.02, 0.03)], (1.0, 1.0), (0.2, 0.3), "that of the region is used"),
    ],
)
def test_ultrasound_has_the_scale_of_its_regions_or_none(
    tmp_path: Path, pool: Pool, regions: list[Dataset], stated: Any, spacing: Any, words: str
) -> None:
    ds = picture("US", spacing=stated, SequenceOfUltrasoundRegions=Items(regions))
    (plan,) = opened(tmp_path, pool, ds).volumes
    assert plan.geometry.has_lengths == (spacing is not None)
    if spacing is not None:
        assert plan.geometry.spacing[:2] == pytest.approx(spacing)
    text = " ".join(finding.message for finding in plan.findings)
    assert words in text if words else "region" not in text


@pytest.mark.hazard("H43")
@pytest.mark.parametrize("modality", ["XA", "RF", "DX", "MG", "CR"])
@pytest.mark.parametrize(
    ("tags", "spacing", "at_detector", "words"),
    [
        ({"ImagerPixelSpacing": [0.2, 0.3]}, (0.3, 0.2), True, "measured at the detector"),
        ({"ImagerPixelSpacing": [0.2, 0.3], "EstimatedRadiographicMagnificationFactor": 1.5}, (0.3, 0.2), True,
         "1.5 times the size"),
        ({"ImagerPixelSpacing": [0.2, 0.3], "EstimatedRadiographicMagnificationFactor": 1}, (0.3, 0.2), True,
         "measured at the detector"),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.15, 0.15], "PixelSpacingCalibrationType": "FIDUCIAL"},
         (0.15, 0.15), False, "an object of known size"),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.15, 0.15], "PixelSpacingCalibrationType": "GEOMETRY"},
         (0.15, 0.15), False, "the geometry of the device"),
        ({"ImagerPixelSpacing": [0.2, 0.2], "PixelSpacing": [0.15, 0.15]}, (0.15, 0.15), False, "how is not stated"),
        ({}, None, False, "size of a pixel is not stated"),
    ],
)  # fmt: skip
def test_projections_say_which_spacing_is_used(
    tmp_path: Path, pool: Pool, modality: str, tags: dict[str, Any], spacing: Any, at_detector: bool, words: str
) -> None:
    series = opened(tmp_path, pool, picture(modality, **tags))
    (plan,) = series.volumes
    assert plan.geometry.has_lengths == (spacing is not None) and plan.geometry.at_detector == at_detector
    if spacing is not None:
        assert plan.geometry.spacing[:2] == pytest.approx(spacing)
    assert words in said(series)


@pytest.mark.hazard("H43")
def test_scanned_film_is_measured_on_the_film(tmp_path: Path, pool: Pool) -> None:
    series = opened(tmp_path, pool, picture("OT", sop="SC", NominalScannedPixelSpacing=[0.1, 0.1]))
    assert series.volumes[0].geometry.spacing[:2] == (0.1, 0.1) and "on the film" in said(series)


@pytest.mark.parametrize(("modality", "sop"), [("XA", ""), ("RF", ""), ("US", "US multi-frame"), ("NM", "")])
def test_films_keep_every_frame_in_order_with_its_time(tmp_path: Path, pool: Pool, modality: str, sop: str) -> None:
    pixels = np.random.default_rng(3).integers(0, 4000, (5, 6, 10)).astype(np.uint16)
    ds = picture(modality, pixels, sop, FrameTimeVector=[0, 20, 40, 20, 20], FrameIncrementPointer=0x00181065)
    series = opened(tmp_path, pool, ds)
    (plans,) = sequences(series)
    read = read_sequence(plans)
    np.testing.assert_array_equal([v.array[0] for v in read], pydicom.dcmread(series.files[0]).pixel_array)
    assert [v.acquisition.moment.start for v in read] == pytest.approx([0, 0.02, 0.06, 0.08, 0.1])


def functional(count: int, slopes: list[tuple[float, float]], sop_class: str, modality: str) -> tuple[Any, Dataset]:
    """Return stored values and an enhanced file whose frames each have a rescale and a place of their own."""
    stored = np.random.default_rng(8).integers(0, 4000, (count, 6, 5)).astype(np.uint16)
    ds = slice_dataset(stored[0], position=None, orientation=None, spacing=None, sop_class=sop_class,
                       modality=modality, slope=None)  # fmt: skip
    put_pixels(ds, stored)
    ds.NumberOfFrames = count
    frames = []
    for n, (slope, intercept) in enumerate(slopes):
        measures, plane, place, scale = Dataset(), Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, plane.ImageOrientationPatient = [0.8, 0.5], list(AXIAL)
        place.ImagePositionPatient = [-10, -20, 100 - 3 * n]  # downwards
        scale.RescaleSlope, scale.RescaleIntercept, scale.RescaleType = repr(slope), repr(intercept), "HU"
        groups = Dataset()
        groups.PixelMeasuresSequence, groups.PlaneOrientationSequence = Items([measures]), Items([plane])
        groups.PlanePositionSequence, groups.PixelValueTransformationSequence = Items([place]), Items([scale])
        frames.append(groups)
    ds.PerFrameFunctionalGroupsSequence = Items(frames)
    return stored, ds


@pytest.mark.hazard("H10")
@pytest.mark.hazard("H11")
@pytest.mark.parametrize(("sop_class", "modality"), [
    (ENHANCED_CT, "CT"), ("1.2.840.10008.5.1.4.1.1.4.1", "MR"), ("1.2.840.10008.5.1.4.1.1.130", "PT"),
])  # fmt: skip
def test_every_frame_has_its_own_rescale_and_place(tmp_path: Path, pool: Pool, sop_class: str, modality: str) -> None:
    chance = np.random.default_rng(5)
    drawn = [(10 ** chance.uniform(-4, 2), chance.uniform(-50, 50)) for _ in range(6)]
    slopes = [(1.0, -1024.0), *((float(f"{slope:.6g}"), float(f"{start:.6g}")) for slope, start in drawn)]
    stored, ds = functional(len(slopes), slopes, sop_class, modality)
    (plan,) = opened(tmp_path, pool, ds).volumes
    volume = read_plan(plan)
    expected = np.stack([stored[n] * s + i for n, (s, i) in enumerate(slopes)])[::-1]
    np.testing.assert_allclose(volume.array, expected, rtol=1e-6, atol=1e-4)
    assert volume.unit == "HU" and volume.geometry.origin == pytest.approx((-10, -20, 100 - 3 * (len(slopes) - 1)))
    assert volume.geometry.spacing == pytest.approx((0.5, 0.8, 3.0))


@pytest.mark.hazard("H10")
@pytest.mark.parametrize("seed", range(4))
def test_a_pet_with_a_slope_for_each_slice(tmp_path: Path, pool: Pool, seed: int) -> None:
    chance = np.random.default_rng(seed)
    slopes = [1.0, *(float(10 ** chance.uniform(-6, 3)) for _ in range(9))]
    stored = chance.integers(0, 32000, (10, 6, 5)).astype(np.int16)
    files = [slice_dataset(stored[n], position=(0, 0, 3 * n), slope=f"{slope:.9g}", intercept=0, modality="PT",
                           sop_class="1.2.840.10008.5.1.4.1.1.128", Units="BQML", number=n)
             for n, slope in enumerate(slopes)]  # fmt: skip
    (plan,) = opened(tmp_path, pool, *files).volumes
    volume = read_plan(plan)
    expected = np.stack([stored[n] * float(f"{slope:.9g}") for n, slope in enumerate(slopes)])
    np.testing.assert_allclose(volume.array, expected, rtol=1e-6)
    assert volume.unit == "Bq/ml"


@pytest.mark.hazard("H14")
@pytest.mark.parametrize(("modality", "tags", "unit"), [
    ("CT", {}, "HU"), ("CT", {"RescaleType": "US"}, ""), ("CT", {"RescaleType": "MGML"}, "mg/ml"),
    ("PT", {"Units": "BQML"}, "Bq/ml"), ("PT", {"Units": "GML"}, "g/ml"), ("PT", {"Units": "CM2ML"}, "cm²/ml"),
    ("PT", {"Units": "CNTS"}, "counts"), ("CR", {"RescaleType": "OD"}, "OD"), ("MR", {}, ""),
])  # fmt: skip
def test_units_are_those_that_are_stated(tmp_path: Path, pool: Pool, modality: str, tags: Any, unit: str) -> None:
    ds = slice_dataset(np.ones((6, 5), np.int16), modality=modality, sop_class=CT, **tags)
    plan: VolumePlan = opened(tmp_path, pool, ds).volumes[0]
    assert plan.unit == unit and float(read_plan(plan).array[0, 0, 0]) == -1023
