"""Nuclei from the shared data: denoise, threshold, split, measure; the same table in the window and headless."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.cli import run as command
from pellucid.files.images import read
from pellucid.model.layer import LabelLayer
from pellucid.session import Session
from pellucid.session.object_rows import Asked


@pytest.fixture
def nuclei(data_dir: Path) -> Path:
    """Return a folder of the data set, one image with a mask for each nucleus in it."""
    return data_dir / "nuclei_gt" / "dsb2018"


def test_nuclei_are_counted_and_measured_alike_everywhere(nuclei: Path, tmp_path: Path) -> None:
    folder = sorted(nuclei.iterdir())[0]
    (picture,) = (folder / "images").glob("*.png")
    grey = tmp_path / "in" / f"{folder.name}.mha"
    grey.parent.mkdir()
    values = read(picture)[0].array
    values = values[..., :3].mean(axis=-1) if values.ndim == 4 else values
    sitk.WriteImage(sitk.GetImageFromArray(values[0].astype(np.uint8)), str(grey))
    session = Session()
    session.open([grey])
    assert session.jobs.drain(120)
    image = session.document.active_image
    assert image is not None
    for operation in ("smoothing.median", "threshold.otsu", "labels.split"):
        session.running.apply(operation, {})
        assert session.jobs.drain(120)
    labels = session.document.active
    assert isinstance(labels, LabelLayer)
    asked = Asked(labels.id, (image.id,), {"smallest": 20})
    session.objects.measure(asked)
    assert session.jobs.drain(120) and session.objects.table is not None
    table = session.objects.table.rows
    truth = len(list((folder / "masks").glob("*.png")))
    assert truth * 0.6 < len(table) <= truth * 1.2  # touching nuclei are one island
    recipe = tmp_path / "recipe.json"
    recipe.write_text(session.objects.recipe(asked).to_json(), encoding="utf-8")
    assert command(["run", str(recipe), str(grey), str(tmp_path / "rows.csv")]) == 0
    assert command(["batch", str(recipe), str(grey.parent), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    for path in (tmp_path / "rows.csv", tmp_path / "out" / "answers.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for name in ("voxels", "mean", "perimeter_px", "perimeter_mm", "entropy"):
            if name in table.values:
                assert [float(row[name]) for row in rows] == table.values[name]
    session.close()
