"""The labels of a layer: their table, a filter when there are many, and the opacity of the one being edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.labels import Label
from pellucid.model.layer import LabelLayer
from pellucid.ui import theme
from pellucid.ui.docks.label_menu import LabelMenus
from pellucid.ui.docks.label_table import LabelTable
from pellucid.ui.docks.look_box import PercentRow
from pellucid.ui.docks.parts import allow, described, dim, flat_button, section
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import TextLine

if TYPE_CHECKING:
    from pellucid.session import Session

_MANY = 12
"""How many labels there may be before a filter helps."""
_TYPING = 120  # ms without another letter until the filter takes effect


class FilterLine(TextLine):
    """What the names or values of the rows must hold; Esc clears it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Clear on Esc."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class LabelBox(QWidget):
    """The section “Labels” of the panel of layers."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._watch = LayerWatch(self._changed)
        self.table = LabelTable(session)
        self.menus = LabelMenus(session, self.table)
        self.table.delete_asked.connect(self._delete)
        self.table.menu_asked.connect(self._show_menu)
        self.table.place_asked.connect(self._go_to)
        self._make_buttons()
        self._make_filter()
        self._lay_out()

    def _make_buttons(self) -> None:
        self.new = flat_button("plus", tr("New label"), self._add)
        self.drop = flat_button(
            "trash-can-outline", tr("Delete label"), self._delete,
            tip=tr("Delete the selected labels and their voxels; undo brings both back"),
        )  # fmt: skip
        self.more = flat_button(
            "dots-vertical", tr("More about labels"), self._show_more,
            tip=tr("Order, label tables to begin with, files of label tables"),
        )  # fmt: skip

    def _make_filter(self) -> None:
        self.filter = FilterLine()
        self.filter.setClearButtonEnabled(True)
        self.filter.setPlaceholderText(tr("Find a label"))
        described(self.filter, tr("Find a label"), tr("Show only labels whose name, code or value holds this"))
        self.found = dim("", wrap=False)
        described(self.found, tr("How many labels there are, and how many of them are shown"))
        self._typing = QTimer(self, singleShot=True, interval=_TYPING)
        self._typing.timeout.connect(self._filter)
        self.filter.textChanged.connect(lambda _text: self._typing.start())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        line = QWidget()
        grid = QGridLayout(line)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setColumnStretch(1, 1)
        self.opacity = PercentRow(grid, 0, tr("Label opacity"), self._set_opacity)
        title = section(tr("Labels"), self.found, self.new, self.drop, self.more)
        for widget in (title, self.filter, self.table, line):
            column.addWidget(widget, 1 if widget is self.table else 0)
        self.filter.hide()

    # ---------------------------------------------------------------- from the model

    def show_layer(self, layer: LabelLayer | None) -> None:
        """Show the labels of a layer from now on."""
        self._watch.on(layer)
        if layer is not self.table.labels.layer:
            self.filter.clear()
            self._filter()
            self.table.labels.show_layer(layer)
            self._settle()
        self.table.show_active()
        self._show_opacity()

    def _changed(self, what: str) -> None:
        if what in ("table", "labels"):
            self.table.labels.refresh()
            self._settle()
        if what in ("table", "labels", "active_label"):
            self.table.show_active()
            self._show_opacity()

    def _settle(self) -> None:
        """Bring filter, count and buttons to the rows there are."""
        model = self.table.labels
        self.table.updateGeometry()
        self.filter.setVisible(model.total > _MANY or bool(model.wanted))
        few = tr("{shown:,} of {total:,}", shown=model.rowCount(), total=model.total)
        self.found.setText(few if model.wanted else f"{model.total:,}" if model.total > _MANY else "")
        allow(self.drop, tr("There is no label to delete.") if not model.total else "")

    def _show_opacity(self) -> None:
        _layer, label = self._in_use()
        self.opacity.allow(visible=label is not None)
        if label is not None:
            self.opacity.show_share(label.opacity)

    def _in_use(self) -> tuple[LabelLayer | None, Label | None]:
        """Return the layer of the table and the row of the label being edited."""
        layer = self.table.labels.layer
        if layer is None or not layer.labels.has(layer.active_label):
            return layer, None
        return layer, layer.labels.label(layer.active_label)

    # ---------------------------------------------------------------- from the user

    def _filter(self) -> None:
        self._typing.stop()
        self.table.labels.filter(self.filter.text())
        self._settle()

    def _set_opacity(self, share: float) -> None:
        layer, label = self._in_use()
        if layer is not None and label is not None:
            self._session.labelling.edit_label(layer, label.value, opacity=share)

    def _add(self) -> None:
        layer = self.table.labels.layer
        if layer is not None:
            self.menus.attempt(lambda: self._session.labelling.add_label(layer))

    def _delete(self) -> None:
        layer, values = self.table.labels.layer, self.table.chosen_values()
        if layer is not None and values:
            self.menus.attempt(lambda: self._session.label_tables.delete(layer, values))

    def _go_to(self, value: int) -> None:
        layer = self.table.labels.layer
        if layer is not None:
            self._session.label_tables.centre_on(layer, value)

    def _show_menu(self, at: QPoint) -> None:
        menu = self.menus.of_rows()
        if menu is not None:
            menu.popup(at)

    def _show_more(self) -> None:
        self.menus.of_table().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))
