"""The brush on turned planes: what is painted is what the plane shows under the brush."""

from __future__ import annotations

import numpy as np
import pytest

import phantoms
from pellucid.history.stroke import Stroke
from pellucid.model.geometry import IDENTITY
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.model.oblique import ObliqueFrame, combined, turn_about, turned_frame
from pellucid.model.slicing import Sight, layer_plane
from pellucid.model.view import Plane

TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -34), IDENTITY)
KINDS = {name: geometry for name, geometry in phantoms.every_kind().items() if not geometry.is_planar}


@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
@pytest.mark.parametrize("kind", KINDS)
def test_a_dab_fills_the_disc_that_is_seen_and_little_else(kind: str, plane: Plane) -> None:
    geometry = KINDS[kind]
    array = np.zeros(geometry.size[::-1], np.uint8)
    layer = LabelLayer("Labels", LabelMap(geometry, array, (Label(1, "one", "#ff0000"),)))
    middle = tuple(n // 2 for n in geometry.size)
    place = geometry.index_to_world(middle)
    frame = turned_frame(geometry, plane, place, rotation=TURNED)
    assert isinstance(frame, ObliqueFrame)
    index = frame.slice_index(place)
    stroke = Stroke(layer, 1, frame, index)
    radius = 2.2 * max(geometry.spacing)
    stroke.dab(place, 2 * radius)
    command = stroke.commit()
    assert command is not None and not command.is_empty
    u, v = frame.plane_coordinates(place)
    sight = Sight((u - 3 * radius, v - 3 * radius, u + 3 * radius, v + 3 * radius), min(geometry.spacing) / 2)
    image = layer_plane(layer.labels.array, geometry, frame, index, sight=sight)
    assert image is not None
    a, _, c, _, e, f = image.transform
    rows, columns = np.mgrid[: image.array.shape[0], : image.array.shape[1]]
    away = np.hypot(a * columns + c - u, e * rows + f - v)
    reach = np.linalg.norm(geometry.spacing) / 2  # a voxel belongs to the brush by its centre
    world = frame.world_at(0, 0, index) + (a * columns + c)[..., None] * frame.right
    index_there = geometry.world_to_index((world + (e * rows + f)[..., None] * frame.down).reshape(-1, 3))
    inside = np.array([geometry.contains(i) for i in index_there]).reshape(away.shape)
    if geometry.is_even:
        assert (image.array[inside & (away < radius - reach)] == 1).all()
    assert (image.array[away > radius + reach] == 0).all()
    z, y, x = np.nonzero(layer.labels.array)
    offset = geometry.index_to_world(np.stack([x, y, z], axis=-1)) - frame.world_at(u, v, index)
    half = np.abs(frame.normal @ geometry.axes) @ np.array(geometry.spacing) / 2
    assert np.abs(offset @ frame.normal).max() <= half + 1e-6  # only voxels that the plane cuts


def test_a_stroke_on_a_turned_plane_is_taken_back_whole() -> None:
    geometry = phantoms.grid()
    labels = LabelMap(geometry, np.zeros(geometry.size[::-1], np.uint8), (Label(1, "one", "#ff0000"),))
    layer = LabelLayer("Labels", labels)
    frame = turned_frame(geometry, Plane.AXIAL, geometry.centre(), rotation=TURNED)
    stroke = Stroke(layer, 1, frame, frame.slice_index(geometry.centre()))
    stroke.dab(geometry.centre(), 6.0)
    stroke.dab(geometry.centre() + 3 * frame.right, 6.0)
    assert layer.labels.array.any()
    stroke.abort()
    assert not layer.labels.array.any()
