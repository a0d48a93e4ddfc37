"""Every action of the table and everything the palette offers, done once on a study: nothing may raise."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QMenu

from at_rest import all_windows
from canvas_bench import make_labels, make_layer
from dicom_making import save, stack
from hands import User
from pellucid.files import demo
from pellucid.model.geometry import Geometry
from pellucid.ui.actions.table import TABLE
from pellucid.ui.commands import gather

pytestmark = pytest.mark.qt_log_ignore("does not support", extend=True)
LAST = ("file.close", "file.quit")


@pytest.fixture
def user(qtbot, monkeypatch):
    monkeypatch.setattr(demo, "_make", lambda folder: save(folder, stack(4)[1]))  # the true one takes its time
    user = User(qtbot, (1280, 720))
    fill(user)
    yield user
    user.leave()


def fill(user) -> None:
    """Put in a scalar image, another on its grid, a colour image and labels."""
    grid = Geometry((24, 20, 12), (1.0, 1.0, 2.0), oriented=True)
    values = np.random.default_rng(3).integers(-900, 900, (12, 20, 24)).astype(np.int16)
    first = make_layer(values, grid, (-160.0, 240.0), unit="HU")
    second = make_layer((values // 2).astype(np.int16), grid, unit="HU")
    colour = make_layer(np.random.default_rng(4).integers(0, 255, (12, 20, 24, 3)).astype(np.uint8), grid)
    labels = make_labels(first, (values > 300).astype(np.uint8))
    for layer in (colour, second, first, labels):
        user.session.document.insert(len(user.session.document), layer)
    user.session.document.active = first
    user.session.centre_crosshair()
    user.rest()


def close_what_opened(user) -> None:
    """Reject every dialog and close every menu, however deep."""
    for widget in all_windows():
        if widget is user.window or not widget.isVisible():
            continue
        if isinstance(widget, QDialog):
            widget.reject()
        elif isinstance(widget, QMenu) or widget.windowType() == widget.windowType().Popup:
            widget.close()


@pytest.fixture
def closer(user):
    """Close dialogs as somebody would who presses Escape at once, also those that wait in a loop of their own."""
    timer = QTimer()
    timer.timeout.connect(lambda: close_what_opened(user))
    timer.start(30)
    yield timer
    timer.stop()


@pytest.fixture
def failures(user, monkeypatch):
    """Keep what the window would tell as an error."""
    told: list[str] = []
    user.session.notice.connect(lambda text, severity: told.append(text) if severity == "error" else None)
    return told


@pytest.mark.parametrize("active", ["scalar", "colour", "labels"])
def test_every_action_of_the_menus_can_be_done(user, closer, failures, active):
    layers = user.session.document.layers
    wanted = {"scalar": layers[2], "colour": layers[0], "labels": layers[3]}[active]
    done = []
    for entry in TABLE:
        if entry.id in LAST:
            continue
        if wanted in user.session.document:
            user.session.document.active = wanted
        user.window.actions_table.refresh()
        action = user.window.actions_table.by_id[entry.id]
        if action.isEnabled():
            action.trigger()
            user.rest(0.02)
            done.append(entry.id)
    assert len(done) > 60
    assert not failures
    QApplication.processEvents()


def test_everything_the_palette_offers_can_be_done(user, closer, failures):
    image = user.session.document.active
    operations = user.session.running.operations()
    ids = [command.id for command in gather(user.window, operations) if command.id not in LAST]
    for name in ids:
        if image in user.session.document:
            user.session.document.active = image
        command = next((c for c in gather(user.window, operations) if c.id == name), None)
        if command is not None and not command.why_not:
            command.run()
            user.rest(0.01)
    assert len(ids) > 100
    assert not failures
