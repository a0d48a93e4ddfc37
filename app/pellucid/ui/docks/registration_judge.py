"""The section “Judge” of the registration panel: ways to compare, what is drawn over the images, numbers in a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.model.compare import CompareMode
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.session.judgement_layers import add_displacement, add_jacobian
from pellucid.session.judgement_rows import as_csv, rows
from pellucid.ui import theme
from pellucid.ui.compare_bar import MODES
from pellucid.ui.docks.judge_table import JudgeTable
from pellucid.ui.docks.parts import EmptyState, allow, described, dim, flat_button, row, section, tell, titled
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Choice, NumberBox, Segmented
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session import Session

_DELAY = 400
"""Milliseconds without a change until the numbers are computed anew."""


class JudgeBox(QWidget):
    """Shows and changes what ``session.judging`` knows."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._judging = session.judging
        self._watches: list[LayerWatch] = []
        self._later = QTimer(self, singleShot=True, interval=_DELAY)
        self._later.timeout.connect(self.refresh)
        self._build()
        document = session.document
        for signal in (document.inserted, document.removed, document.active_changed):
            signal.connect(self._follow)
        for drawn in (document.annotations.inserted, document.annotations.removed, document.annotations.changed):
            drawn.connect(self._ask_later)
        self._judging.changed.connect(self._show)
        session.view.events.compare.connect(self._show)
        theme.signals.changed.connect(self._show)
        self._follow()

    # ---------------------------------------------------------------- assembly

    def _build(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.MARGIN)
        for part in (self._sides(), self._ways(), *self._drawings(), *self._numbers()):
            column.addWidget(part)
        self.empty = EmptyState("scale-balance", "")
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(body)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.pages)

    def _sides(self) -> QWidget:
        self.fixed, self.moving = Choice(), Choice()
        described(self.fixed, tr("Judged by"), tr("The fixed image: its grid is where the numbers are taken"))
        described(self.moving, tr("Judged"), tr("The image that was registered"))
        for choice in (self.fixed, self.moving):
            choice.chosen.connect(lambda _id: self._choose())
        return titled(((tr("Fixed"), self.fixed), (tr("Moving"), self.moving)))

    def _ways(self) -> QWidget:
        self.side = Segmented(((tr("Before"), True), (tr("After"), False)))
        self.side.setToolTip(tr("Show the moving image as it lay before, or as it lies now; or hold ` for before"))
        self.side.chosen.connect(lambda before: setattr(self._judging, "shows_before", before))
        self.pair = Segmented(((tr("With the fixed image"), "fixed"), (tr("With itself before"), "before")))
        self.pair.setToolTip(tr("What the moving image is compared with"))
        self.pair.chosen.connect(lambda _pair: self._again())
        self.modes = {
            mode: flat_button(glyph, tr(name), partial(self._compare, mode), tip=tr(tip), checkable=True)
            for mode, glyph, name, tip in MODES
        }
        self.off = flat_button("close", tr("End the comparison"), self._session.comparing.stop)
        buttons = row(*self.modes.values(), self.off, spacing=theme.GRID)
        ways = QWidget()
        column = QVBoxLayout(ways)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        for part in (self.side, section(tr("Compare")), self.pair, buttons):
            column.addWidget(part)
        return ways

    def _drawings(self) -> tuple[QWidget, ...]:
        grid = tr("The lines of a regular grid of the moving image, where they lie now")
        self.grid = self._switch(tr("Deformed grid"), "grid", grid)
        self.spacing = NumberBox(Bounds(0, 10_000), 1.0)
        self.spacing.setAccessibleName(tr("Spacing of the grid"))
        self.spacing.set_tip(tr("How far apart the lines are; 0 chooses by the zoom, and lines too close are left out"))
        self.spacing.setFixedWidth(56)
        self.spacing.edited.connect(lambda value: self._judging.draw(spacing=value))
        self.unit = dim("mm", wrap=False)
        arrows = tr("From places of the fixed image to where they are found in the moving one, coloured by length")
        self.arrows = self._switch(tr("Displacement arrows"), "arrows", arrows)
        residual = tr("Leave out the rigid motion that fits best, so that the bend is seen")
        self.residual = self._switch(tr("without the rigid part"), "residual", residual)
        jacobian = tr("How much space is stretched: blue below 1, red above, folded voxels in magenta")
        self.jacobian = self._switch(tr("Jacobian map"), "jacobian", jacobian)
        go = self._attempt(self._judging.go_to_worst)
        self.worst = flat_button("crosshairs-gps", tr("Go to the lowest Jacobian"), go)
        contours = tr("Labels without fill: those of the fixed image solid, those of the moving one dashed")
        self.contours = self._switch(tr("Contours of labels only"), "contours", contours)
        self.add_jacobian = flat_button("layers-plus", tr("Add the Jacobian map as a layer"),
                                        self._attempt(lambda: add_jacobian(self._session)))  # fmt: skip
        self.add_displacement = flat_button("layers-plus", tr("Add the length of the displacement as a layer"),
                                            self._attempt(lambda: add_displacement(self._session)))  # fmt: skip
        return (
            section(tr("Draw over the images")),
            _line(self.grid, self.spacing, self.unit),
            _line(self.arrows, self.add_displacement),
            _inset(self.residual),
            _line(self.jacobian, self.worst, self.add_jacobian),
            self.contours,
        )

    def _numbers(self) -> tuple[QWidget, ...]:
        self.again = flat_button("refresh", tr("Compute the numbers again"), self.refresh)
        self.copy = flat_button("content-copy", tr("Copy"), self._copy, tip=tr("Copy the numbers with full precision"))
        self.save = flat_button("file-delimited-outline", tr("Save"), self._save,
                                tip=tr("Write the numbers with full precision to a CSV file"))  # fmt: skip
        self.said = dim()
        self.table = JudgeTable()
        return section(tr("Numbers"), self.again, self.copy, self.save), self.said, self.table

    def _switch(self, title: str, field: str, tip: str) -> QCheckBox:
        switch = QCheckBox(title)
        described(switch, title, tip)
        switch.toggled.connect(lambda on: self._judging.draw(**{field: on}))
        return switch

    # ---------------------------------------------------------------- following the session

    def refresh(self) -> None:
        """Compute now, in the background, if anybody looks."""
        self._later.stop()
        if self.isVisible() and not self._judging.why_not():
            self._judging.compute()
            self._show()

    def showEvent(self, event: QShowEvent) -> None:
        """Compute when first seen."""
        super().showEvent(event)
        if self._judging.answer is None:
            self._later.start(0)

    def hideEvent(self, event: QHideEvent) -> None:
        """Compute nothing for nobody."""
        super().hideEvent(event)
        self._later.stop()

    def _follow(self, *_args: object) -> None:
        for watch in self._watches:
            watch.on(None)
        self._watches = []
        for layer in self._session.document.layers:
            watch = LayerWatch(partial(self._layer_changed, layer))
            watch.on(layer)
            self._watches.append(watch)
        self._show()
        self._ask_later()

    def _layer_changed(self, layer: ImageLayer | LabelLayer, what: str) -> None:
        if what in ("name", "placement", "frames", "frame"):
            self._show()
        if what in ("placement", "frames", "frame", "voxels", "labels", "table"):
            self._ask_later()

    def _ask_later(self, *_args: object) -> None:
        if self.isVisible():
            self._later.start(_DELAY)

    # ---------------------------------------------------------------- showing

    def _show(self, *_args: object) -> None:
        judging, why = self._judging, self._judging.why_not()
        fixed, moving = judging.fixed, judging.moving
        several = len(self._session.document.images) > 1
        self.empty.say(why)
        self.pages.setCurrentIndex(1 if several and moving is not None else 0)
        options = [(image.name, image.id) for image in reversed(self._session.document.images)]
        for choice, image in ((self.fixed, fixed), (self.moving, moving)):
            choice.set_options(options)
            choice.set_value(image.id if image is not None else "")
        self._show_ways(moving)
        self._show_drawings(why)
        self._show_numbers(why)

    def _show_ways(self, moving: ImageLayer | None) -> None:
        compare, comparing = self._session.view.compare, self._session.comparing
        for mode, button in self.modes.items():
            button.setChecked(compare is not None and compare.mode is mode)
        allow(self.off, "" if compare is not None else tr("Nothing is being compared."))
        changed = moving is not None and comparing.earlier(moving) is not None
        allow(self.pair.buttons[1], "" if changed else tr("The image was not changed since it was opened."))
        if compare is not None or not changed:
            self.pair.set_value("before" if comparing.is_with_itself else "fixed")
        self.side.set_value(self._judging.shows_before)
        moved = moving is not None and (moving.placement is not None or changed)
        allow(self.side, "" if moved else tr("The image was not moved yet."))

    def _show_drawings(self, why: str) -> None:
        look, moving = self._judging.overlays, self._judging.moving
        switches = {"grid": self.grid, "arrows": self.arrows, "residual": self.residual, "jacobian": self.jacobian,
                    "contours": self.contours}  # fmt: skip
        for field, switch in switches.items():
            switch.blockSignals(True)
            switch.setChecked(getattr(look, field))
            switch.blockSignals(False)
            allow(switch, why)
        self.residual.setEnabled(look.arrows and not why)
        self.spacing.set_value(look.spacing)
        known = moving is None or moving.volume.geometry.has_lengths
        unit = "mm" if known else "px"
        self.unit.setText(unit if look.spacing else tr("{unit}, automatic", unit=unit))
        answer = self._judging.answer
        bends = answer is not None and answer.after.stretch is not None
        allow(self.worst, "" if bends else tr("Known where a transform bends and its numbers were computed."))
        placed = moving is not None and moving.placement is not None
        for button in (self.add_jacobian, self.add_displacement):
            allow(button, why or ("" if placed else tr("The image was not moved yet.")))

    def _show_numbers(self, why: str) -> None:
        judging = self._judging
        answer = judging.answer
        found = rows(answer) if answer is not None else ()
        computing = tr("Computing …") if judging.is_computing and answer is None else ""
        tell(self.said, why or judging.problem or computing, "warning" if why or judging.problem else "")
        self.table.show_rows(found)
        self.table.setVisible(bool(found))
        for button in (self.copy, self.save):
            allow(button, "" if found else tr("There is nothing to copy yet."))
        allow(self.again, why)

    # ---------------------------------------------------------------- from the user

    def _attempt(self, action: Callable[[], object]) -> Callable[[], None]:
        def act() -> None:
            try:
                action()
            except Refused as refusal:
                self._session.notice.emit(str(refusal), "warning")
                self._show()

        return act

    def _choose(self) -> None:
        images = {image.id: image for image in self._session.document.images}
        self._judging.choose(images.get(self.fixed.value()), images.get(self.moving.value()))
        self.refresh()

    def _compare(self, mode: CompareMode) -> None:
        self._attempt(lambda: self._start(mode))()

    def _start(self, mode: CompareMode) -> None:
        fixed, moving = self._judging.fixed, self._judging.moving
        if moving is not None and self.pair.value() == "before":
            self._session.comparing.with_itself(moving, mode)
        elif fixed is not None and moving is not None:
            self._session.comparing.start(mode, first=fixed.id, second=moving.id)

    def _again(self) -> None:
        compare = self._session.view.compare
        if compare is not None:
            self._compare(compare.mode)

    def _copy(self) -> None:
        answer = self._judging.answer
        if answer is not None:
            QGuiApplication.clipboard().setText(as_csv(rows(answer), "\t"))

    def _save(self) -> None:
        answer = self._judging.answer
        name, _ = QFileDialog.getSaveFileName(self, tr("Save the numbers"), tr("registration.csv"), tr("Table (*.csv)"))
        if not name or answer is None:
            return
        path = Path(name) if Path(name).suffix else Path(name).with_suffix(".csv")
        self._session.recipes.write(path, as_csv(rows(answer)))


def _line(first: QWidget, *others: QWidget) -> QWidget:
    """Return a control with others at the right end of its line."""
    return row(first, *others, stretch=0)


def _inset(widget: QWidget) -> QWidget:
    """Return a control that belongs to the one above it."""
    line = row(widget, stretch=0)
    line.setContentsMargins(theme.ICON_SIZE + theme.GRID, 0, 0, 0)
    return line
