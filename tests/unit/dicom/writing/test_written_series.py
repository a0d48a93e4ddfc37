"""Derived series: values and places by pydicom's word, valid by dicom3tools and dcmtk, and back through our reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_judges import GRIDS, complaints, dumps, expected, planes, set_complaints, volume
from dicom_making import save, stack
from pellucid.dicom.read import read_sequence
from pellucid.dicom.scan import scan
from pellucid.dicom.stack import sequences
from pellucid.dicom.writing.origin import read_origin
from pellucid.dicom.writing.request import WORDS, Request, Subject
from pellucid.files.dicom_export import write_image
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.placement import PlacedGeometry
from pellucid.model.timing import TimeSource, moments_of, timing
from pellucid.model.volume import Volume, WindowPreset, image_from_array
from pellucid.model.warps import Warp

TYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64")
CLASSES = {"CT": "2", "MR": "4", "": "7"}
JANE = Request(subject=Subject("Doe, Jane", "42"), description="derived")


def reopened(folder: Path) -> tuple[Volume, ...]:
    (series,) = scan([folder]).series
    (plans,) = sequences(series)
    return read_sequence(plans)


@pytest.mark.hazard("H32")
@pytest.mark.hazard("H05")
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("dtype", TYPES)
def test_every_value_and_place_is_what_pydicom_reads(dtype: str, grid: str, tmp_path: Path) -> None:
    given = volume(dtype, GRIDS[grid], modality="MR")
    write_image([given], tmp_path / "out", JANE, accept_loss=False)
    files = sorted((tmp_path / "out").iterdir())
    for read, wanted in zip(planes(files), expected(given), strict=True):
        np.testing.assert_array_equal(read.values, wanted.values)
        np.testing.assert_allclose(read.corners, wanted.corners, atol=1e-9)
    assert complaints(files[0]) == [] and complaints(files[-1]) == [] and set_complaints(files) == []
    assert dumps(files[0])


@pytest.mark.parametrize("modality", CLASSES)
@pytest.mark.parametrize("grid", ["axial", "tilted", "uneven"])
def test_the_class_is_that_of_the_scanner_or_secondary_capture(modality: str, grid: str, tmp_path: Path) -> None:
    given = volume("int16", GRIDS[grid], modality=modality, unit="HU" if modality == "CT" else "")
    write_image([given], tmp_path / "out", JANE)
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert header.SOPClassUID == f"1.2.840.10008.5.1.4.1.1.{CLASSES[modality]}"
    assert complaints(tmp_path / "out" / "0001.dcm") == []
    (back,) = reopened(tmp_path / "out")
    np.testing.assert_array_equal(back.array, given.array)
    assert back.geometry.same_grid(given.geometry, 1e-9) and back.unit == given.unit


@pytest.mark.parametrize("colour", [3, 4])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_colours_are_kept_and_transparency_is_said_to_be_lost(dtype: str, colour: int, tmp_path: Path) -> None:
    given = volume(dtype, GRIDS["oblique"], colour=colour)
    if colour == 4:
        with pytest.raises(Refused, match="transparency"):
            write_image([given], tmp_path / "out", JANE, accept_loss=False)
    report = write_image([given], tmp_path / "out", JANE).report
    assert any("alpha" in sentence for sentence in report.sentences) is (colour == 4)
    for k, path in enumerate(sorted((tmp_path / "out").iterdir())):
        np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, given.array[k, ..., :3])
    assert complaints(tmp_path / "out" / "0001.dcm") == []


@pytest.mark.parametrize("modality", ["CT", "MR", ""])
@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_frames_come_back_in_their_order_and_with_their_times(dtype: str, modality: str, tmp_path: Path) -> None:
    moments = moments_of(3, times=[0.0, 2.5, 5.0], times_source=TimeSource.NIFTI)
    frames = [volume(dtype, GRIDS["axial"], seed=n, modality=modality) for n in range(3)]
    frames = [replace(one, acquisition=replace(one.acquisition, moment=moment))
              for one, moment in zip(frames, moments, strict=True)]  # fmt: skip
    write_image(frames, tmp_path / "out", JANE)
    back = reopened(tmp_path / "out")
    for given, read in zip(frames, back, strict=True):
        np.testing.assert_array_equal(read.array, given.array)
    assert timing(back).times == pytest.approx((0.0, 2.5, 5.0))
    assert complaints(sorted((tmp_path / "out").iterdir())[-1]) == []


def at_times(times: list[float | None], dtype: str = "int16", modality: str = "CT") -> list[Volume]:
    frames = [volume(dtype, GRIDS["axial"], seed=n, modality=modality) for n in range(len(times))]
    known = [0.0 if time is None else time for time in times]
    moments = moments_of(len(times), times=known, times_source=TimeSource.NIFTI)
    moments = [replace(moment, start=time) for moment, time in zip(moments, times, strict=True)]
    return [replace(one, acquisition=replace(one.acquisition, moment=moment))
            for one, moment in zip(frames, moments, strict=True)]  # fmt: skip


@pytest.mark.parametrize("modality", ["CT", "MR", ""])
@pytest.mark.parametrize(("times", "lost"), [
    ([0.0, 1.0, 5.0], True), ([0.0, None, 5.0], True), ([0.0, 2.0, 4.0], False), ([None, None, None], False),
])  # fmt: skip
def test_uneven_times_are_said_to_be_lost(
    times: list[float | None], lost: bool, modality: str, tmp_path: Path
) -> None:
    frames = at_times(times, modality=modality)
    if lost:
        with pytest.raises(Refused, match="not evenly spaced"):
            write_image(frames, tmp_path / "no", JANE, accept_loss=False)
    report = write_image(frames, tmp_path / "out", JANE, accept_loss=lost).report
    assert any("keep their order only" in said for said in report.sentences) is lost
    back = reopened(tmp_path / "out")
    for given, read in zip(frames, back, strict=True):
        np.testing.assert_array_equal(read.array, given.array)
    assert (timing(back).times is None) is (lost or None in times)


def test_uneven_times_stay_where_there_is_a_place_for_them(tmp_path: Path) -> None:
    """In a parametric map, and where the times of day of the source are repeated slice by slice."""
    frames = at_times([0.0, 1.0, 5.0], "float32")
    write_image(frames, tmp_path / "maps", JANE, accept_loss=False)
    assert timing(reopened(tmp_path / "maps")).times == pytest.approx((0.0, 1.0, 5.0))
    slices = []
    for n, clock in enumerate(("100000", "100001.5", "100007")):
        _stored, some = stack(3, AcquisitionTime=clock, AcquisitionDate="20240102", AcquisitionNumber=n + 1)
        slices += some
    for n, one in enumerate(slices):
        one.InstanceNumber, one.SOPInstanceUID = n + 1, f"1.2.9.{n + 1}"
    paths = save(tmp_path / "in", slices)
    source = reopened(tmp_path / "in")
    assert len(source) == 3
    request = Request(read_origin(paths), description="again")
    write_image(source, tmp_path / "again", request, accept_loss=False)
    assert timing(reopened(tmp_path / "again")).times == pytest.approx((0.0, 1.5, 7.0))


NOWHERE = {
    "picture": Geometry((7, 6, 1), (0.5, 0.5, 1.0), oriented=False, known_spacing=(True, True, False)),
    "picture in px": Geometry((7, 6, 1), oriented=False, known_spacing=(False,) * 3),
    "stack": Geometry((7, 6, 4), (0.5, 0.6, 2.0), oriented=False),
    "stack in px": Geometry((7, 6, 4), oriented=False, known_spacing=(False,) * 3),
}


@pytest.mark.hazard("H43")
@pytest.mark.parametrize("grid", NOWHERE)
@pytest.mark.parametrize(("dtype", "colour"), [("uint8", 0), ("int16", 0), ("uint16", 0), ("uint8", 3)])
def test_what_states_no_place_gets_none(dtype: str, colour: int, grid: str, tmp_path: Path) -> None:
    given = volume(dtype, NOWHERE[grid], colour=colour)
    write_image([given], tmp_path / "out", JANE, accept_loss=False)
    (path,) = (tmp_path / "out").iterdir()
    header = pydicom.dcmread(path)
    assert "ImagePositionPatient" not in header and "FrameOfReferenceUID" not in header
    stored = header.pixel_array.reshape(given.array.shape).astype(float)
    values = stored * float(header.get("RescaleSlope", 1)) + float(header.get("RescaleIntercept", 0))
    np.testing.assert_array_equal(values, given.array)
    assert complaints(path) == [] and dumps(path)
    (back,) = reopened(tmp_path / "out")
    np.testing.assert_array_equal(back.array, given.array)
    assert back.geometry.known_spacing == given.geometry.known_spacing and not back.geometry.oriented
    assert back.geometry.size == given.geometry.size


def test_a_film_comes_back_as_one(tmp_path: Path) -> None:
    moments = moments_of(4, durations=[40.0, 80.0, 40.0, 40.0], durations_source=TimeSource.FRAME_TIME_VECTOR)
    frames = [replace(volume("uint8", NOWHERE["picture"], seed=n), acquisition=replace(volume("uint8").acquisition,
              moment=moment)) for n, moment in enumerate(moments)]  # fmt: skip
    write_image(frames, tmp_path / "out", JANE)
    back = reopened(tmp_path / "out")
    assert len(back) == 4 and all(np.array_equal(a.array, b.array) for a, b in zip(back, frames, strict=True))
    assert timing(back).durations[:3] == pytest.approx((40.0, 80.0, 40.0))


@pytest.mark.parametrize("modality", ["CT", "MR", ""])
def test_sixteen_bits_state_the_error_that_pydicom_finds(modality: str, tmp_path: Path) -> None:
    given = volume("float64", GRIDS["oblique"], modality=modality)
    with pytest.raises(Refused, match="largest difference"):
        write_image([given], tmp_path / "no", replace(JANE, numbers=WORDS), accept_loss=False)
    assert not (tmp_path / "no").exists()
    written = write_image([given], tmp_path / "out", replace(JANE, numbers=WORDS))
    found = planes((tmp_path / "out").iterdir())
    off = max(np.abs(a.values - b.values).max() for a, b in zip(found, expected(given), strict=True))
    span = float(np.ptp(given.array))
    assert 0 < off <= written.plan.error * (1 + 1e-3) <= 0.51 * span / 65_534 + 1e-6
    assert f"{written.plan.error:.3g}" in " ".join(written.report.sentences)


def test_values_that_are_no_numbers_become_padding_and_are_counted(tmp_path: Path) -> None:
    array = volume("float32").array.copy()
    array[2, 3, 4], array[0, 0, 0] = np.nan, np.inf
    given = Volume(image_from_array(array, GRIDS["axial"]), GRIDS["axial"])
    (sentence,) = [s for s in write_image([given], tmp_path / "w", replace(JANE, numbers=WORDS)).plan.losses if "2" in s
                   and "padding" in s]  # fmt: skip
    header = pydicom.dcmread(tmp_path / "w" / "0003.dcm")
    assert header.pixel_array[3, 4] == header.PixelPaddingValue and sentence
    write_image([given], tmp_path / "exact", JANE, accept_loss=False)
    (back,) = reopened(tmp_path / "exact")
    np.testing.assert_array_equal(back.array, array)


def test_uids_are_never_used_twice(tmp_path: Path) -> None:
    given = volume("int16", modality="CT")
    seen: set[str] = set()
    for n in range(3):
        write_image([given], tmp_path / str(n), JANE)
        headers = [pydicom.dcmread(path, stop_before_pixels=True) for path in (tmp_path / str(n)).iterdir()]
        assert len({h.SeriesInstanceUID for h in headers}) == len({h.FrameOfReferenceUID for h in headers}) == 1
        uids = {h.SOPInstanceUID for h in headers} | {headers[0].SeriesInstanceUID, headers[0].StudyInstanceUID,
                                                      headers[0].FrameOfReferenceUID}  # fmt: skip
        assert len(uids) == 8 and not uids & seen and all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)
        seen |= uids


def test_nothing_is_made_up_about_the_patient(tmp_path: Path) -> None:
    write_image([volume("int16", modality="CT")], tmp_path / "out", Request())
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "ReferringPhysicianName",
                    "AccessionNumber", "StudyID"):  # fmt: skip
        assert header[keyword].value in ("", None)
    assert "SeriesDescription" not in header and complaints(tmp_path / "out" / "0001.dcm") == []


def test_windows_and_padding_are_written(tmp_path: Path) -> None:
    windows = (WindowPreset("Soft", 40, 400), WindowPreset("L", -600, 1500))
    given = volume("int16", modality="CT", unit="HU", windows=windows)
    given = replace(given, padding=(-2000.0, -1500.0))
    write_image([given], tmp_path / "out", JANE)
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert list(header.WindowCenter) == [40, -600] and list(header.WindowCenterWidthExplanation) == ["Soft", "L"]
    assert (header.PixelPaddingValue, header.PixelPaddingRangeLimit) == (-2000, -1500)
    (back,) = reopened(tmp_path / "out")
    assert [w.width for w in back.acquisition.windows] == [400, 1500] and back.padding == (-2000.0, -1500.0)


def test_monochrome1_keeps_its_values_and_its_look(tmp_path: Path) -> None:
    given = volume("uint16", NOWHERE["picture"], modality="CR", monochrome1=True)
    write_image([given], tmp_path / "out", JANE)
    (back,) = reopened(tmp_path / "out")
    assert back.acquisition.monochrome1
    np.testing.assert_array_equal(back.array, given.array)


def test_a_placed_image_is_written_where_it_lies(tmp_path: Path) -> None:
    fixed = replace(GRIDS["axial"], frame_of_reference="1.2.3.77")
    parts = {name: getattr(GRIDS["oblique"], name) for name in ("size", "spacing", "origin", "direction")}
    lies = PlacedGeometry(**parts, frame_of_reference="1.2.3.77", registered_to=fixed)
    given = replace(volume("int16", GRIDS["oblique"], modality="MR"), geometry=lies)
    write_image([given], tmp_path / "out", JANE)
    header = pydicom.dcmread(tmp_path / "out" / "0001.dcm")
    assert header.FrameOfReferenceUID == "1.2.3.77"
    for read, wanted in zip(planes((tmp_path / "out").iterdir()), expected(given), strict=True):
        np.testing.assert_allclose(read.corners, wanted.corners, atol=1e-9)


def test_what_no_slice_can_say_is_refused(tmp_path: Path) -> None:
    straight = volume("int16")
    warp = Warp(GRIDS["axial"], np.zeros((5, 6, 7, 3), np.float32))
    bent = PlacedGeometry((7, 6, 5), registered_to=GRIDS["axial"], warp=warp)
    skewed = replace(GRIDS["axial"], direction=(1.0, 0.1, 0.0, 0.0, float(np.sqrt(0.99)), 0.0, 0.0, 0.0, 1.0))
    uneven = replace(NOWHERE["stack"], size=(7, 6, 5), slice_positions=(0, 1, 2, 4, 5))
    cases = [
        (replace(straight, geometry=bent), "Resample to grid"), (replace(straight, geometry=skewed), "right angles"),
        (volume("float32", colour=3), "colours"), (volume("uint8", colour=2), "2 values"),
        (volume("float32", NOWHERE["picture"]), "16 bits"),
        (replace(straight, geometry=uneven), "uneven"),
    ]  # fmt: skip
    for given, said in cases:
        with pytest.raises(Refused, match=said):
            write_image([given], tmp_path / "out", JANE)
    with pytest.raises(Refused, match="over time"):
        write_image([volume("int16", NOWHERE["stack"])] * 2, tmp_path / "out", JANE)
    assert list(tmp_path.iterdir()) == []


def test_finish_sees_every_data_set(tmp_path: Path) -> None:
    def finish(dataset: pydicom.Dataset) -> None:
        dataset.PatientName = "Nobody"

    for name, dtype in (("words", "int16"), ("maps", "float32")):
        write_image([volume(dtype, modality="CT")], tmp_path / name, replace(JANE, finish=finish))
        assert {str(pydicom.dcmread(p).PatientName) for p in (tmp_path / name).iterdir()} == {"Nobody"}


@pytest.mark.hazard("H36")
@pytest.mark.parametrize(("modality", "stated", "told"), [("CT", "", "NO"), ("US", "", "YES"), ("US", "NO", "NO"),
                                                          ("CT", "YES", "YES")])  # fmt: skip
@pytest.mark.parametrize("grid", [GRIDS["axial"], NOWHERE["picture"]])
def test_nobody_is_told_that_no_texts_are_burned_in(
    grid: Geometry, modality: str, stated: str, told: str, tmp_path: Path
) -> None:
    given = volume("uint8", grid, modality=modality, extra={"burned_in": stated})
    write_image([given], tmp_path / "out", JANE)
    assert pydicom.dcmread(tmp_path / "out" / "0001.dcm").BurnedInAnnotation == told
    assert complaints(tmp_path / "out" / "0001.dcm") == []
