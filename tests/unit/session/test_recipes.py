"""Editing past steps equals taking the changed recipe from scratch, bit for bit, and is one undoable step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phantoms
from pellucid.files.workspace import load, save
from pellucid.files.workspace_document import capture, restore
from pellucid.jobs.job import Job, JobState
from pellucid.model.findings import Refused
from pellucid.model.layer import HAND_EDIT, ImageLayer, LabelLayer, Source
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane, ViewState
from pellucid.model.volume import Volume, image_from_array
from pellucid.recipes import Recipe, Step, run
from pellucid.session import Session
from pellucid.session.opening import Loaded

GRID = phantoms.oblique(phantoms.grid((30, 26, 14), (1.0, 1.3, 2.0)))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def make_volume(seed: int = 0, **meaning: Any) -> Volume:
    values = np.random.default_rng(seed).normal(0, 200, GRID.size[::-1]).astype(np.int16)
    return phantoms.volume(values, GRID, unit="HU", **meaning)


def add(session: Session, seed: int = 0, name: str = "CT") -> ImageLayer:
    return session.loading.add(Loaded((make_volume(seed),), (-400.0, 400.0), name, Source()), replace=False)


def do(session: Session, operation: str, others: tuple[Any, ...] = (), **values: Any) -> None:
    job = session.running.apply(operation, values, others=others)
    wait(session, job)


def wait(session: Session, job: Job | None = None) -> None:
    assert session.jobs.drain(120)
    assert job is None or job.state is JobState.DONE, job.error


def scratch(layer: ImageLayer, base: Volume, **named: Volume) -> Volume:
    """Take the steps of a layer anew with nothing but the recipe."""
    steps = [step.model_copy(update={"inputs": ("", *step.inputs[1:])}) for step in Recipe.of(layer.provenance).steps]
    return run(Recipe(steps=tuple(steps)), base, named)


def same(one: Volume, two: Volume) -> bool:
    return one.array.dtype == two.array.dtype and one.array.tobytes() == two.array.tobytes()


@pytest.fixture
def chain(session: Session) -> ImageLayer:
    """An image after three steps."""
    layer = add(session)
    do(session, "smoothing.gaussian", sigma=1.0)
    do(session, "intensity.clamp", lower=-100.0, upper=150.0)
    do(session, "smoothing.median", radius=2)
    return layer


def test_an_edited_step_gives_what_the_changed_recipe_gives(session: Session, chain: ImageLayer) -> None:
    base, before, steps = make_volume(), chain.volume, chain.provenance
    assert same(scratch(chain, base), before)
    wait(session, session.recipes.edit(0, {"sigma": 2.5}))
    assert chain.provenance[0].parameters["sigma"] == 2.5 and chain.provenance[1:] == steps[1:]
    assert same(scratch(chain, base), chain.volume) and not same(chain.volume, before)
    assert session.history.undo_label == "Edit step 1: Gaussian (sigma 2.5 mm) on CT"
    session.undo()
    assert chain.volume is before and chain.provenance == steps
    session.redo()
    assert same(scratch(chain, base), chain.volume)


@pytest.mark.parametrize("what", ["insert", "append", "remove", "move", "disable", "disable all", "enable"])
def test_every_change_equals_a_replay(what: str, session: Session, chain: ImageLayer) -> None:
    base, before, recipes = make_volume(), chain.volume, session.recipes
    if what == "insert":
        wait(session, recipes.insert(1, "intensity.invert", {}))
        assert chain.provenance[1].operation == "intensity.invert"
    elif what == "append":
        wait(session, recipes.insert(3, "smoothing.mean", {"radius": 2.0}))
        assert chain.provenance[-1].operation == "smoothing.mean"
    elif what == "remove":
        wait(session, recipes.remove(1))
        assert len(chain.provenance) == 2
    elif what == "move":
        wait(session, recipes.move(2, 0))
        assert chain.provenance[0].operation == "smoothing.median"
    else:
        wait(session, recipes.set_enabled(1, False))
        if what == "disable all":
            wait(session, recipes.set_enabled(0, False))
            wait(session, recipes.set_enabled(2, False))
            assert chain.volume is chain.base[0], "no voxel is copied when nothing is to be done"
        if what == "enable":
            wait(session, recipes.set_enabled(1, True))
            assert same(chain.volume, before)
    assert same(scratch(chain, base), chain.volume)
    while session.history.position > 4:
        session.undo()
    assert chain.volume is before and len(chain.provenance) == 3


def test_removing_the_last_step_returns_to_the_very_image(session: Session) -> None:
    layer = add(session)
    begun = layer.volume
    do(session, "smoothing.gaussian", sigma=1.0)
    assert layer.base == (begun,)
    wait(session, session.recipes.remove(0))
    assert layer.volume is begun and layer.provenance == () and layer.base == ()
    session.undo()
    assert layer.base == (begun,)


def test_what_a_changed_step_cuts_is_said(session: Session) -> None:
    add(session)
    do(session, "intensity.cast", pixel_type="float32")
    said: list[str] = []
    session.notice.connect(lambda text, _kind: said.append(text))
    session.recipes.edit(0, {"pixel_type": "uint8"})
    wait(session)
    assert len(said) == 1 and "uint8" in said[0]


def test_a_branch_is_a_new_layer_with_a_recipe_of_its_own(session: Session, chain: ImageLayer) -> None:
    before = chain.volume
    wait(session, session.recipes.branch(0, {"sigma": 2.0}))
    made = session.document.active
    assert isinstance(made, ImageLayer) and made is not chain and chain.volume is before
    assert made.name == "CT – Gaussian (sigma 2 mm)" and made.base == chain.base
    assert same(scratch(made, make_volume()), made.volume)
    wait(session, session.recipes.edit(1, {"lower": -50.0}))
    assert same(scratch(made, make_volume()), made.volume) and chain.volume is before


def test_what_stays_the_same_is_not_computed_again(session: Session, chain: ImageLayer, monkeypatch: Any) -> None:
    from pellucid.session import recomputing

    taken: list[str] = []
    real = recomputing.take
    monkeypatch.setattr(recomputing, "take", lambda step, *rest: taken.append(step.operation) or real(step, *rest))
    wait(session, session.recipes.edit(2, {"radius": 1}))
    assert taken == ["smoothing.median"]
    taken.clear()
    wait(session, session.recipes.edit(1, {"upper": 99.0}))
    assert taken == ["intensity.clamp", "smoothing.median"]


def test_the_cache_is_bounded(session: Session, chain: ImageLayer) -> None:
    session.history.budget = 3 * 4 * chain.volume.nbytes
    for n in range(6):
        wait(session, session.recipes.edit(0, {"sigma": 1.0 + 0.1 * n}))
    assert 0 < session.recipes.cache.nbytes <= session.recipes.cache.budget
    session.close_all()
    assert session.recipes.cache.nbytes == 0


def test_newer_work_is_never_overwritten(session: Session, chain: ImageLayer) -> None:
    job = session.recipes.edit(0, {"sigma": 2.5})
    newer = make_volume(5)
    chain.frames = (newer,)
    wait(session, job)
    assert chain.volume is newer and len(session.document.images) == 2
    other = session.document.images[1]
    assert same(scratch(other, make_volume()), other.volume)


def test_cancel_and_failure_leave_everything_as_it_is(session: Session, chain: ImageLayer) -> None:
    before, steps, position = chain.volume, chain.provenance, session.history.position
    session.recipes.edit(0, {"sigma": 2.5}).cancel()
    assert session.jobs.drain(120)
    with pytest.raises(Refused, match="works on a label"):
        session.recipes.insert(1, "masks.erode", {"radius": 1.0})
    with pytest.raises(Refused, match="must end in an image"):
        session.recipes.insert(3, "threshold.range", {"lower": 0.0, "upper": 1.0})
    with pytest.raises(Refused, match="must be"):
        session.recipes.edit(0, {"sigma": -1.0})
    assert (chain.volume, chain.provenance, session.history.position) == (before, steps, position)


def test_a_step_that_fails_is_named(session: Session, chain: ImageLayer) -> None:
    before = chain.volume
    heard: list[Any] = []
    session.recipes.failed.connect(heard.append)
    job = session.recipes.insert(1, "geometry.crop", {"box": (0, 0, 0, 900, 900, 900)})
    assert session.jobs.drain(120)
    assert job.state is JobState.FAILED and heard[-1].position == -1 and heard[-1].sentence.endswith(".")
    assert chain.volume is before
    wait(session, session.recipes.insert(1, "geometry.crop", {"box": (0, 0, 0, 20, 20, 10)}))
    session.recipes.edit(1, {"box": (0, 0, 0, 900, 900, 900)})
    assert session.jobs.drain(120) and heard[-1].position == 1
    session.recipes.insert(0, "geometry.crop", {"box": (0, 0, 0, 9, 9, 9)})
    assert session.jobs.drain(120) and heard[-1].position == 1, "the step that fails is that of the list as it is"
    wait(session, session.recipes.edit(0, {"sigma": 2.0}))
    assert heard[-1] is None


# -------------------------------------------------------------------- labels


@pytest.fixture
def labels(session: Session) -> LabelLayer:
    """A label made by a threshold of a smoothed image, then cleaned."""
    add(session)
    do(session, "smoothing.gaussian", sigma=1.0)
    do(session, "threshold.range", lower=20.0, upper=400.0)
    layer = session.document.active
    assert isinstance(layer, LabelLayer)
    do(session, "masks.dilate", radius=1.5)
    return layer


def scratch_mask(layer: LabelLayer, value: int = 1) -> np.ndarray:
    steps = [step for step in layer.provenance if step.label == value]
    recipe = Recipe(steps=tuple(s.model_copy(update={"inputs": ()}) for s in Recipe.of(steps).steps))
    return run(recipe, make_volume()).array != 0


def test_a_label_has_the_steps_of_its_image_and_its_own(session: Session, labels: LabelLayer) -> None:
    said = [(step.operation, step.label) for step in labels.provenance]
    assert said == [("smoothing.gaussian", 1), ("threshold.range", 1), ("masks.dilate", 1)]
    assert labels.provenance[0].start is not None and labels.provenance[0].start.name == "CT"
    assert np.array_equal(labels.labels.mask(1), scratch_mask(labels))


def test_editing_the_image_step_of_a_label_makes_the_label_anew(session: Session, labels: LabelLayer) -> None:
    image, before, steps = session.document.images[0], labels.labels.array.copy(), labels.provenance
    shown = image.volume
    wait(session, session.recipes.edit(0, {"sigma": 2.0}))
    assert image.volume is shown and not np.array_equal(before, labels.labels.array)
    assert np.array_equal(labels.labels.mask(1), scratch_mask(labels))
    assert labels.provenance[0].start == steps[0].start
    session.undo()
    assert np.array_equal(labels.labels.array, before) and labels.provenance == steps


def test_a_new_threshold_starts_the_chain_of_its_label_anew_and_of_no_other(
    session: Session, labels: LabelLayer
) -> None:
    first = [step for step in labels.provenance if step.label == 1]
    session.labelling.add_label(labels)
    do(session, "threshold.range", lower=-900.0, upper=-60.0)
    assert [(s.operation, s.label) for s in labels.provenance[3:5]] == [
        ("smoothing.gaussian", 2), ("threshold.range", 2)
    ]  # fmt: skip
    assert [s for s in labels.provenance if s.label == 1][:3] == first
    wait(session, session.recipes.edit(1, {"upper": -80.0}))
    assert np.array_equal(labels.labels.mask(2), scratch_mask(labels, 2))


def test_an_edit_that_changes_no_voxel_is_still_kept(session: Session, labels: LabelLayer) -> None:
    before = labels.labels.array.copy()
    wait(session, session.recipes.edit(1, {"upper": 401.0}))
    assert np.array_equal(before, labels.labels.array) and labels.provenance[1].parameters["upper"] == 401.0
    session.undo()
    assert labels.provenance[1].parameters["upper"] == 400.0


def test_a_hand_edit_stays_when_the_threshold_before_it_changes(session: Session, labels: LabelLayer) -> None:
    frame = plane_frame(GRID, Plane.AXIAL)
    session.view.brush_diameter = 8.0
    for erase, centre in ((False, (8.0, 8.0)), (False, (12.0, 8.0)), (True, (20.0, 20.0))):
        session.labelling.begin_stroke(frame, 7, erase=erase)
        session.labelling.stroke_to(frame.world_at(*centre, 7))
        session.labelling.end_stroke()
    said = [(step.operation, step.parameters.get("how")) for step in labels.provenance[3:]]
    assert said == [(HAND_EDIT, "painted"), (HAND_EDIT, "erased")]
    changed = [np.zeros(labels.labels.shape, bool), np.zeros(labels.labels.shape, bool)]
    for step, mask in zip(labels.provenance[3:], changed, strict=True):
        for patch in step.patches:
            mask[tuple(slice(a, a + n) for a, n in zip(patch.start, patch.shape, strict=True))] |= patch.changed()
    wait(session, session.recipes.edit(1, {"lower": 60.0}))
    got = labels.labels.mask(1)
    assert got[changed[0] & ~changed[1]].all() and not got[changed[1]].any()
    elsewhere = ~(changed[0] | changed[1])
    steps = labels.provenance
    labels.provenance = steps[:3]
    assert np.array_equal(got[elsewhere], scratch_mask(labels)[elsewhere])
    labels.provenance = steps
    with pytest.raises(Refused, match="Step 4 was painted by hand and cannot be transferred"):
        run(session.recipes.of(labels), make_volume())
    wait(session, session.recipes.set_enabled(3, False))
    assert not labels.labels.mask(1)[changed[0] & changed[1]].any()


def test_a_label_painted_from_nothing_can_be_edited(session: Session) -> None:
    add(session)
    frame = plane_frame(GRID, Plane.AXIAL)
    session.labelling.begin_stroke(frame, 7)
    session.labelling.stroke_to(frame.world_at(8, 8, 7))
    session.labelling.end_stroke()
    layer = session.document.active_labels
    assert layer is not None
    session.document.active = layer
    wait(session, session.recipes.insert(1, "masks.dilate", {"radius": 2.0}))
    grown = int(layer.labels.mask(1).sum())
    wait(session, session.recipes.set_enabled(0, False))
    assert layer.labels.mask(1).sum() == 0 < grown


def test_a_label_whose_image_is_gone_says_so(session: Session, labels: LabelLayer) -> None:
    session.remove(session.document.images[0])
    session.document.active = labels
    with pytest.raises(Refused, match="“CT” that this label was made from is not open"):
        session.recipes.edit(0, {"sigma": 2.0})
    session.undo()
    session.document.active = labels
    wait(session, session.recipes.edit(0, {"sigma": 2.0}))


def test_the_branch_of_a_label_keeps_its_name(session: Session, labels: LabelLayer) -> None:
    session.labelling.edit_label(labels, 1, name="Tumour")
    wait(session, session.recipes.branch(1, {"lower": 80.0}))
    made = session.document.active
    assert isinstance(made, LabelLayer) and made is not labels
    assert made.labels.label(1).name == "Tumour" and np.array_equal(made.labels.mask(1), scratch_mask(made))


# -------------------------------------------------------------------- further inputs, other layers, files


def test_further_inputs_are_found_by_name_and_can_be_changed(session: Session, labels: LabelLayer) -> None:
    session.labelling.add_label(labels, "Other")
    do(session, "threshold.range", lower=-100.0, upper=100.0)
    session.labelling.add_label(labels, "Third")
    do(session, "threshold.range", lower=-50.0, upper=300.0)
    other, third = labels.labels.mask(2).copy(), labels.labels.mask(3).copy()
    labels.active_label = 1
    do(session, "masks.union", others=((labels.id, 2),))
    last = len([s for s in labels.provenance if s.label == 1]) - 1
    assert [s for s in labels.provenance if s.label == 1][last].inputs == ("Labels", "Other – Labels")
    held = labels.labels.mask(1)
    assert held[labels.labels.mask(2) | held].all() and other.any()
    wait(session, session.recipes.edit(last, {}, ((labels.id, 3),)))
    assert [s for s in labels.provenance if s.label == 1][-1].inputs[1:] == ("Third – Labels",)
    assert labels.labels.mask(1)[labels.labels.mask(3)].all() and third.any()
    wait(session, session.label_tables.delete(labels, {3}))
    labels.active_label = 1
    with pytest.raises(Refused, match="needs “Third – Labels”, which is not open"):
        session.recipes.edit(0, {"sigma": 2.0})


def test_a_recipe_goes_to_another_image_as_one_step(session: Session, chain: ImageLayer) -> None:
    other = add(session, 9, "MR")
    begun, count = other.volume, session.history.position
    session.document.active = chain
    wait(session, session.recipes.apply_to(other))
    assert session.history.position == count + 1 and session.history.undo_label == "Recipe CT on MR"
    assert same(other.volume, scratch(chain, make_volume(9)))
    assert [s.operation for s in other.provenance] == [s.operation for s in chain.provenance]
    assert other.base == (begun,) and other.provenance[0].inputs == ("MR",)
    session.undo()
    assert other.volume is begun and other.provenance == ()


def test_a_recipe_of_a_label_makes_a_label_on_another_image(session: Session, labels: LabelLayer) -> None:
    other = add(session, 9, "MR")
    session.document.active = labels
    count = len(session.document.label_layers)
    labels.active_label = 2
    labels.active_label = 1
    recipe = session.recipes.of(labels)
    labels.active_label = labels.labels.free_value()
    wait(session, session.recipes.run(recipe, layer=other))
    assert len(session.document.label_layers) == count
    made = labels.labels.mask(2)
    assert np.array_equal(made, run(recipe, make_volume(9)).array != 0) and made.any()


def test_a_recipe_with_names_of_results_runs_and_can_be_edited(session: Session) -> None:
    layer = add(session)
    recipe = Recipe(
        title="Two masks",
        steps=(
            Step(operation="threshold.range", parameters={"lower": 0.0, "upper": 500.0}, name="wide"),
            Step(operation="masks.erode", parameters={"radius": 1.0}),
            Step(operation="masks.difference", inputs=("wide", "thin")),
        ),
    )
    assert session.recipes.missing(recipe) == ("thin",)
    steps = (recipe.steps[0], recipe.steps[1].model_copy(update={"name": "thin"}), recipe.steps[2])
    recipe = recipe.model_copy(update={"steps": steps})
    assert session.recipes.missing(recipe) == ()
    wait(session, session.recipes.run(recipe))
    made = session.document.active
    assert isinstance(made, LabelLayer)
    assert np.array_equal(made.labels.mask(1), run(recipe, layer.volume).array != 0) and made.labels.mask(1).any()
    wait(session, session.recipes.edit(0, {"lower": 50.0}))
    changed = recipe.steps[0].model_copy(update={"parameters": {"lower": 50.0, "upper": 500.0}})
    again = recipe.model_copy(update={"steps": (changed, *recipe.steps[1:])})
    assert np.array_equal(made.labels.mask(1), run(again, layer.volume).array != 0)


def test_a_recipe_survives_its_file(session: Session, chain: ImageLayer, tmp_path: Path) -> None:
    path = tmp_path / "three.json"
    wait(session, session.recipes.save(path))
    heard: list[Recipe] = []
    wait(session, session.recipes.load(path, heard.append))
    assert heard[0] == session.recipes.of(chain) and heard[0].title == "CT"
    said: list[str] = []
    session.notice.connect(lambda sentence, _severity: said.append(sentence))
    path.write_text('{"version": 99}')
    session.recipes.load(path, heard.append)
    assert session.jobs.drain(120)
    assert "newer Pellucid" in said[-1] and len(heard) == 1


def test_a_further_input_of_the_name_of_the_layer_does_not_divert_the_steps(session: Session) -> None:
    from pellucid.model.layer import Provenance

    layer = add(session, name="x" * 300)
    layer.provenance = (
        Provenance("smoothing.mean", {}, ("CT",)), Provenance("some.subtraction", {}, ("CT – Mean", "CT")),
    )  # fmt: skip
    recipe = session.recipes.of(layer)
    assert [step.inputs for step in recipe.steps] == [("",), ("CT – Mean", "CT")]
    assert Recipe.from_json(recipe.to_json()) == recipe and len(recipe.title) == 200


def test_the_steps_can_be_edited_after_saving_and_opening(session: Session, chain: ImageLayer, tmp_path: Path) -> None:
    save(tmp_path / "a.pellucid", capture(session.document, ViewState()))
    (again,) = restore(load(tmp_path / "a.pellucid"))[0]
    session.close_all()
    session.document.insert(0, again)
    session.document.active = again
    assert isinstance(again, ImageLayer) and again.provenance == chain.provenance
    wait(session, session.recipes.edit(0, {"sigma": 2.5}))
    assert same(scratch(again, make_volume()), again.volume)


def test_an_old_work_reads_its_source_again_or_says_why_not(session: Session, tmp_path: Path) -> None:
    import SimpleITK as sitk

    path = tmp_path / "ct.mha"
    sitk.WriteImage(make_volume().image, str(path))
    layer = add(session)
    do(session, "smoothing.gaussian", sigma=1.0)
    layer.base = ()
    with pytest.raises(Refused, match="before its first step is not known"):
        session.recipes.edit(0, {"sigma": 2.0})
    layer.source = Source("image", (str(path),))
    wait(session, session.recipes.edit(0, {"sigma": 2.0}))
    assert same(scratch(layer, make_volume()), layer.volume)
    assert len(layer.base) == 1


def test_a_time_series_changes_only_the_frame_that_was_filtered(session: Session) -> None:
    frames = (make_volume(1), make_volume(2), make_volume(3))
    layer = session.loading.add(Loaded(frames, (-400.0, 400.0), "4-D", Source()), replace=False)
    layer.frame = 1
    do(session, "smoothing.gaussian", sigma=1.0)
    layer.frame = 2
    do(session, "intensity.clamp", lower=-50.0, upper=50.0)
    assert [(s.operation, s.frame) for s in layer.provenance] == [("smoothing.gaussian", 1), ("intensity.clamp", 2)]
    third = layer.frames[2]
    layer.frame = 1
    wait(session, session.recipes.edit(0, {"sigma": 2.0}))
    step = Step(operation="smoothing.gaussian", parameters={"sigma": 2.0})
    assert same(layer.frames[1], run(Recipe(steps=(step,)), frames[1]))
    assert layer.frames[0] is frames[0] and layer.frames[2] is third
    wait(session, session.recipes.branch(0, {"sigma": 1.5}))
    made = session.document.active
    assert isinstance(made, ImageLayer) and made.base == (frames[1],) and len(made.frames) == 1
    wait(session, session.recipes.remove(0))
    assert made.volume is frames[1]
    assert [s.operation for s in made.provenance] == ["channels.frame"], "it is one frame, not all of the source"


def test_even_spacing_is_a_step_that_is_taken_again(session: Session) -> None:
    uneven = phantoms.uneven([0, 2, 4, 8, 10], phantoms.grid((20, 18, 5), (1.0, 1.0, 2.0)))
    values = np.random.default_rng(4).normal(0, 99, uneven.size[::-1]).astype(np.int16)
    layer = session.loading.add(Loaded((phantoms.volume(values, uneven),), (-9.0, 9.0), "CT", Source()), replace=False)
    session.running.make_even()
    wait(session)
    do(session, "smoothing.gaussian", sigma=1.0)
    wait(session, session.recipes.edit(1, {"sigma": 2.0}))
    assert layer.geometry.is_even and same(scratch(layer, layer.base[0]), layer.volume)
    with pytest.raises(Refused, match="not evenly spaced"):
        job = session.recipes.set_enabled(0, False)
        assert session.jobs.drain(120) and job.error
        raise Refused(job.error)


# -------------------------------------------------------------------- live


@pytest.mark.parametrize("local", [True, False])
def test_live_shows_the_final_result_and_changes_nothing(session: Session, chain: ImageLayer, local: bool) -> None:
    if not local:
        wait(session, session.recipes.insert(3, "intensity.invert", {}))
    session.visible_slices = lambda: ((0, 4), (1, 20), (2, 7))
    before, position = chain.volume, session.history.position
    wait(session, session.recipes.live.show(0, {"sigma": 2.0}))
    preview = chain.preview
    assert preview is not None and chain.volume is before and session.history.position == position
    wait(session, session.recipes.edit(0, {"sigma": 2.0}))
    for (axis, index), shown in preview.slices.items():
        whole = chain.volume.array.take(index, 2 - axis)
        assert shown.dtype == whole.dtype and np.abs(shown.astype(float) - whole).max() <= (1 if local else 0)
    assert chain.preview is None


def test_live_of_a_label_is_a_tint_on_its_image(session: Session, labels: LabelLayer) -> None:
    image = session.document.images[0]
    session.visible_slices = lambda: ((2, 7),)
    wait(session, session.recipes.live.show(1, {"lower": 60.0}))
    preview = image.preview
    assert preview is not None and preview.is_mask and preview.title == "Threshold"
    assert preview.replaces == (labels.id, 1), "what it stands for is not drawn meanwhile"
    wait(session, session.recipes.edit(1, {"lower": 60.0}))
    assert np.array_equal(preview.slices[2, 7] != 0, labels.labels.mask(1)[7])


def test_results_are_told_apart_by_patches_and_switches() -> None:
    from dataclasses import replace

    from pellucid.model.hand_edits import HandPatch
    from pellucid.model.layer import Provenance
    from pellucid.session.step_cache import StepCache, key_of

    patch = HandPatch.of((0, 0, 0), np.ones((1, 1, 1), bool), (2, 2, 2), inside=True)
    one = Provenance(HAND_EDIT, patches=(patch,))
    assert key_of([one]) != key_of([replace(one, patches=(patch, patch))])
    assert key_of([one]) != key_of([replace(one, enabled=False)]) == key_of([])
    assert key_of([replace(one, label=2)]) == key_of([one])
    cache, base, made = StepCache(1 << 20), make_volume(), make_volume(1)
    cache.note("k", (base,), made, keep=True)
    assert cache.find("k", (base,)) is made and cache.find("k", (make_volume(),)) is None
    small = StepCache(10)
    small.note("k", (base,), made, keep=True)
    assert small.nbytes == 0 and small.find("k", (base,)) is made, "somebody else holds it"
    del made
    cache.forget()
    assert small.find("k", (base,)) is None


def test_the_latest_live_request_wins(session: Session, chain: ImageLayer) -> None:
    session.visible_slices = lambda: ((2, 7),)
    for sigma in (1.5, 2.0, 4.0):
        session.recipes.live.show(0, {"sigma": sigma})
    wait(session)
    shown = chain.preview
    wait(session, session.recipes.edit(0, {"sigma": 4.0}))
    assert shown is not None and np.abs(shown.slices[2, 7].astype(float) - chain.volume.array[7]).max() <= 1


def test_scrolling_asks_again_for_the_slices_in_view(session: Session, chain: ImageLayer) -> None:
    session.visible_slices = lambda: ((2, 7),)
    wait(session, session.recipes.live.show(0, {"sigma": 2.0}))
    session.visible_slices = lambda: ((2, 9),)
    session.running.refresh_preview()
    wait(session)
    assert chain.preview is not None and set(chain.preview.slices) == {(2, 9)}


@pytest.mark.parametrize("visible", [((2, 0),), ((2, 13), (1, 1)), ((0, 15), (1, 13), (2, 6))])
def test_live_slabs_are_the_whole_at_the_border_too(
    session: Session, chain: ImageLayer, visible: tuple[tuple[int, int], ...]
) -> None:
    wait(session, session.recipes.insert(3, "smoothing.mean", {"radius": 2}))
    session.visible_slices = lambda: visible
    wait(session, session.recipes.live.show(1, {"upper": 90.0}))
    preview = chain.preview
    wait(session, session.recipes.edit(1, {"upper": 90.0}))
    assert preview is not None and set(preview.slices) == set(visible)
    for (axis, index), shown in preview.slices.items():
        assert np.abs(shown.astype(float) - chain.volume.array.take(index, 2 - axis)).max() <= 1


def test_live_noise_is_that_of_its_place(session: Session, chain: ImageLayer) -> None:
    session.visible_slices = lambda: ((2, 9), (1, 20))
    wait(session, session.recipes.live.show(3, {"sd": 50.0, "seed": 3}, None, "noise.gaussian"))
    preview = chain.preview
    wait(session, session.recipes.insert(3, "noise.gaussian", {"sd": 50.0, "seed": 3}))
    assert preview is not None
    for (axis, index), shown in preview.slices.items():
        assert np.array_equal(shown, chain.volume.array.take(index, 2 - axis))


def test_live_shows_a_step_that_is_not_there_yet(session: Session, chain: ImageLayer) -> None:
    session.visible_slices = lambda: ((2, 7),)
    wait(session, session.recipes.live.show(1, {"radius": 2}, None, "smoothing.mean"))
    shown, steps = chain.preview, chain.provenance
    assert shown is not None and len(steps) == 3
    wait(session, session.recipes.insert(1, "smoothing.mean", {"radius": 2}))
    assert np.abs(shown.slices[2, 7].astype(float) - chain.volume.array[7]).max() <= 1


def test_live_says_why_it_shows_nothing(session: Session, labels: LabelLayer) -> None:
    said: list[str] = []
    session.preview_state.connect(said.append)
    assert session.recipes.live.show(0, {"sigma": 2.0}) is None and "No pane shows" in said[-1]
    session.visible_slices = lambda: ((2, 7),)
    assert session.recipes.live.show(0, {"sigma": -2.0}) is None and "must be" in said[-1]


# -------------------------------------------------------------------- steps that are no operations


def colour_layer(session: Session) -> ImageLayer:
    array = np.random.default_rng(1).integers(0, 255, (*GRID.size[::-1], 3), dtype=np.uint8)
    image = image_from_array(array, GRID, colour=True)
    return session.loading.add(Loaded((Volume(image, GRID),), (0.0, 255.0), "Slide", Source()), replace=False)


def test_a_channel_goes_on_from_the_colour_image(session: Session) -> None:
    layer = colour_layer(session)
    do(session, "smoothing.mean", radius=1)
    wait(session, session.channels.split(layer))
    green = next(one for one in session.document.images if one.name.endswith("green"))
    assert [step.operation for step in green.provenance] == ["smoothing.mean", "channels.split"]
    assert green.base == layer.base and green.provenance[0].start is not None
    session.document.active = green
    do(session, "smoothing.median", radius=1)
    wait(session, session.recipes.edit(0, {"radius": 2}))
    assert same(scratch(green, layer.base[0]), green.volume) and green.volume.components == 1


def test_merged_channels_and_single_frames_can_be_filtered_but_not_undone_in_the_recipe(session: Session) -> None:
    parts = [add(session, n, f"channel {n}") for n in range(3)]
    wait(session, session.channels.merge(parts))
    merged = session.document.images[-1]
    session.document.active = merged
    do(session, "smoothing.mean", radius=1)
    begun = merged.base[0]
    wait(session, session.recipes.edit(1, {"radius": 2}))
    step = Step(operation="smoothing.mean", parameters={"radius": 2})
    assert same(merged.volume, run(Recipe(steps=(step,)), begun))
    for change in (session.recipes.remove, lambda n: session.recipes.set_enabled(n, False)):
        with pytest.raises(Refused, match="cannot be taken again"):
            change(0)
    with pytest.raises(Refused, match="Step 1 merged several layers"):
        session.recipes.apply_to(parts[0])
    session.recipes.insert(0, "smoothing.median", {"radius": 1})
    assert session.jobs.drain(120)
    assert [one.operation for one in merged.provenance] == ["channels.merge", "smoothing.median", "smoothing.mean"]


def test_labels_taken_from_an_image_have_a_step_for_each_value(session: Session) -> None:
    values = np.random.default_rng(3).integers(0, 3, GRID.size[::-1]).astype(np.uint8)
    layer = session.loading.add(Loaded((phantoms.volume(values, GRID),), (0.0, 3.0), "Seg", Source()), replace=False)
    session.labelling.use_as_labels(layer)
    assert session.jobs.drain(120)
    (made,) = session.document.label_layers
    assert [(s.operation, s.parameters, s.label) for s in made.provenance] == [
        ("labels.value", {"value": 1}, 1), ("labels.value", {"value": 2}, 2)
    ]  # fmt: skip
    made.active_label = 2
    assert np.array_equal(run(session.recipes.of(made), layer.volume).array != 0, values == 2)
    do(session, "masks.dilate", radius=1.5)
    with pytest.raises(Refused, match="not open any more"):
        session.recipes.edit(1, {"radius": 1.0})


def test_a_calibration_is_a_step_of_labels_too(session: Session) -> None:
    from pellucid.history.annotations import ReplaceLabelMap
    from pellucid.model.labels import LabelMap
    from pellucid.model.layer import Provenance

    add(session)
    do(session, "threshold.range", lower=0.0, upper=100.0)
    (layer,) = session.document.label_layers
    before, labels = layer.provenance, layer.labels
    step = Provenance("calibrate", {"factor": 2.0, "length_mm": 5.0}, label=1)
    again = LabelMap(GRID, labels.array, labels.labels)
    session.history.do(ReplaceLabelMap(layer, again, "Calibrate", (*before, step)))
    assert layer.provenance == (*before, step)
    session.undo()
    assert layer.provenance == before and layer.labels is labels
    session.redo()
    assert layer.provenance == (*before, step)
