"""`operations` and `apply`: parameters come from the declaration, results equal another computation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image
from scipy import ndimage

from command_line import Run, write_image, write_series
from pellucid.operations.operation import registry


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    array = np.zeros((7, 11, 13), np.int16)
    array[2:5, 3:8, 4:10] = 100
    array[3, 5, 6] = 200
    return write_image(tmp_path / "blob.nii.gz", array)


def read(path: Path) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))


def test_operations_are_listed_with_schemas(pellucid: Run) -> None:
    said = pellucid("operations", "--json").json()
    assert [entry["id"] for entry in said] == list(registry())
    one = pellucid("operations", "smoothing.gaussian", "--json").json()
    assert one in said and one["parameters"]["properties"]["sigma"]["unit"] == "mm"
    text = pellucid("operations", "smoothing.gaussian")
    assert text.code == 0 and "--sigma" in text.out
    assert all(id in pellucid("operations").out for id in registry())


def test_an_unknown_operation_is_answered_with_near_ones(pellucid: Run, tmp_path: Path) -> None:
    for command in (["operations", "smoothing.gausian"], ["apply", "smoothing.gausian", "a.nii", "b.nii"]):
        result = pellucid(*command)
        assert result.code == 1 and result.out == "" and "smoothing.gaussian" in result.err


def test_every_parameter_is_an_option_and_no_name_is_taken_twice(pellucid: Run) -> None:
    for id, operation in registry().items():
        result = pellucid("apply", id, "--help")
        assert result.code == 0
        assert all(f"--{field.name}" in result.out for field in operation.fields), id


def test_clamp_equals_numpy_and_takes_negative_numbers(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    source, target = write_image(tmp_path / "in.nrrd", ramp), tmp_path / "out.nrrd"
    result = pellucid("apply", "intensity.clamp", source, target, "--lower", "-3e1", "--upper", "40")
    assert (result.code, result.err) == (0, "")
    assert np.array_equal(read(target), ramp.clip(-30, 40))
    assert sitk.ReadImage(str(target)).GetDirection() == pytest.approx(
        sitk.ReadImage(str(source)).GetDirection()
    )


def test_options_may_stand_before_the_files(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    source, target = write_image(tmp_path / "in.nrrd", ramp), tmp_path / "out.nrrd"
    assert pellucid("apply", "--lower", -30, "--upper", 40, "intensity.clamp", source, target).code == 0
    assert np.array_equal(read(target), ramp.clip(-30, 40))


def test_threshold_makes_a_mask(pellucid: Run, tmp_path: Path, blob: Path) -> None:
    target = tmp_path / "mask.nii.gz"
    assert pellucid("apply", "threshold.range", blob, target, "--lower", 150, "--upper", 250).code == 0
    mask = read(target)
    assert mask.dtype == np.uint8 and np.array_equal(mask, (read(blob) == 200).astype(np.uint8))
    empty = pellucid("apply", "threshold.range", blob, target, "--lower", 5000, "--upper", 6000)
    assert empty.code == 0 and "empty" in empty.err and not read(target).any()


def test_mask_operations_take_one_label_or_all(pellucid: Run, tmp_path: Path) -> None:
    labels = np.zeros((5, 9, 9), np.uint8)
    labels[1:4, 1:8, 1:8] = 2
    labels[2, 4, 4] = 0
    labels[0, 0, 0] = 5
    source, target = write_image(tmp_path / "labels.nrrd", labels), tmp_path / "out.nrrd"
    assert pellucid("apply", "masks.fill_holes", source, target, "--label", 2).code == 0
    assert np.array_equal(read(target), ndimage.binary_fill_holes(labels == 2).astype(np.uint8))
    both = pellucid("apply", "masks.complement", source, target)
    assert both.code == 0 and "--label" in both.err
    assert np.array_equal(read(target), (labels == 0).astype(np.uint8))


def test_the_label_is_that_of_the_second_mask_too(pellucid: Run, tmp_path: Path) -> None:
    labels = np.zeros((5, 9, 9), np.uint16)
    labels[1:4, 1:5] = 700
    labels[1:4, 5:8] = 3
    image = np.arange(1, labels.size + 1, dtype=np.int16).reshape(labels.shape)
    source = write_image(tmp_path / "image.mha", image)
    mask = write_image(tmp_path / "labels.mha", labels)
    target = tmp_path / "out.mha"
    said = pellucid("apply", "arithmetic.mask", source, target, "--mask", mask, "--label", 700)
    assert said.code == 0 and "--label" not in said.err
    assert np.array_equal(read(target) > image.min(), labels == 700)  # the rest becomes the lowest value
    assert pellucid("apply", "masks.union", mask, target, "--with", mask, "--label", 3).code == 0
    assert np.array_equal(read(target), (labels == 3).astype(np.uint8))
    other = write_image(tmp_path / "other.mha", (labels == 3).astype(np.uint8))  # has no label 700: it is taken whole
    assert pellucid("apply", "masks.union", mask, target, "--with", other, "--label", 700).code == 0
    assert np.array_equal(read(target), (labels > 0).astype(np.uint8))


def test_a_table_says_px_where_no_length_is_known(pellucid: Run, tmp_path: Path) -> None:
    disc = np.zeros((20, 20), np.uint8)
    disc[5:15, 5:12] = 1
    Image.fromarray(disc).save(tmp_path / "a.png")
    Image.fromarray(np.roll(disc, 3, axis=1)).save(tmp_path / "b.png")
    target = tmp_path / "out.json"
    assert pellucid("apply", "compare.masks", tmp_path / "a.png", target, "--with", tmp_path / "b.png").code == 0
    said = {row["name"]: row for row in json.loads(target.read_text())}
    assert (said["hausdorff_px"]["value"], said["hausdorff_px"]["unit"]) == (3.0, "px")
    assert not any("_mm" in row["name"] or "mm" in row["unit"] for row in said.values())


@pytest.mark.parametrize("option", ["--with", "--mask"])
def test_second_inputs(option: str, pellucid: Run, tmp_path: Path) -> None:
    one, two = np.zeros((2, 4, 4, 4), np.uint8)
    one[:2], two[1:] = 1, 1
    a, b, target = (
        write_image(tmp_path / "a.nrrd", one),
        write_image(tmp_path / "b.nrrd", two),
        tmp_path / "out.nrrd",
    )
    assert pellucid("apply", "masks.difference", a, target, option, b).code == 0
    assert np.array_equal(read(target), one & ~two & 1)
    missing = pellucid("apply", "masks.difference", a, target)
    assert missing.code == 1 and "second mask" in missing.err and "--with" in missing.err
    elsewhere = write_image(tmp_path / "c.nrrd", two, spacing=(1, 1, 1))
    assert "grid" in pellucid("apply", "masks.difference", a, target, option, elsewhere).err
    assert pellucid("apply", "masks.complement", a, target, option, b).code == 1


def test_every_frame_of_a_4d_image_is_worked_on(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    frames = [sitk.GetImageFromArray(ramp + 100 * k) for k in range(3)]
    sitk.WriteImage(sitk.JoinSeries(frames), str(tmp_path / "time.nii"))
    target = tmp_path / "out.nii"
    assert (
        pellucid("apply", "intensity.clamp", tmp_path / "time.nii", target, "--lower", 0, "--upper", 200).code
        == 0
    )
    assert np.array_equal(read(target), np.stack([(ramp + 100 * k).clip(0, 200) for k in range(3)]))


def test_values_that_do_not_parse_are_usage_and_values_out_of_range_are_refused(
    pellucid: Run, tmp_path: Path, blob: Path
) -> None:
    target = tmp_path / "out.nii"
    gaussian = ["apply", "smoothing.gaussian", blob, target]
    assert pellucid(*gaussian, "--sigma", "wide").code == 2
    assert pellucid(*gaussian, "--bogus", "1").code == 2
    for sigma in ("-1", "nan", "inf"):
        result = pellucid(*gaussian, "--sigma", sigma)
        assert result.code == 1 and "must be" in result.err, sigma
    assert pellucid("apply", "smoothing.gaussian", tmp_path / "none.nii", target).code == 1
    assert not target.exists()


def test_uneven_slices_are_made_even_before_they_are_filtered(
    pellucid: Run, tmp_path: Path, ramp: np.ndarray
) -> None:
    write_series(tmp_path / "ct", ramp, positions=[0, 2.5, 7.5, 10])
    gaussian = ["apply", "smoothing.gaussian", tmp_path / "ct", tmp_path / "out.nrrd", "--sigma", 1]
    refused = pellucid(*gaussian)
    assert refused.code == 1 and "evenly spaced" in refused.err and "--even" in refused.err
    assert pellucid(*gaussian, "--even").code == 0
    assert sitk.ReadImage(str(tmp_path / "out.nrrd")).GetSize() == (5, 6, 5)
