"""Mesh files against independent readers, and what an export of surfaces leaves on the disk."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.dicom.child import Cancelled
from pellucid.files import meshes, surfaces
from pellucid.files.surfaces import SurfaceChoice, export_surfaces, usual_smoothing
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
GRID = Geometry((40, 36, 30), (1.0, 1.2, 1.5), (10.0, -20.0, 30.0), OBLIQUE)


@pytest.fixture
def labels() -> LabelMap:
    z, y, x = np.indices(GRID.size[::-1])
    array = np.zeros(GRID.size[::-1], np.uint16)
    array[((x - 12) ** 2 + (y - 14) ** 2 + (z - 12) ** 2) <= 64] = 1
    array[(np.abs(x - 30) < 5) & (np.abs(y - 20) < 6) & (np.abs(z - 16) < 5)] = 300
    return LabelMap(GRID, array, (Label(1, "Left lung", "#FF8000"), Label(300, "Bone/2", "#0080FF")))


def vtk_points(path):
    """Read a file with VTK: points and triangles."""
    geometry = pytest.importorskip("vtkmodules.vtkIOGeometry")
    ply = pytest.importorskip("vtkmodules.vtkIOPLY")
    from vtkmodules.util.numpy_support import vtk_to_numpy

    reader = {".stl": geometry.vtkSTLReader, ".obj": geometry.vtkOBJReader, ".ply": ply.vtkPLYReader}[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    data = reader.GetOutput()
    corners = vtk_to_numpy(data.GetPolys().GetConnectivityArray())
    return vtk_to_numpy(data.GetPoints().GetData()), corners.reshape(-1, 3), data


def vtk_volume(data):
    from vtkmodules.vtkFiltersCore import vtkMassProperties, vtkTriangleFilter

    triangles, mass = vtkTriangleFilter(), vtkMassProperties()
    triangles.SetInputData(data)
    mass.SetInputConnection(triangles.GetOutputPort())
    return mass.GetVolume(), mass.GetSurfaceArea()


@pytest.mark.parametrize("ending", [".stl", ".ply", ".obj"])
@pytest.mark.parametrize("ras", [False, True])
def test_another_reader_finds_the_ball_where_it_is(labels, tmp_path, ending, ras):
    path = tmp_path / f"ball{ending}"
    (row,) = export_surfaces([(labels, 1)], path, SurfaceChoice(ras=ras)).rows
    points, faces, data = vtk_points(path)
    centre = GRID.index_to_world([12, 14, 12]) * (np.array([-1, -1, 1]) if ras else 1)
    assert np.allclose((points.min(axis=0) + points.max(axis=0)) / 2, centre, atol=0.2)
    volume, area = vtk_volume(data)
    assert (volume, area) == (pytest.approx(row.volume, rel=1e-4), pytest.approx(row.area, rel=1e-4))
    voxels = np.count_nonzero(labels.array == 1) * GRID.voxel_volume
    assert row.volume == pytest.approx(voxels, rel=0.01) and row.voxel_volume == pytest.approx(voxels)
    a, b, c = (points[faces[:, n]] for n in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), (a + b + c) / 3 - centre) > 0).all(), "all outwards"
    assert len(faces) == row.triangles
    assert f"SPACE={'RAS' if ras else 'LPS'}; UNIT=mm".encode() in path.read_bytes()[:200]


def test_stl_is_laid_out_as_it_must_be(labels, tmp_path):
    path = tmp_path / "ball.stl"
    (row,) = export_surfaces([(labels, 1)], path, SurfaceChoice()).rows
    data = path.read_bytes()
    assert len(data) == 84 + 50 * row.triangles and not data.startswith(b"solid")
    assert int.from_bytes(data[80:84], "little") == row.triangles
    first = np.frombuffer(data[84 : 84 + 48], "<f4").reshape(4, 3)
    normal = np.cross(first[2] - first[1], first[3] - first[1])
    assert np.allclose(first[0], normal / np.linalg.norm(normal), atol=1e-3)


def test_ply_holds_colours_and_unit_normals(labels, tmp_path):
    path = tmp_path / "both.ply"
    report = export_surfaces([(labels, 1), (labels, 300)], path, SurfaceChoice(together=True))
    from vtkmodules.util.numpy_support import vtk_to_numpy

    points, faces, data = vtk_points(path)
    assert len(faces) == sum(row.triangles for row in report.rows) and faces.max() == len(points) - 1
    colours = vtk_to_numpy(data.GetPointData().GetScalars())
    assert {tuple(row) for row in colours.tolist()} == {(255, 128, 0), (0, 128, 255)}
    normals = vtk_to_numpy(data.GetPointData().GetNormals())
    assert np.allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)


def test_obj_has_a_group_for_each_label(labels, tmp_path):
    path = tmp_path / "both.obj"
    report = export_surfaces([(labels, 1), (labels, 300)], path, SurfaceChoice(together=True))
    lines = path.read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("g ")] == ["g Left_lung", "g Bone/2"]
    groups = path.read_text("utf-8").split("\no ")[1:]
    starts = np.cumsum([0] + [group.count("\nv ") for group in groups])
    for n, group in enumerate(groups):
        numbers = np.array([line.split()[1:] for line in group.splitlines() if line.startswith("f ")], int)
        assert (numbers.min(), numbers.max()) == (starts[n] + 1, starts[n + 1])
        assert len(numbers) == report.rows[n].triangles


def test_one_file_for_each_label(labels, tmp_path):
    labels.set_label(Label(300, "Left/lung", "#0080FF"))
    report = export_surfaces([(labels, 1), (labels, 300)], tmp_path / "a.stl", SurfaceChoice())
    names = ["a-Left-lung.stl", "a-Left-lung-300.stl"]
    assert [path.name for path in report.paths] == names
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_all_files_are_replaced_or_none(labels, tmp_path):
    for name in ("a-Left-lung.stl", "a-Bone-2.stl"):
        (tmp_path / name).write_text("old")
    labels.array[labels.array == 300] = 0
    with pytest.raises(Refused, match="no voxels"):
        export_surfaces([(labels, 1), (labels, 300)], tmp_path / "a.stl", SurfaceChoice())
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"} and len(list(tmp_path.iterdir())) == 2
    count = iter(range(20))
    with pytest.raises(Cancelled):
        export_surfaces([(labels, 1)], tmp_path / "b.stl", SurfaceChoice(),
                        cancelled=lambda: next(count, None) is None)  # fmt: skip
    assert len(list(tmp_path.iterdir())) == 2


def test_what_does_not_read_back_is_not_kept(labels, tmp_path, monkeypatch):
    (tmp_path / "a.stl").write_text("old")
    monkeypatch.setattr(meshes, "_checked", lambda path, progress: (0, 0))
    with pytest.raises(Refused, match="does not read back"):
        export_surfaces([(labels, 1)], tmp_path / "a.stl", SurfaceChoice())
    assert (tmp_path / "a.stl").read_text() == "old"


def test_without_lengths_the_numbers_are_voxels_and_it_says_so(labels, tmp_path):
    blind = Geometry(GRID.size, (0.5, 0.5, 1.0), (1, 2, 3), OBLIQUE, known_spacing=(True, True, False))
    report = export_surfaces([(LabelMap(blind, labels.array), 1)], tmp_path / "a.stl", SurfaceChoice())
    points, _faces, _data = vtk_points(tmp_path / "a.stl")
    assert np.allclose((points.min(axis=0) + points.max(axis=0)) / 2, (12, 14, 12), atol=0.2)
    assert report.rows[0].unit == "px" and "px" in report.remarks[0]
    assert b"UNIT=px" in (tmp_path / "a.stl").read_bytes()[:80]
    assert usual_smoothing(blind) == 0.8


def test_what_cannot_be_a_surface_is_refused(labels, tmp_path):
    with pytest.raises(Refused, match=r"must end in \.stl"):
        export_surfaces([(labels, 1)], tmp_path / "a.vtk", SurfaceChoice())
    flat = LabelMap(Geometry((5, 5, 1)), np.ones((1, 5, 5), np.uint8))
    with pytest.raises(Refused, match="one slice"):
        export_surfaces([(flat, 1)], tmp_path / "a.stl", SurfaceChoice())


def test_thin_labels_are_said_to_be_thin(tmp_path):
    array = np.zeros((30, 30, 30), np.uint8)
    array[15, 15, 3:27] = 1
    report = export_surfaces([(LabelMap(Geometry((30, 30, 30)), array), 1)], tmp_path / "a.stl", SurfaceChoice(2.0))
    assert "thin or small" in report.remarks[0]


def test_smoothing_is_a_length(labels, tmp_path):
    rough, fine = (
        export_surfaces([(labels, 300)], tmp_path / "a.stl", SurfaceChoice(width)).rows[0] for width in (0.0, 2.0)
    )
    size = np.array([9, 11, 9]) * GRID.spacing
    box = 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    assert rough.area == pytest.approx(box, rel=0.08) and fine.area < 0.95 * rough.area
    assert fine.volume == pytest.approx(size.prod(), rel=0.02)
    assert surfaces.softness_of(GRID, 0.0).steps == 0
