"""Large edits: found, packed and copied on workers, while the history stays in the order of what the user did."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import phantoms
from pellucid.history.outlines import Depth
from pellucid.history.patches import Patch
from pellucid.model import label_snapshots
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.labels import Label
from pellucid.model.layer import ImageLayer, LabelLayer, Source
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from pellucid.session import Session, editing, labelling, outlining
from pellucid.session.filling import Spot
from pellucid.session.opening import Loaded
from pellucid.session.outlining import Use

GRID = phantoms.grid((44, 40, 24), (0.8, 1.0, 2.0))
WHOLE = (slice(0, 24), slice(0, 40), slice(0, 44))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    z, y, x = np.ogrid[:24, :40, :44]
    values = np.where((z - 12) ** 2 * 4 + (y - 20) ** 2 + (x - 20) ** 2 < 200, 300, 0).astype(np.int16)
    values += np.arange(44, dtype=np.int16) // 4
    loaded = Loaded((phantoms.volume(values, GRID, unit="HU"),), (-100.0, 400.0), "CT", Source())
    session.loading.add(loaded, replace=False)
    layer = session.labelling.add_layer()
    layer.labels.labels = tuple(Label(n, f"Label {n}", "#ff0000") for n in (1, 2, 3))
    layer.labels.array[3:21, 4:20, 4:40] = 2
    layer.labels.touch(WHOLE)
    yield session
    session.close()


@pytest.fixture
def layer(session: Session) -> LabelLayer:
    (layer,) = session.document.label_layers
    return layer


@pytest.fixture
def image(session: Session) -> ImageLayer:
    (image,) = session.document.images
    return image


class Threads:
    """Notes on which threads functions ran."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch, self.main, self.elsewhere = monkeypatch, list[str](), list[str]()

    def watch(self, where: Any, name: str) -> None:
        """Note each call of a function."""
        real = getattr(where, name)

        def noted(*args: Any, **more: Any) -> Any:
            here = threading.current_thread() is threading.main_thread()
            (self.main if here else self.elsewhere).append(name)
            return real(*args, **more)

        self._patch.setattr(where, name, staticmethod(noted) if name == "of" else noted)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Threads:
    return Threads(monkeypatch)


def spot(image: ImageLayer) -> Spot:
    world = image.geometry.index_to_world((20, 20, 12))
    return Spot(plane_frame(image.geometry, Plane.AXIAL), 12, world, image)


# ---------------------------------------------------------------- copies

ASKS: dict[str, Callable[[Session, LabelLayer, Path], object]] = {
    "statistics": lambda session, _layer, _path: session.labelling.statistics(lambda _rows: None),
    "input of an operation": lambda session, _layer, _path: session.running.apply("masks.dilate", {}),
    "preview": lambda session, _layer, _path: session.running.preview("masks.dilate", {}),
    "labels in place": lambda session, _layer, _path: session.running.apply("labels.split", {}),
    "export": lambda session, layer, path: session.saving.export_layer(layer, path / "labels.nrrd"),
    "saved work": lambda session, _layer, path: session.saving.save(path / "work.pellucid"),
    "surfaces": lambda session, layer, path: surfaces(session, layer, path),
    "agreement": lambda session, layer, _path: compared(session, layer),
}


def surfaces(session: Session, layer: LabelLayer, path: Path) -> None:
    from pellucid.files.surfaces import SurfaceChoice
    from pellucid.session.surfacing import export

    export(session, layer, None, path / "surface.stl", SurfaceChoice())


def compared(session: Session, layer: LabelLayer) -> None:
    session.agreeing.first, session.agreeing.second = (layer.id, 1), (layer.id, 2)
    session.agreeing.compare()


@pytest.mark.parametrize("ask", ASKS)
def test_no_map_is_copied_by_the_main_thread(
    ask: str, session: Session, layer: LabelLayer, threads: Threads, tmp_path: Path
) -> None:
    layer.labels.array[5:9, 24:30, 5:30] = 1
    layer.labels.touch(WHOLE)
    session.document.active = layer
    session.visible_slices = lambda: ((2, 12),)
    threads.watch(label_snapshots.KeptVoxels, "_take")
    ASKS[ask](session, layer, tmp_path)
    assert session.jobs.drain(120)
    assert threads.elsewhere and not threads.main


def test_what_is_painted_after_asking_is_not_in_the_answer(session: Session, layer: LabelLayer) -> None:
    """The worker is kept busy until the user has painted."""
    session.document.active = layer
    held, rows = threading.Event(), list[Any]()
    for n in range(2):
        session.jobs.query(f"busy {n}", "Busy", lambda _job: held.wait(120))
    session.labelling.statistics(rows.extend)
    session.editing.apply(WHOLE, np.ones((24, 40, 44), bool))
    held.set()
    assert session.jobs.drain(120)
    assert {row.label: row.voxels for row in rows}[2] == 18 * 16 * 36


# ---------------------------------------------------------------- packing


def scissors(session: Session, layer: LabelLayer, image: ImageLayer) -> None:
    frame = plane_frame(image.geometry, Plane.AXIAL)
    vectors = [tuple(map(float, vector)) for vector in (frame.normal, frame.right, frame.down)]
    corners = [tuple(map(float, image.geometry.index_to_world((x, y, 12)))) for x, y in ((5, 5), (35, 6), (20, 35))]
    session.outlining.close(Annotation(Kind.POLYGON, tuple(corners), *vectors), Use(depth=Depth.ALL, scissors=True))


def wand(session: Session, layer: LabelLayer, image: ImageLayer) -> None:
    session.view.fill_volume, session.view.wand_tolerance = True, 50.0
    session.wand.begin(spot(image))
    session.wand.finish()


def fill(session: Session, layer: LabelLayer, image: ImageLayer) -> None:
    session.view.fill_volume = True
    session.filling.fill(spot(image))


def threshold_while_painting(session: Session, layer: LabelLayer, image: ImageLayer) -> None:
    held = threading.Event()
    session.running.edit("Busy", lambda _job: held.wait(120), lambda _nothing: None, lambda _text: None)
    session.document.active = image
    job = session.running.apply("threshold.range", {"lower": 200.0, "upper": 500.0})
    held.set()
    assert job.wait(120)
    layer.labels.touch((slice(0, 1), slice(0, 1), slice(0, 1)))


@pytest.mark.parametrize("act", [scissors, wand, fill, threshold_while_painting])
def test_regions_are_packed_by_workers(
    act: Any, session: Session, layer: LabelLayer, image: ImageLayer, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlining, "AT_ONCE", 0)
    start = layer.labels.array.copy()
    session.document.active = layer
    threads.watch(Patch, "of")
    act(session, layer, image)
    assert session.jobs.drain(120)
    assert threads.elsewhere and not threads.main
    after = layer.labels.array.copy()
    assert (after != start).any()
    session.undo()
    np.testing.assert_array_equal(layer.labels.array, start)
    session.redo()
    np.testing.assert_array_equal(layer.labels.array, after)


def test_the_wand_keeps_within_a_label_whatever_it_showed_before(
    session: Session, layer: LabelLayer, image: ImageLayer
) -> None:
    """What an earlier tolerance changed is background no more, but it was when the wand was pressed."""
    session.document.active, session.view.paint_within = layer, 0
    session.view.fill_volume, start = True, layer.labels.array.copy()
    session.view.wand_tolerance = 50.0
    session.wand.begin(spot(image))
    for tolerance in (50.0, 500.0, 500.0, 50.0):
        session.wand.spread(tolerance)
        assert session.jobs.drain(120)
    session.wand.finish()
    near = np.abs(image.volume.array.astype(int) - int(image.volume.array[12, 20, 20])) <= 50
    np.testing.assert_array_equal(layer.labels.array, np.where(near & (start == 0), 1, start))


# ---------------------------------------------------------------- strokes


@pytest.fixture
def large(session: Session, layer: LabelLayer, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Make every change a large one; return what a stroke changes."""
    monkeypatch.setattr(editing, "AT_ONCE", 0)
    session.document.active = layer
    return np.random.default_rng(1).random((24, 40, 44)) < 0.3


def test_a_large_stroke_is_packed_by_a_worker_and_is_a_step_then(
    session: Session, layer: LabelLayer, large: np.ndarray, threads: Threads
) -> None:
    start, steps = layer.labels.array.copy(), len(session.history.steps)
    session.history.mark_clean()
    assert session.is_clean
    threads.watch(Patch, "of")
    assert session.editing.apply(WHOLE, large)
    np.testing.assert_array_equal(layer.labels.array == 1, large)
    assert not session.is_clean, "closing now would lose it"
    assert session.jobs.drain(120)
    assert threads.elsewhere and not threads.main
    assert len(session.history.steps) == steps + 1 and layer.provenance and not session.editing.is_recording
    session.undo()
    np.testing.assert_array_equal(layer.labels.array, start)
    assert layer.provenance == ()


@pytest.mark.parametrize("queued", [True, False])
def test_undo_right_after_a_large_stroke_takes_that_back(
    session: Session, layer: LabelLayer, large: np.ndarray, queued: bool
) -> None:
    """Whether the worker has begun with it or not."""
    start, held = layer.labels.array.copy(), threading.Event()
    for n in range(2 if queued else 0):
        session.jobs.query(f"busy {n}", "Busy", lambda _job: held.wait(120))
    session.editing.apply(WHOLE, large)
    session.undo()
    np.testing.assert_array_equal(layer.labels.array, start)
    held.set()
    assert session.jobs.drain(120)
    np.testing.assert_array_equal(layer.labels.array, start)
    session.redo()
    np.testing.assert_array_equal(layer.labels.array == 1, large)


def test_large_strokes_that_follow_each_other_are_steps_in_that_order(
    session: Session, layer: LabelLayer, large: np.ndarray
) -> None:
    position, states = session.history.position, [layer.labels.array.copy()]
    for n, value in enumerate((1, 3, 1)):
        layer.active_label = value
        session.editing.apply(WHOLE, np.roll(large, n))
        states.append(layer.labels.array.copy())
    session.labelling.edit_label(layer, 2, name="Renamed")
    assert session.jobs.drain(120)
    assert session.history.position == position + 4
    for n in (2, 0, 3, 1):
        session.jump(position + n)
        np.testing.assert_array_equal(layer.labels.array, states[n])


def test_a_layer_that_is_removed_takes_its_large_stroke_with_it(
    session: Session, layer: LabelLayer, large: np.ndarray
) -> None:
    session.editing.apply(WHOLE, large)
    session.remove(layer)
    assert session.jobs.drain(120)
    session.undo()
    np.testing.assert_array_equal(layer.labels.array == 1, large)
    assert layer.provenance


def test_an_image_becomes_labels_on_a_worker(session: Session, image: ImageLayer, threads: Threads) -> None:
    threads.watch(labelling, "_labels_of")
    session.labelling.use_as_labels(image)
    assert session.jobs.drain(120)
    assert threads.elsewhere and not threads.main
    assert image not in session.document
