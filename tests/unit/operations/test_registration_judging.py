"""What judges a registration, against SimpleITK, scikit-image and transforms whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from skimage.metrics import normalized_mutual_information

from pellucid.operations.context import Cancelled, Context
from pellucid.operations.engines.registration import consistency, jacobians, likeness

RNG = np.random.default_rng(11)


def grid(size=(14, 12, 10), *, oblique: bool = True) -> sitk.Image:
    """Return an anisotropic grid, turned in space."""
    image = sitk.Image(size, sitk.sitkFloat32)
    image.SetSpacing((0.7, 1.3, 2.1)[: len(size)])
    image.SetOrigin((-5.0, 12.0, 30.0)[: len(size)])
    if oblique and len(size) == 3:
        image.SetDirection(sitk.VersorTransform((0.3, -0.5, 0.2), 0.6).GetMatrix())
    elif oblique:
        image.SetDirection((np.cos(0.4), -np.sin(0.4), np.sin(0.4), np.cos(0.4)))
    return image


def spline(image: sitk.Image, strength: float = 0.6) -> sitk.Transform:
    made = sitk.BSplineTransformInitializer(image, [3] * image.GetDimension(), 3)
    made.SetParameters(RNG.normal(0, strength, len(made.GetParameters())).tolist())
    return made


class Quadratic:
    """A field whose derivatives central differences give exactly: d_i(p) = p·A_i·p / 2 + b_i·p."""

    def __init__(self, dimension: int) -> None:
        self.a = RNG.normal(0, 0.01, (dimension,) * 3)
        self.a = (self.a + self.a.swapaxes(1, 2)) / 2
        self.b = RNG.normal(0, 0.1, (dimension, dimension))

    def at(self, points):
        return np.einsum("...j,ijk,...k->...i", points, self.a, points) / 2 + points @ self.b.T

    def determinant(self, points):
        inner = np.einsum("ijk,...k->...ij", self.a, points) + self.b + np.eye(len(self.b))
        return np.linalg.det(inner)


def test_a_linear_transform_stretches_everywhere_alike() -> None:
    image = grid()
    affine = sitk.AffineTransform(3)
    affine.SetMatrix((np.diag([1.2, 0.9, 1.1]) @ np.array(image.GetDirection()).reshape(3, 3)).ravel().tolist())
    found = jacobians.determinants(affine, jacobians.lattice_of(image), Context())
    assert found.shape == (10, 12, 14)
    assert found == pytest.approx(1.2 * 0.9 * 1.1, rel=1e-5)


def test_differences_are_exact_for_quadratic_fields_on_oblique_grids() -> None:
    image, field = grid(), Quadratic(3)
    lattice = jacobians.lattice_of(image)
    found = jacobians.Determinants(lattice)
    expected = np.stack([field.determinant(lattice.points(k)) for k in range(10)])
    for k in range(10):
        found.take(field.at(lattice.points(k)))
    inner = (slice(1, -1),) * 3
    assert np.abs(found.values[inner] - expected[inner]).max() < 1e-5
    assert np.abs(found.values - expected).max() < 0.3  # of first order at the border


def test_differences_are_exact_between_uneven_slices() -> None:
    lattice = jacobians.lattice_of(grid())
    heights = np.cumsum(RNG.uniform(1.0, 3.0, 10))
    lattice = jacobians.Lattice(lattice.shape, lattice.axes, lattice.spacing,
                                lattice.origins[0] + heights[:, None] * lattice.axes[:, 2])  # fmt: skip
    field, found = Quadratic(3), jacobians.Determinants(lattice)
    for k in range(10):
        found.take(field.at(lattice.points(k)))
    expected = np.stack([field.determinant(lattice.points(k)) for k in range(10)])
    inner = (slice(1, -1),) * 3
    assert np.abs(found.values[inner] - expected[inner]).max() < 1e-5


def test_determinants_are_those_of_simpleitk_where_its_grid_is_straight() -> None:
    image = grid(oblique=False)
    transform = spline(image)
    found = jacobians.determinants(transform, jacobians.lattice_of(image), Context())
    field = sitk.TransformToDisplacementField(transform, sitk.sitkVectorFloat64, image.GetSize(), image.GetOrigin(),
                                              image.GetSpacing(), image.GetDirection())  # fmt: skip
    expected = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field, True))
    inner = (slice(2, -2),) * 3  # at the border its field ends before the grid does, by rounding
    assert np.abs(found[inner] - expected[inner]).max() < 1e-5
    assert found.std() > 0.05


def test_a_picture_is_stretched_in_its_plane() -> None:
    image = grid((24, 20))
    field = Quadratic(2)
    lattice = jacobians.lattice_of(image)
    moved = np.zeros((20, 24, 3))
    moved[..., :2] = field.at(lattice.points(0)[..., :2])
    found = jacobians.Determinants(lattice)
    found.take(moved)
    expected = field.determinant(lattice.points(0)[..., :2])
    assert np.abs(found.values[0] - expected)[1:-1, 1:-1].max() < 1e-5
    real = jacobians.determinants(spline(image), lattice, Context())
    assert real.shape == (1, 20, 24) and real.std() > 0.01


def test_folds_are_counted_where_they_are() -> None:
    values = np.full((4, 5, 6), 1.5, np.float32)
    values[1, 2, 3], values[3, 4, 5], values[0, 0, 0] = -0.25, 0.0, 3.0
    found = jacobians.stretch(values)
    assert (found.folded, found.voxels, found.worst) == (2, 120, (3, 2, 1))
    assert (found.lowest, found.highest) == (-0.25, 3.0)
    assert found.percentiles[1] == 1.5


def test_a_strong_warp_folds() -> None:
    image = grid()
    strong = jacobians.stretch(jacobians.determinants(spline(image, 12.0), jacobians.lattice_of(image), Context()))
    assert 0 < strong.folded < strong.voxels and strong.lowest < 0


def test_cancel_is_heard() -> None:
    with pytest.raises(Cancelled):
        jacobians.determinants(spline(grid()), jacobians.lattice_of(grid()), Context(cancelled=lambda: True))


def test_a_transform_and_its_inverse_come_back_and_others_miss_by_what_is_known() -> None:
    lattice = jacobians.lattice_of(grid())
    points = consistency.spread_points(lattice, 300)
    assert 40 <= len(points) <= 300
    rigid = sitk.Euler3DTransform((1, 2, 3), 0.1, 0.2, -0.1, (4, -2, 1))
    back = rigid.GetInverse()
    near = consistency.there_and_back(points, consistency.way(rigid), consistency.way(back), Context())
    assert near.max() < 1e-9
    off = sitk.CompositeTransform([sitk.TranslationTransform(3, (0.0, 3.0, 4.0)), back])
    found = consistency.errors(
        consistency.there_and_back(points, consistency.way(rigid), consistency.way(off), Context())
    )
    assert found is not None and found.count == len(points)
    assert (found.mean, found.median, found.largest) == pytest.approx((5.0, 5.0, 5.0))
    assert consistency.errors(np.zeros(0)) is None


def test_ways_of_bent_transforms_are_simpleitks() -> None:
    transform, points = spline(grid()), RNG.uniform(0, 10, (20, 3))
    expected = [transform.TransformPoint(point) for point in points.tolist()]
    assert np.abs(consistency.way(transform)(points) - expected).max() < 1e-12


def compared(fixed, moving, there=None):
    found = likeness.Comparison(likeness.range_of(fixed), likeness.range_of(moving))
    for k in range(len(fixed)):
        found.take(fixed[k], moving[k], np.ones(fixed[k].shape, bool) if there is None else there[k])
    return found.result()


def test_likeness_is_that_of_numpy_and_scikit_image() -> None:
    fixed = RNG.normal(100, 20, (6, 20, 30))
    moving = 2000 - 3 * fixed + RNG.normal(0, 20, fixed.shape)
    there = np.zeros(fixed.shape, bool)
    there[:, 4:, 5:] = True
    found = compared(fixed, moving, there)
    f, m = fixed[there], moving[there]
    assert found.voxels == there.sum() and found.overlap == pytest.approx(there.mean())
    assert found.mean_squares == pytest.approx(np.mean((f - m) ** 2))
    assert found.correlation == pytest.approx(np.corrcoef(f, m)[0, 1])
    clipped = [np.clip(side, *np.percentile(whole, (0.1, 99.9))) for side, whole in ((f, fixed), (m, moving))]
    assert found.normalised == pytest.approx(normalized_mutual_information(*clipped, bins=likeness.BINS), abs=2e-3)


def test_mutual_information_is_that_of_the_joint_gaussian() -> None:
    fixed = RNG.normal(size=(40, 200, 200))
    rho = 0.8
    moving = rho * fixed + np.sqrt(1 - rho**2) * RNG.normal(size=fixed.shape)
    assert compared(fixed, moving).mutual_information == pytest.approx(-0.5 * np.log(1 - rho**2), abs=0.02)


def test_what_is_no_number_is_left_out_and_flat_images_have_no_correlation() -> None:
    fixed = RNG.normal(size=(2, 5, 5))
    moving = fixed.copy()
    fixed[0, 0, 0], moving[1, 1, 1] = np.nan, np.nan
    found = compared(fixed, moving)
    assert found.voxels == 48 and found.mean_squares == 0 and found.correlation == pytest.approx(1)
    assert np.isnan(compared(np.ones((1, 3, 3)), np.ones((1, 3, 3))).correlation)
    nowhere = compared(fixed, moving, np.zeros(fixed.shape, bool))
    assert nowhere.overlap == 0 and np.isnan(nowhere.mean_squares)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64, np.int32])
def test_values_and_labels_at_places_are_those_of_resampling(dtype) -> None:
    array = RNG.integers(0, 200, (7, 8, 9)).astype(dtype)
    image = sitk.GetImageFromArray(array)
    index = RNG.uniform(-1.5, 9.5, (40, 40, 3))
    found, there = likeness.values_at(array, index)
    labels = likeness.nearest_at(array, index)
    for place, value, inside, label in zip(
        index.reshape(-1, 3)[:300].tolist(), found.flat, there.flat, labels.flat, strict=False
    ):
        expected = all(-0.5 <= c < n - 0.5 for c, n in zip(place, (9, 8, 7), strict=True))
        assert inside == expected
        if expected:
            assert value == pytest.approx(image.EvaluateAtContinuousIndex(place, sitk.sitkLinear), rel=1e-4, abs=1e-3)
            nearest = [int(np.floor(c + 0.5)) for c in place]
            assert label == array[nearest[2], nearest[1], nearest[0]]
        else:
            assert label == 0


def test_dice_is_that_of_simpleitk() -> None:
    first, second = (RNG.integers(0, 4, (5, 9, 9)).astype(np.uint8) for _ in range(2))
    found = likeness.Overlaps([(1, 1), (2, 3), (7, 7)])
    for k in range(5):
        found.take(first[k], second[k])
    for n, (one, other) in enumerate([(1, 1), (2, 3)]):
        measure = sitk.LabelOverlapMeasuresImageFilter()
        masks = ((first == one), (second == other))
        measure.Execute(*(sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in masks))
        assert found.dice()[n] == pytest.approx(measure.GetDiceCoefficient())
    assert np.isnan(found.dice()[2])
