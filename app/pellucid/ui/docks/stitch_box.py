"""Open images as tiles of one picture: ticked, in their order, shown where they will lie, and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.histogram import Histogram
from pellucid.session.stitching import STITCH
from pellucid.ui import theme
from pellucid.ui.docks.beginnings import from_values
from pellucid.ui.docks.parts import allow, described, dim, push_button, row, tell
from pellucid.ui.forms.operation_form import OperationForm

if TYPE_CHECKING:
    from pellucid.operations.engines.tiles import Located
    from pellucid.session import Session

_ROLE = Qt.ItemDataRole.UserRole
_LONGEST, _ROW = 6, 18


class PlacesMap(QWidget):
    """The outlines of tiles where they lie, numbered, and a line for each pair that was matched."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Located | None = None
        self._sizes = np.zeros((0, 2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        tip = tr("Where the tiles will lie. A green line: a pair that fits; a yellow one: too little in common.")
        described(self, tr("Places of the tiles"), tip)

    def sizeHint(self) -> QSize:
        """Return room for a few rows of tiles."""
        return QSize(200, 160)

    def show_places(self, found: Located, sizes: Any) -> None:
        """Show these; ``sizes`` are the heights and widths of the tiles."""
        self._found, self._sizes = found, np.array(sizes, float)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the tiles to scale, then the pairs."""
        if self._found is None:
            return
        painter, colors = QPainter(self), theme.colors()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low = self._found.places.min(axis=0)
        span = (self._found.places + self._sizes).max(axis=0) - low
        scale = min((self.height() - 4) / span[0], (self.width() - 4) / span[1])
        boxes = []
        fill = QColor(colors.accent)
        fill.setAlphaF(0.12)
        for n, (place, size) in enumerate(zip(self._found.places - low, self._sizes, strict=True)):
            y, x = 2 + place * scale
            box = QRectF(x, y, size[1] * scale, size[0] * scale)
            boxes.append(box)
            painter.setPen(QPen(QColor(colors.dim), 1))
            painter.setBrush(fill)
            painter.drawRect(box)
            painter.setPen(QColor(colors.text))
            painter.drawText(box.adjusted(6, 4, -4, -4), Qt.AlignmentFlag.AlignLeft, str(n + 1))
        for match in self._found.matches:
            painter.setPen(QPen(QColor(colors.warning if match.is_doubtful else colors.good), 2))
            ends = [boxes[match.first].center(), boxes[match.second].center()]
            painter.drawLine(QPointF(*ends[0].toTuple()), QPointF(*ends[1].toTuple()))


class StitchBox(QWidget):
    """Shows and changes what ``session.stitching`` knows."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._soon = QTimer(self, singleShot=True, interval=400)
        self._soon.timeout.connect(self._look)
        self._build()
        document = session.document
        for signal in (document.inserted, document.removed):
            signal.connect(self._fill)
        session.stitching.located.connect(self._show_places)
        self._fill()
        self._begin_with_values()

    def _build(self) -> None:
        self.hint = dim(tr("Tick the tiles and drag them into the order in which they were taken."))
        self.list = QListWidget()
        self.list.setProperty("frame", True)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        described(self.list, tr("Tiles"), tr("Every open image that is ticked takes part; drag to change the order"))
        self.list.itemChanged.connect(self._changed)
        self.list.model().rowsMoved.connect(self._changed)
        self.form = OperationForm(self._session.running.operations()[STITCH])
        self.form.edited.connect(self._changed)
        self.map = PlacesMap()
        self.said = dim()
        self.begin = push_button(tr("Stitch"), self._begin, kind="primary",
                                 tip=tr("Join the tiles to one image, as a layer of its own"))  # fmt: skip
        self.all = push_button(tr("All"), lambda: self._tick(True), kind="link", tip=tr("Tick every open image"))
        self.none = push_button(tr("None"), lambda: self._tick(False), kind="link", tip=tr("Tick none"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (self.hint, self.list, row(self.all, self.none), self.map, self.said, self.begin, self.form):
            column.addWidget(part)

    # ---------------------------------------------------------------- the tiles

    def chosen(self) -> list[str]:
        """Return the ids of the tiles that are ticked, in their order."""
        items = [self.list.item(n) for n in range(self.list.count())]
        return [str(item.data(_ROLE)) for item in items if item.checkState() is Qt.CheckState.Checked]

    def _fill(self, *_args: object) -> None:
        """Show the images that are open now; those that were known stay in their order, with their ticks."""
        items = [self.list.item(n) for n in range(self.list.count())]
        known = {str(item.data(_ROLE)): item.checkState() for item in items}
        layers = {layer.id: layer for layer in self._session.stitching.tiles()}
        order = [id for id in known if id in layers] + [id for id in layers if id not in known]
        self.list.blockSignals(True)
        self.list.clear()
        for id in order:
            made = any(step.operation == STITCH for step in layers[id].provenance)
            item = QListWidgetItem(layers[id].name, self.list)
            item.setData(_ROLE, id)
            item.setToolTip(layers[id].name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(known.get(id, Qt.CheckState.Unchecked if made else Qt.CheckState.Checked))
        self.list.blockSignals(False)
        rows = min(max(2, len(order)), _LONGEST)
        self.list.setFixedHeight(rows * max(_ROW, self.list.sizeHintForRow(0)) + 2 * theme.GRID)
        self._changed()

    def _tick(self, on: bool) -> None:
        self.list.blockSignals(True)
        for n in range(self.list.count()):
            self.list.item(n).setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self.list.blockSignals(False)
        self._changed()

    def _changed(self, *_args: object) -> None:
        enough = len(self.chosen()) > 1
        allow(self.begin, "" if enough else tr("Tick two tiles at least. Open those that are not there as layers."))
        self.map.hide()
        tell(self.said, "")
        if enough:
            self._soon.start()

    def _begin_with_values(self) -> None:
        tiles = self._session.stitching.tiles()
        if not tiles:
            return

        def done(histogram: Histogram) -> None:
            if histogram.total:
                self.form.set_ranges(histogram.minimum, histogram.maximum, tiles[0].volume.unit)
                self.form.set_values(from_values(self.form.operation.fields, tiles[0], histogram))

        self._session.looking.histogram(tiles[0], "volume", done)

    # ---------------------------------------------------------------- the places

    def _look(self) -> None:
        if self.isVisible() and not self.form.check():
            tell(self.said, tr("Looking where the tiles lie …"))
            self._session.stitching.look(self.chosen(), self.form.values())

    def _show_places(self, answer: tuple[tuple[str, ...], Located | str]) -> None:
        ids, found = answer
        if list(ids) != self.chosen():
            return
        if isinstance(found, str):
            tell(self.said, found, "warning")
            return
        tiles = [self._session.document.find(id) for id in ids]
        self.map.show_places(found, [tile.labels.shape[1:3] if hasattr(tile, "labels") else
                                     tile.volume.array.shape[1:3] for tile in tiles if tile is not None])  # fmt: skip
        self.map.show()
        self._say(found)

    def _say(self, found: Located) -> None:
        good = [match for match in found.matches if not match.is_doubtful]
        doubtful = ", ".join(f"{m.first + 1}–{m.second + 1}" for m in found.matches if m.is_doubtful)
        if doubtful:
            tell(self.said, tr("Too little in common, put where expected: {pairs}.", pairs=doubtful), "warning")
        elif good:
            residuals = [found.residual(match) for match in good]
            least = min(match.correlation for match in good)
            tell(self.said, tr("{count} pairs fit: correlation {least:.2f} at least, residuals {mean:.2f} px, at most "
                               "{most:.2f} px.", count=len(good), least=least, mean=float(np.mean(residuals)),
                               most=max(residuals)), "good")  # fmt: skip
        else:
            tell(self.said, tr("No tiles lie beside each other."), "warning")

    def _begin(self) -> None:
        complaint = self.form.check()
        try:
            if complaint:
                raise Refused(complaint)
            self._session.stitching.start(self.chosen(), self.form.values())
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
