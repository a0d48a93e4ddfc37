"""Correlate or convolve with kernels of the user's own, by the direct sum or by FFT."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.operations.context import Context, Refused, Region
from pellucid.operations.engines.correlation import Correlation, correlated, faster_by_fft
from pellucid.operations.engines.kernel_text import read_kernel, write_number
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, blank, store, view
from pellucid.operations.units import Begins, Intensity, KernelText, Title, When

Way = Annotated[Literal["correlation", "convolution"], Title("Apply as", ("Correlation", "Convolution"))]
Normalise = Annotated[
    Literal["none", "sum", "absolute"], Title("Normalise", ("As written", "To sum 1", "To sum of absolute values 1"))
]
Boundary = Annotated[
    Literal["nearest", "reflect", "mirror", "wrap", "constant"],
    Title("Border", ("Repeat the edge", "Mirror", "Mirror without the edge", "Wrap around", "Constant value")),
]
Method = Annotated[Literal["automatic", "direct", "fft"], Title("Method", ("Automatic", "Direct", "FFT"))]
ResultType = Annotated[Literal["float", "same"], Title("Result", ("32-bit float", "Type of the image"))]
_EVERYWHERE = 1 << 30  # voxels: farther than any image is large
_ROUNDING = 1e-12  # a sum that is smaller, beside the sum of absolute values, is 0
_SHARPEN = "0 -1 0; -1 5 -1; 0 -1 0"


def laid_kernel(text: str, way: str, normalise: str) -> NDArray[np.float64]:
    """Return the weights (z, y, x) as they are laid on the image; raise Refused when they cannot be used."""
    kernel = read_kernel(text).array
    if way == "convolution":
        kernel = kernel[::-1, ::-1, ::-1]
    if normalise == "none":
        return kernel
    total = (np.abs(kernel) if normalise == "absolute" else kernel).sum()
    if abs(total) > _ROUNDING * np.abs(kernel).sum():
        return np.asarray(kernel / total)
    if not kernel.any():
        raise Refused(tr("All weights of the kernel are 0; it cannot be normalised."))
    raise Refused(tr("The weights add up to 0, so their sum cannot be made 1; normalise by absolute values instead."))


def _complaint(params: Any) -> str | None:
    try:
        laid_kernel(params.kernel, params.way, params.normalise)
    except Refused as refused:
        return str(refused)
    return None


def _reach(params: Any, spacing: tuple[float, float, float]) -> tuple[int, int, int]:
    z, y, x = (taps // 2 for taps in read_kernel(params.kernel).weights.shape)
    if params.boundary == "wrap":  # one border sees the other
        x, y, z = (_EVERYWHERE if radius else 0 for radius in (x, y, z))
    return x, y, z


def _by_fft(method: str, kernel: NDArray[np.float64]) -> bool:
    return method == "fft" or (method == "automatic" and faster_by_fft(kernel))


def _lines(params: Any) -> str:
    written = read_kernel(params.kernel)
    planes = [[f"[{', '.join(map(write_number, row))}]" for row in plane] for plane in written.weights]
    rows = ",\n\n    ".join("[" + ",\n     ".join(plane) + "]" for plane in planes)
    by_fft = _by_fft(params.method, laid_kernel(params.kernel, params.way, params.normalise))
    total = {"none": "", "sum": "kernel.sum()", "absolute": "np.abs(kernel).sum()"}[params.normalise]
    lines = [
        f"kernel = np.array([  # slices, rows, columns\n    {rows},\n]) / {write_number(written.divisor)}",
        "kernel = kernel[::-1, ::-1, ::-1]  # a convolution" if params.way == "convolution" else "",
        f"kernel = kernel / {total}" if total else "",
        "# ndimage.correlate(floating(array), kernel, mode=$boundary, cval=$constant) but for the rounding of floats",
        "array = voxels(image)",
        f"answer = correlated(array, kernel, $boundary, $constant, by_fft={by_fft})",
        "answer = answer + $offset" if params.offset else "",
        f"result = on_grid_of(stored(answer, {'np.float32' if params.result == 'float' else 'array.dtype'}), image)",
    ]
    return "\n".join(line for line in lines if line)


@operation(
    "kernels.apply",
    title="Own kernel",
    menu="Filters/Kernels",
    keeps_unit=False,
    reach=_reach,
    complaint=_complaint,
    keywords=("convolution", "correlation", "custom", "matrix", "Sobel", "Laplacian", "sharpen", "weights"),
    python=_lines,
    toolbox=(correlated,),
)
def apply(
    image: Image,
    context: Context,
    *,
    kernel: Annotated[KernelText, Title("Kernel")] = _SHARPEN,
    way: Way = "correlation",
    normalise: Normalise = "none",
    offset: Intensity = 0.0,
    boundary: Boundary = "nearest",
    constant: Annotated[Intensity, Title("Value outside"), Begins("lowest"), When("boundary", ("constant",))] = 0.0,
    result: ResultType = "float",
    method: Method = "automatic",
) -> Image:
    """Weight the neighbours of each voxel with a kernel and add them up.

    Rows of the kernel run down a slice of the stack and columns to the right, counted in voxels. A kernel of one
    slice works on every slice by itself, one of several slices on the volume. Each colour channel is filtered by
    itself. NaN reaches as far as the weights that are not 0. Kernels of many weights are applied by FFT, which
    gives the same within the rounding of floats.

    Settings:
        kernel: Weights in rows from top to bottom, at most 15 × 15 in at most 15 slices; all numbers are odd.
        way: A convolution turns the weights by 180° first, a correlation lays them on as they are written.
        normalise: Divides the weights so that they add up to 1, or that their absolute values do.
        offset: Added to every result, to make negative answers visible.
        boundary: What lies outside the image.
        constant: What stands outside when the border is one fixed value.
        result: Floats keep negative and fractional answers; the type of the image is rounded and clipped.
        method: Automatic takes the FFT where it is faster.

    Source:
        Gonzalez and Woods, Digital Image Processing, section 3.4; as scipy.ndimage.correlate and convolve.
    """
    weights = laid_kernel(kernel, way, normalise)
    array = view(image)
    made, out = blank(image, np.float32 if result == "float" else array.dtype)
    engine = Correlation(array, weights, boundary, constant, _by_fft(method, weights))
    clipped: list[int] = []

    def work(tile: Region) -> None:
        with np.errstate(invalid="ignore", over="ignore"):
            answer = engine.tile(tile)
            if offset:
                answer += engine.dtype.type(offset)
            clipped.append(_outside(answer, out.dtype))
            store(answer, out[tile])

    context.each(work, engine.tiles(context.region(array.shape)))
    if any(clipped):
        context.remark(
            tr("{count} values were clipped to the range of the type {name}.", count=sum(clipped), name=out.dtype.name)
        )
    return made


def _outside(values: Array, dtype: np.dtype[Any]) -> int:
    """Return how many values a whole-number type cannot hold."""
    if dtype.kind not in "iu":
        return 0
    info = np.iinfo(dtype)
    low, high = float(info.min) - 0.5, float(info.max) + 0.5
    if values.min() >= low and values.max() <= high:
        return 0
    return int(np.count_nonzero((values < low) | (values > high)))
