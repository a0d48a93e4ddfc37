"""How the active layer is drawn: opacity, blending and channel of an image, fill and outline of labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pellucid.language import mark, tr
from pellucid.model.display import Blending, Channel
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.ui import theme
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Choice, NumberBox, Segmented, ValueSlider, translated
from pellucid.ui.forms.numbers import Bounds, Scale

if TYPE_CHECKING:
    from pellucid.session import Session

_FILL, _OUTLINE, _BOTH = (True, False), (False, True), (True, True)
_CHANNELS = (
    (mark("All channels, in colour"), Channel.ALL),
    (mark("Red only"), Channel.RED),
    (mark("Green only"), Channel.GREEN),
    (mark("Blue only"), Channel.BLUE),
    (mark("Alpha only"), Channel.ALPHA),
    (mark("Luminance"), Channel.LUMINANCE),
)


class PercentRow:
    """A title, a slider and a number from 0 to 100 %, in a line of a grid."""

    def __init__(self, grid: QGridLayout, line: int, title: str, changed: Callable[[float], None]) -> None:
        self.slider, self.box = ValueSlider(Scale(0, 100, whole=True)), NumberBox(Bounds(0, 100), 5.0, "%")
        label, unit = QLabel(title), QLabel("%")
        unit.setProperty("dim", True)
        label.setBuddy(self.box)
        self.box.setFixedWidth(56)
        self.box.setAccessibleName(tr("{title} in percent", title=title))
        self.slider.setAccessibleName(tr("{title} slider", title=title))
        self.slider.moved.connect(lambda percent: changed(percent / 100))
        self.box.edited.connect(lambda percent: changed(percent / 100))
        self.parts: tuple[QWidget, ...] = (label, self.slider, self.box, unit)
        for column, widget in enumerate(self.parts):
            grid.addWidget(widget, line, column)

    def show_share(self, share: float) -> None:
        """Show a share, 0 to 1."""
        self.slider.set_value(share * 100)
        self.box.set_value(round(share * 100, 1))

    def allow(self, *, visible: bool) -> None:
        """Show or hide the line."""
        for widget in self.parts:
            widget.setVisible(visible)


class LookBox(QWidget):
    """Controls for the active layer; what does not concern its kind is hidden."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._watch = LayerWatch(self._changed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.MARGIN)
        self._grid.setVerticalSpacing(theme.GRID)
        self._grid.setColumnStretch(1, 1)
        self.opacity = PercentRow(self._grid, 0, tr("Opacity"), self._set_opacity)
        self._make_image_rows()
        self._make_label_rows()
        session.document.active_changed.connect(self._follow)
        self._follow()

    def _make_image_rows(self) -> None:
        self.blending = Segmented(((tr("Over"), Blending.OVER), (tr("Add"), Blending.ADD)))
        self.blending.setToolTip(
            tr(
                "Over: laid over the layers below. Add: its light is added to theirs, as for "
                "fluorescence channels; black adds nothing"
            )
        )
        self.blending.chosen.connect(lambda value: self._set("blending", value))
        self._blending_row = self._line(1, tr("Blending"), self.blending)
        self.channel = Choice(translated(_CHANNELS))
        self.channel.setToolTip(tr("A single channel is shown in grey through the window of the layer"))
        self.channel.chosen.connect(lambda value: self._set("channel", value))
        self._channel_row = self._line(2, tr("Channels"), self.channel)

    def _make_label_rows(self) -> None:
        self.style_choice = Segmented(((tr("Fill"), _FILL), (tr("Outline"), _OUTLINE), (tr("Both"), _BOTH)))
        self.style_choice.setToolTip(tr("Draw labels as a tinted fill, as an outline, or as both"))
        self.style_choice.chosen.connect(self._set_style)
        self._style_row = self._line(3, tr("Labels as"), self.style_choice)
        self.fill = PercentRow(self._grid, 4, tr("Fill"), lambda share: self._set("fill", share))
        self.width_box = NumberBox(Bounds(0.5, 8), 0.5, "px")
        self.width_box.setFixedWidth(56)
        self.width_box.edited.connect(lambda width: self._set("outline_width", width))
        self._width_row = self._line(5, tr("Line width"), self.width_box, unit="px")
        self.width_box.set_tip(tr("Width of the outlines on the screen"))
        self.contour_choice = Segmented(((tr("As drawn"), True), (tr("Voxel edges"), False)))
        self.contour_choice.setToolTip(
            tr("As drawn: the very contours of the structure set, in the planes they were drawn in, until a label is "
               "changed. Voxel edges: the outlines of the voxels that were made of them")
        )  # fmt: skip
        self.contour_choice.chosen.connect(lambda value: self._set("as_drawn", value))
        self._contour_row = self._line(6, tr("Contours"), self.contour_choice)

    def _line(self, line: int, title: str, control: QWidget, unit: str = "") -> tuple[QWidget, ...]:
        label = QLabel(title)
        label.setBuddy(control)
        control.setAccessibleName(title)
        self._grid.addWidget(label, line, 0)
        if not unit:
            self._grid.addWidget(control, line, 1, 1, 3)
            return label, control
        dim = QLabel(unit)
        dim.setProperty("dim", True)
        self._grid.addWidget(control, line, 2)
        self._grid.addWidget(dim, line, 3)
        return label, control, dim

    # ---------------------------------------------------------------- from the model

    def _follow(self, *_args: object) -> None:
        self._watch.on(self._session.document.active)
        self._show()

    def _changed(self, what: str) -> None:
        if what not in ("voxels", "table"):
            self._show()

    def _show(self) -> None:
        layer = self._session.document.active
        image = layer if isinstance(layer, ImageLayer) else None
        labels = layer if isinstance(layer, LabelLayer) else None
        self.setVisible(layer is not None)
        self._lay_out(image, labels)
        if layer is not None:
            self.opacity.show_share(layer.opacity)
        if image is not None:
            self.blending.set_value(image.display.blending)
            self.channel.set_value(image.display.channel)
        if labels is not None:
            look = labels.display
            self.style_choice.set_value((look.filled, look.outline))
            self.fill.show_share(look.fill)
            self.width_box.set_value(look.outline_width)
            self.contour_choice.set_value(look.as_drawn)

    def _lay_out(self, image: ImageLayer | None, labels: LabelLayer | None) -> None:
        colour = image is not None and image.volume.is_colour
        outlined = labels is not None and labels.display.outline
        for widgets, visible in (
            (self._blending_row, image is not None),
            (self._channel_row, colour),
            (self._style_row, labels is not None),
            (self._width_row, outlined),
            (self._contour_row, outlined and labels is not None and labels.labels.contours is not None),
        ):
            for widget in widgets:
                widget.setVisible(visible)
        self.fill.allow(visible=labels is not None and labels.display.filled)
        if image is not None and colour:
            alpha = image.volume.components == 4
            shown = tuple(row for row in _CHANNELS if alpha or row[1] is not Channel.ALPHA)
            if self.channel.count() != len(shown):
                self.channel.set_options(shown)

    # ---------------------------------------------------------------- from the user

    def _set_opacity(self, share: float) -> None:
        layer = self._session.document.active
        if layer is not None:
            layer.opacity = share

    def _set(self, field: str, value: object) -> None:
        layer = self._session.document.active
        if layer is not None:
            setattr(layer.display, field, value)

    def _set_style(self, style: tuple[bool, bool]) -> None:
        layer = self._session.document.active
        if isinstance(layer, LabelLayer):
            layer.display.filled, layer.display.outline = style
