"""Contours of a structure set on the panes: where the numbers of the file say, until the label is changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtGui import QTransform

from canvas_bench import make_layer
from dicom_making import save
from label_object_making import ct, square, structure_set
from pellucid.dicom.contour_filling import fill
from pellucid.dicom.structure_sets import Contour, Structure, StructureSet
from pellucid.model.geometry import Geometry
from pellucid.model.layer import LabelLayer
from pellucid.model.view import Plane, Projection, Tool
from pellucid.ui.canvas.contour_lines import ContourLines
from pellucid.ui.docks.look_box import LookBox
from phantoms import rotation

GRIDS = {
    "anisotropic": Geometry((30, 26, 9), (0.7, 1.3, 3.0), (-20.0, 5.0, 100.0)),
    "oblique": Geometry((30, 26, 9), (0.7, 1.3, 3.0), (-20.0, 5.0, 100.0), tuple(rotation(14, -9, 20).ravel())),
}
ANGLES = np.arange(23) * 2 * np.pi / 23


def ring(geometry: Geometry, k: float) -> np.ndarray:
    """Return a ring around a place in slice k, by the numbers of the grid."""
    along = np.stack([(14.3 + 7.2 * np.cos(ANGLES)) * 0.7, (12.1 + 5.9 * np.sin(ANGLES)) * 1.3,
                      np.full(23, 3.0 * k)], axis=1)  # fmt: skip
    return np.array(geometry.origin) + along @ np.array(geometry.direction).reshape(3, 3).T


@pytest.fixture(params=list(GRIDS))
def drawn(bench, request):
    geometry = GRIDS[request.param]
    image = make_layer(np.zeros(geometry.size[::-1], np.int16), geometry)
    contours = tuple(Contour("CLOSED_PLANAR", ring(geometry, k)) for k in range(2, 7))
    extra = (Contour("POINT", ring(geometry, 4)[:1] + 0.2), Contour("OPEN_PLANAR", ring(geometry, 5)[:4]))
    found = (Structure(1, "GTV", "#ff0000", contours), Structure(2, "Marks", "#00ff00", extra))
    (labels,) = fill(StructureSet("", found), geometry).maps
    layer = LabelLayer("Structures", labels, made_for=image.id)
    layer.display.filled = False
    bench.show(image, layer)
    bench.layer, bench.geometry = layer, geometry
    return bench


def lines_of(pane) -> ContourLines:
    return next(one for one in pane.overlays if isinstance(one, ContourLines))


def path_on_widget(pane, value: int) -> np.ndarray:
    """Return the points of what is drawn of a label, in pixels of the pane."""
    (shown,) = pane.stack.drawn
    (path,) = (path for path in lines_of(pane)._of(shown.planes, pane.index) if path.value == value)
    start = pane.camera.to_widget(0.0, 0.0)
    polygon = QTransform(pane.camera.scale, 0, 0, pane.camera.scale, start.x(), start.y()).map(path.lines)
    return np.array([(polygon.elementAt(n).x, polygon.elementAt(n).y) for n in range(polygon.elementCount())])


def analytic(pane, points: np.ndarray) -> np.ndarray:
    """Return where world points fall: from the middle of the pane, by the axes of its frame and its zoom."""
    frame = pane.frame
    left, top, right, bottom = frame.extent
    u, v = pane.state.centre if pane.state.scale else ((left + right) / 2, (top + bottom) / 2)
    offsets = points - np.asarray(frame.origin)
    flat = np.stack([offsets @ frame.right - u, offsets @ frame.down - v], axis=1)
    return flat * pane.camera.scale + [pane.width() / 2, pane.height() / 2]


def test_the_line_is_where_it_was_drawn_to_a_hundredth_of_a_pixel(drawn):
    pane = drawn.pane(Plane.AXIAL)
    for k, zoom in ((2, 4.0), (4, 11.0), (6, 40.0)):
        pane.go_to(k)
        pane.state.scale = zoom
        drawn.area.flush()
        on_widget = path_on_widget(pane, 1)[:23]
        np.testing.assert_allclose(on_widget, analytic(pane, ring(drawn.geometry, pane.index)), atol=0.01)


def test_its_pixels_are_there_and_the_edges_of_voxels_are_not(drawn):
    pane = drawn.pane(Plane.AXIAL)
    rgb = drawn.rgb(Plane.AXIAL)
    where = analytic(pane, ring(drawn.geometry, pane.index))
    ends = np.roll(where, -1, axis=0)
    inner = rgb[8:-8, 8:-8]  # the border is not image
    red = np.argwhere((inner[..., 0] > 90) & (inner[..., 1] < 60))[:, ::-1] + 8.5
    assert len(red) > 100
    share = np.clip(((red[:, None] - where) * (ends - where)).sum(2) / ((ends - where) ** 2).sum(1), 0, 1)
    away = np.linalg.norm(where + share[..., None] * (ends - where) - red[:, None], axis=2).min(axis=1)
    assert away.max() < 2.2  # half a line and half a pixel; the corners of voxels lie up to six beside
    drawn.layer.display.as_drawn = False
    drawn.area.flush()
    assert not pane.stack.drawn and not np.array_equal(drawn.rgb(Plane.AXIAL), rgb)


def test_across_and_in_slabs_the_voxels_are_outlined(drawn):
    for plane in (Plane.CORONAL, Plane.SAGITTAL):
        pane = drawn.pane(plane)
        (shown,) = pane.stack.drawn
        assert shown.rest.unlined == () and (drawn.rgb(plane)[..., 0] > 200).sum() > 50
    pane = drawn.pane(Plane.AXIAL)
    (shown,) = pane.stack.drawn
    assert shown.rest.unlined == (1,)
    pane.state.projection, pane.state.slab = Projection.MAXIMUM, 9.0
    drawn.area.flush()
    assert pane.stack.drawn == []


def test_points_and_open_lines_are_drawn_and_hidden_with_their_label(drawn):
    pane = drawn.pane(Plane.AXIAL)
    for k in (4, 5):
        pane.go_to(k)
        drawn.area.flush()
        green = drawn.rgb(Plane.AXIAL)[..., 1] > 150
        assert green[5:-5, 5:-5].any()
        drawn.layer.labels.edit_label(2, visible=False)
        drawn.area.flush()
        assert not (drawn.rgb(Plane.AXIAL)[5:-5, 5:-5, 1] - drawn.rgb(Plane.AXIAL)[5:-5, 5:-5, 0] > 100).any()
        drawn.layer.labels.edit_label(2, visible=True)


def test_paths_are_made_once_for_each_slice(drawn, monkeypatch):
    pane = drawn.pane(Plane.AXIAL)
    lines = lines_of(pane)
    for k in (3, 4, 3, 4, 3):
        pane.go_to(k)
        drawn.area.flush()
        drawn.rgb(Plane.AXIAL)
    kept = dict(lines._paths)
    pane.state.scale *= 1.5
    drawn.area.flush()
    drawn.rgb(Plane.AXIAL)
    assert dict(lines._paths) == kept and len({index for _planes, index in kept}) >= 2


def test_a_structure_set_dropped_with_its_ct_painted_on_undone(bench, tmp_path: Path, qtbot):
    ct(tmp_path / "in" / "ct", count=5, size=(20, 20))
    x, y, z = -50.0, -60.0, 15.0
    box = square(x + 2.13, y + 3.21, x + 6.77, y + 11.4, z)
    save(tmp_path / "in" / "rt", [structure_set([(1, "GTV", [box])], colours={1: (255, 0, 0)})])
    session = bench.session
    said = []
    session.notice.connect(lambda text, _severity: said.append(text))
    session.open([tmp_path / "in"])
    assert session.jobs.drain(60)
    series = next(one for one in session.library.series if one.modality == "RTSTRUCT")
    session.loading.load_key(session.library.key(series))
    assert session.jobs.drain(60)
    bench.area.flush()
    layer = next(one for one in session.document.layers if isinstance(one, LabelLayer))
    points = np.array(pydicom.dcmread(next((tmp_path / "in" / "rt").iterdir())).ROIContourSequence[0]
                      .ContourSequence[0].ContourData, float).reshape(-1, 3)  # fmt: skip
    pane = bench.pane(Plane.AXIAL)
    session.view.crosshair = (x + 4, y + 7, z)
    bench.area.flush()
    np.testing.assert_allclose(path_on_widget(pane, 1)[:4], analytic(pane, points), atol=0.01)
    look = LookBox(session)
    qtbot.addWidget(look)
    look.show()
    assert look.contour_choice.isVisible()
    session.document.active, session.view.tool = layer, Tool.BRUSH
    session.view.brush_diameter = 1.0
    spot = pane.widget_at((x + 8, y + 8, z))
    bench.press(pane, (spot.x(), spot.y()))
    bench.release(pane, (spot.x(), spot.y()))
    bench.area.flush()
    assert pane.stack.drawn == [] and sum("was changed" in text for text in said) == 1
    session.undo()
    bench.area.flush()
    np.testing.assert_allclose(path_on_widget(pane, 1)[:4], analytic(pane, points), atol=0.01)


def test_very_many_are_thin_while_slices_move_and_as_wide_as_others_at_rest(drawn, monkeypatch):
    pane = drawn.pane(Plane.AXIAL)
    pane.refine()
    wide = drawn.rgb(Plane.AXIAL)
    monkeypatch.setattr("pellucid.ui.canvas.contour_lines._MANY", 3)
    pane.go_to(5)
    drawn.area.flush()
    assert pane.stack.is_thinned()
    thin = (drawn.rgb(Plane.AXIAL)[8:-8, 8:-8, 0] > 60).sum()
    drawn.area.flush()
    pane.go_to(4)
    drawn.area.flush()
    drawn.area.flush()
    pane.flush()
    assert not pane.stack.is_thinned()
    at_rest = drawn.rgb(Plane.AXIAL)
    assert 0 < thin < (at_rest[8:-8, 8:-8, 0] > 60).sum()
    np.testing.assert_allclose(at_rest, wide, atol=4)  # laid over as a picture, it is rounded twice
    first = lines_of(pane)._picture
    drawn.rgb(Plane.AXIAL)
    assert lines_of(pane)._picture is first
