"""`compare` equals SimpleITK and NumPy, and says what it cannot know."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from PIL import Image

from command_line import OBLIQUE, Run, write_image
from pellucid.files.label_comparison import boxes

KEYS = [
    "label", "name", "dice", "jaccard", "precision", "recall", "specificity", "volume_difference_mm3", "hausdorff_mm",
    "hausdorff95_mm", "mean_surface_distance_mm", "centre_distance_mm", "hausdorff_mean_mm", "first_volume_mm3",
    "second_volume_mm3", "first_voxels", "second_voxels", "common_voxels", "reference_label",
]  # fmt: skip


def labels(shift: int = 0) -> Any:
    """Return boxes of the labels 1, 2 and 40, moved along x."""
    array = np.zeros((8, 20, 24), np.uint8)
    array[2:6, 3:9, 3 + shift : 10 + shift] = 1
    array[3:7, 11:17, 5 + shift : 12 + shift] = 2
    array[0:2, 0:4, 15 + shift : 19 + shift] = 40
    return array


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return write_image(tmp_path / "a.nii.gz", labels()), write_image(tmp_path / "b.nii.gz", labels(3))


def test_rows_are_those_of_simpleitk(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    rows = pellucid("compare", *pair, "--json", "--csv", tmp_path / "rows.csv").json()
    assert [list(row) for row in rows] == [KEYS] * 3 and [row["label"] for row in rows] == [1, 2, 40]
    first, second = (sitk.ReadImage(str(path)) for path in pair)
    overlap, distance = sitk.LabelOverlapMeasuresImageFilter(), sitk.HausdorffDistanceImageFilter()
    overlap.Execute(first, second)
    for row in rows:
        label = row["label"]
        assert row["dice"] == pytest.approx(overlap.GetDiceCoefficient(label))
        assert row["jaccard"] == pytest.approx(overlap.GetJaccardCoefficient(label))
        distance.Execute(first == label, second == label)
        assert row["hausdorff_mm"] == pytest.approx(distance.GetHausdorffDistance(), rel=1e-5)
        assert row["hausdorff_mm"] == pytest.approx(3 * 0.5) and row["centre_distance_mm"] == pytest.approx(3 * 0.5)
        assert row["volume_difference_mm3"] == 0 and row["precision"] == row["recall"]
        assert row["first_volume_mm3"] == pytest.approx(row["first_voxels"] * 0.5 * 0.75 * 2.5)
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert list(table[0]) == KEYS and [float(line["dice"]) for line in table] == [row["dice"] for row in rows]


def test_a_table_for_reading_without_json(pair: tuple[Path, Path], pellucid: Run) -> None:
    lines = pellucid("compare", *pair).out.splitlines()
    assert lines[0].split()[:3] == ["Label", "Dice", "Jaccard"] and "HD95 mm" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "40"] and len({map(len, lines)}) == 1


def test_a_label_that_one_side_lacks_has_no_distances(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    only = write_image(tmp_path / "only.nii.gz", np.where(labels() == 1, 1, 0).astype(np.int16))
    result = pellucid("compare", only, pair[1], "--json")
    rows = {row["label"]: row for row in result.json()}
    assert rows[2]["dice"] == 0 and rows[2]["recall"] == 0 and rows[2]["precision"] is None
    assert rows[2]["hausdorff_mm"] is None and rows[2]["centre_distance_mm"] is None
    assert rows[2]["volume_difference_mm3"] < 0 and rows[1]["hausdorff_mm"] == pytest.approx(1.5)
    assert "“only.nii.gz” holds no voxel of 2, 40" in result.err
    assert [row["label"] for row in pellucid("compare", *pair, "--json", "--label", 2).json()] == [2]
    (row,) = pellucid("compare", *pair, "--json", "--label", 5).json()
    assert row["dice"] == 1 and row["precision"] is None and row["hausdorff_mm"] is None


def test_labels_of_other_numbers_can_be_matched(pair: tuple[Path, Path], pellucid: Run) -> None:
    rows = pellucid("compare", pair[0], pair[0], "--json", "--match", "1=2", "--match", "2=1").json()
    assert [(row["label"], row["reference_label"]) for row in rows] == [(1, 2), (2, 1), (40, 40)]
    assert rows[0]["dice"] == 0 and rows[0]["hausdorff_mm"] > 0 and rows[2]["dice"] == 1
    assert pellucid("compare", *pair, "--match", "1").code == 2


def test_another_grid_is_refused_or_resampled(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    half = np.repeat(labels(3), 2, axis=0)  # the same places, slices half as far apart
    step = np.reshape(OBLIQUE, (3, 3))[:, 2] * 1.25 / 2
    other = write_image(
        tmp_path / "half.nii.gz", half, spacing=(0.5, 0.75, 1.25), origin=tuple(np.array([-10.0, 20.0, 30.5]) - step)
    )
    refused = pellucid("compare", pair[0], other)
    assert refused.code == 1 and "another grid" in refused.err and "--resample" in refused.err
    result = pellucid("compare", pair[0], other, "--resample", "--json")
    assert "resampled onto the grid of “a.nii.gz”" in result.err
    assert result.json() == pellucid("compare", *pair, "--json").json()


def test_pixels_are_counted_where_no_spacing_is_known(pellucid: Run, tmp_path: Path) -> None:
    for name, shift in (("a.png", 0), ("b.png", 3)):
        Image.fromarray(labels(shift)[3]).save(tmp_path / name)
    result = pellucid("compare", tmp_path / "a.png", tmp_path / "b.png", "--json")
    assert "distances are in px" in result.err
    for row in result.json():
        assert list(row)[: len(KEYS)] == KEYS
        assert all(row[key] is None for key in KEYS if key.endswith(("_mm", "_mm3")))
        assert row["hausdorff_px"] == 3 and row["centre_distance_px"] == pytest.approx(3)
        assert row["dice"] == pytest.approx(4 / 7)
    assert "HD px" in pellucid("compare", tmp_path / "a.png", tmp_path / "b.png").out


def test_objects_are_counted_against_a_reference(pellucid: Run, tmp_path: Path) -> None:
    found, truth = np.zeros((2, 30, 30), np.uint8)
    for n, (y, x) in enumerate([(2, 2), (2, 12), (12, 2), (20, 20)], start=1):
        truth[y : y + 6, x : x + 6] = n
        if n < 4:
            found[y : y + 6, x + 1 : x + 7] = 255
    found[25:28, 2:5] = 255
    for name, array in (("found.png", found), ("truth.png", truth)):
        Image.fromarray(array).save(tmp_path / name)
    result = pellucid("compare", tmp_path / "found.png", tmp_path / "truth.png", "--objects", "--json",
                      "--csv", tmp_path / "pairs.csv")  # fmt: skip
    said = result.json()
    assert (said["true_positives"], said["false_positives"], said["false_negatives"]) == (3, 1, 1)
    assert said["f1"] == pytest.approx(6 / 8) and said["mean_matched_dice"] == pytest.approx(5 / 6)
    assert said["only_second"] == [4] and [pair["reference"] for pair in said["matches"]] == [1, 2, 3]
    assert "its 4 connected parts are the objects" in result.err
    assert len((tmp_path / "pairs.csv").read_text().splitlines()) == 1 + 3 + 1 + 1
    strict = pellucid("compare", tmp_path / "found.png", tmp_path / "truth.png", "--objects", "--json", "--iou", "0.8")
    assert strict.json()["true_positives"] == 0 and strict.json()["mean_matched_dice"] is None
    assert pellucid("compare", tmp_path / "found.png", tmp_path / "truth.png", "--objects").out.count("\n") == 10
    assert pellucid("compare", tmp_path / "found.png", tmp_path / "truth.png", "--iou", "0").code == 1


def test_several_raters_are_compared_pairwise(pair: tuple[Path, Path], pellucid: Run, tmp_path: Path) -> None:
    third = write_image(tmp_path / "c.nii.gz", labels(1))
    said = pellucid("compare", *pair, third, "--pairwise", "--json", "--csv", tmp_path / "pairs.csv").json()
    assert [one["label"] for one in said["labels"]] == [1, 2, 40] and len(said["images"]) == 3
    masks = [sitk.ReadImage(str(path)) == 2 for path in (*pair, third)]
    filter = sitk.STAPLEImageFilter()
    filter.SetForegroundValue(1)
    filter.Execute(masks)
    second = said["labels"][1]
    assert second["sensitivity"] == pytest.approx(filter.GetSensitivity(), abs=1e-6)
    assert second["specificity"] == pytest.approx(filter.GetSpecificity(), abs=1e-6)
    rows = pellucid("compare", *pair, "--json", "--label", 2).json()
    assert second["dice"][0][1] == second["dice"][1][0] == pytest.approx(rows[0]["dice"]) and second["dice"][2][2] == 1
    assert len((tmp_path / "pairs.csv").read_text().splitlines()) == 1 + 3 * 3
    assert "sensitivity" in pellucid("compare", *pair, third, "--pairwise").out
    assert pellucid("compare", *pair, third).code == 1 and pellucid("compare", pair[0], "--pairwise").code == 1


def test_boxes_are_found_whatever_the_values_are() -> None:
    array = np.zeros((3, 6, 7), np.int32)
    array[1, 2:4, 3:6], array[0, 0, 0], array[2, 5, 6] = -5, 100_000, 7
    found = boxes(array)
    assert set(found) == {-5, 7, 100_000}
    for value, box in found.items():
        assert (array == value).sum() == (array[box] == value).sum()
        assert all((array[box] == value).any(axis=tuple({0, 1, 2} - {k})).all() for k in range(3))
    assert boxes(array * 0) == {} and boxes(np.abs(array) % 99_999) == boxes((np.abs(array) % 99_999).astype(np.uint8))
