"""A mask from a condition of the user's own."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.combining import combined
from pellucid.operations.engines.expressions import complaint, parse
from pellucid.operations.formula import as_floats
from pellucid.operations.operation import Image, Mask, operation
from pellucid.operations.pixels import Array, need_scalar
from pellucid.operations.units import Title


def _script(params: Any) -> str:
    condition = parse(params.condition, condition=True)
    names = condition.names if not params.resample else tuple(sorted({"a", *condition.names}))
    images = ["image" if name == "a" else name for name in names]
    resample = ", resample=True" if params.resample else ""
    return f"""
        {", ".join(names)}, = as_floats({", ".join(images)}{resample})
        result = on_grid_of(({condition.python}).astype(np.uint8), image)
    """


@operation(
    "masks.expression",
    title="Logical expression",
    menu="Segment/Masks",
    grids="aligned",
    pointwise=True,
    complaint=lambda p: complaint(p.condition, condition=True),
    keywords=("condition", "formula", "and or not", "im > 0 & im < 5", "compare images"),
    python=_script,
    toolbox=(as_floats,),
)
def expression(
    image: Annotated[Image, Title("im")],
    b: Annotated[Image, Title("b")] | None,
    c: Annotated[Image, Title("c")] | None,
    d: Annotated[Image, Title("d")] | None,
    context: Context,
    *,
    condition: Annotated[str, Title("Condition")] = "im > 0 & im < 5",
    resample: Annotated[bool, Title("Resample the other images onto this grid")] = False,
) -> Mask:
    """Select the voxels for which a condition on up to four images holds: im (or a) is this image, b, c, d are others.

    There are the comparisons < <= > >= == !=, joined by & | ~ or by and, or, not, which bind less than comparisons:
    im > 0 & im < 5 needs no brackets. In the comparisons there may be + - * / // % ** and the functions abs, sqrt, exp,
    log, sin, cos, min, max, where, clip, round, floor, isnan. It is computed in 64-bit floats. NaN fulfils no
    comparison but !=.

    Settings:
        condition: What must hold, such as im > 0 & im < 5 or im > 2 * b | isnan(b).
        resample: Bring the other images onto this grid (linear) where they lie elsewhere, instead of refusing them.

    Source:
        Logic of Boole on comparisons of IEEE 754, as NumPy does it.
    """
    meaning = parse(condition, condition=True)
    given = {name: one for name, one in zip("abcd", (image, b, c, d), strict=True) if one is not None}
    for name in meaning.names:
        if name not in given:
            raise Refused(
                tr(
                    "The expression uses {name} (column {column}), but no image is chosen for it.",
                    name=name,
                    column=meaning.column(name),
                )
            )
    for one in given.values():
        need_scalar(tr("Logical expression"), one)

    def work(parts: Any, out: Array) -> None:
        values = dict(zip(meaning.names, (part.astype(np.float64) for part in parts[1:]), strict=True))
        out[...] = meaning.evaluate(values)

    return combined([image, *(given[name] for name in meaning.names)], np.uint8, 1, work, context)
