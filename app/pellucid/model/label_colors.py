"""The colours that labels get by default: told apart by their neighbours, with red–green blindness too.

The first seven are those of Okabe and Ito (2008), "Color Universal Design", reordered so that neighbours differ most.
The others are chosen one by one at first use, each as far as can be from those before it (Glasbey et al. 2007, "Colour
displays for categorical images") in Oklab (Ottosson 2020), as everybody sees it and as with deuteranopia and protanopia
(Machado et al. 2009). A colour may come nearer to another the further back that one is: labels beside each other in the
table matter most.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FIRST = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
PERIOD = 64
"""How many colours there are; then they come again."""
_BLIND = (
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
)  # deuteranopia and protanopia, on linear RGB (Machado, Oliveira and Fernandes 2009, severity 1)
_TO_CONES = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929],
     [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
_TO_OKLAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468],
     [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip
_DARKEST, _LIGHTEST = 48, 95  # seen on a black canvas, and not taken for white
_LEAST_CHROMA = 8  # images are grey
_LEVELS = 14
_FORGET = 8.0  # labels further back, at which a distance counts double


def color_for(value: int) -> str:
    """Return the default colour of a label value, ``#RRGGBB``."""
    place = (value - 1) % PERIOD
    return _FIRST[place] if place < len(_FIRST) else palette()[place]


@lru_cache(maxsize=1)
def palette() -> tuple[str, ...]:
    """Return all default colours in the order of the label values from 1 on."""
    begun = np.array([_channels(color) for color in _FIRST], np.float64)
    steps = np.rint(np.linspace(0, 255, _LEVELS))
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    lightness, *hue = np.moveaxis(_oklab(_linear(grid)), -1, 0)
    usable = (lightness > _DARKEST) & (lightness < _LIGHTEST) & (np.hypot(*hue) > _LEAST_CHROMA)
    chosen = _farthest(begun, grid[usable])
    return (*_FIRST, *(f"#{r:02X}{g:02X}{b:02X}" for r, g, b in chosen.astype(int).tolist()))


def _farthest(begun: Floats, candidates: Floats) -> Floats:
    """Return candidates that go on with the colours begun, each the farthest from all before it."""
    free = _as_seen(candidates)
    apart = np.empty((PERIOD, len(free)))
    for n, place in enumerate(_as_seen(begun)):
        apart[n] = np.linalg.norm(free - place, axis=-1).min(axis=-1)
    chosen = []
    for n in range(len(begun), PERIOD):
        weight = 1 + np.arange(n, 0, -1) / _FORGET
        chosen.append(int(np.argmax((apart[:n] * weight[:, None]).min(axis=0))))
        apart[n] = np.linalg.norm(free - free[chosen[-1]], axis=-1).min(axis=-1)
    return candidates[chosen]


def _as_seen(codes: Floats) -> Floats:
    """Return places in Oklab (n, 3 ways of seeing, 3) of colours of 0 to 255."""
    light = _linear(codes)
    ways = [light, *(np.clip(light @ np.array(matrix).T, 0, 1) for matrix in _BLIND)]
    return np.stack([_oklab(way) for way in ways], axis=1)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _linear(codes: Floats) -> Floats:
    """Return light of sRGB codes of 0 to 255 (IEC 61966-2-1)."""
    share = codes / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _oklab(light: Floats) -> Floats:
    """Return lightness and two colour axes, all times 100, of linear RGB."""
    return np.cbrt(light @ _TO_CONES.T) @ _TO_OKLAB.T * 100
