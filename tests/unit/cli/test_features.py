"""`features` gives the rows of the operation, in files of three kinds, with honest units and names."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk

from command_line import Run, write_image
from operation_images import label_blobs, noise
from pellucid.files.row_files import write_rows
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.operations import Context, get
from pellucid.operations.object_columns import group_of
from pellucid.recipes.row_units import for_reading, honest

SHAPE = (6, 15, 16)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    return (
        write_image(tmp_path / "labels.mha", label_blobs(SHAPE)),
        write_image(tmp_path / "dapi.mha", noise(SHAPE)),
        write_image(tmp_path / "pet.tumour.mha", noise(SHAPE, seed=4)),
    )


def rows_of(files: tuple[Path, ...], **values: Any) -> list[dict[str, Any]]:
    images = [sitk.ReadImage(str(path)) for path in files]
    return list(get("features.objects").run(Context(), *images, **values))


def test_the_rows_are_those_of_the_operation(files: tuple[Path, Path, Path], pellucid: Run, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv", tmp_path / "rows.parquet"
    result = pellucid("features", *files[:2], "--csv", out[0], "--parquet", out[1], "--json")
    wanted = rows_of(files[:2])
    text = result.out
    assert json.loads(text[text.index("[") :]) == wanted and len(wanted) == 5
    with out[0].open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [float(row["surface_mm2"]) for row in table] == [row["surface_mm2"] for row in wanted]
    import pyarrow.parquet as pq

    typed = pq.read_table(out[1])
    assert typed.to_pylist() == wanted and str(typed.schema.field("voxels").type) == "int64"


def test_several_images_are_channels_and_objects_are_counted(files: tuple[Path, Path, Path], pellucid: Run) -> None:
    result = pellucid("features", *files, "--per-object", "--connectivity", "corners", "--groups", "texture,intensity",
                      "--smallest", "4", "--percentiles", "10", "--levels", "8", "--distance", "2")  # fmt: skip
    wanted = rows_of(files, rows="objects", connectivity="corners", shape=False, texture=True, smallest=4,
                     percentiles="10", levels=8, distance=2, names="dapi,pet")  # fmt: skip
    assert result.json() == wanted and {"dapi_p10", "pet_contrast"} <= set(wanted[0]) and "feret_mm" not in wanted[0]


def test_what_cannot_be_is_said(files: tuple[Path, Path, Path], pellucid: Run, tmp_path: Path) -> None:
    assert "no group “colour”" in pellucid("features", files[0], "--groups", "colour").err
    assert "must end in" in pellucid("features", files[0], "--csv", tmp_path / "a.txt").err
    other = write_image(tmp_path / "other.mha", noise((6, 15, 17)))
    assert "grid" in pellucid("features", files[0], other).err
    assert pellucid("features", files[0], other, "--resample").json()[0]["mean"] is not None


def test_units_are_those_the_grid_knows(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(label_blobs((12, 13)))
    rows = get("features.objects").run(Context(), image)
    unknown = honest(rows, Geometry((13, 12, 1), known_spacing=(False, False, False)))
    assert {"area_px2", "perimeter_px", "centroid_x_px"} <= set(unknown.values) and "area_mm2" not in unknown.values
    assert unknown.values["area_px2"] == rows.values["area_mm2"]
    assert {column.unit for column in unknown.columns} == {"", "px", "px²"}
    assert honest(rows, Geometry((13, 12, 1), known_spacing=(True, True, False))) is rows
    volume = sitk.GetImageFromArray(label_blobs((4, 12, 13)))
    rows = get("features.objects").run(Context(), volume)
    mixed = honest(rows, Geometry((13, 12, 4), known_spacing=(True, True, False)))
    assert mixed.values["volume_px3"] == [None] * 5 and mixed.values["voxels"] == rows.values["voxels"]
    with pytest.raises(Refused, match=r"\.parquet"):
        write_rows(rows, tmp_path / "rows.xlsx")


def test_parquet_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    rows = get("features.objects").run(Context(), sitk.GetImageFromArray(np.ones((3, 4), np.uint8)))
    with pytest.raises(Refused, match="pyarrow"):
        write_rows(rows, tmp_path / "rows.parquet")
    write_rows(rows, tmp_path / "rows.json")
    assert json.loads((tmp_path / "rows.json").read_text("utf-8"))[0]["voxels"] == 12


@pytest.mark.parametrize(
    ("spacing", "size", "known", "fine"),
    [
        ((0.0005, 0.0005, 1.0), (13, 12, 1), (True, True, False), True),
        ((0.049, 0.049, 1.0), (13, 12, 1), (True, True, True), True),
        ((0.05, 0.05, 0.001), (13, 12, 1), (True, True, True), False),
        ((0.001, 0.001, 1.0), (13, 12, 1), (False, False, False), False),
    ],
)
def test_small_voxels_are_read_in_micrometres(spacing: Any, size: Any, known: Any, fine: bool) -> None:
    geometry = Geometry(size, spacing, known_spacing=known)
    image = sitk.GetImageFromArray(label_blobs((12, 13)))
    image.SetSpacing(spacing[:2])
    rows = honest(get("features.objects").run(Context(), image), geometry)
    shown = for_reading(rows, geometry)
    if not fine:
        assert shown is rows
        return
    units = {column.name: column.unit for column in shown.columns}
    assert units["area_um2"] == "µm²" and units["perimeter_um"] == "µm" and "area_mm2" not in units
    for old, new, scale in (
        ("area_mm2", "area_um2", 1e6),
        ("perimeter_mm", "perimeter_um", 1e3),
        ("extent", "extent", 1),
    ):
        assert shown.values[new] == pytest.approx([value * scale for value in rows.values[old]])
    assert group_of("perimeter_um") == group_of("perimeter_px") == "shape" and group_of("area_um2") == "place"


def test_volumes_of_small_voxels_are_cubes_of_micrometres() -> None:
    geometry = Geometry((13, 12, 4), (0.001, 0.001, 0.2))
    image = sitk.GetImageFromArray(label_blobs((4, 12, 13)))
    image.SetSpacing(geometry.spacing)
    rows = get("features.objects").run(Context(), image)
    shown = for_reading(rows, geometry)
    assert shown.values["volume_um3"] == pytest.approx([value * 1e9 for value in rows.values["volume_mm3"]])
    assert shown.values["label"] is rows.values["label"]


def test_colocalisation_with_a_threshold(files: tuple[Path, Path, Path], pellucid: Run) -> None:
    labels, image = files[0], files[1]
    rows = pellucid("features", labels, image, image, "--groups", "colocalisation", "--above", "0").json()
    assert all(row["pearson"] == pytest.approx(1) for row in rows) and "mean" not in next(iter(rows))
    assert "surface_mm2" not in rows[0] and {"manders_m1", "manders_m2"} <= set(rows[0])
