"""What is measured: a label layer, images, a row for each label or object, and the groups of columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.session.object_rows import Asked
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, push_button
from pellucid.ui.forms.controls import Choice

if TYPE_CHECKING:
    from pellucid.session import Session

GROUPS = (("shape", mark("Shape")), ("intensity", mark("Intensity")), ("texture", mark("Texture (slower)")),
          ("colocalisation", mark("Colocalisation of two channels")))  # fmt: skip


class MenuButton(QPushButton):
    """A button that says what of its menu is ticked."""

    ticked = Signal()

    def __init__(self, name: str, tip: str, none: str) -> None:
        super().__init__()
        self._none = none
        self.setAutoDefault(False)
        self.setMinimumWidth(64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.setMenu(menu)
        described(self, name, tip)

    def set_options(self, options: list[tuple[str, Any]], chosen: set[Any]) -> None:
        """Offer these, some of them ticked."""
        menu = self.menu()
        menu.clear()
        for title, value in options:
            action = QAction(title.replace("&", "&&"), menu, checkable=True, checked=value in chosen)
            action.setData(value)
            action.toggled.connect(self._changed)
            menu.addAction(action)
        self._say()

    def value(self) -> tuple[Any, ...]:
        """Return what is ticked, in the order of the menu."""
        return tuple(action.data() for action in self.menu().actions() if action.isChecked())

    def _changed(self, _on: bool) -> None:
        self._say()
        self.ticked.emit()

    def _say(self) -> None:
        words = [action.text().replace("&&", "&") for action in self.menu().actions() if action.isChecked()]
        text = words[0] if words else self._none
        if len(words) > 1:
            text = tr("{first} +{count}", first=words[0], count=len(words) - 1)
        self.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 68))


class ObjectChoice(QWidget):
    """The head of the table: what to measure, and the button that does."""

    edited = Signal()

    def __init__(self, session: Session, measure: Any) -> None:
        super().__init__()
        self._session = session
        self.labels = Choice()
        described(self.labels, tr("Label layer that is measured"))
        self.rows = Choice([(tr("Each label"), "labels"), (tr("Each connected object"), "objects")])
        described(self.rows, tr("One row for"), tr("Whether a label is one object, or each of its connected parts"))
        self.images = MenuButton(tr("Images that are measured"), tr("The values of these images are measured"),
                                 tr("No image"))  # fmt: skip
        self.groups = MenuButton(tr("What is measured"), tr("The groups of columns that are measured"), tr("Size"))
        self.groups.set_options([(tr(title), name) for name, title in GROUPS], {"shape", "intensity"})
        self.measure = push_button(tr("Measure"), measure, kind="primary", tip=tr("Measure every label of the layer"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for line in ((self.labels, self.rows), (self.images, self.groups, self.measure)):
            column.addLayout(_evenly(*line))
        for signal in (self.labels.chosen, self.rows.chosen, self.images.ticked, self.groups.ticked):
            signal.connect(lambda *_: self.edited.emit())

    def offer(self) -> None:
        """Offer the layers there are, and keep what is chosen."""
        document = self._session.document
        layers = [(layer.name, layer.id) for layer in document.label_layers]
        chosen = self.labels.value()
        self.labels.set_options(layers)
        active = document.active_labels
        known = {id for _name, id in layers}
        self.labels.set_value(chosen if chosen in known else active.id if active is not None else None)
        images = [(one.name, one.id) for one in self._images()]
        ticked = {id for id in self.images.value() if id in {known for _name, known in images}}
        self.images.set_options(images, ticked or self._first())

    def _images(self) -> list[ImageLayer]:
        loading = self._session.loading
        return [one for one in self._session.document.images if not loading.is_placeholder(one)]

    def _first(self) -> set[str]:
        """Return the image that is most likely meant."""
        image = self._session.objects.image_for(self.labels.value() or "")
        return {image.id} if image is not None and image in self._images() else set()

    def asked(self) -> Asked:
        """Return what is to be measured; raise Refused when there is no label layer."""
        if self.labels.value() is None:
            raise Refused(tr("There is no label layer to measure. Make one with a threshold or the brush first."))
        groups = set(self.groups.value())
        parameters = {"rows": self.rows.value(), **{name: name in groups for name, _title in GROUPS}}
        return Asked(self.labels.value(), self.images.value(), parameters)


def _evenly(*widgets: QWidget) -> QHBoxLayout:
    """Return controls side by side; all but the buttons with a fixed text share the room."""
    line = QHBoxLayout()
    line.setSpacing(theme.GRID)
    for widget in widgets:
        line.addWidget(widget, 1 if isinstance(widget, Choice | MenuButton) else 0)
    return line
