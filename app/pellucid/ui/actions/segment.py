"""The menu Segment: labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.ui.actions.entry import Entry, needs_image, needs_labels

if TYPE_CHECKING:
    from pellucid.ui.main_window import MainWindow


def export_surface(window: MainWindow) -> None:
    """Show the dialog that writes the surfaces of labels."""
    from PySide6.QtCore import Qt

    from pellucid.ui.dialogs.surface import SurfaceDialog

    dialog = SurfaceDialog(window.session, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


ROWS: tuple[Entry, ...] = (
    Entry("segment.labels", "Segment", "New &label layer", lambda w: w.new_label_layer(), (), "layers-plus",
          needs_image),
    Entry("segment.show", "Segment", "&Show labels", lambda w: w.canvas_in_use().toggle_labels(), ("G",),
          icon="eye-outline", why_not=needs_labels,
          shown_only=True),
    Entry("segment.surface", "Segment", "Export s&urface…", export_surface, (), "vector-triangle", needs_labels,
          tip="Write labels as meshes for printing and planning: STL, PLY or OBJ, in mm"),
)  # fmt: skip
