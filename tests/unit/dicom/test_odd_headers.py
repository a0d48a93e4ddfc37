"""Half a day of a malicious radiologist: headers that contradict themselves are opened in truth, or a sentence is said.

Every row is a series through real files and the real reader; where pixels lie and what they are worth is computed
here with NumPy from what was planted, never taken from the loader.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian

from dicom_making import MR, NM, save, slice_dataset, stack
from pellucid.dicom import grouping
from pellucid.dicom.child import Pool
from pellucid.dicom.read import read_plan, read_sequence
from pellucid.dicom.records import FileRecord, FrameRecord, Member, PixelLayout
from pellucid.dicom.stack import Series, sequences
from pellucid.model.findings import Refused
from series_truth import alarms, built, codes, judged, twins

SPACING, POSITION, ORIENTATION = 0x00280030, 0x00200032, 0x00200037
COUNT = 8


def plain(count: int = COUNT, **more: Any) -> list[Dataset]:
    return stack(count, step=2.5, **more)[1]


def written(slices: list[Dataset], tag: int, text: str, only: int | None = None) -> list[Dataset]:
    """Put text into an element as it is, in all slices or in one."""
    value = text.encode() + b" " * (len(text) % 2)
    for ds in slices if only is None else [slices[only]]:
        ds[tag] = RawDataElement(Tag(tag), "DS", len(value), value, 0, False, True)
    return slices


def changed(only: int, **values: Any) -> list[Dataset]:
    slices = plain()
    for keyword, value in values.items():
        setattr(slices[only], keyword, value)
    return slices


def alternating(**values: tuple[Any, Any]) -> list[Dataset]:
    slices = plain()
    for n, ds in enumerate(slices):
        for keyword, pair in values.items():
            setattr(ds, keyword, pair[n % 2])
            if keyword == "PixelPaddingValue":
                ds[keyword].VR = "SS"
    return slices


def numbered(keyword: str, value: Callable[[int], Any]) -> list[Dataset]:
    slices = plain()
    for n, ds in enumerate(slices):
        setattr(ds, keyword, value(n))
    return slices


def without(keyword: str, only: int) -> list[Dataset]:
    slices = plain()
    del slices[only][keyword]
    return slices


def stored_only(only: int) -> list[Dataset]:
    slices = without("RescaleSlope", only)
    del slices[only].RescaleIntercept
    return slices


def specimen(distances: Any, **more: Any) -> list[Dataset]:
    return stack(len(distances), distances=list(distances), spacing=(0.01, 0.01), **more)[1]


def with_sides(rows: int, columns: int) -> list[Dataset]:
    """Return slices of 12 rows of 10 that state other numbers."""
    slices = plain(size=(12, 10))
    for ds in slices:
        ds.Rows, ds.Columns = rows, columns
    return slices


def film(stated: int | None, there: int = 5) -> list[Dataset]:
    ds = slice_dataset(np.arange(there * 30, dtype=np.int16).reshape(there, 6, 5), position=None, modality="XA")
    if stated is not None:
        ds.NumberOfFrames = stated
    return [ds]


def short_of_groups() -> list[Dataset]:
    (whole,) = twins(plain(), random.Random(1))
    whole.PerFrameFunctionalGroupsSequence = list(whole.PerFrameFunctionalGroupsSequence)[:-1]
    return [whole]


def turned_frame() -> list[Dataset]:
    slices = plain()
    slices[4].ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    return twins(slices, random.Random(1))


@dataclass(frozen=True)
class Row:
    """How the files are made, the warnings that must be there (and no other), into how many slices they fall."""

    make: Callable[[], list[Dataset]]
    says: frozenset[str] = frozenset()
    slices: tuple[int, ...] = (COUNT,)


def row(make: Callable[[], list[Dataset]], *says: str, slices: tuple[int, ...] = (COUNT,)) -> Row:
    return Row(make, frozenset(says), slices)


MISSING = (1, COUNT - 1)
HALVES = (COUNT // 2, COUNT // 2)
ROWS: dict[str, Row] = {
    "slice location runs the other way": row(lambda: alternating(SliceLocation=(3.0, -7.0))),
    "slice location is damage": row(lambda: written(plain(), 0x00201041, "nan")),
    "positions in kilometres": row(lambda: plain(origin=(999_000.125, -999_000.5, 888_888.25))),
    "one slice beyond all distances": row(lambda: changed(-1, ImagePositionPatient=[2e6, 0, 0]), "unplaced",
                                          slices=MISSING),
    "last position is not a number": row(lambda: written(plain(), POSITION, "nan\\0\\0", -1), "unplaced",
                                         slices=MISSING),
    "no position in the middle": row(lambda: without("ImagePositionPatient", 4), "unplaced", "missing-slices",
                                     slices=MISSING),
    "axes of zeros in one slice": row(lambda: written(plain(), ORIENTATION, "0\\0\\0\\0\\0\\0", -1), "unplaced",
                                      slices=MISSING),
    "axes of zeros": row(lambda: written(plain(), ORIENTATION, "0\\0\\0\\0\\0\\0"), "no-position"),
    "axes that are one": row(lambda: written(plain(), ORIENTATION, "1\\0\\0\\1\\0\\0"), "no-position"),
    "axes twice as long": row(lambda: plain(orientation=(2, 0, 0, 0, 2, 0)), "not-orthogonal"),
    "one slice mirrored": row(lambda: changed(4, ImageOrientationPatient=[-1, 0, 0, 0, 1, 0]),
                              "several-orientations", "missing-slices", slices=MISSING),
    "one slice upside down": row(lambda: changed(-1, ImageOrientationPatient=[-1, 0, 0, 0, -1, 0]),
                                 "several-orientations", slices=MISSING),
    "one frame turned": row(turned_frame, "several-orientations", "missing-slices", slices=MISSING),
    "a frame without groups": row(short_of_groups, "unplaced", "missing-slices", slices=MISSING),
    "one slice of other pixels": row(lambda: changed(-1, PixelSpacing=[0.808, 0.505]), "mixed-size", slices=MISSING),
    "one slice of pixels of no size": row(lambda: changed(-1, PixelSpacing=[0, 0]), "mixed-size", slices=MISSING),
    "rows and columns exchanged": row(lambda: changed(-1, Rows=5, Columns=6), "mixed-size", slices=MISSING),
    "two patients": row(lambda: alternating(PatientID=("1", "2")), "mixed-origin", slices=HALVES),
    "two studies": row(lambda: alternating(StudyInstanceUID=("1.2.3", "1.2.4")), "mixed-origin", slices=HALVES),
    "two modalities": row(lambda: alternating(Modality=("CT", "MR")), "mixed-origin", slices=HALVES),
    "one patient, spelled in two ways": row(lambda: alternating(PatientID=("ab  12", "AB 12"))),
    "half without a patient": row(lambda: alternating(PatientID=("42", ""))),
    "every file of a study of its own": row(lambda: numbered("StudyInstanceUID", lambda n: f"1.2.3.{n}")),
    "current, exposure and time of every slice": row(lambda: numbered("XRayTubeCurrent", lambda n: 100 + 9 * n)),
    "decay and scale of every slice of a PET": row(lambda: [_decayed(ds, n) for n, ds in enumerate(plain())]),
    "times of echo rounded in two ways": row(lambda: alternating(EchoTime=(85.3, 85.312))),
    "an inversion time for every slice": row(lambda: numbered("InversionTime", lambda n: 300 + 5 * n)),
    "two tensions of the tube": row(lambda: alternating(KVP=(100, 120)), "mixed-making"),
    "two bytes behind the pixels": row(lambda: [_filled(ds) for ds in plain()]),
    "two units": row(lambda: alternating(RescaleType=("HU", "US")), "mixed-values"),
    "one slice of stored numbers": row(lambda: stored_only(3), "mixed-values"),
    "PET in two units": row(lambda: [_pet(ds, n) for n, ds in enumerate(plain())], "mixed-values"),
    "half of it negatives": row(lambda: alternating(PhotometricInterpretation=("MONOCHROME1", "MONOCHROME2")),
                                "mixed-values"),
    "half of it with padding": row(lambda: alternating(PixelPaddingValue=(-2000, -1000)), "mixed-values"),
    "one slice of another kernel": row(lambda: [_kernel(ds, n == 4) for n, ds in enumerate(plain())], "mixed-making"),
    "one slice that is a projection": row(lambda: [_type(ds, n == 4) for n, ds in enumerate(plain())],
                                          "mixed-making"),
    "too few rows stated": row(lambda: with_sides(7, 10), "pixel-count"),
    "too few columns stated": row(lambda: with_sides(12, 7), "pixel-count"),
    "a specimen": row(lambda: specimen(np.arange(COUNT) * 0.01)),
    "a specimen without a slice": row(lambda: specimen(np.delete(np.arange(COUNT + 1), 4) * 0.01), "missing-slices"),
    "a specimen of uneven slices": row(lambda: specimen([0, 0.01, 0.025, 0.03, 0.042, 0.05, 0.067, 0.08]),
                                       "uneven-spacing"),
    "a tilted specimen": row(lambda: specimen(np.arange(COUNT) * 0.01, drift=(0.001, 0, 0)), "tilt"),
}  # fmt: skip


def _pet(ds: Dataset, number: int) -> Dataset:
    ds.Modality, ds.Units = "PT", ("BQML", "CNTS")[number % 2]
    return ds


def _decayed(ds: Dataset, number: int) -> Dataset:
    ds.Modality, ds.Units, ds.DecayFactor = "PT", "BQML", 1.0 + 0.01 * number
    ds.RescaleSlope, ds.RescaleIntercept, ds.PixelPaddingValue = 1.0 + 0.1 * number, 0, 0
    ds["PixelPaddingValue"].VR = "SS"
    return ds


def _filled(ds: Dataset) -> Dataset:
    ds.PixelData += bytes(2)
    return ds


def _kernel(ds: Dataset, other: bool) -> Dataset:
    ds.ConvolutionKernel = "B70f" if other else "B30f"
    return ds


def _type(ds: Dataset, other: bool) -> Dataset:
    ds.ImageType = ["DERIVED", "SECONDARY", "MIP"] if other else ["ORIGINAL", "PRIMARY", "AXIAL"]
    return ds


def series_of(folder: Path, slices: list[Dataset]) -> Series:
    random.Random(2).shuffle(slices)
    (series,) = built(save(folder, slices))
    return series


@pytest.mark.hazard("H01")
@pytest.mark.hazard("H04")
@pytest.mark.hazard("H07")
@pytest.mark.hazard("H10")
@pytest.mark.hazard("H11")
@pytest.mark.hazard("H43")
@pytest.mark.hazard("H44")
@pytest.mark.hazard("H45")
@pytest.mark.filterwarnings("ignore:The pixel data is:UserWarning")
@pytest.mark.parametrize("name", ROWS)
def test_it_is_where_the_header_says_or_a_sentence_says_why_not(tmp_path: Path, name: str) -> None:
    case = ROWS[name]
    series = series_of(tmp_path, case.make())
    assert tuple(sorted(len(plan.frames) for plan in series.volumes)) == case.slices
    assert alarms(series) == case.says
    for plan in series.volumes:
        assert alarms(plan) <= case.says and np.isfinite(plan.geometry.affine).all()
        verdict = judged(plan)
        assert verdict.value <= 1e-6
        if plan.geometry.oriented and plan.geometry.has_lengths and "not-orthogonal" not in case.says:
            assert verdict.corner <= min(0.01, 0.001 + 0.05 * min(plan.geometry.spacing[:2]))


def test_thousands_of_pictures_are_not_compared_each_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    matches = grouping._Kind.matches
    monkeypatch.setattr(grouping._Kind, "matches", lambda one, other: asked.append(1) or matches(one, other))
    layout = PixelLayout("", rows=6, columns=5)
    files = [FileRecord(f"{n}.dcm", modality="US", pixels=layout) for n in range(500)]
    groups, _said = grouping.grouped([Member(file, FrameRecord()) for file in files])
    assert len(groups) == 500 and len(asked) <= 500


WORDS = ["0\\0", "-0.5\\-0.8", "0.8\\-0.5", "nan\\nan", "inf\\1", "1.0\\1.0E400", "0.8", "0.8\\0.5\\1", "1e-9\\1e-9",
         "0.8,0.5", "abc\\1", "\\", "1.000,5\\1"]  # fmt: skip


@pytest.mark.hazard("H43")
@pytest.mark.parametrize("words", WORDS)
def test_a_size_that_no_pixel_has_is_no_size(tmp_path: Path, words: str) -> None:
    (plan,) = series_of(tmp_path, written(plain(3), SPACING, words)).volumes
    assert not plan.geometry.has_lengths and "unknown-spacing" in codes(plan)


@pytest.mark.parametrize(("words", "spacing"), [("0,8\\0,5", (0.5, 0.8)), (" 8E-1\\+.5", (0.5, 0.8))])
def test_numbers_are_read_as_people_write_them(tmp_path: Path, words: str, spacing: tuple[float, float]) -> None:
    (plan,) = series_of(tmp_path, written(plain(3), SPACING, words)).volumes
    assert plan.geometry.spacing[:2] == spacing and plan.geometry.has_lengths


@pytest.mark.hazard("H43")
def test_pixels_that_are_not_square_and_have_no_size_are_said(tmp_path: Path) -> None:
    ds = slice_dataset(np.zeros((6, 8), np.uint8), position=None, spacing=None, modality="US", slope=None)
    ds.PixelAspectRatio = [2, 1]
    series = series_of(tmp_path, [ds])
    assert alarms(series) == {"pixel-size"}
    assert "Pixels are 2 times as high as wide" in " ".join(finding.message for finding in series.findings)


# ------------------------------------------------------------------ pixels and their number


@pytest.mark.hazard("H12")
@pytest.mark.parametrize("shape", [(5, 5), (3, 7)])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32])
def test_big_endian_pixels_of_an_odd_number(tmp_path: Path, pool: Pool, shape: tuple[int, int], kind: type) -> None:
    """PS3.5 A.3: in words of 16 bits, the first of two pixels of 8 bits comes second."""
    stored = np.random.default_rng(1).integers(0, 250, shape).astype(kind)
    ds = slice_dataset(stored, intercept=0)
    data = stored.astype(stored.dtype.newbyteorder(">")).tobytes()
    data += b"\0" * (len(data) % 2)
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    ds.PixelData = np.frombuffer(data, "<u2").astype(">u2").tobytes() if kind is np.uint8 else data
    ds["PixelData"].VR = "OW"
    (plan,) = series_of(tmp_path, [ds]).volumes
    np.testing.assert_array_equal(read_plan(plan, pool=pool).array[0], stored)
    assert alarms(plan) == frozenset()


@pytest.mark.hazard("H21")
@pytest.mark.parametrize("stated", [3, None])
def test_more_frames_than_are_stated_are_said(tmp_path: Path, pool: Pool, stated: int | None) -> None:
    series = series_of(tmp_path, film(stated))
    assert "pixel-count" in alarms(series) and len(series.volumes) == (stated or 1)
    np.testing.assert_array_equal(read_plan(series.volumes[0], pool=pool).array.ravel(), np.arange(30) - 1024)


@pytest.mark.hazard("H21")
def test_frames_that_are_not_there_are_said_and_the_others_read(tmp_path: Path, pool: Pool) -> None:
    series = series_of(tmp_path, film(7))
    assert "pixel-count" in alarms(series)
    (plans,) = sequences(series)
    found = [read_plan(plan, pool=pool).array.ravel() for plan in plans[:5]]
    np.testing.assert_array_equal(found, np.arange(150).reshape(5, 30) - 1024)
    for refused in (lambda: read_sequence(plans, pool=pool), lambda: read_plan(plans[6], pool=pool)):
        with pytest.raises(Refused, match=r"the pixels of frame [67] are missing"):
            refused()


@pytest.mark.hazard("H21")
def test_a_row_that_is_not_there_is_said(tmp_path: Path, pool: Pool) -> None:
    slices = with_sides(13, 10)
    true = np.concatenate([np.frombuffer(slices[0].PixelData, np.int16), np.zeros(10, np.int16)])
    (plan,) = series_of(tmp_path, slices).volumes
    assert alarms(plan) == {"pixel-count"}
    np.testing.assert_array_equal(read_plan(plan, pool=pool).array[0].ravel(), true - 1024)


# ------------------------------------------------------------------ several volumes at one place


def times(count: int, depth: int, tag: Callable[[Dataset, int, int], None]) -> tuple[np.ndarray, list[list[Dataset]]]:
    stored, series = [], []
    for time in range(count):
        values, slices = stack(depth, seed=time, modality="MR", sop_class=MR, slope=None)
        for k, ds in enumerate(slices):
            ds.InstanceNumber = time * depth + k + 1
            tag(ds, time, k)
        stored.append(values)
        series.append(slices)
    return np.array(stored), series


def temporal(ds: Dataset, time: int, _: int) -> None:
    ds.TemporalPositionIdentifier = time + 1


def clocks(ds: Dataset, time: int, slice_: int) -> None:
    ds.AcquisitionTime = f"12{time:02d}{3 * slice_:02d}"


def counted(ds: Dataset, time: int, slice_: int) -> None:
    """Only the instance number tells."""


@pytest.mark.hazard("H08")
@pytest.mark.parametrize("tag", [temporal, clocks, counted])
@pytest.mark.parametrize("gone", [(0, 0), (1, 2), (2, 4), (3, 1)])
def test_a_slice_missing_at_one_time_moves_no_other(
    tmp_path: Path, tag: Callable[..., None], gone: tuple[int, int]
) -> None:
    """Every volume holds the slices of its own time, and the short one says so."""
    stored, series = times(4, 5, tag)
    kept = [ds for t, slices in enumerate(series) for k, ds in enumerate(slices) if (t, k) != gone]
    found = series_of(tmp_path, kept)
    assert "several-volumes" in alarms(found) and "Not every one has a slice" in found.findings[0].message
    read = [read_plan(plan).array for plan in found.volumes]
    assert len(read) == 4
    for time, array in enumerate(read):
        np.testing.assert_array_equal(array, np.delete(stored[time], gone[1], 0) if time == gone[0] else stored[time])
    assert ("missing-slices" in alarms(found.volumes[gone[0]])) == (0 < gone[1] < 4)


@pytest.mark.hazard("H08")
@pytest.mark.parametrize("kind", ["Acquisition", "Content"])
@pytest.mark.parametrize("clock", ["{:02d}{:02d}{:02d}", "{:02d}{:02d}{:02d}.500", "{:02d}{:02d}"])
def test_times_that_run_past_midnight_stay_in_their_order(tmp_path: Path, kind: str, clock: str) -> None:
    def late(ds: Dataset, time: int, _: int) -> None:
        minutes = 23 * 60 + 58 + time
        setattr(ds, f"{kind}Date", f"2024010{1 + minutes // 1440}")
        setattr(ds, f"{kind}Time", clock.format(minutes // 60 % 24, minutes % 60, 0))
        ds.InstanceNumber = 1

    stored, series = times(4, 3, late)
    found = series_of(tmp_path, [ds for slices in series for ds in slices])
    np.testing.assert_array_equal([read_plan(plan).array for plan in found.volumes], stored)


@pytest.mark.hazard("H08")
@pytest.mark.parametrize("kind", ["Acquisition", "Content"])
@pytest.mark.parametrize("clock", ["{:02d}{:02d}{:02d}", "{:02d}{:02d}{:02d}.500", "{:02d}{:02d}"])
@pytest.mark.parametrize("numbers", ["missing", "rising", "contradict"])
def test_times_without_dates_run_past_midnight_unless_something_contradicts(
    tmp_path: Path, kind: str, clock: str, numbers: str
) -> None:
    rank = {"missing": [1, 1, 1, 1], "rising": [1, 2, 3, 4], "contradict": [3, 4, 1, 2]}[numbers]

    def late(ds: Dataset, time: int, _: int) -> None:
        minutes = 23 * 60 + 58 + time
        setattr(ds, f"{kind}Time", clock.format(minutes // 60 % 24, minutes % 60, 0))
        ds.InstanceNumber = rank[time]

    stored, series = times(4, 3, late)
    found = series_of(tmp_path, [ds for slices in series for ds in slices])
    said = [finding for finding in found.findings if finding.code == "past-midnight"]
    if numbers == "contradict":
        stored = stored[[2, 3, 0, 1]]
    np.testing.assert_array_equal([read_plan(plan).array for plan in found.volumes], stored)
    assert [finding.severity for finding in said] == ["warning" if numbers == "contradict" else "info"]
    if numbers != "contradict":
        moments = [plan.acquisition.moment.start for plan in found.volumes]
        assert np.diff(np.array(moments, float)).tolist() == [60.0, 60.0, 60.0]
        assert found.volumes[2].values[0].text.startswith("00:00:00")


@pytest.mark.hazard("H08")
def test_trigger_times_that_jitter_are_put_in_their_order(tmp_path: Path) -> None:
    chance = random.Random(1)

    def trigger(ds: Dataset, time: int, _: int) -> None:
        ds.TriggerTime = round(40 * time + chance.uniform(-15, 15), 2)
        ds.InstanceNumber = 100 - ds.InstanceNumber

    stored, series = times(4, 5, trigger)
    found = series_of(tmp_path, [ds for slices in series for ds in slices])
    assert alarms(found) == frozenset() and "TriggerTime" in found.findings[0].message
    np.testing.assert_array_equal([read_plan(plan).array for plan in found.volumes], stored)


@pytest.mark.hazard("H08")
def test_an_echo_that_one_slice_does_not_state(tmp_path: Path) -> None:
    """The order of acquisition still tells, but it is said that it is no more than that."""

    def echo(ds: Dataset, time: int, slice_: int) -> None:
        ds.InstanceNumber = 2 * slice_ + time + 1
        if (time, slice_) != (1, 2):
            ds.EchoNumbers = time + 1

    stored, series = times(2, 5, echo)
    found = series_of(tmp_path, [ds for slices in series for ds in slices])
    assert alarms(found) == {"several-volumes", "mixed-making"}
    assert "only by the order of their instance numbers" in found.findings[0].message
    np.testing.assert_array_equal([read_plan(plan).array for plan in found.volumes], stored)


# ------------------------------------------------------------------ order without positions


@pytest.mark.hazard("H04")
@pytest.mark.parametrize(
    ("numbers", "words"),
    [([4, 3, 2, 1], ""), ([1, 1, 1, 1], "same instance number"), ([1, 2, 2, 3], "same instance number"),
     ([None, 1, 2, 3], "Instance numbers are missing")],
)  # fmt: skip
def test_without_positions_the_order_is_that_of_the_numbers_and_what_it_rests_on_is_said(
    tmp_path: Path, numbers: list[int | None], words: str
) -> None:
    stored = np.arange(4 * 30, dtype=np.int16).reshape(4, 6, 5)
    slices = [slice_dataset(stored[k], position=None, number=number, modality="MR", slope=None)
              for k, number in enumerate(numbers)]  # fmt: skip
    (series,) = built(save(tmp_path, slices))
    (plan,) = series.volumes
    assert "no-position" in alarms(plan) and ("instance-order" in alarms(plan)) == bool(words)
    assert words in " ".join(finding.message for finding in plan.findings)
    if not words:
        np.testing.assert_array_equal(read_plan(plan).array, stored[::-1])


@pytest.mark.hazard("H06")
@pytest.mark.parametrize("between", [-3.0, 3.0])
@pytest.mark.parametrize("order", [[1, 2, 3, 4], [4, 3, 2, 1], [2, 4, 1, 3]])
def test_nuclear_medicine_frames_in_any_order_and_sense(tmp_path: Path, between: float, order: list[int]) -> None:
    """PS3.3 C.8.4.15: slice n lies (n − 1) · spacing along the normal from the position of the detector."""
    stored = np.random.default_rng(5).integers(0, 99, (4, 3, 6)).astype(np.uint16)
    ds = slice_dataset(stored, position=None, orientation=None, modality="NM", sop_class=NM, slope=None)
    detector = Dataset()
    detector.ImagePositionPatient, detector.ImageOrientationPatient = [-1, -2, 50], [1, 0, 0, 0, 1, 0]
    ds.DetectorInformationSequence = [detector]
    ds.NumberOfFrames, ds.SpacingBetweenSlices = 4, between
    ds.FrameIncrementPointer, ds.SliceVector = 0x00540080, order
    (plan,) = series_of(tmp_path, [ds]).volumes
    array = read_plan(plan).array
    for frame, number in enumerate(order):
        x, y, z = plan.geometry.world_to_index([-1, -2, 50 + (number - 1) * between])
        assert np.allclose((x, y), 0) and abs(z - round(z)) < 1e-9
        np.testing.assert_array_equal(array[round(z)], stored[frame])
