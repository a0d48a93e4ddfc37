"""What the menu of a pane offers for the measurement under the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from pellucid.language import tr
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.findings import Refused
from pellucid.session.calibrating import obstacle
from pellucid.session.outlining import why_not_fill
from pellucid.ui.canvas.measure_editor import ask_length, edit_annotation
from pellucid.ui.canvas.measure_overlay import MeasureOverlay

if TYPE_CHECKING:
    from pellucid.ui.canvas.slice_view import SliceView


def measurement_under_mouse(pane: SliceView) -> Annotation | None:
    """Return the measurement the mouse is on, or None."""
    at = pane.mouse.at
    for overlay in pane.overlays:
        if isinstance(overlay, MeasureOverlay) and at is not None:
            found = overlay.hit(pane, at)
            return found[0] if found is not None else None
    return None


def fill_measure_menu(menu: QMenu, pane: SliceView) -> None:
    """Offer what can be done with the measurement under the mouse, first in the menu."""
    annotation = measurement_under_mouse(pane)
    if annotation is None:
        return
    measuring = pane.session.measuring
    measuring.select(annotation)
    worded = annotation.kind in (Kind.TEXT, Kind.ARROW)
    menu.setToolTipsVisible(True)
    menu.addAction(tr("Write …") if worded else tr("Name …"), lambda: edit_annotation(pane, annotation))
    if annotation.kind is Kind.LENGTH:
        why = obstacle(pane.session, annotation)
        action = menu.addAction(tr("Calibrate: this line is … mm"), lambda: ask_length(pane, annotation))
        action.setEnabled(not why)
        action.setToolTip(why or tr("Type how long the line is; the image gets its spacing from it"))
    if annotation.is_region:
        why = why_not_fill(pane.session)
        action = menu.addAction(tr("Fill with the active label"), lambda: _fill(pane, annotation))
        action.setEnabled(not why)
        action.setToolTip(why or tr("Paint the voxels inside on this slice with the active label"))
    menu.addAction(tr("Delete\tDel"), lambda: measuring.remove(annotation))
    menu.addSeparator()


def _fill(pane: SliceView, annotation: Annotation) -> None:
    try:
        pane.session.outlining.fill_region(annotation)
    except Refused as reason:
        pane.session.notice.emit(str(reason), "warning")
