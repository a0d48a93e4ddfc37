"""The panel “Compare masks”: two labels or layers in numbers, as a map and slice by slice; several raters."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.layer import LabelLayer
from pellucid.session.agreement_answers import Side
from pellucid.session.text_files import write_in_job
from pellucid.ui import theme
from pellucid.ui.canvas.agreement_legend import COLORS
from pellucid.ui.docks.agreement_numbers import AgreementTable, NumberList, ObjectsLine, as_csv, as_json, legend
from pellucid.ui.docks.line_chart import Line, LineChart
from pellucid.ui.docks.parts import EmptyState, Panel, allow, described, dim, flat_button, row, scrolling, tell, titled
from pellucid.ui.docks.raters import RatersPage
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Choice, Segmented

if TYPE_CHECKING:
    from pellucid.files.label_comparison import Agreement
    from pellucid.session import Session

EMPTY = mark(
    "Make two labels, or open a second label image over the first, to see how well they agree. A threshold or the "
    "brush makes a label; a right click in Layers uses an image as labels."
)


class CompareMasksPanel(Panel):
    """Follows the labels that are compared, and counts again when they change."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Compare masks"), parent)
        self._session = session
        self._in_front = True
        self._axis = 2
        self._watches: list[LayerWatch] = []
        self._later = QTimer(self, singleShot=True, interval=300)
        self._later.timeout.connect(self.refresh)
        self._build()
        document = session.document
        for signal in (document.inserted, document.removed):
            signal.connect(self._follow)
        session.agreeing.changed.connect(self._show)
        session.view.events.crosshair.connect(lambda *_: self._show_place())
        theme.signals.changed.connect(self._show)
        self._follow()

    # ---------------------------------------------------------------- assembly

    def _build(self) -> None:
        self.again = flat_button("refresh", tr("Compare again"), self.refresh)
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=tr("Copy the numbers with full precision"))
        self.save = flat_button("file-delimited-outline", tr("Save"), self._save,
                                tip=tr("Write the numbers with full precision to a CSV or JSON file"))  # fmt: skip
        self.set_header(tr("Compare masks"), self.again, self.copy, self.save)
        pages = ((tr("Two masks"), 0), (tr("Several raters"), 1))
        self.kind = Segmented(pages)
        self.kind.chosen.connect(self._turn)
        self.raters = RatersPage(self._session)
        self.raters.pair_chosen.connect(self._pair_chosen)
        self.pages = QStackedWidget()
        self.pages.addWidget(self._two())
        self.pages.addWidget(self.raters)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        column.addWidget(self.kind)
        column.addWidget(self.pages, 1)
        self.stack = QStackedWidget()
        self.stack.addWidget(EmptyState("set-center", tr(EMPTY)))
        self.stack.addWidget(scrolling(whole))
        self.column.addWidget(self.stack, 1)

    def _two(self) -> QWidget:
        """Return the page of two masks."""
        self.first, self.second = Choice(), Choice()
        described(self.first, tr("A"), tr("The mask that is judged: a label, or all labels of a layer"))
        described(self.second, tr("B"), tr("The mask it is judged by, the reference"))
        for choice in (self.first, self.second):
            choice.chosen.connect(lambda _side: self._choose())
        self.swap = flat_button("swap-vertical", tr("Swap A and B"), self._swap)
        self.said, self.working = dim(), dim(tr("Comparing …"))
        self.numbers, self.table, self.objects = NumberList(), AgreementTable(self._color), ObjectsLine()
        self.table.row_chosen.connect(self._row_chosen)
        self.map = QCheckBox(tr("Show on the images"))
        described(self.map, self.map.text(), tr("Colour where the masks agree and where not, instead of the labels"))
        self.map.setChecked(self._session.agreeing.shown)
        self.map.toggled.connect(lambda on: setattr(self._session.agreeing, "shown", on))
        self.curve = Segmented(((tr("Dice"), "dice"), (tr("Area"), "area")))
        self.curve.chosen.connect(lambda _kind: self._show_curve())
        self.chart = LineChart(tr("Agreement of each slice"))
        self.chart.setMinimumHeight(140)
        self.chart.setToolTip(tr("Click or drag: go to that slice"))
        self.chart.chosen.connect(lambda place: self._session.agreeing.go_to(self._axis, place))
        self.caption = dim()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        sides = row(titled(((tr("A"), self.first), (tr("B"), self.second))), self.swap, stretch=0)
        for part in (sides, self.said, self.working, self.map, legend(), self.numbers, self.objects,
                     self.table, self.curve, self.chart, self.caption):  # fmt: skip
            column.addWidget(part, 1 if part is self.table else 0)
        column.addStretch(0)
        return body

    # ---------------------------------------------------------------- following the session

    def refresh(self) -> None:
        """Compare now, in the background, if anybody looks."""
        self._later.stop()
        if self._in_front and self.isVisible():
            if self.pages.currentIndex() == 1:
                self.raters.refresh()
            elif self._session.agreeing.compare() is not None:
                self.working.setVisible(self._session.agreeing.answer is None)

    def set_in_front(self, on: bool) -> None:
        """Take note whether the panel can be seen."""
        self._in_front = on
        if on:
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """Compare when first seen."""
        super().showEvent(event)
        self._session.agreeing.open = True
        self._follow()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the map off the images when the dock is closed; behind another tab it counts as open."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._session.agreeing.open = False

    def _follow(self, *_args: object) -> None:
        """Take up which label layers there are."""
        for watch in self._watches:
            watch.on(None)
        self._watches = []
        for layer in self._session.document.label_layers:
            watch = LayerWatch(partial(self._layer_changed, layer))
            watch.on(layer)
            self._watches.append(watch)
        self._offer()
        self.refresh()

    def _layer_changed(self, layer: LabelLayer, what: str) -> None:
        if what in ("table", "labels", "name"):
            self._offer()
        agreeing = self._session.agreeing
        compared = {side[0] for side in (agreeing.first, agreeing.second) if side is not None}
        if what in ("voxels", "labels", "table") and (layer.id in compared or self.pages.currentIndex() == 1):
            self._later.start()

    def _offer(self) -> None:
        """Fill the lists with what can be chosen now."""
        agreeing = self._session.agreeing
        agreeing.propose()
        choices = list(agreeing.choices())
        for control, side in ((self.first, agreeing.first), (self.second, agreeing.second)):
            control.set_options(choices)
            control.set_value(side)
        self.raters.offer()
        self._show()

    # ---------------------------------------------------------------- showing

    def _show(self) -> None:
        agreeing = self._session.agreeing
        self.stack.setCurrentIndex(0 if agreeing.first is None or agreeing.second is None else 1)
        answer, problem = agreeing.answer, agreeing.problem
        rows = answer.rows if answer is not None else ()
        self.first.set_value(agreeing.first)
        self.second.set_value(agreeing.second)
        sentence = problem or " ".join(answer.remarks if answer is not None else ()) or _unknown(rows)
        tell(self.said, sentence, "warning" if problem else "")
        self.working.setVisible(answer is None and not problem)
        self.objects.show_matching(answer.matching if answer is not None else None)
        self.numbers.setVisible(len(rows) == 1)
        self.table.setVisible(len(rows) > 1)
        for part in (self.curve, self.chart, self.caption):
            part.setVisible(answer is not None)
        if len(rows) == 1:
            self.numbers.show_row(rows[0])
        self.table.show_rows(rows)
        self.map.setChecked(agreeing.shown)
        for button in (self.copy, self.save):
            allow(button, "" if rows else tr("There is nothing to copy yet."))
        allow(self.again, "" if agreeing.first is not None else tr("There are no two labels yet."))
        self._show_curve()

    def _show_curve(self) -> None:
        answer = self._session.agreeing.answer
        if answer is None:
            return
        self._axis = axis = self._session.agreeing.axis()
        first, second, _both = answer.slices[axis]
        if self.curve.value() == "dice":
            lines = [Line(answer.dice(axis), COLORS[1][0])]
            said = tr("Dice of each slice along {axis}; a gap where neither has voxels.", axis="xyz"[axis])
        else:
            lines = [Line(first.astype(float), COLORS[2][0]), Line(second.astype(float), COLORS[3][0])]
            said = tr("Voxels of each slice along {axis}: A orange, B blue.", axis="xyz"[axis])
        several = len(first) > 1
        self.chart.setVisible(several)
        self.curve.setVisible(several)
        self.chart.show_lines(np.arange(1.0, len(first) + 1), tr("slice"), lines)
        self.caption.setText(said if several else tr("There is one slice only."))
        self.chart.show_place(self._session.agreeing.place(axis))

    def _show_place(self) -> None:
        agreeing = self._session.agreeing
        if agreeing.answer is None:
            return
        if agreeing.axis() != self._axis:
            self._show_curve()
        self.chart.show_place(agreeing.place(self._axis))

    def _color(self, found: Agreement) -> str:
        """Return the colour of a row: that of the label in A, or in B where A does not know it."""
        layers = [self._session.agreeing.layer(side) for side in (self._session.agreeing.first,
                                                                 self._session.agreeing.second)]  # fmt: skip
        for layer in layers:
            if layer is not None and any(label.value == found.label for label in layer.labels.labels):
                return layer.labels.label(found.label).color
        return theme.colors().dim

    # ---------------------------------------------------------------- from the user

    def _turn(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        for button in (self.copy, self.save):
            button.setVisible(page == 0)
        self.refresh()

    def _choose(self) -> None:
        self._session.agreeing.choose(self.first.value(), self.second.value())
        self.refresh()

    def _swap(self) -> None:
        agreeing = self._session.agreeing
        agreeing.choose(agreeing.second, agreeing.first)
        self.refresh()

    def _pair_chosen(self, first: Side, second: Side) -> None:
        self._session.agreeing.choose(first, second)
        self.kind.set_value(0)
        self._turn(0)

    def _row_chosen(self, found: Agreement) -> None:
        """Compare one label of the table alone: that of the same name in B, or else of the same value."""
        agreeing = self._session.agreeing
        first, second = agreeing.layer(agreeing.first), agreeing.layer(agreeing.second)
        if first is None or second is None:
            return
        named = [label.value for label in second.labels.labels if label.name.casefold() == found.name.casefold()]
        agreeing.choose((first.id, found.label), (second.id, named[0] if named else found.reference))
        self.refresh()

    def _rows(self) -> tuple[Agreement, ...]:
        answer = self._session.agreeing.answer
        return answer.rows if answer is not None else ()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_csv(self._rows(), "\t"))

    def _save(self) -> None:
        name, chosen = QFileDialog.getSaveFileName(
            self, tr("Save the comparison"), tr("comparison.csv"), tr("Table (*.csv);;JSON (*.json)")
        )
        if not name:
            return
        path, rows = Path(name), self._rows()
        path = path if path.suffix else path.with_suffix(".json" if "json" in chosen else ".csv")
        as_text = as_json if path.suffix.lower() == ".json" else as_csv
        written = tr("The comparison was written to “{name}”.", name=path.name)
        write_in_job(self._session, path, lambda: as_text(rows), written)


def _unknown(rows: tuple[Agreement, ...]) -> str:
    """Return what is not known of the grid, or nothing."""
    if rows and not rows[0].in_mm:
        return tr("The spacing is not known, so distances are in px.")
    return ""
