"""Segmentations become label maps: frames in any order, missing, overlapping, fractional, label maps; and spoilt ones.

The masks are made here and written by highdicom or bit by bit with pydicom: they are the oracle.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_judges import tool
from dicom_making import AXIAL, CORONAL, SAGITTAL, geometry_corners, normal_of, save, world_corners
from label_object_making import COLOURS, LABEL_MAP, NAMES, by_hand, by_highdicom, ct, frame
from pellucid.dicom.child import Pool
from pellucid.dicom.display_colours import srgb_of_lab
from pellucid.dicom.grid_fitting import fitted
from pellucid.dicom.read import read_plan
from pellucid.dicom.scan import scan
from pellucid.dicom.segmentation_objects import Segmentation, read_segmentation
from pellucid.model.findings import Refused
from pellucid.model.labels import Code

OBLIQUE = (0.8, 0.6, 0.0, -0.48, 0.64, 0.6)


def masks_of(*shape: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, shape).astype(np.uint8)


def read_of(folder: Path, ds: Dataset, pool: Pool) -> Segmentation:
    (path,) = save(folder, [ds])
    return read_segmentation(path, pool)


def codes(found: Segmentation) -> list[str]:
    return [finding.code for finding in found.findings]


@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, OBLIQUE])
def test_a_binary_segmentation_of_highdicom(tmp_path: Path, pool: Pool, orientation: tuple[float, ...]) -> None:
    slices = ct(tmp_path / "ct", orientation=orientation)
    masks = masks_of(5, 6, 5)
    by_highdicom(tmp_path / "seg.dcm", slices, masks)
    found = read_segmentation(tmp_path / "seg.dcm", pool)
    (labels,) = found.maps
    assert found.kind == "BINARY" and found.title == "Made" and found.findings == ()
    assert found.series == ("1.2.3.1",) and found.geometry.frame_of_reference == "1.2.3.9"
    np.testing.assert_array_equal(labels.array, masks)
    np.testing.assert_allclose(geometry_corners(found.geometry), world_corners(slices), atol=1e-5)
    (row,) = labels.labels
    assert (row.value, row.name, row.color) == (1, "Liver", "#DD8265")
    assert row.code == Code("SCT", "10200004", "Liver")


@pytest.mark.parametrize("rgb", [(221, 130, 101), (0, 0, 0), (255, 255, 255), (1, 254, 3), (76, 135, 211)])
def test_colours_come_back_as_they_were_given(rgb: tuple[int, int, int]) -> None:
    from highdicom.color import CIELabColor

    assert srgb_of_lab(CIELabColor.from_rgb(*rgb).value) == "#{:02X}{:02X}{:02X}".format(*rgb)
    assert srgb_of_lab([1, 2]) is None


def test_segments_that_overlap_lie_on_as_many_maps_as_they_need(tmp_path: Path, pool: Pool) -> None:
    slices = ct(tmp_path / "ct")
    masks = np.zeros((5, 6, 5, 3), np.uint8)
    masks[1:3, :3, :, 0] = 1
    masks[2:4, 2:, :, 1] = 1  # over the first
    masks[4, :, :, 2] = 1  # over neither
    by_highdicom(tmp_path / "seg.dcm", slices, masks, count=3)
    found = read_segmentation(tmp_path / "seg.dcm", pool)
    assert [[row.value for row in labels.labels] for labels in found.maps] == [[1, 3], [2]]
    assert [row.name for row in found.maps[0].labels] == [NAMES[0], NAMES[2]]
    assert [row.color for row in found.maps[1].labels] == ["#{:02X}{:02X}{:02X}".format(*COLOURS[1])]
    own = fitted(found.maps[0], found.geometry)
    assert own is not None
    for segment, place in ((1, 0), (2, 1), (3, 0)):
        there = np.zeros((5, 6, 5), bool)
        part = found.maps[place]
        first = round(float(found.geometry.origin[2] - slices[0].ImagePositionPatient[2]) / 2.5)
        there[first : first + part.shape[0]] = part.array == segment
        np.testing.assert_array_equal(there, masks[..., segment - 1] > 0)
    assert codes(found) == ["overlapping-labels"] and "2 label layers" in found.findings[0].message


def test_frames_in_any_order_and_slices_that_are_missing(tmp_path: Path, pool: Pool) -> None:
    masks = masks_of(4, 7, 3)
    places = [9, 0, 4, 9]  # slices of 2.5 mm, of segment 5, 2, 5 and 2
    frames = [frame(number, (1, 2, 3 + 2.5 * z)) for number, z in zip((5, 2, 5, 2), places, strict=True)]
    masks[0] &= 1 - masks[3]  # nothing overlaps
    found = read_of(tmp_path, by_hand(masks, frames, {2: "two", 5: "five"}), pool)
    (labels,) = found.maps
    expected = np.zeros((10, 7, 3), int)
    for mask, number, z in zip(masks, (5, 2, 5, 2), places, strict=True):
        expected[z][mask > 0] = number
    np.testing.assert_array_equal(labels.array, expected)
    assert found.geometry.origin == (1, 2, 3) and found.geometry.spacing == pytest.approx((0.5, 0.8, 2.5))
    assert found.geometry.slice_positions is None and found.findings == ()


def test_slices_of_no_common_distance_are_kept_where_they_are(tmp_path: Path, pool: Pool) -> None:
    frames = [frame(1, (0, 0, z)) for z in (0.0, 2.0, 3.3)]
    found = read_of(tmp_path, by_hand(masks_of(3, 4, 4), frames, {1: "a"}, between=None), pool)
    assert found.geometry.slice_positions == pytest.approx((0, 2, 3.3)) and codes(found) == ["uneven-spacing"]


@pytest.mark.hazard("H03")
def test_a_tilted_stack_keeps_its_shear(tmp_path: Path, pool: Pool) -> None:
    frames = [frame(1, (0, 0.5 * k, 2.0 * k)) for k in range(3)]
    found = read_of(tmp_path, by_hand(masks_of(3, 4, 4), frames, {1: "a"}, between=None), pool)
    assert found.geometry.index_to_world((0, 0, 2)) == pytest.approx((0, 1, 4)) and codes(found) == ["tilt"]


def test_bits_run_on_from_frame_to_frame(tmp_path: Path, pool: Pool) -> None:
    masks = masks_of(7, 3, 3)  # nine bits each: no frame but the first begins with a byte
    frames = [frame(1, (0, 0, float(k))) for k in range(7)]
    found = read_of(tmp_path, by_hand(masks, frames, {1: "a"}, between=1.0), pool)
    np.testing.assert_array_equal(found.maps[0].array, masks)


@pytest.mark.parametrize("syntax", ["+ti", "+tb", "+td"])
def test_other_encodings_give_the_same(tmp_path: Path, pool: Pool, syntax: str) -> None:
    masks = masks_of(3, 8, 6)
    ds = by_hand(masks, [frame(1, (0, 0, float(k))) for k in range(3)], {1: "Ж"}, between=1.0)
    ds.SpecificCharacterSet = "ISO_IR 192"
    (path,) = save(tmp_path, [ds])
    other = tmp_path / "other.dcm"
    subprocess.run([tool("dcmconv"), syntax, str(path), str(other)], capture_output=True, check=True)
    found = read_segmentation(other, pool)
    np.testing.assert_array_equal(found.maps[0].array, masks)
    assert found.maps[0].labels[0].name == "Ж"


def test_fractions_are_labels_from_one_half_and_an_image_from_0_to_1(tmp_path: Path, pool: Pool) -> None:
    slices = ct(tmp_path / "ct")
    fractions = np.random.default_rng(3).random((5, 6, 5)).astype(np.float32)
    fractions[0, 0, :2] = 0.5, 0.494
    path = tmp_path / "seg.dcm"
    by_highdicom(path, slices, fractions, "FRACTIONAL", max_fractional_value=200)
    ds = dcmread(path)
    heights = [float(g.PlanePositionSequence[0].ImagePositionPatient[2]) for g in ds.PerFrameFunctionalGroupsSequence]
    stored = ds.pixel_array[np.argsort(heights)]
    np.testing.assert_allclose(stored / 200, fractions, atol=1 / 200)
    assert 100 in stored and 99 in stored
    found = read_segmentation(path, pool)
    np.testing.assert_array_equal(found.maps[0].array, stored >= 100)
    assert found.kind == "FRACTIONAL" and codes(found) == ["fractional"]
    (series,) = scan([path], pool=pool).series
    (plan,) = series.volumes
    np.testing.assert_allclose(read_plan(plan, pool=pool).array, stored / 200, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_label_map_by_hand(tmp_path: Path, pool: Pool, dtype: type) -> None:
    high = 250 if dtype is np.uint8 else 40_000
    voxels = np.random.default_rng(0).choice([0, 3, high], (4, 6, 5)).astype(dtype)
    ds = by_hand(voxels, [frame(None, (0, 0, 2.5 * k)) for k in range(4)], {3: "a", high: "b"}, kind="LABELMAP")
    ds.SOPClassUID = LABEL_MAP
    found = read_of(tmp_path, ds, pool)
    np.testing.assert_array_equal(found.maps[0].array, voxels)
    assert [(row.value, row.name) for row in found.maps[0].labels] == [(3, "a"), (high, "b")]
    assert found.kind == "LABELMAP" and found.findings == ()


def test_a_label_map_of_highdicom(tmp_path: Path, pool: Pool) -> None:
    slices = ct(tmp_path / "ct")
    voxels = np.random.default_rng(0).integers(0, 4, (5, 6, 5)).astype(np.uint8)
    by_highdicom(tmp_path / "seg.dcm", slices, voxels, "LABELMAP", count=3)
    found = read_segmentation(tmp_path / "seg.dcm", pool)
    np.testing.assert_array_equal(found.maps[0].array, voxels)
    assert [row.name for row in found.maps[0].labels] == list(NAMES)


def test_a_label_map_whose_background_is_not_0(tmp_path: Path, pool: Pool) -> None:
    voxels = np.random.default_rng(0).choice([0, 3, 9], (2, 6, 5)).astype(np.uint8)
    ds = by_hand(voxels, [frame(None, (0, 0, 2.5 * k)) for k in range(2)], {0: "zero", 3: "three"}, kind="LABELMAP",
                 PixelPaddingValue=9)  # fmt: skip
    found = read_of(tmp_path, ds, pool)
    expected = np.where(voxels == 9, 0, np.where(voxels == 0, 9, voxels))
    np.testing.assert_array_equal(found.maps[0].array, expected)
    assert [(row.value, row.name) for row in found.maps[0].labels] == [(3, "three"), (9, "zero")]
    assert codes(found) == ["label-number"]


def test_a_picture_without_a_place_has_one_slice_for_all_segments(tmp_path: Path, pool: Pool) -> None:
    masks = np.zeros((2, 4, 6), np.uint8)
    masks[0, :2], masks[1, 2:] = 1, 1
    ds = by_hand(masks, [frame(1, None), frame(2, None)], {1: "a", 2: "b"}, orientation=None, between=None,
                 reference="")  # fmt: skip
    found = read_of(tmp_path, ds, pool)
    np.testing.assert_array_equal(found.maps[0].array[0], masks[0] + 2 * masks[1])
    assert not found.geometry.oriented


def test_frames_of_a_film_go_by_the_frame_they_are_of(tmp_path: Path, pool: Pool) -> None:
    masks, frames = masks_of(3, 4, 6), []
    for number in (4, 1, 2):
        groups, derivation, source = frame(1, None), Dataset(), Dataset()
        source.ReferencedFrameNumber = number
        derivation.SourceImageSequence = Items([source])
        groups.DerivationImageSequence = Items([derivation])
        frames.append(groups)
    ds = by_hand(masks, frames, {1: "a"}, orientation=None, between=None, reference="")
    found = read_of(tmp_path, ds, pool)
    expected = np.stack([masks[1], masks[2], np.zeros((4, 6)), masks[0]])
    np.testing.assert_array_equal(found.maps[0].array, expected)


# -------------------------------------------------------------------- onto the grid of an image


def test_labels_go_onto_the_image_voxel_by_voxel_or_not_at_all(tmp_path: Path, pool: Pool) -> None:
    slices = ct(tmp_path / "ct", count=8, orientation=OBLIQUE)
    (series,) = scan([tmp_path / "ct"], pool=pool).series
    geometry = series.volumes[0].geometry
    right, down, normal = np.array(OBLIQUE[:3]), np.array(OBLIQUE[3:]), normal_of(OBLIQUE)
    start = np.array(slices[0].ImagePositionPatient, float) + 1 * 0.5 * right + 2 * 0.8 * down + 3 * 2.5 * normal
    masks = np.ones((2, 3, 4), np.uint8)
    frames = [frame(1, start + z * 2.5 * normal) for z in (0, 2)]
    found = read_of(tmp_path / "a", by_hand(masks, frames, {1: "a"}, orientation=OBLIQUE), pool)
    placed = fitted(found.maps[0], geometry)
    assert placed is not None and placed.geometry is geometry
    expected = np.zeros((8, 6, 5), np.uint8)
    expected[[3, 5], 2:5, 1:5] = 1
    np.testing.assert_array_equal(placed.array, expected)
    for aside in (0.2 * right, 0.6 * normal, 30 * normal, 3 * right):  # between voxels, or outside
        moved = [frame(1, start + z * 2.5 * normal + aside) for z in (0, 2)]
        other = read_of(tmp_path / "b", by_hand(masks, moved, {1: "a"}, orientation=OBLIQUE), pool)
        assert fitted(other.maps[0], geometry) is None
    coarse = by_hand(masks, frames, {1: "a"}, orientation=OBLIQUE, spacing=(0.8, 0.6))
    assert fitted(read_of(tmp_path / "c", coarse, pool).maps[0], geometry) is None
    turned = by_hand(masks, frames, {1: "a"}, orientation=(*OBLIQUE[3:], *OBLIQUE[:3]))
    assert fitted(read_of(tmp_path / "d", turned, pool).maps[0], geometry) is None


# -------------------------------------------------------------------- spoilt


def plain(**more: object) -> Dataset:
    return by_hand(masks_of(3, 8, 8), [frame(1, (0, 0, 2.5 * k)) for k in range(3)], {1: "a"}, **more)


@pytest.mark.hazard("H19")
def test_a_file_cut_short_says_so(tmp_path: Path, pool: Pool) -> None:
    ds = plain()
    kept = np.unpackbits(np.frombuffer(ds.PixelData, np.uint8), bitorder="little")[:192].reshape(3, 8, 8)
    (path,) = save(tmp_path, [ds])
    path.write_bytes(path.read_bytes()[:-10])
    found = read_segmentation(path, pool)
    assert codes(found) == ["unreadable-file"] and "2 frames" in found.findings[0].message
    np.testing.assert_array_equal(found.maps[0].array[0], kept[0])
    assert not found.maps[0].array[1:].any()
    path.write_bytes(path.read_bytes()[:-14])
    with pytest.raises(Refused, match="missing"):
        read_segmentation(path, pool)


@pytest.mark.hazard("H21")
def test_lying_counts(tmp_path: Path, pool: Pool) -> None:
    ds = plain()
    ds.NumberOfFrames = 900
    found = read_of(tmp_path / "a", ds, pool)
    assert found.maps[0].array.shape == (3, 8, 8) and "no-position" in codes(found)
    ds.NumberOfFrames = 2_000_000_000
    with pytest.raises(Refused, match="declares 2000000000 frames but holds the pixels of 3"):
        read_of(tmp_path / "b", ds, pool)
    ds = plain(Rows=65535, Columns=65535)
    with pytest.raises(Refused, match="missing"):
        read_of(tmp_path / "c", ds, pool)


def test_segments_that_are_not_described_and_frames_that_belong_to_none(tmp_path: Path, pool: Pool) -> None:
    masks = masks_of(3, 4, 4)
    frames = [frame(1, (0, 0, 0)), frame(7, (0, 0, 2.5)), frame(None, (0, 0, 5))]
    found = read_of(tmp_path, by_hand(masks, frames, {1: "a", 2: "b"}), pool)
    assert [row.name for row in found.maps[0].labels] == ["a", "b", "Segment 7"]
    np.testing.assert_array_equal(found.maps[0].array[1], masks[1] * 7)
    assert codes(found) == ["unknown-segment", "unknown-segment"]


@pytest.mark.parametrize("keyword", [
    "SegmentSequence", "SegmentationType", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "NumberOfFrames", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel",
    "PhotometricInterpretation", "FrameOfReferenceUID", "SeriesInstanceUID",
])  # fmt: skip
def test_a_missing_element_is_borne_or_said(tmp_path: Path, pool: Pool, keyword: str) -> None:
    ds = plain()
    delattr(ds, keyword)
    try:
        found = read_of(tmp_path, ds, pool)
    except Refused as refusal:
        assert str(refusal).endswith(".")
    else:
        assert found.maps and found.maps[0].labels


@pytest.mark.parametrize("keyword", ["Rows", "PixelData", "SOPClassUID"])
def test_without_pixels_or_class_it_is_refused(tmp_path: Path, pool: Pool, keyword: str) -> None:
    ds = plain()
    ds.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2" if keyword == "SOPClassUID" else ds.SOPClassUID
    delattr(ds, keyword)
    path = tmp_path / "a.dcm"
    ds.save_as(path, enforce_file_format=False)
    with pytest.raises(Refused):
        read_segmentation(path, pool)


def test_frames_of_several_directions_tiles_and_far_slices_are_refused_or_kept(tmp_path: Path, pool: Pool) -> None:
    tiles = [frame(1, (0, 0, 0)), frame(1, (4, 0, 0))]
    with pytest.raises(Refused, match="tiles"):
        read_of(tmp_path, by_hand(masks_of(2, 4, 4), tiles, {1: "a"}), pool)
    turned = Dataset()
    turned.ImageOrientationPatient = list(CORONAL)
    other = frame(1, (0, 0, 2.5))
    other.PlaneOrientationSequence = Items([turned])
    with pytest.raises(Refused, match="different directions"):
        read_of(tmp_path, by_hand(masks_of(2, 4, 4), [frame(1, (0, 0, 0)), other], {1: "a"}), pool)
    far = [frame(1, (0, 0, z)) for z in (0, 0.5, 900_000)]
    found = read_of(tmp_path, by_hand(masks_of(3, 4, 4), far, {1: "a"}, between=0.5), pool)
    assert found.geometry.size[2] == 3  # not two million empty slices


def test_what_is_no_segmentation_is_refused(tmp_path: Path, pool: Pool) -> None:
    ct(tmp_path / "ct", count=1)
    (tmp_path / "text.dcm").write_text("no DICOM at all")
    (tmp_path / "empty.dcm").write_bytes(b"")
    for path in (next((tmp_path / "ct").iterdir()), tmp_path / "text.dcm", tmp_path / "empty.dcm", tmp_path / "no.dcm"):
        with pytest.raises(Refused, match="no DICOM segmentation"):
            read_segmentation(path, pool)
