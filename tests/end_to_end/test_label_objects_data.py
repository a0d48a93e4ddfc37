"""Real segmentations against their NRRD, and real structure sets against the masks of the IBSI, to the last voxel."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from command_line import Result, Run, answer
from pellucid.dicom.grid_fitting import fitted
from pellucid.dicom.scan import scan
from pellucid.dicom.segmentation_objects import read_segmentation

_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@pytest.fixture
def pellucid(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> Result:
        return answer(capsys, arguments)

    return run


def same_image(one: Path, other: Path) -> None:
    made, reference = (sitk.ReadImage(str(path)) for path in (one, other))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(made), sitk.GetArrayFromImage(reference))
    assert made.GetSize() == reference.GetSize() and made.GetDirection() == pytest.approx(reference.GetDirection())
    assert made.GetOrigin() == pytest.approx(reference.GetOrigin(), abs=1e-5)  # the image rounds otherwise
    assert made.GetSpacing() == pytest.approx(reference.GetSpacing(), abs=1e-5)


@pytest.mark.parametrize("onto", [False, True])
def test_a_segmentation_equals_its_nrrd(data_dir: Path, pellucid: Run, tmp_path: Path, onto: bool) -> None:
    folder, out = data_dir / "seg", tmp_path / "liver.nrrd"
    more = ("--onto", folder / "ct-3slice") if onto else ()
    assert pellucid("convert", folder / "liver.dcm", out, *more).code == 0
    same_image(out, folder / "liver_seg.nrrd")


def test_segments_that_overlap_equal_their_nrrds(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    folder = data_dir / "seg"
    assert pellucid("convert", folder / "partial_overlaps.dcm", tmp_path / "out.nrrd").code == 0
    for n in (1, 2, 3):
        same_image(tmp_path / f"out-{n}.nrrd", folder / f"partial_overlaps-{n}.nrrd")


@pytest.mark.parametrize("name", ["CT", "PET", "MR_T1"])
def test_structures_equal_the_reference_masks(data_dir: Path, pellucid: Run, tmp_path: Path, name: str) -> None:
    folder, out = data_dir / "ct_pet_mr_sts002", tmp_path / "mask.nii.gz"
    place = folder / "dicom" / name
    assert pellucid("convert", place / "mask" / "RS.dcm", out, "--onto", folder / "dicom").code == 0
    made, reference = nibabel.load(out), nibabel.load(folder / "nifti" / f"{name}_mask.nii.gz")
    np.testing.assert_array_equal(np.asarray(made.dataobj), np.asarray(reference.dataobj))
    np.testing.assert_allclose(made.affine, reference.affine, atol=1e-4)


def test_structures_without_their_image_hold_the_same_volume(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    folder, out = data_dir / "ct_pet_mr_sts002", tmp_path / "mask.nii.gz"
    assert pellucid("convert", folder / "dicom/CT/mask/RS.dcm", out).code == 0
    made, reference = nibabel.load(out), nibabel.load(folder / "nifti" / "CT_mask.nii.gz")
    volumes = [np.count_nonzero(one.dataobj) * np.prod(one.header.get_zooms()) for one in (made, reference)]
    assert volumes[0] == pytest.approx(volumes[1], rel=0.01)


def test_the_segments_of_the_pet_lie_on_the_pet(data_dir: Path) -> None:
    folder = data_dir / "ct_pet_acrin042"
    path = folder / "SEG_PT" / "image.dcm"
    found, ds = read_segmentation(path), dcmread(path)
    (series,) = scan([folder / "PT_AC"]).series
    placed = fitted(found.maps[0], series.volumes[0].geometry)
    assert placed is not None and found.series == (series.uid,)
    heights = {round(float(dcmread(file).ImagePositionPatient[2]), 3): n for n, file in enumerate(
        sorted(folder.glob("PT_AC/*"), key=lambda file: float(dcmread(file).ImagePositionPatient[2])))}  # fmt: skip
    expected = np.zeros(placed.shape, int)
    for mask, groups in zip(ds.pixel_array, ds.PerFrameFunctionalGroupsSequence, strict=True):
        height = float(groups.PlanePositionSequence[0].ImagePositionPatient[2])
        slice_ = heights[min(heights, key=lambda known: abs(known - height))]
        expected[slice_][mask > 0] = groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    np.testing.assert_array_equal(placed.array, expected)


@pytest.mark.parametrize("name", ["binary", "binary_overlap", "binary_fractional", "true_fractional"])
def test_segmentations_of_highdicom_as_it_reads_them(data_dir: Path, name: str) -> None:
    import highdicom as hd

    path = data_dir / "seg" / "highdicom" / f"seg_image_ct_{name}.dcm"
    found, truth = read_segmentation(path), hd.seg.segread(path)
    volume = truth.get_volume(combine_segments=False, rescale_fractional=True)
    affine = np.array(volume.get_affine("LPS") if hasattr(volume, "get_affine") else volume.affine)
    z, y, x, segment = np.nonzero(volume.array >= 0.5)
    world = np.stack([z, y, x], axis=1) @ affine[:3, :3].T + affine[:3, 3]
    index = np.rint(found.geometry.world_to_index(world)).astype(int)
    held = {row.value: labels.array == row.value for labels in found.maps for row in labels.labels}
    for number, mask in held.items():
        there = np.zeros_like(mask)
        there[tuple(index[segment == number - 1].T[::-1])] = True
        np.testing.assert_array_equal(mask, there)


def test_scan_names_segments_and_structures(data_dir: Path, pellucid: Run) -> None:
    assert "LIGHT_BLUE" in pellucid("scan", data_dir / "seg" / "partial_overlaps.dcm").out
    assert "GTV_Mass_PET" in pellucid("scan", data_dir / "ct_pet_mr_sts002").out
