"""The menus of the label table: of the selected rows, and of the table as a whole; files are asked for here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu

from pellucid.language import tr, tr_count
from pellucid.model.findings import Refused
from pellucid.model.labels import Label, Status
from pellucid.model.layer import LabelLayer
from pellucid.ui import theme
from pellucid.ui.docks.label_model import ORDERS, STATUS_TITLES, VISIBLE
from pellucid.ui.docks.swatches import ask_color

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.docks.label_table import LabelTable


class LabelMenus:
    """Makes the menus of one table and does what they say."""

    def __init__(self, session: Session, table: LabelTable) -> None:
        self._session, self._table = session, table
        self._tables = session.label_tables

    # ---------------------------------------------------------------- menus

    def of_rows(self) -> QMenu | None:
        """Return the menu of the selected rows; the current one is the label being edited."""
        layer, values = self._table.labels.layer, self._table.chosen_values()
        if layer is None or not values:
            return None
        menu, value = QMenu(self._table), layer.active_label if layer.active_label in values else values[0]
        label = layer.labels.label(value)
        self._add_one(menu, layer, label)
        menu.addSeparator()
        several = len(values) > 1
        locked = all(layer.labels.label(one).locked for one in values)
        self._add(menu, tr("Unlock") if locked else tr("Lock"), "lock-open-variant-outline" if locked else "lock",
                  lambda: self._tables.lock(layer, values, locked=not locked))  # fmt: skip
        self._add(menu, tr("Lock all others"), "lock", lambda: self._tables.lock_others(layer, values))
        status = menu.addMenu(tr("Status"))
        for one in Status:
            action = self._add(status, tr(STATUS_TITLES[one]), "", partial(self._tables.mark, layer, values, one))
            action.setCheckable(True)
            action.setChecked(all(layer.labels.label(each).status is one for each in values))
        menu.addSeparator()
        merge = self._add(menu, tr("Merge into “{name}”", name=label.name), "call-merge",
                          lambda: self._tables.merge(layer, values, value))  # fmt: skip
        merge.setEnabled(several)
        delete = tr_count("Delete {count} label", "Delete {count} labels", len(values))
        self._add(menu, delete if several else tr("Delete"), "trash-can-outline", self._table.delete_asked.emit)
        return menu

    def _add_one(self, menu: QMenu, layer: LabelLayer, label: Label) -> None:
        table, value = self._table, label.value
        index = table.labels.index(table.labels.row(value), 1)
        self._add(menu, tr("Rename"), "rename-box", lambda: table.edit(index))
        self._add(menu, tr("Colour…"), "palette-outline", lambda: self.recolor(layer, value))
        self._add(menu, tr("Edit details…"), "text-box-outline", lambda: self.edit_details(layer, value))
        menu.addSeparator()
        solo = self._add(menu, tr("Show only this label"), "eye-outline", lambda: self._tables.solo(layer, value))
        solo.setCheckable(True)
        solo.setChecked(self._tables.is_solo(layer, value))
        self._add(menu, tr("Hide") if label.visible else tr("Show"), "eye-off-outline",
                  lambda: table.labels.toggle(index.siblingAtColumn(VISIBLE)))  # fmt: skip
        self._add(menu, tr("Show all labels"), "", lambda: self._tables.show_all(layer))
        self._add(menu, tr("Centre on label"), "crosshairs-gps", lambda: self._tables.centre_on(layer, value))

    def of_table(self) -> QMenu:
        """Return the menu of the whole table."""
        menu, layer, model = QMenu(self._table), self._table.labels.layer, self._table.labels
        order = menu.addMenu(tr("Sort by"))
        for name, (title, _key) in ORDERS.items():
            action = order.addAction(tr(title), partial(model.arrange, name))
            action.setCheckable(True)
            action.setChecked(model.order == name)
        if layer is None:
            return menu
        self._add(menu, tr("Show all labels"), "eye-outline", lambda: self._tables.show_all(layer))
        self._add(menu, tr("Delete empty labels"), "broom", lambda: self._tables.delete_empty(layer))
        menu.addSeparator()
        self._add_presets(menu.addMenu(tr("Apply preset")), layer)
        self._add(menu, tr("Import label table…"), "import", lambda: self.read(layer))
        self._add(menu, tr("Export label table…"), "export", lambda: self.write(layer))
        return menu

    def _add_presets(self, menu: QMenu, layer: LabelLayer) -> None:
        from pellucid.files.label_tables import presets

        menu.setToolTipsVisible(True)
        for preset in presets():
            names = ", ".join(tr(row.name) for row in preset.labels)
            action = self._add(menu, tr(preset.title), "", partial(self._tables.apply, layer, preset))
            action.setToolTip(names)

    def _add(self, menu: QMenu, title: str, glyph: str, action: Callable[[], object]) -> QAction:
        made = menu.addAction(title, partial(self.attempt, action))
        if glyph:
            made.setIcon(theme.icon(glyph))
        return made

    # ---------------------------------------------------------------- actions

    def attempt(self, action: Callable[[], object]) -> None:
        """Do it, or say why it cannot be done."""
        try:
            action()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")

    def recolor(self, layer: LabelLayer, value: int) -> None:
        """Ask for another colour of a label."""
        label = layer.labels.label(value)
        color = ask_color(self._table, label.color, tr("Colour of {name}", name=label.name))
        if color:
            self._session.labelling.edit_label(layer, value, color=color)

    def edit_details(self, layer: LabelLayer, value: int) -> None:
        """Open the dialog with all that is known of a label."""
        from pellucid.ui.dialogs.label_details import LabelDetailsDialog

        LabelDetailsDialog(self._session, layer, value, self._table.window()).open()

    def read(self, layer: LabelLayer) -> None:
        """Ask for a file and take its labels into the table."""
        from pellucid.files.label_tables import FORMATS

        endings = " ".join(f"*{extension}" for _title, extension in FORMATS)
        chosen = tr("Label tables ({endings})", endings=f"{endings} *.label *.tsv")
        folder = self._session.settings.last_folder
        path, _ = QFileDialog.getOpenFileName(self._table, tr("Import label table"), folder, chosen)
        if path:
            self._tables.read(layer, Path(path))

    def write(self, layer: LabelLayer) -> None:
        """Ask for a file and write the table to it."""
        from pellucid.files.label_tables import FORMATS

        filters = [f"{tr(title).split(' (')[0]} (*{extension})" for title, extension in FORMATS]
        start = str(Path(self._session.settings.last_folder or Path.home()) / "labels.json")
        path, chosen = QFileDialog.getSaveFileName(
            self._table, tr("Export label table"), start, ";;".join(filters), filters[0]
        )
        if path:
            ending = next((extension for _, extension in FORMATS if f"*{extension})" in chosen), ".json")
            self._tables.write(layer, Path(path) if Path(path).suffix else Path(path + ending))
