"""The panel “Layers”: the list of layers, how the active one is shown, its labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import mark, tr
from pellucid.model import colormaps
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer, Layer
from pellucid.ui import theme
from pellucid.ui.docks.frame_box import FrameBox
from pellucid.ui.docks.label_box import LabelBox
from pellucid.ui.docks.layer_delegate import LayerDelegate
from pellucid.ui.docks.layer_model import LayerModel
from pellucid.ui.docks.look_box import LookBox
from pellucid.ui.docks.parts import EmptyState, Panel, allow, flat_button, rule, scrolling
from pellucid.ui.docks.swatches import ask_color, map_icon, map_title
from pellucid.ui.transforming import transform_menu

if TYPE_CHECKING:
    from pellucid.session import Session


class LayersPanel(Panel):
    """All layers, top first; the selected one is the active layer."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Layers"), parent)
        self.setMinimumWidth(0)  # as wide as its lines are in the language of the user
        self._session = session
        self._build()
        document = session.document
        document.active_changed.connect(self._follow)
        self.model.modelReset.connect(self._follow)
        self._follow()

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        self.model = LayerModel(self._session, self)
        self._make_list()
        self.add = flat_button(
            "layers-plus",
            tr("New label layer"),
            self._add_layer,
            tip=tr("Add an empty label layer on the grid of the active image"),
        )
        self.up = flat_button("arrow-up", tr("Move up"), lambda: self._shift(1), tip=tr("One layer up (Alt+Up)"))
        self.down = flat_button(
            "arrow-down", tr("Move down"), lambda: self._shift(-1), tip=tr("One layer down (Alt+Down)")
        )
        self.delete = flat_button(
            "trash-can-outline",
            tr("Remove layer"),
            self._remove,
            tip=tr("Remove the active layer (Delete); undo brings it back"),
        )
        self.set_header(tr("Layers"), self.add, self.up, self.down, self.delete)
        empty = EmptyState(
            "layers-outline", tr("Layers appear here: open an image, then threshold it or paint a label.")
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(empty)
        self.stack.addWidget(scrolling(self._body()))
        self.column.addWidget(self.stack, 1)

    def _make_list(self) -> None:
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setAccessibleName(tr("Layers, top first"))
        self.list.setProperty("frame", True)
        self.list.setMinimumHeight(96)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        trigger = QAbstractItemView.EditTrigger
        self.list.setEditTriggers(trigger.DoubleClicked | trigger.EditKeyPressed)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.list.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        delegate = LayerDelegate(self.list)
        delegate.eye_clicked.connect(self._toggle)
        delegate.color_clicked.connect(self._ask_color)
        self.list.setItemDelegate(delegate)
        self.list.installEventFilter(self)
        self.list.selectionModel().currentChanged.connect(self._chosen)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)

    def _body(self) -> QWidget:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.list, 1)
        self.frames = FrameBox(self._session)
        column.addWidget(self.frames)
        self.look = LookBox(self._session)
        self.label_part = self._label_part()
        column.addWidget(self.label_part, 1)  # above the looks: it is worked in, they are set once
        column.addWidget(self.look)
        return body

    def _label_part(self) -> QWidget:
        part = QWidget()
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        self.labels = LabelBox(self._session)
        self.table, self.label_opacity = self.labels.table, self.labels.opacity
        self.new_label = self.labels.new
        for widget in (rule(), self.labels, rule()):
            column.addWidget(widget, 1 if widget is self.labels else 0)
        return part

    # ---------------------------------------------------------------- from the model

    def _follow(self, *_args: object) -> None:
        document = self._session.document
        layer = document.active
        self.stack.setCurrentIndex(1 if document.layers else 0)
        here = self.list.selectionModel().currentIndex().row()
        if self.model.row(layer) not in (here, -1):
            index = self.model.index(self.model.row(layer))
            self.list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self.list.scrollTo(self.list.currentIndex())
        self._update_buttons(layer)
        labels = layer if isinstance(layer, LabelLayer) else document.active_labels
        self.label_part.setVisible(labels is not None)
        self.labels.show_layer(labels)

    def _update_buttons(self, layer: Layer | None) -> None:
        document, row_ = self._session.document, self.model.row(layer)
        nothing = "" if layer is not None else tr("Select a layer first.")
        allow(self.add, "" if document.images else tr("Open an image first."))
        allow(self.delete, nothing)
        allow(self.up, nothing or ("" if row_ > 0 else tr("This is the top layer.")))
        allow(self.down, nothing or ("" if row_ < self.model.rowCount() - 1 else tr("This is the bottom layer.")))

    # ---------------------------------------------------------------- from the user

    def _chosen(self, index: QModelIndex, _before: QModelIndex) -> None:
        layer = self.model.layer(index.row())
        if layer is not None:
            self._session.document.active = layer

    def _toggle(self, layer: Layer) -> None:
        layer.visible = not layer.visible

    def _ask_color(self, layer: Layer, where: QPoint) -> None:
        if isinstance(layer, ImageLayer):
            self.map_menu(layer).popup(where)
            return
        label = layer.labels.label(layer.active_label)
        color = ask_color(self, label.color, tr("Colour of {name}", name=label.name))
        if color:
            self._session.labelling.edit_label(layer, label.value, color=color)

    def map_menu(self, layer: ImageLayer) -> QMenu:
        """Return the menu of colour maps for an image layer."""
        menu = QMenu(self)
        for title, names in colormaps.groups():
            menu.addSection(title)
            for name in names:
                action = menu.addAction(map_icon(name), map_title(name))
                action.triggered.connect(lambda _on=False, n=name: self._session.appearance.choose_colormap(layer, n))
        return menu

    def _menu(self, where: QPoint) -> None:
        index = self.list.indexAt(where)
        if index.isValid():
            menu = QMenu(self)
            menu.addAction(theme.icon("rename-box"), tr("Rename"), lambda: self.list.edit(index))
            for button in (self.up, self.down, self.delete):
                action = menu.addAction(button.icon(), button.accessibleName(), button.click)
                action.setEnabled(button.isEnabled())
            layer = self.model.layer(index.row())
            if isinstance(layer, ImageLayer):
                menu.addAction(theme.icon("label-outline"), tr("Use as labels"), partial(self.use_as_labels, layer))
            if layer is not None:
                menu.addMenu(transform_menu(self._session, layer, self))
            menu.popup(self.list.viewport().mapToGlobal(where))

    def use_as_labels(self, layer: ImageLayer) -> None:
        """Turn a label map that was opened as an image into labels, or say why it cannot be."""
        self._attempt(lambda: self._session.labelling.use_as_labels(layer))

    def _shift(self, steps: int) -> None:
        layer, document = self._session.document.active, self._session.document
        if layer is not None:
            place = document.position(layer) + steps
            if 0 <= place < len(document):
                self._session.move(layer, place)

    def _remove(self) -> None:
        layer = self._session.document.active
        if layer is not None:
            self._session.remove(layer)

    def _add_layer(self) -> None:
        self._attempt(lambda: self._session.labelling.add_layer())

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let keys act on the active layer: Space hides, Delete removes, Alt+Up and Alt+Down move."""
        if watched is self.list and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        layer, alt = self._session.document.active, bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if layer is None:
            return False
        if event.key() == Qt.Key.Key_Space:
            self._toggle(layer)
        elif event.key() == Qt.Key.Key_Delete:
            self._remove()
        elif alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._shift(1 if event.key() == Qt.Key.Key_Up else -1)
        else:
            return False
        return True
