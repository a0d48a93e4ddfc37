"""Windows as chips: of the file, by modality with keys, the user's own; a way to keep the present one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks import presets
from pellucid.ui.docks.flow_layout import FlowLayout
from pellucid.ui.docks.parts import allow, dim, flat_button
from pellucid.ui.docks.presets import Preset

if TYPE_CHECKING:
    from pellucid.model.display import ImageDisplay
    from pellucid.model.layer import ImageLayer
    from pellucid.model.statistics import Histogram
    from pellucid.session import Session


class PresetBar(QWidget):
    """All windows that fit the active image, one click each."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._layer: ImageLayer | None = None
        self.chips: list[Chip] = []
        self._spares: list[Chip] = []
        self._listed: list[tuple[Preset, str]] | None = None
        self.setAccessibleName(tr("Window presets"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        self._flow_widget = QWidget()
        self._flow = FlowLayout(self._flow_widget, theme.GRID)
        self.keep = flat_button(
            "bookmark-plus-outline",
            tr("Keep this window"),
            self._ask_name,
            tip=tr("Keep the present level and width under a name of your own"),
        )
        self.name = QLineEdit(placeholderText=tr("Name of this window, then Enter"))
        self.name.setAccessibleName(tr("Name of the new preset"))
        self.name.returnPressed.connect(self._save)
        self.name.hide()
        self._note = dim("")
        self._note.hide()
        for widget in (self._flow_widget, self.name, self._note):
            column.addWidget(widget)

    def follow(self, layer: ImageLayer | None) -> None:
        """Show the presets that fit a layer."""
        self._layer = layer
        self._rebuild()

    def mark(self, display: ImageDisplay, histogram: Histogram | None) -> None:
        """Mark the preset whose window and curve are shown."""
        for chip in self.chips:
            same = presets.same_window(chip.preset, display.limits, histogram)
            chip.setChecked(same and presets.same_curve(chip.preset.transfer, display.transfer))

    def _rebuild(self) -> None:
        choices = [] if self._layer is None else self._choices(self._layer)
        allow(self.keep, "" if self._layer is not None else tr("Open an image first."))
        if choices == self._listed:  # many layers fit the same presets, and an opening follows three times
            for known in self.chips:
                known.setChecked(False)
            return
        self._listed = choices
        for spare in self.chips[len(choices) :]:
            self._flow.removeWidget(spare)
            spare.hide()
            self._spares.append(spare)
        del self.chips[len(choices) :]
        for chip, choice in zip(self.chips, choices, strict=False):
            chip.tell(*choice)
        self._flow.removeWidget(self.keep)
        for choice in choices[len(self.chips) :]:
            self.chips.append(self._chip(*choice))
            self._flow.addWidget(self.chips[-1])
        self._flow.addWidget(self.keep)
        self._flow.invalidate()
        self._flow_widget.updateGeometry()

    def _choices(self, layer: ImageLayer) -> list[tuple[Preset, str]]:
        volume, saved = layer.volume, self._session.settings.own_presets
        stated = presets.of_file(volume)
        if volume.is_colour:
            return []
        keyed = presets.with_keys(volume, saved)
        rest = presets.own(volume, saved)
        keys = {preset: str(number) for number, preset in enumerate(keyed, 1)}
        listed = [(preset, "0" if number == 0 else "") for number, preset in enumerate(stated)]
        return [*listed, *((p, keys.get(p, "")) for p in dict.fromkeys((*keyed, *presets.of_modality(volume), *rest)))]

    def _chip(self, preset: Preset, key: str) -> Chip:
        if self._spares:
            chip = self._spares.pop()
            chip.tell(preset, key)
            chip.show()
            return chip
        chip = Chip(preset, key, self._flow_widget)
        chip.clicked.connect(lambda _on=False: self._apply(chip.preset))
        chip.removed.connect(lambda: self._remove(chip.preset))
        chip.show()
        return chip

    def _apply(self, preset: Preset) -> None:
        if self._layer is not None:
            presets.apply(self._session, self._layer, preset)
            self.mark(self._layer.display, None)

    def _remove(self, preset: Preset) -> None:
        presets.remove_own(self._session, preset)
        self._rebuild()

    def _ask_name(self) -> None:
        self.name.setVisible(not self.name.isVisible())
        self.name.clear()
        self.name.setFocus()

    def _save(self) -> None:
        name = self.name.text().strip()
        if name and self._layer is not None:
            presets.save_own(self._session, self._layer, name)
            self.name.hide()
            self._rebuild()
            self.mark(self._layer.display, None)


class Chip(QPushButton):
    """A preset: its name, its key beside it in a quieter colour; the user's own can be removed."""

    removed = Signal()

    def __init__(self, preset: Preset, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("chip", True)
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.tell(preset, key)

    def tell(self, preset: Preset, key: str) -> None:
        """Stand for a preset and its key from now on: another word is quicker than another button."""
        self.preset, self._key = preset, key
        self._removable = preset.kind == "own"
        hints = (tr("Key {key}", key=key) if key else "", tr("Remove: the cross, or Delete") if self._removable else "")
        self.setText(preset.name)
        self.setChecked(False)
        self.setToolTip("\n".join(line for line in (preset.tip(), *hints) if line))
        self.setAccessibleName(tr("Window {name}", name=preset.name))
        self.setAccessibleDescription(preset.tip())
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return room for the name, the key and the cross."""
        metrics = self.fontMetrics()
        width = min(metrics.horizontalAdvance(self.text()), 160) + 18
        width += metrics.horizontalAdvance(self._key) + 6 if self._key else 0
        return QSize(width + (18 if self._removable else 0), theme.CONTROL_HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw frame, name, key and cross."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        room = self.rect().adjusted(9, 0, -9, 0)
        if self._removable:
            icon = theme.icon("close", theme.colors().dim)
            icon.paint(painter, room.right() - 10, room.top(), 14, room.height())
            room.adjust(0, 0, -18, 0)
        self._write(painter, room)

    def _write(self, painter: QPainter, room) -> None:  # type: ignore[no-untyped-def]
        c, metrics, middle = theme.colors(), self.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
        if self._key:
            painter.setPen(QColor(c.dim))
            painter.drawText(room, int(middle | Qt.AlignmentFlag.AlignRight), self._key)
            room = room.adjusted(0, 0, -metrics.horizontalAdvance(self._key) - 6, 0)
        painter.setPen(QColor(c.text))
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width() + 1)
        painter.drawText(room, int(middle | Qt.AlignmentFlag.AlignLeft), name)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Remove when the cross was hit."""
        if self._removable and event.position().x() > self.width() - 24:
            self.setDown(False)
            self.removed.emit()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Remove with Delete."""
        if self._removable and event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to remove."""
        if self._removable:
            menu = QMenu(self)
            menu.addAction(tr("Remove “{name}”", name=self.text()), self.removed.emit)
            menu.exec(event.globalPos())
