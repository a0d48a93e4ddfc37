"""`info` and `scan` print the stable keys with the truth of the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import OBLIQUE, Run, write_image, write_series
from pellucid.files import limits

INFO_KEYS = [
    "size",
    "spacing",
    "origin",
    "direction",
    "pixel_type",
    "components",
    "unit",
    "minimum",
    "maximum",
    "findings",
]
SCAN_KEYS = ["series_uid", "modality", "description", "files", "volumes", "findings"]


@pytest.mark.parametrize("extension", ["nii", "nii.gz", "nrrd", "mha"])
def test_info_says_what_the_file_says(
    extension: str, pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    said = pellucid("info", write_image(tmp_path / f"bild ünï 头.{extension}", ramp), "--json").json()
    assert [key for key in said if key in INFO_KEYS] == INFO_KEYS
    assert said["size"] == [5, 6, 4]
    assert said["spacing"] == pytest.approx([0.5, 0.75, 2.5], abs=1e-6)
    assert said["origin"] == pytest.approx([-10, 20, 30.5], abs=1e-5)
    assert said["direction"] == pytest.approx(OBLIQUE, abs=1e-6)
    assert (said["pixel_type"], said["components"], said["unit"]) == ("int16", 1, "")
    assert (said["minimum"], said["maximum"]) == (-50, 69)
    assert said["findings"] == []


def test_info_without_json_is_for_people(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    result = pellucid("info", write_image(tmp_path / "a.nii", ramp))
    assert result.code == 0 and result.err == ""
    assert "5 × 6 × 4" in result.out and "0.5 × 0.75 × 2.5 mm" in result.out and "-50 to 69" in result.out


def test_a_plain_picture_has_no_spacing_and_three_numbers_all_the_same(pellucid: Run, tmp_path: Path) -> None:
    pixels = np.zeros((7, 9, 3), np.uint8)
    pixels[2, 3] = (10, 200, 30)
    sitk.WriteImage(sitk.GetImageFromArray(pixels, isVector=True), str(tmp_path / "a.png"))
    said = pellucid("info", tmp_path / "a.png", "--json").json()
    assert said["size"] == [9, 7, 1] and said["spacing"] is None
    assert len(said["origin"]) == 3 and len(said["direction"]) == 9
    assert (said["components"], said["minimum"], said["maximum"]) == (3, 0, 200)


def test_values_that_are_not_finite_never_reach_json(pellucid: Run, tmp_path: Path) -> None:
    values = np.full((2, 3, 4), np.nan, np.float32)
    write_image(tmp_path / "nan.nrrd", values)
    said = pellucid("info", tmp_path / "nan.nrrd", "--json").json()
    assert said["minimum"] is None and said["maximum"] is None
    values[0, 0, :3] = (np.inf, 2.5, -np.inf)
    write_image(tmp_path / "some.nrrd", values)
    said = pellucid("info", tmp_path / "some.nrrd", "--json").json()
    assert said["minimum"] == said["maximum"] == 2.5


def test_info_of_a_series_gives_modality_values_without_padding(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    stored = ramp.copy()
    stored[0, :2] = -2000
    uid = write_series(tmp_path / "ct", stored, padding=-2000)
    said = pellucid("info", tmp_path / "ct", "--json").json()
    kept = stored[stored != -2000].astype(float) * 2 - 1000
    assert (said["minimum"], said["maximum"]) == (kept.min(), kept.max())
    assert (said["unit"], said["pixel_type"], said["size"]) == ("HU", "int16", [5, 6, 4])
    assert said["spacing"] == pytest.approx([0.5, 0.75, 2.5]) and said["origin"] == [-10, 20, 0]
    assert pellucid("info", tmp_path / "ct", "--series", uid, "--json").json() == said


def test_info_of_one_dicom_file(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    write_series(tmp_path / "ct", ramp)
    file = next((tmp_path / "ct").iterdir())
    assert pellucid("info", file, "--json").json()["size"] == [5, 6, 1]


def test_a_missing_slice_is_a_finding_with_code_and_message(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    write_series(tmp_path / "ct", ramp, positions=[0, 2.5, 7.5, 10])
    said = pellucid("info", tmp_path / "ct", "--json").json()
    assert "missing-slices" in {finding["code"] for finding in said["findings"]}
    assert all(set(finding) == {"code", "message"} for finding in said["findings"])
    (series,) = pellucid("scan", tmp_path, "--json").json()
    found = series["findings"] + series["volumes"][0]["findings"]
    assert "missing-slices" in {finding["code"] for finding in found}


def test_scan_lists_series_with_their_volumes(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    first = write_series(tmp_path / "a" / "deep", ramp, description="Leber ß")
    second = write_series(tmp_path / "b", ramp[:2])
    (tmp_path / "notes.txt").write_text("not an image")
    result = pellucid("scan", tmp_path, "--json")
    said = {series["series_uid"]: series for series in result.json()}
    assert set(said) == {first, second}
    series = said[first]
    assert [key for key in series if key in SCAN_KEYS] == SCAN_KEYS
    assert (series["modality"], series["description"]) == ("CT", "Leber ß")
    assert sorted(series["files"]) == sorted(str(file) for file in (tmp_path / "a" / "deep").iterdir())
    (volume,) = series["volumes"]
    assert volume["size"] == [5, 6, 4] and volume["spacing"] == pytest.approx([0.5, 0.75, 2.5])
    assert {"origin", "direction", "pixel_type", "components", "unit", "findings"} <= volume.keys()
    assert (volume["pixel_type"], volume["unit"]) == ("int16", "HU")
    assert series["findings"] == []


def test_scan_for_people_names_series_by_the_index_that_series_takes(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    write_series(tmp_path / "a", ramp, description="First")
    write_series(tmp_path / "b", ramp[:2], description="Second")
    lines = [line for line in pellucid("scan", tmp_path).out.splitlines() if "CT" in line]
    for line in lines:
        index, depth = line.split()[0], 4 if "First" in line else 2
        assert pellucid("info", tmp_path, "--series", index, "--json").json()["size"][2] == depth
    assert len(lines) == 2


def test_several_series_need_a_choice(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    uid = write_series(tmp_path / "a", ramp)
    write_series(tmp_path / "b", ramp[:2])
    result = pellucid("info", tmp_path, "--json")
    assert result.code == 1 and result.out == "" and "--series" in result.err and uid in result.err
    assert pellucid("info", tmp_path, "--series", "9.9.9").code == 1
    assert pellucid("info", tmp_path, "--series", "7").code == 1


def test_a_folder_without_images(pellucid: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    result = pellucid("scan", empty, "--json")
    assert (result.code, result.json()) == (0, []) and "no DICOM" in result.err
    result = pellucid("info", empty, "--json")
    assert result.code == 1 and result.out == "" and "no image" in result.err


def test_frames_of_a_4d_image_are_counted(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    frames = [sitk.GetImageFromArray(ramp + 100 * k) for k in range(3)]
    sitk.WriteImage(sitk.JoinSeries(frames), str(tmp_path / "time.nii"))
    said = pellucid("info", tmp_path / "time.nii", "--json").json()
    assert (said["size"], said["frames"], said["minimum"], said["maximum"]) == ([5, 6, 4], 3, -50, 269)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x00" * 400])
def test_a_file_that_is_no_image_gets_a_sentence(content: bytes, pellucid: Run, tmp_path: Path) -> None:
    file = tmp_path / "broken.nii"
    file.write_bytes(content)
    result = pellucid("info", file, "--json")
    assert result.code == 1 and result.out == "" and "broken.nii" in result.err


@pytest.mark.hazard("H22")
@pytest.mark.parametrize("named", ["the file", "its folder"])
@pytest.mark.parametrize("command", ["info", "convert", "compare"])
def test_what_would_grow_without_measure_is_opened_only_when_that_is_said(
    command: str, named: str, pellucid: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_SUSPICIOUS_BYTES", 1 << 16)
    monkeypatch.setattr(limits, "_trusted", set())
    (tmp_path / "in").mkdir()
    path = write_image(tmp_path / "in" / "bomb.nii.gz", np.zeros((60, 64, 64), np.int16))
    given = path if named == "the file" else path.parent
    more = {"info": [], "convert": [tmp_path / "out.nrrd"], "compare": [given]}[command]
    refused = pellucid(command, given, *more)
    assert refused.code == 1 and "not plausible for an image" in refused.err and not (tmp_path / "out.nrrd").exists()
    assert refused.err.count("Open it all the same with --accept-growth.") == 1
    opened = pellucid(command, given, *more, "--accept-growth")
    assert opened.code == 0 and "plausible" not in opened.err, opened.err
