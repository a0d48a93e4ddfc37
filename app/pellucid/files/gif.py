"""Animated GIF with one palette for the whole film, so that colours do not flicker from picture to picture."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

Pixels = NDArray[np.uint8]
COLOURS = 255
"""Colours of the film; the 256th is left free."""
STEP, LEAST = 10, 2
"""GIF keeps time in steps of 10 ms, and players take anything below two steps for a tenth of a second."""
_SAMPLES = 1 << 18


class Spool:
    """Pictures kept packed until the palette of all of them is known."""

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._shape: tuple[int, ...] = ()
        self._seen = np.zeros(1 << 24, np.bool_)
        self._samples: list[Pixels] = []

    def add(self, picture: Pixels, expected: int) -> None:
        """Take a picture in; ``expected`` pictures come in all."""
        self._shape = picture.shape
        self._packed.append(zlib.compress(picture.tobytes(), 1))
        self._seen[_codes(picture)] = True
        flat = picture.reshape(-1, 3)
        self._samples.append(flat[:: max(1, len(flat) * expected // _SAMPLES)].copy())

    def __iter__(self) -> Iterator[Pixels]:
        for packed in self._packed:
            yield np.frombuffer(zlib.decompress(packed), np.uint8).reshape(self._shape)

    def palette(self) -> tuple[Pixels, bool]:
        """Return the colours (n, 3) of the film and whether they are all there are."""
        used = np.flatnonzero(self._seen)
        if len(used) <= COLOURS:
            return np.stack([used >> 16, used >> 8 & 255, used & 255], axis=1).astype(np.uint8), True
        from PIL import Image

        samples = np.concatenate(self._samples)
        # ordinary darkness would take most entries: every colour counts once for each doubling of its pixels
        colors, counts = np.unique(_codes(samples), return_counts=True)
        often = np.repeat(colors, 1 + np.log2(counts).astype(int))
        flat = np.stack([often >> 16, often >> 8 & 255, often & 255], axis=1).astype(np.uint8)
        image = Image.fromarray(flat[np.newaxis]).quantize(COLOURS, Image.Quantize.MEDIANCUT)
        found = image.getpalette() or []
        return np.array(found[: 3 * COLOURS], np.uint8).reshape(-1, 3), False


def _codes(picture: Pixels) -> NDArray[np.uint32]:
    wide = picture.astype(np.uint32)
    codes: NDArray[np.uint32] = wide[..., 0] << np.uint32(16) | wide[..., 1] << np.uint32(8) | wide[..., 2]
    return codes


def in_palette(pictures: Iterable[Pixels], palette: Pixels, *, exact: bool) -> Iterator[Image]:
    """Yield pictures in the colours of a palette; those with colours of their own are dithered."""
    from PIL import Image

    shape = Image.new("P", (1, 1))
    shape.putpalette(palette.tobytes())
    dither = Image.Dither.NONE if exact else Image.Dither.FLOYDSTEINBERG
    codes = _codes(palette)
    order = np.argsort(codes)
    for picture in pictures:
        if exact:
            index = order[np.searchsorted(codes, _codes(picture), sorter=order)].astype(np.uint8)
            image = Image.fromarray(index, "P")
            image.putpalette(palette.tobytes())
            yield image
        else:
            yield Image.fromarray(picture).quantize(palette=shape, dither=dither)


def write(file: BinaryIO, pictures: Sequence[Image], milliseconds: Sequence[int]) -> None:
    """Write pictures of one palette with the ms each lasts; the film repeats for ever."""
    first, *rest = pictures
    first.save(file, "GIF", save_all=True, append_images=rest, duration=list(milliseconds), loop=0, optimize=False,
               disposal=1)  # fmt: skip


def read(file: Any) -> Iterator[tuple[Pixels, int]]:
    """Yield the pictures of a GIF and the ms each lasts, as any other reader sees them."""
    from PIL import Image

    with Image.open(file) as film:
        for n in range(getattr(film, "n_frames", 1)):
            film.seek(n)
            duration = int(film.info.get("duration", 0))
            yield np.asarray(film.convert("RGB")), duration
