"""The right letters and the right side in every plane, however the volume is stored: read from grabbed pixels."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QGuiApplication, QImage, QPainter

from canvas_bench import make_layer, pixels
from pellucid.model.geometry import IDENTITY, Geometry
from pellucid.model.oblique import combined, turn_about
from pellucid.model.view import Plane, PlaneMode
from pellucid.ui import theme
from phantoms import ORIENTATIONS, positions, rotation
from phantoms import matrix as nine

THREE = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL)
LETTERS = {Plane.AXIAL: "RLAP", Plane.CORONAL: "RLSI", Plane.SAGITTAL: "APSI"}
SCREEN = {Plane.AXIAL: ((0, 1), (1, 1)), Plane.CORONAL: ((0, 1), (2, -1)), Plane.SAGITTAL: ((1, 1), (2, -1))}
# An asymmetric body (L, P, S mm): a large blob on the left, a middle one at the back, a small one at the head.
BLOBS = (((24.0, 0.0, 0.0), 7.0, 250), ((0.0, 26.0, 0.0), 5.0, 180), ((0.0, 0.0, 28.0), 3.5, 120))
TURNED = combined(turn_about((0.0, 0.0, 1.0), 25) @ turn_about((1.0, 0.0, 0.0), -14), IDENTITY)


def body(worlds):
    """Return the values of the body at world points, shape (..., 3)."""
    values = np.zeros(worlds.shape[:-1], np.uint8)
    for centre, radius, value in BLOBS:
        values[np.linalg.norm(worlds - np.array(centre), axis=-1) <= radius] = value
    return values


def stored(order, signs):
    """Return the grid of the body with its axes in one of the 48 orientations; spacing differs in each direction."""
    size, spacing = np.array((54, 45, 40)), np.array((1.5, 1.8, 2.0))
    low = -(size - 1) / 2 * spacing
    direction, corner = np.zeros((3, 3)), low.copy()
    for axis in range(3):
        direction[order[axis], axis] = signs[axis]
        if signs[axis] < 0:
            corner[order[axis]] = -low[order[axis]]
    sizes, steps = [int(size[k]) for k in order], [float(spacing[k]) for k in order]
    return Geometry(tuple(sizes), tuple(steps), tuple(float(c) for c in corner), nine(direction))


def templates():
    """Return a picture of each letter that may stand at a side."""
    font = theme.figures(QGuiApplication.font())
    font.setPixelSize(15)
    font.setWeight(QFont.Weight.DemiBold)
    found = {}
    for letter in "LRAPSI":
        image = QImage(40, 40, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        painter.setFont(font)
        painter.setPen("#e2e5e9")
        painter.drawText(image.rect(), 0x84, letter)  # centred
        painter.end()
        found[letter] = cropped(pixels(image).max(axis=2))
    return found


def cropped(grey):
    rows, columns = np.nonzero(grey > 110)
    return grey[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] > 110


def read(grey, known):
    """Return the letter that is drawn in a part of a picture."""
    seen = cropped(grey)

    def unlike(letter):
        shape = known[letter].shape
        if abs(shape[0] - seen.shape[0]) > 1 or abs(shape[1] - seen.shape[1]) > 1:
            return np.inf
        rows, columns = min(shape[0], seen.shape[0]), min(shape[1], seen.shape[1])
        return np.mean(known[letter][:rows, :columns] != seen[:rows, :columns])

    best = min(known, key=unlike)
    assert unlike(best) < 0.2
    return best


def letters_on_screen(grey, known):
    height, width = grey.shape
    middle_row, middle_column = slice(height // 2 - 40, height // 2 + 40), slice(width // 2 - 25, width // 2 + 25)
    left, right = grey[middle_row, 6:30], grey[middle_row, width - 30 : width - 6]
    top, bottom = grey[4:26, middle_column], grey[height - 32 : height - 4, middle_column]
    return "".join(read(part, known) for part in (left, right, top, bottom))


def centroid(grey, value):
    rows, columns = np.nonzero(np.abs(grey - value) <= 2)
    assert len(rows) > 20, f"nothing of value {value} is on the screen"
    return columns.mean() + 0.5, rows.mean() + 0.5


def check_blobs(bench, plane, known=None):
    """Look at the slice through each blob and find it on the screen where its world point is."""
    pane = bench.pane(plane)
    (u, u_sign), (v, v_sign) = SCREEN[plane]
    for centre, _, value in BLOBS:
        bench.session.view.crosshair = centre
        grey = bench.grey(plane)
        x, y = centroid(grey[34:-36, 34:-34], value)
        wanted_x = pane.width() / 2 + u_sign * centre[u] * pane.camera.scale - 34
        wanted_y = pane.height() / 2 + v_sign * centre[v] * pane.camera.scale - 34
        assert (x, y) == pytest.approx((wanted_x, wanted_y), abs=0.6 * pane.camera.scale), (plane, value)
    if known is not None:
        assert letters_on_screen(grey, known) == LETTERS[plane]


@pytest.mark.hazard("H05")
def test_the_48_ways_to_store_a_body_show_its_sides_and_letters_alike(bench):
    known = templates()
    for order, signs in ORIENTATIONS:
        geometry = stored(order, signs)
        bench.show(make_layer(body(positions(geometry)), geometry))
        for plane in THREE:
            check_blobs(bench, plane, known)
        bench.session.document.remove(bench.session.document.layers[0])


@pytest.mark.parametrize("turn", [(20, 0, 0), (0, 20, 0), (12, -9, 14)])
def test_an_oblique_acquisition_shows_true_anatomical_planes(bench, turn):
    axes = rotation(*turn)
    size, spacing = (90, 80, 70), (1.0, 1.1, 1.2)
    corner = -axes @ ((np.array(size) - 1) / 2 * np.array(spacing))
    geometry = Geometry(size, spacing, tuple(float(c) for c in corner), nine(axes))
    known = templates()
    layer = make_layer(body(positions(geometry)), geometry)
    bench.show(layer)
    bench.session.view.plane_mode = PlaneMode.ANATOMICAL
    for plane in THREE:
        check_blobs(bench, plane, known)
        pane = bench.pane(plane)
        assert pane.title() == plane.value.capitalize()
        # Pixels all over the screen against the body at their world points.
        bench.session.view.crosshair = (1.0, 1.3, 0.8)
        grey = bench.grey(plane)
        rows, columns = np.mgrid[36 : grey.shape[0] - 36 : 7, 36 : grey.shape[1] - 36 : 7]
        worlds = np.array([[pane.world_at(QPointF(x + 0.5, y + 0.5)) for x, y in zip(xs, ys, strict=True)]
                           for xs, ys in zip(columns, rows, strict=True)])  # fmt: skip
        wanted = body(worlds).astype(int)
        edge = np.zeros(wanted.shape, bool)
        for centre, radius, _ in BLOBS:
            edge |= np.abs(np.linalg.norm(worlds - np.array(centre), axis=-1) - radius) < 1.1
        seen = grey[rows, columns]
        assert np.abs(seen - wanted)[~edge].max() <= 2
        assert (wanted > 0).sum() > 10
    bench.session.view.plane_mode = PlaneMode.NEAREST
    bench.area.flush()
    nearest = [bench.pane(plane).title() for plane in THREE]
    assert any(title.startswith("Nearest") and title.endswith("°") for title in nearest)


@pytest.mark.parametrize("mode", list(PlaneMode))
@pytest.mark.parametrize("turn", [IDENTITY, TURNED])
def test_a_ball_of_flat_voxels_is_round_in_every_plane(bench, mode, turn):
    axes = rotation(0, 0, 0) if mode is PlaneMode.NEAREST else rotation(9, -6, 12)
    size, spacing = (120, 60, 30), (0.5, 1.0, 2.0)
    corner = -axes @ ((np.array(size) - 1) / 2 * np.array(spacing))
    geometry = Geometry(size, spacing, tuple(float(c) for c in corner), nine(axes))
    distance = np.linalg.norm(positions(geometry), axis=-1)
    layer = make_layer(np.clip((20.0 - distance) * 60 + 128, 0, 255).astype(np.uint8), geometry)
    layer.display.interpolate = True
    bench.show(layer)
    view = bench.session.view
    view.plane_mode, view.rotation, view.crosshair = mode, turn, (0.0, 0.0, 0.0)
    for plane in THREE:
        pane = bench.pane(plane)
        bench.area.flush()
        while not pane.refine():
            pass
        rows, columns = np.nonzero(bench.grey(plane)[50:-50, 50:-50] >= 128)
        width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert width == pytest.approx(40 * pane.camera.scale, abs=2.5), plane
        assert height == pytest.approx(width, abs=2.5)
        assert len(rows) == pytest.approx(np.pi / 4 * width * height, rel=0.03)


def test_acquisition_mode_shows_the_stored_axes_and_says_so(bench):
    order, signs = (2, 0, 1), (-1, 1, -1)  # x to the feet, y to the left, z to the front
    geometry = stored(order, signs)
    bench.show(make_layer(body(positions(geometry)), geometry))
    bench.session.view.plane_mode = PlaneMode.ACQUISITION
    bench.area.flush()
    titles = [bench.pane(plane).title() for plane in THREE]
    assert titles == ["Acquired x–y", "Acquired x–z", "Acquired y–z"]
    assert "".join(bench.pane(Plane.AXIAL).frame.letters()) == "SIRL"
    bench.session.view.rotation = TURNED
    bench.area.flush()
    assert all("turned" in bench.pane(plane).title() for plane in THREE)
