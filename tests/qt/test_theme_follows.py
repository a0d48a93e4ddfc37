"""Themes: what the platform prefers is followed while the window is open; dark where it prefers nothing."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from canvas_bench import pixels
from hands import User
from pellucid.settings import Settings
from pellucid.ui import theme

SCHEME = Qt.ColorScheme


@pytest.fixture(autouse=True)
def as_before(qapp):
    yield
    theme.apply(qapp, "dark")


def turn(qapp, scheme) -> None:
    """Let the platform say that it turned to a scheme."""
    qapp.styleHints().colorSchemeChanged.emit(scheme)
    QApplication.processEvents()


@pytest.mark.parametrize(
    ("mode", "scheme", "colors"),
    [("system", SCHEME.Light, theme.LIGHT), ("system", SCHEME.Dark, theme.DARK), ("system", SCHEME.Unknown, theme.DARK),
     ("dark", SCHEME.Light, theme.DARK), ("light", SCHEME.Dark, theme.LIGHT)],
)  # fmt: skip
def test_which_colours_a_mode_means(mode, scheme, colors):
    assert theme.chosen(mode, scheme) is colors


def test_the_system_is_followed_unless_a_theme_was_chosen():
    assert Settings().theme == "system"


def test_a_change_of_the_platform_is_followed_at_once(qapp):
    theme.apply(qapp, "system")
    turn(qapp, SCHEME.Light)
    assert not theme.is_dark() and qapp.palette().color(QPalette.ColorRole.Window).name() == theme.LIGHT.window
    turn(qapp, SCHEME.Dark)
    assert theme.is_dark() and qapp.palette().color(QPalette.ColorRole.Window).name() == theme.DARK.window


@pytest.mark.parametrize("mode", ["dark", "light"])
def test_a_chosen_theme_stays_whatever_the_platform_does(qapp, mode):
    theme.apply(qapp, mode)
    for scheme in (SCHEME.Light, SCHEME.Dark):
        turn(qapp, scheme)
        assert theme.is_dark() is (mode == "dark")


def test_nothing_is_dressed_twice(qapp):
    theme.apply(qapp, "system")
    told = []
    theme.signals.changed.connect(lambda: told.append(1))
    turn(qapp, SCHEME.Dark)
    assert not told, "it was dark already"
    theme.apply(qapp, "light")
    assert told == [1]


def test_the_whole_window_changes_while_it_is_open(qtbot, qapp):
    theme.apply(qapp, "system")
    user = User(qtbot, (1280, 720))
    dark = pixels(user.window.grab().toImage())
    turn(qapp, SCHEME.Light)
    user.rest()
    light = pixels(user.window.grab().toImage())
    around = np.ones(dark.shape[:2], bool)
    canvas = user.window.canvas
    corner = canvas.mapTo(user.window, canvas.rect().topLeft())
    around[corner.y() : corner.y() + canvas.height(), corner.x() : corner.x() + canvas.width()] = False
    user.leave()
    assert np.median(dark[around]) < 60 and np.median(light[around]) > 220
    text = (np.abs(light - np.median(light[around])).max(axis=2) > 120) & around
    assert text.sum() > 500, "texts and icons turned dark on light"
