"""Steps on annotations: whatever is drawn, changed, removed, undone and redone, each position has one document."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import phantoms
from pellucid.history.annotations import AddAnnotation, ChangeAnnotation, RemoveAnnotation
from pellucid.history.command import Command
from pellucid.history.history import History
from pellucid.history.layers import AddLayer, RemoveLayer
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.document import Document
from pellucid.model.layer import ImageLayer

seeds = st.integers(0, 2**31)


def layer(name: str) -> ImageLayer:
    grid = phantoms.grid((3, 3, 2))
    return ImageLayer(name, (phantoms.volume(np.zeros(grid.size[::-1], np.uint8), grid),))


def line(owner: ImageLayer | None = None, length: float = 5.0) -> Annotation:
    return Annotation(Kind.LENGTH, ((0.0, 0.0, 0.0), (length, 0.0, 0.0)), layer=owner.id if owner else "")


def state(document: Document) -> tuple:
    return tuple(one.id for one in document.layers), tuple(document.annotations)


class AnyDrawing(RuleBasedStateMachine):
    """Do random things; ``states`` is what the document must be at each position."""

    done = 0

    def __init__(self) -> None:
        super().__init__()
        self.document = Document()
        self.history = History(self.document)
        self.history.do(AddLayer(layer("first")))
        self.history.clear()
        self.states = [state(self.document)]

    def run(self, command: Command) -> None:
        before, empty = self.history.position, command.is_empty
        self.history.do(command)
        AnyDrawing.done += 1
        if not empty:
            kept = self.states[: before + 1]
            self.states = [*kept[: self.history.position], state(self.document)]

    def one(self, seed: int) -> Annotation:
        return self.document.annotations[seed % len(self.document.annotations)]

    @rule(seed=seeds)
    def draw(self, seed: int) -> None:
        layers = self.document.images
        owner = layers[seed % len(layers)] if layers else None
        self.run(AddAnnotation(line(owner, 1 + seed % 9), "Add length"))

    @precondition(lambda self: len(self.document.annotations) > 0)
    @rule(seed=seeds, dragged=st.booleans())
    def change(self, seed: int, dragged: bool) -> None:
        before = self.one(seed)
        after = replace(before, points=((0.0, 0.0, 0.0), (float(seed % 7), 1.0, 0.0)), name=f"name {seed % 3}")
        self.run(ChangeAnnotation(before, after, "Move length", merge_key="drag" if dragged else ""))

    @precondition(lambda self: len(self.document.annotations) > 0)
    @rule(seed=seeds)
    def remove(self, seed: int) -> None:
        self.run(RemoveAnnotation(self.one(seed), "Delete length"))

    @rule(seed=seeds)
    def add_layer(self, seed: int) -> None:
        if len(self.document) < 4:
            self.run(AddLayer(layer(f"image {seed}")))

    @precondition(lambda self: len(self.document) > 0)
    @rule(seed=seeds)
    def remove_layer(self, seed: int) -> None:
        self.run(RemoveLayer(self.document.layers[seed % len(self.document)]))

    @rule(seed=seeds)
    def jump(self, seed: int) -> None:
        self.history.jump(seed % (len(self.history.steps) + 1))

    @invariant()
    def each_position_has_one_document(self) -> None:
        assert state(self.document) == self.states[self.history.position]

    @invariant()
    def annotations_measure_layers_that_are_there(self) -> None:
        ids = {one.id for one in self.document.layers} | {""}
        assert all(one.layer in ids for one in self.document.annotations)

    def teardown(self) -> None:
        for position in [*range(len(self.history.steps), -1, -1), *range(len(self.history.steps) + 1)]:
            self.history.jump(position)
            assert state(self.document) == self.states[position]


def test_random_drawing_is_undone_and_redone_exactly() -> None:
    AnyDrawing.done = 0
    plan = settings(max_examples=80, stateful_step_count=40, deadline=None, database=None, derandomize=True,
                    suppress_health_check=list(HealthCheck))  # fmt: skip
    run_state_machine_as_test(AnyDrawing, settings=plan)
    assert AnyDrawing.done >= 500


def test_a_drag_is_one_step_and_another_one_is_not() -> None:
    document = Document()
    history = History(document)
    first = line()
    history.do(AddAnnotation(first, "Add length 5 mm"))
    history.mark_clean()
    for drag, lengths in (("a", (6.0, 7.0, 8.0)), ("b", (9.0,))):
        for length in lengths:
            before = document.annotations[0]
            after = replace(before, points=((0.0, 0.0, 0.0), (length, 0.0, 0.0)))
            history.do(ChangeAnnotation(before, after, f"Change length {length:g} mm", merge_key=drag))
    assert history.steps == ("Add length 5 mm", "Change length 8 mm", "Change length 9 mm")
    history.undo()
    assert document.annotations[0].points[1][0] == 8.0
    history.undo()
    assert document.annotations[0] == first and history.is_clean


def test_a_layer_takes_its_annotations_along_and_brings_them_back_in_order() -> None:
    document = Document()
    history = History(document)
    ct, pet = layer("CT"), layer("PET")
    for one in (ct, pet):
        history.do(AddLayer(one))
    drawn = [line(owner) for owner in (ct, pet, ct, pet)]
    for one in drawn:
        history.do(AddAnnotation(one, "Add length"))
    told: list[tuple[str, Annotation]] = []
    document.annotations.removed.connect(lambda one: told.append(("gone", one)))
    document.annotations.inserted.connect(lambda one: told.append(("back", one)))
    history.do(RemoveLayer(ct))
    assert list(document.annotations) == [drawn[1], drawn[3]]
    history.undo()
    assert list(document.annotations) == drawn
    assert told == [("gone", drawn[2]), ("gone", drawn[0]), ("back", drawn[0]), ("back", drawn[2])]


def test_what_cannot_be_is_refused_and_changes_nothing() -> None:
    document = Document()
    history = History(document)
    one = line()
    history.do(AddAnnotation(one, "Add length"))
    for wrong in (AddAnnotation(one, "again"), RemoveAnnotation(line(), "not there")):
        with pytest.raises(ValueError, match="annotation"):
            history.do(wrong)
    assert list(document.annotations) == [one] and history.steps == ("Add length",)
