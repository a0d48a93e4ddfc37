"""How values are coloured: the colour map in headed groups, inverted or not, smooth or sharp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model import colormaps
from pellucid.ui import theme
from pellucid.ui.docks.parts import allow, described, flat_button, own_colours
from pellucid.ui.docks.swatches import map_icon, map_title
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer
    from pellucid.session import Session

_LIST_WIDTH = 252


class MapChoice(Choice):
    """All colour maps with a swatch each, below the headings of their groups; headings cannot be chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        rows: list[tuple[str, str | None]] = []
        for title, names in colormaps.groups():
            rows += [(tr(title), None), *((map_title(name), name) for name in names)]
        super().__init__(rows, parent)
        self.setIconSize(QSize(48, 12))
        self.setMaxVisibleItems(len(rows))
        self.view().setMinimumWidth(_LIST_WIDTH)
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        for number, (_title, name) in enumerate(rows):
            if name is not None:
                self.setItemIcon(number, map_icon(name))
                continue
            heading = model.item(number)
            heading.setFlags(Qt.ItemFlag.NoItemFlags)
            heading.setFont(theme.small_caps(self.font()))
        self.set_value(colormaps.names()[0])


class ColorBox(QWidget):
    """Colour map, invert and interpolation of one image layer."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._layer: ImageLayer | None = None
        self.colormap = MapChoice()
        described(self.colormap, tr("Colour map"), tr("Diverging colours centre the window on zero for signed values"))
        self.colormap.chosen.connect(self._choose)
        self.invert = flat_button("invert-colors", tr("Invert"), checkable=True, tip=tr("Swap black and white (I)"))
        self.smooth = flat_button(
            "blur-linear",
            tr("Interpolate"),
            checkable=True,
            tip=tr("On: smooth between voxels. Off: every voxel is a sharp rectangle."),
        )
        self.bar = flat_button(
            "format-align-right",
            tr("Colour bar"),
            checkable=True,
            tip=tr("Show in the view which value has which colour. Its ends and its middle can be dragged."),
        )
        self.invert.clicked.connect(lambda on: self._display("invert", on))
        self.smooth.clicked.connect(lambda on: self._display("interpolate", on))
        self.bar.clicked.connect(self._show_bar)
        session.view.events.color_bar.connect(lambda *_: self.show_display())
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GRID)
        line.addWidget(self.colormap, 1)
        for button in (self.invert, self.smooth, self.bar):
            line.addWidget(button)

    def follow(self, layer: ImageLayer | None) -> None:
        """Take up another layer, or none."""
        self._layer = layer
        self.show_display()

    def show_display(self) -> None:
        """Show how the layer is coloured now."""
        layer = self._layer
        if layer is None:
            return
        colour = own_colours(layer)
        self.colormap.set_value(layer.display.colormap)
        self.invert.setChecked(layer.display.invert)
        self.smooth.setChecked(layer.display.interpolate)
        wanted = self._session.view.color_bar
        self.bar.setChecked(not colour and (layer.display.colormap != "grey" if wanted is None else wanted))
        for widget in (self.colormap, self.bar):
            allow(widget, colour)

    def _choose(self, name: str | None) -> None:
        if self._layer is not None and name is not None:
            self._session.appearance.choose_colormap(self._layer, name)

    def _show_bar(self, on: bool) -> None:
        self._session.view.color_bar = on

    def _display(self, field: str, value: object) -> None:
        if self._layer is not None:
            setattr(self._layer.display, field, value)
