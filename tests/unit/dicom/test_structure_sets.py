"""Structure sets become labels: a voxel whose centre is inside, by the even-odd rule; nothing is dropped unsaid.

The oracle: pixels tested one by one by counting crossings in exact fractions, and analytic shapes.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from dicom_making import save
from label_object_making import square, structure_set
from pellucid.dicom.child import Pool
from pellucid.dicom.contour_filling import Filled, fill, inside
from pellucid.dicom.contour_grid import grid_of
from pellucid.dicom.structure_sets import StructureSet, read_structures
from pellucid.model.findings import Refused
from pellucid.model.geometry import Geometry

GRID = Geometry((12, 10, 6), (1.0, 1.0, 3.0), (0.0, 0.0, 0.0), frame_of_reference="1.2.3.9")


RISING = np.array([(0, 0, 0), (0, 0, 2), (0, 0, 2), (0, 0, 0)])


def read_of(folder: Path, ds: Dataset, pool: Pool) -> StructureSet:
    (path,) = save(folder, [ds])
    return read_structures(path, pool)


def filled(folder: Path, ds: Dataset, pool: Pool, geometry: Geometry = GRID) -> Filled:
    return fill(read_of(folder, ds, pool), geometry)


def codes(found: Filled | StructureSet) -> list[str]:
    return [finding.code for finding in found.findings]


def truth(polygons: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Return the even-odd rule in exact arithmetic, pixel by pixel: a ray to the left counts the edges it crosses."""
    out = np.zeros(shape, bool)
    for y in range(shape[0]):
        for x in range(shape[1]):
            crossings = 0
            for polygon in polygons:
                points = [(Fraction(float(a)), Fraction(float(b))) for a, b in polygon]
                for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
                    if (y0 <= y - 0 < y1 or y1 <= y < y0) and x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x:
                        crossings += 1
            out[y, x] = crossings % 2
    return out


# -------------------------------------------------------------------- filling


@pytest.mark.parametrize("seed", range(12))
def test_any_polygon_is_filled_as_exact_arithmetic_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    polygons = [random.uniform(-3, 14, (random.integers(3, 9), 2)) for _ in range(random.integers(1, 4))]
    if seed % 3 == 0:
        polygons = [np.rint(polygon * 2) / 2 for polygon in polygons]  # corners on centres and on edges of pixels
    np.testing.assert_array_equal(inside(polygons, (10, 12)), truth(polygons, (10, 12)))


def test_polygons_that_share_an_edge_share_no_pixel_and_leave_none() -> None:
    left, right = np.array([(0, 0), (5, 0), (5, 8), (0, 8)]), np.array([(5, 0), (9, 0), (9, 8), (5, 8)])
    one, two = inside([left], (10, 12)), inside([right], (10, 12))
    assert not (one & two).any() and (one | two).sum() == 9 * 8


def test_a_disk_has_its_area() -> None:
    angle = np.linspace(0, 2 * np.pi, 2000, endpoint=False)
    polygon = np.stack([250 + 200 * np.cos(angle), 250 + 200 * np.sin(angle)], axis=1)
    y, x = np.mgrid[:500, :500]
    expected = (x - 250.0) ** 2 + (y - 250.0) ** 2 < 200**2
    assert np.count_nonzero(inside([polygon], (500, 500)) != expected) <= 8  # a polygon is no circle


def test_no_polygon_and_flat_ones_fill_nothing() -> None:
    assert not inside([], (4, 4)).any()
    assert not inside([np.array([(1, 1), (3, 1), (2, 1)]), np.array([(1.0, 1), (1, 1), (1, 1)])], (4, 4)).any()


# -------------------------------------------------------------------- from files


def test_names_colours_values_and_voxels(tmp_path: Path, pool: Pool) -> None:
    ds = structure_set([(3, "Liver", [square(1.5, 1.5, 5.5, 4.5, 6)]), (8, "Níer", [square(6.5, 1.5, 8.5, 3.5, 9)])],
                       colours={3: (255, 0, 128)})  # fmt: skip
    ds.SpecificCharacterSet = "ISO_IR 192"
    found = read_of(tmp_path, ds, pool)
    assert found.title == "Structures" and found.series == ("1.2.3.1",) and found.frames_of_reference == ("1.2.3.9",)
    (labels,) = fill(found, GRID).maps
    expected = np.zeros((6, 10, 12), int)
    expected[2, 2:5, 2:6], expected[3, 2:4, 7:9] = 3, 8
    np.testing.assert_array_equal(labels.array, expected)
    assert [(row.value, row.name) for row in labels.labels] == [(3, "Liver"), (8, "Níer")]
    assert labels.labels[0].color == "#FF0080" and labels.geometry is GRID


def test_a_contour_inside_another_is_a_hole_and_so_is_a_keyhole(tmp_path: Path, pool: Pool) -> None:
    outer, inner = square(0.5, 0.5, 9.5, 8.5, 3), square(2.5, 2.5, 5.5, 5.5, 3)
    keyhole = np.concatenate([outer[:1], inner[[0, 3, 2, 1, 0]], outer[[0, 1, 2, 3]]])
    two = filled(tmp_path / "a", structure_set([(1, "a", [outer, inner])]), pool)
    one = filled(tmp_path / "b", structure_set([(1, "a", [keyhole])]), pool)
    expected = np.zeros((10, 12), int)
    expected[1:9, 1:10] = 1
    expected[3:6, 3:6] = 0
    np.testing.assert_array_equal(two.maps[0].array[1], expected)
    np.testing.assert_array_equal(one.maps[0].array[1], expected)


def test_structures_that_overlap_lie_on_several_maps(tmp_path: Path, pool: Pool) -> None:
    ds = structure_set([(1, "body", [square(0.5, 0.5, 9.5, 8.5, 3)]), (2, "liver", [square(2.5, 2.5, 5.5, 5.5, 3)]),
                        (3, "table", [square(0.5, 0.5, 9.5, 8.5, 9)])])  # fmt: skip
    found = filled(tmp_path, ds, pool)
    assert [[row.name for row in labels.labels] for labels in found.maps] == [["body", "table"], ["liver"]]
    assert [int((labels.array > 0).sum()) for labels in found.maps] == [2 * 72, 9]
    assert codes(found) == ["overlapping-labels"]


@pytest.mark.hazard("H05")
def test_an_oblique_anisotropic_image(tmp_path: Path, pool: Pool) -> None:
    direction = (0.8, -0.48, 0.36, 0.6, 0.64, -0.48, 0.0, 0.6, 0.8)
    grid = Geometry((12, 10, 6), (0.7, 1.3, 3.0), (-20.0, 5.0, 60.0), direction, frame_of_reference="1.2.3.9")
    index = np.array([(1.5, 1.5, 2), (7.5, 1.5, 2), (7.5, 5.5, 2), (1.5, 5.5, 2)])
    found = filled(tmp_path, structure_set([(1, "a", [grid.index_to_world(index)])]), pool, grid)
    expected = np.zeros((6, 10, 12), int)
    expected[2, 2:6, 2:8] = 1
    np.testing.assert_array_equal(found.maps[0].array, expected)
    assert found.findings == ()


def test_uneven_slices(tmp_path: Path, pool: Pool) -> None:
    grid = Geometry((12, 10, 3), (1.0, 1.0, 3.0), slice_positions=(0.0, 3.0, 10.0), frame_of_reference="1.2.3.9")
    found = filled(tmp_path, structure_set([(1, "a", [square(0.5, 0.5, 3.5, 3.5, 10)])]), pool, grid)
    assert found.maps[0].array[2].sum() == 9 and not found.maps[0].array[:2].any() and found.findings == ()


@pytest.mark.parametrize(
    ("contours", "code", "words"),
    [
        ([square(1, 1, 4, 4, 3) * [1, 1, 0] + [0, 0, 3] + RISING], "contour-aside", "not parallel"),
        ([square(1, 1, 4, 4, 30)], "contour-outside", "above or below"),
        ([square(1, 1, 40, 4, 3)], "contour-outside", "beyond the image"),
        ([square(1, 1, 4, 4, 4)], "contour-between", "between slices"),
        ([square(1, 1, 4, 4, 3), square(1, 1, 4, 4, 4)], "contour-between", "more planes"),
        ([], "empty-structure", "no contours"),
    ],
)
def test_what_cannot_be_filled_as_drawn_is_said(
    tmp_path: Path, pool: Pool, contours: list[np.ndarray], code: str, words: str
) -> None:
    found = filled(tmp_path, structure_set([(1, "Odd", contours)]), pool)
    assert codes(found) == [code] and words in found.findings[0].message and "“Odd”" in found.findings[0].message
    assert [row.name for row in found.maps[0].labels] == ["Odd"]  # the structure is there, if only by its name


def test_two_planes_at_one_slice_do_not_cancel_each_other(tmp_path: Path, pool: Pool) -> None:
    found = filled(tmp_path, structure_set([(1, "a", [square(0, 0, 4, 4, 3.9), square(0, 0, 5, 5, 3)])]), pool)
    assert found.maps[0].array[1].sum() == 25


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_open_contours_and_points_are_kept_and_said(tmp_path: Path, pool: Pool, kind: str) -> None:
    points = square(1, 1, 4, 4, 3)[: 1 if kind == "POINT" else 4]
    found = read_of(tmp_path, structure_set([(1, "Marker", [points])], kinds=[kind]), pool)
    (contour,) = found.structures[0].contours
    np.testing.assert_allclose(contour.points, points)
    labels = fill(found, GRID)
    assert codes(labels) == ["open-contour"] and not labels.maps[0].array.any()


def test_large_numbers_become_small_values(tmp_path: Path, pool: Pool) -> None:
    ds = structure_set([(70_000, "a", [square(1, 1, 4, 4, 3)]), (5, "b", [])])
    labels = filled(tmp_path, ds, pool).maps[0]
    assert [(row.value, row.name) for row in labels.labels] == [(1, "a"), (2, "b")]


# -------------------------------------------------------------------- a grid of their own


@pytest.mark.parametrize("turn", [np.eye(3), np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]]),
                                  np.array([[0.8, -0.48, 0.36], [0.6, 0.64, -0.48], [0, 0.6, 0.8]])])  # fmt: skip
def test_without_an_image_the_planes_of_the_contours_are_slices(
    tmp_path: Path, pool: Pool, turn: np.ndarray
) -> None:
    heights = (0.0, 3.0, 9.0)  # one is missing
    ds = structure_set([(1, "a", [square(0, 0, 40, 20, z) @ turn.T for z in heights])])
    found = read_of(tmp_path, ds, pool)
    grid, said = grid_of(found.structures)
    labels = fill(found, grid)
    assert labels.findings == () and "made for the contours" in said.message
    assert grid.size[2] == 4 and grid.spacing[2] == pytest.approx(3) and grid.frame_of_reference == "1.2.3.9"
    counts = sorted(int(plane.sum()) for plane in labels.maps[0].array)
    area = grid.spacing[0] * grid.spacing[1]
    assert [count * area for count in counts] == pytest.approx([0, 800, 800, 800], rel=0.02)
    z, y, x = np.nonzero(labels.maps[0].array)
    world = grid.index_to_world(np.stack([x, y, z], axis=1)) @ turn
    assert world.min(axis=0) == pytest.approx((0, 0, 0), abs=0.3)
    assert world.max(axis=0) == pytest.approx((40, 20, 9), abs=0.3)


def test_a_single_plane_and_no_plane(tmp_path: Path, pool: Pool) -> None:
    grid, _ = grid_of(read_of(tmp_path / "a", structure_set([(1, "a", [square(0, 0, 4, 4, 3)])]), pool).structures)
    assert grid.size[2] == 1 and grid.known_spacing == (True, True, False)
    with pytest.raises(Refused, match="no closed contours"):
        grid_of(read_of(tmp_path / "b", structure_set([(1, "a", [])]), pool).structures)


def test_huge_contours_get_a_coarse_grid(tmp_path: Path, pool: Pool) -> None:
    ds = structure_set([(1, "a", [square(-9e5, -9e5, 9e5, 9e5, 0), square(-1, -1, 1, 1, 9e5)])])
    grid, _ = grid_of(read_of(tmp_path, ds, pool).structures)
    assert max(grid.size) <= 600


# -------------------------------------------------------------------- spoilt


@pytest.mark.parametrize("data", ["1\\2\\3\\x", "1\\2", "", "nan\\1\\2", "1e300\\1\\2", "1\\2\\3\\4"])
def test_a_damaged_contour_is_left_out_and_said(tmp_path: Path, pool: Pool, data: str) -> None:
    ds = structure_set([(1, "a", [square(1, 1, 4, 4, 3), square(1, 1, 4, 4, 6)])])
    (path,) = save(tmp_path, [ds])
    whole = path.read_bytes()
    old = "\\".join(f"{v:.10g}" for v in square(1, 1, 4, 4, 6).ravel()).encode()
    assert whole.count(old) == 1
    path.write_bytes(whole.replace(old, data.encode().ljust(len(old))))
    found = read_structures(path, pool)
    assert codes(found)[0] == "damaged-contour" and len(found.structures[0].contours) == 1


def test_another_number_of_points_than_stated(tmp_path: Path, pool: Pool) -> None:
    ds = structure_set([(1, "a", [square(1, 1, 4, 4, 3)])])
    ds.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints = 2_000_000_000
    found = read_of(tmp_path, ds, pool)
    assert codes(found) == ["damaged-contour"] and len(found.structures[0].contours[0].points) == 4


def test_contours_of_a_structure_that_is_not_described(tmp_path: Path, pool: Pool) -> None:
    ds = structure_set([(1, "a", [square(1, 1, 4, 4, 3)])])
    ds.ROIContourSequence[0].ReferencedROINumber = 9
    found = read_of(tmp_path, ds, pool)
    assert [(one.name, len(one.contours)) for one in found.structures] == [("a", 0), ("Structure 9", 1)]


@pytest.mark.filterwarnings("ignore")  # pydicom says that it writes UN instead of DS, which is the point
def test_more_points_than_a_short_length_can_hold(tmp_path: Path, pool: Pool) -> None:
    angle = np.linspace(0, 2 * np.pi, 30_000, endpoint=False)
    points = np.stack([5 + 4 * np.cos(angle), 5 + 4 * np.sin(angle), 0 * angle + 3], axis=1)
    found = read_of(tmp_path, structure_set([(1, "a", [points])]), pool)
    np.testing.assert_allclose(found.structures[0].contours[0].points, points, atol=1e-6)


@pytest.mark.parametrize("keyword", ["StructureSetROISequence", "ROIContourSequence", "FrameOfReferenceUID",
                                     "ReferencedFrameOfReferenceSequence", "SeriesDescription"])  # fmt: skip
def test_a_missing_element_is_borne(tmp_path: Path, pool: Pool, keyword: str) -> None:
    ds = structure_set([(1, "a", [square(1, 1, 4, 4, 3)])])
    delattr(ds, keyword)
    found = read_of(tmp_path, ds, pool)
    assert len(found.structures) == 1


@pytest.mark.hazard("H19")
def test_a_file_cut_short_says_so_and_what_is_none_is_refused(tmp_path: Path, pool: Pool) -> None:
    (path,) = save(tmp_path, [structure_set([(1, "a", [square(1, 1, 4, 4, z) for z in (0, 3, 6)])])])
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    found = read_structures(path, pool)
    assert codes(found)[0] == "unreadable-file"
    for data in (whole[:200], b"", b"x" * 500):
        path.write_bytes(data)
        with pytest.raises(Refused, match="structure"):
            read_structures(path, pool)
    ds = structure_set([])
    with pytest.raises(Refused, match="no structure in it"):
        read_of(tmp_path / "b", ds, pool)
