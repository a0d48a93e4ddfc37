"""The table of objects in the session: measured, chosen both ways, deleted, and taken along as a recipe."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phantoms
from pellucid.cli import run as command
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Source
from pellucid.recipes import run
from pellucid.session import Session
from pellucid.session.object_rows import Asked
from pellucid.session.opening import Loaded

GRID = phantoms.oblique(phantoms.grid((40, 36, 5), (1.0, 1.3, 2.0)))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def cells(seed: int = 1) -> np.ndarray:
    """Return bright cells of several sizes on noise; two of them touch the border."""
    z, y, x = np.indices(GRID.size[::-1])
    values = np.random.default_rng(seed).normal(100, 5, z.shape)
    for n, (cx, cy, radius) in enumerate([(8, 8, 4), (20, 9, 5), (33, 8, 3), (10, 25, 6), (39, 30, 4), (26, 26, 5)]):
        values[(x - cx) ** 2 + (y - cy) ** 2 + 9 * (z - 2) ** 2 <= radius**2] += 300 + 40 * n
    return values.astype(np.int16)


def show(session: Session, values: np.ndarray, name: str = "Cells") -> ImageLayer:
    volume = phantoms.volume(values, GRID, unit="HU")
    layer = session.loading.add(Loaded((volume,), (0.0, 500.0), name, Source()), replace=False)
    found = layer or session.document.active_image
    assert isinstance(found, ImageLayer)
    return found


def apply(session: Session, operation: str, others: Any = (), **values: Any) -> None:
    job = session.running.apply(operation, values, others=others)
    assert session.jobs.drain(120) and not job.error, job.error


@pytest.fixture
def image(session: Session) -> ImageLayer:
    return show(session, cells())


@pytest.fixture
def labels(session: Session, image: ImageLayer) -> LabelLayer:
    apply(session, "smoothing.median")
    apply(session, "threshold.otsu")
    apply(session, "labels.split")
    found = session.document.active
    assert isinstance(found, LabelLayer)
    return found


def measure(session: Session, labels: LabelLayer, *images: ImageLayer, **parameters: Any) -> Any:
    session.objects.measure(Asked(labels.id, tuple(one.id for one in images), parameters))
    assert session.jobs.drain(120)
    assert session.objects.table is not None
    return session.objects.table


def test_rows_have_names_units_and_places(session: Session, image: ImageLayer, labels: LabelLayer) -> None:
    table = measure(session, labels, image)
    assert len(table) == 5 and table.unit == "HU" and table.rows.values["name"][0] == "Label 1"
    for row in range(5):
        inside = labels.labels.array == row + 1
        assert table.rows.values["voxels"][row] == inside.sum()
        assert table.rows.values["mean"][row] == pytest.approx(image.volume.array[inside].mean())
        where = np.argwhere(inside).mean(axis=0)[::-1]
        assert table.centroid(row) == pytest.approx(tuple(GRID.index_to_world(where)))
        assert np.array_equal(inside[table.box(row)], table.voxels(row)) and table.voxels(row).sum() == inside.sum()
    assert sum(table.rows.values["touches_border"]) >= 1


def test_a_row_is_chosen_by_its_place_and_a_place_by_its_row(
    session: Session, image: ImageLayer, labels: LabelLayer
) -> None:
    told: list[Any] = []
    session.objects.selected_changed.connect(told.append)
    table = measure(session, labels, image)
    session.objects.select({3}, go_there=True)
    assert session.view.crosshair == pytest.approx(table.centroid(3))
    assert session.objects.pick(table.centroid(1)) and session.objects.selected == {1}
    assert session.objects.pick(table.centroid(4), more=True) and session.objects.selected == {1, 4}
    assert not session.objects.pick(GRID.index_to_world((0, 0, 0))) and session.objects.selected == {1, 4}
    assert told[-1] == {1, 4}


def test_parts_of_one_label_are_told_apart(session: Session, image: ImageLayer) -> None:
    apply(session, "threshold.otsu")
    (labels,) = session.document.label_layers
    table = measure(session, labels, rows="objects")
    assert len(table) == 6 and set(table.values) == {1}
    for row in range(6):
        assert table.voxels(row).sum() == table.rows.values["voxels"][row]
        assert table.row_at(table.centroid(row)) == row
    before = labels.labels.array.copy()
    wanted = before.copy()
    wanted[table.box(2)][table.voxels(2)] = 0
    session.objects.delete({2})
    assert session.jobs.drain(120)
    assert np.array_equal(labels.labels.array, wanted) and len(session.objects.table) == 5
    session.undo()
    assert np.array_equal(labels.labels.array, before)
    steps = [step.operation for step in labels.provenance]
    assert steps == ["threshold.otsu"]


def test_deleting_and_keeping_are_one_step_each(session: Session, image: ImageLayer, labels: LabelLayer) -> None:
    measure(session, labels, image)
    before, rows = labels.labels.array.copy(), labels.labels.labels
    session.objects.delete({0, 4})
    assert session.jobs.drain(120) and session.history.undo_label == "Delete 2 objects"
    assert set(np.unique(labels.labels.array)) == {0, 2, 3, 4} and len(labels.labels.labels) == 3
    assert {step.label for step in labels.provenance} == {2, 3, 4} and len(session.objects.table) == 3
    session.undo()
    assert np.array_equal(labels.labels.array, before) and labels.labels.labels == rows
    measure(session, labels, image)
    session.objects.keep_only({1})
    assert session.jobs.drain(120) and set(np.unique(labels.labels.array)) == {0, 2}
    session.undo()
    with pytest.raises(Refused, match="Measure them again"):
        session.objects.delete({0})
    table = measure(session, labels, image)
    session.labelling.edit_label(labels, int(table.values[0]), locked=True)
    with pytest.raises(Refused, match="locked"):
        session.objects.delete({0})


def test_what_the_list_of_operations_measures_is_shown_too(
    session: Session, image: ImageLayer, labels: LabelLayer
) -> None:
    session.document.active = labels
    apply(session, "features.objects", [(image.id, 0)], shape=False)
    assert session.objects.table is not None and session.objects.table.layer is labels
    assert "mean" in session.objects.table.rows.values and session.objects.table.rows.values["name"][1] == "Label 2"
    session.remove(labels)
    assert session.objects.table is None


def test_the_recipe_gives_the_same_rows_on_the_image_it_began_with(
    session: Session, image: ImageLayer, labels: LabelLayer
) -> None:
    table = measure(session, labels, image)
    recipe = session.objects.recipe(Asked(labels.id, (image.id,)))
    assert [step.operation for step in recipe.steps] == [
        "smoothing.median", "threshold.otsu", "labels.split", "features.objects"
    ]  # fmt: skip
    rows = run(recipe, image.base[0])
    for name, column in rows.values.items():
        assert column == table.rows.values[name], name
    assert recipe.steps[0].name and recipe.steps[-1].inputs == ("", recipe.steps[0].name)
    assert type(recipe).from_json(recipe.to_json()) == recipe


def test_the_recipe_measures_the_raw_image_where_the_layer_has_no_steps(session: Session, image: ImageLayer) -> None:
    apply(session, "threshold.otsu")
    apply(session, "labels.split")
    labels = session.document.active
    assert isinstance(labels, LabelLayer)
    table = measure(session, labels, image)
    recipe = session.objects.recipe(Asked(labels.id, (image.id,)))
    assert recipe.steps[-1].inputs == ("", "Cells") and not any(step.name for step in recipe.steps)
    assert run(recipe, image.volume).values["mean"] == table.rows.values["mean"]


def test_images_and_labels_that_a_recipe_cannot_know_are_refused(
    session: Session, image: ImageLayer, labels: LabelLayer
) -> None:
    other = show(session, cells(2), "Other")
    with pytest.raises(Refused, match="is not the image"):
        session.objects.recipe(Asked(labels.id, (other.id,)))
    session.document.active = image
    apply(session, "intensity.invert")
    with pytest.raises(Refused, match="has steps"):
        session.objects.recipe(Asked(labels.id, (image.id,)))
    painted = session.labelling.add_layer(image)
    with pytest.raises(Refused, match="not made by steps"):
        session.objects.recipe(Asked(painted.id))
    assert session.objects.recipe(Asked(labels.id)).steps[-1].inputs == ("",)


def test_run_and_batch_give_the_rows_of_the_window(
    session: Session, image: ImageLayer, labels: LabelLayer, tmp_path: Path
) -> None:
    import SimpleITK as sitk

    folder = tmp_path / "images"
    folder.mkdir()
    for n in (1, 2):
        volume = phantoms.volume(cells(n), GRID)
        sitk.WriteImage(volume.image, str(folder / f"cells{n}.mha"))
    table = measure(session, labels, image)
    recipe = tmp_path / "measure.json"
    recipe.write_text(session.objects.recipe(Asked(labels.id, (image.id,))).to_json(), encoding="utf-8")
    assert command(["run", str(recipe), str(folder / "cells1.mha"), str(tmp_path / "rows.csv")]) == 0
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(table)
    for name in ("voxels", "volume_mm3", "mean", "surface_mm2", "feret_mm", "entropy"):
        assert [float(row[name]) for row in rows] == pytest.approx(table.rows.values[name], rel=1e-12)
    assert command(["batch", str(recipe), str(folder), "--out", str(tmp_path / "out"), "--workers", "1"]) == 0
    with (tmp_path / "out" / "answers.csv").open(encoding="utf-8", newline="") as file:
        joined = list(csv.DictReader(file))
    assert next(iter(joined[0])) == "item" and {row["item"] for row in joined} == {"cells1", "cells2"}
    assert [row["mean"] for row in joined[: len(rows)]] == [row["mean"] for row in rows] and len(joined) > len(rows)


def test_the_table_is_written(session: Session, image: ImageLayer, labels: LabelLayer, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Nothing was measured"):
        session.objects.export(tmp_path / "rows.csv")
    table = measure(session, labels, image)
    session.objects.export(tmp_path / "rows.csv", [2, 0])
    assert session.jobs.drain(120)
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["3", "1"] and float(rows[1]["mean"]) == table.rows.values["mean"][0]
    with pytest.raises(Refused, match="must end"):
        session.objects.export(tmp_path / "rows.txt")
