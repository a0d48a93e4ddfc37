"""`convert` keeps voxels and geometry, refuses what a format cannot keep, and never trusts a name."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from command_line import Run, write_image, write_series
from dicom_making import save, slice_dataset, stack
from pellucid.cli.convert import clean


@pytest.mark.parametrize("extension", ["nii", "nii.gz", "nrrd", "mha"])
def test_voxels_and_geometry_survive(extension: str, pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    source = write_image(tmp_path / "in 头.mha", ramp)
    target = tmp_path / f"out ünï.{extension}"
    result = pellucid("convert", source, target)
    assert (result.code, result.out.strip(), result.err) == (0, str(target), "")
    before, after = sitk.ReadImage(str(source)), sitk.ReadImage(str(target))
    assert np.array_equal(sitk.GetArrayFromImage(after), ramp)
    assert after.GetPixelID() == before.GetPixelID()
    for get in ("GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(after, get)() == pytest.approx(getattr(before, get)(), abs=1e-5)


def test_a_series_becomes_hounsfield_units_in_place(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    write_series(tmp_path / "ct", ramp)
    assert pellucid("convert", tmp_path / "ct", tmp_path / "ct.nii.gz").code == 0
    image = nib.load(tmp_path / "ct.nii.gz")
    assert np.array_equal(np.asanyarray(image.dataobj), ramp.T.astype(np.int16) * 2 - 1000)
    wanted = np.diag([-0.5, -0.75, 2.5, 1.0])  # RAS is LPS with x and y turned round
    wanted[:3, 3] = (10, -20, 0)
    assert np.allclose(image.affine, wanted, atol=1e-5)


@pytest.mark.parametrize("how", [[], ["--all"], ["--dicom"]])
def test_pixels_that_are_not_there_are_said(pellucid: Run, tmp_path: Path, how: list[str]) -> None:
    paths = save(tmp_path / "ct", stack(4)[1])
    paths[1].write_bytes(paths[1].read_bytes()[:-20])
    target = tmp_path / ("out" if how else "out.nrrd")
    result = pellucid("convert", tmp_path / "ct", target, *how)
    assert result.code == 0 and f"Note: {paths[1].name} is cut short" in result.err


def test_files_that_cannot_be_read_are_said(pellucid: Run, tmp_path: Path) -> None:
    """A stack that lacks its last slice looks whole."""
    paths = save(tmp_path / "ct", stack(4)[1])
    paths[3].write_bytes(b"\0" * 1000)
    for asked in (["convert", tmp_path / "ct", tmp_path / "out.nrrd"], ["info", tmp_path / "ct", "--series", "0"]):
        result = pellucid(*asked)
        assert result.code == 0 and "left out: 1" in result.err and paths[3].name in result.err
    assert sitk.ReadImage(str(tmp_path / "out.nrrd")).GetSize()[2] == 3


@pytest.mark.hazard("H33")
def test_no_identity_is_written(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    write_series(tmp_path / "ct", ramp)
    for extension in ("nii", "nrrd", "mha"):
        target = tmp_path / f"ct.{extension}"
        assert pellucid("convert", tmp_path / "ct", target).code == 0
        content = target.read_bytes()
        assert b"Secret" not in content and b"id-12345" not in content


def test_a_time_series_becomes_one_4d_file(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    stored = np.concatenate([ramp, ramp + 200, ramp + 400])
    heights = [2.5 * k for k in range(4)] * 3
    write_series(tmp_path / "ct", stored, positions=heights, times=[k // 4 + 1 for k in range(12)])
    assert pellucid("convert", tmp_path / "ct", tmp_path / "time.nii.gz").code == 0
    frames = np.asanyarray(nib.load(tmp_path / "time.nii.gz").dataobj)
    assert frames.shape == (5, 6, 4, 3)
    for k in range(3):
        assert np.array_equal(frames[..., k], (ramp.T + 200 * k).astype(np.int16) * 2 - 1000)
    assert pellucid("convert", tmp_path / "ct", tmp_path / "all", "--all").code == 0
    (one,) = (tmp_path / "all").iterdir()
    assert nib.load(one).shape == (5, 6, 4, 3)


def test_uneven_slices_are_refused_unless_accepted_or_made_even(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    write_series(tmp_path / "ct", ramp, positions=[0, 2.5, 7.5, 10])
    target = tmp_path / "out.nii"
    refused = pellucid("convert", tmp_path / "ct", target)
    assert refused.code == 1 and "--accept-loss" in refused.err and not target.exists()
    accepted = pellucid("convert", tmp_path / "ct", target, "--accept-loss")
    assert accepted.code == 0 and accepted.err != ""
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(target))), ramp * 2 - 1000)
    assert pellucid("convert", tmp_path / "ct", target, "--even").code == 0
    even = sitk.ReadImage(str(target))
    assert even.GetSize() == (5, 6, 5) and even.GetSpacing()[2] == pytest.approx(2.5)
    array = sitk.GetArrayFromImage(even)
    assert np.array_equal(array[[0, 1, 3, 4]], ramp * 2 - 1000)


def test_all_writes_every_volume_under_safe_names(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    write_series(tmp_path / "in" / "a", ramp, description="../../évil: \\ name", uid="1.2.3")
    write_series(tmp_path / "in" / "b", ramp[:3], description="../../évil: \\ name", uid="1.2.4")
    write_series(tmp_path / "in" / "c", ramp[:2], description="", uid="1.2.5")
    write_image(tmp_path / "in" / "extra.nrrd", ramp[:1])
    out = tmp_path / "out"
    result = pellucid("convert", tmp_path / "in", out, "--all", "--format", "nrrd")
    assert result.code == 0
    files = sorted(out.iterdir())
    assert sorted(result.out.splitlines()) == [str(file) for file in files]
    assert sorted(sitk.ReadImage(str(file)).GetSize()[2] for file in files) == [1, 2, 3, 4]
    assert all(
        set(file.name) <= set(clean(file.name.replace(".", "").replace("_", "")) + "._-") for file in files
    )
    assert not [file for file in files if "1.2." in file.name]
    assert {path.name for path in tmp_path.iterdir()} == {"in", "out"}
    again = pellucid("convert", tmp_path / "in", out, "--all", "--format", "nrrd")
    assert again.code == 0 and len(list(out.iterdir())) == 8, "nothing is overwritten"


def test_all_goes_on_after_a_refusal_and_says_so(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    write_series(tmp_path / "in" / "a", ramp, positions=[0, 2.5, 7.5, 10])
    write_series(tmp_path / "in" / "b", ramp)
    result = pellucid("convert", tmp_path / "in", tmp_path / "out", "--all")
    assert result.code == 1 and "--accept-loss" in result.err
    assert len(list((tmp_path / "out").iterdir())) == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CON", "CON"),
        ("Größe µ 1/2", "Groe-1-2"),
        ("..", ""),
        ("a" * 300, "a" * 48),
        ("头部", ""),
        ("x\x00\n;rm", "x-rm"),
    ],
)
def test_clean_names(text: str, wanted: str) -> None:
    assert clean(text) == wanted


def test_what_a_format_cannot_hold_at_all_is_not_offered_with_consent(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    write_series(tmp_path / "ct", ramp)
    for consent in ((), ("--accept-loss",)):
        refused = pellucid("convert", tmp_path / "ct", tmp_path / "out.png", *consent)
        assert refused.code == 1 and "PNG cannot hold" in refused.err and "--accept-loss" not in refused.err


def test_refusals_before_anything_is_written(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    source = write_image(tmp_path / "in.nii", ramp)
    content = source.read_bytes()
    for target in (
        source,
        tmp_path,
        tmp_path / "no" / "such" / "folder.nii",
        tmp_path / "out.xyz",
        tmp_path / "out",
    ):
        result = pellucid("convert", source, target)
        assert result.code == 1 and result.err.startswith("pellucid: ") and result.out == "", target
    assert pellucid("convert", source, source, "--all").code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["in.nii"] and source.read_bytes() == content


@pytest.mark.hazard("H43")
def test_a_spacing_is_taken_from_the_user_only_where_the_source_states_none(pellucid: Run, tmp_path: Path) -> None:
    stored = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    placeless = (slice_dataset(stored[k], position=None, orientation=None, number=k + 1) for k in range(3))
    save(tmp_path / "placeless", placeless)
    save(tmp_path / "known", stack(3)[1])
    stated = ("--spacing", 0, 0, 3.5, "--accept-loss")
    assert pellucid("convert", tmp_path / "placeless", tmp_path / "a.nii", *stated).code == 0
    image = nib.load(tmp_path / "a.nii")
    assert image.header.get_zooms() == pytest.approx((0.5, 0.8, 3.5))
    assert sorted(np.asanyarray(image.dataobj).ravel().tolist()) == sorted((stored - 1024).ravel().tolist())
    refused = pellucid("convert", tmp_path / "known", tmp_path / "b.nii", *stated)
    assert refused.code != 0 and "it is not overwritten by hand" in refused.err and not (tmp_path / "b.nii").exists()


@pytest.mark.hazard("H09")
def test_versions_that_contradict_each_other_are_refused_until_one_is_named(pellucid: Run, tmp_path: Path) -> None:
    stored, slices = stack(4)
    other = slice_dataset(stored[1] + 5, position=slices[1].ImagePositionPatient, number=2)
    other.SOPInstanceUID = slices[1].SOPInstanceUID
    save(tmp_path / "ct", [*slices, other])
    target = tmp_path / "ct.nii"
    result = pellucid("convert", tmp_path / "ct", target)
    assert result.code != 0 and not target.exists()
    assert "--volume" in result.err and "0  copy 1" in result.err and "1  copy 2" in result.err
    assert pellucid("convert", tmp_path / "ct", target, "--volume", "1").code == 0
    values = np.asanyarray(nib.load(target).dataobj).T
    stored[1] += 5
    assert np.array_equal(values, stored - 1024)
