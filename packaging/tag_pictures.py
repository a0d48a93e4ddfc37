"""States of the window with the tags of DICOM files; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pellucid.dicom.tags import Difference
from pellucid.ui import theme
from pellucid.ui.docks.tag_model import LINE_ROLE

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.docks.tags import TagsPanel

TAG_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    TAG_STATES[function.__name__] = function
    return function


def _panel(stage: Stage) -> TagsPanel:
    stage.open()
    panel: TagsPanel = stage.window.show_dock("Tags")
    stage.settle()
    return panel


def _line(panel: TagsPanel, keyword: str) -> Difference:
    lines = [panel.model.index(n, 0).data(LINE_ROLE) for n in range(panel.model.rowCount())]
    return next(line for line in lines if line.row.keyword == keyword)


@state
def tags(stage: Stage) -> None:
    """All elements of the slice under the crosshair."""
    _panel(stage)


@state
def tags_light(stage: Stage) -> None:
    """The same on light, searched."""
    theme.apply(stage.app, "light")
    _panel(stage).search.setText("position")
    stage.settle()


@state
def tags_compared(stage: Stage) -> None:
    """Two slices side by side, only what differs."""
    panel = _panel(stage)
    panel.compare.click()
    panel.changed_only.click()
    stage.settle()


@state
def tags_column(stage: Stage) -> None:
    """One element over all slices."""
    panel = _panel(stage)
    panel.show_column(_line(panel, "ImagePositionPatient"))
    stage.settle()


@state
def tags_hidden(stage: Stage) -> None:
    """What identifies the patient is covered."""
    panel = _panel(stage)
    stage.session.view.hide_identity = True
    panel.search.setText("patient")
    stage.settle()


@state
def tags_empty(stage: Stage) -> None:
    """Nothing is open."""
    stage.window.show_dock("Tags")
    stage.settle()
