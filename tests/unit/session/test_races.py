"""Answers that come late, twice, out of order or not at all never spoil newer work, nor keep memory."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.files import images
from pellucid.jobs.job import JobState
from pellucid.model.layer import ImageLayer, Source
from pellucid.model.slicing import plane_frame
from pellucid.model.view import Plane
from pellucid.model.volume import Volume, geometry_of
from pellucid.session import Session, loading
from pellucid.session.opening import Loaded

PATIENCE = 120.0


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def make_volume(seed: int = 0) -> Volume:
    array = np.random.default_rng(seed).normal(0, 200, (12, 20, 24)).astype(np.int16)
    image = sitk.GetImageFromArray(array)
    return Volume(image, geometry_of(image), unit="HU")


def add(session: Session, name: str = "CT", seed: int = 0) -> ImageLayer:
    loaded = Loaded((make_volume(seed),), (-400.0, 400.0), name, Source())
    return session.loading.add(loaded, replace=False)


class Gate:
    """Holds background work back until the test lets it go, name by name."""

    def __init__(self) -> None:
        self._events: dict[str, threading.Event] = {}
        self.entered: dict[str, threading.Event] = {}

    def hold(self, name: str) -> None:
        self._events[name], self.entered[name] = threading.Event(), threading.Event()

    def open(self, name: str) -> None:
        self._events[name].set()

    def pass_(self, name: str) -> None:
        if name in self._events:
            self.entered[name].set()
            assert self._events[name].wait(PATIENCE)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Let a test decide when the image file of a name is read."""
    gate, read = Gate(), loading.read

    def held(item, part, job, *how):
        gate.pass_(item.path.name)
        return read(item, part, job, *how)

    monkeypatch.setattr(loading, "read", held)
    return gate


@pytest.fixture
def files(tmp_path: Path) -> list[images.ImageFile]:
    found = []
    for n in range(3):
        path = tmp_path / f"{'abc'[n]}.nii"
        sitk.WriteImage(sitk.GetImageFromArray(np.full((3, 4, 5), n + 1, np.int16)), path)
        found.append(images.describe(path))
    return found


def names(session: Session) -> list[str]:
    return [layer.name for layer in session.document.layers]


# -------------------------------------------------------------------- loading


def test_of_several_files_none_is_lost_when_the_first_comes_last(session, files, gate):
    gate.hold("a.nii")
    session.open([item.path for item in files])
    while not gate.entered["a.nii"].wait(0.01):
        session.jobs.drain(0.01)
    session.jobs.drain(0.5)
    gate.open("a.nii")
    assert session.jobs.drain(PATIENCE)
    assert names(session) == ["a.nii", "b.nii", "c.nii"]
    assert session.loading.job is None


def test_the_image_asked_for_last_is_the_one_shown(session, files, gate):
    gate.hold("a.nii")
    session.loading.load(files[0])
    assert gate.entered["a.nii"].wait(PATIENCE)
    session.loading.load(files[1])
    gate.open("a.nii")
    assert session.jobs.drain(PATIENCE)
    assert names(session) == ["b.nii"]


def test_an_image_asked_for_instead_of_others_waits_for_none_of_them(session, files, gate):
    gate.hold("a.nii")
    gate.hold("b.nii")
    session.loading.load(files[0])
    session.loading.load(files[1], replace=False)
    assert gate.entered["a.nii"].wait(PATIENCE)
    job = session.loading.load(files[2])
    assert job.wait(PATIENCE)
    while names(session) != ["c.nii"]:
        session.jobs.drain(0.01)
    gate.open("a.nii")
    gate.open("b.nii")
    assert session.jobs.drain(PATIENCE)
    assert names(session) == ["c.nii"]


def test_what_is_loading_when_everything_is_closed_does_not_come_back(session, files, gate):
    gate.hold("a.nii")
    session.loading.load(files[0])
    assert gate.entered["a.nii"].wait(PATIENCE)
    session.close_all()
    gate.open("a.nii")
    assert session.jobs.drain(PATIENCE)
    assert names(session) == [] and session.loading.job is None


def test_a_saved_work_is_not_overrun_by_an_image_that_was_still_loading(session, files, gate, tmp_path):
    add(session, "kept")
    session.saving.save(tmp_path / "work.pellucid")
    assert session.jobs.drain(PATIENCE)
    gate.hold("a.nii")
    session.loading.load(files[0])
    assert gate.entered["a.nii"].wait(PATIENCE)
    opened = []
    session.title_changed.connect(lambda: opened.append(session.title))
    session.open([tmp_path / "work.pellucid"])
    while opened[-1:] != ["work"]:
        session.jobs.drain(0.01)
    gate.open("a.nii")
    assert session.jobs.drain(PATIENCE)
    assert names(session) == ["kept"]


def test_a_session_closed_while_loading_ends_its_threads(files, gate):
    before = set(threading.enumerate())
    session = Session()
    gate.hold("a.nii")
    job = session.loading.load(files[0])
    assert gate.entered["a.nii"].wait(PATIENCE)
    threading.Timer(0.1, lambda: gate.open("a.nii")).start()
    session.close()
    assert job.state is JobState.CANCELLED and session.document.layers == ()
    assert not [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("pellucid-")
                and "worker" not in thread.name and thread.is_alive()]  # fmt: skip


def test_two_folders_at_once_are_both_looked_through(session, files):
    session.library.scan([files[0].path], lambda _found: None)
    session.library.scan([files[1].path], lambda _found: None)
    seen = []
    session.library.changed.connect(lambda: seen.append((session.library.scanning, len(session.library.images))))
    assert session.jobs.drain(PATIENCE)
    assert len(session.library.images) == 2 and not session.library.scanning
    assert all(scanning for scanning, count in seen if count < 2)


# -------------------------------------------------------------------- edits


class Held:
    """Holds an edit back: jobs of edits run one after the other."""

    def __init__(self, session: Session) -> None:
        self._go = threading.Event()
        session.jobs.edit("held", lambda _job: self._go.wait(PATIENCE))

    def let_go(self) -> None:
        self._go.set()


def test_the_result_for_an_image_that_was_removed_is_dropped(session):
    layer = add(session)
    held = Held(session)
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    session.running.apply("intensity.invert", {})
    session.remove(layer)
    steps = session.history.steps
    held.let_go()
    assert session.jobs.drain(PATIENCE)
    assert names(session) == [] and session.history.steps == steps
    session.undo()
    assert names(session) == ["CT"]


def test_the_result_for_a_label_layer_that_was_removed_is_dropped(session):
    add(session)
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(PATIENCE)
    (labels,) = session.document.label_layers
    held, before = Held(session), labels.labels.array.copy()
    session.running.apply("masks.dilate", {"radius": 2.0})
    session.remove(labels)
    steps = session.history.steps
    held.let_go()
    assert session.jobs.drain(PATIENCE)
    assert session.history.steps == steps and np.array_equal(labels.labels.array, before)


def test_the_result_for_a_work_that_was_closed_is_dropped(session):
    add(session)
    held = Held(session)
    session.running.apply("intensity.invert", {})
    session.close_all()
    add(session, "next", seed=1)
    held.let_go()
    assert session.jobs.drain(PATIENCE)
    assert names(session) == ["next"]


def test_the_result_for_a_volume_that_was_undone_becomes_a_layer(session):
    layer = add(session)
    first = layer.volume
    session.running.apply("intensity.invert", {})
    assert session.jobs.drain(PATIENCE)
    held = Held(session)
    session.running.apply("smoothing.median", {})
    session.undo()
    held.let_go()
    assert session.jobs.drain(PATIENCE)
    assert layer.volume is first and len(session.document.images) == 2


@pytest.mark.parametrize("operation", ["threshold.range", "masks.complement"])
def test_a_mask_that_comes_during_a_stroke_leaves_every_step_undoable(session, operation):
    layer = add(session)
    labels = session.labelling.add_layer()
    frame = plane_frame(layer.geometry, Plane.AXIAL)
    states = [labels.labels.array.copy()]
    values = {"lower": 0.0, "upper": 900.0} if operation == "threshold.range" else {}
    held = Held(session)
    session.running.apply(operation, values)
    session.labelling.begin_stroke(frame, 6)
    session.labelling.stroke_to(layer.geometry.index_to_world((8, 8, 6)))
    held.let_go()
    assert session.jobs.drain(PATIENCE)
    session.labelling.stroke_to(layer.geometry.index_to_world((14, 8, 6)))
    session.labelling.end_stroke()
    after = labels.labels.array.copy()
    base = session.history.steps.index("Add Labels") + 1
    position = session.history.position
    session.jump(base)
    assert np.array_equal(labels.labels.array, states[0])
    session.jump(position)
    assert np.array_equal(labels.labels.array, after)


def test_a_label_locked_meanwhile_is_not_overwritten(session):
    layer = add(session)
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(PATIENCE)
    (labels,) = session.document.label_layers
    session.labelling.add_label(labels, "second")
    before = labels.labels.array.copy()
    held = Held(session)
    job = session.running.apply("threshold.range", {"lower": 50.0, "upper": 300.0})
    held.let_go()
    assert job.wait(PATIENCE)
    session.labelling.edit_label(labels, 1, locked=True)
    assert session.jobs.drain(PATIENCE)
    wanted = (layer.volume.array >= 50) & (layer.volume.array <= 300) & (before == 0)
    assert np.array_equal(labels.labels.array == 1, before == 1)
    assert np.array_equal(labels.labels.array == 2, wanted)


def test_a_stroke_on_a_layer_that_is_removed_is_a_step_before_that(session):
    layer = add(session)
    labels = session.labelling.add_layer()
    session.labelling.begin_stroke(plane_frame(layer.geometry, Plane.AXIAL), 6)
    session.labelling.stroke_to(layer.geometry.index_to_world((8, 8, 6)))
    painted = labels.labels.array.copy()
    session.remove(labels)
    session.labelling.stroke_to(layer.geometry.index_to_world((14, 8, 6)))
    session.labelling.end_stroke()
    assert session.history.steps[-1].startswith("Remove")
    session.undo()
    assert labels in session.document and np.array_equal(labels.labels.array, painted)


def test_a_preview_of_an_image_that_was_removed_is_not_shown(session):
    layer = add(session)
    session.visible_slices = lambda: ((2, 5),)
    session.running.preview("smoothing.gaussian", {"sigma": 2.0})
    session.remove(layer)
    assert session.jobs.drain(PATIENCE)
    assert layer.preview is None


# -------------------------------------------------------------------- saving


def test_work_done_while_saving_is_not_taken_for_saved(session, tmp_path):
    add(session)
    labels = session.labelling.add_layer()
    session.labelling.add_label(labels, "one")
    session.saving.save(tmp_path / "work.pellucid")
    session.undo()
    session.labelling.add_label(labels, "one")
    session.labelling.edit_label(labels, 2, color="#000000")
    session.undo()
    assert session.jobs.drain(PATIENCE)
    assert not session.is_clean


def test_of_two_savings_the_later_one_stays(session, tmp_path, monkeypatch):
    from pellucid.files import workspace

    save, slow, entered, saved = workspace.save, threading.Event(), threading.Event(), []

    def held(path, state, **rest):
        if not entered.is_set():
            entered.set()
            assert slow.wait(PATIENCE)
        saved.append([layer.name for layer in state.manifest.layers])
        return save(path, state, **rest)

    monkeypatch.setattr(workspace, "save", held)
    layer = add(session)
    session.saving.save(tmp_path / "work.pellucid")
    assert entered.wait(PATIENCE)
    session.rename(layer, "later")
    session.saving.save(tmp_path / "work.pellucid")
    slow.set()
    assert session.jobs.drain(PATIENCE)
    assert saved[-1] == ["later"]
    assert session.is_clean


def test_whoever_waits_for_a_saving_hears_that_it_was_cancelled(session, tmp_path):
    add(session)
    said = []
    job = session.saving.save(tmp_path / "work.pellucid", said.append)
    job.cancel()
    assert session.jobs.drain(PATIENCE)
    assert said == [False]


# -------------------------------------------------------------------- memory


def test_closing_everything_lets_go_of_all_voxels(session):
    layer = add(session)
    session.visible_slices = lambda: ((2, 5),)
    session.looking.histogram(layer, "volume", lambda _histogram: None)
    session.running.preview("smoothing.gaussian", {"sigma": 1.0})
    assert session.jobs.drain(PATIENCE)
    session.running.apply("threshold.range", {"lower": 0.0, "upper": 100.0})
    assert session.jobs.drain(PATIENCE)
    session.running.preview("masks.dilate", {"radius": 1.0})
    assert session.jobs.drain(PATIENCE)
    session.running.apply("masks.dilate", {"radius": 1.0})
    session.running.apply("smoothing.median", {})
    assert session.jobs.drain(PATIENCE)
    (labels,) = session.document.label_layers
    kept = [weakref.ref(layer), weakref.ref(layer.volume), weakref.ref(labels), weakref.ref(labels.labels)]
    session.running.preview("masks.dilate", {"radius": 1.0})
    assert session.jobs.drain(PATIENCE)
    snapshots = [weakref.ref(array) for _, array, _ in session.running.inputs._snapshots.values()]
    assert snapshots
    del layer, labels
    session.close_all()
    gc.collect()
    assert not [ref for ref in (*kept, *snapshots) if ref() is not None]
