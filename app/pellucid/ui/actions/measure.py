"""The menu Measure: drawing tools, what is seen of measurements, and taking them away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.model.view import Tool
from pellucid.ui.actions.entry import Entry

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def needs_measurements(session: Session) -> str:
    """Return why not, or nothing."""
    return "" if len(session.document.annotations) else tr("There are no measurements yet.")


def _tool(tool: Tool, title: str, key: str, picture: str, tip: str) -> Entry:
    return Entry(f"tool.{tool}", "Measure", title, lambda w: w.set_tool(tool), (key,) if key else (), picture,
                 checked=lambda s: s.view.tool == tool, group="tool", tip=tip, shown_only=True, tool=tool)  # fmt: skip


def _flip(window: MainWindow, field: str) -> None:
    view = window.session.view
    setattr(view, field, not getattr(view, field))


def export_measurements(window: MainWindow) -> None:
    """Ask for a file and write all measurements to it."""
    from PySide6.QtWidgets import QFileDialog

    from pellucid.session.measurement_export import export

    name, chosen = QFileDialog.getSaveFileName(
        window, tr("Export measurements"), "measurements.csv", tr("Table (*.csv);;JSON (*.json)"))  # fmt: skip
    if name:
        path = Path(name)
        export(window.session, path if path.suffix else path.with_suffix(".json" if "json" in chosen else ".csv"))


ROWS: tuple[Entry, ...] = (
    _tool(Tool.LENGTH, "&Length", "D", "ruler", "Drag or click twice: length and profile · Shift: multiples of 45°"),
    _tool(Tool.POLYLINE, "Pol&yline", "Y", "vector-polyline",
          "Click each point; double click or Enter ends, Backspace takes a point back"),
    _tool(Tool.ANGLE, "&Angle", "A", "angle-acute", "Click an arm, the vertex and the other arm"),
    _tool(Tool.COBB, "&Cobb angle", "", "angle-obtuse", "Drag two lines: the acute angle between them"),
    _tool(Tool.RECTANGLE, "&Rectangle", "R", "rectangle-outline",
          "Drag or click two corners: statistics of what lies inside · Shift: equal sides"),
    _tool(Tool.ELLIPSE, "&Ellipse", "E", "ellipse-outline",
          "Drag or click two corners: statistics of what lies inside · Shift: equal sides"),
    _tool(Tool.POLYGON, "&Polygon", "P", "vector-polygon",
          "Click each corner; double click, Enter or the first corner ends, Backspace takes a corner back"),
    _tool(Tool.FREEHAND, "&Freehand region", "", "lasso", "Drag around a region: statistics of what lies inside"),
    _tool(Tool.POINT, "P&oint", "", "crosshairs-gps", "Click: the value at this place"),
    _tool(Tool.ARROW, "Arro&w", "", "arrow-top-left-thin", "Drag from the tip; double click the arrow to write"),
    _tool(Tool.TEXT, "&Text", "", "format-text", "Click and write"),
    Entry("measure.show", "Measure", "&Show measurements", lambda w: _flip(w, "show_measurements"), ("Shift+M",),
          icon="eye-outline",
          checked=lambda s: s.view.show_measurements, separator=True, shown_only=True),
    Entry("measure.neighbours", "Measure", "Show those of &neighbouring slices",
          lambda w: _flip(w, "neighbour_measurements"), checked=lambda s: s.view.neighbour_measurements,
          tip="Measurements up to two slices away are drawn faint and dashed"),
    Entry("measure.dock", "Measure", "&List of measurements", lambda w: w.show_dock("Measurements"), (),
          "format-list-bulleted"),
    Entry("measure.export", "Measure", "E&xport measurements…", export_measurements, (), "export-variant",
          needs_measurements, tip="Write all measurements to a CSV or JSON file; no patient is named",
          separator=True),
    Entry("measure.delete_all", "Measure", "&Delete all measurements", lambda w: w.session.measuring.remove_all(), (),
          "delete-outline", needs_measurements),
)  # fmt: skip
