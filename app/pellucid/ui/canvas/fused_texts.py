"""What a pane says of images that are fused there: the other windows, all values at the crosshair, and doubts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.language import tr
from pellucid.session.looking import told
from pellucid.ui.canvas.corner_texts import DIM, TEXT, Line, layer_window

if TYPE_CHECKING:
    from pellucid.model.layer import ImageLayer
    from pellucid.ui.canvas.slice_view import SliceView

_CROSSHAIR = "✛"


def fused_lines(pane: SliceView) -> tuple[Line, ...]:
    """Return the lines, the outermost first; none where a pane shows no fusion."""
    session, image = pane.session, pane.image
    if image is None or not image.visible:
        return ()
    here = session.viewing.layers(pane.state)
    others = [layer for layer in session.fusing.fused_with(image) if layer in here]
    if not others:
        return ()
    windows = tuple((f"{_short(layer)} {layer_window(layer)}", DIM) for layer in others if not layer.shows_colour)
    return (*windows, (f"{_CROSSHAIR} {_values(pane, [*others, image])}", TEXT))


def _values(pane: SliceView, images: list[ImageLayer]) -> str:
    world = pane.session.viewing.position(pane.state)
    ordered = sorted(images, key=pane.session.document.position)
    return " · ".join(told(layer.placed.value_at(world), layer.volume, short=True) for layer in ordered)


def _short(layer: ImageLayer) -> str:
    return layer.volume.acquisition.modality or layer.name


def overlay_doubts(pane: SliceView) -> str:
    """Return what lies on another here though nothing says that it does so rightly, and what was left out."""
    consenting, compared = pane.session.consenting, pane.comparison.layers is not None
    drawn = pane.comparison.drawn(pane.session.viewing.layers(pane.state))
    lines = [tr("Unregistered overlay: {name}", name=one.above.name) for one in consenting.doubtful(drawn)]
    left = () if compared else consenting.withheld(pane.state)
    return "\n".join((*lines, *(tr("Not overlaid: {name}", name=one.above.name) for one in left)))
