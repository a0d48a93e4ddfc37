"""`surface` writes meshes of labels in mm, and says what it wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import Run


@pytest.fixture
def balls(tmp_path: Path) -> Path:
    z, y, x = np.indices((40, 40, 40))
    array = np.zeros((40, 40, 40), np.uint8)
    array[(x - 12) ** 2 + (y - 12) ** 2 + (z - 12) ** 2 <= 81] = 2
    array[(x - 28) ** 2 + (y - 28) ** 2 + (z - 28) ** 2 <= 36] = 5
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.5, 0.5, 0.5))
    path = tmp_path / "balls.nii.gz"
    sitk.WriteImage(image, str(path))
    return path


def test_all_labels_of_an_obj_in_one_file(balls: Path, pellucid: Run, tmp_path: Path) -> None:
    result = pellucid("surface", balls, tmp_path / "a.obj")
    rows = result.json()
    assert [row["label"] for row in rows] == [2, 5] and {row["file"] for row in rows} == {str(tmp_path / "a.obj")}
    for row, radius in zip(rows, (4.5, 3.0), strict=True):
        assert row["volume_mm3"] == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)
        assert row["area_mm2"] == pytest.approx(4 * np.pi * radius**2, rel=0.03)
    assert result.code == 0 and (tmp_path / "a.obj").is_file()


def test_one_label_in_ras(balls: Path, pellucid: Run, tmp_path: Path) -> None:
    result = pellucid("surface", balls, tmp_path / "a.STL", "--label", "5", "--smooth", "0.4", "--ras")
    (row,) = result.json()
    data = (tmp_path / "a.STL").read_bytes()
    assert b"SPACE=RAS" in data[:80]
    corners = np.frombuffer(data[84:], np.dtype([("f", "<f4", (4, 3)), ("a", "<u2")]))["f"][:, 1:]
    assert np.allclose(corners.reshape(-1, 3).mean(axis=0), (-14, -14, 14), atol=0.3) and row["label"] == 5


def test_each_label_of_stl_has_its_file(balls: Path, pellucid: Run, tmp_path: Path) -> None:
    rows = pellucid("surface", balls, tmp_path / "a.stl").json()
    assert [Path(row["file"]).name for row in rows] == ["a-Label-2.stl", "a-Label-5.stl"]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (("--label", "3"), "holds no label 3; it holds 2, 5."),
        (("--label", "x"), "is no label"),
        (("--smooth", "-1"), "length in mm"),
    ],
)
def test_refusals_are_sentences(balls: Path, pellucid: Run, tmp_path: Path, extra: tuple[str, ...], said: str) -> None:
    result = pellucid("surface", balls, tmp_path / "a.stl", *extra)
    assert result.code == 1 and said in result.err and not (tmp_path / "a.stl").exists()


def test_other_endings_are_refused(balls: Path, pellucid: Run, tmp_path: Path) -> None:
    result = pellucid("surface", balls, tmp_path / "a.vtk")
    assert result.code == 1 and ".stl / .ply / .obj" in result.err
