"""Colour maps: 256 colours each, from grey to perceptually even, diverging and cyclic ones.

Sources: viridis, magma, inferno, plasma (S. van der Walt, N. Smith, E. Firing) and cividis (Nuñez, Anderton,
Renslow 2018) are in the public domain (CC0); turbo is by A. Mikhailov (Apache-2.0); cool-warm follows K.
Moreland, "Diverging Color Maps for Scientific Visualization" (2009); PET is the palette of DICOM PS3.6 B.1.2;
hot and bone are the customary ramps; cyclic is ours: even in OKLab from light over blue, dark and red back to
light, for angles.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

# Evenly spaced colours as RRGGBB, interpolated to 256.
_ANCHORS = {
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
    "plasma": (
        "0d08872206903105963f049c4c02a15901a56600a77201a87e03a88909a69511a29f1a9ca92396b22c8ebb3587c33e80"
        "cb4778d25071d9596ae06263e66c5ceb7555f07f4ff48a48f89441fb9f3afdab33feb72dfdc328fcd025f9dd25f5eb27"
        "f0f921"
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
    "cyclic": (
        "e4e4e4d0e7efbbe3f5a4daf68ecdf479bbec67a6e05890d04c79bc4263a63b4f8e343d762d2f6027254b231f391f1c2a"
        "1d1d1d221b282d1b323d1d3b512243682a4a8136519a4656b35a5cc8706bdb867beb9c8df5b19ffac3b1f9d2c3f2ded4"
        "e4e4e4"
    ),
}  # fmt: skip

# Per channel (red, green, blue) the bends of straight ramps: positions 0-255 and values 0-255.
_RAMPS = {
    "grey": (((0, 255), (0, 255)),) * 3,
    "hot": (
        ((0, 93.1, 255), (10.6, 255, 255)),
        ((0, 93.1, 190.2, 255), (0, 0, 255, 255)),
        ((0, 190.2, 255), (0, 0, 255)),
    ),
    "bone": (
        ((0, 190.2, 255), (0, 166.5, 255)),
        ((0, 93.1, 190.2, 255), (0, 81.5, 198.3, 255)),
        ((0, 93.1, 255), (0, 113.3, 255)),
    ),
    "PET": (
        ((0, 63, 64, 128, 192, 255), (0, 0, 1, 128, 255, 255)),
        ((0, 63, 128, 255), (0, 128, 0, 255)),
        ((0, 128, 192, 255), (0, 255, 0, 255)),
    ),
}

_ORDER = (
    "grey", "bone", "hot", "PET", "viridis", "magma", "inferno", "plasma", "cividis", "turbo", "cool-warm",
    "cyclic",
)  # fmt: skip


def names() -> tuple[str, ...]:
    """Return the names of all colour maps in the order of a menu; the first is plain grey."""
    return _ORDER


@lru_cache(maxsize=32)
def table(name: str) -> Bytes:
    """Return a colour map as (256, 3) bytes from the lowest to the highest value; KeyError if unknown."""
    if name in _RAMPS:
        channels = [np.interp(np.arange(256), *ramp) for ramp in _RAMPS[name]]
    else:
        anchors = np.frombuffer(bytes.fromhex(_ANCHORS[name]), np.uint8).reshape(-1, 3)
        places = np.linspace(0, 255, len(anchors))
        channels = [np.interp(np.arange(256), places, anchors[:, k]) for k in range(3)]
    colors = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    colors.flags.writeable = False
    return colors
