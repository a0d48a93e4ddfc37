"""States of the window in which many labels are named, found and described; ``pictures.py`` draws them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint

from pellucid.files.label_tables import presets
from pellucid.model.labels import Code, Label, Status, color_for
from pellucid.ui import theme

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.model.layer import LabelLayer

LABEL_STATES: dict[str, Callable[[Stage], None]] = {}


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    LABEL_STATES[function.__name__] = function
    return function


def _organs(stage: Stage) -> LabelLayer:
    """Open the chest CT with the table of the abdomen, some of its labels seen to already."""
    stage.open()
    session = stage.session
    session.document.active_image.display.set_limits(-160, 240)
    stage.run("threshold.range", lower=150.0, upper=3000.0)
    layer = session.document.active_labels
    preset = next(one for one in presets() if one.title.startswith("Organs"))
    session.label_tables.apply(layer, preset)
    session.label_tables.mark(layer, {1, 2}, Status.COMPLETED)
    session.label_tables.mark(layer, {3}, Status.IN_PROGRESS)
    session.label_tables.mark(layer, {5}, Status.FLAGGED)
    session.label_tables.lock(layer, {1, 2}, locked=True)
    session.labelling.edit_label(layer, 12, visible=False)
    session.document.active, layer.active_label = layer, 3
    stage.settle()
    return layer


@state
def label_table(stage: Stage) -> None:
    """Show a table with status, locks, a hidden label and the filter."""
    _organs(stage)


@state
def label_table_light(stage: Stage) -> None:
    """Show the menu of two labels in the light theme."""
    theme.apply(stage.app, "light")
    _organs(stage)
    table = stage.window.layers.table
    table.selectRow(2)
    table.selectionModel().select(table.labels.index(3, 1), _also())
    menu = stage.window.layers.labels.menus.of_rows()
    menu.popup(table.mapToGlobal(QPoint(120, 80)))
    stage.popup = menu
    stage.settle()


def _also() -> object:
    from PySide6.QtCore import QItemSelectionModel

    return QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows


@state
def label_menu(stage: Stage) -> None:
    """Show the menu of the whole table."""
    _organs(stage)
    box = stage.window.layers.labels
    menu = box.menus.of_table()
    menu.popup(box.more.mapToGlobal(box.more.rect().bottomLeft()))
    stage.popup = menu
    stage.settle()


@state
def label_details(stage: Stage) -> None:
    """Show the dialog with all that is known of a label."""
    from pellucid.ui.dialogs.label_details import LabelDetailsDialog

    layer = _organs(stage)
    stage.session.labelling.edit_label(
        layer, 5, notes="Tail not seen on the last slices", code=Code("SCT", "15776009", "Pancreas")
    )
    dialog = LabelDetailsDialog(stage.session, layer, 5, stage.window)
    dialog.open()
    dialog.search.setText("gland")
    dialog.move(stage.window.pos() + QPoint(560, 180))
    stage.popup = dialog
    stage.settle()


@state
def thousands_of_labels(stage: Stage) -> None:
    """Show ten thousand labels filtered, in a small window."""
    layer = _organs(stage)
    layer.labels.labels = tuple(Label(n, f"Nucleus {n}", color_for(n)) for n in range(1, 10_001))
    stage.window.resize(1280, 720)
    box = stage.window.layers.labels
    box.filter.setText("nucleus 7")
    layer.active_label = 75
    stage.settle(0.5)
