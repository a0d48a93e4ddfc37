"""Spectra and filters of frequencies: against numpy.fft of the mirrored image, and waves of known length in mm."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from operation_images import DIRECTIONS, PIXEL_TYPES, SPACING, noise, on_grid, pixels
from pellucid.operations import Context, Refused, get
from pellucid.operations.engines import waves

SHAPES = {
    "gaussian": lambda f, period, order: 2.0 ** -((f * period) ** 2),
    "butterworth": lambda f, period, order: 1 / (1 + (f * period) ** (2 * order)),
    "ideal": lambda f, period, order: (f * period <= 1).astype(float),
}


def run(id: str, image: sitk.Image, context: Context | None = None, **values: Any) -> Any:
    return pixels(get(f"frequency.{id}").run(context or Context(), image, **values))


def by_mirrored_fft(array: Any, weigh: Any, axes: tuple[int, ...]) -> Any:
    """Filter an array (z, y, x) by the FFT of its mirror image in all axes; ``weigh`` takes frequencies z, y, x."""
    doubled = np.pad(array, [(0, n if axis in axes else 0) for axis, n in enumerate(array.shape)], mode="symmetric")
    frequencies = list(np.meshgrid(*(np.fft.fftfreq(n) for n in doubled.shape), indexing="ij"))
    if 0 not in axes:
        frequencies[0] = np.zeros_like(frequencies[0])
    weights = weigh(*frequencies)
    filtered = np.fft.ifftn(np.fft.fftn(doubled, axes=axes) * weights, axes=axes)
    return filtered.real[tuple(slice(n) for n in array.shape)]


def in_mm(direction: str) -> Any:
    """Return a function of frequencies per voxel (z, y, x) that gives their length per mm, from the definition."""
    steps = np.array(DIRECTIONS[direction]).reshape(3, 3) * SPACING
    to_mm = np.linalg.inv(steps).T  # phases i · u and (steps i) · f are equal

    def length(w: Any, v: Any, u: Any) -> Any:
        return np.sqrt(sum((to_mm[k, 0] * u + to_mm[k, 1] * v + to_mm[k, 2] * w) ** 2 for k in range(3)))

    return length


def wave(shape: tuple[int, ...], period: float, along: tuple[float, float, float], spacing: Any = SPACING) -> Any:
    """Return a cosine of amplitude 1 that repeats after ``period`` mm along a direction x, y, z."""
    z, y, x = np.indices(shape)
    way = np.array(along) / np.linalg.norm(along)
    return np.cos(2 * np.pi / period * (way[0] * x * spacing[0] + way[1] * y * spacing[1] + way[2] * z * spacing[2]))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(6, 11, 13), (5, 8, 10), (1, 7, 6), (4, 1, 5), (3, 5, 1)], ids=str)
@pytest.mark.parametrize("extent", ["slices", "volume"])
def test_the_spectrum_is_numpys_with_zero_in_the_middle(extent: str, shape: tuple[int, ...], dtype: str) -> None:
    array = noise(shape, dtype)
    axes = (0, 1, 2) if extent == "volume" else (1, 2)
    exact = np.abs(np.fft.fftshift(np.fft.fftn(array.astype(float), axes=axes), axes))
    result = run("spectrum", on_grid(array, "oblique"), extent=extent, scale="magnitude")
    assert result.dtype == np.float32 and np.abs(result - exact).max() <= 1e-6 * exact.max()
    logarithm = run("spectrum", on_grid(array), extent=extent)
    assert np.allclose(logarithm, np.log1p(result), rtol=1e-5)


def test_the_spectrum_keeps_the_energy_and_has_the_sum_in_the_middle() -> None:
    array = noise((7, 12, 9), "float64")
    result = run("spectrum", on_grid(array), extent="volume", scale="magnitude").astype(float)
    assert (result**2).sum() / result.size == pytest.approx((array**2).sum(), rel=1e-5)  # Parseval
    assert result[3, 6, 4] == pytest.approx(abs(array.sum()), rel=1e-6)


def test_a_wave_is_two_peaks_at_its_frequency_per_mm() -> None:
    n, spacing = (1, 40, 64), (0.5, 2.0, 1.0)
    image = on_grid(wave(n, 4.0, (1, 0, 0), spacing)[0].astype(np.float32), spacing=spacing)
    result = run("spectrum", image, scale="magnitude")
    steps = 64 * 0.5 / 4.0  # the size of the image in periods
    assert np.argwhere(result > 100).tolist() == [[20, 32 - steps], [20, 32 + steps]]


def test_the_hann_window_is_numpys_without_its_last_value() -> None:
    array = noise((6, 11, 13), "float64")
    for extent, axes in (("slices", (1, 2)), ("volume", (0, 1, 2))):
        faded = array.copy()
        for axis in axes:
            taper = np.hanning(array.shape[axis] + 1)[:-1]
            faded *= taper.reshape([-1 if k == axis else 1 for k in range(3)])
        exact = np.abs(np.fft.fftshift(np.fft.fftn(faded, axes=axes), axes))
        result = run("spectrum", on_grid(array), extent=extent, scale="magnitude", window="hann")
        assert np.abs(result - exact).max() <= 1e-6 * exact.max()


def test_colours_have_spectra_of_their_own() -> None:
    array = noise((12, 15, 3), "uint8")
    result = run("spectrum", on_grid(array, colour=True), window="hann")
    low = run("low_pass", on_grid(array, colour=True))
    for c in range(3):
        alone = run("spectrum", on_grid(array[..., c]), window="hann")
        assert np.allclose(result[..., c], alone, rtol=1e-4, atol=1e-4)
        assert np.abs(low[..., c].astype(int) - run("low_pass", on_grid(array[..., c]))).max() <= 1


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("extent", ["slices", "volume"])
@pytest.mark.parametrize("shape", SHAPES)
def test_filters_are_those_of_the_mirrored_image_in_mm(shape: str, extent: str, direction: str) -> None:
    array = noise((6, 11, 14), "float64")
    axes = (0, 1, 2) if extent == "volume" else (1, 2)
    length, share = in_mm(direction), SHAPES[shape]
    values = {"shape": shape, "order": 3, "extent": extent}
    if direction == "sheared" and extent == "slices":  # only frequencies within a slice count
        length = in_mm("straight")
    image = on_grid(array, direction)

    def expected(weigh: Any) -> Any:
        return by_mirrored_fft(array, lambda *f: weigh(length(*f)), axes)

    low = expected(lambda f: share(f, 3.3, 3))
    high = expected(lambda f: 1 - share(f, 7.1, 3))
    mean = expected(lambda f: np.where(f == 0, 1, 1 - share(f, 7.1, 3)))
    band = expected(lambda f: share(f, 3.3, 3) * (1 - share(f, 7.1, 3)))
    tolerance = {"rtol": 0, "atol": 1e-3}  # of values of 1000: results are 32-bit floats
    assert np.allclose(run("low_pass", image, period=3.3, **values), low, **tolerance)
    assert np.allclose(run("high_pass", image, period=7.1, **values), high, **tolerance)
    assert np.allclose(run("high_pass", image, period=7.1, keep_mean=True, **values), mean, **tolerance)
    assert np.allclose(run("band_pass", image, shortest=3.3, longest=7.1, **values), band, **tolerance)


@pytest.mark.parametrize("along", [(1, 0, 0), (0, 1, 0), (0, 0, 1)], ids=["x", "y", "z"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_wave_keeps_the_share_of_the_formula(shape: str, along: tuple[float, float, float]) -> None:
    size, spacing = (24, 48, 60), (0.5, 1.0, 2.0)
    axis = along.index(1)
    extent = size[2 - axis] * spacing[axis]
    for count in (2, 5, 9):  # whole periods from edge to edge, so that mirrors continue them
        period = extent / count
        shifted = [int(k == axis) * spacing[axis] / 2 for k in range(3)]
        z, y, x = np.indices(size)
        where = (x, y, z)[axis] * spacing[axis] + shifted[axis]
        array = (100 + 10 * np.cos(2 * np.pi * where / period)).astype(np.float32)
        image = on_grid(array, "oblique", spacing)
        kept = SHAPES[shape](np.array(1 / period), 6.0, 2)
        low = run("low_pass", image, period=6.0, shape=shape, extent="volume")
        assert np.allclose(low, 100 + kept * (array - 100), atol=1e-3)
        high = run("high_pass", image, period=6.0, shape=shape, extent="volume")
        assert np.allclose(high, (1 - kept) * (array - 100), atol=1e-3)


def test_the_gaussian_low_pass_is_a_gaussian_in_mm() -> None:
    array = noise((12, 30, 40), "float64")
    sigma = 12.0 * np.sqrt(2 * np.log(2)) / (2 * np.pi)  # 2 ** -(12 f)² as exp(-2 (π f sigma)²)
    sigmas = [sigma / step for step in reversed(SPACING)]
    exact = ndimage.gaussian_filter(array, sigmas, mode="reflect", truncate=8)
    result = run("low_pass", on_grid(array, "oblique"), period=12.0, extent="volume")
    assert np.abs(result - exact).max() < 1e-3 * np.ptp(array)
    flat = ndimage.gaussian_filter(array, (0, *sigmas[1:]), mode="reflect", truncate=8)
    assert np.abs(run("low_pass", on_grid(array), period=12.0) - flat).max() < 1e-3 * np.ptp(array)


@pytest.mark.parametrize("dtype", PIXEL_TYPES)
def test_low_and_high_pass_add_up_to_the_image(dtype: str) -> None:
    array = noise((5, 12, 15), dtype)
    image = on_grid(array)
    low, high = run("low_pass", image, period=7.0), run("high_pass", image, period=7.0)
    assert low.dtype == dtype and high.dtype == np.float32
    assert np.abs(low + high.astype(float) - array).max() <= (0.5 if array.dtype.kind in "iu" else 0) + 2e-3


def test_slices_are_filtered_by_themselves_and_one_slice_is_two_dimensional() -> None:
    array = noise((4, 12, 15), "float32")
    result = run("band_pass", on_grid(array, "sheared"))
    for z in range(4):
        planar = run("band_pass", on_grid(array[z]), extent="volume")
        assert np.allclose(result[z], planar, atol=1e-3)
        one = run("band_pass", on_grid(array[z : z + 1], "sheared"), extent="volume")
        assert np.allclose(one[0], planar, atol=1e-3)


@pytest.mark.parametrize("angle", [0.0, 90.0, 35.0, -60.0])
def test_a_given_pattern_is_taken_out_up_to_the_border_and_the_rest_stays(angle: float) -> None:
    spacing = (0.5, 0.8, 3.0)
    way = (np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle)), 0.0)
    stripes = 50 * wave((2, 160, 200), 4.0, way, spacing)
    y, x = np.indices((160, 200))
    picture = 1000 + 200 * np.exp(-((x - 90) ** 2 + (y - 70) ** 2) / 900)
    image = on_grid((picture + stripes).astype(np.float32), "oblique", spacing)
    result = run("notch", image, find="given", period=4.0, angle=angle, width=20)
    assert np.abs(result - picture)[:, 40:120, 50:150].max() < 0.1
    assert np.abs(result - picture).max() < 8.0
    assert abs(result.mean(dtype=float) - picture.mean()) < 0.1
    other = run("notch", image, find="given", period=4.0, angle=angle + 45, width=20)
    assert np.abs(other - pixels(image))[:, 40:120, 50:150].max() < 0.1


@pytest.mark.parametrize("away", [0.0, 0.5, 1.0, 2.0, -1.0])
def test_a_notch_leaves_the_share_of_the_formula(away: float) -> None:
    frequency = (1 + 0.2 * away) / 4.0
    array = 30 * wave((1, 200, 240), 1 / frequency, (1, 0.6, 0), (0.5, 0.8, 3.0)).astype(np.float32)
    angle = np.degrees(np.arctan2(0.6, 1))
    result = run("notch", on_grid(array, spacing=(0.5, 0.8, 3.0)), find="given", period=4.0, angle=angle, width=20)
    share = 1 - 2.0 ** -(away**2)  # half of it at the stated width
    assert np.allclose(result[:, 60:140, 70:170], share * array[:, 60:140, 70:170], atol=0.1)


def test_a_notch_is_that_of_the_spectrum_away_from_the_border() -> None:
    array = noise((2, 120, 160), "float64")
    p, q = np.cos(np.deg2rad(30)) / 3, np.sin(np.deg2rad(30)) / 3

    def weigh(_: Any, v: Any, u: Any) -> Any:
        x, y = u / SPACING[0], v / SPACING[1]
        near = sum(2.0 ** -((np.hypot(x - s * p, y - s * q) / (0.3 / 3)) ** 2) for s in (1, -1))
        return 1 - near * (1 - 2.0 ** -((3.5 * 3 * np.hypot(x, y)) ** 2))

    exact = by_mirrored_fft(array, weigh, (1, 2))
    result = run("notch", on_grid(array), find="given", period=3.0, angle=30.0, width=30)
    middle = (slice(None), slice(40, 80), slice(40, 120))
    assert np.abs(result - exact)[middle].max() < 2e-4 * np.ptp(array)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_automatic_finds_patterns_in_mm_and_takes_them_out(dtype: str) -> None:
    spacing = (0.5, 0.8, 3.0)
    generator = np.random.default_rng(3)
    y, x = np.indices((160, 200))
    picture = 1000 + 400 * ((x - 90) ** 2 + (y - 70) ** 2 < 2000) + generator.normal(0, 10, (3, 160, 200))
    patterns = ((4.1, 25.0, 40), (2.7, -50.0, 30))
    stripes = sum(
        height * wave((3, 160, 200), period, (np.cos(np.deg2rad(a)), np.sin(np.deg2rad(a)), 0), spacing)
        for period, a, height in patterns
    )
    said: list[str] = []
    image = on_grid((picture + stripes).astype(dtype), "oblique", spacing)
    result = run("notch", image, Context(remark=said.append), count=5)
    assert sorted(said) == [f"Removed a pattern of {what}°." for what in ("2.7 mm at -50", "4.1 mm at 25")]
    assert result.dtype == dtype
    before, after = (np.std(part - picture) for part in (pixels(image), result))
    assert before > 35 and after < 15  # noise, and edges of the disc that run as the stripes do


def test_nothing_is_taken_out_where_nothing_repeats() -> None:
    generator = np.random.default_rng(3)
    rough = generator.normal(0, 10, (3, 90, 120))
    for array in (rough, ndimage.gaussian_filter(rough, 2)):
        said: list[str] = []
        image = on_grid(array)
        assert np.array_equal(run("notch", image, Context(remark=said.append)), array)
        assert said == ["No pattern stands out that repeats across the slices; nothing was removed."]


@pytest.mark.parametrize("id", ["spectrum", "low_pass", "high_pass", "band_pass", "notch"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 1), (1, 9), (9, 1), (2, 1, 1), (2, 2, 2)], ids=str)
def test_lines_and_single_voxels(id: str, shape: tuple[int, ...]) -> None:
    array = noise((3, 9, 9), "float32")[tuple(slice(n) for n in (1,) * (3 - len(shape)) + shape)].reshape(shape)
    for values in ({"find": "given"}, {}) if id == "notch" else ({"extent": "volume"}, {}):
        assert np.isfinite(run(id, on_grid(array), **values)).all()


@pytest.mark.parametrize("id", ["high_pass", "band_pass"])
def test_the_mean_of_a_single_voxel_can_be_kept(id: str) -> None:
    assert (run(id, on_grid(np.full((1, 1, 1), 5.0)), keep_mean=True) == 5.0).all()


def test_limits_the_wrong_way_round_and_nan_are_refused() -> None:
    with pytest.raises(Refused, match="must be below"):
        get("frequency.band_pass").validate(shortest=5.0, longest=5.0)
    array = noise((4, 5, 6), "float32")
    array[1, 2, 3] = np.inf
    for id in ("spectrum", "low_pass", "high_pass", "band_pass", "notch"):
        with pytest.raises(Refused, match="finite values"):
            run(id, on_grid(array))


@pytest.mark.parametrize(("id", "direction", "most"), [
    ("spectrum", "straight", 2.3), ("low_pass", "straight", 2.3), ("high_pass", "oblique", 2.3),
    ("band_pass", "sheared", 4.3), ("notch", "straight", 2.3),
])  # fmt: skip
def test_no_more_memory_than_four_times_the_floats(
    id: str, direction: str, most: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waves, "_PIECE_VOXELS", 1 << 14)
    array = noise((64, 128, 128), "float32")
    image = on_grid(array, direction)
    values = {"find": "given"} if id == "notch" else {"extent": "volume"}
    tracemalloc.start()
    try:
        run(id, image, Context(threads=1), **values)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= (most - 1) * array.nbytes  # the image that is made is not counted, SimpleITK holds it


def test_pieces_are_seamless(monkeypatch: pytest.MonkeyPatch) -> None:
    array = noise((9, 30, 41), "float32")
    image = on_grid(array, "sheared")
    whole = {id: run(id, image, extent="volume") for id in ("spectrum", "band_pass")}
    monkeypatch.setattr(waves, "_PIECE_VOXELS", 100)
    for (id, expected), threads in itertools.product(whole.items(), (1, 3)):
        assert np.allclose(run(id, image, Context(threads=threads), extent="volume"), expected, atol=1e-2)
