"""Masks of the data set compared: with SimpleITK on CT and SEG, and nuclei counted against their ground truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from scipy import ndimage
from skimage.filters import threshold_otsu

from command_line import Run
from hands import User
from pellucid.files.discover import discover

pytestmark = pytest.mark.data


def moved(reference: Path, folder: Path) -> Path:
    """Write a label map whose labels are moved by (2, -1, 1) voxels."""
    image = sitk.ReadImage(str(reference))
    array = np.roll(sitk.GetArrayFromImage(image), (1, -1, 2), axis=(0, 1, 2))
    shifted = sitk.GetImageFromArray(array)
    shifted.CopyInformation(image)
    sitk.WriteImage(shifted, str(folder / "moved.nii.gz"))
    return folder / "moved.nii.gz"


def test_organs_of_a_ct_have_the_numbers_of_simpleitk(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    reference = data_dir / "seg_gt_nifti" / "totalseg" / "example_seg.nii.gz"
    other = moved(reference, tmp_path)
    rows = pellucid("compare", other, reference, "--json").json()
    first, second = sitk.ReadImage(str(other)), sitk.ReadImage(str(reference))
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(sitk.Cast(first, sitk.sitkUInt16), sitk.Cast(second, sitk.sitkUInt16))
    assert len(rows) > 30
    for row in rows:
        label = row["label"]
        assert row["dice"] == pytest.approx(overlap.GetDiceCoefficient(label))
        assert row["jaccard"] == pytest.approx(overlap.GetJaccardCoefficient(label))
    for row in rows[::6]:
        one, two = first == row["label"], second == row["label"]
        contours = [sitk.LabelContour(mask) for mask in (one, two)]
        maps = [sitk.Abs(sitk.SignedMaurerDistanceMap(rim, squaredDistance=False, useImageSpacing=True))
                for rim in contours]  # fmt: skip
        inside = [sitk.GetArrayFromImage(rim) > 0 for rim in contours]
        there, back = sitk.GetArrayFromImage(maps[1])[inside[0]], sitk.GetArrayFromImage(maps[0])[inside[1]]
        if _at_border(one) or _at_border(two):  # ITK does not count the border of the image as a surface
            continue
        assert row["hausdorff_mm"] == pytest.approx(max(there.max(), back.max()), rel=1e-4)
        both = [np.percentile(side, 95) for side in (there, back)]
        assert row["hausdorff95_mm"] == pytest.approx(max(both), rel=1e-4)
        assert row["mean_surface_distance_mm"] == pytest.approx(np.concatenate([there, back]).mean(), rel=1e-4)


def _at_border(mask: sitk.Image) -> bool:
    array = sitk.GetArrayFromImage(mask) > 0
    return any(array.take(end, axis).any() for axis in range(3) for end in (0, -1))


def test_a_dicom_segmentation_is_its_label_map(data_dir: Path, pellucid: Run) -> None:
    folder = data_dir / "seg"
    (row,) = pellucid("compare", folder / "liver.dcm", folder / "liver_seg.nrrd", "--json").json()
    assert row["dice"] == 1 and row["hausdorff_mm"] == 0 and row["volume_difference_mm3"] == 0


def test_the_spinal_cord_against_a_smaller_one(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    path = data_dir / "seg_gt_nifti" / "spinal_cord_t2" / "t2_seg-manual.nii.gz"
    image = sitk.ReadImage(str(path))
    eroded = sitk.BinaryErode(sitk.Cast(image > 0, sitk.sitkUInt8), (1, 1, 0), sitk.sitkCross, 0, 1)
    sitk.WriteImage(eroded, str(tmp_path / "small.nii.gz"))
    (row,) = pellucid("compare", tmp_path / "small.nii.gz", path, "--json").json()
    filter = sitk.HausdorffDistanceImageFilter()
    filter.Execute(eroded, sitk.Cast(image > 0, sitk.sitkUInt8))
    assert row["precision"] == 1 and row["recall"] < 1 and row["volume_difference_mm3"] < 0
    assert row["hausdorff_mm"] == pytest.approx(filter.GetHausdorffDistance(), rel=1e-4)


def nuclei(folder: Path) -> tuple[Any, Any]:
    """Return an image and the map of its nuclei by hand, one value each."""
    (picture,) = (folder / "images").glob("*.png")
    image = np.asarray(Image.open(picture).convert("L"))
    truth = np.zeros(image.shape, np.uint16)
    for n, path in enumerate(sorted((folder / "masks").glob("*.png")), start=1):
        truth[np.asarray(Image.open(path).convert("L")) > 0] = n
    return image, truth


def test_nuclei_are_counted_against_those_marked_by_hand(data_dir: Path, pellucid: Run, tmp_path: Path) -> None:
    for folder in sorted((data_dir / "nuclei_gt" / "dsb2018").iterdir()):
        image, truth = nuclei(folder)
        found = (ndimage.gaussian_filter(image.astype(float), 1) > threshold_otsu(image)).astype(np.uint8)
        for name, array in (("found.png", found), ("truth.png", truth)):
            Image.fromarray(array).save(tmp_path / name)
        said = pellucid("compare", tmp_path / "found.png", tmp_path / "truth.png", "--objects", "--json").json()
        parts, count = ndimage.label(found)
        hits = 0
        for n in range(1, count + 1):  # at half or more of the union there is at most one partner
            touched = np.unique(truth[parts == n])
            shares = [((parts == n) & (truth == m)).sum() / ((parts == n) | (truth == m)).sum() for m in touched if m]
            hits += max(shares, default=0) >= 0.5
        assert said["true_positives"] == hits and said["objects_first"] == count
        assert said["objects_second"] == len(np.unique(truth)) - 1
        assert said["f1"] == pytest.approx(2 * hits / (count + said["objects_second"])) and said["f1"] > 0.5


def test_layers_are_compared_in_the_window_with_the_numbers_of_the_command_line(
    qtbot: Any, data_dir: Path, pellucid: Run, tmp_path: Path
) -> None:
    reference = data_dir / "seg_gt_nifti" / "totalseg" / "example_seg.nii.gz"
    other = moved(reference, tmp_path)
    user = User(qtbot)
    session = user.session
    session.open([other])
    user.rest()
    session.labelling.use_as_labels(session.document.active_image)
    user.rest()
    session.loading.load(discover([reference]).images[0], replace=False)
    user.rest()
    session.labelling.use_as_labels(session.document.images[-1])
    user.rest()
    user.window.actions_table.by_id["segment.compare"].trigger()
    user.wait(lambda: session.agreeing.answer is not None)
    rows = pellucid("compare", other, reference, "--json").json()
    shown = [row.row() for row in session.agreeing.answer.rows]
    first = session.agreeing.layer(session.agreeing.first)
    assert first is not None and len(shown) == len(rows)
    for one, two in zip(shown, rows, strict=True):
        assert (one["label"], one["dice"], one["hausdorff_mm"]) == (two["label"], two["dice"], two["hausdorff_mm"])
    chart = user.find("Agreement of each slice")
    before = session.view.crosshair
    QTest.mouseClick(chart, Qt.MouseButton.LeftButton, pos=chart.position_of(3).toPoint())
    assert session.view.crosshair != before
    assert session.agreeing.place(session.agreeing.axis()) == 3
    user.leave()
