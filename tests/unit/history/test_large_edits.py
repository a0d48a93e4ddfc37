"""What large edits pack, write and look at, counted: times would depend on the machine."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import pytest

import phantoms
from pellucid.history import hand_steps, patches
from pellucid.history.changes import Changes
from pellucid.history.hand_steps import hand_bytes
from pellucid.history.history import History
from pellucid.history.painting import PatchLabels, replace_label
from pellucid.history.patches import Patch, difference
from pellucid.history.staging import Staging
from pellucid.model.document import Document
from pellucid.model.hand_edits import HandPatch
from pellucid.model.labels import Label
from pellucid.model.layer import LabelLayer, Provenance, blank_labels

SIZE = (64, 128, 256)
GRID = phantoms.grid(SIZE[::-1], (1.0, 1.0, 1.0))
WHOLE = (slice(0, 64), slice(0, 128), slice(0, 256))


@pytest.fixture
def layer() -> LabelLayer:
    layer = LabelLayer("Labels", blank_labels(GRID))
    layer.labels.labels = tuple(Label(n, f"Label {n}", "#ff0000") for n in (1, 2, 3))
    return layer


def ball(radius: float) -> np.ndarray:
    z, y, x = (np.arange(n) - n / 2 for n in SIZE)
    return np.asarray(z[:, None, None] ** 2 + y[:, None] ** 2 + x**2 < radius**2)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the bytes of everything that is compressed."""
    sizes: list[int] = []
    compress = zlib.compress

    class Counting:
        decompress = staticmethod(zlib.decompress)

        @staticmethod
        def compress(data: bytes, level: int) -> bytes:
            sizes.append(len(data))
            return compress(data, level)

    monkeypatch.setattr(patches, "zlib", Counting)
    return sizes


def test_of_a_region_of_one_value_only_where_it_is_is_compressed_and_once(
    layer: LabelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, sizes = ball(31), counted(monkeypatch)
    staged = Staging(layer, 1, "Fill")
    staged.put(WHOLE, inside)
    command = staged.commit()
    assert command is not None
    assert sum(sizes) <= inside.size / 8, "one bit for each voxel, for the history and the hand edit together"
    assert command.nbytes < inside.sum() / 4


def test_a_full_tile_takes_no_bytes(layer: LabelLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = counted(monkeypatch)
    command = replace_label(layer, 1, np.ones(SIZE, bool), "All")
    assert command is not None and len(command.patches) == 8 * 2 * 2
    assert sizes == [] and command.nbytes < 2000


@pytest.mark.parametrize("values", [2, 5, 700])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 1.0])
def test_patches_restore_the_very_bytes(values: int, share: float) -> None:
    rng = np.random.default_rng(values)
    wide = np.uint16 if values > 255 else np.uint8
    before = rng.integers(0, 5, (20, 130, 70)).astype(np.uint8)
    after = np.where(rng.random(before.shape) < share, rng.integers(0, values, before.shape), before).astype(wide)
    after[8:16, :64] = values - 1
    box, array = tuple(map(slice, (3, 5, 7), (23, 135, 77))), np.full((30, 140, 80), 9, wide)
    array[box] = before
    start = array.copy()
    found = [patch for patch, *_ in difference(box, before, after)]
    for patch in found:
        patch.write(array)
    np.testing.assert_array_equal(array[box], after)
    for patch in found:
        patch.write(array, back=True)
    np.testing.assert_array_equal(array, start)


def writes(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    done: list[bool] = []
    write = Patch.write

    def noted(patch: Patch, array: Any, *, back: bool = False) -> None:
        done.append(back)
        write(patch, array, back=back)

    monkeypatch.setattr(Patch, "write", noted)
    return done


def test_what_is_seen_already_is_not_written_again(layer: LabelLayer, monkeypatch: pytest.MonkeyPatch) -> None:
    history, done, inside = History(Document()), writes(monkeypatch), ball(20)
    staged = Staging(layer, 1, "Fill")
    staged.put(WHOLE, inside)
    command = staged.commit()
    assert isinstance(command, PatchLabels)
    history.do(command)
    assert done == [] and layer.provenance
    history.undo()
    assert set(done) == {True} and not layer.labels.array.any()
    done.clear()
    history.redo()
    assert set(done) == {False} and len(done) == len(command.patches)
    np.testing.assert_array_equal(layer.labels.array == 1, inside)


def test_what_a_job_found_is_shown_taken_back_and_recorded(layer: LabelLayer) -> None:
    layer.labels.array[:, :40] = 2
    layer.labels.edit_label(2, locked=True)
    start, history = layer.labels.array.copy(), History(Document())
    staged, before = Staging(layer, 1, "Wand"), layer.labels.snapshot().map()
    for radius in (30, 12, 25):
        changes = Changes(before)
        changes.put_region(WHOLE, ball(radius), 1)
        staged.show(changes)
        np.testing.assert_array_equal(layer.labels.array == 1, ball(radius) & (start == 0))
    staged.abort()
    np.testing.assert_array_equal(layer.labels.array, start)
    staged.show(changes)
    command = staged.commit()
    assert command is not None
    history.do(command)
    after = layer.labels.array.copy()
    history.undo()
    np.testing.assert_array_equal(layer.labels.array, start)
    assert layer.provenance == ()
    history.redo()
    np.testing.assert_array_equal(layer.labels.array, after)
    made = np.zeros(SIZE, bool)
    for patch in layer.provenance[0].patches:
        patch.put_into(made)
    np.testing.assert_array_equal(made, after == 1)


def test_what_is_painted_after_a_region_was_shown_begins_anew(layer: LabelLayer) -> None:
    staged, changes = Staging(layer, 1, "Wand"), Changes(layer.labels)
    changes.put_region(WHOLE, ball(20), 1)
    staged.show(changes)
    box = (slice(0, 2), slice(0, 2), slice(0, 2))
    staged.put(box, np.ones((2, 2, 2), bool))
    command = staged.commit()
    assert command is not None and layer.labels.array.sum() == 8
    command.do(Document())
    command.undo(Document())
    assert not layer.labels.array.any()


def test_a_region_of_a_label_above_255_widens_the_map(layer: LabelLayer) -> None:
    changes = Changes(layer.labels)
    changes.put_region(WHOLE, ball(10), 300)
    step = changes.step(layer, "Fill", 300)
    assert step is not None
    step.do(Document())
    np.testing.assert_array_equal(layer.labels.array == 300, ball(10))


def test_a_further_stroke_looks_only_at_what_it_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    one = np.ones((1, 1, 1), bool)
    made = [HandPatch.of((0, 0, n), one, (1, 1, 999), inside=True) for n in range(300)]
    before = (Provenance("a", label=2), Provenance("hand.edit", {"strokes": 299}, label=1, patches=tuple(made[:299])))
    after = (before[0], Provenance("hand.edit", {"strokes": 300}, label=1, patches=tuple(made)))
    looked: list[HandPatch] = []
    monkeypatch.setattr(HandPatch, "nbytes", property(lambda patch: looked.append(patch) or len(patch.voxels)))
    assert hand_bytes(after, before) == len(made[299].voxels)
    assert looked == [made[299]]
    assert hand_bytes(before, after) == 0, "taken back, nothing is new"
    other = Provenance("hand.edit", label=1, patches=(made[0], made[5], *made[290:]))
    assert hand_bytes((other,), (before[1],)) == len(made[299].voxels)
    assert hand_steps.hand_bytes((), before) == 0


def test_the_history_does_not_add_up_old_patches_at_each_step(
    layer: LabelLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(Document())
    looked: list[Patch] = []
    size = Patch.nbytes.fget  # type: ignore[attr-defined]
    monkeypatch.setattr(Patch, "nbytes", property(lambda patch: looked.append(patch) or size(patch)))
    for n in range(40):
        box = (slice(n, n + 1), slice(0, 3), slice(0, 3))
        staged = Staging(layer, 1, "Paint")
        staged.put(box, np.ones((1, 3, 3), bool))
        command = staged.commit()
        assert command is not None
        history.do(command)
    assert len(looked) == 40 and history.nbytes > 0
