"""The tools that draw outlines of labels, and what the one in force does: how deep, and how the scissors cut."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from psygnal import EmissionInfo
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.view import OUTLINES, Cut, CutShape, Depth, Tool
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, flat_button, row
from pellucid.ui.forms.controls import NumberBox, Segmented
from pellucid.ui.forms.numbers import Bounds

if TYPE_CHECKING:
    from pellucid.session import Session

OUTLINE_TOOLS = (
    (Tool.LABEL_POLYGON, "vector-polygon-variant", mark("Polygon of the label"),
     mark("Click each corner of what belongs to the active label (Shift+P). Ctrl erases.")),
    (Tool.LABEL_LASSO, "draw", mark("Lasso of the label"),
     mark("Drag around what belongs to the active label (J). Ctrl erases.")),
    (Tool.LABEL_RECTANGLE, "rectangle", mark("Rectangle of the label"),
     mark("Drag a rectangle to fill (Shift+R). Ctrl erases, Shift keeps it square.")),
    (Tool.LABEL_ELLIPSE, "ellipse", mark("Ellipse of the label"),
     mark("Drag an ellipse to fill (Shift+O). Ctrl erases, Shift makes it a circle.")),
    (Tool.LIVE_WIRE, "vector-curve", mark("Live wire"),
     mark("Click along an edge of the image: the outline follows it (V). Ctrl erases, Shift leads straight.")),
    (Tool.SCISSORS, "content-cut", mark("Scissors"),
     mark("Cut the active label along an outline, through all slices unless set otherwise (X).")),
)  # fmt: skip
_DEPTHS = (
    (Depth.SLICE, mark("Slice"), mark("Only the slice that is drawn on")),
    (Depth.NEAR, mark("Near"), mark("All slices within a distance of the one that is drawn on, on both sides")),
    (Depth.ALL, mark("All"), mark("Straight through all slices")),
)
_CUTS = (
    (Cut.FILL, mark("Fill"), mark("Fill what is inside with the active label")),
    (Cut.ERASE, mark("Erase"), mark("Erase the active label inside; other labels stay")),
    (Cut.KEEP, mark("Keep"), mark("Erase the active label outside; other labels stay")),
)
_SHAPES = (
    (CutShape.FREEHAND, "draw", mark("Lasso")),
    (CutShape.POLYGON, "vector-polygon-variant", mark("Polygon")),
    (CutShape.RECTANGLE, "rectangle", mark("Rectangle")),
    (CutShape.ELLIPSE, "ellipse", mark("Ellipse")),
)


class OutlineBox(QWidget):
    """A row of tools; below it the options of the one in force, and nothing while none is."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._view = session, session.view
        self.tools = {
            tool: flat_button(glyph, tr(name), partial(self._use, tool), checkable=True, tip=tr(tip))
            for tool, glyph, name, tip in OUTLINE_TOOLS
        }
        self.depths = _choice(_DEPTHS, mark("Depth: {choice}"))
        self.cuts = _choice(_CUTS, mark("Scissors: {choice}"))
        self.shapes = {
            shape: flat_button(glyph, tr("Scissors shape: {shape}", shape=tr(name)), partial(self._shape, shape),
                               checkable=True, tip=tr(name))
            for shape, glyph, name in _SHAPES
        }  # fmt: skip
        self.reach = NumberBox(Bounds(0.1, 1000.0), 1.0)
        self.reach.setAccessibleName(tr("Distance to each side"))
        self.reach.set_tip(tr("How far from the slice the outline reaches, to each side"))
        self.unit = QLabel("mm")
        self.unit.setProperty("dim", True)
        self._lay_out()
        self.depths.chosen.connect(self._set_depth)
        self.cuts.chosen.connect(lambda cut: setattr(self._view, "cut", cut))
        self.reach.edited.connect(lambda value: setattr(self._view, "outline_reach", value))
        self._view.events.connect(self._view_changed)
        session.document.active_changed.connect(self._changed)
        self._changed()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        column.addWidget(row(*self.tools.values()))
        self.options = QWidget()
        grid = QGridLayout(self.options)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(theme.GRID)
        grid.setColumnStretch(1, 1)
        self._near = row(self.reach, self.unit)
        self._lines: dict[str, tuple[QWidget, QWidget]] = {}
        lines: tuple[tuple[str, str, QWidget], ...] = (
            ("cut", tr("Scissors"), self.cuts), ("shape", tr("Shape"), row(*self.shapes.values())),
            ("depth", tr("Depth"), self.depths), ("near", tr("Distance"), self._near),
        )  # fmt: skip
        for n, (name, title, control) in enumerate(lines):
            label = QLabel(title)
            label.setBuddy(self.reach if name == "near" else control)
            grid.addWidget(label, n, 0)
            grid.addWidget(control, n, 1)
            self._lines[name] = label, control
        column.addWidget(self.options)

    def _use(self, tool: Tool) -> None:
        self._view.tool = Tool.WINDOW if self._view.tool == tool else tool
        self._changed()

    def _shape(self, shape: CutShape) -> None:
        self._view.cut_shape = shape
        self._changed()

    def _set_depth(self, depth: Depth) -> None:
        setattr(self._view, "cut_depth" if self._view.tool is Tool.SCISSORS else "outline_depth", depth)

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name in ("tool", "outline_depth", "cut_depth", "outline_reach", "cut", "cut_shape"):
            self._changed()

    def _changed(self, *_args: object) -> None:
        view, scissors = self._view, self._view.tool is Tool.SCISSORS
        depth = view.cut_depth if scissors else view.outline_depth
        for tool, button in self.tools.items():
            button.setChecked(view.tool is tool)
        for shape, button in self.shapes.items():
            button.setChecked(view.cut_shape is shape)
        self.depths.set_value(depth)
        self.cuts.set_value(view.cut)
        if not self.reach.hasFocus() or self.reach.value() != view.outline_reach:
            self.reach.set_value(view.outline_reach)
        shown = {"cut": scissors, "shape": scissors, "depth": True, "near": depth is Depth.NEAR}
        for name, line in self._lines.items():
            for widget in line:
                widget.setVisible(shown[name])
        self.options.setVisible(view.tool in OUTLINES)
        reference = self._session.document.reference
        self.unit.setText("mm" if reference is None or all(reference.known_spacing) else "px")


def _choice(rows: tuple[tuple[Any, str, str], ...], name: str) -> Segmented:
    choice = Segmented(tuple((tr(title), value) for value, title, _tip in rows))
    for button, (_value, title, tip) in zip(choice.buttons, rows, strict=True):
        described(button, tr(name, choice=tr(title)), tr(tip))
    return choice
