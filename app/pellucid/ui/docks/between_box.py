"""Fill between slices: the empty slices between painted ones, tried on the images before it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, dim, push_button, row
from pellucid.ui.forms.controls import Segmented

if TYPE_CHECKING:
    from pellucid.session import Session

OPERATION = "masks.interpolate"


class BetweenBox(QWidget):
    """The card that ``opener`` opens: method, preview in the panes, Apply and Cancel; along the slices of the pane."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._axis = 2
        self.opener = push_button(
            tr("Fill between slices…"), self.open, kind="link",
            tip=tr("Fill the empty slices between painted slices of the active label"),
        )  # fmt: skip
        self.says = dim()
        self.method = Segmented(((tr("Distance"), "distance"), (tr("Morphological"), "morphology")))
        tips = (tr("Blend the distances to both outlines (shape-based interpolation)"),
                tr("Let the outlines grow out of what they have in common"))  # fmt: skip
        for button, tip in zip(self.method.buttons, tips, strict=True):
            described(button, tr("Method: {method}", method=button.text()), tip)
        self.method.chosen.connect(lambda _value: self._preview())
        self.apply = push_button(tr("Fill"), self._apply, kind="primary", tip=tr("Fill the slices as one step"))
        self.cancel = push_button(tr("Cancel"), self.close_card, tip=tr("Leave the label as it is"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for widget in (self.says, self.method, row(self.apply, self.cancel)):
            column.addWidget(widget)
        self.hide()
        session.document.active_changed.connect(self._drop)
        session.history.changed.connect(self._preview_if_open)

    def open(self) -> None:
        """Open the card and show on the panes what would be filled, or say why not."""
        try:
            self._axis = self._along()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
            return
        layer = self._session.document.active_labels
        assert layer is not None
        name = layer.labels.label(layer.active_label).name
        self.says.setText(tr("“{name}” along the slices of the pane used last, axis {axis}. Painted slices stay as "
                             "they are.", name=name, axis="xyz"[self._axis]))  # fmt: skip
        self.show()
        self._preview()

    def close_card(self) -> None:
        """Close the card and take the preview away."""
        self.hide()
        self._session.running.clear_preview()

    def _along(self) -> int:
        """Return the voxel axis of the label that the slices of the pane in use follow one another on."""
        layer, image = self._session.document.active_labels, self._session.document.active_image
        if layer is None:
            raise Refused(tr("There are no labels yet. Paint one first."))
        row_ = layer.labels.label(layer.active_label)
        if row_.locked:
            raise Refused(tr("The label “{name}” is locked. Unlock it in the label table to paint.", name=row_.name))
        place = self._session.slice_in_use()
        if place is None or image is None or not image.geometry.same_grid(layer.geometry):
            raise Refused(tr("Fill between slices needs a pane that shows plain slices of the label. Reset the planes, "
                             "or use Fill between slices in the menu Segment."))  # fmt: skip
        if layer.geometry.size[place[0]] < 3:
            raise Refused(tr("There is nothing to fill between: the image has too few slices in this direction."))
        return place[0]

    def _values(self) -> dict[str, object]:
        return {"along": "xyz"[self._axis], "method": self.method.value()}

    def _preview(self) -> None:
        self._session.running.preview(OPERATION, self._values())

    def _preview_if_open(self) -> None:
        if not self.isHidden():
            self._preview()

    def _drop(self) -> None:
        if not self.isHidden():
            self.close_card()

    def _apply(self) -> None:
        values = self._values()
        self.close_card()
        try:
            self._session.running.apply(OPERATION, values)
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
