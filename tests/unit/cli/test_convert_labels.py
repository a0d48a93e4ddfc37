"""``pellucid convert`` and ``scan`` with segmentations and structure sets: the label maps another library reads."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk

from command_line import Run
from dicom_making import save
from label_object_making import by_hand, ct, frame, square, structure_set

ORIGIN = (-50.0, -60.0, 10.0)


def masks() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 2, (2, 6, 5)).astype(np.uint8)


def segmentation(folder: Path, *, segments: tuple[int, int] = (1, 1)) -> None:
    frames = [frame(n, (*ORIGIN[:2], ORIGIN[2] + 2.5 * z)) for n, z in zip(segments, (1, 3), strict=True)]
    save(folder, [by_hand(masks(), frames, {n: f"part {n}" for n in sorted(set(segments))})])


def structures(folder: Path) -> None:
    x0, y0, z0 = ORIGIN
    outer = square(x0 + 0.25, y0 + 0.4, x0 + 1.75, y0 + 2.8, z0 + 5)
    inner = square(x0 + 0.25, y0 + 0.4, x0 + 0.75, y0 + 1.2, z0 + 5)
    save(folder, [structure_set([(1, "GTV", [outer]), (2, "Boost", [inner])])])


def test_a_segmentation_alone_and_on_its_image(pellucid: Run, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    segmentation(tmp_path / "seg")
    out = tmp_path / "out.nrrd"
    assert pellucid("convert", tmp_path / "seg", out).code == 0
    image = sitk.ReadImage(str(out))
    expected = np.zeros((3, 6, 5), int)
    expected[0], expected[2] = masks()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), expected)
    assert image.GetOrigin() == (-50, -60, 12.5) and image.GetSpacing() == (0.5, 0.8, 2.5)
    assert pellucid("convert", tmp_path / "seg", out, "--onto", tmp_path / "ct").code == 0
    image = sitk.ReadImage(str(out))
    assert image.GetSize() == (5, 6, 5) and image.GetOrigin() == ORIGIN
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image)[[1, 3]], masks())


def test_the_fractions_of_a_segment_are_an_image_as_the_note_says(pellucid: Run, tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 201, (3, 6, 5)).astype(np.uint8)
    frames = [frame(n, (*ORIGIN[:2], ORIGIN[2] + 2.5 * z)) for n, z in ((1, 1), (1, 2), (2, 2))]
    save(tmp_path / "seg", [by_hand(values, frames, {1: "a", 2: "b"}, kind="FRACTIONAL", MaximumFractionalValue=200)])
    out = tmp_path / "out.nrrd"
    answer = pellucid("convert", tmp_path / "seg", out)
    assert answer.code == 0 and "--volume: 0 is the first" in answer.err
    assert pellucid("convert", tmp_path / "seg", out, "--volume", "0").code == 0
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(out)))
    np.testing.assert_allclose(read, values[:2] / 200.0, atol=1e-7)
    assert pellucid("convert", tmp_path / "seg", out, "--volume", "1").code == 0
    np.testing.assert_allclose(sitk.GetArrayFromImage(sitk.ReadImage(str(out)))[-1], values[2] / 200.0, atol=1e-7)


def test_structures_on_their_image_all_or_one_by_its_name(pellucid: Run, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    ct(tmp_path / "another", series="1.2.3.6", count=3)
    structures(tmp_path / "rt")
    out = tmp_path / "out.nii.gz"
    answer = pellucid("convert", tmp_path / "rt", out, "--onto", tmp_path)  # of all series the one it was drawn on
    assert answer.code == 0 and "overlap" in answer.err
    first, second = (nibabel.load(tmp_path / f"out-{n}.nii.gz") for n in (1, 2))
    np.testing.assert_allclose(first.affine, np.diag([-1, -1, 1, 1]) @ np.array(
        [[0.5, 0, 0, -50], [0, 0.8, 0, -60], [0, 0, 2.5, 10], [0, 0, 0, 1]]), atol=1e-5)  # fmt: skip
    outer = np.zeros((5, 6, 5), int)
    outer[2, 1:4, 1:4] = 1
    np.testing.assert_array_equal(np.asarray(first.dataobj).T, outer)
    assert np.asarray(second.dataobj).T[2, 1, 1] == 2 and np.count_nonzero(second.dataobj) == 1
    assert pellucid("convert", tmp_path / "rt", out, "--onto", tmp_path / "ct", "--structure", "Boost").code == 0
    assert np.count_nonzero(nibabel.load(out).dataobj) == 1
    table = json.loads((tmp_path / "out.labels.json").read_text())
    assert "Boost" in json.dumps(table) and "GTV" not in json.dumps(table)


def test_a_folder_that_holds_image_and_structures_puts_them_together(pellucid: Run, tmp_path: Path) -> None:
    ct(tmp_path / "all" / "ct")
    structures(tmp_path / "all" / "rt")
    series = pellucid("scan", tmp_path / "all", "--json").json()
    (place,) = (n for n, one in enumerate(series) if one["modality"] == "RTSTRUCT")
    assert series[place]["contents"] == ["GTV", "Boost"] and series[place]["content"] == "structures"
    out = tmp_path / "out.nii"
    done = pellucid("convert", tmp_path / "all", out, "--series", place, "--structure", "GTV")
    assert done.code == 0 and nibabel.load(out).shape == (5, 6, 5)
    assert pellucid("convert", tmp_path / "all", tmp_path / "ct.nii").code == 0  # the image is the only image
    assert nibabel.load(tmp_path / "ct.nii").shape == (5, 6, 5)
    done = pellucid("convert", tmp_path / "all", tmp_path / "every", "--all")
    assert "labels are left out (1)" in done.err


def test_refusals_are_sentences(pellucid: Run, tmp_path: Path) -> None:
    ct(tmp_path / "ct")
    ct(tmp_path / "other", series="1.2.3.5", reference="9.9")
    structures(tmp_path / "rt")
    segmentation(tmp_path / "seg")
    out = tmp_path / "out.nii"
    for arguments, words in (
        ((tmp_path / "rt", out, "--structure", "Liver"), "holds “GTV”, “Boost”"),
        ((tmp_path / "rt", out, "--onto", tmp_path / "other"), "another frame of reference"),
        ((tmp_path / "ct", out, "--structure", "GTV"), "for DICOM segmentations"),
        ((tmp_path / "rt", tmp_path), "is a folder"),
        ((tmp_path / "seg", out, "--onto", tmp_path / "nowhere"), "no file or folder"),
    ):
        done = pellucid("convert", *arguments)
        assert done.code == 1 and words in done.err, arguments
    assert not out.exists()


def test_scan_names_the_parts(pellucid: Run, tmp_path: Path) -> None:
    segmentation(tmp_path / "seg", segments=(4, 2))
    text = pellucid("scan", tmp_path).out
    assert "2 segments" in text and "part 2" in text and "part 4" in text


def test_labels_are_measured_and_compared_like_any_other(pellucid: Run, tmp_path: Path) -> None:
    slices = ct(tmp_path / "ct")
    segmentation(tmp_path / "seg")
    (row,) = pellucid("stats", tmp_path / "ct", tmp_path / "seg").json()
    values = np.stack([slices[z].pixel_array.astype(int) - 1024 for z in (1, 3)])[masks() > 0]
    assert row["name"] == "part 1" and row["voxels"] == len(values) and row["mean"] == np.mean(values)
    (row,) = pellucid("compare", tmp_path / "seg", tmp_path / "seg", "--json").json()
    assert row["dice"] == 1
