"""Contours hold as long as the voxels made of them, and lie on the screen where the file says, on any grid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pellucid.dicom.contour_filling import fill
from pellucid.dicom.structure_sets import Structure, StructureSet
from pellucid.history.history import History
from pellucid.history.labels import DropLabels
from pellucid.history.painting import PatchLabels, replace_label
from pellucid.history.patches import Patch
from pellucid.model.contour_planes import ContourPlanes
from pellucid.model.document import Document
from pellucid.model.drawn_contours import Contour, Contours
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import LabelLayer
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from phantoms import rotation

RNG = np.random.default_rng(7)


def turned(degrees: float) -> tuple[float, ...]:
    return tuple(rotation(degrees, degrees / 2, -degrees / 3).ravel())


GRIDS = {
    "anisotropic": Geometry((40, 30, 8), (0.7, 1.3, 3.0), (-20.0, 5.0, 100.0)),
    "oblique": Geometry((40, 30, 8), (0.7, 1.3, 3.0), (-20.0, 5.0, 100.0), turned(25)),
    "uneven": Geometry((40, 30, 4), (0.7, 1.3, 3.0), slice_positions=(0.0, 3.0, 7.5, 10.5)),
    "one slice": Geometry((40, 30, 1), (0.7, 1.3, 3.0), (3.0, 4.0, 5.0), turned(12)),
    "mirrored": Geometry((40, 30, 8), (0.7, 1.3, 3.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, -1, 0, 0, 0, -1)),
}


def ring(geometry: Geometry, k: float, centre=(15.2, 12.7), radius: float = 6.3, count: int = 17) -> np.ndarray:
    angles = np.arange(count) * 2 * np.pi / count
    flat = np.stack([centre[0] + radius * np.cos(angles), centre[1] + radius * np.sin(angles)], axis=1)
    start = np.asarray(geometry.origin)
    height = geometry.slice_positions[int(k)] if geometry.slice_positions is not None else k * geometry.spacing[2]
    lengths = np.column_stack([flat * geometry.spacing[:2], np.full(count, height)])
    return start + lengths @ np.array(geometry.direction).reshape(3, 3).T  # numpy, not our own mapping


def labels_of(geometry: Geometry, *structures: tuple[int, list[Contour]]) -> LabelMap:
    found = tuple(Structure(number, f"s{number}", "#ff0000", tuple(drawn)) for number, drawn in structures)
    (labels,) = fill(StructureSet("", found), geometry).maps
    return labels


@pytest.mark.parametrize("name", GRIDS)
def test_a_contour_lies_on_the_screen_where_its_points_are(name: str) -> None:
    geometry = GRIDS[name]
    nz = geometry.size[2]
    rings = [ring(geometry, k) for k in range(nz)]
    labels = labels_of(geometry, (3, [Contour("CLOSED_PLANAR", points) for points in rings]))
    frame = plane_frame(geometry, Plane.ACQUIRED)
    planes = ContourPlanes(labels.contours, geometry, geometry, frame)
    assert planes.labels == {3}
    for k in range(nz):
        (line,) = planes.lines(k)
        offsets = rings[k] - frame.world_at(0, 0, k)
        wanted = np.stack([offsets @ frame.right, offsets @ frame.down], axis=1)
        np.testing.assert_allclose(line.points, wanted, atol=1e-9)
        assert line.closed and line.value == 3
        np.testing.assert_allclose(offsets @ frame.normal, 0, atol=1e-9)  # the slice is the plane it was drawn in
    for plane in (Plane.CORONAL, Plane.SAGITTAL):
        if nz > 1:
            across = ContourPlanes(labels.contours, geometry, geometry, plane_frame(geometry, plane))
            assert across.labels == set() and not any(across.lines(k) for k in range(across._frame.slice_count))


def test_what_is_seen_are_the_contours_that_the_voxels_were_made_of() -> None:
    """Contours between slices, two planes at one slice, halfway: the line is where the voxels are."""
    geometry = GRIDS["anisotropic"]
    heights = [0.5, 1.5, 2.5, 4.9, 5.2, 7.4, 8.4]
    drawn = [Contour("CLOSED_PLANAR", ring(geometry, k, radius=3 + n)) for n, k in enumerate(heights)]
    labels = labels_of(geometry, (1, drawn))
    planes = ContourPlanes(labels.contours, geometry, geometry, plane_frame(geometry, Plane.AXIAL))
    for k in range(8):
        lines = planes.lines(k)
        assert len(lines) == (1 if labels.array[k].any() else 0)
        if lines:
            radius = np.ptp(lines[0].points[:, 0]) / 0.7 / 2
            assert np.sqrt((labels.array[k] > 0).sum() / np.pi) == pytest.approx(radius, abs=0.4)
    assert [bool(planes.lines(k)) for k in range(8)] == [False, True, True, True, False, True, False, True]


def test_holes_keyholes_open_lines_and_points_are_all_there() -> None:
    geometry = GRIDS["oblique"]
    inner = ring(geometry, 2, radius=2.0)
    keyhole = np.concatenate([ring(geometry, 4), ring(geometry, 4)[:1], ring(geometry, 4, radius=3)[::-1]])
    across = np.array([geometry.index_to_world((5, 5, h)) for h in (0.0, 1.2, 1.4, 2.8, 6.0)])
    labels = labels_of(geometry, (1, [
        Contour("CLOSED_PLANAR", ring(geometry, 2)), Contour("CLOSEDPLANAR_XOR", inner),
        Contour("CLOSED_PLANAR", keyhole), Contour("OPEN_PLANAR", ring(geometry, 3)[:5]),
        Contour("POINT", ring(geometry, 6)[:1]), Contour("OPEN_NONPLANAR", across),
    ]))  # fmt: skip
    planes = ContourPlanes(labels.contours, geometry, geometry, plane_frame(geometry, Plane.ACQUIRED))
    shapes = {k: [(line.closed, len(line.points)) for line in planes.lines(k)] for k in range(8)}
    assert shapes == {
        0: [(False, 1)], 1: [(False, 2)], 2: [(True, 17), (True, 17)], 3: [(False, 5), (False, 1)], 4: [(True, 35)],
        5: [], 6: [(False, 1), (False, 1)], 7: [],
    }  # fmt: skip
    assert labels.array[2, 13, 15] == 0 and labels.array[4, 13, 15] == 0  # the holes
    k = round(float(geometry.world_to_index(ring(geometry, 6)[0])[0]))
    side = ContourPlanes(labels.contours, geometry, geometry, plane_frame(geometry, Plane.SAGITTAL))
    seen = [i for i in range(40) if any(len(line.points) == 1 for line in side.lines(i))]
    assert len(seen) >= 1 and k in range(40)  # a point is seen in every plane it lies in


def test_contours_go_where_registration_puts_their_labels() -> None:
    from pellucid.session.placements import linear_placement

    geometry = GRIDS["anisotropic"]
    labels = labels_of(geometry, (1, [Contour("CLOSED_PLANAR", ring(geometry, 2))]))
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation(6, 20, 4), (3, -4, 5)
    placement = linear_placement(matrix, geometry, "moved")
    lies = placement.geometry(geometry)
    frame = plane_frame(lies, Plane.ACQUIRED)
    (line,) = ContourPlanes(labels.contours, geometry, lies, frame).lines(2)
    moved = (ring(geometry, 2) - placement.matrix[:3, 3]) @ np.linalg.inv(placement.matrix[:3, :3]).T - frame.origin
    np.testing.assert_allclose(line.points, moved @ np.stack([frame.right, frame.down], axis=1), atol=1e-9)
    unmoved = plane_frame(geometry, Plane.AXIAL)
    assert not ContourPlanes(labels.contours, geometry, lies, unmoved).labels  # it lies askew to where it was


def layer_of_two() -> tuple[Document, History, LabelLayer]:
    geometry = Geometry((30, 30, 12), (1.0, 1.0, 1.0))
    labels = labels_of(
        geometry, (1, [Contour("CLOSED_PLANAR", ring(geometry, k, (8, 8), 4)) for k in range(12)]),
        (2, [Contour("CLOSED_PLANAR", ring(geometry, k, (22, 22), 4)) for k in range(12)]),
    )  # fmt: skip
    layer = LabelLayer("l", labels)
    document = Document()
    document.insert(0, layer)
    return document, History(document, budget_bytes=1 << 20), layer


def voxel(layer: LabelLayer, at: tuple[int, int, int], value: int) -> PatchLabels:
    z, y, x = at
    box = (slice(z, z + 1), slice(y, y + 1), slice(x, x + 1))
    before = layer.labels.array[box].copy()
    return PatchLabels(layer, [Patch.of(box, before, np.full_like(before, value))], "one voxel")


def test_a_change_of_a_voxel_takes_them_from_its_labels_and_undo_brings_them_back() -> None:
    _document, history, layer = layer_of_two()
    labels = layer.labels
    assert labels.drawn == {1, 2}
    history.do(voxel(layer, (5, 8, 8), 0))
    assert labels.drawn == {2} and labels.standing().labels == {2} and labels.snapshot().map().drawn == {2}
    history.do(voxel(layer, (11, 0, 0), 2))
    assert labels.drawn == set() and labels.standing() is None
    history.undo()
    history.undo()
    assert labels.drawn == {1, 2}
    history.redo()
    assert labels.drawn == {2}
    history.do(voxel(layer, (0, 0, 0), 7))  # another label, where there was none
    assert labels.drawn == {2}
    history.do(replace_label(layer, 300, labels.array == 2, "wider"))  # the voxels get another type
    assert labels.drawn == set()
    for _ in range(3):
        history.undo()
    assert labels.drawn == {1, 2} and labels.array.dtype == np.uint16
    history.do(DropLabels(layer, [1], "drop"))
    assert labels.drawn == {2}
    history.undo()
    assert labels.drawn == {1, 2}


def test_random_steps_always_tell_what_a_comparison_of_all_voxels_tells() -> None:
    _document, history, layer = layer_of_two()
    first = layer.labels.array.copy()
    for _step in range(60):
        if RNG.random() < 0.4 and history.can_undo:
            history.undo()
        else:
            z, y, x = (int(n) for n in RNG.integers(0, (12, 30, 30)))
            history.do(voxel(layer, (z, y, x), int(RNG.integers(0, 4))))
        if RNG.random() < 0.7:
            wanted = {value for value in (1, 2) if np.array_equal(layer.labels.array == value, first == value)}
            assert layer.labels.drawn == wanted


def test_a_copy_keeps_those_that_hold() -> None:
    _document, history, layer = layer_of_two()
    history.do(voxel(layer, (5, 8, 8), 0))
    copy = layer.labels.copy()
    assert copy.drawn == {2} and len(copy.contours.of_label(2)) == 12
    assert LabelMap(layer.labels.geometry, labels=(Label(1, "a", "#ffffff"),)).drawn == set()


def test_contours_that_do_not_fit_are_refused() -> None:
    points = np.zeros((4, 3))
    fields = {"values": (1, 1), "kinds": ("POINT", "POINT"), "counts": (1, 3), "points": points}
    assert Contours.counted(**fields).counts == (1, 3)
    bad = [{"counts": (1, 2)}, {"counts": (0, 4)}, {"values": (1,)}, {"kinds": ()}, {"points": points[:, :2]},
           {"points": points * np.nan}, {"counts": (-1, 5)}, {"values": (), "kinds": (), "counts": ()}]  # fmt: skip
    for change in bad:
        with pytest.raises(ValueError, match="contours"):
            Contours.counted(**fields | change)


def test_many_structures_are_quick_to_step_through() -> None:
    """100 structures on 100 slices: not a clock, but how much is looked at."""
    geometry = Geometry((64, 64, 100), (1.0, 1.0, 1.0))
    drawn = {v: [Contour("CLOSED_PLANAR", ring(geometry, k, (30, 30), 1 + v / 5, 12)) for k in range(100)]
             for v in range(1, 101)}  # fmt: skip
    planes = ContourPlanes(Contours.of(drawn), geometry, geometry, plane_frame(geometry, Plane.AXIAL))
    for k in itertools.chain(range(100), range(100)):
        assert len(planes.lines(k)) == 100
    assert planes.lines(3) is planes.lines(3)
