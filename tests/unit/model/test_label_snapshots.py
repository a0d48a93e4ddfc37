"""Snapshots of labels: exactly what was there, copied by whoever needs it, and only once."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import phantoms
from pellucid.model import label_snapshots
from pellucid.model.labels import LabelMap

GRID = phantoms.grid((12, 10, 33), (1.0, 1.0, 1.0))


@pytest.fixture
def labels() -> LabelMap:
    return LabelMap(GRID, np.random.default_rng(1).integers(0, 9, (33, 10, 12)).astype(np.uint8))


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Return a list that gets the number of each slab that is copied, and the name of the thread that does it."""
    done: list[tuple[int, str]] = []
    take = label_snapshots.KeptVoxels._take

    def noted(kept: label_snapshots.KeptVoxels, n: int) -> None:
        if kept._source is not None and not kept._kept[n]:
            done.append((n, threading.current_thread().name))
        take(kept, n)

    monkeypatch.setattr(label_snapshots.KeptVoxels, "_take", noted)
    return done


def paint(labels: LabelMap, z: slice, value: int) -> None:
    box = (z, slice(2, 5), slice(3, 9))
    labels.keep(box)
    labels.array[box] = value
    labels.touch(box)


def on_worker(work: object) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    worker = threading.Thread(target=lambda: found.append(work()), name="worker")  # type: ignore[operator]
    worker.start()
    worker.join()
    return found


def test_it_holds_what_was_there_whatever_is_painted_before_or_after_it_is_asked_for(labels: LabelMap) -> None:
    before = labels.array.copy()
    first = labels.snapshot()
    paint(labels, slice(30, 33), 77)
    second, between = labels.snapshot(), labels.array.copy()
    paint(labels, slice(2, 20), 88)
    np.testing.assert_array_equal(first.map().array, before)
    paint(labels, slice(0, 33), 99)
    np.testing.assert_array_equal(first.map().array, before)
    np.testing.assert_array_equal(second.map().array, between)


def test_taking_copies_nothing_and_painting_only_what_it_changes(labels: LabelMap, copied: list) -> None:
    snapshot = labels.snapshot()
    assert copied == []
    paint(labels, slice(9, 10), 7)
    assert [n for n, _thread in copied] == [2]
    on_worker(lambda: snapshot.kept.array)
    assert sorted(n for n, _thread in copied) == list(range(9)), "each slab once"
    assert {thread for n, thread in copied if n != 2} == {"worker"}


def test_all_of_one_state_share_one_copy(labels: LabelMap, copied: list) -> None:
    first, second = labels.snapshot(), labels.snapshot()
    assert first.map().array is second.map().array
    assert len(copied) == 9
    paint(labels, slice(0, 1), 7)
    assert labels.snapshot().kept is not first.kept


def test_maps_that_share_their_voxels_keep_them_for_each_other(labels: LabelMap) -> None:
    before = labels.array.copy()
    snapshot, other = labels.snapshot(), LabelMap(GRID, labels.array)
    paint(other, slice(0, 33), 50)
    np.testing.assert_array_equal(snapshot.map().array, before)


def test_wider_voxels_leave_those_that_were_taken(labels: LabelMap) -> None:
    before, snapshot = labels.array.copy(), labels.snapshot()
    labels.make_room(np.uint16)
    paint(labels, slice(0, 33), 500)
    np.testing.assert_array_equal(snapshot.map().array, before)


def test_nothing_is_kept_for_nobody(labels: LabelMap, copied: list) -> None:
    labels.snapshot()
    paint(labels, slice(0, 33), 50)
    assert copied == []


def test_it_is_consistent_while_somebody_paints() -> None:
    """Every voxel of a state has the same value, so any mixture of states is seen."""
    labels = LabelMap(phantoms.grid((64, 64, 200), (1.0, 1.0, 1.0)))
    wrong, stop, ready = [], threading.Event(), threading.Semaphore(0)
    waiting: list = []

    def work() -> None:
        while not stop.is_set():
            ready.acquire()
            for value, snapshot in (waiting.pop(),) if waiting else ():
                array = snapshot.kept.array
                if not (array == value).all():
                    wrong.append((value, np.unique(array)))

    worker = threading.Thread(target=work)
    worker.start()
    for value in range(1, 60):
        waiting.append((value - 1, labels.snapshot()))
        ready.release()
        labels.keep(labels.whole())
        labels.array[...] = value
        labels.touch(labels.whole())
    stop.set()
    ready.release()
    worker.join()
    assert wrong == []
