"""The panel “Table”: every object of a label layer with its numbers, and a plot; a click goes there and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from pellucid.files.answers import as_csv, as_tabbed
from pellucid.language import mark, tr
from pellucid.model.findings import Refused
from pellucid.operations.object_columns import GROUPS
from pellucid.session.object_rows import ObjectTable
from pellucid.session.objects import part_of
from pellucid.ui import theme
from pellucid.ui.docks.object_choice import ObjectChoice
from pellucid.ui.docks.object_model import ObjectModel
from pellucid.ui.docks.object_more import ObjectMore
from pellucid.ui.docks.object_plots import ObjectPlots
from pellucid.ui.docks.object_view import ObjectView
from pellucid.ui.docks.parts import EmptyState, Panel, allow, described, dim, flat_button, row, tell
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Segmented

if TYPE_CHECKING:
    from pellucid.session import Session

EMPTY = mark("Choose a label layer and press Measure: every label or object gets a row with its numbers.")
NO_LABELS = mark("Make labels first, with a threshold and Split into islands; then every object gets a row here.")
_LIVE = 400
"""Milliseconds without a change after which what follows the labels is measured again."""


class ObjectsPanel(Panel):
    """Choose what is measured, see it as a table and as a plot."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Table"), parent)
        self._session = session
        self._groups = set(GROUPS)
        self._wait = QTimer(self, singleShot=True, interval=_LIVE)
        self._wait.timeout.connect(self._measure_again)
        self._watch = LayerWatch(self._changed)
        self._build()
        document, objects = session.document, session.objects
        for signal in (document.active_changed, document.inserted, document.removed):
            signal.connect(self._follow)
        objects.measured.connect(self._show)
        objects.selected_changed.connect(self._selected)
        objects.failed.connect(lambda sentence: session.notice.emit(sentence, "warning"))
        self._follow()
        self._show(objects.table)

    # ---------------------------------------------------------------- building

    def _build(self) -> None:
        self.live = flat_button("autorenew", tr("Follow the labels"), checkable=True,
                                tip=tr("Measure again whenever the labels change"))  # fmt: skip
        self.live.toggled.connect(self._go_live)
        copying = tr("Copy the selected rows, or all, with full precision; lengths are in mm (Ctrl+C)")
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=copying)
        saving = tr("Write the table to CSV, JSON or Parquet, lengths in mm as the command line; no patient is named")
        self.save = flat_button("export-variant", tr("Export table"), self._export, tip=saving)
        self.choice = ObjectChoice(self._session, self.measure)
        self.more = ObjectMore(self._session, self.choice, (self.delete_selected, self.keep_selected), self._show_group)
        self.set_header(tr("Table"), self.live, self.copy, self.save, self.more.button)
        self.choice.edited.connect(self._edited)
        self.filter = QLineEdit(placeholderText=tr("Filter: volume > 100; a name"), clearButtonEnabled=True)
        described(self.filter, tr("Filter of the rows"),
                  tr("A part of a name, or a condition such as “volume > 100; roundness < 0.8”"))  # fmt: skip
        self.filter.textChanged.connect(self._filtered)
        self.wrong = dim(wrap=True)
        self.wrong.hide()
        self.model = ObjectModel(self)
        self.table = ObjectView(self.model)
        self.table.chosen.connect(lambda rows: self._session.objects.select(rows, go_there=True))
        self.table.delete_asked.connect(self.delete_selected)
        self.table.copy_asked.connect(self._copy)
        self.table.horizontalHeader().sectionClicked.connect(lambda _number: self._rearranged())
        self.plots = ObjectPlots(self.model)
        self.plots.plot.selected.connect(self._brushed)
        self.plots.changed.connect(self._say)
        self.summary = dim(wrap=True)
        self.summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.summary.setMinimumHeight(2 * self.summary.fontMetrics().lineSpacing())
        self.stack = QStackedWidget()
        self.empty = EmptyState("table-large", tr(EMPTY))
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self._body())
        self.column.addWidget(self.choice)
        self.column.addWidget(self.stack, 1)

    def _body(self) -> QWidget:
        """Return the filter beside the choice of the page, table or plot below it, and the summary."""
        self.page = Segmented(((tr("Table"), "table"), (tr("Plot"), "plot")))
        self.page.setAccessibleName(tr("Table or plot"))
        self.page.chosen.connect(self.show_page)
        self.pages = QStackedWidget()
        self.pages.setMinimumHeight(8 * theme.CONTROL_HEIGHT)  # six rows between the headings and the scroll bar
        self.pages.addWidget(self.table)
        self.pages.addWidget(self.plots)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(row(self.filter, self.page, spacing=theme.GRID, stretch=0))
        for widget in (self.wrong, self.pages, self.summary):
            column.addWidget(widget, 1 if widget is self.pages else 0)
        self.show_page(self._session.settings.table_page)
        return body

    def show_page(self, page: Literal["table", "plot"]) -> None:
        """Show the table or the plot, and remember which."""
        self.page.set_value(page)
        self.pages.setCurrentWidget(self.plots if page == "plot" else self.table)
        if self._session.settings.table_page != page:
            self._session.settings.table_page = page
            self._session.keep_settings()

    # ---------------------------------------------------------------- measuring

    def measure(self) -> None:
        """Measure what is chosen."""
        self._guarded(lambda: self._session.objects.measure(self.choice.asked()))

    def _measure_again(self) -> None:
        if self.isVisible() and self._session.objects.table is not None:
            self.measure()

    def _go_live(self, on: bool) -> None:
        if on:
            self._wait.start()

    def _edited(self) -> None:
        self._watch.on(self._session.document.find(self.choice.labels.value() or ""))
        if self.live.isChecked():
            self._wait.start()

    def _changed(self, what: str) -> None:
        if what in ("voxels", "labels", "table"):
            if self.live.isChecked():
                self._wait.start()
            self._say()

    def _follow(self, *_args: object) -> None:
        self.choice.offer()
        self._watch.on(self._session.document.find(self.choice.labels.value() or ""))
        there = self.choice.labels.value() is not None
        self.empty.say(tr(EMPTY) if there else tr(NO_LABELS))
        allow(self.choice.measure, "" if there else tr("There is no label layer."))

    def _guarded(self, work: Any) -> None:
        try:
            work()
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")

    # ---------------------------------------------------------------- showing

    def _show(self, table: ObjectTable | None) -> None:
        self.table.quiet = True
        self.model.show_table(table, self._groups)
        self.table.fit_columns()
        self.table.quiet = False
        self.stack.setCurrentIndex(0 if table is None else 1)
        why = "" if table is not None else tr("There is nothing to export yet.")
        for button in (self.copy, self.save):
            allow(button, why)
        self.plots.offer()
        self._say()

    def _show_group(self, group: str, on: bool) -> None:
        self._groups ^= {group} if on != (group in self._groups) else set()
        self._show(self.model.table)
        self._rearranged()

    def _say(self) -> None:
        """Say how many rows there are, and the mean of what is plotted along x."""
        table, selected = self.model.table, self._session.objects.selected
        self.more.allow_deleting(bool(selected))
        said = self.plots.summary(selected)
        if table is not None and not table.is_current:
            said += " · " + tr("The labels changed since; measure again.")
        self.summary.setText(said)

    def _filtered(self, text: str) -> None:
        self.table.quiet = True
        try:
            self.model.filter(text)
        except Refused as refusal:
            tell(self.wrong, str(refusal), "warning")
        else:
            tell(self.wrong, "")
        self._rearranged()

    def _rearranged(self) -> None:
        """Select again what is selected, after the rows were ordered anew."""
        self.table.quiet = False
        self.table.choose(self._session.objects.selected)
        self.plots.draw()
        self._say()

    # ---------------------------------------------------------------- selecting

    def _selected(self, rows: frozenset[int]) -> None:
        """Follow the session."""
        self.plots.plot.choose(rows)
        self.table.choose(rows)
        self._say()

    def _brushed(self, rows: frozenset[int], more: bool) -> None:
        objects = self._session.objects
        objects.select(objects.selected | rows if more else rows, go_there=not more)

    def delete_selected(self) -> None:
        """Delete the objects of the selected rows."""
        self._guarded(lambda: self._session.objects.delete(self._session.objects.selected))

    def keep_selected(self) -> None:
        """Delete all other objects of the table."""
        self._guarded(lambda: self._session.objects.keep_only(self._session.objects.selected))

    # ---------------------------------------------------------------- taking away

    def _copy(self) -> None:
        table, selected = self.model.table, self._session.objects.selected
        if table is None:
            return
        order = [row for row in self.model.order.tolist() if not selected or row in selected]
        rows = part_of(table.rows, order)
        text = as_csv([column.name for column in rows.columns], rows)
        QGuiApplication.clipboard().setText(as_tabbed(text))

    def _export(self) -> None:
        kinds = ";;".join((tr("CSV (*.csv)"), tr("JSON (*.json)"), tr("Parquet (*.parquet)")))
        name, _kind = QFileDialog.getSaveFileName(self, tr("Export table"), "objects.csv", kinds)
        if name:
            order = self.model.order.tolist()
            self._guarded(lambda: self._session.objects.export(Path(name), order))

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed while it was hidden."""
        super().showEvent(event)
        self._say()
