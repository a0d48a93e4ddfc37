"""Compute an image from a formula of the user's own."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from pellucid.language import tr, tr_count
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.combining import combined, common_channels, same_channels
from pellucid.operations.engines.expressions import Expression, complaint, parse
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array
from pellucid.operations.plain import on_grid_or_resampled, voxels
from pellucid.operations.units import Title


def as_floats(*images: Any, resample: bool = False) -> Any:
    """Return the values of images as 64-bit floats that can be combined, all on the grid of the first if need be."""
    moved = [on_grid_or_resampled(images[0], one) if resample else one for one in images]
    return same_channels(*(voxels(one).astype(np.float64) for one in moved))


def _script(params: Any) -> str:
    expression = parse(params.formula)
    names = expression.names if not params.resample else tuple(sorted({"a", *expression.names}))
    images = ["image" if name == "a" else name for name in names]
    resample = ", resample=True" if params.resample else ""
    return f"""
        {", ".join(names)}, = as_floats({", ".join(images)}{resample})
        result = on_grid_of(np.float32({expression.python}), image)
    """


@operation(
    "arithmetic.expression",
    title="Expression",
    menu="Filters/Arithmetic",
    keeps_unit=False,
    grids="aligned",
    pointwise=True,
    complaint=lambda p: complaint(p.formula),
    keywords=("formula", "calculator", "image math", "a * 2 + b"),
    python=_script,
    toolbox=(as_floats,),
)
def expression(
    image: Annotated[Image, Title("a")],
    b: Annotated[Image, Title("b")] | None,
    c: Annotated[Image, Title("c")] | None,
    d: Annotated[Image, Title("d")] | None,
    context: Context,
    *,
    formula: Annotated[str, Title("Expression")] = "a * 2",
    resample: Annotated[bool, Title("Resample the other images onto this grid")] = False,
) -> Image:
    """Compute each voxel from a formula of up to four images: a is this image, b, c and d are others.

    There are + - * / // (whole part) % (remainder) ** (power), the comparisons < <= > >= == !=, & | ~ or and, or, not
    between comparisons, and the functions abs, sqrt, exp, log (natural), sin, cos (of radians), min, max,
    where(condition, x, y), clip(x, low, high), round, floor, isnan. A comparison counts 1 where it is true and 0
    elsewhere. It is computed in 64-bit floats; the result is 32-bit float. What cannot be computed (division by zero,
    the root of a negative value) becomes infinite or NaN; how many voxels is said. A grey image acts on every
    channel of a colour image. The unit of the image is lost.

    Settings:
        formula: What is computed, such as a * 2 + b or where(a > 100, a, 0).
        resample: Bring the other images onto this grid (linear) where they lie elsewhere, instead of refusing them.

    Source:
        Arithmetic of IEEE 754, as NumPy does it.
    """
    meaning = parse(formula)
    given = {name: one for name, one in zip("abcd", (image, b, c, d), strict=True) if one is not None}
    missing = [name for name in meaning.names if name not in given]
    if missing:
        raise Refused(
            tr(
                "The expression uses {name} (column {column}), but no image is chosen for it.",
                name=missing[0],
                column=meaning.column(missing[0]),
            )
        )
    return _computed(meaning, given, context)


def _computed(meaning: Expression, given: dict[str, Any], context: Context) -> Any:
    """Return the image a formula makes; remark on values that are not finite."""
    images = [given["a"], *(given[name] for name in meaning.names)]
    components = common_channels(tr("Expression"), images[1:])
    lost: list[int] = []

    def work(parts: Any, out: Array) -> None:
        values = same_channels(*(part.astype(np.float64) for part in parts[1:]))
        out[...] = meaning.evaluate(dict(zip(meaning.names, values, strict=True)))
        lost.append(out.size - int(np.count_nonzero(np.isfinite(out))))

    result = combined(images, np.float32, components, work, context)
    if sum(lost):
        context.remark(
            tr_count(
                "{count} value of the result is infinite or not a number.",
                "{count} values of the result are infinite or not a number.",
                sum(lost),
            )
        )
    return result
