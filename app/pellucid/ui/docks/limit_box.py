"""Where the tools of labels may change voxels: a range of values, and one label or the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import EmissionInfo
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.model.layer import LabelLayer
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, flat_button, row
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Choice, NumberBox

if TYPE_CHECKING:
    from pellucid.session import Session


class LimitBox(QWidget):
    """Shows and sets ``paint_range`` and ``paint_within`` of the view."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._view = session, session.view
        self._options: tuple[tuple[str, int | None], ...] = ()
        self._watch = LayerWatch(self._changed)
        self.switch = QCheckBox(tr("Only on values"))
        described(self.switch, tr("Only on values"), tr("Tools change only voxels with values in a range (Shift+I)"))
        self.switch.clicked.connect(lambda _on: self._toggle())
        self.low, self.high = NumberBox(), NumberBox()
        for number, name in ((self.low, tr("Lowest value")), (self.high, tr("Highest value"))):
            number.setAccessibleName(name)
            number.set_tip(name)
            number.setFixedWidth(64)
            number.edited.connect(lambda _value: self._edited())
        self.unit = QLabel()
        self.unit.setProperty("dim", True)
        self.window_button = flat_button(
            "contrast-box", tr("Range of the window"), self._take_window,
            tip=tr("Take the range of values that the window shows from black to white"),
        )  # fmt: skip
        self.within = Choice()
        described(self.within, tr("Only inside"), tr("Tools change only voxels of this label, or only the background"))
        self.within.chosen.connect(lambda value: setattr(self._view, "paint_within", value))
        self._lay_out()
        session.view.events.connect(self._view_changed)
        session.document.active_changed.connect(self._changed)
        self._changed()

    def _lay_out(self) -> None:
        self.numbers = row(self.low, QLabel("–"), self.high, self.unit, self.window_button)
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setColumnStretch(1, 1)
        label = QLabel(tr("Only inside"))
        label.setBuddy(self.within)
        label.setMinimumWidth(64)
        grid.addWidget(label, 0, 0)
        grid.addWidget(self.within, 0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for widget in (inside, self.switch, self.numbers):
            column.addWidget(widget)

    # ---------------------------------------------------------------- from the user

    def _toggle(self) -> None:
        try:
            self._session.editing.toggle_range()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
        self._changed()

    def _edited(self) -> None:
        low, high = self.low.value(), self.high.value()
        wrong = tr("The lowest value is above the highest.") if low > high else ""
        for number in (self.low, self.high):
            number.mark(number.complaint() or wrong)
        if not wrong:
            self._view.paint_range = (low, high)

    def _take_window(self) -> None:
        image = self._session.document.active_image
        if image is not None:
            self._view.paint_range = image.display.limits

    # ---------------------------------------------------------------- from the model

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name in ("paint_range", "paint_within"):
            self._changed()

    def _changed(self, *_args: object) -> None:
        limits, image = self._view.paint_range, self._session.document.active_image
        self.switch.setChecked(limits is not None)
        self.numbers.setVisible(limits is not None)
        if limits is not None:
            for number, value in ((self.low, limits[0]), (self.high, limits[1])):
                if not number.hasFocus():
                    number.set_value(value)
        self.unit.setText(image.volume.unit if image is not None else "")
        layer = self._session.document.active_labels
        self._watch.on(layer)
        self._fill(layer)
        self.within.set_value(self._view.paint_within)

    def _fill(self, layer: LabelLayer | None) -> None:
        """List the labels there are; the one that is the limit stays even when its row is gone."""
        rows = layer.labels.labels if layer is not None else ()
        options: list[tuple[str, int | None]] = [(tr("Any voxel"), None), (tr("Background"), 0)]
        options += [(label.name, label.value) for label in rows]
        limit = self._view.paint_within
        if limit is not None and limit not in [value for _name, value in options]:
            options.append((tr("Label {value}", value=limit), limit))
        if tuple(options) != self._options:
            self._options = tuple(options)
            self.within.set_options(self._options)
