"""The layers of the document as a Qt list, top layer first; editing goes through the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt

from pellucid.language import tr, tr_count
from pellucid.model.display import Blending
from pellucid.model.layer import HAND_EDIT, ImageLayer, LabelLayer, Layer, Provenance
from pellucid.model.placement_words import said
from pellucid.recipes import own_steps
from pellucid.ui.canvas.drops import ITEM_MIME, LAYER_MIME
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.numbers import short_number

if TYPE_CHECKING:
    from pellucid.session import Session

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
LAYER_ROLE = Qt.ItemDataRole.UserRole + 1
DETAIL_ROLE = Qt.ItemDataRole.UserRole + 2


def detail(layer: Layer) -> str:
    """Return the second line of a layer: what it is and how large."""
    size = "×".join(str(n) for n in layer.geometry.size if n > 1 or not layer.geometry.is_planar)
    if isinstance(layer, LabelLayer):
        count = tr_count("{count:,} label", "{count:,} labels", len(layer.labels.labels))
        return f"{count} · {size}"
    modality = layer.volume.acquisition.modality or (tr("Colour") if layer.volume.is_colour else tr("Image"))
    frames = (
        tr("frame {number} of {count}", number=layer.frame + 1, count=len(layer.frames))
        if len(layer.frames) > 1
        else ""
    )
    added = tr("added") if layer.display.blending is Blending.ADD else ""
    return " · ".join(part for part in (modality, size, frames, added) if part)


def long_detail(layer: Layer) -> str:
    """Return what the tooltip of a layer says: name, voxel size, findings, how it was made."""
    geometry, transform = layer.own_geometry, said(layer)
    lines = [layer.name, detail(layer)]
    if geometry.has_lengths:
        known = [s for s, ok in zip(geometry.spacing, geometry.known_spacing, strict=True) if ok]
        lines.append(" × ".join(short_number(float(s)) for s in known) + " mm")
    if transform:
        lines.append(tr("Transform: {transform}", transform=transform))
    if isinstance(layer, ImageLayer):
        lines += [finding.message for finding in layer.volume.findings]
    lines += [tr("Step: {operation}", operation=_step(step)) for step in layer.provenance]
    return "\n".join(lines)


def _step(step: Provenance) -> str:
    """Return what a step is called without reading the registry, which is slow the first time."""
    if step.operation == HAND_EDIT:
        return own_steps.hand_title(step.parameters.get("how"), step.parameters.get("strokes"))
    own = own_steps.find(step.operation)
    return tr(own.title) if own is not None else step.operation


_UNSEEN = ("voxels", "level", "width", "frame")
"""Fields that change with every movement of the mouse and that a row does not show."""


class LayerModel(QAbstractListModel):
    """One row per layer. Rows are rebuilt when the structure changes and repainted when a field does."""

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(parent)
        self._session = session
        self._layers: tuple[Layer, ...] = ()
        self._watches: dict[Layer, LayerWatch] = {}
        document = session.document
        for signal in (document.inserted, document.removed, document.reordered):
            signal.connect(self._rebuild)
        self._rebuild()

    def layer(self, row: int) -> Layer | None:
        """Return the layer of a row, or None."""
        return self._layers[row] if 0 <= row < len(self._layers) else None

    def row(self, layer: Layer | None) -> int:
        """Return the row of a layer, −1 when it has none."""
        return next((n for n, other in enumerate(self._layers) if other is layer), -1)

    def rowCount(self, parent: Index = TOP) -> int:  # noqa: D102 - Qt's interface
        return 0 if parent.isValid() else len(self._layers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        layer = self.layer(index.row())
        if layer is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return layer.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return long_detail(layer)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            moved = f", {said(layer)}" if layer.placement is not None else ""
            return f"{layer.name}, {detail(layer)}, {'visible' if layer.visible else 'hidden'}{moved}"
        return {LAYER_ROLE: layer, DETAIL_ROLE: detail(layer)}.get(role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: D102
        layer = self.layer(index.row())
        if layer is None or role != Qt.ItemDataRole.EditRole:
            return False
        self._session.rename(layer, str(value))
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:  # noqa: D102
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsEditable | flag.ItemIsDragEnabled

    def supportedDropActions(self) -> Qt.DropAction:  # noqa: D102
        return Qt.DropAction.MoveAction | Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:  # noqa: D102
        return [LAYER_MIME, ITEM_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the id of the dragged layer, for panes."""
        data, layer = QMimeData(), self.layer(indexes[0].row())
        data.setData(LAYER_MIME, layer.id.encode() if layer is not None else b"")
        return data

    def dropMimeData(self, data: QMimeData, _action: Qt.DropAction, _row: int, _column: int, _parent: Index) -> bool:
        """Lay a series of the study browser over what is open."""
        if not data.hasFormat(ITEM_MIME):
            return False
        self._session.loading.load_key(bytes(data.data(ITEM_MIME).data()).decode("utf-8", "replace"), replace=False)
        return True

    def moveRows(self, _source: Index, row: int, count: int, _target: Index, before: int) -> bool:
        """Put a layer in front of another row, as one step."""
        layer = self.layer(row)
        if layer is None or count != 1 or before in (row, row + 1):
            return False
        place = before - 1 if before > row else before
        self._session.move(layer, len(self._layers) - 1 - place)
        return True

    def _rebuild(self, *_args: Any) -> None:
        self.beginResetModel()
        self._layers = tuple(reversed(self._session.document.layers))
        self.endResetModel()
        for gone in [layer for layer in self._watches if layer not in self._layers]:
            self._watches.pop(gone).on(None)
        for layer in self._layers:
            if layer not in self._watches:
                self._watches[layer] = self._watch(layer)

    def _watch(self, layer: Layer) -> LayerWatch:
        def changed(what: str) -> None:
            row = self.row(layer)
            if what not in _UNSEEN and row >= 0:
                self.dataChanged.emit(self.index(row), self.index(row))

        watch = LayerWatch(changed)
        watch.on(layer)
        return watch
