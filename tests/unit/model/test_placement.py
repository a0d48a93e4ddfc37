"""Placements against SimpleITK: where points go, what planes show."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.model.geometry import Geometry, same_world
from pellucid.model.planes import plane_frame
from pellucid.model.slicing import layer_plane
from pellucid.model.view import Plane
from pellucid.model.volume import Volume, geometry_of
from pellucid.session.placements import linear_placement, placement_of

RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """Give every test the same random numbers, whichever tests ran before it."""
    RNG.bit_generator.state = np.random.default_rng(7).bit_generator.state


def smooth_image(size: tuple[int, int, int] = (40, 36, 24)) -> sitk.Image:
    """Return smooth noise on an oblique, anisotropic grid."""
    image = sitk.GetImageFromArray(RNG.normal(size=size[::-1]).astype(np.float32))
    image.SetSpacing((1.1, 0.9, 2.0))
    image.SetOrigin((-20.0, 5.0, 30.0))
    image.SetDirection(sitk.VersorTransform((0.2, 0.5, 0.1), 0.3).GetMatrix())
    return sitk.SmoothingRecursiveGaussian(image, 3.0) * 100


def rigid() -> sitk.Transform:
    """Return a turn and a shift."""
    return sitk.Euler3DTransform((0, 10, 40), 0.1, -0.2, 0.15, (4.0, -3.0, 2.0))


def bent(image: sitk.Image) -> sitk.Transform:
    """Return a B-spline after which the image is turned and shifted."""
    spline = sitk.BSplineTransformInitializer(image, [3, 3, 3], 3)
    spline.SetParameters(RNG.normal(0, 1.5, len(spline.GetParameters())).tolist())
    return sitk.CompositeTransform([rigid(), spline])


def points_inside(geometry: Geometry, count: int = 200) -> np.ndarray:
    """Return random world points well inside a grid."""
    return geometry.index_to_world(RNG.uniform(0.2, 0.8, (count, 3)) * (np.array(geometry.size) - 1))


@pytest.mark.parametrize("kind", ["rigid", "bent"])
def test_points_go_where_the_transform_takes_them_and_back(kind: str) -> None:
    image = smooth_image()
    transform = rigid() if kind == "rigid" else bent(image)
    own = geometry_of(image)
    placement = placement_of(transform, own, own)
    points = points_inside(own)
    expected = np.array([transform.TransformPoint(p) for p in points.tolist()])
    near = 1e-9 if kind == "rigid" else 0.05
    assert np.abs(placement.to_own(points) - expected).max() < near
    assert np.abs(placement.to_common(placement.to_own(points)) - points).max() < 5e-3
    grid = placement.geometry(own)
    assert np.abs(grid.world_to_index(points) - own.world_to_index(expected)).max() < near / 0.9 + 1e-9
    assert np.abs(grid.index_to_world(grid.world_to_index(points)) - points).max() < 5e-3


@pytest.mark.parametrize("kind", ["rigid", "bent"])
@pytest.mark.parametrize("plane", [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL])
def test_a_plane_shows_what_resampling_gives(kind: str, plane: Plane) -> None:
    image = smooth_image()
    transform = rigid() if kind == "rigid" else bent(image)
    own = geometry_of(image)
    frame = plane_frame(own, plane)
    index = frame.slice_count // 2
    placed = placement_of(transform, own, own).volume(Volume(image, own))
    shown = layer_plane(placed.array, placed.geometry, frame, index, fill=np.nan, smooth=True)
    assert shown is not None
    a, _, c, _, e, f = shown.transform
    rows, columns = shown.array.shape
    like = sitk.Image(columns, rows, 1, sitk.sitkFloat32)
    like.SetOrigin(frame.world_at(c, f, index).tolist())
    like.SetSpacing((a, e, 1.0))
    axes = np.stack([frame.right, frame.down, np.cross(frame.right, frame.down)], axis=1)
    like.SetDirection(axes.ravel().tolist())
    expected = sitk.GetArrayFromImage(sitk.Resample(image, like, transform, sitk.sitkLinear, np.nan))[0]
    both = np.isfinite(shown.array) & np.isfinite(expected)
    assert both.sum() > 200
    away = np.abs(shown.array - expected)[both]
    # at the edge of its grid a B-spline ends with a jump, which the samples between make a slope
    assert away.max() < 1e-2 if kind == "rigid" else np.percentile(away, 97) < 0.05 * np.nanstd(expected)


def test_scaled_and_uneven_grids_keep_their_slices() -> None:
    own = Geometry((8, 7, 3), (1.0, 1.0, 2.0), slice_positions=(0.0, 2.0, 6.0))
    matrix = np.diag([2.0, 2.0, 2.0, 1.0])
    grid = linear_placement(matrix, own).geometry(own)
    assert grid.spacing == (0.5, 0.5, 1.0)
    assert grid.slice_positions == (0.0, 1.0, 3.0)
    assert np.allclose(grid.index_to_world([1, 1, 2]), [0.5, 0.5, 3.0])


def test_a_placed_picture_shares_the_world_of_the_one_it_was_fitted_to() -> None:
    fixed = Geometry((20, 20, 1), known_spacing=(False, False, False), oriented=False)
    moving = Geometry((12, 14, 1), known_spacing=(False, False, False), oriented=False)
    assert not same_world(fixed, moving)
    placed = linear_placement(np.eye(4), fixed, planar=True).geometry(moving)
    assert same_world(fixed, placed)
    assert same_world(placed, fixed)
    assert not placed.has_lengths


def test_the_same_voxels_are_one_volume_and_another_placement_is_another() -> None:
    image = smooth_image((8, 8, 8))
    volume = Volume(image, geometry_of(image))
    one, two = (linear_placement(np.eye(4), volume.geometry) for _ in range(2))
    assert one.volume(volume) is one.volume(volume)
    assert one.volume(volume) is not two.volume(volume)
    assert np.shares_memory(one.volume(volume).array, volume.array)
