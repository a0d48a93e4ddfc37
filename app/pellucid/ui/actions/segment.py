"""The menu Segment: labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.ui.actions.entry import Entry, needs_image, needs_labels

if TYPE_CHECKING:
    from pellucid.session import Session
    from pellucid.ui.main_window import MainWindow


def _export_surface(window: MainWindow) -> None:
    """Show the dialog that writes the surfaces of labels."""
    from PySide6.QtCore import Qt

    from pellucid.ui.dialogs.surface import SurfaceDialog

    dialog = SurfaceDialog(window.session, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


def _needs_map(session: Session) -> str:
    found = session.agreeing.open and session.agreeing.answer is not None
    return "" if found else tr("Compare two masks first: Segment ▸ Compare masks.")


def _flip_map(window: MainWindow) -> None:
    agreeing = window.session.agreeing
    agreeing.shown = not agreeing.shown


ROWS: tuple[Entry, ...] = (
    Entry("segment.labels", "Segment", "New &label layer", lambda w: w.new_label_layer(), (), "layers-plus",
          needs_image),
    Entry("segment.show", "Segment", "&Show labels", lambda w: w.canvas_in_use().toggle_labels(), ("G",),
          icon="eye-outline", why_not=needs_labels,
          shown_only=True),
    Entry("segment.surface", "Segment", "Export s&urface…", _export_surface, (), "vector-triangle", needs_labels,
          tip="Write labels as meshes for printing and planning: STL, PLY or OBJ, in mm"),
    Entry("segment.compare", "Segment", "&Compare masks", lambda w: w.show_dock("Compare masks"), (), "set-center",
          needs_labels, tip="How well two labels or layers agree: Dice, Hausdorff …; several raters",
          separator=True),
    Entry("segment.agreement", "Segment", "Show &agreement", _flip_map, (), why_not=_needs_map,
          checked=lambda s: s.agreeing.shown, tip="Colour where the compared masks agree and where not"),
    Entry("segment.table", "Segment", "&Table of objects", lambda w: w.show_dock("Table"), (), "table-large",
          tip="Every label or object with its size, shape, values and texture; plots, export, batch", separator=True),
)  # fmt: skip
