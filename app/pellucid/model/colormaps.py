"""Colour maps: 256 colours each, from grey to perceptually even, diverging and cyclic ones.

Sources: viridis, magma, inferno, plasma (S. van der Walt, N. Smith, E. Firing) and cividis (Nuñez, Anderton,
Renslow 2018) are in the public domain (CC0); turbo is by A. Mikhailov (Apache-2.0); cool-warm follows K.
Moreland, "Diverging Color Maps for Scientific Visualization" (2009); blue-red and green-pink are RdBu and PiYG of
ColorBrewer (C. Brewer, Apache-2.0); hot iron, PET, hot metal blue and PET 20 steps are the palettes of DICOM PS3.6
B.1.1 to B.1.4; hot and bone are the customary ramps. Cyclic and phase are ours, for angles: cyclic is even in OKLab
from light over blue, dark and red back to light; phase goes round the hues of OKLCH at one lightness and chroma.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pellucid.language import mark

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
    "phase": (
        "ef8b7bed8f6be8935ce2994fd99e46cea541c0ab43b2b14aa1b6568ebb657abf7565c2864ec49736c4a81cc4b908c2c8"
        "17c0d630bce248b8ec5eb3f473aef886a8fa98a2f9a89df5b798eec493e5d08fd9da8ccce289bde988aded889cef898c"
        "ef8b7b"
    ),
    "blue-red": (
        "0530612166ac4393c392c5ded1e5f0f7f7f7fddbc7f4a582d6604db2182b67001f"
    ),
    "green-pink": (
        "2764194d92217fbc41b8e186e6f5d0f7f7f7fde0eff1b6dade77aec51b7d8e0152"
    ),
}  # fmt: skip

_RISES, _DARK = ((0, 255), (0, 255)), ((0, 255), (0, 0))

# Per channel (red, green, blue) the bends of straight ramps: positions 0-255 and values 0-255.
_RAMPS = {
    "grey": (_RISES,) * 3,
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
    "hot-iron": (
        ((0, 127, 128, 255), (0, 254, 255, 255)),
        ((0, 128, 255), (0, 0, 255)),
        ((0, 191, 255), (0, 0, 255)),
    ),
    "hot-metal-blue": (
        ((0, 85, 102, 119, 145, 153, 170, 255), (0, 0, 50, 90, 166, 190, 255, 255)),
        ((0, 119, 225, 255), (0, 0, 200, 255)),
        ((0, 102, 119, 136, 153, 170, 230, 240, 255), (0, 200, 150, 50, 0, 0, 176, 206, 255)),
    ),
    "red": (_RISES, _DARK, _DARK),
    "green": (_DARK, _RISES, _DARK),
    "blue": (_DARK, _DARK, _RISES),
    "cyan": (_DARK, _RISES, _RISES),
    "magenta": (_RISES, _DARK, _RISES),
    "yellow": (_RISES, _RISES, _DARK),
}

# Flat colours and the places 0-255 where they begin.
_STEPS = {
    "PET-20-steps": (
        (0, 13, 26, 39, 51, 64, 77, 90, 102, 115, 128, 141, 153, 166, 179, 192, 204, 217, 230, 243),
        "0000006000503030503030705050806060b07070c08080e030603030903050c05040e040e0e050d0d060d0b040d09000c06000b03000"
        "ff0000ffffff",
    )
}  # fmt: skip


class Group(StrEnum):
    """What a colour map is good for."""

    GREY = "grey"
    PERCEPTUAL = "perceptual"
    DIVERGING = "diverging"
    CYCLIC = "cyclic"
    HOT = "hot"
    SINGLE = "single"


_GROUPS = {
    Group.GREY: (mark("Grey"), ("grey", "bone")),
    Group.PERCEPTUAL: (mark("Perceptual"), ("viridis", "magma", "inferno", "plasma", "cividis")),
    Group.DIVERGING: (mark("Diverging, signed values"), ("cool-warm", "blue-red", "green-pink")),
    Group.CYCLIC: (mark("Cyclic, angles"), ("cyclic", "phase")),
    Group.HOT: (mark("PET and hot"), ("PET", "PET-20-steps", "hot", "hot-iron", "hot-metal-blue", "turbo")),
    Group.SINGLE: (mark("Single colours, channels"), ("red", "green", "blue", "cyan", "magenta", "yellow")),
}


def groups() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the headings of the colour maps with the names below each, in the order of a menu."""
    return tuple(_GROUPS.values())


def group_of(name: str) -> Group:
    """Return the group a colour map is in; unknown ones count as grey."""
    return next((group for group, (_title, names_) in _GROUPS.items() if name in names_), Group.GREY)


def names() -> tuple[str, ...]:
    """Return the names of all colour maps in the order of a menu; the first is plain grey."""
    return tuple(name for _title, names_ in _GROUPS.values() for name in names_)


@lru_cache(maxsize=32)
def table(name: str) -> Bytes:
    """Return a colour map as (256, 3) bytes from the lowest to the highest value.

    An unknown name, as a work saved by a newer version may hold, is grey.
    """
    if name in _STEPS:
        starts, flat = _STEPS[name]
        steps = np.frombuffer(bytes.fromhex(flat), np.uint8).reshape(-1, 3)
        channels = list(steps[np.searchsorted(starts, np.arange(256), side="right") - 1].T)
    elif name not in _ANCHORS:
        channels = [np.interp(np.arange(256), *ramp) for ramp in _RAMPS.get(name, _RAMPS["grey"])]
    else:
        anchors = np.frombuffer(bytes.fromhex(_ANCHORS[name]), np.uint8).reshape(-1, 3)
        places = np.linspace(0, 255, len(anchors))
        channels = [np.interp(np.arange(256), places, anchors[:, k]) for k in range(3)]
    colors = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    colors.flags.writeable = False
    return colors
