"""What a 3-D view may draw together: what lies with the active image, and the place in that world it is cut at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.model.geometry import Geometry, Vector
from pellucid.model.layer import LabelLayer, Layer
from pellucid.model.shapes import vector

if TYPE_CHECKING:
    from pellucid.model.view import PaneState
    from pellucid.session.session import Session


@dataclass(frozen=True, eq=False)
class Space:
    """The label layers that lie with the active image, and those that are seen elsewhere but may not be drawn with it.

    Planes are cut through ``point`` along the axes of ``grid``; it is the place of a ``pane`` that shows another world
    than the crosshair lies in, else that of the crosshair, unless that ``is_elsewhere``.
    """

    labels: tuple[LabelLayer, ...] = ()
    left_out: tuple[LabelLayer, ...] = ()
    grid: Geometry | None = None
    point: Vector = (0.0, 0.0, 0.0)
    pane: PaneState | None = None
    is_elsewhere: bool = False


def space_of(session: Session) -> Space:
    """Return what may be drawn with the active image, or with the lowest layer where no image is open."""
    document, together = session.document, session.consenting.lie_together
    lowest = next((one for one in document.images if one.lies is None), next(iter(document.images), None))
    lead: Layer | None = document.active_image or lowest or next(iter(document.layers), None)
    if lead is None:
        return Space()
    labels = tuple(one for one in document.label_layers if together(lead, one))
    left_out = tuple(one for one in document.label_layers if one.visible and one not in labels)
    if lowest is None or together(lowest, lead):
        return Space(labels, left_out, document.reference, session.view.crosshair)
    return Space(labels, left_out, lead.geometry, *_place(session, lead), is_elsewhere=True)


def _place(session: Session, lead: Layer) -> tuple[Vector, PaneState | None]:
    """Return where the first pane that shows a layer looks; the middle of the layer where none does."""
    shown = (pane for screen in session.view.screens for pane in screen.shown if not pane.information)
    pane = next((pane for pane in shown if lead in session.viewing.layers(pane)), None)
    if pane is None:
        return vector(lead.geometry.centre()), None
    return session.viewing.position(pane), pane
