"""Contours of a structure set through a sitting: opened, edited, undone, saved and written: the points of the file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_making import save
from label_object_making import ct, square, structure_set
from pellucid.dicom.writing.request import Request
from pellucid.files import workspace
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry
from pellucid.model.layer import LabelLayer
from pellucid.model.planes import plane_frame
from pellucid.model.view import Plane
from pellucid.session import Session
from pellucid.session.dicom_writing import write_layer
from pellucid.session.placements import linear_placement

X, Y, Z = -50.0, -60.0, 10.0
CLOSED = "CLOSED_PLANAR"


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    session.said = []
    session.notice.connect(lambda text, severity: session.said.append(text))
    yield session
    session.close()


def made(folder: Path) -> Path:
    """Write a CT of 5 slices, and structures on it: a box, a ring, lines and a point, none on voxels' edges."""
    ct(folder / "ct")
    ring = [square(X + 0.1, Y + 0.1, X + 1.9, Y + 3.3, Z + 2.5), square(X + 0.6, Y + 0.9, X + 1.4, Y + 2.5, Z + 2.5)]
    box = square(X + 0.2512345, Y + 0.4, X + 1.7567891234, Y + 2.8, Z + 5)
    lines = [square(X, Y, X + 1, Y + 2, Z + 7.5)[:3], np.array([[X + 0.123456789, Y + 1, Z]])]
    ds = structure_set([(1, "GTV", [box]), (4, "Ring", ring), (7, "Marks", lines)])
    kinds = [[CLOSED], [CLOSED, "CLOSEDPLANAR_XOR"], ["OPEN_PLANAR", "POINT"]]
    for item, names in zip(ds.ROIContourSequence, kinds, strict=True):
        for contour, kind in zip(item.ContourSequence, names, strict=True):
            contour.ContourGeometricType = kind
    save(folder / "rt", [ds])
    return next((folder / "rt").iterdir())


def opened(session: Session, folder: Path) -> list[LabelLayer]:
    session.library.scan([folder], lambda _found: None)
    assert session.jobs.drain(60)
    one = next(one for one in session.library.series if one.modality == "RTSTRUCT")
    session.loading.load_key(session.library.key(one))
    assert session.jobs.drain(60)
    return [layer for layer in session.document.layers if isinstance(layer, LabelLayer)]


def in_file(path: Path) -> dict[int, list[tuple[str, list[float]]]]:
    """Return kinds and numbers of all contours as pydicom reads them."""
    ds = pydicom.dcmread(path)
    return {
        int(item.ReferencedROINumber): [
            (c.ContourGeometricType, [float(v) for v in c.ContourData]) for c in item.ContourSequence
        ]
        for item in ds.ROIContourSequence
    }


def held(layers: list[LabelLayer]) -> dict[int, list[tuple[str, list[float]]]]:
    found = {}
    for layer in layers:
        for value in layer.labels.drawn:
            drawn = layer.labels.contours.of_label(value)
            found[value] = [(c.kind, c.points.ravel().tolist()) for c in drawn]
    return found


def paint(session: Session, layer: LabelLayer, voxel=(2, 2, 2), *, erase: bool = False) -> None:
    session.document.active = layer
    frame = plane_frame(layer.geometry, Plane.ACQUIRED)
    session.view.brush_diameter = 0.6
    session.labelling.begin_stroke(frame, voxel[2], erase=erase)
    session.labelling.stroke_to(layer.geometry.index_to_world(voxel))
    session.labelling.end_stroke()


def test_painting_takes_the_contours_of_a_label_says_so_once_and_undo_brings_them_back(
    session: Session, tmp_path: Path
) -> None:
    wanted = in_file(made(tmp_path))
    layers = opened(session, tmp_path)
    assert held(layers) == wanted and set(wanted) == {1, 4, 7}
    layer = next(one for one in layers if 1 in one.labels.drawn)
    before = layer.labels.array.copy()
    session.said.clear()
    paint(session, layer, erase=True)
    assert not np.array_equal(layer.labels.array, before) and 1 not in layer.labels.drawn
    (said,) = session.said
    assert "“GTV” was changed" in said and "Undo" in said
    session.undo()
    assert held(layers) == wanted
    session.redo()
    paint(session, layer, (1, 2, 1))
    assert set(held(layers)) == {7} and len([text for text in session.said if "was changed" in text]) == 1
    session.undo()
    session.undo()
    assert held(layers) == wanted


def test_a_saved_work_keeps_those_that_hold_and_they_are_watched_on(session: Session, tmp_path: Path) -> None:
    wanted = in_file(made(tmp_path))
    layers = opened(session, tmp_path)
    layers[0].display.as_drawn = False
    session.saving.save(tmp_path / "w.pellucid")
    assert session.jobs.drain(60)
    paint(session, layers[0], erase=True)
    session.saving.save(tmp_path / "less.pellucid")
    assert session.jobs.drain(60)
    for name, left in (("w", {1, 4, 7}), ("less", {4, 7})):
        other = Session()
        said = []
        other.notice.connect(lambda text, _severity, said=said: said.append(text))
        other.open([tmp_path / f"{name}.pellucid"])
        assert other.jobs.drain(60) and not said
        back = [layer for layer in other.document.layers if isinstance(layer, LabelLayer)]
        assert held(back) == {value: wanted[value] for value in left} and not back[0].display.as_drawn
        paint(other, back[0], (1, 2, 1))
        assert len(said) == 1
        other.undo()
        assert held(back) == {value: wanted[value] for value in left}
        other.close()


@pytest.mark.hazard("H29")
def test_unchanged_labels_are_written_as_the_very_contours(session: Session, tmp_path: Path) -> None:
    wanted = in_file(made(tmp_path))
    (layer, *_) = opened(session, tmp_path)
    write_layer(session, layer, ("RTSTRUCT",), tmp_path / "out", Request())
    assert session.jobs.drain(60)
    assert "point by point" in session.said[-1]
    back = in_file(tmp_path / "out" / "structures.dcm")
    assert back == {value: wanted[value] for value in layer.labels.drawn} and len(back) >= 2
    ds = pydicom.dcmread(tmp_path / "out" / "structures.dcm")
    images = {c.ContourImageSequence[0].ReferencedSOPInstanceUID for item in ds.ROIContourSequence
              for c in item.ContourSequence}  # fmt: skip
    slices = {pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "ct").iterdir()}
    assert images <= slices
    paint(session, layer, erase=True)
    write_layer(session, layer, ("RTSTRUCT",), tmp_path / "changed", Request())
    assert session.jobs.drain(60)
    after = in_file(tmp_path / "changed" / "structures.dcm")
    assert after[1] != wanted[1] and all(after[value] == wanted[value] for value in layer.labels.drawn)


def test_contours_go_with_a_placement_and_are_dropped_on_another_grid(session: Session, tmp_path: Path) -> None:
    made(tmp_path)
    layers = opened(session, tmp_path)
    image = session.document.images[0]
    count = len(held(layers))
    matrix = np.eye(4)
    matrix[:3, 3] = (1.5, 0, 0)
    session.placing.put(image, linear_placement(matrix, image.geometry, "moved"))
    assert len(held(layers)) == count  # the voxels are the same; where they lie is said by the placement
    session.said.clear()
    write_layer(session, layers[0], ("RTSTRUCT",), tmp_path / "moved", Request())
    assert session.jobs.drain(60)
    assert "where registration put them" in session.said[-1] and "point by point" not in session.said[-1]
    session.hardening.harden(image)
    assert session.jobs.drain(60)
    assert held(layers) == {} and any("changed" in said for said in session.said)
    session.undo()
    assert len(held(layers)) == count


HOSTILE = {
    "no such array": lambda held: held["points"].update(member="arrays/0099"),
    "another shape": lambda held: held["points"].update(shape=[1, 1, 3]),
    "fewer counts": lambda held: held.update(counts=held["counts"][:-1]),
    "negative counts": lambda held: held.update(counts=[-1, *held["counts"][1:]]),
    "no label": lambda held: held.update(values=[0, *held["values"][1:]]),
    "another type": lambda held: held["points"].update(dtype="f4"),
    "long kinds": lambda held: held.update(kinds=["x" * 17, *held["kinds"][1:]]),
    "something else": lambda held: held.update(code="import os"),
}


def test_what_are_no_contours_is_refused(session: Session, tmp_path: Path) -> None:
    made(tmp_path)
    opened(session, tmp_path)
    session.saving.save(tmp_path / "w.pellucid")
    assert session.jobs.drain(60)
    with zipfile.ZipFile(tmp_path / "w.pellucid") as file:
        members = {name: file.read(name) for name in file.namelist()}
    for what, change in HOSTILE.items():
        data = json.loads(members["manifest.json"])
        change(next(layer["contours"] for layer in data["layers"] if layer.get("contours")))
        with zipfile.ZipFile(tmp_path / "bad.pellucid", "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(name, json.dumps(data) if name == "manifest.json" else content)
        with pytest.raises(Refused):
            workspace.load(tmp_path / "bad.pellucid")
            pytest.fail(what)


def test_the_points_of_the_file_lie_where_the_grid_says(session: Session, tmp_path: Path) -> None:
    """A round trip of the grid loses nothing that could be seen: 0.01 px at a zoom of 10 px per mm."""
    made(tmp_path)
    (layer, *_) = opened(session, tmp_path)
    geometry: Geometry = layer.labels.geometry
    points = layer.labels.contours.points
    np.testing.assert_allclose(geometry.index_to_world(geometry.world_to_index(points)), points, atol=1e-9)


@pytest.mark.hazard("H29")
def test_points_of_more_digits_than_dicom_holds_are_written_as_near(session: Session, tmp_path: Path) -> None:
    """Other programs write decimal strings longer than the 16 characters of the standard."""
    path = made(tmp_path)
    ds = pydicom.dcmread(path)
    data = ds.ROIContourSequence[0].ContourSequence[0].get_item("ContourData")
    long = b"\\".join(f"{float(v) + 1 / 3e7:.17g}".encode() for v in data.value.split(b"\\"))
    ds.ROIContourSequence[0].ContourSequence[0]["ContourData"] = data._replace(
        value=long + b" " * (len(long) % 2), length=len(long) + len(long) % 2
    )
    ds.save_as(path)
    layer = next(one for one in opened(session, tmp_path) if 1 in one.labels.drawn)
    write_layer(session, layer, ("RTSTRUCT",), tmp_path / "out", Request())
    assert session.jobs.drain(60)
    assert "point by point" in session.said[-1]
    ((_kind, back),) = in_file(tmp_path / "out" / "structures.dcm")[1]
    np.testing.assert_allclose(back, held([layer])[1][0][1], rtol=0, atol=1e-11)
