"""Segmentation, masks and measurements, each with what scipy, scikit-image and plain SimpleITK do for the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from scipy.cluster import vq
from skimage import filters, measure, morphology, segmentation

from pellucid.operations import Context, get
from pellucid.operations.preview import preview_slice

Work = Callable[[], Any]
Task = tuple[str, Work, dict[str, Work]]
SPACING = (0.7, 0.7, 1.0)
LOW, HIGH = 100, 400


class Scene:
    """A noisy image of some touching balls, their mask and numbers, and what grows in it."""

    def __init__(self, image: sitk.Image) -> None:
        self.image = image
        self.array = sitk.GetArrayViewFromImage(image)

    @cached_property
    def numbers(self) -> Any:
        """Return a hundred touching bodies (uint16) in a grid of 1 × 10 × 10."""
        deep, high, wide = self.array.shape
        z, y, x = np.ogrid[:deep, :high, :wide]
        cell_y, cell_x = y * 10 // high, x * 10 // wide
        away = ((y % (high / 10) - high / 20) / (0.53 * high / 10)) ** 2
        away = away + ((x % (wide / 10) - wide / 20) / (0.53 * wide / 10)) ** 2 + ((z - deep / 2) / (0.45 * deep)) ** 2
        return np.where(away < 1, 1 + cell_y * 10 + cell_x, 0).astype(np.uint16)

    @cached_property
    def labels(self) -> sitk.Image:
        """Return the bodies as labels."""
        return self.placed(self.numbers)

    @cached_property
    def clump(self) -> sitk.Image:
        """Return the bodies as a mask of one piece."""
        return self.placed((self.numbers > 0).astype(np.uint8))

    @cached_property
    def markers(self) -> sitk.Image:
        """Return a seed in each body and one for the background."""
        seeds = np.where(ndimage.binary_erosion(self.numbers > 0, iterations=6), self.numbers, 0)
        seeds[:, 0] = 101
        return self.placed(seeds.astype(np.uint16))

    def placed(self, array: Any) -> sitk.Image:
        """Return an array as an image on the grid of the scene."""
        image = sitk.GetImageFromArray(np.ascontiguousarray(array))
        image.CopyInformation(self.image)
        return image


def ours(id: str, *images: Any, **values: Any) -> Work:
    """Return what runs an operation."""
    return lambda: get(id).run(Context(), *images, **values)


def cases(image: sitk.Image, mask: sitk.Image) -> Iterator[Task]:
    """Yield (task, ours, peers by name) for a noisy body and its mask."""
    scene = Scene(image)
    yield from _shapes(scene, mask)
    yield from _thresholds(scene)
    yield from _classes(scene)
    yield from _objects(scene)
    yield from _regions(scene)
    yield from _measures(scene)
    yield from _previews(scene)


def _shapes(scene: Scene, mask: sitk.Image) -> Iterator[Task]:
    inside = sitk.GetArrayFromImage(mask) > 0
    steps = SPACING[::-1]
    yield "connected components", ours("labels.split", scene.clump), {
        "SimpleITK": lambda: sitk.RelabelComponent(sitk.ConnectedComponent(scene.clump)),
        "scipy": lambda: ndimage.label(scene.numbers > 0),
    }  # fmt: skip
    yield "distance map", ours("masks.distance", mask), {
        "SimpleITK": lambda: sitk.SignedMaurerDistanceMap(mask, False, False, True),
        "scipy": lambda: ndimage.distance_transform_edt(inside, steps) - ndimage.distance_transform_edt(~inside, steps),
    }  # fmt: skip
    yield "margin 5 mm", ours("masks.margin", mask, margin=5.0), {
        "SimpleITK": lambda: sitk.BinaryDilate(mask, [7, 7, 5]),
        "SimpleITK distance": lambda: sitk.SignedMaurerDistanceMap(mask, False, False, True) <= 5,
    }  # fmt: skip
    yield "smooth mask 1.5 mm", ours("masks.smooth", mask, width=1.5), {
        "SimpleITK": lambda: sitk.SmoothingRecursiveGaussian(sitk.Cast(mask, sitk.sitkFloat32), 1.5) >= 0.5,
        "scipy": lambda: ndimage.gaussian_filter(inside.astype(np.float32), [1.5 / step for step in steps]) >= 0.5,
    }  # fmt: skip
    yield "convex hull by slices", ours("masks.convex_hull", mask, by_slice=True), {
        "scikit-image": lambda: [morphology.convex_hull_image(plane) for plane in inside if plane.any()]
    }  # fmt: skip
    few = inside[::5, ::8, ::8]
    yield "convex hull, 64 × 64 × 1/5", ours("masks.convex_hull", sitk.GetImageFromArray(few.astype(np.uint8))), {
        "scikit-image": lambda: morphology.convex_hull_image(few)
    }  # fmt: skip


def _thresholds(scene: Scene) -> Iterator[Task]:
    image, array = scene.image, scene.array
    for method in ("Li", "Triangle", "Huang"):
        twin = getattr(sitk, f"{method}Threshold")
        yield f"automatic {method}", ours("threshold.automatic", image, method=method), {
            "SimpleITK": lambda twin=twin: twin(image, 0, 1)
        }  # fmt: skip
    window = [15, 21, 21]
    yield "local mean", ours("threshold.local", image), {
        "scipy": lambda: array > ndimage.uniform_filter(array.astype(np.float32), window)
    }  # fmt: skip
    for method in ("niblack", "sauvola"):
        twin = getattr(filters, f"threshold_{method}")
        yield f"local {method}", ours("threshold.local", image, method=method), {
            "scikit-image": lambda twin=twin: array > twin(array, window)
        }  # fmt: skip
    yield "hysteresis", ours("threshold.hysteresis", image, low=LOW, high=250), {
        "scikit-image": lambda: filters.apply_hysteresis_threshold(array, LOW, 250),
        "SimpleITK": lambda: sitk.DoubleThreshold(image, LOW, 250, 9000, 9000),
    }  # fmt: skip
    yield "multi-Otsu 2", ours("threshold.multi_otsu", image), {
        "SimpleITK": lambda: sitk.OtsuMultipleThresholds(image, 2),
        "scikit-image": lambda: np.digitize(array, filters.threshold_multiotsu(array)),
    }  # fmt: skip


def _classes(scene: Scene) -> Iterator[Task]:
    image, array = scene.image, scene.array
    values = array[::8].reshape(-1, 1).astype(np.float32)
    yield "k-means 3", ours("clusters.kmeans", image), {
        "SimpleITK": lambda: sitk.ScalarImageKmeans(image, [0.0, 100.0, 200.0]),
        "scipy, 1/8 of the voxels": lambda: vq.kmeans2(values, 3, minit="++", rng=0),
    }  # fmt: skip
    few = array[:8]
    yield "SLIC 10 mm, 8 slices", ours("clusters.slic", image[:, :, :8], iterations=5), {
        "scikit-image": lambda: segmentation.slic(
            few, n_segments=1250, compactness=10, max_num_iter=5, channel_axis=None, spacing=SPACING[::-1]
        ),
        "SimpleITK": lambda: sitk.SLIC(image[:, :, :8], [14, 14, 8], 10.0, 5),
    }  # fmt: skip


def _objects(scene: Scene) -> Iterator[Task]:
    deep = slice(scene.array.shape[0] // 2 - 10, scene.array.shape[0] // 2 + 10)
    clump, part = scene.clump[:, :, deep], scene.numbers[deep] > 0
    seeds, image = scene.markers[:, :, deep], scene.image[:, :, deep]
    surface = sitk.GradientMagnitudeRecursiveGaussian(image, 1.0)

    def by_scikit() -> Any:
        depth = ndimage.distance_transform_edt(part, SPACING[::-1])
        tops = measure.label(morphology.h_maxima(depth, 1))
        return segmentation.watershed(-depth, tops, mask=part)

    def by_simpleitk() -> Any:
        depth = sitk.SignedMaurerDistanceMap(clump, False, False, True)
        return sitk.Mask(sitk.MorphologicalWatershed(depth, 1.0, False), clump)

    yield "split touching, 20 slices", ours("watershed.split_touching", clump), {
        "scikit-image": by_scikit, "SimpleITK": by_simpleitk,
    }  # fmt: skip
    yield "watershed from markers, 20 slices", ours("watershed.from_markers", image, seeds), {
        "SimpleITK": lambda: sitk.MorphologicalWatershedFromMarkers(
            sitk.GradientMagnitudeRecursiveGaussian(image, 1.0), seeds, False
        ),
        "scikit-image": lambda: segmentation.watershed(
            sitk.GetArrayViewFromImage(surface), sitk.GetArrayViewFromImage(seeds)
        ),
    }  # fmt: skip
    yield "nuclei 36 mm, 20 slices", ours("objects.nuclei", image, diameter=36.0), {"scikit-image": by_scikit}


def _regions(scene: Scene) -> Iterator[Task]:
    image = scene.image
    middle = [256, 256, image.GetSize()[2] // 2]
    allowed = (LOW, LOW + 400)
    place = " ".join(map(str, image.TransformIndexToPhysicalPoint(middle)))
    yield "grow within limits", ours("regions.connected", image, seeds=place, lower=LOW, upper=LOW + 400), {
        "SimpleITK": lambda: sitk.ConnectedThreshold(image, [middle], *allowed),
        "scikit-image": lambda: segmentation.flood(
            (scene.array >= allowed[0]) & (scene.array <= allowed[1]), tuple(middle[::-1])
        ),
    }  # fmt: skip
    thin, marks = image[:, :, :8], scene.markers[:, :, :8]
    yield "grow from seeds, 8 slices", ours("graph.grow", thin, marks), {
        "SimpleITK watershed": lambda: sitk.MorphologicalWatershedFromMarkers(
            sitk.GradientMagnitude(thin), marks, False
        )
    }  # fmt: skip


def _measures(scene: Scene) -> Iterator[Task]:
    labels, image = scene.labels, scene.image

    def by_simpleitk() -> Any:
        shapes, values = sitk.LabelShapeStatisticsImageFilter(), sitk.LabelIntensityStatisticsImageFilter()
        shapes.ComputeFeretDiameterOn()
        shapes.Execute(labels[:, :, :: max(1, labels.GetSize()[2] // 8)])  # Feret diameters alone take minutes
        values.Execute(labels, image)
        return values

    wanted = ("label", "area", "bbox", "centroid", "axis_major_length", "intensity_mean", "intensity_max")
    yield "features of 100 labels", ours("features.objects", labels, image), {
        "SimpleITK, Feret of 8 slices": by_simpleitk,
        "scikit-image, no hull": lambda: measure.regionprops_table(scene.numbers, scene.array, properties=wanted),
    }  # fmt: skip
    yield "features, no shape", ours("features.objects", labels, image, shape=False), {
        "SimpleITK": lambda: sitk.LabelIntensityStatisticsImageFilter().Execute(labels, image)
    }  # fmt: skip


def three_planes(id: str, image: sitk.Image, **values: Any) -> Work:
    """Return what previews an operation on three planes."""

    def work() -> None:
        for axis in range(3):
            preview_slice(get(id), image, axis, image.GetSize()[axis] // 2, values)

    return work


def _previews(scene: Scene) -> Iterator[Task]:
    image = scene.image
    one = {"SimpleITK, one axial slice": lambda: sitk.BinaryThreshold(image[:, :, 10], 100, 300)}
    for id, values in (
        ("threshold.range", {"lower": LOW, "upper": 300}), ("threshold.otsu", {}), ("threshold.automatic", {}),
        ("threshold.multi_otsu", {}), ("threshold.local", {}), ("clusters.kmeans", {}),
    ):  # fmt: skip
        yield f"3 previews {id}", three_planes(id, image, **values), one
