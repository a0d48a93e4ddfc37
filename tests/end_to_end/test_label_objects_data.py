"""Real segmentations and structure sets beside what test_every_pair.py compares: without their image, of highdicom."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from pydicom import dcmread

from command_line import Run
from pellucid.dicom.grid_fitting import fitted
from pellucid.dicom.scan import scan
from pellucid.dicom.segmentation_objects import read_segmentation


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
