"""Which frame of a time series is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from pellucid.language import tr
from pellucid.model.layer import ImageLayer
from pellucid.ui import theme
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import NumberBox, ValueSlider
from pellucid.ui.forms.numbers import Bounds, Scale

if TYPE_CHECKING:
    from pellucid.session import Session


class FrameBox(QWidget):
    """A slider and a number for the frame of the active image; hidden for images of one frame."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._watch = LayerWatch(lambda what: self._show() if what in ("frames", "frame") else None)
        self.slider = ValueSlider(Scale(0, 1, whole=True))
        self.box = NumberBox(Bounds(1, 2, whole=True), 1.0)
        self.count = QLabel()
        self.count.setProperty("dim", True)
        self.count.setFont(theme.figures(self.count.font()))
        self.slider.setAccessibleName(tr("Frame slider"))
        self.box.setAccessibleName(tr("Frame"))
        self.box.setFixedWidth(56)
        label = QLabel(tr("Frame"))
        label.setBuddy(self.box)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setColumnStretch(1, 1)
        for column, widget in enumerate((label, self.slider, self.box, self.count)):
            grid.addWidget(widget, 0, column)
        self.slider.moved.connect(lambda index: self._go(round(index)))
        self.box.edited.connect(lambda number: self._go(round(number) - 1))
        for signal in (session.document.active_changed, session.document.inserted, session.document.removed):
            signal.connect(self._show)
        self._show()

    def _image(self) -> ImageLayer | None:
        image = self._session.document.active_image
        return image if image is not None and len(image.frames) > 1 else None

    def _show(self, *_args: object) -> None:
        image = self._image()
        self._watch.on(image)
        self.setVisible(image is not None)
        if image is None:
            return
        count = len(image.frames)
        self.slider.set_scale(Scale(0, count - 1, whole=True))
        self.box.bounds = Bounds(1, count, whole=True)
        self.slider.set_value(image.frame)
        self.box.set_value(image.frame + 1)
        self.count.setText(tr("of {count}", count=count))

    def _go(self, frame: int) -> None:
        image = self._image()
        if image is not None and frame != image.frame:
            image.frame = frame
            self._session.running.refresh_preview()
