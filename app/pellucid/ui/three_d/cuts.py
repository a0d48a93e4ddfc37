"""What the slice planes show: the active image, cut through the crosshair and coloured by its window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.model.geometry import Floats
from pellucid.model.layer import ImageLayer
from pellucid.model.oblique import turned_frame
from pellucid.model.planes import PlaneFrame
from pellucid.model.slicing import layer_plane
from pellucid.model.view import Plane
from pellucid.session.spaces import space_of
from pellucid.ui.canvas.lookup import Colorer, Look, fill_value

if TYPE_CHECKING:
    from pellucid.session import Session

PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)


@dataclass(frozen=True, eq=False)
class Cut:
    """A picture in the world: pixels (rows, columns, 4) between a corner and the corners right of and below it."""

    plane: Plane
    pixels: NDArray[np.uint8]
    corner: Floats
    right: Floats
    down: Floats
    smooth: bool
    opaque: bool


def cuts(session: Session, colorer: Colorer) -> list[Cut]:
    """Return the three planes through the crosshair, or the acquired one where there is no other.

    An image that may not be laid over what the crosshair lies in is cut where a pane that shows it looks.
    """
    image, space, view = session.document.active_image, space_of(session), session.view
    grid = space.grid
    if image is None or grid is None or not image.visible:
        return []
    wanted = (Plane.ACQUIRED,) if grid.is_planar else PLANES
    found = []
    for plane in wanted:
        frame = turned_frame(grid, plane, space.point, mode=view.plane_mode, rotation=view.rotation)
        cut = _cut(image, frame, frame.slice_index(space.point), colorer)
        if cut is not None:
            found.append(cut)
    return found


def _cut(image: ImageLayer, frame: PlaneFrame, index: int, colorer: Colorer) -> Cut | None:
    volume = image.placed
    shown = layer_plane(volume.array, volume.geometry, frame, index, fill=fill_value(volume.dtype))
    if shown is None:
        return None
    values = shown.array
    rows, columns = values.shape[:2]
    colors = np.empty((rows, columns), np.uint32)
    clear = shown.axis < 0
    colorer.color(np.ascontiguousarray(values), Look.of_layer(image), colors, clear=clear)
    pixels = np.ascontiguousarray(colors.view(np.uint8).reshape(rows, columns, 4)[..., [2, 1, 0, 3]])
    a, b, c, d, e, f = shown.transform

    def world(column: float, row: float) -> Floats:
        return frame.world_at(a * column + b * row + c, d * column + e * row + f, index)

    corner = world(-0.5, -0.5)
    return Cut(frame.plane, pixels, corner, world(columns - 0.5, -0.5), world(-0.5, rows - 0.5),
               image.display.interpolate, not clear)  # fmt: skip
