"""Splitting by tags and merging without the window."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from dicom_making import stack, two_echoes
from pellucid.cli import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return two_echoes(tmp_path / "in")


@pytest.mark.hazard("H08")
def test_scan_names_the_tags_and_their_values(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scan", str(folder), "--json"]) == 0
    (series,) = json.loads(capsys.readouterr().out)
    rows = {row["keyword"]: row for row in series["varying"]}
    assert rows["EchoTime"]["tag"] == "00180081" and set(rows["EchoTime"]["values"]) == {"TE 5 ms", "TE 10 ms"}
    assert series["volumes"][0]["values"] == {"EchoTime": "TE 5 ms",
                                              "TemporalPositionIdentifier": "temporal position 1"}  # fmt: skip
    assert run(["scan", str(folder)]) == 0
    assert "EchoTime (0018,0081): TE 5 ms … TE 10 ms" in capsys.readouterr().out


def test_convert_writes_an_image_for_each_value(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run(["convert", str(folder), str(out), "--all", "--split-by", "EchoTime", "--format", "nii"]) == 0
    files = [out / "000_MR-Two_TE-5-ms.nii", out / "000_MR-Two_TE-10-ms.nii"]
    assert sorted(out.iterdir()) == sorted(files)
    for echo, file in enumerate(files):
        data = np.asarray(nib.load(file).dataobj)
        for time in range(3):
            stored = stack(4, seed=10 * echo + time)[0]
            assert sorted(data[..., time].ravel()) == sorted(stored.ravel())


@pytest.mark.parametrize(("options", "why"), [
    (["--split-by", "Nonsense"], "is no tag that frames are split by"),
    (["--split-by", "InversionTime"], "cannot be split by inversion time"),
    (["--merge"], "nothing to merge"),
])  # fmt: skip
def test_what_cannot_be_is_a_sentence(
    folder: Path, tmp_path: Path, options: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", str(folder), str(tmp_path / "x.nii"), *options]) == 1
    assert why in capsys.readouterr().err and not (tmp_path / "x.nii").exists()


def test_frames_by_keeps_one_image(folder: Path, tmp_path: Path) -> None:
    assert run(["convert", str(folder), str(tmp_path / "x.nii"), "--frames-by", "(0020,0100)"]) == 0
    assert nib.load(tmp_path / "x.nii").shape[3] == 6
