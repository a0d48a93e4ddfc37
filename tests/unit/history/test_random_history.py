"""R-09: whatever is done, undone and redone, each position of the history has exactly one document."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import phantoms
from pellucid.history.command import Command
from pellucid.history.history import History
from pellucid.history.labels import DropLabels, SetLabelTable
from pellucid.history.layers import AddLayer, MoveLayer, RemoveLayer, ReplaceVolume, SetLayerField
from pellucid.history.painting import replace_label
from pellucid.history.stroke import Stroke
from pellucid.model.document import Document
from pellucid.model.findings import Refused
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, Layer, Provenance, blank_labels
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane

GRID = phantoms.oblique(phantoms.grid((14, 12, 10), (1.0, 1.3, 2.0)))
seeds = st.integers(0, 2**31)


def digest(document: Document) -> str:
    """Return the SHA-256 of everything that saving would write."""
    total = hashlib.sha256()
    for layer in document.layers:
        total.update(repr((layer.id, layer.name, layer.provenance, layer is document.active)).encode())
        if isinstance(layer, LabelLayer):
            total.update(repr((layer.labels.labels, layer.labels.array.dtype)).encode())
            total.update(layer.labels.array.tobytes())
        else:
            total.update(b"base" * len(layer.base))
            for volume in (*layer.frames, *layer.base):
                total.update(repr(volume.geometry).encode())
                total.update(volume.array.tobytes())
    return total.hexdigest()


class AnyHistory(RuleBasedStateMachine):
    """Do random things; ``states`` is what the document must be at each position."""

    done = 0

    def __init__(self) -> None:
        super().__init__()
        self.document = Document()
        self.history = History(self.document, budget_bytes=20_000, minimum_steps=4)
        self.states = [digest(self.document)]
        self.marked: str | None = self.states[0]

    def run(self, command: Command) -> None:
        """Do a command and learn what the document is at its position now."""
        before = self.history.position
        steps, state = self.history.steps, digest(self.document)
        empty = command.is_empty
        self.history.do(command)
        AnyHistory.done += 1
        if empty:
            assert (self.history.steps, self.history.position, digest(self.document)) == (
                steps,
                before,
                state,
            )
            return
        self.learn(before)

    def learn(self, before: int) -> None:
        """Note the state after the step that was recorded at position ``before``."""
        states = [*self.states[: before + 1], digest(self.document)]
        self.states = states[len(states) - len(self.history.steps) - 1 :]  # the oldest may be forgotten

    def layer(self, seed: int) -> Layer:
        return self.document.layers[seed % len(self.document)]

    @rule(seed=seeds)
    def add(self, seed: int) -> None:
        if len(self.document) >= 6:
            return
        layer: Layer
        if seed % 2:
            layer = LabelLayer(f"labels {seed}", blank_labels(GRID))
            layer.labels.set_label(Label(1, "One", "#ff0000"))
        else:
            values = np.random.default_rng(seed).integers(-5, 5, GRID.size[::-1]).astype(np.int16)
            layer = ImageLayer(f"image {seed}", (phantoms.volume(values, GRID),))
        position = seed % (len(self.document) + 1) if seed % 3 else None
        self.run(AddLayer(layer, position))

    @precondition(lambda self: len(self.document) > 1)
    @rule(seed=seeds)
    def remove(self, seed: int) -> None:
        self.run(RemoveLayer(self.layer(seed)))

    @precondition(lambda self: len(self.document) > 0)
    @rule(seed=seeds)
    def move(self, seed: int) -> None:
        self.run(MoveLayer(self.layer(seed), seed // 7 % len(self.document)))

    @precondition(lambda self: len(self.document) > 0)
    @rule(seed=seeds)
    def rename(self, seed: int) -> None:
        self.run(SetLayerField(self.layer(seed), "name", f"name {seed % 3}", "Rename"))

    @precondition(lambda self: self.document.images)
    @rule(seed=seeds)
    def filter(self, seed: int) -> None:
        layer = self.document.images[seed % len(self.document.images)]
        volume = layer.volume.with_image(layer.volume.image + seed % 3)
        step = Provenance("add", {"n": seed % 3})
        self.run(ReplaceVolume(layer, layer.frames_with(volume), (*layer.provenance, step), "Add"))

    @precondition(lambda self: self.document.label_layers)
    @rule(seed=seeds, ball=st.booleans(), erase=st.booleans(), abort=st.booleans())
    def paint(self, seed: int, ball: bool, erase: bool, abort: bool) -> None:
        layer = self.document.label_layers[seed % len(self.document.label_layers)]
        before = digest(self.document)
        rng = np.random.default_rng(seed)
        frame = plane_frame(GRID, list(Plane)[seed % 4])
        index = int(rng.integers(frame.slice_count))
        try:
            stroke = Stroke(layer, int(rng.integers(1, 4)), frame, index, erase=erase)
        except Refused:
            return
        for _ in range(3):
            stroke.dab(frame.world_at(*rng.uniform(-3, 16, 2), index), float(rng.uniform(1, 9)), ball=ball)
        if abort:
            stroke.abort()
            assert digest(self.document) == before
            return
        command = stroke.commit()
        if command is None:
            assert digest(self.document) == before
        else:
            self.run(command)

    @precondition(lambda self: self.document.label_layers)
    @rule(seed=seeds)
    def segment(self, seed: int) -> None:
        layer = self.document.label_layers[seed % len(self.document.label_layers)]
        mask = np.random.default_rng(seed).random(GRID.size[::-1]) < 0.1
        try:
            value = 1 + seed % 3
            kept = tuple(step for step in layer.provenance if step.label != value)
            steps = (*kept, Provenance("threshold.range", {"n": seed % 5}, label=value)) if seed % 4 else None
            command = replace_label(layer, value, mask, "Threshold", provenance=steps)
        except Refused:
            return
        if command is not None:
            self.run(command)

    @precondition(lambda self: self.document.label_layers)
    @rule(seed=seeds, lock=st.booleans())
    def edit_table(self, seed: int, lock: bool) -> None:
        layer = self.document.label_layers[seed % len(self.document.label_layers)]
        rows = {row.value: row for row in layer.labels.labels}
        value = 1 + seed % 3
        rows[value] = Label(value, f"name {seed % 5}", f"#{seed % 0xFFFFFF:06x}", locked=lock)
        self.run(SetLabelTable(layer, tuple(rows.values()), "Edit labels"))

    @precondition(lambda self: self.document.label_layers)
    @rule(seed=seeds)
    def delete_label(self, seed: int) -> None:
        layer = self.document.label_layers[seed % len(self.document.label_layers)]
        try:
            self.run(DropLabels(layer, {1 + seed % 3}, "Delete label"))
        except Refused:
            return

    @precondition(lambda self: self.document.label_layers)
    @rule(seed=seeds)
    def group(self, seed: int) -> None:
        layer = self.document.label_layers[seed % len(self.document.label_layers)]
        before = self.history.position
        other = ImageLayer(f"image {seed}", (phantoms.volume(np.zeros(GRID.size[::-1], np.uint8), GRID),))
        with self.history.group("Open instead"):
            self.history.do(SetLayerField(layer, "name", f"group {seed}", "Rename"))
            self.history.do(RemoveLayer(layer))
            self.history.do(AddLayer(other))
        AnyHistory.done += 1
        self.learn(before)

    @precondition(lambda self: len(self.document) > 0)
    @rule(seed=seeds)
    def fail_in_a_group(self, seed: int) -> None:
        layer = self.layer(seed)
        state = (digest(self.document), self.history.steps, self.history.position)
        try:
            with self.history.group("doomed"):
                self.history.do(SetLayerField(layer, "name", f"doomed {seed}", "Rename"))
                self.history.do(AddLayer(layer))
        except ValueError:
            pass
        assert state == (digest(self.document), self.history.steps, self.history.position)

    @rule()
    def undo(self) -> None:
        AnyHistory.done += self.history.can_undo
        self.history.undo()

    @rule()
    def redo(self) -> None:
        AnyHistory.done += self.history.can_redo
        self.history.redo()

    @rule(seed=seeds)
    def jump(self, seed: int) -> None:
        AnyHistory.done += 1
        self.history.jump(seed % (len(self.history.steps) + 1))

    @rule()
    def save(self) -> None:
        self.history.mark_clean()
        self.marked = digest(self.document)

    @invariant()
    def the_document_is_the_one_of_its_position(self) -> None:
        assert len(self.states) == len(self.history.steps) + 1
        assert digest(self.document) == self.states[self.history.position]

    @invariant()
    def clean_means_as_saved(self) -> None:
        if self.history.is_clean:
            assert digest(self.document) == self.marked

    @invariant()
    def the_budget_holds(self) -> None:
        if len(self.history.steps) > 4 and self.history.position == len(self.history.steps):
            assert self.history.nbytes <= self.history.budget

    def teardown(self) -> None:
        for position in [*range(len(self.history.steps), -1, -1), *range(len(self.history.steps) + 1)]:
            self.history.jump(position)
            assert digest(self.document) == self.states[position]


def test_a_thousand_random_commands_are_undone_and_redone_exactly() -> None:
    AnyHistory.done = 0
    plan = settings(
        max_examples=100,
        stateful_step_count=50,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(AnyHistory, settings=plan)
    assert AnyHistory.done >= 1000
