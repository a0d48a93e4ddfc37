"""Doses in Gy where the header says their planes lie, and parametric maps in the unit of their real-world mapping.

The oracle is the header: PS3.3 C.8.8.3 (dose grid) and C.7.6.16.2.11 (real world values), worked out here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as Items
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from dicom_making import AXIAL, normal_of, save, slice_dataset
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.model.volume import Volume

DOSE, MAP = "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.30"
PRONE, BELOW = (-1.0, 0, 0, 0, -1.0, 0), (1.0, 0, 0, 0, -1.0, 0)
OBLIQUE = (0.8, 0.6, 0.0, -0.48, 0.64, 0.6)


def read(folder: Path, ds: Dataset, pool: Pool) -> Volume:
    (series,) = scan(save(folder, [ds]), pool=pool).series
    (plan,) = series.volumes
    return read_plan(plan, pool=pool)


def dose(cells: np.ndarray, offsets: list[float], **more: Any) -> Dataset:
    about = {"DoseGridScaling": "0.0025", "DoseUnits": "GY", "DoseType": "PHYSICAL", "NumberOfFrames": len(cells),
             "FrameIncrementPointer": 0x3004000C, "GridFrameOffsetVector": offsets}  # fmt: skip
    return slice_dataset(cells, slope=None, modality="RTDOSE", sop_class=DOSE, **(about | more))


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
@pytest.mark.parametrize(
    ("offsets", "orientation", "absolute"),
    [
        ([0, 3, 6, 9], AXIAL, False), ([0, -3, -6, -9], AXIAL, False), ([0, 3, 6, 9], OBLIQUE, False),
        ([0, 3, 6, 9], BELOW, False), ([0, 2, 5, 9], AXIAL, False),
        ([17, 20, 23, 26], AXIAL, True), ([17, 14, 11, 8], AXIAL, True), ([17, 20, 23, 26], PRONE, True),
        ([17, 20, 23, 26], BELOW, True),
    ],
)  # fmt: skip
def test_planes_of_a_dose_lie_where_either_convention_says(
    tmp_path: Path, pool: Pool, dtype: type, offsets: list[float], orientation: tuple[float, ...], absolute: bool
) -> None:
    top = np.iinfo(dtype).max
    cells = np.random.default_rng(0).integers(0, top, (4, 3, 5), dtype=dtype, endpoint=True)
    cells[0, 0, 0] = top
    start = np.array((-10.0, 5.0, 17.0))
    volume = read(tmp_path, dose(cells, offsets, position=start, orientation=orientation), pool)
    assert volume.unit == "Gy"
    normal, right, down = normal_of(orientation), np.array(orientation[:3]), np.array(orientation[3:])
    for k, offset in enumerate(offsets):
        place = np.array((*start[:2], offset)) if absolute else start + offset * normal
        for y, x in ((0, 0), (2, 4), (1, 3)):
            index = volume.geometry.world_to_index(place + x * 0.5 * right + y * 0.8 * down)
            np.testing.assert_allclose(index, np.rint(index), atol=1e-6)
            i, j, z = np.rint(index).astype(int)
            assert volume.array[z, j, i] == pytest.approx(float(cells[k, y, x]) * 0.0025, rel=1e-6)


def test_a_relative_dose_has_no_unit(tmp_path: Path, pool: Pool) -> None:
    cells = np.full((2, 3, 4), 7, np.uint16)
    volume = read(tmp_path, dose(cells, [0, 3], DoseUnits="RELATIVE", DoseGridScaling="0.5"), pool)
    assert volume.unit == "" and float(volume.array.max()) == 3.5


@pytest.mark.parametrize("spoilt", [{"GridFrameOffsetVector": [0]}, {"GridFrameOffsetVector": None},
                                    {"DoseGridScaling": "0"}, {"NumberOfFrames": 999}])  # fmt: skip
def test_a_damaged_dose_is_an_image_or_a_sentence(tmp_path: Path, pool: Pool, spoilt: dict[str, Any]) -> None:
    ds = dose(np.ones((2, 3, 4), np.uint16), [0, 3])
    for keyword, value in spoilt.items():
        setattr(ds, keyword, value)
    (series,) = scan(save(tmp_path, [ds]), pool=pool).series
    assert series.volumes or series.findings


# -------------------------------------------------------------------- parametric maps


def parametric_map(values: np.ndarray, slope: float, intercept: float, unit: str, *, shared: bool = True) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = MAP, generate_uid(), "MR"
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = "1.2.3", "1.2.3.5", "1.2.3.9"
    code, mapping, wrapper, measures, turned, groups = (Dataset() for _ in range(6))
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", "unit"
    mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept = slope, intercept
    mapping.MeasurementUnitsCodeSequence = Items([code])
    wrapper.RealWorldValueMappingSequence = Items([mapping])
    measures.PixelSpacing, measures.SpacingBetweenSlices = [0.8, 0.5], 2.0
    turned.ImageOrientationPatient = list(AXIAL)
    groups.PixelMeasuresSequence, groups.PlaneOrientationSequence = Items([measures]), Items([turned])
    if shared:
        groups.RealWorldValueMappingSequence = Items([mapping])
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Items([groups]), Items()
    for k in range(len(values)):
        frame, place = Dataset(), Dataset()
        place.ImagePositionPatient = [1, 2, 2.0 * k]
        frame.PlanePositionSequence = Items([place])
        if not shared:
            frame.RealWorldValueMappingSequence = Items([mapping])
        ds.PerFrameFunctionalGroupsSequence.append(frame)
    ds.NumberOfFrames, ds.Rows, ds.Columns = values.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    bits = values.itemsize * 8
    ds.BitsAllocated = bits
    if values.dtype.kind == "f":
        setattr(ds, "FloatPixelData" if bits == 32 else "DoubleFloatPixelData", values.tobytes())
        return ds
    ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits - 1, 0
    ds.PixelData = values.tobytes()
    ds["PixelData"].VR = "OW"
    return ds


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16])
@pytest.mark.parametrize("shared", [True, False])
def test_a_parametric_map_has_its_real_values_and_its_unit(
    tmp_path: Path, pool: Pool, dtype: type, shared: bool
) -> None:
    stored = (np.random.default_rng(0).random((3, 4, 6)) * 1000).astype(dtype)
    slope, intercept = (1.0, 0.0) if np.dtype(dtype).kind == "f" else (0.125, -3.5)
    volume = read(tmp_path, parametric_map(stored, slope, intercept, "um2/s", shared=shared), pool)
    np.testing.assert_array_equal(volume.array, (stored * slope + intercept).astype(volume.dtype))
    assert volume.unit == "µm²/s" and volume.geometry.size == (6, 4, 3)
    assert volume.dtype == (np.float32 if dtype is np.uint16 else dtype)
    assert volume.geometry.spacing == pytest.approx((0.5, 0.8, 2.0)) and volume.geometry.origin == (1, 2, 0)


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("stated", [("slope",), ("intercept",), ()])
def test_what_of_a_mapping_is_not_stated_changes_nothing(tmp_path: Path, pool: Pool, stated: tuple[str, ...]) -> None:
    stored = (np.random.default_rng(0).random((2, 4, 6)) * 1000).astype(np.uint16)
    ds = parametric_map(stored, 0.5, -3.0, "mm2/s")
    mapping = ds.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence[0]
    if "slope" not in stated:
        del mapping.RealWorldValueSlope
    if "intercept" not in stated:
        del mapping.RealWorldValueIntercept
    volume = read(tmp_path, ds, pool)
    slope, intercept = 0.5 if "slope" in stated else 1.0, -3.0 if "intercept" in stated else 0.0
    np.testing.assert_array_equal(volume.array, stored * slope + intercept)
    assert volume.unit == "mm²/s" and "unscaled" not in [found.code for found in volume.findings]


@pytest.mark.hazard("H14")
@pytest.mark.parametrize("shared", [True, False])
def test_a_mapping_by_a_table_is_said_not_to_be_applied(tmp_path: Path, pool: Pool, shared: bool) -> None:
    stored = np.arange(24, dtype=np.uint16).reshape(1, 4, 6)
    ds = parametric_map(stored, 1.0, 0.0, "mm2/s", shared=shared)
    holder = (ds.SharedFunctionalGroupsSequence if shared else ds.PerFrameFunctionalGroupsSequence)[0]
    mapping = holder.RealWorldValueMappingSequence[0]
    del mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept
    mapping.RealWorldValueFirstValueMapped, mapping.RealWorldValueLastValueMapped = 0, 23
    mapping.RealWorldValueLUTData = [float(n) ** 2 for n in range(24)]
    volume = read(tmp_path, ds, pool)
    np.testing.assert_array_equal(volume.array, stored)
    (found,) = [one for one in volume.findings if one.code == "unscaled"]
    assert "table" in found.message and volume.unit == ""
