"""``convert`` of weighted and of timed series: gradients and times beside or in the NIfTI file.

The oracle is the header that was written with pydicom.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from command_line import Run
from dicom_making import AXIAL, CORONAL, MR, SAGITTAL, save, stack
from diffusion_making import (
    ALONG,
    B_VALUES,
    TILTED,
    Weigh,
    csa,
    ge,
    in_patient,
    philips,
    series,
    siemens,
    standard,
)  # fmt: skip
from series_truth import twins


@pytest.mark.parametrize(("weigh", "orientation"), [
    (standard, AXIAL), (standard, SAGITTAL), (siemens, CORONAL), (siemens, TILTED), (philips, TILTED), (csa, TILTED),
    (ge, AXIAL), (ge, (0.96, 0.28, 0.0, -0.28, 0.96, 0.0)),
])  # fmt: skip
def test_gradients_point_where_the_header_says(
    pellucid: Run, tmp_path: Path, weigh: Weigh, orientation: Sequence[float]
) -> None:
    save(tmp_path / "in", series(weigh, orientation))
    done = pellucid("convert", tmp_path / "in", tmp_path / "out.nii.gz")
    assert done.code == 0 and done.out.splitlines()[1:] == [str(tmp_path / f"out.{end}") for end in ("bval", "bvec")]
    assert nib.load(tmp_path / "out.nii.gz").shape == (5, 6, 3, 5)
    b_values, along = in_patient(tmp_path / "out.nii.gz")
    assert b_values.tolist() == list(B_VALUES)
    np.testing.assert_allclose(along, ALONG, atol=1e-5)


def test_the_enhanced_twin_has_the_same_gradients(pellucid: Run, tmp_path: Path) -> None:
    files = series(standard, TILTED)
    (made,) = twins(files, random.Random(1))
    made.SOPClassUID, made.Modality = "1.2.840.10008.5.1.4.1.1.4.1", "MR"
    by_place = {(tuple(ds.ImagePositionPatient), ds.pixel_array.tobytes()): ds for ds in files}
    for groups, frame in zip(made.PerFrameFunctionalGroupsSequence, made.pixel_array, strict=True):
        diffusion, gradient = Dataset(), Dataset()
        ds = by_place[tuple(groups.PlanePositionSequence[0].ImagePositionPatient), frame.tobytes()]
        diffusion.DiffusionBValue = ds.DiffusionBValue
        if "DiffusionGradientOrientation" in ds:
            gradient.DiffusionGradientOrientation = ds.DiffusionGradientOrientation
            diffusion.DiffusionGradientDirectionSequence = Items([gradient])
        groups.MRDiffusionSequence = Items([diffusion])
    save(tmp_path / "in", [made])
    assert pellucid("convert", tmp_path / "in", tmp_path / "out.nii").code == 0
    b_values, along = in_patient(tmp_path / "out.nii")
    found = np.column_stack([b_values, along]).round(4) + 0.0
    wanted = np.column_stack([B_VALUES, ALONG]).round(4) + 0.0
    assert sorted(found.tolist()) == sorted(wanted.tolist())  # frames without numbers are in the order of their values


def test_ge_directions_shorter_than_one_are_smaller_b_values(pellucid: Run, tmp_path: Path) -> None:
    def shells(ds: Dataset, b: float, along: NDArray[Any]) -> None:
        ge(ds, 3000.0 if b else 0.0, along * np.sqrt(b / 3000.0))

    save(tmp_path / "in", series(shells))
    assert pellucid("convert", tmp_path / "in", tmp_path / "out.nii").code == 0
    b_values, along = in_patient(tmp_path / "out.nii")
    assert b_values.tolist() == list(B_VALUES)
    np.testing.assert_allclose(along, ALONG, atol=1e-5)


def _trace(ds: Dataset, b: float, along: NDArray[Any]) -> None:
    philips(ds, b, along * (b != 700))


def _by_rows(ds: Dataset, b: float, along: NDArray[Any]) -> None:
    ge(ds, b, along)
    ds.InPlanePhaseEncodingDirection = "ROW"


@pytest.mark.parametrize(("weigh", "orientation", "count"), [(_trace, AXIAL, 1), (_by_rows, AXIAL, 4),
                                                             (ge, SAGITTAL, 4)])  # fmt: skip
def test_directions_that_are_not_sure_are_not_written_and_that_is_said(
    pellucid: Run, tmp_path: Path, weigh: Weigh, orientation: Sequence[float], count: int
) -> None:
    save(tmp_path / "in", series(weigh, orientation))
    done = pellucid("convert", tmp_path / "in", tmp_path / "out.nii")
    assert done.code == 0 and "no .bvec was written" in done.err
    assert ("One weighted frame states" if count == 1 else f"{count} weighted frames state") in done.err
    assert np.loadtxt(tmp_path / "out.bval").tolist() == list(B_VALUES) and not (tmp_path / "out.bvec").exists()


def test_nothing_is_written_beside_what_is_not_weighted_or_is_no_nifti(pellucid: Run, tmp_path: Path) -> None:
    save(tmp_path / "plain", stack(3, modality="MR", sop_class=MR, DiffusionBValue=0.0)[1])
    save(tmp_path / "weighted", series(standard))
    for source, out in (("plain", "a.nii"), ("weighted", "b.nrrd")):
        assert pellucid("convert", tmp_path / source, tmp_path / out).code == 0
    assert not [*tmp_path.glob("*.bv*")]


def test_apart_each_file_has_its_own(pellucid: Run, tmp_path: Path) -> None:
    save(tmp_path / "in", series(standard))
    assert pellucid("convert", tmp_path / "in", tmp_path / "out", "--all", "--split-by", "DiffusionBValue").code == 0
    found = sorted(float(path.read_text()) for path in (tmp_path / "out").glob("*.bval"))
    assert found == [700, 1000, 1000, 1000]  # and none beside b = 0, where nothing is weighted
    assert len([*(tmp_path / "out").glob("*.bvec")]) == 4


@pytest.mark.data
def test_the_reference_of_ge_where_the_header_says_how_phase_runs(
    data_dir: Path, pellucid: Run, tmp_path: Path
) -> None:
    """The header lost (0018,1312) when it was made anonymous, without which the axes mean nothing; the reference
    takes columns for granted.
    """
    folder = data_dir / "geometry_nifti_ref/ge/dti"
    shutil.copytree(folder / "001", tmp_path / "in")
    done = pellucid("convert", tmp_path / "in", tmp_path / "no.nii")
    assert "no .bvec was written" in done.err and not (tmp_path / "no.bvec").exists()
    for path in (tmp_path / "in").iterdir():
        ds = pydicom.dcmread(path)
        ds.InPlanePhaseEncodingDirection = "COL"
        ds.save_as(path)
    pellucid("convert", tmp_path / "in", tmp_path / "out.nii.gz")
    for end in ("bval", "bvec"):
        np.testing.assert_allclose(np.loadtxt(tmp_path / f"out.{end}"), np.loadtxt(folder / f"001_ground_truth.{end}"))


@pytest.mark.data
@pytest.mark.parametrize(("name", "step"), [("ge/dti", 9.0), ("ge/fmri", 2.5), ("siemens/fmri", 3.0)])
def test_the_time_between_frames_is_that_of_the_references(
    data_dir: Path, pellucid: Run, tmp_path: Path, name: str, step: float
) -> None:
    pellucid("convert", data_dir / "geometry_nifti_ref" / name / "001", tmp_path / "out.nii")
    header = nib.load(tmp_path / "out.nii").header
    reference = nib.load(data_dir / "geometry_nifti_ref" / name / "001_ground_truth.nii.gz").header
    assert header["pixdim"][4] == reference["pixdim"][4] == step and header.get_xyzt_units() == ("mm", "sec")


def timed(times: Sequence[float], **more: Any) -> list[Dataset]:
    files = []
    for n, time in enumerate(times):
        for ds in stack(3, seed=n, modality="MR", sop_class=MR, slope=None, **more)[1]:
            ds.InstanceNumber, ds.TemporalPositionIdentifier = 100 * n + int(ds.InstanceNumber), n + 1
            ds.AcquisitionTime = f"{120000 + time:013.6f}"
            files.append(ds)
    return files


PLANAR = {"ScanningSequence": ["EP", "GR"], "MRAcquisitionType": "2D", "RepetitionTime": "2500"}


@pytest.mark.parametrize(("times", "more", "step", "said"), [
    ((0, 2.1, 4.2, 6.3), {}, 2.1, ""),
    ((0, 2.1, 4.2, 9.0), {}, None, "The frames are 2.1 to 4.8 s apart"),
    ((0, 0, 0, 0), PLANAR, 2.5, ""),
    ((0, 0, 0, 0), PLANAR | {"NumberOfAverages": "2"}, None, ""),
    ((0, 0, 0, 0), PLANAR | {"MRAcquisitionType": "3D"}, None, ""),
    ((0, 3.0, 6.0, 9.0), PLANAR, 3.0, ""),
], ids=["even", "uneven", "repetition", "averages", "3D", "measured first"])  # fmt: skip
def test_the_time_between_frames(
    pellucid: Run, tmp_path: Path, times: Sequence[float], more: dict[str, Any], step: float | None, said: str
) -> None:
    save(tmp_path / "in", timed(times, **more))
    done = pellucid("convert", tmp_path / "in", tmp_path / "out.nii.gz")
    header = nib.load(tmp_path / "out.nii.gz").header
    assert done.code == 0 and said in done.err
    assert header.get_xyzt_units() == ("mm", "sec" if step else "unknown")
    assert header["pixdim"][4] == pytest.approx(step or 1.0)


def test_echoes_are_no_times(pellucid: Run, tmp_path: Path) -> None:
    files = timed((0, 0, 0), **PLANAR)
    for ds in files:
        ds.EchoTime = 10.0 * int(ds.TemporalPositionIdentifier)
        del ds.TemporalPositionIdentifier
    save(tmp_path / "in", files)
    assert pellucid("convert", tmp_path / "in", tmp_path / "out.nii").code == 0
    assert nib.load(tmp_path / "out.nii").header.get_xyzt_units() == ("mm", "unknown")
