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


def _needs_copy(session: Session) -> str:
    """Return why not, or nothing."""
    return tr("Copy a slice of a label first.") if session.slice_copies.is_empty else needs_labels(session)


def _copy(window: MainWindow) -> None:
    pane = window.canvas_in_use().pane_in_use()
    if pane is not None and pane.frame is not None:
        window.session.slice_copies.copy(pane.frame, pane.index)


def _paste(window: MainWindow) -> None:
    pane = window.canvas_in_use().pane_in_use()
    if pane is not None and pane.frame is not None:
        window.session.slice_copies.paste(pane.frame, pane.index)


def _copy_on(window: MainWindow, step: int) -> None:
    pane = window.canvas_in_use().pane_in_use()
    if pane is not None and pane.frame is not None:
        pane.go_to(window.session.slice_copies.copy_on(pane.frame, pane.index, step))


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
    Entry("segment.copy_slice", "Segment", "&Copy slice of label", _copy, (), "content-copy",
          needs_labels, tip="Copy what the slice under the mouse shows of the active label", separator=True),
    Entry("segment.paste_slice", "Segment", "&Paste slice of label", _paste, (),
          "content-paste", _needs_copy, tip="Add what was copied to the active label on the slice under the mouse"),
    Entry("segment.copy_on", "Segment", "Copy label to the &next slice", lambda w: _copy_on(w, 1),
          ("Ctrl+Shift+Down",), "", needs_labels, tip="Add the active label of this slice to the next, and go there",
          shown_only=True),
    Entry("segment.copy_back", "Segment", "Copy label to the pre&vious slice", lambda w: _copy_on(w, -1),
          ("Ctrl+Shift+Up",), "", needs_labels,
          tip="Add the active label of this slice to the previous one, and go there", shown_only=True),
)  # fmt: skip
