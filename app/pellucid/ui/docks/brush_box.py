"""The tools of labels: a button for each, the options of the one in force, and what limits them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import EmissionInfo
from PySide6.QtWidgets import QVBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.model.view import BRUSHES, Tool
from pellucid.ui import theme
from pellucid.ui.docks.between_box import BetweenBox
from pellucid.ui.docks.limit_box import LimitBox
from pellucid.ui.docks.outline_box import OUTLINE_TOOLS, OutlineBox
from pellucid.ui.docks.parts import Panel, dim, flat_button, row, rule, scrolling, section
from pellucid.ui.docks.tool_options import BrushOptions, FillOptions, IslandOptions, StrictnessRow, WandOptions

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.session import Session

TOOLS: tuple[tuple[Tool, str, str, str], ...] = (
    (Tool.BRUSH, "brush", mark("Brush"), mark("Paint the active label (B). Ctrl erases for one stroke.")),
    (Tool.ERASER, "eraser", mark("Eraser"), mark("Erase labels under the brush (Shift+E).")),
    (Tool.SMART_BRUSH, "brush-variant", mark("Smart brush"),
     mark("Paint only what is like the middle of the brush, up to the edge (Shift+B). Ctrl erases.")),
    (Tool.FILL, "format-color-fill", mark("Fill"),
     mark("Click a hole to fill it, or a label to turn it into the active one (Shift+F). Ctrl erases it.")),
    (Tool.WAND, "magic-staff", mark("Wand"),
     mark("Click to take connected voxels of similar values; drag up or down to take more or less (U). Ctrl erases.")),
    (Tool.PICK_LABEL, "eyedropper", mark("Pick label"),
     mark("Click a label to make it the active one (L; held, the tool before returns).")),
    (Tool.ISLAND, "chart-bubble", mark("Island"),
     mark("Click a part of the active label to keep only that part (Shift+U). Ctrl removes it instead.")),
)  # fmt: skip


def _load(_job: Job) -> None:
    """Load what finds connected voxels, half a second's work, before the first click needs it."""
    import scipy.ndimage  # noqa: F401


class LabelToolsPanel(Panel):
    """The dock of the tools of labels; the window shows it when one of them is chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(mark("Label tools"), parent)
        self.set_header(tr("Label tools"))
        self.setMinimumWidth(0)
        self.box = BrushBox(session)
        self.column.addWidget(scrolling(self.box), 1)
        session.jobs.query("label tools", tr("Label tools"), _load, quiet=True)


class BrushBox(QWidget):
    """The controls of all tools of labels; they show and set the view's state, which keys and wheel change too."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = session.view
        self.buttons = {
            tool: flat_button(glyph, tr(name), lambda tool=tool: self._use(tool), checkable=True, tip=tr(tip))  # type: ignore[misc]
            for tool, glyph, name, tip in TOOLS
        }
        self.brush = self.buttons[Tool.BRUSH]
        self.hint = dim()
        self.sizes = BrushOptions(session)
        self.shape, self.slider, self.diameter = self.sizes.shape, self.sizes.slider, self.sizes.diameter
        self.strictness = StrictnessRow(session)
        self.fill, self.wand, self.island = FillOptions(session), WandOptions(session), IslandOptions(session)
        self.outlines = OutlineBox(session)
        self.between, self.limits = BetweenBox(session), LimitBox(session)
        self._shown_for: tuple[tuple[QWidget, frozenset[Tool]], ...] = (
            (self.sizes, BRUSHES),
            (self.strictness, frozenset({Tool.SMART_BRUSH})),
            (self.fill, frozenset({Tool.FILL})),
            (self.wand, frozenset({Tool.WAND})),
            (self.island, frozenset({Tool.ISLAND})),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GRID)
        options = (widget for widget, _tools in self._shown_for)
        for part in (
            row(*self.buttons.values()), self.outlines, self.hint, *options, rule(), section(tr("Limits")),
            self.limits, rule(), row(self.between.opener), self.between,
        ):  # fmt: skip
            column.addWidget(part)
        column.addStretch(1)
        self._view.events.connect(self._view_changed)
        self._changed()

    def _use(self, tool: Tool) -> None:
        self._view.tool = Tool.WINDOW if self._view.tool == tool else tool
        self._changed()

    def _view_changed(self, info: EmissionInfo) -> None:
        if info.signal.name == "tool":
            self._changed()

    def _changed(self) -> None:
        used = self._view.tool
        for tool, button in self.buttons.items():
            button.setChecked(tool == used)
        known = (*TOOLS, *OUTLINE_TOOLS)
        said = next((f"{tr(name)}: {tr(tip)}" for tool, _glyph, name, tip in known if tool == used), "")
        self.hint.setText(said or tr("Choose a tool to change labels on the image."))
        for widget, tools in self._shown_for:
            widget.setVisible(used in tools)
