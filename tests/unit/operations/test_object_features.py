"""Measures of objects against other libraries, and against bodies whose measures are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage, stats
from skimage import draw
from skimage.feature import graycomatrix, graycoprops
from skimage.measure import regionprops_table

from operation_images import DIRECTIONS, SPACING, blobs, label_blobs, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.answers import Rows
from pellucid.operations.engines.object_surfaces import FLAT_OFFSETS, crofton_weights
from pellucid.operations.object_columns import column, group_of

DEEP = "volume_mm3", "surface_mm2", "sphericity"


def measured(labels: sitk.Image, *images: sitk.Image, **values: Any) -> Rows:
    """Measure and return the rows."""
    return get("features.objects").run(Context(), labels, *images, **values)


def body(inside: Any, direction: str = "straight", spacing: Any = (0.8, 1.0, 1.3), half: int = 24) -> sitk.Image:
    """Return a body: ``inside`` of points (n, 3) in mm from its middle, on a grid in space."""
    grid = np.stack(np.meshgrid(*[np.arange(-half, half + 1)] * 3, indexing="ij"), axis=-1)[..., ::-1]
    steps = np.array(DIRECTIONS[direction]).reshape(3, 3) * np.array(spacing)
    return on_grid(inside(grid @ steps.T).astype(np.uint8), direction, spacing)


def islands(shape: tuple[int, ...] = (14, 40, 44)) -> Any:
    """Return some islands of many shapes, each with its label."""
    found, _count = ndimage.label(blobs(shape, share=0.2), np.ones((3,) * len(shape)))
    sizes = np.bincount(found.ravel())
    return np.where((sizes >= 20)[found] & (found > 0), found, 0).astype(np.uint16)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_ball_measures_the_same_on_every_grid(direction: str) -> None:
    radius = 14.0
    rows = measured(body(lambda p: (p**2).sum(axis=-1) <= radius**2, direction))
    row = next(iter(rows))
    assert row["volume_mm3"] == pytest.approx(4 / 3 * np.pi * radius**3, rel=5e-3)
    assert row["surface_mm2"] == pytest.approx(4 * np.pi * radius**2, rel=1e-2)
    assert row["sphericity"] == pytest.approx(1, abs=1e-2)
    assert row["equivalent_diameter_mm"] == pytest.approx(2 * radius, rel=2e-3)
    assert 2 * radius < row["feret_mm"] < 2 * radius + 2.1  # the corners of voxels lie beyond their middles
    assert row["elongation"] == pytest.approx(1, abs=1e-2) and row["flatness"] == pytest.approx(1, abs=1e-2)
    for axis in ("major", "middle", "minor"):
        assert row[f"axis_{axis}_mm"] == pytest.approx(2 * radius, rel=1e-2)
    assert 0.88 < row["solidity"] < 1 and row["touches_border"] == 0


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_axes_of_an_ellipsoid_lie_in_space(direction: str) -> None:
    axes, turned = np.array([17.0, 11.0, 6.0]), np.array(DIRECTIONS["oblique"]).reshape(3, 3)
    rows = measured(body(lambda p: (((p @ turned) / axes) ** 2).sum(axis=-1) <= 1, direction))
    row = next(iter(rows))
    for name, axis in zip(("major", "middle", "minor"), axes, strict=True):
        assert row[f"axis_{name}_mm"] == pytest.approx(2 * axis, rel=0.025)
    longest = np.array([row[f"major_{axis}"] for axis in "xyz"])
    assert abs(longest @ turned[:, 0]) > np.cos(np.deg2rad(1.5)) and longest[np.abs(longest).argmax()] > 0
    assert row["elongation"] == pytest.approx(17 / 11, rel=0.02) and row["flatness"] == pytest.approx(11 / 6, rel=0.03)
    image = rows and body(lambda p: (((p @ turned) / axes) ** 2).sum(axis=-1) <= 1, direction)
    middle = image.TransformContinuousIndexToPhysicalPoint([24.0] * 3)
    assert [row[f"centroid_{axis}_mm"] for axis in "xyz"] == pytest.approx(middle, abs=0.05)


def test_a_box_is_exact_and_a_cylinder_nearly() -> None:
    array = np.zeros((9, 12, 14), np.uint8)
    array[2:7, 3:9, 4:12] = 3
    row = next(iter(measured(on_grid(array, "oblique"))))
    sides = np.array([8, 6, 5]) * SPACING
    assert row["label"] == 3 and row["voxels"] == 240 and row["solidity"] == pytest.approx(1)
    assert row["volume_mm3"] == pytest.approx(sides.prod()) and row["feret_mm"] == pytest.approx(np.linalg.norm(sides))
    assert row["axis_major_mm"] == pytest.approx(2 * np.sqrt(5 / 12) * sides.max())
    assert [row[f"box_{part}_{axis}"] for part in ("first", "size") for axis in "xyz"] == [4, 3, 2, 8, 6, 5]
    assert row["extent"] == 1
    tube = body(lambda p: (p[..., 0] ** 2 + p[..., 1] ** 2 <= 100) & (np.abs(p[..., 2]) <= 15))
    row = next(iter(measured(tube)))
    height = 1.3 * 23
    assert row["volume_mm3"] == pytest.approx(np.pi * 100 * height, rel=0.01)
    assert row["surface_mm2"] == pytest.approx(2 * np.pi * 10 * (10 + height), rel=0.05)


@pytest.mark.parametrize("planar", [True, False], ids=["planar", "one slice"])
def test_a_slice_measures_as_scikit_image_does(planar: bool) -> None:
    array, values = islands((80, 90)), noise((80, 90))
    labels, image = (on_grid(part if planar else part[None], spacing=(1, 1, 1)) for part in (array, values))
    rows = measured(labels, image)
    wanted = regionprops_table(
        array, values, properties=("label", "area", "perimeter_crofton", "bbox", "equivalent_diameter_area", "extent",
                                   "intensity_mean", "intensity_std", "intensity_min", "intensity_max",
                                   "inertia_tensor_eigvals"),
    )  # fmt: skip
    assert len(rows) > 10
    ours = {name: np.array(column, float) for name, column in rows.values.items()}
    pairs = {"label": "label", "area_mm2": "area", "perimeter_mm": "perimeter_crofton", "box_first_x": "bbox-1",
             "box_first_y": "bbox-0", "equivalent_diameter_mm": "equivalent_diameter_area", "extent": "extent",
             "mean": "intensity_mean", "sd": "intensity_std", "minimum": "intensity_min",
             "maximum": "intensity_max"}  # fmt: skip
    for mine, theirs in pairs.items():
        np.testing.assert_allclose(ours[mine], wanted[theirs], rtol=1e-9, err_msg=mine)
    major = 4 * np.sqrt(wanted["inertia_tensor_eigvals-0"] + 1 / 12)  # voxels are solid here, points there
    np.testing.assert_allclose(ours["axis_major_mm"], major, rtol=1e-9)
    assert (ours["feret_min_mm"] <= ours["feret_mm"]).all() and (ours["solidity"] <= 1 + 1e-12).all()


def test_hull_and_calipers_of_a_slice_against_all_corners() -> None:
    from scipy.spatial import ConvexHull

    array = islands((60, 70))
    rows = measured(on_grid(array))
    for row in rows:
        y, x = np.nonzero(array == row["label"])
        corners = np.concatenate([np.stack([x + a, y + b], axis=1) for a in (-0.5, 0.5) for b in (-0.5, 0.5)])
        corners = corners * SPACING[:2]
        hull = ConvexHull(corners)
        assert row["solidity"] == pytest.approx(len(x) * SPACING[0] * SPACING[1] / hull.volume, rel=1e-9)
        far = np.linalg.norm(corners[:, None] - corners, axis=-1).max()
        assert row["feret_mm"] == pytest.approx(far, rel=1e-9)
        widths = [np.ptp(corners @ (np.cos(a), np.sin(a))) for a in np.linspace(0, np.pi, 2000)]
        assert row["feret_min_mm"] == pytest.approx(min(widths), rel=5e-3)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_hull_and_feret_of_a_volume_against_all_corners(direction: str) -> None:
    from scipy.spatial import ConvexHull

    array = islands()
    steps = np.array(DIRECTIONS[direction]).reshape(3, 3) * np.array(SPACING)
    for row in measured(on_grid(array, direction)):
        places = np.argwhere(array == row["label"])[:, ::-1]
        halves = np.stack(np.meshgrid(*[(-0.5, 0.5)] * 3), axis=-1).reshape(-1, 3)
        corners = (places[:, None] + halves).reshape(-1, 3) @ steps.T
        hull = ConvexHull(corners)
        assert row["solidity"] == pytest.approx(len(places) * abs(np.linalg.det(steps)) / hull.volume, rel=1e-9)
        ends = corners[hull.vertices]
        assert row["feret_mm"] == pytest.approx(np.linalg.norm(ends[:, None] - ends, axis=-1).max(), rel=1e-9)


def test_size_place_axes_and_surface_as_simpleitk() -> None:
    array = islands()
    image = on_grid(array, "oblique")
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    rows = measured(image)
    assert [row["label"] for row in rows] == list(shape.GetLabels()) and len(rows) > 5
    for row in rows:
        label = row["label"]
        assert row["voxels"] == shape.GetNumberOfPixels(label)
        assert row["volume_mm3"] == pytest.approx(shape.GetPhysicalSize(label), rel=1e-9)
        assert [row[f"centroid_{axis}_mm"] for axis in "xyz"] == pytest.approx(shape.GetCentroid(label), abs=1e-6)
        box = [row[f"box_{part}_{axis}"] for part in ("first", "size") for axis in "xyz"]
        assert tuple(box) == shape.GetBoundingBox(label)
        assert bool(row["touches_border"]) == (shape.GetNumberOfPixelsOnBorder(label) > 0)


@pytest.mark.parametrize("direction", ["straight", "oblique"])
def test_the_surface_is_that_of_simpleitk_where_voxels_are_cubes(direction: str) -> None:
    image = on_grid(islands(), direction, (1.5, 1.5, 1.5))
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    for row in measured(image):
        assert row["surface_mm2"] == pytest.approx(shape.GetPerimeter(row["label"]), rel=1e-4)
        assert row["sphericity"] == pytest.approx(shape.GetRoundness(row["label"]), rel=1e-4)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int64", "float32", "float64"])
def test_values_as_numpy_and_scipy(dtype: str) -> None:
    array, values = label_blobs((9, 21, 22)), noise((9, 21, 22), dtype)
    if values.dtype.kind == "f":
        values[3, 4, 5:9] = np.nan
        values[5, 6, 7] = np.inf
    rows = measured(on_grid(array), on_grid(values), percentiles="2.5 40, 90")
    for row in rows:
        held = values[array == row["label"]].astype(np.float64)
        held = held[np.isfinite(held)]
        wanted = {"mean": held.mean(), "sd": held.std(), "median": np.median(held), "sum": held.sum(),
                  "skewness": stats.skew(held), "kurtosis": stats.kurtosis(held), "minimum": held.min(),
                  "maximum": held.max()}  # fmt: skip
        wanted |= {f"p{share:g}": np.percentile(held, share) for share in (2.5, 40, 90)}
        for name, value in wanted.items():
            assert row[name] == pytest.approx(value, rel=1e-7, abs=1e-9), name
        finite = values[(array > 0) & np.isfinite(values)]
        counts = np.histogram(held, 32, (float(finite.min()), float(finite.max())))[0]
        assert row["entropy"] == pytest.approx(stats.entropy(counts, base=2), abs=2e-3)


@pytest.mark.parametrize("distance", [1, 3])
def test_texture_of_a_slice_as_scikit_image(distance: int) -> None:
    levels = 8
    values = noise((24, 26), "uint8") // 32
    values[0, 0], values[0, 1] = 0, 7
    rows = measured(on_grid(np.ones((24, 26), np.uint8)), on_grid(values), texture=True, levels=levels,
                    distance=distance)  # fmt: skip
    row = next(iter(rows))
    offsets = [(0, 1), (1, 0), (1, 1), (1, -1)]
    everywhere = np.ones(values.shape, bool)
    matrices = [by_hand(values, everywhere, (y * distance, x * distance), levels) for y, x in offsets]
    stacked = np.stack(matrices, axis=-1)[:, :, None]
    for name in ("contrast", "dissimilarity", "homogeneity", "energy", "correlation"):
        assert row[name] == pytest.approx(graycoprops(stacked, name).mean(), rel=1e-9), name
    assert row["glcm_entropy"] == pytest.approx(graycoprops(stacked, "entropy").mean(), rel=1e-9)
    straight = graycomatrix(values, [distance], [0, np.pi / 2], levels, symmetric=True, normed=True)
    np.testing.assert_allclose(straight[:, :, 0, 0], matrices[0])
    np.testing.assert_allclose(straight[:, :, 0, 1], matrices[1])


def by_hand(values: Any, inside: Any, offset: tuple[int, ...], levels: int) -> Any:
    """Return a symmetric, normed co-occurrence matrix, pair by pair."""
    matrix = np.zeros((levels, levels))
    for place in np.argwhere(inside):
        other = place + offset
        if (other >= 0).all() and (other < values.shape).all() and inside[tuple(other)]:
            here, there = values[tuple(place)], values[tuple(other)]
            matrix[here, there] += 1
            matrix[there, here] += 1
    return matrix / max(matrix.sum(), 1)


def test_texture_of_a_volume_stays_inside_the_object() -> None:
    array, values = label_blobs((5, 9, 10)), noise((5, 9, 10), "uint8") // 64
    first, second = np.argwhere(array > 0)[:2]
    values[tuple(first)], values[tuple(second)] = 0, 3
    rows = measured(on_grid(array), on_grid(values), texture=True, levels=4)
    offsets = [(z, y, x) for z in (0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1) if (z, y, x) > (0, 0, 0)]
    assert len(offsets) == 13
    for row in rows:
        inside = array == row["label"]
        found = [by_hand(values, inside, offset, 4) for offset in offsets]
        matrices = np.stack([matrix for matrix in found if matrix.any()], axis=-1)[:, :, None]
        assert row["contrast"] == pytest.approx(graycoprops(matrices, "contrast").mean(), rel=1e-9)
        assert row["energy"] == pytest.approx(graycoprops(matrices, "energy").mean(), rel=1e-9)
        assert row["correlation"] == pytest.approx(graycoprops(matrices, "correlation").mean(), rel=1e-9)


@pytest.mark.parametrize(("how", "structure"), [("faces", 1), ("corners", 3)])
def test_each_connected_part_is_an_object(how: str, structure: int) -> None:
    array = label_blobs((6, 20, 21))
    rows = measured(on_grid(array), rows="objects", connectivity=how, smallest=2)
    wanted: list[tuple[int, int, int]] = []
    for label in range(1, 6):
        parts, _count = ndimage.label(array == label, ndimage.generate_binary_structure(3, structure))
        sizes = [size for size in np.bincount(parts.ravel())[1:] if size >= 2]
        wanted += [(label, n, size) for n, size in enumerate(sizes, 1)]
    found = [(row["label"], row["object"], row["voxels"]) for row in rows]
    assert found == wanted and len(found) > 30


def test_a_single_voxel_and_touching_labels_have_all_measures() -> None:
    array = np.zeros((3, 4, 5), np.uint8)
    array[1, 1, 1], array[1, 1, 2] = 7, 9
    rows = measured(on_grid(array, "sheared"), on_grid(noise((3, 4, 5)), "sheared"), texture=True)
    assert rows.values["label"] == [7, 9] and rows.values["solidity"] == pytest.approx([1, 1])
    assert rows.values["contrast"] == [None, None] and rows.values["skewness"] == [None, None]
    assert all(value > 0 for value in rows.values["surface_mm2"])


def test_an_empty_map_has_no_rows_and_says_so() -> None:
    said: list[str] = []
    empty = on_grid(np.zeros((4, 5, 6), np.uint8))
    for shape in (True, False):
        rows = get("features.objects").run(Context(remark=said.append), empty, empty, texture=True, shape=shape)
        assert len(rows) == 0 and len(rows.columns) > 10
    assert said[0].startswith("There are no objects")
    assert len(measured(on_grid(np.zeros((5, 6), np.uint8)))) == 0


def test_channels_are_columns_with_their_names() -> None:
    array, values = label_blobs((8, 9)), noise((8, 9, 4), "uint8")
    colour = on_grid(values, colour=True)
    grey = on_grid(noise((8, 9)))
    rows = measured(on_grid(array), colour, grey, names="HE stain, DAPI")
    means = [name for name in rows.values if name.endswith("_mean")]
    assert means == ["he_stain_red_mean", "he_stain_green_mean", "he_stain_blue_mean", "dapi_mean"]
    row = next(iter(rows))
    assert row["he_stain_green_mean"] == pytest.approx(values[..., 1][array == row["label"]].mean())
    unnamed = measured(on_grid(array), grey, grey)
    assert [name for name in unnamed.values if "mean" in name] == ["image1_mean", "image2_mean"]
    assert [column.name for column in rows.columns] == list(rows.values)
    twice = measured(on_grid(array), grey, grey, names="a,a")
    assert [name for name in twice.values if "mean" in name] == ["a_mean", "a_2_mean"]


def test_every_column_is_defined() -> None:
    rows = measured(on_grid(label_blobs((4, 8, 9))), on_grid(noise((4, 8, 9))), texture=True, rows="objects")
    flat = measured(on_grid(label_blobs((8, 9))), on_grid(noise((8, 9))))
    for one in (*rows.columns, *flat.columns):
        assert one.help.endswith(".") and one.title and group_of(one.name) in ("place", "shape", "intensity", "texture")
        assert ("_mm" in one.name) == (one.unit in ("mm", "mm²", "mm³"))
    assert column("DAPI_p95").title == "DAPI: Percentile 95" and group_of("dapi_glcm_entropy") == "texture"
    assert column("dapi_glcm_entropy").title == "dapi: Entropy (GLCM)" and group_of("dapi_entropy") == "intensity"


@pytest.mark.parametrize("text", ["5 101", "-1", "many"])
def test_percentiles_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Refused, match="from 0 to 100"):
        get("features.objects").validate(percentiles=text)


def test_images_elsewhere_are_refused_or_resampled() -> None:
    labels, image = on_grid(label_blobs((5, 6, 7))), on_grid(noise((5, 6, 7)), spacing=(0.9, 0.9, 2.5))
    with pytest.raises(Refused, match="grid"):
        measured(labels, image)
    assert len(measured(labels, image, resample=True)) == 5


@pytest.mark.parametrize("spacing", [(1.0, 3.0), (0.7, 0.9), (2.0, 1.0)])
def test_each_direction_of_a_slice_counts_for_the_angles_nearest_to_it(spacing: tuple[float, float]) -> None:
    ways = np.array(FLAT_OFFSETS)[:, :2] * spacing
    angles = np.arctan2(ways[:, 1], ways[:, 0])
    all_angles = np.linspace(0, np.pi, 200_001)[:-1]
    apart = np.abs((all_angles[:, None] - angles + np.pi / 2) % np.pi - np.pi / 2)
    shares = np.bincount(apart.argmin(axis=1), minlength=4) / len(all_angles)
    wanted = np.pi / 2 * shares * np.prod(spacing) / np.linalg.norm(ways, axis=1)
    np.testing.assert_allclose(crofton_weights(np.diag([*spacing, 1.0]), flat=True), wanted, rtol=1e-3)


def test_overlap_counts_the_voxels_of_every_pair() -> None:
    one, other = label_blobs((5, 12, 13), seed=2), label_blobs((5, 12, 13), seed=5).astype(np.uint16) * 300
    rows = get("features.overlap").run(Context(), on_grid(one), on_grid(other))
    wanted = sorted({(a, b) for a, b in zip(one.ravel().tolist(), other.ravel().tolist(), strict=True) if a and b})
    assert [(row["label"], row["other"]) for row in rows] == wanted and len(wanted) > 10
    for row in rows:
        a, b = one == row["label"], other == row["other"]
        assert row["shared_voxels"] == (a & b).sum()
        assert row["jaccard"] == pytest.approx((a & b).sum() / (a | b).sum())
        assert row["share"] == pytest.approx((a & b).sum() / a.sum())
        assert row["other_share"] == pytest.approx((a & b).sum() / b.sum())


def test_the_surface_of_a_disc_counts_its_pixels_on_any_grid() -> None:
    plane = np.zeros((90, 90), np.uint8)
    rr, cc = draw.ellipse(45, 45, 20 / 0.9, 20 / 0.7, shape=plane.shape)
    plane[rr, cc] = 1
    row = next(iter(measured(on_grid(plane))))
    assert row["perimeter_mm"] == pytest.approx(2 * np.pi * 20, rel=0.02)
    assert row["roundness"] == pytest.approx(1, abs=0.02) and row["area_mm2"] == pytest.approx(np.pi * 400, rel=0.01)
    assert pixels(on_grid(plane)).sum() == row["voxels"]
