"""Looking for hours: nothing grows with the number of frames, and what is not on the screen holds no image."""

from __future__ import annotations

import gc
import os
import tracemalloc
import weakref
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from canvas_bench import make_labels, make_layer
from pellucid.model.geometry import Geometry
from pellucid.model.view import Layout

STEPS = 2000
SHAPE = (40, 48, 56)


@pytest.fixture
def looking(bench):
    values = np.random.default_rng(3).integers(0, 300, SHAPE).astype(np.int16)
    layer = make_layer(values, Geometry(SHAPE[::-1]), (0, 300))
    labels = make_labels(layer, layer.volume.array > 250)
    bench.session.view.show_crosshair = bench.session.view.show_annotations = True
    bench.area.resize(422, 422)
    bench.show(layer, labels)
    return bench


def scroll(bench, n: int) -> None:
    bench.session.view.crosshair = tuple(float((7 * n + axis) % length) for axis, length in enumerate(SHAPE[::-1]))


def window(bench, n: int) -> None:
    bench.session.document.images[0].display.set_limits(-float(n % 97), 200.0 + n % 83)


def pan_and_zoom(bench, n: int) -> None:
    for pane in bench.area.shown_panes():
        pane.camera.zoom(1.0 + 0.01 * ((n % 5) - 2), pane.rect().center())
        pane.camera.pan(float(n % 7 - 3), float(n % 3 - 1))
        pane.schedule()


def paint_labels(bench, n: int) -> None:
    labels = bench.session.document.label_layers[0].labels
    z = n % SHAPE[0]
    labels.array[z, n % 40 : n % 40 + 8, 5:13] = n % 3
    labels.touch((slice(z, z + 1), slice(n % 40, n % 40 + 8), slice(5, 13)))


ACTS = [scroll, window, pan_and_zoom, paint_labels]


def frames(bench, act, first: int, count: int) -> None:
    for n in range(first, first + count):
        act(bench, n)
        QApplication.processEvents()


@pytest.mark.parametrize("act", ACTS)
def test_a_frame_leaves_nothing_behind(looking, act) -> None:
    frames(looking, act, 0, 100)
    tracemalloc.start()
    try:
        frames(looking, act, 100, 60)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        frames(looking, act, 160, 200)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 200 * 2500  # bytes: texts of windows are kept, 512 at most; a slice takes more than twice as much


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell what a process occupies")
def test_two_thousand_frames_take_no_more_memory_than_four_hundred(looking) -> None:
    for act in ACTS:
        frames(looking, act, 0, 100)
    resident = rss()
    for act in ACTS:
        frames(looking, act, 100, STEPS // len(ACTS))
    assert rss() - resident < 8 << 20


def rss() -> int:
    """Return the bytes this process occupies."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_hidden_panes_keep_no_volume_alive(looking) -> None:
    session = looking.session
    scroll(looking, 5)
    looking.settle()
    session.view.layout = Layout.SINGLE
    looking.area.flush()
    looking.settle()
    old = session.document.images[0].volume
    voxels, label_voxels = weakref.ref(old), weakref.ref(session.document.label_layers[0].labels)
    fresh = make_layer(np.zeros(SHAPE, np.int16), Geometry(SHAPE[::-1]))
    session.close_all()
    session.document.insert(0, fresh)
    looking.area.flush()
    looking.settle()
    del old
    gc.collect()
    assert voxels() is None and label_voxels() is None


def test_an_empty_canvas_keeps_no_volume_alive(looking) -> None:
    session = looking.session
    scroll(looking, 3)
    looking.settle()
    voxels = weakref.ref(session.document.images[0].volume)
    session.close_all()
    looking.area.flush()
    looking.settle()
    gc.collect()
    assert voxels() is None
