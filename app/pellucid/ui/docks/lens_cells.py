"""The cells of the lens: numbers of pixels on the grey they are shown in, and the weights of a kernel. No Qt here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import tr
from pellucid.model.kernels import Kernel, Way
from pellucid.model.layer import ImageLayer
from pellucid.model.neighbourhood import Neighbourhood
from pellucid.ui.canvas.lookup import Look
from pellucid.ui.docks import lens_words as words
from pellucid.ui.docks.number_grid import Cell


def pixel_cells(
    near: Neighbourhood, values: NDArray[Any], numbers: NDArray[Any], layer: ImageLayer, kernel: Kernel, way: Way,
    products: NDArray[np.float64] | None,
) -> list[list[Cell]]:  # fmt: skip
    """Return the cells: ``numbers`` (k, k[, c]) are written, ``values`` give the colour behind them.

    With ``products`` those are written where the kernel lies.
    """
    backs = colors(values, layer)
    first = (near.size - kernel.size) // 2
    weights = kernel.laid(way)
    rows = []
    for n in range(near.size):
        cells = []
        for k in range(near.size):
            inner = (n - first, k - first)
            laid = 0 <= inner[0] < kernel.size and 0 <= inner[1] < kernel.size
            text = cell_text(numbers[n, k])
            tip = _tip(near, n, k, text)
            if laid:
                weight = int(weights[inner])
                product = weight * numbers[n, k].astype(np.float64)
                said = cell_text(np.asarray(product), plain=True)
                tip += "\n" + tr("Weight {weight}, product {product}", weight=words.number(weight), product=said)
                if products is not None:
                    text = cell_text(products[inner], plain=True)
            faint = products is not None and not laid
            cells.append(Cell(text, backs[n][k], tip, outside=not near.inside[n, k], faint=faint))
        rows.append(cells)
    return rows


def kernel_cells(kernel: Kernel, way: Way) -> list[list[Cell]]:
    """Return the weights as they are laid on."""
    divided = f" ÷ {kernel.divisor}" if kernel.divisor != 1 else ""
    texts = [[words.number(int(weight)) for weight in line] for line in kernel.laid(way)]
    return [[Cell(text, tip=f"{text}{divided}") for text in line] for line in texts]


def cell_text(value: NDArray[Any], *, plain: bool = False) -> str:
    """Write the number of a cell: 8-bit colours as hex, other colours and products channel by channel."""
    if np.ndim(value) == 0:
        return words.number(float(value) if plain else value)
    if value.dtype == np.uint8 and not plain:
        return words.hex_color(value)[1:]
    return "/".join(words.number(float(v)) for v in value)


def colors(values: NDArray[Any], layer: ImageLayer) -> list[list[str]]:
    """Return the colour (``#rrggbb``) every value has on the screen; colours of 8 bits are themselves."""
    if values.ndim == 3 and values.dtype == np.uint8:
        red, green, blue = (values[..., n % values.shape[-1]].astype(np.int64) for n in range(3))
        packed = red << 16 | green << 8 | blue
    else:
        shown = values[..., 0] if values.ndim == 3 else values
        finite = np.nan_to_num(shown.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
        packed = Look.of(layer.display).colors(finite if shown.dtype.kind == "f" else shown).astype(np.int64)
    return [[f"#{int(v) & 0xFFFFFF:06x}" for v in line] for line in packed]


def _tip(near: Neighbourhood, n: int, k: int, text: str) -> str:
    x, y, z = (int(v) for v in near.indices[n, k])
    place = f"x {x}, y {y}, z {z}".replace("-", "\N{MINUS SIGN}")
    return (
        f"{place}: {text}"
        if near.inside[n, k]
        else tr("{place} lies outside the image; {value} is taken there", place=place, value=text)
    )
