"""Repeated positions (H08): k × n grids in any order, classic and enhanced, by whatever varies; and by choice."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from dicom_making import AXIAL, CORONAL, MR, NM, put_pixels, save, slice_dataset, stack
from pellucid.dicom.child import Pool
from pellucid.dicom.dimension_tags import DIMENSIONS
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.resplit import Splittable, read_splittable
from pellucid.dicom.scan import scan
from pellucid.dicom.splitting import AUTOMATIC, Splitting, names_of, parse_place, place_of
from pellucid.dicom.stack import Series, sequences
from pellucid.files.sources import read_source
from pellucid.model.findings import Refused
from pellucid.model.layer import Source

ENHANCED_MR = "1.2.840.10008.5.1.4.1.1.4.1"
Found = Callable[[Iterable[Dataset]], Splittable]


@pytest.fixture
def found(tmp_path: Path, pool: Pool) -> Found:
    def found(datasets: Iterable[Dataset]) -> Splittable:
        paths = save(tmp_path / "series", datasets)
        (series,) = scan(paths, pool=pool).series
        return read_splittable(series.files, series.uid, pool=pool)

    return found


CLASSIC: dict[str, Callable[[int], Any]] = {
    "EchoNumbers": lambda k: k + 1,
    "EchoTime": lambda k: 4.6 * (k + 1),
    "TemporalPositionIdentifier": lambda k: k + 1,
    "TriggerTime": lambda k: 12.5 * k,
    "DiffusionBValue": lambda k: 50.0 * k,
    "InversionTime": lambda k: 90.0 * (k + 1),
    "FlipAngle": lambda k: 2 + k,
    "FrameReferenceTime": lambda k: 1000.0 * k,
    "KVP": lambda k: 70 + k,
    "NominalPercentageOfCardiacPhase": lambda k: float(k),
    "AcquisitionNumber": lambda k: k + 1,
    "ConvolutionKernel": lambda k: f"Br{k}",
}
FRAMES = {"KVP": False, "ConvolutionKernel": False}
"""Those whose values are images of their own; all others are the frames of one."""


def grid(keyword: str, k: int, n: int, seed: int = 0) -> tuple[list[np.ndarray], list[Dataset]]:
    """Return k volumes of n slices, and their files in any order, with instance numbers that tell nothing."""
    parts = [stack(n, seed=1000 * seed + m, modality="MR", sop_class=MR, size=(3, 2), slope=None) for m in range(k)]
    files = []
    for m, (_, slices) in enumerate(parts):
        for ds in slices:
            setattr(ds, keyword, CLASSIC[keyword](m))
            files.append(ds)
    chance = random.Random(k * n + seed)
    chance.shuffle(files)
    for number, ds in enumerate(files):
        ds.InstanceNumber = number + 1
    return [stored for stored, _ in parts], files


def told(series: Series) -> set[tuple[str, int]]:
    return {(value.tag.keyword, value.tag.number) for plan in series.volumes for value in plan.values}


@pytest.mark.hazard("H08")
@pytest.mark.parametrize(("k", "n"), [(2, 5), (3, 2), (7, 3), (23, 2), (70, 2)])
@pytest.mark.parametrize("keyword", CLASSIC)
def test_k_by_n_files_are_exactly_k_volumes_and_the_tag_is_named(found: Found, keyword: str, k: int, n: int) -> None:
    stored, files = grid(keyword, k, n)
    series = found(files).split()
    tag = files[0].data_element(keyword).tag
    assert len(series.volumes) == k and told(series) == {(keyword, int(tag))}
    assert len({plan.sequence for plan in series.volumes} - {""}) == int(FRAMES.get(keyword, True))
    (said,) = [f.message for f in series.findings if f.code == "several-volumes"]
    assert f"{keyword} ({tag.group:04x},{tag.element:04x})" in said and f" {k} volumes" in said
    read = {read_plan(plan).array.tobytes() for plan in series.volumes}
    assert read == {volume.tobytes() for volume in stored}


def enhanced(k: int, n: int, put: Callable[[Dataset, int], None], seed: int) -> tuple[list[np.ndarray], Dataset]:
    """Return k volumes of n slices, and one enhanced file of all frames in any order."""
    values = np.random.default_rng(seed).integers(0, 2000, (k, n, 3, 2)).astype(np.uint16)
    frames = [(m, z) for m in range(k) for z in range(n)]
    random.Random(seed).shuffle(frames)
    ds = slice_dataset(values[0, 0], position=None, orientation=None, spacing=None, modality="MR",
                       sop_class=ENHANCED_MR, slope=None)  # fmt: skip
    put_pixels(ds, np.stack([values[m, z] for m, z in frames]))
    ds.NumberOfFrames = len(frames)
    shared, measures, plane = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness, plane.ImageOrientationPatient = [0.8, 0.5], 2.5, list(AXIAL)
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Items([measures]), Items([plane])
    ds.SharedFunctionalGroupsSequence = Items([shared])
    per_frame = []
    for m, z in frames:
        groups, position = Dataset(), Dataset()
        position.ImagePositionPatient = [-50, -60, 10 + 2.5 * z]
        groups.PlanePositionSequence = Items([position])
        put(groups, m)
        per_frame.append(groups)
    ds.PerFrameFunctionalGroupsSequence = Items(per_frame)
    return list(values.astype(np.uint16)), ds


def inside(sequence: str, keyword: str, value: Callable[[int], Any]) -> Callable[[Dataset, int], None]:
    def put(groups: Dataset, m: int) -> None:
        item = Dataset()
        setattr(item, keyword, value(m))
        setattr(groups, sequence, Items([item]))

    return put


ENHANCED: dict[str, Callable[[Dataset, int], None]] = {
    keyword: inside(sequence, keyword, value)
    for sequence, keyword, value in (
        ("FrameContentSequence", "TemporalPositionIndex", lambda m: m + 1),
        ("MREchoSequence", "EffectiveEchoTime", lambda m: 2.3 * (m + 1)),
        ("MRDiffusionSequence", "DiffusionBValue", lambda m: 100.0 * m),
        ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", lambda m: 33.0 * m),
        ("CardiacSynchronizationSequence", "NominalPercentageOfCardiacPhase", lambda m: float(m)),
        ("RespiratorySynchronizationSequence", "NominalPercentageOfRespiratoryPhase", lambda m: float(m)),
        ("MRModifierSequence", "InversionTimes", lambda m: 80.0 * (m + 1)),
        ("MRTimingAndRelatedParametersSequence", "FlipAngle", lambda m: 3 + m),
        ("TemporalPositionSequence", "TemporalPositionTimeOffset", lambda m: 2.0 * m),
        ("CTXRayDetailsSequence", "KVP", lambda m: 70 + m),
    )
}


@pytest.mark.hazard("H08")
@pytest.mark.hazard("H11")
@pytest.mark.parametrize(("k", "n"), [(2, 5), (7, 3), (70, 2)])
@pytest.mark.parametrize("keyword", ENHANCED)
def test_the_same_in_the_functional_groups_of_one_file(found: Found, keyword: str, k: int, n: int) -> None:
    stored, ds = enhanced(k, n, ENHANCED[keyword], seed=k + n)
    series = found([ds]).split()
    assert len(series.volumes) == k and [name for name, _ in told(series)] == [keyword]
    assert all(plan.geometry.size[2] == n and plan.geometry.spacing[2] == pytest.approx(2.5) for plan in series.volumes)
    read = [read_plan(plan).array for plan in series.volumes]
    assert {array.astype(np.uint16).tobytes() for array in read} == {volume.tobytes() for volume in stored}


@pytest.mark.hazard("H08")
def test_frames_say_their_value_with_its_unit(found: Found) -> None:
    _, files = grid("EchoTime", 3, 2)
    plans = found(files).split().volumes
    assert sorted(plan.acquisition.extra["frame_value"] for plan in plans) == ["TE 13.8 ms", "TE 4.6 ms", "TE 9.2 ms"]


PRIVATE: dict[str, Callable[[Dataset, int], None]] = {
    "Slop_int_6": lambda ds, b: (ds.add_new(0x00430010, "LO", "GEMS_PARM_01"),
                                 ds.add_new(0x00431039, "IS", [10**9 + b, 8, 0, 0])),
    "B_value": lambda ds, b: (ds.add_new(0x00190010, "LO", "SIEMENS MR HEADER"), ds.add_new(0x0019100C, "IS", b)),
    "DiffusionBFactor": lambda ds, b: (ds.add_new(0x20010010, "LO", "Philips Imaging DD 001"),
                                       ds.add_new(0x20011003, "FL", float(b))),
}  # fmt: skip


@pytest.mark.hazard("H08")
@pytest.mark.parametrize("keyword", PRIVATE)
def test_b_values_of_three_makers(found: Found, keyword: str) -> None:
    files = []
    for m, b in enumerate((0, 500, 1000)):
        for ds in stack(3, seed=m, modality="MR", sop_class=MR)[1]:
            PRIVATE[keyword](ds, b)
            files.append(ds)
    series = found(files).split()
    assert [plan.label for plan in series.volumes] == ["b 0", "b 500", "b 1000"]
    assert {name for name, _ in told(series)} == {keyword}


# ---------------------------------------------------------------- by choice


def echoes_by_times(found: Found, echoes: int = 2, times: int = 3) -> tuple[dict[tuple[int, int], Any], Splittable]:
    stored, files = {}, []
    for echo in range(echoes):
        for time in range(times):
            stored[echo, time], slices = stack(4, seed=10 * echo + time, modality="MR", sop_class=MR, slope=None)
            for ds in slices:
                ds.EchoTime, ds.TemporalPositionIdentifier = 5.0 * (echo + 1), time + 1
                files.append(ds)
    random.Random(4).shuffle(files)
    return stored, found(files)


def shape(series: Series) -> list[int]:
    return [len(plans) for plans in sequences(series)]


def test_what_varies_is_listed_with_counts_and_values(found: Found) -> None:
    _, splittable = echoes_by_times(found)
    rows = {row.tag.keyword: row for row in splittable.varying}
    assert rows["EchoTime"].count == 2 and rows["EchoTime"].values == ("TE 5 ms", "TE 10 ms")
    assert rows["TemporalPositionIdentifier"].count == 3 and splittable.kinds == 1
    assert splittable.outcome() == "One image, 6 frames each, 4 slices"


@pytest.mark.parametrize(
    ("choice", "images"),
    [
        (AUTOMATIC, [6]),
        (Splitting(("echo time",), apart=True), [3, 3]),
        (Splitting(("temporal",), apart=True), [2, 2, 2]),
        (Splitting(("temporal", "echo time"), apart=True), [1] * 6),
        (Splitting(("temporal",)), [6]),
    ],
)
def test_frames_of_one_layer_or_volumes_by_a_chosen_tag(found: Found, choice: Splitting, images: list[int]) -> None:
    stored, splittable = echoes_by_times(found)
    series = splittable.split(choice)
    assert shape(series) == images and series.splitting == choice
    if choice.by == ("echo time",):
        for echo, plans in enumerate(sequences(series)):
            for time, volume in enumerate(read_sequence(plans)):
                np.testing.assert_array_equal(volume.array, stored[echo, time])
                assert volume.acquisition.extra["frame_value"].startswith(f"TE {5 * (echo + 1)} ms")


def test_merging_again_is_the_series_as_it_was_found(found: Found) -> None:
    _, splittable = echoes_by_times(found)
    splittable.split(Splitting(("echo time",), apart=True))
    assert shape(splittable.split(AUTOMATIC)) == [6]


def test_images_that_are_apart_by_themselves_can_be_frames(found: Found) -> None:
    _, files = grid("KVP", 2, 4)
    splittable = found(files)
    assert shape(splittable.split()) == [1, 1]
    assert shape(splittable.split(Splitting(("energy",)))) == [2]


def test_a_tag_that_varies_along_the_stack_makes_volumes_but_no_frames(found: Found) -> None:
    _, files = stack(9, modality="MR", sop_class=MR)
    for z, ds in enumerate(files):
        ds.AcquisitionNumber = 1 + z // 5
    splittable = found(files)
    series = splittable.split(Splitting(("acquisition",), apart=True))
    assert [plan.geometry.size[2] for plan in series.volumes] == [5, 4]
    with pytest.raises(Refused, match="cannot be frames of one layer: by acquisition number, some have 5"):
        splittable.split(Splitting(("acquisition",)))


def test_frames_at_different_places_are_refused(found: Found) -> None:
    _, files = stack(8, modality="MR", sop_class=MR)
    for z, ds in enumerate(files):
        ds.AcquisitionNumber = 1 + z // 4
    with pytest.raises(Refused, match="they lie at different places"):
        found(files).split(Splitting(("acquisition",)))


def test_a_tag_that_varies_nowhere_is_refused(found: Found) -> None:
    _, splittable = echoes_by_times(found)
    with pytest.raises(Refused, match="cannot be split by inversion time"):
        splittable.split(Splitting(("inversion time",), apart=True))


def test_the_choice_is_found_again_by_the_detail_of_a_layer(tmp_path: Path, pool: Pool, found: Found) -> None:
    stored, splittable = echoes_by_times(found)
    choice = Splitting(("echo time",), apart=True)
    paths = tuple(record.path for record in splittable.records)
    for echo in (0, 1):
        detail = f"{splittable.uid}|{place_of(echo, choice)}"
        frames = read_source(Source("dicom", paths, detail), pool=pool)
        for time, volume in enumerate(frames):
            np.testing.assert_array_equal(volume.array, stored[echo, time])
    assert len(read_source(Source("dicom", paths, f"{splittable.uid}|0"), pool=pool)) == 6


def test_a_scan_splits_as_it_was_chosen(tmp_path: Path, pool: Pool, found: Found) -> None:
    _, splittable = echoes_by_times(found)
    choice = Splitting(("temporal",), apart=True)
    (series,) = scan([tmp_path], pool=pool, splittings={splittable.uid: choice}).series
    assert shape(series) == [2, 2, 2]


@pytest.mark.parametrize("choice", [AUTOMATIC, Splitting(("echo", "temporal"), True), Splitting(("diffusion",)),
                                    Splitting((), False, True), Splitting(("trigger",), True, True)])  # fmt: skip
def test_a_choice_is_written_and_read(choice: Splitting) -> None:
    assert parse_place(place_of(7, choice)) == (7, choice)


@pytest.mark.parametrize("text", ["", "x", "1@what", "1@apart=nothing", "-1", "1@apart=", "1@frames=echo,more"])
def test_a_damaged_choice_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="does not say how a series is to be split"):
        parse_place(text)


@pytest.mark.parametrize("said", ["EchoTime", "echotime", "0018,0081", "(0018,0081)", "00180081", "echo time"])
def test_tags_are_named_by_keyword_number_or_words(said: str) -> None:
    assert names_of([said]) == ("echo time",)


def test_every_dimension_has_words_and_tags_that_are_its_own() -> None:
    numbers = [tag.number for named in DIMENSIONS.values() for tag in named.tags]
    assert len(numbers) == len(set(numbers))


# ---------------------------------------------------------------- merging what is on one grid


def two_kinds(second: dict[str, Any], count: int = 3) -> list[Dataset]:
    _, first = stack(count)
    _, other = stack(count, origin=(-50.0, -60.0, 10.0 + 2.5 * count), seed=5, **second)
    return [*first, *other]


@pytest.mark.hazard("H07")
def test_groups_that_make_one_grid_are_merged(found: Found) -> None:
    tiny = (1.0, 0.0, 0.0, 0.0, float(np.cos(0.002)), float(np.sin(0.002)))
    splittable = found(two_kinds({"orientation": tiny}))
    assert splittable.kinds == 2 and splittable.why_not_merged == "" and len(splittable.split().volumes) == 2
    (plan,) = splittable.split(Splitting(merged=True)).volumes
    assert plan.geometry.size == (5, 6, 6)
    assert any("no pixel is more than" in f.message for f in plan.findings)


@pytest.mark.hazard("H44")
def test_merging_frames_of_reference_is_a_warning(found: Found) -> None:
    splittable = found(two_kinds({"reference": "1.2.3.10"}))
    (plan,) = splittable.split(Splitting(merged=True)).volumes
    (said,) = [f for f in plan.findings if f.code == "merged-by-choice"]
    assert said.severity == "warning" and "2 frames of reference" in said.message


@pytest.mark.hazard("H07")
@pytest.mark.parametrize(
    ("second", "why"),
    [
        ({"orientation": CORONAL}, "their planes differ by up to 90.0°"),
        ({"size": (7, 5)}, r"the images differ in size \(5×6, 5×7 pixels\)"),
        ({"spacing": (0.8, 0.6)}, "their pixels differ in size"),
    ],
)
def test_what_makes_no_grid_says_why(found: Found, second: dict[str, Any], why: str) -> None:
    splittable = found(two_kinds(second))
    assert splittable.kinds == 2
    with pytest.raises(Refused, match=why):
        splittable.split(Splitting(merged=True))


def test_pictures_of_one_size_can_be_the_frames_of_one(found: Found) -> None:
    pictures = [slice_dataset(np.full((4, 4), n, np.uint16), position=None, orientation=None, number=n, modality="US",
                              sop_class="1.2.840.10008.5.1.4.1.1.6.1", slope=None) for n in (3, 1, 2)]  # fmt: skip
    splittable = found(pictures)
    assert shape(splittable.split()) == [1, 1, 1]
    series = splittable.split(Splitting(merged=True))
    assert shape(series) == [3]
    assert [int(volume.array[0, 0, 0]) for volume in read_sequence(sequences(series)[0])] == [1, 2, 3]


# ---------------------------------------------------------------- nuclear medicine


def gated(pointer: Sequence[int], **vectors: Sequence[int]) -> Dataset:
    count = len(next(iter(vectors.values())))
    pixels = np.arange(count, dtype=np.uint16)[:, None, None] * np.ones((count, 3, 2), np.uint16)
    ds = slice_dataset(pixels, position=None, orientation=None, modality="NM", sop_class=NM, slope=None)
    ds.NumberOfFrames, ds.FrameIncrementPointer = count, list(pointer)
    for keyword, values in vectors.items():
        setattr(ds, keyword, list(values))
    return ds


@pytest.mark.hazard("H08")
@pytest.mark.parametrize("placed", [False, True])
def test_gated_slices_are_a_volume_for_each_time_slot(found: Found, placed: bool) -> None:
    slots, slices = [t for t in (1, 2, 3) for _ in range(4)], [*range(1, 5)] * 3
    ds = gated([0x00540070, 0x00540080], TimeSlotVector=slots, SliceVector=slices)
    ds.SpacingBetweenSlices = 4.0
    if placed:
        detector = Dataset()
        detector.ImagePositionPatient, detector.ImageOrientationPatient = [0, 0, 0], list(AXIAL)
        ds.DetectorInformationSequence = Items([detector])
    series = found([ds]).split()
    assert shape(series) == [3] and {name for name, _ in told(series)} == {"TimeSlotVector"}
    read = read_sequence(sequences(series)[0])
    assert [volume.array[:, 0, 0].tolist() for volume in read] == [[4 * t + z for z in range(4)] for t in range(3)]
    assert read[0].geometry.spacing[2] == 4.0


def test_every_detector_and_energy_window_is_a_film_of_its_own(found: Found) -> None:
    ds = gated([0x00540010, 0x00540020, 0x00540100], EnergyWindowVector=[1, 1, 1, 1, 2, 2, 2, 2],
               DetectorVector=[1, 1, 2, 2] * 2, TimeSliceVector=[1, 2] * 4)  # fmt: skip
    series = found([ds]).split()
    assert shape(series) == [2, 2, 2, 2]
    assert series.volumes[2].label.startswith("detector 2, energy window 1")
    assert [int(v.array[0, 0, 0]) for v in read_sequence(sequences(series)[3])] == [6, 7]


def test_the_turns_of_a_camera_are_told_apart_from_its_angles(found: Found) -> None:
    turns, angles = [1, 1, 1, 1, 2, 2, 2, 2], [1, 2, 3, 4] * 2
    ds = gated([0x00540050, 0x00540090], RotationVector=turns, AngularViewVector=angles)
    series = found([ds]).split()
    assert shape(series) == [8] and told(series) == {("RotationVector", 0x00540050), ("AngularViewVector", 0x00540090)}
    named = [plan.acquisition.extra["frame_value"] for plan in series.volumes]
    assert named == [f"rotation {turn}, view {angle}" for turn, angle in zip(turns, angles, strict=True)]
