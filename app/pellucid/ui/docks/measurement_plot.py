"""Below the table: the values along the chosen line, or the histogram of the chosen region."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.annotations import Annotation
from pellucid.model.labels import color_for
from pellucid.model.profiles import Profile
from pellucid.model.regions import channels
from pellucid.ui import theme
from pellucid.ui.docks.curves import Cumulative, outline, summary
from pellucid.ui.docks.histogram_plot import ValueAxis
from pellucid.ui.docks.parts import Elided

if TYPE_CHECKING:
    from pellucid.model.histogram import Histogram
    from pellucid.session import Session

_CHANNELS = ("#ff6b5e", "#5ccf8a", "#4aa3ff", "#9aa0a8")
_FONT_PIXELS = 11


class MeasurementPlot(QWidget):
    """A plot with one line of words above; asked to show an annotation, it fetches the values in the background."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._asked: object = None
        self._shown: Annotation | None = None
        self.title = Elided()
        self.title.setProperty("dim", True)
        self.plot = pg.PlotWidget(
            enableMenu=False, axisItems={"bottom": ValueAxis("bottom"), "left": ValueAxis("left")})  # fmt: skip
        self.plot.setAccessibleName(tr("Profile or histogram of the chosen measurement"))
        self.plot.hideButtons()
        self.plot.getPlotItem().setContentsMargins(0, 0, 4, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(self.title)
        column.addWidget(self.plot, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(140)
        theme.signals.changed.connect(self._paint_theme)
        self._paint_theme()

    def sizeHint(self) -> QSize:
        """Return a height that shows a curve and leaves the table room."""
        return QSize(280, 200)

    def show_annotation(self, annotation: Annotation) -> None:
        """Fetch and show what belongs to an annotation, unless it is shown already."""
        document, measuring = self._session.document, self._session.measuring
        volumes = tuple((layer.name, layer.placed, layer.visible) for layer in document.images)
        asked = (annotation, volumes)
        if asked == self._asked:
            return
        self._asked, self._shown = asked, annotation
        if annotation.is_line:
            measuring.profiles(annotation, lambda found: self._answered(asked, found))
        else:
            measuring.histogram(annotation, lambda found: self._counted(asked, found))

    def _answered(self, asked: object, found: list[tuple[str, Profile]]) -> None:
        if asked == self._asked:
            self.show_profiles(found)

    def _counted(self, asked: object, found: Histogram) -> None:
        if asked == self._asked and isinstance(asked, tuple):
            volume = self._session.measuring.volume(asked[0])
            factor, unit = volume.told_in if volume is not None else (1.0, "")
            self.show_histogram(found.told_in(factor), unit)

    def show_profiles(self, profiles: list[tuple[str, Profile]]) -> None:
        """Draw the values of each image along the line."""
        self._clear(counts=False)
        units = {profile.value_unit for _, profile in profiles}
        said = []
        for number, (name, profile) in enumerate(profiles):
            count = profile.values.shape[1]
            for channel in range(count):
                color = _CHANNELS[channel % 4] if count > 1 else color_for(number + 1)
                pen = pg.mkPen(_legible(color), width=1.5)
                self.plot.plot(profile.distance, profile.values[:, channel], pen=pen, connect="finite")
            said.append(f"{name} ({profile.value_unit})" if profile.value_unit else name)
            self.plot.setLabel("bottom", tr("Distance in {unit}", unit=profile.unit))
        self.title.setText(tr("Profile of {names}", names=", ".join(said)))
        self.plot.setLabel("left", units.pop() if len(units) == 1 else "")
        self._colour_names(profiles)
        self.plot.getViewBox().autoRange(padding=0.03)

    def show_histogram(self, histogram: Histogram, unit: str) -> None:
        """Draw how often each value occurs in the region."""
        self._clear(counts=True)
        self.title.setText(summary(histogram, unit))
        if not histogram.total:
            return
        cumulative = Cumulative.of(histogram)
        low, high = float(cumulative.edges[0]), float(cumulative.edges[-1])
        bins = int(min(64, len(histogram.counts)))
        x, _ = outline(cumulative, low, high, bins, log=False)
        edges = np.linspace(low, high, bins + 1)
        y = cumulative.counts(edges)
        if len(x) == len(y):
            fill, edge = _faded(theme.colors().dim, 0.55), pg.mkPen(theme.colors().panel, width=0.5)
            self.plot.addItem(pg.BarGraphItem(x=x, height=y, width=(high - low) / bins, brush=fill, pen=edge))
        self.plot.setLabel("bottom", tr("Value in {unit}", unit=unit) if unit else tr("Value"))
        self.plot.setLabel("left", tr("Voxels"))
        self.plot.getViewBox().autoRange(padding=0.03)

    def _clear(self, *, counts: bool) -> None:
        self.plot.clear()
        legend = self.plot.getPlotItem().legend
        if legend is not None:
            legend.clear()
        self.plot.getViewBox().setMouseEnabled(x=True, y=not counts)

    def _colour_names(self, profiles: list[tuple[str, Profile]]) -> None:
        """Name the lines where there are several."""
        items = self.plot.listDataItems()
        if len(items) < 2:
            return
        legend = self.plot.getPlotItem().legend or self.plot.addLegend(offset=(-4, 4), labelTextSize="11px")
        legend.setLabelTextColor(theme.colors().text)
        legend.setBrush(_faded(theme.colors().panel, 0.8))
        alone = len(profiles) == 1
        names = [name for title, profile in profiles for name in _curve_names("" if alone else title, profile)]
        for item, name in zip(items, names, strict=True):
            legend.addItem(item, name)

    def _paint_theme(self) -> None:
        c, font = theme.colors(), self.font()
        font.setPixelSize(_FONT_PIXELS)
        self.plot.setBackground(c.panel)
        for side in ("bottom", "left"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(c.line))
            axis.setTextPen(pg.mkPen(c.dim))
            axis.setTickFont(theme.figures(font))
            axis.setStyle(tickLength=-4, hideOverlappingLabels=True)
            axis.label.setFont(font)
        self._asked = None
        if self._shown is not None:
            self.show_annotation(self._shown)


def _curve_names(title: str, profile: Profile) -> list[str]:
    found = channels(profile.values.shape[1])
    return [f"{title} {channel}".strip() for channel in found]


def _faded(color: str, alpha: float) -> QColor:
    faded = QColor(color)
    faded.setAlphaF(alpha)
    return faded


def _legible(color: str) -> QColor:
    """Return a colour that is seen on the panel of the theme in force."""
    shown = QColor(color)
    for _ in range(6):
        if theme.contrast(shown.name(), theme.colors().panel) >= 3:
            break
        shown = shown.lighter(115) if theme.is_dark() else shown.darker(115)
    return shown
