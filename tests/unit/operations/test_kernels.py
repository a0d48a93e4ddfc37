"""User kernels: the text they are written in, and what they compute against scipy.ndimage and brute force."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import PIXEL_TYPES, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines.correlation import correlated
from pellucid.operations.engines.kernel_text import WrittenKernel, read_kernel, read_number, write_kernel

MODES = ("nearest", "reflect", "mirror", "wrap", "constant")
RNG = np.random.default_rng(7)


def run(image: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get("kernels.apply").run(context or Context(), image, **values))


def text(kernel: Any) -> str:
    return write_kernel(WrittenKernel(np.asarray(kernel, float)))


def apart(result: Any, exact: Any, kernel: Any, array: Any) -> float:
    """Return the largest difference as a share of the largest answer there can be."""
    largest = np.abs(kernel).sum() * np.abs(array.astype(float)).max()
    return float(np.abs(result - exact).max() / largest)


@pytest.mark.parametrize("method", ["direct", "fft"])
@pytest.mark.parametrize("way", ["correlation", "convolution"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 3, 3), (1, 5, 3), (3, 3, 3), (3, 1, 7), (5, 7, 9)], ids=str)
def test_every_border_is_scipys(size: tuple[int, ...], mode: str, way: str, method: str) -> None:
    kernel = RNG.normal(size=size).round(2)
    array = noise((6, 11, 13))
    twin = ndimage.correlate if way == "correlation" else ndimage.convolve
    exact = twin(array.astype(float), kernel, mode=mode, cval=-200.0)
    image = on_grid(array, "oblique")
    result = run(image, kernel=text(kernel), way=way, boundary=mode, constant=-200.0, method=method)
    assert result.dtype == np.float32 and apart(result, exact, kernel, array) < 1e-6


@pytest.mark.parametrize("method", ["direct", "fft"])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(1, 4, 5), (2, 3, 30), (5, 1, 4)], ids=str)
def test_kernels_larger_than_the_image(shape: tuple[int, ...], mode: str, method: str) -> None:
    kernel = RNG.normal(size=(5, 15, 11))
    array = noise(shape, "float64")
    exact = ndimage.correlate(array, kernel, mode=mode, cval=3.5)
    result = run(on_grid(array), kernel=text(kernel), boundary=mode, constant=3.5, method=method, result="same")
    assert result.dtype == np.float64 and apart(result, exact, kernel, array) < 1e-12


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_the_type_of_the_image_is_rounded_and_clipped(dtype: str) -> None:
    array = noise((4, 12, 15), dtype)
    kernel = np.array([[[-1, 0.5, 2], [0.25, 3, 1], [0, 2, -4]]])
    exact = ndimage.correlate(array.astype(float), kernel, mode="nearest")
    said: list[str] = []
    result = run(on_grid(array), Context(remark=said.append), kernel=text(kernel), result="same")
    assert result.dtype == array.dtype
    if array.dtype.kind in "iu":
        info = np.iinfo(array.dtype)
        over = np.count_nonzero((exact < info.min - 0.5) | (exact > info.max + 0.5))
        assert said == ([f"{over} values were clipped to the range of the type {dtype}."] if over else [])
        assert (over > 0) == (dtype in ("uint8", "int8", "uint16", "uint32", "uint64"))
        exact = np.clip(np.rint(exact), info.min, info.max)
    assert np.abs(result - exact).max() <= 2e-3


@pytest.mark.parametrize("components", [3, 4])
def test_colour_planes_and_one_slice(components: int) -> None:
    colour = noise((21, 30, components), "uint8")
    kernel = RNG.normal(size=(1, 7, 7))
    for method in ("direct", "fft"):
        result = run(on_grid(colour, colour=True), kernel=text(kernel), method=method)
        for c in range(3):
            exact = ndimage.correlate(colour[..., c].astype(float), kernel[0], mode="nearest")
            assert apart(result[..., c], exact, kernel, colour) < 1e-6
        one = run(on_grid(colour[np.newaxis, ..., 0]), kernel=text(kernel), method=method)
        assert np.array_equal(one[0], run(on_grid(colour[..., 0]), kernel=text(kernel), method=method))


def test_kernels_of_one_slice_leave_the_slices_apart() -> None:
    array = noise((5, 9, 10))
    kernel = RNG.normal(size=(3, 3))
    result = run(on_grid(array), kernel=text(kernel[np.newaxis]))
    for z in range(5):
        exact = ndimage.correlate(array[z].astype(float), kernel, mode="nearest")
        assert apart(result[z], exact, kernel, array) < 1e-6


@pytest.mark.parametrize("method", ["direct", "fft"])
def test_many_tiles_are_seamless(method: str) -> None:
    array = noise((3, 300, 1200), "uint16")
    for kernel in (RNG.normal(size=(1, 5, 5)), RNG.normal(size=(3, 3, 5))):
        exact = ndimage.correlate(array.astype(float), kernel, mode="reflect")
        result = run(on_grid(array), kernel=text(kernel), boundary="reflect", method=method)
        assert apart(result, exact, kernel, array) < 1e-6


def test_the_fft_keeps_small_answers_beside_a_large_mean() -> None:
    array = (60000 + RNG.integers(0, 20, (40, 50))).astype(np.uint16)
    kernel = -np.ones((9, 9))
    kernel[4, 4] = 80
    exact = ndimage.correlate(array.astype(float), kernel, mode="nearest")
    assert np.abs(run(on_grid(array), kernel=text(kernel[np.newaxis]), method="fft") - exact).max() < 1e-2


@pytest.mark.parametrize("method", ["direct", "fft"])
def test_nan_spreads_exactly_as_far_as_the_weights(method: str) -> None:
    array = noise((30, 40), "float32")
    array[10, 12] = np.nan
    result = run(on_grid(array), kernel="1 0 0; 0 2 0; 0 0 0", method=method)
    assert np.argwhere(np.isnan(result)).tolist() == [[10, 12], [11, 13]]


def test_tiny_weights_count() -> None:
    image = on_grid(noise((8, 9), "float64"))
    small = run(image, kernel="0 1e-20 2e-20", result="same")
    assert np.allclose(small / 1e-20, run(image, kernel="0 1 2", result="same"))


def test_normalised_and_offset() -> None:
    array = noise((7, 8), "float64")
    plain = run(on_grid(array), kernel="1 2 -1; 0 4 0; 1 1 1", result="same")
    values = {"kernel": "1 2 -1; 0 4 0; 1 1 1", "result": "same"}
    assert np.allclose(run(on_grid(array), normalise="sum", offset=5.0, **values), plain / 9 + 5)
    assert np.allclose(run(on_grid(array), normalise="absolute", **values), plain / 11)
    for normalise, kernel, words in (("sum", "1 0 -1", "add up to 0"), ("absolute", "0 0 0", "All weights")):
        with pytest.raises(Refused, match=words):
            get("kernels.apply").validate(kernel=kernel, normalise=normalise)
    third = "0.1 0.2 -0.3"  # adds up to 0 but for rounding
    with pytest.raises(Refused, match="add up to 0"):
        get("kernels.apply").validate(kernel=third, normalise="sum")


def test_both_ways_agree_with_the_sum_by_hand() -> None:
    array, kernel = noise((5, 6, 7), "float64"), RNG.normal(size=(3, 3, 3))
    padded = np.pad(array, 1, mode="edge")
    for by_fft in (False, True):
        result = correlated(array, kernel, "nearest", 0.0, by_fft)
        for z, y, x in itertools.product((0, 2, 4), (0, 3, 5), (0, 1, 6)):
            assert result[z, y, x] == pytest.approx((padded[z : z + 3, y : y + 3, x : x + 3] * kernel).sum())


READ = {
    "0 -1 0; -1 5 -1; 0 -1 0": [[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]],
    "1,2,1\n2,4,2\r\n1,2,1\n": [[[1, 2, 1], [2, 4, 2], [1, 2, 1]]],
    "1, 0, \N{MINUS SIGN}1": [[[1, 0, -1]]],
    "1\t2\t1\n2\t4\t2\n1\t2\t1": [[[1, 2, 1], [2, 4, 2], [1, 2, 1]]],
    "0,5\t1\t0,5": [[[0.5, 1, 0.5]]],
    "1/9 1/9 -2/3": [[[1 / 9, 1 / 9, -2 / 3]]],
    "1 2 1 / 4": [[[0.25, 0.5, 0.25]]],
    "1 2 1\n2 4 2\n1 2 1\n/16": [[[1 / 16, 2 / 16, 1 / 16], [2 / 16, 4 / 16, 2 / 16], [1 / 16, 2 / 16, 1 / 16]]],
    "1/2 1 1/2 / 1/4": [[[2, 4, 2]]],
    "[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]": [[[0, -1, 0], [-1, 5, -1], [0, -1, 0]]],
    "[[ 0. -1.  0.]\n [-1.  4. -1.]\n [ 0. -1.  0.]]/2": [[[0, -0.5, 0], [-0.5, 2, -0.5], [0, -0.5, 0]]],
    "1 2 1 | 2 4 2 | 1 2 1 / 16": [[[1 / 16, 2 / 16, 1 / 16]], [[2 / 16, 4 / 16, 2 / 16]], [[1 / 16, 2 / 16, 1 / 16]]],
    "[[[1, 2, 1]], [[2, 4, 2]], [[1, 2, 1]]]": [[[1, 2, 1]], [[2, 4, 2]], [[1, 2, 1]]],
    "5": [[[5]]],
    "1e-3 2 1e+2": [[[0.001, 2, 100]]],
}


@pytest.mark.parametrize("written", READ, ids=repr)
def test_what_can_be_pasted(written: str) -> None:
    kernel = read_kernel(written)
    assert np.allclose(kernel.array, READ[written], rtol=1e-15)
    again = read_kernel(write_kernel(kernel))
    assert np.array_equal(again.weights, kernel.weights) and again.divisor == kernel.divisor


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("1 2 3; 4 x 6; 7 8 9", "Row 2, column 2: “x” is not a number."),
        ("1 2 3; 4 5; 7 8 9", "Row 2 has 2 numbers, the first has 3."),
        ("1 0 1 | 1 0 1 | 1 0 z", "Slice 3, row 1, column 3: “z” is not a number."),
        ("1 0 1 | 1 0 1; 1 1 1 | 1 0 1", "Slice 2 has 2 rows, slice 1 has 1."),
        ("1 0 1 | 1 0 | 1 0 1", "Slice 2, row 1 has 2 numbers, the first has 3."),
        ("1 2; 3 4", "odd numbers of rows, columns and slices, so that it has a middle; this is 2 × 2."),
        ("1 2 1 | 1 2 1", "this is 3 × 1 × 2."),
        (" ".join(["1"] * 17), "at most 15 rows, columns and slices; this is 17 × 1."),
        ("1 nan 1", "Row 1, column 2: “nan” is not a number."),
        ("1 inf 1", "“inf” is not a number."),
        ("1 1/0 1", "“1/0” is not a number."),
        ("1 1/2/3 1", "“1/2/3” is not a number."),
        ("1 2 1 / 0", "cannot be divided by “0”."),
        ("1 2 1 / q", "cannot be divided by “q”."),
        ("", "Write the weights"),
        (" ; | ", "Write the weights"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_row_and_column(written: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        get("kernels.apply").validate(kernel=written)
    assert sentence in str(refusal.value) and str(refusal.value).endswith(".")


def test_numbers_of_single_cells() -> None:
    wanted = {"1/4": 0.25, "\N{MINUS SIGN}2": -2, ".5": 0.5, "": None, "1 2": None, "1/": None, "a": None}
    assert {one: read_number(one) for one in wanted} == wanted


def test_written_numbers_read_as_the_same() -> None:
    weights = RNG.normal(size=(3, 5, 7)) * 10.0 ** RNG.integers(-20, 20, (3, 5, 7))
    assert np.array_equal(read_kernel(text(weights)).array, weights)
