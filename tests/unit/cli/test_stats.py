"""`stats` equals numbers computed with NumPy."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import Run, write_image

KEYS = ["label", "name", "voxels", "volume_mm3", "mean", "std", "minimum", "maximum", "median", "centroid"]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    values = generator.normal(0, 100, (6, 8, 10)).astype(np.float32)
    labels = generator.integers(0, 4, values.shape).astype(np.uint8)
    labels[labels == 2] = 7
    return (
        write_image(tmp_path / "image.nii.gz", values),
        write_image(tmp_path / "labels.nii.gz", labels),
        values,
        labels,
    )


def test_rows_equal_numpy(
    pair: tuple[Path, Path, np.ndarray, np.ndarray], pellucid: Run, tmp_path: Path
) -> None:
    image, labels, values, ids = pair
    result = pellucid("stats", image, labels, "--csv", tmp_path / "rows.csv", "--json")
    rows = result.json()
    assert [row["label"] for row in rows] == [1, 3, 7]
    grid = sitk.ReadImage(str(labels))
    for row in rows:
        assert list(row) == KEYS
        inside = values[ids == row["label"]].astype(float)
        assert row["voxels"] == inside.size
        assert row["volume_mm3"] == pytest.approx(inside.size * 0.5 * 0.75 * 2.5, rel=1e-6)
        wanted = (inside.mean(), inside.std(), inside.min(), inside.max(), np.median(inside))
        assert tuple(row[key] for key in KEYS[4:9]) == pytest.approx(wanted, rel=1e-5)
        index = np.argwhere(ids == row["label"]).mean(axis=0)[::-1]
        assert row["centroid"] == pytest.approx(
            grid.TransformContinuousIndexToPhysicalPoint(index.tolist()), abs=1e-3
        )
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [int(row["label"]) for row in table] == [1, 3, 7]
    for row, line in zip(rows, table, strict=True):
        assert float(line["mean"]) == row["mean"] and float(line["volume_mm3"]) == row["volume_mm3"]


def test_json_is_what_is_printed_without_asking(
    pair: tuple[Path, Path, np.ndarray, np.ndarray], pellucid: Run
) -> None:
    image, labels, *_ = pair
    assert pellucid("stats", image, labels).json() == pellucid("stats", image, labels, "--json").json()


def test_unknown_spacing_gives_no_volume(pellucid: Run, tmp_path: Path) -> None:
    pixels = np.zeros((5, 6), np.uint8)
    pixels[1:3, 2:4] = 3
    sitk.WriteImage(sitk.GetImageFromArray(pixels), str(tmp_path / "a.png"))
    (row,) = pellucid("stats", tmp_path / "a.png", tmp_path / "a.png").json()
    assert row["voxels"] == 4 and row["volume_mm3"] is None and row["mean"] == 3


def test_what_is_not_a_label_image_is_refused(
    pair: tuple[Path, Path, np.ndarray, np.ndarray], pellucid: Run
) -> None:
    image, *_ = pair
    result = pellucid("stats", image, image)
    assert result.code == 1 and "whole numbers" in result.err and result.out == ""


def test_an_empty_label_image_has_no_rows(pellucid: Run, tmp_path: Path, ramp: np.ndarray) -> None:
    image = write_image(tmp_path / "a.nii", ramp)
    labels = write_image(tmp_path / "b.nii", np.zeros(ramp.shape, np.uint8))
    assert pellucid("stats", image, labels).json() == []
