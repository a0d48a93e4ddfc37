"""Time operations against scipy, scikit-image and plain SimpleITK in the same run.

    PYTHONPATH=app python benchmarks/operations.py [--slices 60] [--only gauss] [--json F]

Ours and each peer take turns; the table shows medians, the ratio of medians (below 1: we are faster) and the
spread (quartiles of the ratios of single turns). Single times on a busy machine mean little, ratios a lot.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage
from skimage import filters, morphology

from pellucid.operations import Context, get
from pellucid.operations.preview import preview_slice

Work = Callable[[], Any]
PLANES = ((0, 250), (1, 260), (2, None))


@dataclass(frozen=True)
class Row:
    """One comparison, times in ms."""

    task: str
    peer: str
    ours_ms: float
    peer_ms: float
    ratio: float
    low: float
    high: float


def phantom(slices: int) -> tuple[sitk.Image, sitk.Image]:
    """Return a noisy ball (int16, 512 × 512 × slices, 0.7 × 0.7 × 1 mm) and its mask."""
    z, y, x = np.ogrid[:slices, :512, :512]
    inside = ((z - slices / 2) / (0.4 * slices)) ** 2 + ((y - 256) / 200) ** 2 + ((x - 256) / 220) ** 2 < 1
    noise = np.random.default_rng(0).normal(0, 60, inside.shape).astype(np.float32)
    image = sitk.GetImageFromArray((noise + inside * 200).astype(np.int16))
    mask = sitk.GetImageFromArray(inside.astype(np.uint8))
    for one in (image, mask):
        one.SetSpacing((0.7, 0.7, 1.0))
    return image, mask


def cases(slices: int) -> Iterator[tuple[str, Work, dict[str, Work]]]:
    """Yield (task, ours, peers by name)."""
    image, mask = phantom(slices)
    array, inside = sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(mask)
    sigma, spacing = 1.4, (1.0, 0.7, 0.7)
    widths = [sigma / s for s in spacing]
    ball = morphology.ball(3)

    def ours(id: str, *images: sitk.Image, **values: Any) -> Work:
        return lambda: get(id).run(Context(), *images, **values)

    def previews(id: str, source: sitk.Image, **values: Any) -> Work:
        def three() -> None:
            for axis, index in PLANES:
                preview_slice(get(id), source, axis, slices // 2 if index is None else index, values)

        return three

    yield "Gaussian 1.4 mm", ours("smoothing.gaussian", image, sigma=sigma), {
        "SimpleITK recursive": lambda: sitk.SmoothingRecursiveGaussian(image, sigma),
        "SimpleITK discrete": lambda: sitk.DiscreteGaussian(image, sigma**2),
        "scipy": lambda: ndimage.gaussian_filter(array, widths, truncate=4),
        "scikit-image": lambda: filters.gaussian(array, widths, preserve_range=True),
    }  # fmt: skip
    yield "median r 1", ours("smoothing.median", image, radius=1), {
        "SimpleITK": lambda: sitk.Median(image, [1, 1, 1]),
        "scipy": lambda: ndimage.median_filter(array, 3),
    }  # fmt: skip
    yield "mean r 2", ours("smoothing.mean", image, radius=2), {
        "SimpleITK": lambda: sitk.Mean(image, [2, 2, 2]),
        "scipy": lambda: ndimage.uniform_filter(array, 5),
    }  # fmt: skip
    yield "gradient magnitude 1.4 mm", ours("edges.gradient_magnitude", image, sigma=sigma), {
        "SimpleITK recursive": lambda: sitk.GradientMagnitudeRecursiveGaussian(image, sigma),
        "scipy": lambda: ndimage.gaussian_gradient_magnitude(array.astype(np.float32), widths),
    }  # fmt: skip
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
    fine = {"spacing_x": 0.9, "spacing_y": 0.9, "spacing_z": 0.9}
    for kind, twin in (("linear", sitk.sitkLinear), ("bspline", sitk.sitkBSpline3)):
        grid = get("geometry.resample").run(Context(), image, **fine, interpolation="nearest")
        yield f"resample {kind}", ours("geometry.resample", image, **fine, interpolation=kind), {
            "SimpleITK": lambda grid=grid, twin=twin: sitk.Resample(image, grid, sitk.Transform(), twin)  # type: ignore[misc]
        }  # fmt: skip
    slab = image[:, :, slices // 2 - 6 : slices // 2 + 7]
    yield "3 previews Gaussian 1.4 mm", previews("smoothing.gaussian", image, sigma=sigma), {
        "SimpleITK, one axial slab": lambda: sitk.SmoothingRecursiveGaussian(slab, sigma)
    }  # fmt: skip
    yield "3 previews median r 1", previews("smoothing.median", image, radius=1), {
        "SimpleITK, one axial slab": lambda: sitk.Median(image[:, :, 10:13], [1, 1, 1])
    }  # fmt: skip
    yield "3 previews dilate 2 mm", previews("masks.dilate", mask, radius=2), {
        "SimpleITK, one axial slab": lambda: sitk.BinaryDilate(mask[:, :, 8:13], [3, 3, 2])
    }  # fmt: skip
    yield "3 previews threshold", previews("threshold.range", image, lower=100, upper=300), {
        "SimpleITK, one axial slice": lambda: sitk.BinaryThreshold(image[:, :, 10], 100, 300)
    }  # fmt: skip


def timed(work: Work) -> float:
    """Return how long the work takes, in ms; the result is freed outside the clock."""
    began = time.perf_counter()
    result = work()
    spent = time.perf_counter() - began
    del result
    return spent * 1000


def compare(task: str, ours: Work, peers: dict[str, Work], repetitions: int) -> Iterator[Row]:
    """Let ours and every peer take turns."""
    for work in (ours, *peers.values()):
        work()
    for name, peer in peers.items():
        pairs = [(timed(ours), timed(peer)) for _ in range(repetitions)]
        ratios = sorted(a / b for a, b in pairs)
        mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        low, _, high = statistics.quantiles(ratios, n=4)
        yield Row(task, name, mine, other, mine / other, low, high)


def main() -> None:
    """Print the table; write it as JSON when asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=60, help="slices of the 512 × 512 volume (default: 60)")
    parser.add_argument("--repetitions", type=int, default=5, help="turns of each, at least 5 (default: 5)")
    parser.add_argument("--only", default="", help="run the tasks whose name contains this text")
    parser.add_argument("--json", type=Path, metavar="F", help="write the rows as JSON into this file")
    options = parser.parse_args()
    rows: list[Row] = []
    print(f"{'task':28} {'peer':27} {'ours ms':>9} {'peer ms':>9} {'ratio':>7}   quartiles")
    for task, ours, peers in cases(options.slices):
        if options.only.lower() not in task.lower():
            continue
        for row in compare(task, ours, peers, max(5, options.repetitions)):
            rows.append(row)
            print(
                f"{row.task:28} {row.peer:27} {row.ours_ms:9.1f} {row.peer_ms:9.1f} {row.ratio:7.2f}"
                f"   {row.low:.2f} – {row.high:.2f}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
