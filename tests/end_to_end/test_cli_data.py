"""The command line on real images, checked against nibabel, SimpleITK, SciPy and pydicom."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from command_line import Run

pytestmark = pytest.mark.data


def test_pet_slices_keep_their_own_slope(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    folder = data_dir / "ct_pet_acrin042" / "PT_AC"
    assert pellucid("convert", folder, tmp_path / "pet.nii").code == 0
    volume = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "pet.nii")))
    slices = sorted(
        (pydicom.dcmread(file) for file in folder.glob("*")), key=lambda d: d.ImagePositionPatient[2]
    )
    assert len({float(data.RescaleSlope) for data in slices}) > 1
    truth = np.stack([d.pixel_array * float(d.RescaleSlope) + float(d.RescaleIntercept) for d in slices])
    assert np.allclose(volume, truth, rtol=1e-6, atol=0)
    said = pellucid("info", folder, "--json").json()
    assert said["unit"] == "Bq/ml" and said["maximum"] == pytest.approx(truth.max(), rel=1e-6)


def test_the_ct_is_described_truly(data_dir: Path, pellucid: Run) -> None:
    folder = data_dir / "ct_pet_acrin042" / "CT"
    said = pellucid("info", folder, "--json").json()
    slices = [pydicom.dcmread(file) for file in folder.glob("*")]
    assert (said["size"], said["unit"], said["pixel_type"]) == ([512, 512, 101], "HU", "int16")
    assert said["spacing"] == pytest.approx([0.977, 0.977, 3.27], abs=0.01)
    assert said["maximum"] == max(int(data.pixel_array.max()) for data in slices)
    first = min(slices, key=lambda data: data.ImagePositionPatient[2])
    assert said["origin"] == pytest.approx([float(x) for x in first.ImagePositionPatient], abs=1e-3)
    assert not {"missing-slices", "uneven-spacing"} & {finding["code"] for finding in said["findings"]}


@pytest.mark.parametrize(
    ("folder", "code", "volumes"),
    [
        ("gantrytilting", "tilt", 1),
        ("sliceincrement", "missing-slices", 1),
        ("sliceorientation", "several-orientations", 2),
    ],
)
def test_odd_geometry_is_said(
    folder: str, code: str, volumes: int, data_dir: Path, pellucid: Run, tmp_path: Path
) -> None:
    place = data_dir / "ct_odd_geometry" / folder
    (series,) = pellucid("scan", place, "--json").json()
    assert len(series["volumes"]) == volumes
    found = series["findings"] + [finding for volume in series["volumes"] for finding in volume["findings"]]
    assert code in {finding["code"] for finding in found}
    said = pellucid("info", place, "--json").json()
    assert code in {finding["code"] for finding in said["findings"]}
    result = pellucid("convert", place, tmp_path / "out", "--all", "--accept-loss")
    assert result.code == 0 and len(list((tmp_path / "out").iterdir())) == volumes


def test_tilted_and_uneven_stacks_need_consent(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    for folder in ("gantrytilting", "sliceincrement"):
        result = pellucid("convert", data_dir / "ct_odd_geometry" / folder, tmp_path / "out.nii")
        assert result.code == 1 and "--accept-loss" in result.err, folder
        assert ("--even" in result.err) == (folder == "sliceincrement")
    uneven = data_dir / "ct_odd_geometry" / "sliceincrement"
    assert pellucid("convert", uneven, tmp_path / "out.nii", "--even").code == 0
    assert sitk.ReadImage(str(tmp_path / "out.nii")).GetSpacing()[2] == pytest.approx(5, abs=0.01)


def test_whole_patient_needs_a_choice_and_all_takes_everything(
    data_dir: Path, pellucid: Run, tmp_path: Path
) -> None:
    place = data_dir / "ct_pet_mr_sts002" / "dicom"
    series = pellucid("scan", place, "--json").json()
    assert {entry["modality"] for entry in series} >= {"CT", "PT", "MR", "RTSTRUCT"}
    assert all(entry["contents"] and not entry["volumes"] for entry in series if entry["modality"] == "RTSTRUCT")
    refused = pellucid("convert", place, tmp_path / "one.nii")
    assert refused.code == 1 and "--series" in refused.err
    ct = next(n for n, entry in enumerate(series) if entry["modality"] == "CT")
    assert pellucid("convert", place, tmp_path / "ct.nii", "--series", ct).code == 0
    assert sitk.ReadImage(str(tmp_path / "ct.nii")).GetSize() == (161, 143, 48)
    assert pellucid("convert", place, tmp_path / "out", "--all", "--accept-loss").code == 0
    assert len(list((tmp_path / "out").iterdir())) == 3
    structures = next(n for n, entry in enumerate(series) if entry["modality"] == "RTSTRUCT")
    refused = pellucid("info", place, "--series", structures)
    assert refused.code == 1 and refused.err.count("\n") >= 1


def test_statistics_of_forty_one_organs(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    folder = data_dir / "seg_gt_nifti" / "totalseg"
    image, labels = folder / "example_ct_sm.nii.gz", folder / "example_seg.nii.gz"
    rows = pellucid("stats", image, labels, "--csv", tmp_path / "rows.csv").json()
    values, ids = (np.asanyarray(nib.load(path).dataobj) for path in (image, labels))
    assert [row["label"] for row in rows] == [int(n) for n in np.unique(ids) if n]
    voxel = abs(np.linalg.det(nib.load(labels).affine[:3, :3]))
    for row in rows:
        inside = values[ids == row["label"]].astype(float)
        assert row["voxels"] == inside.size and row["volume_mm3"] == pytest.approx(
            inside.size * voxel, rel=1e-5
        )
        wanted = [inside.mean(), inside.std(), inside.min(), inside.max(), np.median(inside)]
        got = [row[key] for key in ("mean", "std", "minimum", "maximum", "median")]
        assert got == pytest.approx(wanted, rel=1e-5, abs=1e-4)
        ras = nib.affines.apply_affine(nib.load(labels).affine, np.argwhere(ids == row["label"]).mean(axis=0))
        assert row["centroid"] == pytest.approx([-ras[0], -ras[1], ras[2]], abs=1e-3)
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == len(rows) + 1


def test_statistics_under_the_segments_of_a_dicom_segmentation(data_dir: Path, pellucid: Run) -> None:
    folder = data_dir / "ct_pet_acrin042"
    rows = pellucid("stats", folder / "PT_AC", folder / "SEG_PT").json()
    seg = pydicom.dcmread(folder / "SEG_PT/image.dcm")
    slices = [pydicom.dcmread(file) for file in folder.glob("PT_AC/*")]
    activity = {float(d.ImagePositionPatient[2]): d.pixel_array * float(d.RescaleSlope) for d in slices}
    inside: dict[int, list[NDArray[np.float64]]] = {}
    for frame, groups in zip(seg.pixel_array, seg.PerFrameFunctionalGroupsSequence, strict=True):
        number = int(groups.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        height = float(groups.PlanePositionSequence[0].ImagePositionPatient[2])
        nearest = min(activity, key=lambda place: abs(place - height))
        inside.setdefault(number, []).append(activity[nearest][frame > 0])
    assert [row["label"] for row in rows] == sorted(inside) == [1, 2]
    assert [row["name"] for row in rows] == [str(item.SegmentLabel) for item in seg.SegmentSequence]
    for row in rows:
        values = np.concatenate(inside[row["label"]])
        assert row["voxels"] == values.size
        assert (row["mean"], row["maximum"]) == pytest.approx((values.mean(), values.max()), rel=1e-6)


def test_smooth_threshold_clean_measure(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    source = data_dir / "seg_gt_nifti" / "totalseg" / "example_ct_sm.nii.gz"
    smooth, mask, largest = (tmp_path / f"{name}.nii.gz" for name in ("smooth", "mask", "largest"))
    assert pellucid("apply", "smoothing.gaussian", source, smooth, "--sigma", 3).code == 0
    image = sitk.ReadImage(str(source))
    values = sitk.GetArrayFromImage(image).astype(float)
    sigmas = [3 / step for step in image.GetSpacing()[::-1]]
    wanted = ndimage.gaussian_filter(values, sigmas, mode="nearest", truncate=4)
    got = sitk.GetArrayFromImage(sitk.ReadImage(str(smooth))).astype(float)
    assert np.abs(got - wanted).max() <= 1.0
    assert pellucid("apply", "threshold.range", smooth, mask, "--lower", -100, "--upper", 3000).code == 0
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(mask))), (got >= -100) & (got <= 3000))
    assert pellucid("apply", "masks.keep_largest", mask, largest).code == 0
    parts, _ = ndimage.label((got >= -100) & (got <= 3000))
    sizes = np.bincount(parts.ravel())[1:]
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(largest))), parts == 1 + sizes.argmax())
    (row,) = pellucid("stats", source, largest).json()
    assert row["voxels"] == sizes.max()


def assert_same_image(ours: Path, reference: Path) -> None:
    """Compare two NIfTI files in one orientation: corners within 0.01 mm, values equal."""
    one, two = (nib.as_closest_canonical(nib.load(path)) for path in (ours, reference))
    assert one.shape == two.shape
    last = np.array(one.shape[:3]) - 1
    bits = np.array([[(n >> axis) & 1 for axis in range(3)] for n in range(8)])
    corners = [nib.affines.apply_affine(image.affine, bits * last) for image in (one, two)]
    assert np.abs(corners[0] - corners[1]).max() <= 0.01
    a, b = one.get_fdata(), two.get_fdata()
    assert np.allclose(a, b, rtol=1e-5, atol=1e-5 * np.abs(b).max())


@pytest.mark.parametrize(
    "name", ["anatomical.nii", "functional.nii", "example4d.nii.gz", "example_nifti2.nii.gz"]
)
def test_foreign_nifti_keeps_values_and_place(
    name: str, data_dir: Path, pellucid: Run, tmp_path: Path
) -> None:
    source = data_dir / "other_formats" / name
    assert pellucid("convert", source, tmp_path / "out.nii.gz", "--accept-loss").code == 0
    assert_same_image(tmp_path / "out.nii.gz", source)


def test_bad_files_give_an_image_or_a_sentence(data_dir: Path, pellucid: Run) -> None:
    scanned = pellucid("scan", data_dir / "bad_files", "--json")
    assert scanned.code == 0
    for series in scanned.json():
        assert {"code", "message"} == set().union(*series["findings"]) or not series["findings"]
    for file in sorted(path for path in (data_dir / "bad_files").rglob("*") if path.is_file()):
        result = pellucid("info", file, "--json")
        if result.code == 0:
            assert result.json()["size"], file
        else:
            assert result.code == 1 and result.out == "" and result.err.startswith("pellucid: "), file
            assert "inside Pellucid" not in result.err, (file, result.err)


def test_scan_of_everything_is_json(data_dir: Path, pellucid: Run) -> None:
    result = pellucid("scan", data_dir / "dicomdir_media", "--json")
    assert result.code == 0 and isinstance(json.loads(result.out), list)
    assert len(result.json()) >= 3
