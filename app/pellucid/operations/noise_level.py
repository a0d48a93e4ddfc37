"""Estimate how noisy an image is, and the ratios of signal, contrast and noise that follow from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pellucid.language import tr
from pellucid.operations.answers import Entry
from pellucid.operations.answers import Table as MeasuredTable
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.noise_engine import mean_and_sd, noise_sd, ratio
from pellucid.operations.operation import Image, Mask, Table, operation
from pellucid.operations.pixels import Array, need_scalar, view
from pellucid.operations.units import Title

_PASSES = 10


@operation(
    "noise.estimate",
    title="Estimate noise",
    menu="Filters/Noise",
    keywords=("SNR", "CNR", "signal-to-noise", "contrast-to-noise", "standard deviation", "quality"),
    python="""
        # noise of a slice I: sqrt(pi / 2) / 6 * mean(abs(I * N)) or median(abs(I * N)) / 0.6745 / 6, for
        # N = [[1, -2, 1], [-2, 4, -2], [1, -2, 1]]; standard deviations are those of np.std(values, ddof=1)
        array = voxels(image)
        result = {"noise": noise_sd(array, $method)}
        result["mean"] = mean_and_sd(array)[0]
        result["snr"] = ratio(result["mean"], result["noise"])
        if region is not None:
            mean, sd = mean_and_sd(array, voxels(region))
            result |= {"region_mean": mean, "region_sd": sd, "region_snr": ratio(mean, sd)}
        if background is not None:
            empty, scatter = mean_and_sd(array, voxels(background))
            result |= {"background_mean": empty, "background_sd": scatter, "cnr": ratio(abs(mean - empty), scatter)}
    """,
    toolbox=(noise_sd, mean_and_sd, ratio),
)
def estimate(
    image: Image,
    region: Annotated[Mask | None, Title("Region")],
    background: Annotated[Mask | None, Title("Background")],
    context: Context,
    *,
    method: Annotated[Literal["median", "mean"], Title("Method", ("Median (robust)", "Mean (Immerkær)"))] = "median",
) -> Table:
    """Estimate the noise of an image, and its ratio to the signal in a region.

    Each slice is filtered with a mask that cancels whatever changes linearly; what remains is taken for noise of
    one standard deviation everywhere. Large parts of one value, such as clipped air, lower the estimate. With
    a region, its mean, its standard deviation and their ratio (SNR) are measured; with a background, also the
    difference of both means over the standard deviation of the background (CNR). SNR counts from the value 0. The
    background of a magnitude image of MR scatters 0.655 times as much as the noise. Padding and NaN are left out.

    Settings:
        method: The median is hardly disturbed by edges, the mean is more exact where there are none.

    Source:
        Immerkær, Fast noise variance estimation, CVIU 64, 1996; median: Donoho and Johnstone, Biometrika 81, 1994.
    """
    need_scalar(tr("Estimate noise"), image)
    measured = _Measured(view(image), context)
    noise, (mean, _) = measured.noise(method), measured.values(None)
    entries = [
        Entry("noise", tr("Noise"), noise, "intensity", tr("Standard deviation of the noise of the whole image.")),
        Entry("mean", tr("Mean"), mean, "intensity", tr("Mean of the whole image.")),
        Entry("snr", tr("SNR"), ratio(mean, noise), "", tr("Mean over noise of the whole image.")),
    ]
    if region is None:
        return MeasuredTable(tuple(entries))
    mean, sd = measured.values(view(region))
    entries += [
        Entry("region_mean", tr("Mean of the region"), mean, "intensity"),
        Entry("region_sd", tr("Standard deviation of the region"), sd, "intensity"),
        Entry("region_snr", tr("SNR of the region"), ratio(mean, sd), "", tr("Mean over standard deviation.")),
    ]
    if background is not None:
        empty, scatter = measured.values(view(background))
        contrast = tr("Difference of the means over the standard deviation of the background.")
        entries += [
            Entry("background_mean", tr("Mean of the background"), empty, "intensity"),
            Entry("background_sd", tr("Standard deviation of the background"), scatter, "intensity"),
            Entry("cnr", tr("CNR"), ratio(abs(mean - empty), scatter), "", contrast),
        ]
    return MeasuredTable(tuple(entries))


class _Measured:
    """An image that is gone through several times, with one progress for all of them."""

    def __init__(self, array: Array, context: Context) -> None:
        self.array, self.context = array, context
        self.parts = iter([context.part(n / _PASSES, (n + 1) / _PASSES) for n in range(_PASSES)])

    def noise(self, method: str) -> float:
        """Return the standard deviation of the noise."""
        if min(self.array.shape[1:3]) < 3:
            raise Refused(tr("Estimate noise needs slices of at least 3 × 3 voxels."))
        found = noise_sd(self.array, method, self.context.padding, self._each)
        if found is None:
            raise Refused(tr("Estimate noise finds no 3 × 3 voxels that are all part of the image."))
        return found

    def values(self, mask: Array | None) -> tuple[float, float]:
        """Return mean and standard deviation of the image inside a mask."""
        found = mean_and_sd(self.array, mask, self.context.padding, self._each)
        if found is None:
            raise Refused(tr("The region or the background holds no voxel of the image. Draw it anew."))
        return found

    def _each(self, work: Any, items: Any) -> None:
        next(self.parts).each(work, items)
