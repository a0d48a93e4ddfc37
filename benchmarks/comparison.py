"""Time Dice, all overlap numbers, Hausdorff distances and STAPLE against SimpleITK and scipy, in turns.

    PYTHONPATH=app python benchmarks/comparison.py --slices 300 --repeat 3

Two ellipsoids that differ by a few voxels (512 × 512 × slices, 0.7 × 0.9 × 2.5 mm), each on its bounding box too.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from pellucid.operations import Context, get
from pellucid.operations.engines.mask_comparison import space_of
from pellucid.operations.engines.overlap import profile
from pellucid.operations.engines.surface_distance import surface_distances

SPACING = (0.7, 0.9, 2.5)


def ellipsoid(slices: int, shift: int) -> Any:
    z, y, x = np.ogrid[:slices, :512, :512]
    middle = slices / 2
    away = ((z - middle - shift / 2) / (0.9 * middle)) ** 2
    return away + ((y - 256 - shift) / 180) ** 2 + ((x - 256 + shift) / (220 - shift)) ** 2 <= 1


def placed(array: Any) -> sitk.Image:
    image = sitk.GetImageFromArray(array.astype(np.uint8))
    image.SetSpacing(SPACING)
    return image


def box(first: Any, second: Any) -> tuple[slice, ...]:
    (found,) = ndimage.find_objects((first | second).astype(np.uint8))
    return tuple(found)


def by_distance_maps(first: Any, second: Any) -> float:
    """Return Hausdorff and ASSD by scipy's distance maps of the surfaces, as MedPy does."""
    rims = [mask & ~ndimage.binary_erosion(mask) for mask in (first, second)]
    there, back = (
        ndimage.distance_transform_edt(~rims[1 - n], sampling=SPACING[::-1])[rims[n]] for n in (0, 1)
    )
    return float(max(there.max(), back.max()))


def by_maurer(first: Any, second: Any) -> float:
    """Return Hausdorff by SimpleITK's distance maps of the surfaces."""
    rims = [mask & ~ndimage.binary_erosion(mask) for mask in (first, second)]
    found = []
    for n in (0, 1):
        distances = sitk.SignedMaurerDistanceMap(placed(rims[1 - n]), squaredDistance=False, useImageSpacing=True)
        found.append(np.abs(sitk.GetArrayViewFromImage(distances)[rims[n]]).max())
    return float(max(found))


def _largest(distances: tuple[Any, Any]) -> float:
    return float(max(side.max() for side in distances))


def tasks(slices: int, *, scipy_too: bool) -> dict[str, dict[str, Callable[[], Any]]]:
    first, second = ellipsoid(slices, 0), ellipsoid(slices, 6)
    one, other = placed(first), placed(second)
    part = box(first, second)
    small = first[part], second[part]
    space, each = space_of(one), Context().each
    overlap, hausdorff, staple = (
        sitk.LabelOverlapMeasuresImageFilter(), sitk.HausdorffDistanceImageFilter(), sitk.STAPLEImageFilter()
    )  # fmt: skip
    staple.SetForegroundValue(1)
    thin = slice(slices // 2 - 10, slices // 2 + 10)
    few = [placed(ellipsoid(slices, n)[thin]) for n in range(3)]
    return {
        "Dice": {
            "ours": lambda: profile([first, second], each).voxels,
            "SimpleITK": lambda: overlap.Execute(one, other),
            "numpy": lambda: np.count_nonzero(first & second),
        },
        "surface distances": {
            "ours (whole)": lambda: _largest(surface_distances(first, second, space.place, (0, 1, 2), each)),
            "ours (box)": lambda: _largest(surface_distances(*small, space.place, (0, 1, 2), each)),
            "SimpleITK Hausdorff": lambda: (hausdorff.Execute(one, other), hausdorff.GetHausdorffDistance())[1],
            "SimpleITK Maurer (box)": lambda: by_maurer(*small),
            **({"scipy edt (box)": lambda: by_distance_maps(*small)} if scipy_too else {}),
        },
        "all numbers": {"ours": lambda: get("compare.masks").run(Context(), one, other)["hausdorff_mm"]},
        "STAPLE of 3, 20 slices": {
            "ours": lambda: get("compare.staple").run(Context(), *few),
            "SimpleITK": lambda: staple.Execute(few),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--scipy", action="store_true", help="scipy's distance maps too: 3.7 GB at 300 slices")
    options = parser.parse_args()
    for title, ways in tasks(options.slices, scipy_too=options.scipy).items():
        took: dict[str, list[float]] = {name: [] for name in ways}
        answers = {}
        for _round in range(options.repeat):
            for name, work in ways.items():
                begun = time.perf_counter()
                answers[name] = work()
                took[name].append(time.perf_counter() - begun)
        ours = statistics.median(next(iter(took.values())))
        print(title)
        for name, times in took.items():
            answer = answers[name]
            said = f"  = {answer:.6g}" if isinstance(answer, (int, float)) else ""
            middle = statistics.median(times)
            print(f"  {name:<24} {middle * 1000:9.0f} ms  {middle / ours:6.2f} ×{said}")


if __name__ == "__main__":
    main()
