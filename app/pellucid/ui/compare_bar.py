"""The bar above the panes while two layers are compared: how, which, and the one number the way has."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QStackedLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.compare import Compare, CompareMode
from pellucid.model.compositing import difference_span, same_quantity
from pellucid.model.findings import Refused
from pellucid.model.layer import ImageLayer
from pellucid.ui import theme
from pellucid.ui.canvas.flicker import Flicker
from pellucid.ui.docks.parts import Elided, flat_button, push_button, row
from pellucid.ui.docks.watching import LayerWatch
from pellucid.ui.forms.controls import Choice, NumberBox
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.session.consenting import Question

MODES = (
    (
        CompareMode.SWIPE,
        "compare",
        mark("Swipe"),
        mark("Swipe: one layer on each side of a divider that can be dragged"),
    ),
    (
        CompareMode.CHECKERBOARD,
        "checkerboard",
        mark("Checkerboard"),
        mark("Checkerboard: the layers in turn, square by square"),
    ),
    (
        CompareMode.FLICKER,
        "flash-outline",
        mark("Flicker"),
        mark("Flicker: one layer after the other; hold ` for the other one"),
    ),
    (
        CompareMode.DIFFERENCE,
        "plus-minus-variant",
        mark("Difference"),
        mark("Difference: first minus second, zero is pale"),
    ),
    (CompareMode.RED_GREEN, "set-center", mark("Red–green"), mark("Red–green: the first in red, the second in green")),
)


class CompareBar(QFrame):
    """Shown while there is a comparison, or a question about one; its controls are made when first needed."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Compare two layers"))
        self._session = session
        self.flicker = Flicker(session, self)
        self._watches = (LayerWatch(self._layer_changed), LayerWatch(self._layer_changed))
        self._made = False
        self.hide()
        session.view.events.compare.connect(self._show)
        session.comparing.asked.connect(self._ask)
        for signal in (session.document.inserted, session.document.removed, session.document.reordered):
            signal.connect(self._show)
        theme.signals.changed.connect(self._dress)

    # ---------------------------------------------------------------- building

    def _make(self) -> None:
        if self._made:
            return
        self._made = True
        self._pages = QStackedLayout(self)
        self._pages.setContentsMargins(0, 0, 0, 0)
        self._pages.addWidget(self._controls())
        self._pages.addWidget(self._question())
        self._dress()

    def _controls(self) -> QWidget:
        self._group = QButtonGroup(self)
        for number, (mode, glyph, name, tip) in enumerate(MODES):
            button = flat_button(glyph, tr(name), partial(self._change, mode=mode), tip=tr(tip), checkable=True)
            self._group.addButton(button, number)
        self.first, self.second = Choice(), Choice()
        for choice, name, field in (
            (self.first, tr("First layer"), "first"),
            (self.second, tr("Second layer"), "second"),
        ):
            choice.setAccessibleName(name)
            choice.setToolTip(name)
            choice.setMaximumWidth(220)
            choice.chosen.connect(lambda value, f=field: self._change(**{f: value}))
        self.swap = flat_button("swap-horizontal", tr("Exchange the two layers"), self._session.comparing.swap)
        self.close_button = flat_button("close", tr("End the comparison"), self._session.comparing.stop,
                                        tip=tr("End the comparison (K goes through all ways)"))  # fmt: skip
        controls = QWidget()
        line = QHBoxLayout(controls)
        line.setContentsMargins(theme.MARGIN, theme.GRID, theme.GRID, theme.GRID)
        line.setSpacing(theme.GRID)
        line.addWidget(row(*self._group.buttons(), spacing=0))
        line.addWidget(self.first, 1)
        line.addWidget(self.swap)
        line.addWidget(self.second, 1)
        line.addSpacing(theme.GRID)
        for widget in self._numbers():
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.close_button)
        return controls

    def _numbers(self) -> tuple[QWidget, ...]:
        self.level = flat_button("flip-horizontal", tr("Level divider"), checkable=True,
                                 action=lambda: self._change(level=self.level.isChecked()),
                                 tip=tr("Divider from left to right (or drag it with Shift)"))  # fmt: skip
        self.square = self._number(Bounds(0.1, 1000), 5.0, tr("Side of a square"), "square")
        self.rate = self._number(Bounds(0.2, 20), 0.5, tr("Changes in a second"), "rate")
        self.pause = flat_button("pause", tr("Pause the flicker"), checkable=True,
                                 action=lambda: self._change(paused=self.pause.isChecked()))  # fmt: skip
        self.span = self._number(Bounds(0), 10.0, tr("Difference of the full colour"), "span")
        self.cyan = flat_button("invert-colors", tr("Second layer in cyan"), checkable=True,
                                action=lambda: self._change(cyan=self.cyan.isChecked()),
                                tip=tr("Second layer in cyan: equal light is grey, for all eyes"))  # fmt: skip
        with_unit = (CompareMode.CHECKERBOARD, CompareMode.FLICKER, CompareMode.DIFFERENCE)
        self._units = {mode: QLabel() for mode in with_unit}
        for label in self._units.values():
            label.setProperty("dim", True)
        self._units[CompareMode.FLICKER].setText(tr("per second"))
        plus_minus = QLabel("±")
        self._own: dict[CompareMode, tuple[QWidget, ...]] = {
            CompareMode.SWIPE: (self.level,),
            CompareMode.CHECKERBOARD: (self.square, self._units[CompareMode.CHECKERBOARD]),
            CompareMode.FLICKER: (self.rate, self._units[CompareMode.FLICKER], self.pause),
            CompareMode.DIFFERENCE: (plus_minus, self.span, self._units[CompareMode.DIFFERENCE]),
            CompareMode.RED_GREEN: (self.cyan,),
        }
        found = tuple(widget for widgets in self._own.values() for widget in widgets)
        for widget in found:
            widget.hide()  # all of them at once would be wider than a small window has room for
        return found

    def _number(self, bounds: Bounds, step: float, name: str, field: str) -> NumberBox:
        box = NumberBox(bounds, step)
        box.setAccessibleName(name)
        box.set_tip(name)
        box.setFixedWidth(56)
        box.edited.connect(lambda value: self._change(**{field: value}))
        return box

    def _question(self) -> QWidget:
        question = QWidget()
        line = QHBoxLayout(question)
        line.setContentsMargins(theme.SECTION_GAP, theme.GRID, theme.GRID, theme.GRID)
        line.setSpacing(theme.MARGIN)
        self._sentence = Elided()
        self.anyway = push_button(tr("Compare anyway"), self._session.comparing.consent,
                                  tip=tr("Show the two by the coordinates they state"))  # fmt: skip
        dismiss = flat_button("close", tr("Do not compare"), self._dismiss)
        line.addWidget(self._sentence, 1)
        line.addWidget(self.anyway)
        line.addWidget(dismiss)
        return question

    def _dress(self) -> None:
        colors = theme.colors()
        self.setStyleSheet(f"CompareBar {{ background: {colors.panel}; border-bottom: 1px solid {colors.line}; }}")

    # ---------------------------------------------------------------- from the model

    def _ask(self, question: Question) -> None:
        self._make()
        self._sentence.setText(question.says)
        self._pages.setCurrentIndex(1)
        self.show()
        self.anyway.setFocus(Qt.FocusReason.OtherFocusReason)

    def _dismiss(self) -> None:
        if self._session.view.compare is None:
            self.hide()
        else:
            self._show()

    def _layer_changed(self, what: str) -> None:
        if what in ("name", "frames", "width"):
            self._show()

    def _show(self, *_args: object) -> None:
        compare, find = self._session.view.compare, self._session.comparing.find
        self.setVisible(compare is not None)
        names = (compare.first, compare.second) if compare is not None else ("", "")
        for watch, name in zip(self._watches, names, strict=True):
            watch.on(find(name))
        if compare is None:
            return
        self._make()
        self._pages.setCurrentIndex(0)
        options = self._session.comparing.choices()
        for choice, chosen in ((self.first, compare.first), (self.second, compare.second)):
            choice.set_options(options)
            choice.set_value(chosen)
        self._group.button([row[0] for row in MODES].index(compare.mode)).setChecked(True)
        for mode, widgets in self._own.items():
            for widget in widgets:
                widget.setVisible(mode is compare.mode)
        self._show_numbers(compare)

    def _show_numbers(self, compare: Compare) -> None:
        self.level.setChecked(compare.level)
        self.square.set_value(compare.square)
        self.rate.set_value(compare.rate)
        self.pause.setChecked(compare.paused)
        self.pause.setIcon(theme.icon("play" if compare.paused else "pause"))
        self.cyan.setChecked(compare.cyan)
        first, second = (self._session.comparing.find(name) for name in (compare.first, compare.second))
        if isinstance(first, ImageLayer) and isinstance(second, ImageLayer):
            unit = "mm" if first.geometry.has_lengths else "px"
            self._units[CompareMode.CHECKERBOARD].setText(unit)
            values = same_quantity(first.volume, second.volume)
            self._units[CompareMode.DIFFERENCE].setText(first.volume.unit if values else tr("of full brightness"))
            self.span.set_value(difference_span(first, second, compare))

    # ---------------------------------------------------------------- from the user

    def _change(self, **changes: object) -> None:
        try:
            self._session.comparing.change(**changes)
        except Refused as refusal:
            self._session.notice.emit(str(refusal), "warning")
            self._show()
