"""Colour maps for pseudo-colour, and the colours of values in them.

Sources: viridis, magma and inferno (S. van der Walt, N. Smith, E. Firing) and cividis (Nuñez, Anderton, Renslow 2018)
are in the public domain (CC0); turbo is by A. Mikhailov (Apache-2.0); cool-warm follows K. Moreland, "Diverging Color
Maps for Scientific Visualization" (2009).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.operations.plain import floating

ANCHORS = {
    "viridis": (
        "440154470d6048186a482374472d7b4536814240863f49893b528b375a8d33638d2f6a8e2c728e297a8e26818e23898e"
        "21908c1f988b1f9f8821a68528ae8031b57b3ebc744cc26c5dc9636ece5882d34c96d83fabdc32c0df24d5e21aeae51a"
        "fde725"
    ),
    "magma": (
        "0000040303110a0822130d331d114628115a36106a430f7650127c5d177f691c817621818226818f2a819c2e7fa9327d"
        "b63779c33b75cf4170db486ae65163ee5c5ef5695cf9785dfb8761fd9668fea571feb47bfec387fed194fde0a2fceeb0"
        "fcfdbf"
    ),
    "inferno": (
        "0000040403120b0724150b37210c4a2e0a5a3c09654a0c6b57106d63146e70196e7d1e6d89226a962766a32b61af315c"
        "bb3755c63e4dd14644db4f3be35932eb6528f1711ef67f14f98d0afb9c06fcab0ffbba1ff9ca32f5d949f2e865f3f586"
        "fcffa4"
    ),
    "cividis": (
        "00204d00265a002c6800306f05366e1e3c6d2c426c37476b414d6b4a536b52596c595e6d61646f686a716f7073757676"
        "7c7b788482798c8879948e789c9477a49b76aca174b4a872bdaf6fc5b66ccebd68d7c463e0cb5ee9d358f2da50fbe248"
        "ffea46"
    ),
    "turbo": (
        "30123b392a734040a14456c7466be3467ff64293ff37a7fa29bbec1dcdd818dcc31ee8b031f2994cf97e6bfd648aff4d"
        "a3fd3cb8f735cced34dee037edd03af8c03afdae35fe982cfb8022f56817ec520fe04009d23105c02302ac1701950d01"
        "7a0403"
    ),
    "cool-warm": (
        "3b4cc05058ca6264d3736fdc827be39086e99d91eea99cf2b4a6f5beb0f6c6b9f7cdc1f6d3c9f3d8cfefdbd5eaddd9e4"
        "dddddde5d8d2ecd3c6f2ccbaf6c4aef8bba2f9b095f8a589f5997df28c70ed7e65e67059de604ed54f43cb3d39c0282f"
        "b40426"
    ),
}  # fmt: skip
"""Evenly spaced colours as RRGGBB, interpolated to 256."""


def colour_table(anchors: str) -> Any:
    """Return 256 colours between evenly spaced ones written as RRGGBB, and black for what is not a number."""
    colours = np.frombuffer(bytes.fromhex(anchors), np.uint8).reshape(-1, 3)
    places = np.linspace(0, 255, len(colours))
    channels = [np.interp(np.arange(256), places, colours[:, k]) for k in range(3)]
    return np.vstack([np.rint(np.stack(channels, axis=1)), [[0, 0, 0]]]).astype(np.uint8)


def pseudo_colours(array: Any, lower: float, upper: float, table: Any) -> Any:
    """Return the colours of values; those outside the range get the colour of the nearest end."""
    values, upper = floating(array), upper if upper > lower else lower + 1
    with np.errstate(invalid="ignore", over="ignore"):
        places = np.rint(np.clip((values - lower) * (255 / (upper - lower)), 0, 255))
    return np.take(table, np.where(np.isnan(places), 256, places).astype(np.intp), axis=0)
