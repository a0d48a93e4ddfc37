"""What the lens says in words and numbers of one neighbourhood. No Qt here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.language import mark, tr, tr_count
from pellucid.model.channels import NAMES
from pellucid.model.kernels import Kernel, Sum, Way
from pellucid.model.neighbourhood import Edge, Neighbourhood
from pellucid.model.view import PaneState
from pellucid.model.volume import Volume
from pellucid.ui.forms.numbers import format_number, short_number

NOTHING = "–"
EDGE_SAYS = {
    Edge.NEAREST: mark("the outermost pixel is repeated there"),
    Edge.MIRROR: mark("the image is mirrored at its outermost pixel"),
    Edge.ZERO: mark("zero is taken there"),
}


@dataclass(frozen=True)
class Facts:
    """The lines above the table, in their order on the screen."""

    value: str
    stored: str
    type: str
    type_range: str
    index: str
    position: str


def number(value: Any) -> str:
    """Write one value for a cell: whole numbers as they are, others with five figures."""
    value = np.asarray(value).item()
    if isinstance(value, float) and not np.isfinite(value):
        return "NaN" if np.isnan(value) else "∞" if value > 0 else "−∞"
    return format_number(value) if isinstance(value, int) else short_number(float(value))


def with_unit(text: str, unit: str) -> str:
    """Return a number with its unit."""
    return f"{text} {unit}" if unit else text


def hex_color(color: NDArray[Any]) -> str:
    """Return a colour of 8 bits as ``#RRGGBB``."""
    return "#" + "".join(f"{int(v):02X}" for v in color[:3])


def facts(near: Neighbourhood) -> Facts:
    """Return what is known of the pixel in the middle."""
    volume, middle = near.volume, near.size // 2
    values = near.values()
    value = values[middle, middle]
    x, y, z = near.centre
    world = volume.geometry.index_to_world(near.centre)
    unit = "mm" if volume.geometry.has_lengths else "px"
    decimals = max(1, 1 - math.floor(math.log10(min(volume.geometry.spacing))))
    place = ", ".join(f"{c:.{decimals}f}" for c in world).replace("-", "\N{MINUS SIGN}")
    return Facts(
        value=color_text(value) if volume.is_colour else with_unit(number(value), volume.unit),
        stored=stored_text(near, values),
        type=type_text(volume),
        type_range=type_range(volume),
        index=f"x {x}, y {y}, z {z}",
        position=f"{place} {unit}",
    )


def color_text(value: NDArray[Any]) -> str:
    """Return every channel of a colour, and its hex where it has 8 bits."""
    names = (name.capitalize()[0] for name in NAMES)
    channels = "  ".join(f"{name} {number(v)}" for name, v in zip(names, value, strict=False))
    return f"{channels}  {hex_color(value)}" if value.dtype == np.uint8 else channels


def stored_text(near: Neighbourhood, values: NDArray[Any]) -> str:
    """Return the stored number with the slope and intercept it became the value by, or why it is not known."""
    volume, middle = near.volume, near.size // 2
    if volume.is_colour:
        return tr("The channels as they are")
    stored = near.stored(values)
    if stored is None or volume.rescale is None:
        return tr("Not known: the image was computed, reduced or converted by a table")
    slope, intercept = volume.rescale.at(near.centre[2])
    raw = number(stored[middle, middle]) if stored.dtype.kind == "f" and stored[middle, middle] % 1 else whole(
        stored[middle, middle]
    )  # fmt: skip
    if (slope, intercept) == (1.0, 0.0):
        return tr("{raw}, the same as the value", raw=raw)
    sign = "+" if intercept >= 0 else "\N{MINUS SIGN}"
    return f"{raw}   (× {format_number(slope)} {sign} {format_number(abs(intercept))})"


def whole(value: Any) -> str:
    """Write a number without decimals."""
    value = float(value)
    return format_number(int(value)) if np.isfinite(value) else number(value)


def type_text(volume: Volume) -> str:
    """Return the type of the values in memory, and of the stored numbers where it is another."""
    rescale = volume.rescale
    if rescale is None or rescale.type_name in ("", volume.dtype.name):
        return volume.dtype.name
    return tr("{name} (stored: {type_name})", name=volume.dtype.name, type_name=rescale.type_name)


def type_range(volume: Volume) -> str:
    """Return the lowest and highest number the type can hold."""
    dtype = volume.dtype
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return f"{format_number(int(info.min))} … {format_number(int(info.max))}"
    return f"± {float(np.finfo(dtype).max):.3g}"


def kernel_lines(kernel: Kernel, found: Sum, unit: str, way: Way) -> tuple[str, str]:
    """Return the sum of products and the result, as sentences with all their numbers."""
    total, result = (" / ".join(number(float(v)) for v in np.atleast_1d(part)) for part in (found.total, found.result))
    turned = way is Way.CONVOLVE and not kernel.is_symmetric
    size = f"{kernel.size} × {kernel.size}"
    first = tr("Sum of {size} products (weight × value) = {total}", size=size, total=total)
    if turned:
        first = tr("Sum of {size} products (turned by 180°, weight × value) = {total}", size=size, total=total)
    divided = f"{total} ÷ {kernel.divisor} = " if kernel.divisor != 1 else ""
    return first, tr("Result here: {result}", result=divided + with_unit(result, unit))


def outside_line(near: Neighbourhood, edge: Edge) -> str:
    """Return how many cells lie outside and what is taken for them, or ``""``."""
    count = int(np.count_nonzero(~near.inside))
    if not count:
        return ""
    return tr_count(
        "One cell lies outside the image: {rule}.",
        "{count} cells lie outside the image: {rule}.",
        count,
        rule=tr(EDGE_SAYS[edge]),
    )


def origin_lines(name: str, pane: PaneState, *, alone: bool, compared: bool, preview: bool) -> tuple[str, ...]:
    """Return what has to be said where the pane shows something else than the numbers of one slice of one image."""
    lines = []
    if compared:
        lines.append(tr("The pane compares two images; the numbers are those of “{name}”.", name=name))
    elif not alone:
        lines.append(tr("The numbers are those of “{name}”.", name=name))
    if pane.slab > 0:
        lines.append(tr("The pane shows a thick slab; the numbers are those of the slice in its middle."))
    if preview:
        lines.append(tr("The pane shows a preview; the numbers are those of the image as it is."))
    return tuple(lines)


def direction_line(near: Neighbourhood) -> str:
    """Return which index grows to the right and down, as on the screen."""
    right, down = near.axis_names()
    if not right:
        return tr("Oblique plane: every cell is the voxel nearest to its place on the screen.")
    return tr("Columns: {right} to the right. Rows: {down} downwards, as on the screen.", right=right, down=down)
