"""The commonest operations, each with what scipy, scikit-image, numpy and plain SimpleITK do for the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage, signal
from segmentation_tasks import cases as segmentation
from skimage import color, exposure, feature, filters, morphology, restoration

from pellucid.operations import Context, get
from pellucid.operations.preview import preview_slice

Work = Callable[[], Any]
Task = tuple[str, Work, dict[str, Work]]
PLANES = ((0, 250), (1, 260), (2, None))
SPACING = (0.7, 0.7, 1.0)
SIGMA = 1.4
WIDTHS = [SIGMA / step for step in reversed(SPACING)]


@dataclass
class Phantom:
    """A noisy ball (int16, 512 × 512 × slices, 0.7 × 0.7 × 1 mm), its mask, a second image, a picture."""

    slices: int

    @cached_property
    def inside(self) -> Any:
        """Return the ball."""
        z, y, x = np.ogrid[: self.slices, :512, :512]
        middle = self.slices / 2
        return ((z - middle) / (0.8 * middle)) ** 2 + ((y - 256) / 200) ** 2 + ((x - 256) / 220) ** 2 < 1

    @cached_property
    def array(self) -> Any:
        """Return the values (z, y, x)."""
        noise = np.random.default_rng(0).normal(0, 60, self.inside.shape).astype(np.float32)
        return (noise + self.inside * 200).astype(np.int16)

    @cached_property
    def image(self) -> sitk.Image:
        """Return the image."""
        return placed(self.array)

    @cached_property
    def other(self) -> sitk.Image:
        """Return another image on the grid."""
        return placed(self.array[::-1] // 2)

    @cached_property
    def mask(self) -> sitk.Image:
        """Return the ball as a mask."""
        return placed(self.inside.astype(np.uint8))

    @cached_property
    def picture(self) -> sitk.Image:
        """Return colour slices."""
        red = np.clip(self.array // 2 + 100, 0, 255).astype(np.uint8)
        image = sitk.GetImageFromArray(np.stack([red, 255 - red, red // 2 + 60], axis=-1), isVector=True)
        image.SetSpacing(SPACING)
        return image


def placed(array: Any) -> sitk.Image:
    """Return an array as an image of the phantom's spacing."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetSpacing(SPACING)
    return image


def ours(id: str, *images: sitk.Image, **values: Any) -> Work:
    """Return what runs an operation."""
    return lambda: get(id).run(Context(), *images, **values)


def each(work: Callable[[Any], Any], stack: Any) -> Work:
    """Return what treats every slice by itself."""
    return lambda: [work(plane) for plane in stack]


def cases(slices: int) -> Iterator[Task]:
    """Yield (task, ours, peers by name)."""
    made = Phantom(slices)
    for family in (_smoothing, _denoising, _edges, _kernels, _values, _two_images, _colour, _grids, _masks, _previews):
        yield from family(made)
    yield from segmentation(made.image, made.mask)


def _smoothing(made: Phantom) -> Iterator[Task]:
    image, array = made.image, made.array
    yield "Gaussian 1.4 mm", ours("smoothing.gaussian", image, sigma=SIGMA), {
        "SimpleITK recursive": lambda: sitk.SmoothingRecursiveGaussian(image, SIGMA),
        "SimpleITK discrete": lambda: sitk.DiscreteGaussian(image, SIGMA**2),
        "scipy": lambda: ndimage.gaussian_filter(array, WIDTHS, truncate=4),
        "scikit-image": lambda: filters.gaussian(array, WIDTHS, preserve_range=True),
    }  # fmt: skip
    yield "median r 1", ours("smoothing.median", image, radius=1), {
        "SimpleITK": lambda: sitk.Median(image, [1, 1, 1]),
        "scipy": lambda: ndimage.median_filter(array, 3),
    }  # fmt: skip
    yield "mean r 2", ours("smoothing.mean", image, radius=2), {
        "SimpleITK": lambda: sitk.Mean(image, [2, 2, 2]),
        "scipy": lambda: ndimage.uniform_filter(array, 5),
    }  # fmt: skip
    yield "maximum, box r 2", ours("smoothing.maximum", image, radius=2, unit="voxels", shape="box"), {
        "SimpleITK": lambda: sitk.GrayscaleDilate(image, [2, 2, 2], sitk.sitkBox),
        "scipy": lambda: ndimage.maximum_filter(array, 5),
    }  # fmt: skip


def _denoising(made: Phantom) -> Iterator[Task]:
    thin, floats = made.image[:, :, :12], made.array[:12].astype(np.float32)
    smooth = sitk.Cast(thin, sitk.sitkFloat32)
    yield "gradient diffusion × 5, 12 slices", ours("denoising.gradient_diffusion", thin, iterations=5), {
        "SimpleITK": lambda: sitk.GradientAnisotropicDiffusion(smooth, 0.04, 1.0, 1, 5)
    }  # fmt: skip
    yield "Wiener r 1, 12 slices", ours("denoising.wiener", thin), {"scipy": lambda: signal.wiener(floats, 3)}
    how = {"weight": 20.0, "eps": 0, "max_num_iter": 30}
    yield "total variation by slices, 12 slices", ours("denoising.total_variation", thin), {
        "scikit-image": each(lambda plane: restoration.denoise_tv_chambolle(plane, **how), floats)
    }  # fmt: skip


def _edges(made: Phantom) -> Iterator[Task]:
    image, array = made.image, made.array
    floats = array.astype(np.float32)
    yield "gradient magnitude 1.4 mm", ours("edges.gradient_magnitude", image, sigma=SIGMA), {
        "SimpleITK recursive": lambda: sitk.GradientMagnitudeRecursiveGaussian(image, SIGMA),
        "scipy": lambda: ndimage.gaussian_gradient_magnitude(floats, WIDTHS),
    }  # fmt: skip
    yield "Sobel", ours("edges.sobel_magnitude", image), {
        "scipy": lambda: ndimage.generic_gradient_magnitude(floats, ndimage.sobel),
        "scikit-image": lambda: filters.sobel(floats),
    }  # fmt: skip
    yield "Laplacian of Gaussian 1.4 mm", ours("edges.laplacian_of_gaussian", image, sigma=SIGMA), {
        "SimpleITK recursive": lambda: sitk.LaplacianRecursiveGaussian(image, SIGMA),
        "scipy": lambda: ndimage.gaussian_laplace(floats, WIDTHS),
    }  # fmt: skip
    yield "Canny by slices, 12 slices", ours("edges.canny", image[:, :, :12], sigma=SIGMA), {
        "scikit-image": each(lambda plane: feature.canny(plane, SIGMA / 0.7), floats[:12])
    }  # fmt: skip
    smooth = sitk.Cast(image, sitk.sitkFloat32)
    yield "unsharp mask 1.4 mm", ours("edges.unsharp", image, sigma=SIGMA), {
        "SimpleITK": lambda: sitk.UnsharpMask(smooth, [SIGMA] * 3, 1.0, 0.0),
        "scikit-image": lambda: filters.unsharp_mask(floats, WIDTHS, 1.0, preserve_range=True),
    }  # fmt: skip
    yield "local SD 3 × 3 × 3", ours("features.local_sd", image), {
        "SimpleITK": lambda: sitk.Noise(image, [1, 1, 1]),
        "scipy": lambda: ndimage.generic_filter(floats[:1], np.std, 3),
    }  # fmt: skip


def _kernels(made: Phantom) -> Iterator[Task]:
    image, floats = made.image, made.array.astype(np.float32)
    sharpen = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
    smooth, twin = sitk.Cast(image, sitk.sitkFloat32), sitk.GetImageFromArray(sharpen[np.newaxis])
    yield "kernel 3 × 3 by slices", ours("kernels.apply", image), {
        "scipy": lambda: ndimage.correlate(floats, sharpen[np.newaxis]),
        "SimpleITK": lambda: sitk.Convolution(smooth, twin),
    }  # fmt: skip
    wide = np.random.default_rng(1).random((15, 15)).astype(np.float32)
    text = "; ".join(" ".join(f"{value:.6f}" for value in row) for row in wide)
    yield "kernel 15 × 15, 12 slices", ours("kernels.apply", image[:, :, :12], kernel=text), {
        "scipy": lambda: ndimage.correlate(floats[:12], wide[np.newaxis]),
        "scipy FFT": each(lambda plane: signal.fftconvolve(plane, wide, "same"), floats[:12]),
    }  # fmt: skip


def _values(made: Phantom) -> Iterator[Task]:
    image, array = made.image, made.array
    yield "equalise", ours("intensity.equalize", image), {
        "scikit-image": lambda: exposure.equalize_hist(array, 4096),
        "SimpleITK adaptive": lambda: sitk.AdaptiveHistogramEqualization(image[:, :, :1]),
    }  # fmt: skip
    yield "CLAHE, 12 slices", ours("intensity.clahe", image[:, :, :12]), {
        "scikit-image": each(lambda plane: exposure.equalize_adapthist(plane, 64), array[:12])
    }  # fmt: skip
    yield "clamp", ours("intensity.clamp", image, lower=0.0, upper=200.0), {
        "SimpleITK": lambda: sitk.Clamp(image, sitk.sitkInt16, 0, 200),
        "numpy": lambda: np.clip(array, 0, 200),
    }  # fmt: skip
    yield "z-score", ours("normalise.zscore", image), {
        "SimpleITK": lambda: sitk.Normalize(sitk.Cast(image, sitk.sitkFloat32)),
        "numpy": lambda: ((array - array.mean()) / array.std()).astype(np.float32),
    }  # fmt: skip


def _two_images(made: Phantom) -> Iterator[Task]:
    image, other, mask = made.image, made.other, made.mask
    a, b, inside = made.array, sitk.GetArrayFromImage(other), made.inside
    yield "subtract", ours("arithmetic.subtract", image, other), {
        "SimpleITK": lambda: sitk.Subtract(image, other),
        "SimpleITK, clipped": lambda: sitk.Clamp(
            sitk.Subtract(sitk.Cast(image, sitk.sitkInt32), sitk.Cast(other, sitk.sitkInt32)), sitk.sitkInt16
        ),
        "numpy, clipped": lambda: np.clip(a.astype(np.int32) - b, -32768, 32767).astype(np.int16),
    }  # fmt: skip
    yield "expression a * 2 + b", ours("arithmetic.expression", image, other, formula="a * 2 + b"), {
        "numpy float64": lambda: (a.astype(float) * 2 + b).astype(np.float32),
        "SimpleITK": lambda: sitk.Cast(image, sitk.sitkFloat32) * 2 + sitk.Cast(other, sitk.sitkFloat32),
    }  # fmt: skip
    yield "mask image", ours("arithmetic.mask", image, mask), {
        "SimpleITK": lambda: sitk.Mask(image, mask),
        "numpy": lambda: np.where(inside, a, a.min()),
    }  # fmt: skip
    yield "match histogram", ours("normalise.match_histogram", image, other), {
        "SimpleITK": lambda: sitk.HistogramMatching(image, other, 1024, 50),
        "scikit-image": lambda: exposure.match_histograms(a, b),
    }  # fmt: skip


def _colour(made: Phantom) -> Iterator[Task]:
    picture = made.picture[:, :, :12]
    array = sitk.GetArrayFromImage(picture)
    yield "grey of colour, 12 slices", ours("colour.grey", picture), {"scikit-image": lambda: color.rgb2gray(array)}
    yield "stain, 12 slices", ours("stains.separate", picture), {
        "scikit-image": lambda: color.separate_stains(array, color.hed_from_rgb)
    }  # fmt: skip


def _grids(made: Phantom) -> Iterator[Task]:
    image = made.image
    fine = {"spacing_x": 0.9, "spacing_y": 0.9, "spacing_z": 0.9, "anti_alias": False}
    for kind, twin in (("linear", sitk.sitkLinear), ("bspline", sitk.sitkBSpline3)):
        grid = get("geometry.resample").run(Context(), image, **fine, interpolation="nearest")
        yield f"resample {kind}", ours("geometry.resample", image, **fine, interpolation=kind), {
            "SimpleITK": lambda grid=grid, twin=twin: sitk.Resample(image, grid, sitk.Transform(), twin)  # type: ignore[misc]
        }  # fmt: skip
    yield "maximum projection", ours("geometry.project", image), {
        "SimpleITK": lambda: sitk.MaximumProjection(image, 2),
        "numpy": lambda: made.array.max(axis=0),
    }  # fmt: skip


def _masks(made: Phantom) -> Iterator[Task]:
    image, mask, array, inside = made.image, made.mask, made.array, made.inside
    ball = morphology.ball(3)
    yield "Otsu", ours("threshold.otsu", image), {
        "SimpleITK": lambda: sitk.OtsuThreshold(image, 0, 1),
        "scikit-image": lambda: (array > filters.threshold_otsu(array)).astype(np.uint8),
    }  # fmt: skip
    yield "threshold", ours("threshold.range", image, lower=100, upper=300), {
        "SimpleITK": lambda: sitk.BinaryThreshold(image, 100, 300),
        "numpy": lambda: (array >= 100) & (array <= 300),
    }  # fmt: skip
    yield "dilate r 3 voxels", ours("masks.dilate", mask, radius=3, unit="voxels"), {
        "SimpleITK": lambda: sitk.BinaryDilate(mask, [3, 3, 3]),
        "scipy": lambda: ndimage.binary_dilation(inside, ball),
    }  # fmt: skip
    yield "erode r 3 voxels", ours("masks.erode", mask, radius=3, unit="voxels"), {
        "SimpleITK": lambda: sitk.BinaryErode(mask, [3, 3, 3])
    }  # fmt: skip
    yield "keep largest", ours("masks.keep_largest", mask), {
        "SimpleITK": lambda: sitk.RelabelComponent(sitk.ConnectedComponent(mask)) == 1
    }  # fmt: skip


def previews(id: str, source: sitk.Image, slices: int, **values: Any) -> Work:
    """Return what previews an operation in three planes."""

    def three() -> None:
        for axis, index in PLANES:
            preview_slice(get(id), source, axis, slices // 2 if index is None else index, values)

    return three


def _previews(made: Phantom) -> Iterator[Task]:
    image, mask, n = made.image, made.mask, made.slices
    slab = image[:, :, n // 2 - 6 : n // 2 + 7]
    yield "3 previews Gaussian 1.4 mm", previews("smoothing.gaussian", image, n, sigma=SIGMA), {
        "SimpleITK, one axial slab": lambda: sitk.SmoothingRecursiveGaussian(slab, SIGMA)
    }  # fmt: skip
    yield "3 previews median r 1", previews("smoothing.median", image, n, radius=1), {
        "SimpleITK, one axial slab": lambda: sitk.Median(image[:, :, 10:13], [1, 1, 1])
    }  # fmt: skip
    yield "3 previews dilate 2 mm", previews("masks.dilate", mask, n, radius=2), {
        "SimpleITK, one axial slab": lambda: sitk.BinaryDilate(mask[:, :, 8:13], [3, 3, 2])
    }  # fmt: skip
    yield "3 previews threshold", previews("threshold.range", image, n, lower=100, upper=300), {
        "SimpleITK, one axial slice": lambda: sitk.BinaryThreshold(image[:, :, 10], 100, 300)
    }  # fmt: skip
