"""Geometry against the numbers that were planted (H01–H09, H43–H45)."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_making import (
    AXIAL,
    CORONAL,
    CR,
    CT,
    ENHANCED_CT,
    MR,
    NM,
    SAGITTAL,
    geometry_corners,
    save,
    slice_dataset,
    stack,
    world_corners,
)
from pellucid.dicom.headers import digests, read_record
from pellucid.dicom.read import read_plan
from pellucid.dicom.stack import Series, VolumePlan, build_series

Build = Callable[[Iterable[Dataset]], list[Series]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def build(slices: Iterable[Dataset]) -> list[Series]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        records = [read_record(path) for path in save(folder, slices)]
        found = [record for record in records if record is not None]
        answer = digests({"files": [(record.path, record.data_offset) for record in found]})
        return build_series(found, dict(zip([record.path for record in found], answer["digests"], strict=True)))

    return build


def only(series: list[Series]) -> VolumePlan:
    assert len(series) == 1 and len(series[0].volumes) == 1
    return series[0].volumes[0]


def codes(found: Series | VolumePlan) -> set[str]:
    return {finding.code for finding in found.findings}


def worst_corner(plan: VolumePlan, slices: list[Dataset]) -> float:
    return float(np.max(np.abs(geometry_corners(plan.geometry) - world_corners(slices))))


@pytest.mark.hazard("H04")
@pytest.mark.parametrize("orientation", [AXIAL, CORONAL, SAGITTAL, (0.8, 0.6, 0, -0.48, 0.64, 0.6)])
def test_a_plain_series_in_any_order_of_names_and_numbers(build: Build, orientation: tuple[float, ...]) -> None:
    stored, slices = stack(9, orientation=orientation)
    shuffled = slices[:]
    random.Random(3).shuffle(shuffled)
    for number, ds in enumerate(shuffled):
        ds.InstanceNumber = 100 - number
    plan = only(build(shuffled))
    assert worst_corner(plan, slices) < 1e-6 and plan.findings == ()
    np.testing.assert_array_equal(read_plan(plan).array, stored - 1024)


def test_ascending_and_descending_stacks_become_the_same_volume(build: Build) -> None:
    stored, slices = stack(5)
    plan = only(build(slices))
    assert plan.geometry.origin == (-50.0, -60.0, 10.0) and plan.geometry.spacing == (0.5, 0.8, 2.5)
    other = stack(5, distances=[10.0 - k * 2.5 for k in range(5)])[1]
    for ds, values in zip(other, stored[::-1], strict=True):
        ds.PixelData = values.tobytes()
    again = only(build(other))
    assert again.geometry.same_grid(plan.geometry)
    np.testing.assert_array_equal(read_plan(again).array, stored - 1024)


@pytest.mark.hazard("H01")
@pytest.mark.parametrize("seed", range(12))
def test_missing_slices_are_said_and_every_slice_keeps_its_place(build: Build, seed: int) -> None:
    chance = random.Random(seed)
    stored, slices = stack(30, step=chance.choice([0.6, 1.25, 5.0]))
    gone = set(chance.sample(range(1, 29), chance.randint(1, 6)))
    kept = [k for k in range(30) if k not in gone]
    plan = only(build([slices[k] for k in kept]))
    assert worst_corner(plan, [slices[k] for k in kept]) <= 0.01
    assert "missing-slices" in codes(plan)
    number = "One slice" if len(gone) == 1 else f"{len(gone)} slices"
    assert any(number in finding.message for finding in plan.findings)
    assert plan.geometry.slice_positions is not None and plan.geometry.voxel_volume is None
    np.testing.assert_array_equal(read_plan(plan).array, stored[kept] - 1024)


@pytest.mark.hazard("H02")
@pytest.mark.parametrize("seed", range(20))
def test_uneven_spacing_keeps_true_positions(build: Build, seed: int) -> None:
    steps = np.random.default_rng(seed).uniform(0.7, 6.0, 12)
    _, slices = stack(13, distances=[0.0, *np.cumsum(steps)])
    plan = only(build(slices))
    assert worst_corner(plan, slices) <= 0.01
    assert codes(plan) & {"uneven-spacing", "missing-slices"}


def test_rounded_positions_alarm_nobody(build: Build) -> None:
    jitter = np.random.default_rng(1).uniform(-0.01, 0.01, 40)
    _, slices = stack(40, distances=np.arange(40) * 3.27 + jitter)
    plan = only(build(slices))
    assert {finding.severity for finding in plan.findings} <= {"info"} and plan.geometry.is_even
    assert worst_corner(plan, slices) <= 0.03


@pytest.mark.hazard("H03")
@pytest.mark.parametrize("angle", [0.1, 0.5, 2.0, 14.0, 30.0])
def test_gantry_tilt_is_kept_and_named(build: Build, angle: float) -> None:
    drift = 2.5 * np.tan(np.radians(angle))
    _, slices = stack(20, drift=(0.0, drift, 0.0))
    plan = only(build(slices))
    assert worst_corner(plan, slices) <= 0.01
    assert "tilt" in codes(plan)
    assert any(f"{angle:.1f}°" in finding.message for finding in plan.findings)


def test_a_drift_too_small_to_see_is_kept_silently(build: Build) -> None:
    _, slices = stack(20, drift=(0.0, 0.002, 0.0))
    plan = only(build(slices))
    assert plan.findings == () and worst_corner(plan, slices) <= 0.01


def test_tilted_and_missing_at_once(build: Build) -> None:
    _, slices = stack(12, drift=(0.0, 0.6, 0.0))
    del slices[4:6]
    plan = only(build(slices))
    assert worst_corner(plan, slices) <= 0.01 and {"tilt", "missing-slices"} <= codes(plan)


def test_slices_off_the_line_are_said(build: Build) -> None:
    _, slices = stack(10)
    slices[4].ImagePositionPatient = [-49.7, -60, 20]
    assert any("sideways" in finding.message for finding in only(build(slices)).findings)


@pytest.mark.hazard("H45")
@pytest.mark.parametrize("skew", [2e-3, 0.05, 0.1])
def test_axes_that_are_not_square_are_kept_and_said(build: Build, skew: float) -> None:
    _, slices = stack(4, orientation=(1, 0, 0, skew, float(np.sqrt(1 - skew**2)), 0))
    plan = only(build(slices))
    assert "not-orthogonal" in codes(plan) and worst_corner(plan, slices) <= 1e-6


def test_axes_that_are_nearly_square_alarm_nobody(build: Build) -> None:
    _, slices = stack(4, orientation=(1, 0, 0, 5e-4, 1, 0))
    assert only(build(slices)).findings == ()


@pytest.mark.hazard("H07")
@pytest.mark.parametrize("count", [2, 3])
def test_mixed_orientations_become_volumes_of_their_own(build: Build, count: int) -> None:
    parts = [stack(3 + k, orientation=(AXIAL, CORONAL, SAGITTAL)[k], seed=k) for k in range(count)]
    mixed = [ds for _, slices in parts for ds in slices]
    random.Random(0).shuffle(mixed)
    (series,) = build(mixed)
    assert "several-orientations" in codes(series) and len(series.volumes) == count
    for stored, slices in parts:
        plan = next(plan for plan in series.volumes if len(plan.frames) == len(slices))
        assert worst_corner(plan, slices) <= 1e-6
        np.testing.assert_array_equal(read_plan(plan).array, stored - 1024)


@pytest.mark.hazard("H07")
def test_a_localiser_in_front_of_a_stack(build: Build) -> None:
    _, slices = stack(10)
    scout = stack(1, orientation=SAGITTAL, size=(8, 9))[1]
    (series,) = build([*scout, *slices])
    assert sorted(len(plan.frames) for plan in series.volumes) == [1, 10]
    assert {"several-orientations", "mixed-size"} <= codes(series)


def test_another_pixel_spacing_is_another_volume(build: Build) -> None:
    _, slices = stack(6)
    slices[2].PixelSpacing = [1.6, 1.0]
    (series,) = build(slices)
    assert sorted(len(plan.frames) for plan in series.volumes) == [1, 5] and "mixed-size" in codes(series)


@pytest.mark.hazard("H44")
def test_two_frames_of_reference_are_never_merged(build: Build) -> None:
    _, one = stack(4)
    _, two = stack(4, reference="1.2.3.10", origin=(-50, -60, 30))
    (series,) = build([*one, *two])
    assert [len(plan.frames) for plan in series.volumes] == [4, 4]
    assert {plan.geometry.frame_of_reference for plan in series.volumes} == {"1.2.3.9", "1.2.3.10"}
    assert "frame-of-reference" in codes(series)


def test_frames_of_reference_that_say_nothing_are_forgotten(build: Build) -> None:
    _, slices = stack(5)
    for k, ds in enumerate(slices):
        ds.FrameOfReferenceUID = f"1.2.3.{k + 1}"
    plan = only(build(slices))
    assert plan.geometry.frame_of_reference == "" and "frame-of-reference" in codes(plan)


def test_several_series_in_one_folder_are_all_listed(build: Build) -> None:
    slices = [ds for n in range(5) for ds in stack(3, series=f"1.2.3.{n}", seed=n)[1]]
    random.Random(1).shuffle(slices)
    assert sorted(series.uid for series in build(slices)) == [f"1.2.3.{n}" for n in range(5)]


TAGS: dict[str, Callable[[int], Any]] = {
    "TemporalPositionIdentifier": lambda k: k + 1,
    "EchoNumbers": lambda k: k + 1,
    "TriggerTime": lambda k: 25.5 * k,
    "AcquisitionTime": lambda k: f"1200{k:02d}.5",
    "InversionTime": lambda k: 100.0 * (k + 1),
}


@pytest.mark.hazard("H08")
@pytest.mark.parametrize("keyword", TAGS)
@pytest.mark.parametrize("times", [2, 7])
def test_repeated_positions_are_split_by_what_varies(build: Build, keyword: str, times: int) -> None:
    parts = [stack(4, seed=k, modality="MR", sop_class=MR, slope=None) for k in range(times)]
    mixed = []
    for k, (_, slices) in enumerate(parts):
        for z, ds in enumerate(slices):
            setattr(ds, keyword, TAGS[keyword](k))
            ds.InstanceNumber = z * times + (times - k)  # numbers run the other way round
            mixed.append(ds)
    random.Random(times).shuffle(mixed)
    (series,) = build(mixed)
    assert len(series.volumes) == times and len({plan.sequence for plan in series.volumes}) == 1
    assert series.volumes[0].sequence != "" and "several-volumes" in codes(series)
    order = range(times) if ("Time" in keyword and keyword != "InversionTime") or "Temporal" in keyword else None
    read = [read_plan(plan).array for plan in series.volumes]
    for k in order or ():
        np.testing.assert_array_equal(read[k], parts[k][0])
    assert {array.tobytes() for array in read} == {stored.tobytes() for stored, _ in parts}


@pytest.mark.hazard("H08")
def test_seventy_repetitions_without_any_telling_tag(build: Build) -> None:
    parts = [stack(2, seed=k, size=(3, 2)) for k in range(70)]
    mixed = []
    for k, (_, slices) in enumerate(parts):
        for z, ds in enumerate(slices):
            ds.InstanceNumber = 2 * k + z + 1
            mixed.append(ds)
    (series,) = build(mixed)
    assert len(series.volumes) == 70
    assert any("only by the order" in finding.message for finding in series.findings)
    np.testing.assert_array_equal(read_plan(series.volumes[41]).array, parts[41][0] - 1024)


def test_times_of_every_slice_of_its_own_go_before_instance_numbers(build: Build) -> None:
    """Every slice was taken at another second, and the later volume has the lower instance numbers."""
    mixed, stored = [], {}
    for time in (1, 2):
        stored[time], slices = stack(4, seed=time)
        for z, ds in enumerate(slices):
            ds.AcquisitionTime, ds.InstanceNumber = f"12{time:02d}{z:02d}", 10 - 5 * (time - 1) + z
            mixed.append(ds)
    (series,) = build(mixed)
    assert [plan.label for plan in series.volumes] == ["time 1", "time 2"]
    for time, plan in enumerate(series.volumes, start=1):
        np.testing.assert_array_equal(read_plan(plan).array, stored[time] - 1024)


@pytest.mark.parametrize("downwards", [False, True])
@pytest.mark.parametrize("stated", [False, True])
def test_the_tiles_of_a_mosaic_lie_where_the_headers_say(build: Build, downwards: bool, stated: bool) -> None:
    """Three tiles of 4 × 4 in a mosaic of 8 × 8, first tile at z = 10 mm, 5 mm between them.

    Where the slices go is ``stated`` by the slice normal of the image, or only by the list of the protocol.
    """
    tiles = np.arange(48, dtype=np.int16).reshape(3, 4, 4)
    whole = np.zeros((8, 8), np.int16)
    for n, tile in enumerate(tiles):
        whole[n // 2 * 4 : n // 2 * 4 + 4, n % 2 * 4 : n % 2 * 4 + 4] = tile
    sign = -1 if downwards else 1
    ds = slice_dataset(whole, position=(-8, -8, 10), spacing=(2, 2), intercept=0, modality="MR", sop_class=MR)
    ds.ImageType, ds.SpacingBetweenSlices = ["ORIGINAL", "PRIMARY", "M", "MOSAIC"], 5
    ds.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
    ds.add_new(0x0019100A, "US", 3)
    ds.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    heights = sorted(10 + 5 * sign * n for n in range(3))
    lines = [f"sSliceArray.asSlice[{n}].sPosition.dTra = {height}" for n, height in enumerate(heights)]
    if not stated:
        ds.add_new(0x00291020, "OB", ("\n".join(lines)).encode().ljust(200, b" "))
    else:
        ds.add_new(0x00291010, "OB", csa_element("SliceNormalVector", ["0.0", "0.0", f"{sign}.0"]))
    plan = only(build([ds]))
    assert plan.geometry.size == (4, 4, 3) and plan.geometry.spacing == pytest.approx((2, 2, 5))
    array = read_plan(plan).array
    for n, tile in enumerate(tiles):
        x, y, z = np.rint(plan.geometry.world_to_index(np.array([-4, -4, 10 + 5 * sign * n], float))).astype(int)
        assert (x, y) == (0, 0)
        np.testing.assert_array_equal(array[z], tile)


def csa_element(name: str, items: list[str]) -> bytes:
    """Return a Siemens CSA header (version 2) with one element."""
    body = name.encode().ljust(64, b"\0") + struct.pack("<i4siii", len(items), b"FD\0\0", 3, len(items), 77)
    for item in items:
        text = item.encode() + b"\0"
        body += struct.pack("<4i", *[len(text)] * 4) + text.ljust(-(-len(text) // 4) * 4, b"\0")
    return b"SV10\4\3\2\1" + struct.pack("<II", 1, 77) + body


def test_echoes_by_times_make_one_sequence_per_nothing_but_all_volumes(build: Build) -> None:
    mixed = []
    for echo in (1, 2):
        for time in (1, 2, 3):
            for ds in stack(3, seed=10 * echo + time)[1]:
                ds.EchoNumbers, ds.TemporalPositionIdentifier = echo, time
                mixed.append(ds)
    (series,) = build(mixed)
    assert len(series.volumes) == 6
    assert {plan.label for plan in series.volumes} == {f"echo {e}, time {t}" for e in (1, 2) for t in (1, 2, 3)}


def test_magnitude_and_phase_are_not_frames_of_one_image(build: Build) -> None:
    mixed = []
    for kind in ("M", "P"):
        for ds in stack(3, seed=ord(kind))[1]:
            ds.ImageType = ["ORIGINAL", "PRIMARY", kind]
            mixed.append(ds)
    (series,) = build(mixed)
    assert [plan.label for plan in series.volumes] == ["m", "p"]
    assert [plan.sequence for plan in series.volumes] == ["", ""]


def test_overlapping_acquisitions_are_two_volumes(build: Build) -> None:
    _, one = stack(6)
    _, two = stack(6, origin=(-50, -60, 20))
    for number, slices in ((4, one), (5, two)):
        for ds in slices:
            ds.AcquisitionNumber = number
    (series,) = build([*one, *two])
    assert [len(plan.frames) for plan in series.volumes] == [6, 6]


def test_exact_copies_are_dropped_and_said(build: Build) -> None:
    stored, slices = stack(5)
    copy = Dataset(slices[2])
    copy.file_meta = slices[2].file_meta
    plan = only(build([*slices, copy]))
    assert "duplicate-instance" in codes(plan) and worst_corner(plan, slices) <= 1e-6
    np.testing.assert_array_equal(read_plan(plan).array, stored - 1024)


@pytest.mark.hazard("H09")
def test_different_files_with_one_identity_are_never_chosen_silently(build: Build) -> None:
    stored, slices = stack(5)
    altered = slice_dataset(stored[2] + 7, position=(-50, -60, 15), number=3)
    altered.SOPInstanceUID = slices[2].SOPInstanceUID
    (series,) = build([*slices, altered])
    assert "conflicting-duplicate" in codes(series)
    assert [plan.label for plan in series.volumes] == ["copy 1", "copy 2"]
    first, second = (read_plan(plan).array for plan in series.volumes)
    np.testing.assert_array_equal(first, stored - 1024)
    stored[2] += 7
    np.testing.assert_array_equal(second, stored - 1024)


def test_images_that_only_their_files_tell_apart_are_not_a_film(build: Build) -> None:
    """One slice saved several times: three files share an identity, two have their own; five volumes."""
    made = [slice_dataset(np.full((4, 5), k, np.int16), number=1) for k in range(5)]
    for ds in made[1:3]:
        ds.SOPInstanceUID = made[0].SOPInstanceUID
    (series,) = build(made)
    assert sorted(int(read_plan(plan).array.max()) + 1024 for plan in series.volumes) == [0, 1, 2, 3, 4]
    assert {plan.sequence for plan in series.volumes} == {""}
    assert series.volumes[0].label.startswith("copy 1, s000") and len({p.label for p in series.volumes}) == 5
    assert {"conflicting-duplicate", "several-volumes"} <= codes(series)


@pytest.mark.hazard("H43")
def test_slices_without_positions_have_no_depth(build: Build) -> None:
    stored = np.random.default_rng(0).integers(0, 99, (4, 5, 6)).astype(np.int16)
    slices = [
        slice_dataset(stored[k], position=None, number=4 - k, SliceThickness=2.5, modality="MR", sop_class=MR)
        for k in range(4)
    ]
    plan = only(build(slices))
    assert plan.geometry.known_spacing == (True, True, False) and plan.geometry.is_planar
    assert "no-position" in codes(plan)
    np.testing.assert_array_equal(read_plan(plan).array, stored[::-1] - 1024)


def test_radiographs_are_pictures_of_their_own(build: Build) -> None:
    pixels = np.zeros((4, 5), np.uint16)
    slices = [
        slice_dataset(pixels, position=None, orientation=None, spacing=None, modality="CR", sop_class=CR,
                      ImagerPixelSpacing=[0.1, 0.2], number=k)
        for k in range(3)
    ]  # fmt: skip
    (series,) = build(slices)
    assert len(series.volumes) == 3 and "detector-spacing" in codes(series)
    geometry = series.volumes[0].geometry
    assert geometry.at_detector and geometry.spacing[:2] == (0.2, 0.1) and not geometry.oriented


@pytest.mark.hazard("H43")
def test_unknown_pixel_size_is_never_millimetres(build: Build) -> None:
    plan = only(build([slice_dataset(np.zeros((4, 5), np.uint8), spacing=None)]))
    assert not plan.geometry.has_lengths and "unknown-spacing" in codes(plan)


@pytest.mark.hazard("H06")
@pytest.mark.parametrize("between", [-2.5, 2.5, 99.0])
def test_the_sign_and_size_of_slice_spacing_do_not_matter_where_positions_are(build: Build, between: float) -> None:
    stored, slices = stack(6)
    for ds in slices:
        ds.SpacingBetweenSlices = between
    plan = only(build(slices))
    assert worst_corner(plan, slices) <= 1e-6 and plan.findings == ()
    np.testing.assert_array_equal(read_plan(plan).array, stored - 1024)


@pytest.mark.hazard("H06")
@pytest.mark.parametrize("between", [-3.0, 3.0])
def test_nuclear_medicine_slices_follow_the_signed_spacing(build: Build, between: float) -> None:
    stored = np.random.default_rng(5).integers(0, 99, (4, 3, 6)).astype(np.uint16)
    ds = slice_dataset(stored, position=None, orientation=None, modality="NM", sop_class=NM, slope=None)
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-1, -2, 50], list(AXIAL)
    ds.DetectorInformationSequence = Items([detector])
    ds.NumberOfFrames, ds.SpacingBetweenSlices = 4, between
    ds.FrameIncrementPointer, ds.SliceVector = 0x00540080, [1, 2, 3, 4]
    plan = only(build([ds]))
    first, last = plan.geometry.index_to_world(np.array([[0, 0, 0], [0, 0, 3]], float))
    np.testing.assert_allclose(last - first, [0, 0, 9.0], atol=1e-9)
    expected = stored if between > 0 else stored[::-1]
    np.testing.assert_array_equal(read_plan(plan).array, expected)
    assert first[2] == pytest.approx(50.0 if between > 0 else 41.0)


@pytest.mark.hazard("H06")
@pytest.mark.parametrize("between", [-3.0, 3.0])
def test_nuclear_medicine_slices_without_a_place_keep_the_sign_too(build: Build, between: float) -> None:
    stored = np.random.default_rng(6).integers(0, 99, (4, 3, 6)).astype(np.uint16)
    ds = slice_dataset(stored, position=None, orientation=None, modality="NM", sop_class=NM, slope=None)
    ds.NumberOfFrames, ds.SpacingBetweenSlices = 4, between
    ds.FrameIncrementPointer, ds.SliceVector = 0x00540080, [1, 2, 3, 4]
    plan = only(build([ds]))
    assert plan.geometry.spacing[2] == 3.0 and plan.geometry.known_spacing[2] and not plan.geometry.oriented
    np.testing.assert_array_equal(read_plan(plan).array, stored if between > 0 else stored[::-1])


def test_a_film_is_a_sequence_of_pictures(build: Build) -> None:
    stored = np.random.default_rng(2).integers(0, 255, (8, 4, 6)).astype(np.uint8)
    ds = slice_dataset(stored, position=None, orientation=None, spacing=None, modality="US", NumberOfFrames=8)
    del ds.RescaleSlope, ds.RescaleIntercept
    (series,) = build([ds])
    assert len(series.volumes) == 8 and len({plan.sequence for plan in series.volumes}) == 1
    np.testing.assert_array_equal(read_plan(series.volumes[5]).array[0], stored[5])


def enhanced(slices: list[Dataset], stored: np.ndarray, shuffle: int) -> Dataset:
    """Return the enhanced twin of classic slices: the same numbers in functional groups."""
    order = list(range(len(slices)))
    random.Random(shuffle).shuffle(order)
    ds = slice_dataset(stored[order], position=None, orientation=None, spacing=None, slope=None, sop_class=ENHANCED_CT)
    ds.NumberOfFrames = len(order)
    frames = []
    for k in order:
        frame, place, turn, measure, scale = (Dataset() for _ in range(5))
        place.ImagePositionPatient = slices[k].ImagePositionPatient
        turn.ImageOrientationPatient = slices[k].ImageOrientationPatient
        measure.PixelSpacing = slices[k].PixelSpacing
        scale.RescaleSlope, scale.RescaleIntercept = slices[k].RescaleSlope, slices[k].RescaleIntercept
        frame.PlanePositionSequence, frame.PlaneOrientationSequence = Items([place]), Items([turn])
        frame.PixelMeasuresSequence, frame.PixelValueTransformationSequence = Items([measure]), Items([scale])
        frames.append(frame)
    ds.PerFrameFunctionalGroupsSequence = Items(frames)
    return ds


@pytest.mark.hazard("H11")
@pytest.mark.parametrize("case", ["plain", "tilt", "missing", "slopes"])
def test_the_enhanced_twin_is_the_same_volume(build: Build, case: str) -> None:
    stored, slices = stack(8, drift=(0.0, 0.5 if case == "tilt" else 0.0, 0.0))
    if case == "missing":
        stored = np.delete(stored, 3, axis=0)
        del slices[3]
    if case == "slopes":
        for k, ds in enumerate(slices):
            ds.RescaleSlope, ds.RescaleIntercept = 0.5 + k, -k
    classic = only(build(slices))
    plan = only(build([enhanced(slices, stored, 4)]))
    assert plan.geometry == classic.geometry and codes(plan) == codes(classic)
    np.testing.assert_array_equal(read_plan(plan).array, read_plan(classic).array)


def test_the_sop_class_of_the_scout_does_not_matter(build: Build) -> None:
    assert only(build(stack(3, sop_class=CT)[1])).geometry == only(build(stack(3, sop_class=MR)[1])).geometry


def test_versions_of_one_image_on_different_grids(build: Build) -> None:
    _, slices = stack(3)
    altered = slice_dataset(np.zeros((6, 5), np.int16), spacing=(3.0, 3.0), number=9)
    altered.SOPInstanceUID = slices[1].SOPInstanceUID
    (series,) = build([*slices, altered])
    assert {"conflicting-duplicate", "mixed-size"} <= codes(series)
    assert sorted(len(plan.frames) for plan in series.volumes) == [1, 3]
