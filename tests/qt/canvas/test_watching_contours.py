"""A contour is started with the mouse, watched, stepped, cancelled and applied as a user does it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from canvas_bench import make_layer
from patience import PATIENCE
from pellucid.jobs.runner import Runner
from pellucid.model.geometry import Geometry
from pellucid.model.view import Plane
from pellucid.ui.bridge import Bridge
from pellucid.ui.docks.operations import OperationsDock

GRID = Geometry((80, 72, 30), (1.0, 1.0, 2.0))
LEFT = Qt.MouseButton.LeftButton


def phantom():
    z, y, x = np.mgrid[:30, :72, :80]
    inside = (2 * (z - 15)) ** 2 + (y - 36) ** 2 + (x - 40) ** 2 <= 24**2
    noise = np.random.default_rng(2).normal(0, 10, inside.shape)
    return inside, np.rint(np.where(inside, 170, 70) + noise).astype(np.int16)


@pytest.fixture
def runner(qtbot):
    """Answers come through Qt, as in the program."""
    return Runner(Bridge().post)


@pytest.fixture
def dock(bench, qtbot):
    bench.show(make_layer(phantom()[1], GRID))
    bench.session.visible_slices = lambda: tuple(
        place for pane in bench.area.shown_panes() if (place := pane.slice_of(bench.session.document.active_image))
    )
    panel = OperationsDock(bench.session, "Segment")
    qtbot.addWidget(panel)
    panel.resize(400, 900)
    panel.show()
    qtbot.waitExposed(panel)
    panel.choose("contours.chan_vese")
    qtbot.waitUntil(lambda: panel.form is not None)
    panel.form.set_values({"radius": 6.0, "smoothness": 0.5, "iterations": 300})
    return panel


@pytest.fixture
def seeded(dock, bench, qtbot):
    """The dock with one seed that was set by a click on the ball, and the contour that starts there."""
    qtbot.mouseClick(dock.form.editors["seeds"].place_button, LEFT)
    bench.area.flush()
    pane = bench.pane(Plane.AXIAL)
    at = pane.widget_at(GRID.index_to_world((40, 36, bench.session.visible_slices()[0][1])))
    bench.press(pane, (at.x(), at.y()))
    bench.release(pane, (at.x(), at.y()))
    qtbot.waitUntil(lambda: shown(bench) is not None, timeout=20_000)
    return dock


def shown(bench):
    preview = bench.session.document.active_image.preview
    return None if preview is None else preview.slices[2, bench.pane().index]


def box(dock):
    return dock.card.evolution


def test_the_row_is_there_for_contours_only(dock, qtbot):
    assert box(dock).isVisible() and box(dock).play.text() == "Play" and box(dock).count.text() == "Iteration 0"
    dock.choose("threshold.range")
    assert not box(dock).isVisible()
    dock.choose("contours.geodesic")
    assert box(dock).isVisible()


def test_without_a_seed_playing_says_what_to_do(dock, bench, qtbot):
    qtbot.mouseClick(box(dock).play, LEFT)
    qtbot.waitUntil(lambda: dock.run.message.text().startswith("Set at least one seed"), timeout=20_000)
    qtbot.waitUntil(lambda: not bench.session.evolving.is_moving and box(dock).play.text() == "Play", timeout=20_000)


def test_playing_raises_the_iterations_and_changes_the_picture_pausing_stops_it(seeded, bench, qtbot):
    evolving, row = bench.session.evolving, box(seeded)
    start = np.count_nonzero(shown(bench))
    tint = bench.rgb().copy()
    qtbot.mouseClick(row.play, LEFT)
    assert row.play.text() == "Pause"
    qtbot.waitUntil(lambda: evolving.iteration >= 6 and np.count_nonzero(shown(bench)) > start, timeout=10000)
    qtbot.mouseClick(row.play, LEFT)
    qtbot.waitUntil(lambda: not evolving._run.is_working and row.play.text() == "Play", timeout=20_000)
    rested = evolving.iteration
    qtbot.wait(150)
    assert evolving.iteration == rested < 300 and row.count.text() == f"Iteration {rested}"
    assert row.change.text().startswith("Moves ") and row.change.text().endswith(" mm")
    bench.area.flush()
    assert (bench.rgb() != tint).any()
    coronal = bench.session.document.active_image.preview.slices[1, bench.pane(Plane.CORONAL).index]
    assert np.count_nonzero(coronal) > 20
    before = shown(bench).copy()
    qtbot.mouseClick(row.one, LEFT)
    qtbot.waitUntil(lambda: row.count.text() == f"Iteration {rested + 1}", timeout=20_000)
    qtbot.waitUntil(lambda: not evolving._run.is_working)
    assert evolving.iteration == rested + 1 and np.count_nonzero(shown(bench)) >= np.count_nonzero(before)
    qtbot.mouseClick(row.ten, LEFT)
    qtbot.waitUntil(lambda: row.count.text() == f"Iteration {rested + 11}", timeout=20_000)
    qtbot.mouseClick(row.restart, LEFT)
    qtbot.waitUntil(lambda: row.count.text() == "Iteration 0" and np.count_nonzero(shown(bench)) == start,
                    timeout=20_000)  # fmt: skip
    assert not row.restart.isEnabled()


def test_leaving_cancels_at_once_and_the_document_is_untouched(seeded, bench, qtbot):
    session = bench.session
    layers, place = session.document.layers, session.history.position
    qtbot.mouseClick(box(seeded).play, LEFT)
    qtbot.waitUntil(lambda: session.evolving.iteration >= 3, timeout=20_000)
    run, job = session.evolving._run, session.evolving._run.waited
    QTest.keyClick(seeded, Qt.Key.Key_Escape)  # ends placing
    QTest.keyClick(seeded, Qt.Key.Key_Escape)
    assert job.wait(PATIENCE) and run.iteration < 300
    qtbot.waitUntil(lambda: not session.jobs.running, timeout=20_000)
    assert session.document.active_image.preview is None and session.seeding.shown is None
    assert session.document.layers == layers and session.history.position == place


def test_apply_makes_one_step_of_what_is_seen_and_undo_restores_the_bytes(seeded, bench, qtbot):
    session, inside = bench.session, phantom()[0]
    image = session.document.active_image
    before = (image.volume, image.volume.array.tobytes(), session.history.position)
    for _ in range(6):
        qtbot.mouseClick(box(seeded).ten, LEFT)
        wanted = session.evolving._run.target
        qtbot.waitUntil(lambda wanted=wanted: session.evolving.iteration == wanted, timeout=20000)
    qtbot.waitUntil(lambda: not session.evolving._run.is_working, timeout=20_000)
    assert session.evolving.iteration == 60
    qtbot.waitUntil(lambda: session.preview_state is not None and not session.jobs.running, timeout=20_000)
    seen = shown(bench).copy()
    qtbot.mouseClick(seeded.run.apply, LEFT)
    qtbot.waitUntil(lambda: bool(session.document.label_layers), timeout=20_000)
    layer = session.document.label_layers[0]
    assert session.history.position == before[2] + 1
    assert np.array_equal(layer.labels.array[bench.pane().index] > 0, seen > 0)
    found = layer.labels.array > 0
    assert 2 * np.count_nonzero(found & inside) / (np.count_nonzero(found) + np.count_nonzero(inside)) > 0.97
    assert layer.provenance[-1].parameters["iterations"] == 60
    session.undo()
    assert session.document.layers == (image,) and image.volume is before[0]
    assert image.volume.array.tobytes() == before[1]


def test_moving_a_seed_starts_anew(seeded, bench, qtbot):
    qtbot.mouseClick(box(seeded).ten, LEFT)
    qtbot.waitUntil(lambda: bench.session.evolving.iteration == 10, timeout=20_000)
    pane = bench.pane(Plane.AXIAL)
    at = pane.widget_at(seeded.form.editors["seeds"].places[0])
    bench.drag(pane, (at.x(), at.y()), (at.x() + 40, at.y()))
    place = seeded.form.editors["seeds"].places[0]
    x, y, _ = np.rint(GRID.world_to_index(place)).astype(int)
    qtbot.waitUntil(lambda: bench.session.evolving.iteration == 0 and not bench.session.jobs.running
                    and shown(bench) is not None and shown(bench)[y, x] == 1)  # fmt: skip
