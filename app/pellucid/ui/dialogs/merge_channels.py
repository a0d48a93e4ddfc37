"""Which layers become the red, green, blue and alpha of a colour image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QLabel, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.channels import NAMES
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.ui import theme
from pellucid.ui.docks.parts import push_button, row, section, titled
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from pellucid.session import Session

_TITLES = (
    (mark("Red"), mark("The layer that becomes red")),
    (mark("Green"), mark("The layer that becomes green")),
    (mark("Blue"), mark("The layer that becomes blue")),
    (mark("Alpha"), mark("The layer that becomes alpha")),
)


class MergeChannelsDialog(QDialog):
    """Four lists of layers; what cannot be merged is said in a sentence and the dialog stays."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Merge channels"))
        self.setMinimumWidth(420)
        self._session = session
        layers = [image for image in session.document.images if not image.volume.is_colour]
        names = tuple((layer.name, layer) for layer in layers)
        self.choices = [Choice(names), Choice(names), Choice(names), Choice(((tr("None"), None), *names))]
        for (title, tip), choice, layer in zip(_TITLES, self.choices, (*_guess(layers), None), strict=True):
            choice.setAccessibleName(tr(title))
            choice.setToolTip(tr(tip))
            choice.set_value(layer)
        self.complaint = QLabel("", wordWrap=True)
        self.complaint.setAccessibleName(tr("Why the layers cannot be merged"))
        self.complaint.setStyleSheet(f"color: {theme.colors().danger};")
        self.complaint.hide()
        self.cancel = push_button(tr("Cancel"), self.reject)
        self.merge = push_button(tr("Merge"), self.accept, kind="primary")
        self.merge.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        column.addWidget(section(tr("Merge channels")))
        column.addWidget(titled((tr(title), box) for (title, _tip), box in zip(_TITLES, self.choices, strict=True)))
        column.addWidget(self.complaint)
        column.addSpacing(theme.SECTION_GAP)
        column.addWidget(row(QWidget(), self.cancel, self.merge, spacing=theme.MARGIN, stretch=0))

    def accept(self) -> None:
        """Merge, or say why it cannot be done."""
        chosen = [layer for choice in self.choices if (layer := choice.value()) is not None]
        try:
            self._session.channels.merge(chosen)
        except Refused as refusal:
            self.complaint.setText(str(refusal))
            self.complaint.show()
            return
        super().accept()


def _guess(layers: list[ImageLayer]) -> tuple[ImageLayer, ...]:
    """Return the layers named after the three colours, or the first ones."""
    found = []
    for number, name in enumerate(NAMES[:3]):
        named = next((layer for layer in layers if name in layer.name.lower()), None)
        found.append(named or layers[min(number, len(layers) - 1)])
    return tuple(found)
