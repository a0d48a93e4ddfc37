"""All that is known of a label: name, colour, status, notes, and what it is for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QListWidget, QListWidgetItem, QPlainTextEdit, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.labels import Code, Status
from pellucid.model.layer import LabelLayer
from pellucid.ui import theme
from pellucid.ui.docks.label_model import STATUS_TITLES
from pellucid.ui.docks.parts import described, dim, push_button, row, section, titled
from pellucid.ui.docks.swatches import ask_color, square
from pellucid.ui.forms.controls import Choice, TextLine

if TYPE_CHECKING:
    from pellucid.session import Session

_TITLES = 72  # pixels of the titles, the same in both tables


class LabelDetailsDialog(QDialog):
    """Changes take effect together, as one step, when the dialog is accepted."""

    def __init__(self, session: Session, layer: LabelLayer, value: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._layer, self._label = session, layer, layer.labels.label(value)
        self.setWindowTitle(tr("Label {value}", value=value))
        self.setMinimumWidth(440)
        self._make_fields()
        self._make_code()
        cancel = push_button(tr("Cancel"), self.reject)
        self.apply = push_button(tr("Apply"), self.accept, kind="primary")
        self.apply.setDefault(True)
        fields = ((tr("Name"), self.name), (tr("Colour"), self.color), (tr("Status"), self.status),
                  (tr("Notes"), self.notes))  # fmt: skip
        code = ((tr("Scheme"), self.scheme), (tr("Code"), self.code), (tr("Meaning"), self.meaning))
        tables = titled(fields), titled(code)
        for table in tables:
            grid = table.layout()
            assert isinstance(grid, QGridLayout)
            grid.setColumnMinimumWidth(0, _TITLES)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(theme.MARGIN)
        for part in (
            section(tr("Label {value}", value=value)), tables[0], section(tr("What it is")), self.search,
            self.list, tables[1],
            dim(tr("SNOMED CT codes as DICOM lists them (PS3.16). Any other code may be typed.")),
        ):  # fmt: skip
            column.addWidget(part)
        column.addSpacing(theme.SECTION_GAP)
        column.addWidget(row(QWidget(), cancel, self.apply, spacing=theme.MARGIN, stretch=0))
        self.name.setFocus()
        self.name.selectAll()

    def showEvent(self, event: QShowEvent) -> None:
        """Take room for the sentence that is wrapped: Qt counts it as one line."""
        super().showEvent(event)
        layout = self.layout()
        if layout is not None:
            self.setMinimumHeight(layout.totalHeightForWidth(self.width()))

    def _make_fields(self) -> None:
        label = self._label
        self.name = TextLine(label.name)
        described(self.name, tr("Name of the label"))
        self._chosen_color = label.color
        self.color = push_button("", self._ask_color, tip=tr("Click: another colour"))
        self.color.setAccessibleName(tr("Colour of the label"))
        self._show_color()
        self.status = Choice([(tr(STATUS_TITLES[status]), status) for status in Status])
        described(self.status, tr("Status of the label"), tr("How far the work on the label is"))
        self.status.set_value(label.status)
        self.notes = QPlainTextEdit(label.notes)
        self.notes.setTabChangesFocus(True)
        self.notes.setMinimumHeight(76)
        self.notes.setMaximumHeight(76)
        described(self.notes, tr("Notes on the label"))

    def _make_code(self) -> None:
        held = self._label.code or Code("", "", "")
        self.search = TextLine()
        self.search.setPlaceholderText(tr("Search anatomy"))
        self.search.setClearButtonEnabled(True)
        described(self.search, tr("Search anatomy"), tr("Type what the label is, and choose it below"))
        self.search.textChanged.connect(self._search)
        self.list = QListWidget()
        self.list.setFixedHeight(112)
        self.list.setUniformItemSizes(True)
        self.list.setProperty("frame", True)
        described(self.list, tr("Codes found"))
        self.list.itemClicked.connect(self._take)
        self.list.itemActivated.connect(self._take)
        self.scheme, self.code, self.meaning = (TextLine(text) for text in (held.scheme, held.value, held.meaning))
        self.scheme.setPlaceholderText("SCT")
        described(self.scheme, tr("Coding scheme"), tr("SCT is SNOMED CT"))
        described(self.code, tr("Code"))
        described(self.meaning, tr("Meaning of the code"))
        self._search("")

    def _search(self, text: str) -> None:
        from pellucid.files.label_tables import anatomy_codes

        wanted = text.strip().casefold()
        self.list.clear()
        for code in anatomy_codes():
            if wanted in code.meaning.casefold() or wanted in tr(code.meaning).casefold() or wanted == code.value:
                item = QListWidgetItem(f"{tr(code.meaning)}  ·  {code.value}", self.list)
                item.setData(Qt.ItemDataRole.UserRole, code)

    def _take(self, item: QListWidgetItem) -> None:
        code: Code = item.data(Qt.ItemDataRole.UserRole)
        for line, text in ((self.scheme, code.scheme), (self.code, code.value), (self.meaning, code.meaning)):
            line.setText(text)

    def _ask_color(self) -> None:
        color = ask_color(self, self._chosen_color, tr("Colour of {name}", name=self._label.name))
        if color:
            self._chosen_color = color
            self._show_color()

    def _show_color(self) -> None:
        self.color.setIcon(QIcon(square(self._chosen_color, theme.ICON_SIZE)))
        self.color.setText(self._chosen_color.upper())

    def accept(self) -> None:
        """Make the changes as one step."""
        value, meaning = self.code.text().strip(), self.meaning.text().strip()
        code = Code(self.scheme.text().strip() or "SCT", value, meaning) if value else None
        if self._layer in self._session.document and self._layer.labels.has(self._label.value):
            self._session.labelling.edit_label(
                self._layer, self._label.value, name=self.name.text().strip() or self._label.name,
                color=self._chosen_color, status=self.status.value(), notes=self.notes.toPlainText().strip(), code=code,
            )  # fmt: skip
        super().accept()
