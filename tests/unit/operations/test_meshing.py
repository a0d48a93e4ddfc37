"""Surfaces of labels against balls, ellipsoids and boxes whose area and volume are known, on grids of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.model.geometry import Geometry
from pellucid.operations.engines import meshing
from pellucid.operations.engines.meshes import Mesh
from pellucid.operations.engines.meshing import Softness, label_boxes, mesh_of

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
SHEARED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.3, 0.0, 0.0, float(np.sqrt(1 - 0.09)))
MIRRORED = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
GRIDS = {
    "plain": Geometry((52, 50, 48)),
    "anisotropic": Geometry((76, 74, 21), (0.7, 0.7, 2.5), (5.0, -7.0, 9.0)),
    "oblique": Geometry((52, 50, 48), (1.0, 1.0, 1.0), (-30.0, 12.0, 100.0), OBLIQUE),
    "sheared": Geometry((52, 66, 48), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), SHEARED),
    "mirrored": Geometry((52, 50, 48), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), MIRRORED),
    "uneven": Geometry((52, 50, 40), slice_positions=tuple(np.cumsum(np.tile([1.0, 0.7, 1.6, 1.0], 10)) - 1.0)),
}
SOFT = 0.8


def world(geometry: Geometry) -> np.ndarray:
    """Return the place of every voxel, shape (z, y, x, 3)."""
    z, y, x = np.indices(geometry.size[::-1])
    return geometry.index_to_world(np.stack([x, y, z], axis=-1).reshape(-1, 3)).reshape(*geometry.size[::-1], 3)


def ellipsoid(geometry: Geometry, radii) -> np.ndarray:
    return (((world(geometry) - geometry.centre()) / np.array(radii)) ** 2).sum(axis=-1) <= 1


def soft(geometry: Geometry, steps: int = 10, width: float = SOFT) -> Softness:
    x, y, z = (width / step for step in geometry.spacing)
    return Softness((x, y, z), steps)


def quiet(_done: float) -> None:
    """Hear nothing."""


def made(mask, geometry, softness):
    return mesh_of(mask, (0, 0, 0), geometry.index_to_world, softness, quiet)


def check_closed(mesh: Mesh) -> None:
    """Every edge belongs to two triangles that run along it in opposite ways."""
    f = mesh.faces.astype(np.int64)
    ends = np.concatenate([f[:, [0, 1]], f[:, [1, 2]], f[:, [2, 0]]])
    there, counts = np.unique(ends[:, 0] * len(mesh.points) + ends[:, 1], return_counts=True)
    back = np.unique(ends[:, 1] * len(mesh.points) + ends[:, 0])
    assert (counts == 1).all() and np.array_equal(there, back)


def euler(mesh: Mesh) -> int:
    """Return points minus edges plus triangles: 2 for a sphere."""
    return len(mesh.points) - len(mesh.faces) * 3 // 2 + len(mesh.faces)


@pytest.mark.parametrize("name", GRIDS)
def test_a_smoothed_ball_has_area_and_volume_of_the_ball(name):
    geometry, radius = GRIDS[name], 18.0
    mesh = made(ellipsoid(geometry, (radius,) * 3), geometry, soft(geometry)).mesh
    check_closed(mesh)
    assert euler(mesh) == 2
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.012)
    assert mesh.area == pytest.approx(4 * np.pi * radius**2, rel=0.03 if name == "anisotropic" else 0.015)
    outwards = mesh.points - geometry.centre()
    assert np.abs(np.linalg.norm(outwards, axis=1) - radius).max() < 0.9 * max(geometry.spacing)
    assert ((mesh.normals * outwards).sum(axis=1) > 0).all(), "normals point outwards"


def test_an_ellipsoid_after_knud_thomsen():
    geometry, (a, b, c) = GRIDS["oblique"], (20.0, 12.0, 16.0)
    mesh = made(ellipsoid(geometry, (a, b, c)), geometry, soft(geometry)).mesh
    p = 1.6075
    area = 4 * np.pi * (((a * b) ** p + (a * c) ** p + (b * c) ** p) / 3) ** (1 / p)
    assert mesh.volume == pytest.approx(4 / 3 * np.pi * a * b * c, rel=0.01)
    assert mesh.area == pytest.approx(area, rel=0.015)


def test_the_voxels_themselves_without_smoothing():
    geometry = GRIDS["anisotropic"]
    mask = np.zeros(geometry.size[::-1], bool)
    mask[3:15, 10:60, 20:66] = True
    meshed = made(mask, geometry, Softness())
    size = np.array([46, 50, 12]) * geometry.spacing
    low = geometry.index_to_world([19.5, 9.5, 2.5])
    assert np.allclose(meshed.mesh.points.min(axis=0), low, atol=0.01)
    assert np.allclose(meshed.mesh.points.max(axis=0), low + size, atol=0.01)
    assert meshed.voxel_volume == pytest.approx(size.prod())
    assert meshed.mesh.volume == pytest.approx(size.prod(), rel=0.01)
    assert euler(meshed.mesh) == 2


def test_a_ring_and_a_hollow_ball():
    geometry = GRIDS["plain"]
    p = world(geometry) - geometry.centre()
    ring = (np.hypot(p[..., 0], p[..., 1]) - 14) ** 2 + p[..., 2] ** 2 <= 25
    mesh = made(ring, geometry, soft(geometry)).mesh
    check_closed(mesh)
    assert euler(mesh) == 0 and mesh.volume == pytest.approx(2 * np.pi**2 * 14 * 25, rel=0.01)
    hollow = ellipsoid(geometry, (18,) * 3) & ~ellipsoid(geometry, (8,) * 3)
    mesh = made(hollow, geometry, soft(geometry)).mesh
    assert euler(mesh) == 4 and mesh.volume == pytest.approx(4 / 3 * np.pi * (18**3 - 8**3), rel=0.012)


@pytest.mark.parametrize("softness", [Softness(), Softness((0.8, 0.8, 0.8), 6)], ids=["sharp", "soft"])
def test_noise_in_many_slabs_is_closed_and_the_same_as_in_one(monkeypatch, softness):
    geometry = Geometry((22, 20, 30))
    mask = np.random.default_rng(3).random((30, 20, 22)) < 0.4
    whole = made(mask, geometry, softness).mesh
    check_closed(whole)
    monkeypatch.setattr(meshing, "SLAB_VOXELS", 3000)
    slabs = made(mask, geometry, softness).mesh
    check_closed(slabs)
    assert len(slabs.points) == len(whole.points) and slabs.volume == pytest.approx(whole.volume, rel=1e-6)


def test_a_thin_vessel_survives_smoothing():
    geometry = Geometry((40, 40, 40))
    mask = np.zeros((40, 40, 40), bool)
    mask[2:38, 20, 20] = True
    meshed = made(mask, geometry, soft(geometry, width=1.5))
    assert np.ptp(meshed.mesh.points[:, 2]) > 30, "at one half of the field nothing would be left"
    field, level = meshing._softened(mask.astype(np.float32), float(mask.sum()), np.array([1.5] * 3), quiet)
    assert field.max() < 0.1 and np.count_nonzero(field > level) == pytest.approx(mask.sum(), rel=0.1)
    dot = np.zeros((40, 40, 40), bool)
    dot[20, 20, 20] = True
    check_closed(made(dot, geometry, soft(geometry, width=8.0)).mesh)


def test_the_place_of_a_cut_out_box_is_that_of_the_whole():
    geometry = GRIDS["oblique"]
    mask = ellipsoid(geometry, (10, 8, 6))
    box = label_boxes(mask.astype(np.uint8), quiet)[1]
    start = (box[2].start, box[1].start, box[0].start)
    part = mesh_of(mask[box], start, geometry.index_to_world, soft(geometry), quiet).mesh
    whole = made(mask, geometry, soft(geometry)).mesh
    assert np.allclose(part.points.mean(axis=0), whole.points.mean(axis=0), atol=1e-3)
    assert part.volume == pytest.approx(whole.volume, rel=1e-6)


def test_what_is_too_large_is_coarsened_finest_axis_first():
    geometry = GRIDS["anisotropic"]
    mask, radius = ellipsoid(geometry, (18,) * 3), 18.0
    meshed = made(mask, geometry, Softness(voxels=40_000))
    assert meshed.coarsened == (2, 2, 1), "the slices are further apart"
    meshed = made(mask, geometry, Softness((1.5, 1.5, 0.4), 5, triangles=1500))
    assert len(meshed.mesh.faces) <= 1500 and max(meshed.coarsened) > 1
    check_closed(meshed.mesh)
    assert meshed.mesh.volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)
    assert np.allclose(meshed.mesh.points.mean(axis=0), geometry.centre(), atol=0.4)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
def test_boxes_of_labels(dtype, monkeypatch):
    monkeypatch.setattr(meshing, "SLAB_VOXELS", 100)
    array = np.zeros((9, 10, 11), dtype)
    array[1:8, 2:4, 3], array[4, 5:9, 6:10] = 3, 200
    high = 70_000 if np.dtype(dtype).itemsize > 2 else 201
    array[0, 0, 0] = high
    if np.dtype(dtype).kind == "i":
        array[8, 9, 10] = -5
    boxes = label_boxes(array, quiet)
    assert list(boxes) == [3, 200, high]
    assert boxes[3] == (slice(1, 8), slice(2, 4), slice(3, 4))
    assert boxes[200] == (slice(4, 5), slice(5, 9), slice(6, 10))
    assert label_boxes(np.zeros((2, 3, 4), dtype), quiet) == {}


def test_it_can_be_stopped_anywhere_and_tells_how_far_it_is():
    geometry = GRIDS["plain"]
    mask, heard = ellipsoid(geometry, (18,) * 3), []
    mesh_of(mask, (0, 0, 0), geometry.index_to_world, soft(geometry), heard.append)
    assert heard == sorted(heard) and heard[-1] == 1.0 and len(heard) > 40

    class Stop(Exception):
        pass

    for at in range(0, len(heard), 9):
        left = iter(range(at))

        def tick(_done, left=left):
            if next(left, None) is None:
                raise Stop

        with pytest.raises(Stop):
            mesh_of(mask, (0, 0, 0), geometry.index_to_world, soft(geometry), tick)
