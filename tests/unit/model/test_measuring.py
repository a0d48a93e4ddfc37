"""Lengths, angles and areas of shapes whose measures are known by formula, on grids of every kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import phantoms
from pellucid.model.annotations import Annotation, Kind
from pellucid.model.geometry import Geometry
from pellucid.model.measuring import Measurement, crosses_itself, measure, odd_area, polygon_area
from pellucid.model.planes import plane_frame
from pellucid.model.shapes import handles, moved, on_plane, outline, simplified, to_world, vector, with_handle
from pellucid.model.view import Plane

GRIDS = {
    "isotropic": Geometry((64, 64, 20)),
    "anisotropic": Geometry((64, 64, 20), (0.4, 1.7, 3.1), (-30.0, 12.0, 5.0)),
    "oblique": phantoms.oblique(Geometry((64, 64, 20), (0.7, 0.9, 2.5)), 30, 0, 30),
    "sheared": phantoms.sheared(Geometry((64, 64, 20), (0.7, 0.9, 2.5)), 30),
    "oblique and sheared": phantoms.sheared(phantoms.oblique(Geometry((64, 64, 20), (0.7, 0.9, 2.5)), 30, 30, 30), 20),
}
PLANES = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL, Plane.ACQUIRED)
unknown = {"known_spacing": (False, False, False)}


def drawn(kind: Kind, flat: list[tuple[float, float]], geometry: Geometry, plane: Plane = Plane.AXIAL,
          index: int = 7, layer: str = "a") -> Annotation:  # fmt: skip
    """Return an annotation at plane coordinates (u, v) of a slice, as the screen would make it."""
    frame = plane_frame(geometry, plane)
    points = tuple(vector(frame.world_at(u, v, index)) for u, v in flat)
    return on_plane(kind, points, frame, layer=layer)


def by_name(found: tuple[Measurement, ...]) -> dict[str, Measurement]:
    return {one.quantity: one for one in found}


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("kind", GRIDS)
def test_shapes_measure_what_their_formulas_say(kind: str, plane: Plane) -> None:
    grid = GRIDS[kind]

    def said(shape: Kind, flat: list[tuple[float, float]]) -> dict[str, Measurement]:
        return by_name(measure(drawn(shape, flat, grid, plane), grid))

    length = said(Kind.LENGTH, [(3, 4), (15, 20)])["length"]
    assert length.value == pytest.approx(20, rel=1e-9) and length.unit == "mm"
    assert said(Kind.POLYLINE, [(0, 0), (3, 4), (3, 10)])["length"].value == pytest.approx(11, rel=1e-9)
    assert said(Kind.ANGLE, [(10, 0), (0, 0), (10, 10)])["angle"].value == pytest.approx(45, rel=1e-9)
    rectangle = said(Kind.RECTANGLE, [(12, 3), (2, 8)])
    assert rectangle["area"] == Measurement("area", pytest.approx(50, rel=1e-9), "mm²")
    assert rectangle["perimeter"].value == pytest.approx(30, rel=1e-9)
    assert (rectangle["width"].value, rectangle["height"].value) == pytest.approx((10, 5))
    ellipse = said(Kind.ELLIPSE, [(0, 0), (12, 8)])
    assert ellipse["area"].value == pytest.approx(np.pi * 6 * 4, rel=1e-9)
    # Complete elliptic integral: 4·a·E(1 − b²/a²) = 31.730878… for a = 6, b = 4.
    from scipy.special import ellipe

    assert ellipse["perimeter"].value == pytest.approx(4 * 6 * ellipe(1 - 16 / 36), rel=1e-4)
    triangle = said(Kind.POLYGON, [(0, 0), (12, 0), (0, 5)])
    assert triangle["area"].value == pytest.approx(30, rel=1e-9)
    assert triangle["perimeter"].value == pytest.approx(30, rel=1e-9)


@pytest.mark.parametrize("turn", [0, 20, 89, 90, 91, 160, 180])
def test_cobb_is_the_acute_angle_whichever_way_the_lines_run(turn: int) -> None:
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    found = by_name(measure(drawn(Kind.COBB, [(0, 0), (9, 0), (3, 20), (3 + 7 * c, 20 + 7 * s)], GRIDS["oblique"]),
                            GRIDS["oblique"]))  # fmt: skip
    assert found["angle"].value == pytest.approx(min(turn, 180 - turn), abs=1e-9)
    assert found["obtuse angle"].value == pytest.approx(180 - min(turn, 180 - turn), abs=1e-9)


def test_unknown_spacing_means_pixels_along_the_voxel_axes() -> None:
    grid = replace(GRIDS["isotropic"], spacing=(1.0, 1.0, 1.0), **unknown)
    line = by_name(measure(drawn(Kind.LENGTH, [(3, 4), (15, 20)], grid), grid))["length"]
    assert (line.value, line.unit) == (pytest.approx(20), "px")
    stretched = replace(grid, spacing=(1.0, 2.0, 1.0))  # a stated aspect is no spacing
    line = by_name(measure(drawn(Kind.LENGTH, [(0, 0), (3, 8)], stretched), stretched))["length"]
    assert (line.value, line.unit) == (pytest.approx(5), "px")
    found = by_name(measure(drawn(Kind.RECTANGLE, [(0, 0), (3, 8)], stretched), stretched))
    assert (found["area"].value, found["area"].unit) == (pytest.approx(12), "px²")
    assert (found["perimeter"].value, found["perimeter"].unit) == (pytest.approx(14), "px")
    assert (found["width"].value, found["height"].value, found["height"].unit) == (3, 4, "px")
    angle = by_name(measure(drawn(Kind.ANGLE, [(9, 0), (0, 0), (0, 9)], grid), grid))["angle"]
    assert angle.unit == "°" and "unknown" in angle.note


def test_a_line_needs_only_the_axes_it_uses() -> None:
    flat = replace(GRIDS["anisotropic"], known_spacing=(True, True, False))
    assert measure(drawn(Kind.LENGTH, [(0, 0), (9, 9)], flat, Plane.ACQUIRED), flat)[0].unit == "mm"
    through = drawn(Kind.LENGTH, [(0, 0), (0, 9)], GRIDS["anisotropic"], Plane.CORONAL)
    assert measure(through, flat)[0].unit == "px"
    sideways = replace(GRIDS["oblique"], known_spacing=(True, False, True))
    along_x = drawn(Kind.LENGTH, [(0, 0), (9, 0)], sideways, Plane.ACQUIRED)
    across = drawn(Kind.LENGTH, [(0, 0), (9, 0.1)], sideways, Plane.ACQUIRED)
    assert (measure(along_x, sideways)[0].unit, measure(across, sideways)[0].unit) == ("mm", "px")
    region = drawn(Kind.RECTANGLE, [(0, 0), (9, 9)], sideways, Plane.ACQUIRED)
    assert measure(region, sideways)[0].unit == "px²"


def test_spacing_at_the_detector_says_so() -> None:
    grid = replace(GRIDS["anisotropic"], at_detector=True)
    assert measure(drawn(Kind.LENGTH, [(0, 0), (3, 4)], grid), grid)[0].text == "5.00 mm at detector"
    assert measure(drawn(Kind.RECTANGLE, [(0, 0), (3, 4)], grid), grid)[0].text == "12.0 mm² at detector"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(32.14, "mm", "32.1 mm"), (5.678, "mm", "5.68 mm"), (0.5, "mm", "0.5 mm"), (0.02, "mm", "20.0 µm"),
     (0.0005, "mm²", "500.0 µm²"), (0.02, "px", "0.02 px"), (42.25, "°", "42.2°"), (0.0, "mm", "0.00 mm")],
)  # fmt: skip
def test_numbers_are_written_with_sensible_figures(value: float, unit: str, text: str) -> None:
    assert Measurement("length", value, unit).text == text


def test_a_crossing_outline_counts_what_is_inside_an_odd_number_of_times() -> None:
    bow = [(0.0, 0.0), (10.0, 10.0), (10.0, 0.0), (0.0, 10.0)]  # two triangles of 25 that touch at (5, 5)
    crossing = drawn(Kind.POLYGON, bow, GRIDS["oblique"])
    assert crosses_itself(crossing)
    found = measure(crossing, GRIDS["oblique"])[0]
    assert found.value == pytest.approx(50, rel=1e-3) and "crosses itself" in found.note
    assert polygon_area(np.array(bow)) == pytest.approx(0)  # which is why
    star = np.array([(np.cos(t), np.sin(t)) for t in np.arange(5) * 4 * np.pi / 5])
    tips = 10 * np.tan(np.pi / 10) / (3 - np.tan(np.pi / 10) ** 2)  # unit pentagram without its pentagon
    pentagon = 2.5 * np.sin(2 * np.pi / 5) * ((3 - np.sqrt(5)) / 2) ** 2
    assert odd_area(star) == pytest.approx(tips - pentagon, rel=1e-3)
    plain = drawn(Kind.POLYGON, [(0, 0), (9, 1), (8, 9), (4, 3), (1, 8)], GRIDS["oblique"])
    assert not crosses_itself(plain)
    assert odd_area(np.array([(0, 0), (9, 1), (8, 9), (4, 3), (1, 8)], float)) == pytest.approx(
        measure(plain, GRIDS["oblique"])[0].value, rel=1e-3)  # fmt: skip


@pytest.mark.parametrize("kind", [Kind.RECTANGLE, Kind.FREEHAND])
def test_a_corner_is_dragged_while_the_opposite_one_stays(kind: Kind) -> None:
    grid = GRIDS["oblique"]
    flat = [(2, 3), (10, 9)] if kind is Kind.RECTANGLE else [(2, 3), (10, 3), (10, 9), (2, 9)]
    shape = drawn(kind, flat, grid)
    start = handles(shape)[0]
    assert len(handles(shape)) == 8
    bigger = with_handle(shape, 4, to_world(shape, start + np.array([16, 18])))
    assert np.allclose(handles(bigger)[0], start)
    assert measure(bigger, grid)[0].value == pytest.approx(16 * 18)
    wider = with_handle(shape, 3, to_world(shape, start + np.array([16, 999])))  # the middle of the right side
    assert measure(wider, grid)[0].value == pytest.approx(16 * 6)
    assert np.allclose(np.array(bigger.points) @ np.array(shape.normal), np.dot(shape.points[0], shape.normal))


def test_an_ellipse_is_dragged_by_its_axes_and_moved_in_its_plane_only() -> None:
    shape = drawn(Kind.ELLIPSE, [(0, 0), (12, 8)], GRIDS["oblique"])
    assert len(handles(shape)) == 4
    longer = with_handle(shape, 1, to_world(shape, handles(shape)[1] + (6, 0)))
    assert measure(longer, GRIDS["oblique"])[0].value == pytest.approx(np.pi * 9 * 4)
    step = np.array(shape.normal) * 5 + 3 * np.array(shape.right)
    away = moved(shape, step)
    assert np.allclose(np.array(away.points) - np.array(shape.points), 3 * np.array(shape.right))
    assert outline(shape)[0] == pytest.approx(outline(shape)[-1])


def test_a_line_keeps_the_points_that_matter() -> None:
    straight = np.stack([np.linspace(0, 10, 50), np.zeros(50)], axis=1)
    bent = np.concatenate([straight, [[10, 5]]])
    assert simplified(bent, 0.01).tolist() == [[0, 0], [10, 0], [10, 5]]
    turn = np.linspace(0, 2 * np.pi, 400)
    circle = 50 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    kept = simplified(circle, 0.05)
    assert 30 < len(kept) < 200
    assert polygon_area(kept) == pytest.approx(np.pi * 2500, rel=2e-3)
