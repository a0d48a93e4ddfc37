"""Label maps that operations make: a layer of their own, steps for each label, and limits to what is painted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import phantoms
from pellucid.model.layer import LabelLayer, Source
from pellucid.recipes import Recipe, Step, run
from pellucid.recipes.needs import needs
from pellucid.session import Session
from pellucid.session.chains import common_steps
from pellucid.session.label_results import _origins
from pellucid.session.opening import Loaded

GRID = phantoms.oblique(phantoms.grid((30, 26, 4), (1.0, 1.3, 2.0)))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def blocks() -> np.ndarray:
    """Return three bright blocks of 60, 24 and 8 voxels on noise."""
    values = np.random.default_rng(1).normal(0, 5, GRID.size[::-1])
    values[1, 2:12, 3:9] = values[2, 15:21, 10:14] = values[3, 22:24, 20:24] = 500
    return values.astype(np.int16)


@pytest.fixture
def labels(session: Session) -> LabelLayer:
    session.loading.add(Loaded((phantoms.volume(blocks(), GRID, unit="HU"),), (0.0, 500.0), "CT", Source()),
                        replace=False)  # fmt: skip
    apply(session, "threshold.range", lower=300.0, upper=1000.0)
    apply(session, "labels.split")
    found = session.document.active
    assert isinstance(found, LabelLayer)
    return found


def apply(session: Session, operation: str, **values: Any) -> None:
    job = session.running.apply(operation, values)
    assert session.jobs.drain(120) and not job.error, job.error


def test_every_island_becomes_a_label_of_a_layer_of_its_own(session: Session, labels: LabelLayer) -> None:
    held = labels.labels.array
    assert [int((held == value).sum()) for value in (1, 2, 3)] == [60, 24, 8]
    assert [row.value for row in labels.labels.labels] == [1, 2, 3]
    assert len(session.document.label_layers) == 2
    session.undo()
    assert len(session.document.label_layers) == 1


def test_each_label_has_steps_that_make_it_anew(labels: LabelLayer) -> None:
    base = phantoms.volume(blocks(), GRID)
    for value in (1, 2, 3):
        steps = [step for step in labels.provenance if step.label == value]
        assert [step.operation for step in steps] == ["threshold.range", "labels.split", "labels.value"]
        recipe = Recipe.of(steps)
        plain = [step.model_copy(update={"inputs": ("",)}) for step in recipe.steps]
        again = run(Recipe(steps=tuple(plain)), base)
        assert np.array_equal(again.array, labels.labels.array == value)


def test_what_all_labels_share_is_known(session: Session, labels: LabelLayer) -> None:
    assert [step.operation for step in common_steps(labels)] == ["threshold.range", "labels.split"]
    session.editing.apply((slice(0, 1), slice(0, 2), slice(0, 2)), np.ones((1, 2, 2), bool))
    assert common_steps(labels) == ()


def test_numbering_anew_keeps_names_and_steps(session: Session, labels: LabelLayer) -> None:
    session.labelling.edit_label(labels, 2, name="Liver")
    before = labels.labels.array.copy()
    apply(session, "labels.relabel", order="size", minimum=30.0, unit="voxels")
    assert [(row.value, row.name) for row in labels.labels.labels] == [(1, "Label 1")]
    assert np.array_equal(labels.labels.array == 1, before == 1) and not (labels.labels.array > 1).any()
    assert [step.operation for step in common_steps(labels)][-1] == "labels.relabel"
    session.undo()
    assert np.array_equal(labels.labels.array, before) and labels.labels.label(2).name == "Liver"


def test_a_mask_of_a_label_map_is_made_of_the_whole_map_again(session: Session, labels: LabelLayer) -> None:
    job = session.running.apply("labels.to_mask", {"values": "2-3"}, as_new_layer=True)
    assert session.jobs.drain(120) and not job.error
    made = session.document.active
    assert isinstance(made, LabelLayer)
    recipe = session.recipes.of(made)
    assert [step.operation for step in recipe.steps] == ["threshold.range", "labels.split", "labels.to_mask"]
    assert made.labels.array.sum() == 24 + 8
    again = run(recipe, phantoms.volume(blocks(), GRID))
    assert np.array_equal(again.array, made.labels.array), "not of the label that was active"


def test_what_changes_nothing_is_said(session: Session, labels: LabelLayer) -> None:
    said: list[str] = []
    session.notice.connect(lambda text, _severity: said.append(text))
    steps = session.history.position
    apply(session, "masks.erode", radius=0.5)
    assert session.history.position == steps and "changed no voxel" in said[0]


def test_labels_on_another_grid_become_a_layer_of_their_own(session: Session, labels: LabelLayer) -> None:
    session.labelling.edit_label(labels, 2, name="Liver")
    apply(session, "labels.resample", spacing_x=2.0, spacing_y=2.6, spacing_z=2.0)
    made = session.document.active
    assert isinstance(made, LabelLayer) and made is not labels and made.geometry.size == (15, 13, 4)
    assert set(np.unique(made.labels.array)) == {0, 1, 2, 3} and made.geometry.spacing == (2.0, 2.6, 2.0)
    assert made.labels.label(2).name == "Liver"


def test_what_grows_from_scribbles_is_called_like_them(session: Session, labels: LabelLayer) -> None:
    session.labelling.edit_label(labels, 1, name="Liver")
    session.labelling.edit_label(labels, 2, name="Around", locked=True)
    session.document.active = session.document.images[0]
    job = session.running.apply("graph.grow", {"margin": 2.0}, others=((labels.id, 0),))
    assert session.jobs.drain(120) and not job.error
    made = session.document.active
    assert isinstance(made, LabelLayer) and made is not labels
    assert [(row.name, row.locked) for row in made.labels.labels] == [("Liver", False), ("Around", False),
                                                                      ("Label 3", False)]  # fmt: skip
    session.document.active = session.document.images[0]
    before = labels.labels.array.copy()
    job = session.running.apply("graph.cut", {"margin": 2.0}, others=((labels.id, 0),))
    assert session.jobs.drain(120) and not job.error
    assert np.array_equal(labels.labels.array, before), "scribbles stay"


def test_an_image_of_labels_becomes_a_layer_that_can_be_made_anew(session: Session, labels: LabelLayer) -> None:
    before = [layer.id for layer in session.document.images]
    apply(session, "masks.distance")
    made = next(layer for layer in session.document.images if layer.id not in before)
    assert made.volume.dtype == np.float32 and made.volume.geometry.same_grid(labels.geometry)
    assert [step.operation for step in made.provenance][-1] == "masks.distance"
    assert made.display.limits[0] < 0 < made.display.limits[1]
    expected = made.volume.array.copy()
    steps = [step.model_copy(update={"inputs": ("",)}) for step in Recipe.of(made.provenance).steps]
    again = run(Recipe(steps=tuple(steps)), phantoms.volume(blocks(), GRID))
    assert np.array_equal(again.array, expected)
    session.document.active = labels
    apply(session, "labels.to_image")
    assert any(np.array_equal(one.volume.array, labels.labels.array) for one in session.document.images)
    session.undo()
    session.undo()
    assert [layer.id for layer in session.document.images] == before


def test_names_follow_the_voxels() -> None:
    before = np.array([[[0, 1, 1, 2, 2, 2, 0]]])
    after = np.array([[[3, 3, 3, 3, 7, 7, 9]]])
    assert _origins(before, after) == {3: 1, 7: 2}


def test_the_image_a_recipe_begins_with_can_be_used_again_later() -> None:
    base = phantoms.volume(blocks(), GRID, unit="HU")
    steps = (
        Step(operation="intensity.invert", parameters={}, inputs=("CT",)),
        Step(operation="arithmetic.absolute_difference", parameters={}, inputs=("", "CT")),
    )
    recipe = Recipe(steps=steps)
    assert needs(recipe) == {}
    inverted = run(Recipe(steps=steps[:1]), base).array.astype(int)
    assert np.array_equal(run(recipe, base).array, np.abs(inverted - base.array))


class TestLimits:
    """What painting may change."""

    WHOLE = tuple(slice(0, n) for n in GRID.size[::-1])

    def paint(self, session: Session) -> None:
        session.editing.apply(self.WHOLE, np.ones(GRID.size[::-1], bool))  # type: ignore[arg-type]

    def test_only_a_range_of_intensities(self, session: Session, labels: LabelLayer) -> None:
        session.view.paint_range = (300.0, 1000.0)
        labels.active_label = 2
        self.paint(session)
        assert np.array_equal(labels.labels.array == 2, blocks() >= 300)
        assert session.history.undo_label == "Paint Label 2"

    def test_only_the_background_or_one_label(self, session: Session, labels: LabelLayer) -> None:
        before = labels.labels.array.copy()
        labels.active_label, session.view.paint_within = 3, 0
        self.paint(session)
        assert np.array_equal(labels.labels.array, np.where(before == 0, 3, before))
        session.undo()
        session.view.paint_within = 1
        self.paint(session)
        assert np.array_equal(labels.labels.array, np.where(before == 1, 3, before))
        session.undo()
        assert np.array_equal(labels.labels.array, before)

    def test_an_image_on_another_grid_limits_by_its_nearest_voxel(self, session: Session, labels: LabelLayer) -> None:
        fine = phantoms.grid((8, 8, 8), (2.0, 2.0, 2.0))
        values = np.zeros((8, 8, 8), np.int16)
        values[4] = 100
        other = phantoms.volume(values, fine)
        limits = session.editing.limits(labels)
        assert limits is None
        from pellucid.model.paint_limits import values_at

        box = tuple(slice(0, n) for n in GRID.size[::-1])
        found = values_at(other, GRID, box)  # type: ignore[arg-type]
        for z, y, x in ((0, 0, 0), (2, 5, 7), (3, 20, 9)):
            index = fine.world_to_index(GRID.index_to_world((x, y, z)))
            i, j, k = np.floor(index + 0.5).astype(int)
            expected = values[k, j, i] if all(0 <= n < 8 for n in (i, j, k)) else np.nan
            assert found[z, y, x] == expected or (np.isnan(found[z, y, x]) and np.isnan(expected))
