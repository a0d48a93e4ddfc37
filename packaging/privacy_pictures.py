"""States of the window in which identity is taken away or hidden; ``pictures.py`` draws them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.dialogs.deidentify import DeidentifyDialog

PRIVACY_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    PRIVACY_STATES[function.__name__] = function
    return function


def _dialog(stage: Stage) -> DeidentifyDialog:
    from pellucid.ui.dialogs.deidentify import show_deidentify

    stage.open()
    dialog = show_deidentify(stage.session, stage.window)
    dialog.set_up.out.setText(str(Path.home() / "copies"))  # nothing is written: the run is not started
    dialog.set_up.code.setText("Case1")
    stage.settle()
    stage.popup = dialog
    return dialog


@state
def deidentify(stage: Stage) -> None:
    """Show what would change in one file."""
    _dialog(stage)


@state
def deidentify_light(stage: Stage) -> None:
    """Show the same in the light theme."""
    theme.apply(stage.app, "light")
    _dialog(stage)


@state
def deidentify_pixels(stage: Stage) -> None:
    """Show a picture with a rectangle drawn on it."""
    dialog = _dialog(stage)
    dialog.tabs.setCurrentIndex(1)
    stage.settle()
    dialog.picture.set_boxes([(20, 20, 160, 40)])
    stage.settle()


@state
def deidentify_done(stage: Stage) -> None:
    """Show the report, and what can be done with the copies."""
    dialog = _dialog(stage)
    dialog.set_up.out.setText(str(Path(tempfile.mkdtemp()) / "copies"))
    stage.settle()
    dialog.go.click()
    stage.settle(0.6)


@state
def identity_hidden(stage: Stage) -> None:
    """Show the window with identity hidden."""
    stage.open()
    stage.session.view.hide_identity = True
    stage.window.setFocus(Qt.FocusReason.OtherFocusReason)
    stage.settle()
