"""Separate the stains of histology: how much of each there is, and how the picture looks with one of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.engines.combining import combined
from pellucid.operations.engines.stain_colours import macenko_stains, stain_amounts, stain_matrix, stain_picture
from pellucid.operations.operation import Image, operation
from pellucid.operations.pixels import Array, need_colour, view
from pellucid.operations.units import KernelText, Title, When

_ROWS = {
    "HED": ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78)),
    "HE": ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11)),
    "H-DAB": ((0.65, 0.704, 0.286), (0.268, 0.57, 0.776)),
}
_PLACES = ("first", "second", "third")
Stains = Annotated[
    Literal["HED", "HE", "H-DAB", "estimated", "own"],
    Title(
        "Stains",
        (
            "Haematoxylin, eosin, DAB",
            "Haematoxylin, eosin",
            "Haematoxylin, DAB",
            "Estimated (Macenko 2009)",
            "My own",
        ),
    ),
]
Vectors = Annotated[KernelText, Title("Stain vectors"), When("stains", ("own",))]
_OWN = "0.65 0.70 0.29; 0.07 0.99 0.11; 0.27 0.57 0.78"


def stain_rows(text: str) -> list[list[float]]:
    """Return two or three stain vectors of a text; raise Refused with a sentence when it holds none."""
    wrong = tr("Write two or three stains, apart by “;”, each as its optical densities in red, green and blue.")
    try:
        rows = [[float(number) for number in row.replace(",", " ").split()] for row in text.split(";") if row.strip()]
    except ValueError:
        raise Refused(wrong) from None
    if len(rows) not in (2, 3) or any(len(row) != 3 for row in rows) or not (np.abs(rows) < 1e3).all():
        raise Refused(wrong)
    lengths = np.linalg.norm(rows, axis=1)
    volume = np.linalg.det(rows) if len(rows) == 3 else np.linalg.norm(np.cross(rows[0], rows[1]))
    if abs(volume) <= 1e-3 * lengths.prod():
        raise Refused(tr("These stains cannot be told apart: one of them is nearly a mixture of the others, or zero."))
    return rows


def _complaint(params: Any) -> str | None:
    try:
        stain_rows(params.vectors if params.stains == "own" else _OWN)
    except Refused as refusal:
        return str(refusal)
    return None


def _matrix(image: Any, context: Context, *, stains: str, vectors: str) -> Array:
    """Return the three stains, one per row."""
    need_colour(tr("Separate stains"), image)
    if stains == "own":
        return np.asarray(stain_matrix(stain_rows(vectors)))
    if stains != "estimated":
        return np.asarray(stain_matrix(_ROWS[stains]))
    context.check()
    try:
        return np.asarray(macenko_stains(view(image)))
    except ValueError:
        raise Refused(
            tr("The stains cannot be estimated: too little is stained, or all of it in one colour. Choose them.")
        ) from None


def _matrix_script(params: Any) -> str:
    if params.stains == "estimated":
        return "stains = macenko_stains(array)"
    rows = stain_rows(params.vectors) if params.stains == "own" else _ROWS[params.stains]
    return f"stains = stain_matrix({[list(row) for row in rows]})  # optical densities in red, green, blue"


def _wanted(stain: str, keep: str = "only") -> list[int]:
    """Return the places of the stains that are kept."""
    return [k for k, name in enumerate(_PLACES) if stain == "all" or (name == stain) == (keep == "only")]


def _separate_script(params: Any) -> str:
    wanted = _wanted(params.stain)
    values = "np.stack(amounts, axis=-1)" if len(wanted) > 1 else "amounts[0]"
    return f"""
        array = voxels(image)
        {_matrix_script(params)}
        # 6 * skimage.color.separate_stains(array, np.linalg.inv(stains)) is the same but for the rounding of floats
        amounts = stain_amounts(array, stains, {wanted})
        result = on_grid_of({values}, image)
    """


@operation(
    "stains.separate",
    title="Separate stains",
    menu="Filters/Colour",
    keeps_unit=False,
    pointwise=True,
    prepare=_matrix,
    prepare_uses=("stains", "vectors"),
    complaint=_complaint,
    keywords=("colour deconvolution", "unmix", "histology", "haematoxylin", "hematoxylin", "eosin", "DAB", "HED"),
    python=_separate_script,
    toolbox=(stain_matrix, macenko_stains, stain_amounts),
)
def separate(
    image: Image,
    context: Context,
    *,
    stains: Stains = "HED",
    stain: Annotated[
        Literal["first", "second", "third", "all"],
        Title("Result", ("First stain", "Second stain", "Third stain", "All as channels")),
    ] = "first",
    vectors: Vectors = _OWN,
) -> Image:
    """Tell how much of each stain a picture of stained tissue holds, by colour deconvolution.

    The result is 32-bit float: the optical density along the colour of the stain, 0 where there is none. White, the
    largest number of a whole-number type (255, 65535) and 1 in floats, has no stain; black counts as a millionth
    of white. Of two stains, the third is what neither explains. All three become the channels of one image.

    Settings:
        stains: Which dyes the tissue has; an estimate finds two of them in the picture and puts that which absorbs
            more red (haematoxylin) first.
        stain: Which of them becomes the result, in the order of their names.
        vectors: Two or three stains apart by “;”, each as its optical densities in red, green and blue.

    Source:
        Ruifrok and Johnston, Quantification of histochemical staining by color deconvolution, Anal. Quant. Cytol.
        Histol. 23 (2001) 291-299; Macenko et al., A method for normalizing histology slides, ISBI 2009.
    """
    need_colour(tr("Separate stains"), image)
    wanted = _wanted(stain)

    def work(parts: Any, out: Array) -> None:
        amounts = stain_amounts(parts[0], context.prepared, wanted)
        out[...] = np.stack(amounts, axis=-1) if len(wanted) > 1 else amounts[0]

    return combined((image,), np.float32, len(wanted), work, context)


def _show_script(params: Any) -> str:
    return f"""
        array = voxels(image)
        {_matrix_script(params)}
        kept = {_wanted(params.stain, params.keep)}
        result = on_grid_of(stain_picture(stain_amounts(array, stains, kept), stains[kept], array.dtype), image)
    """


@operation(
    "stains.show",
    title="Show one stain",
    menu="Filters/Colour",
    pointwise=True,
    prepare=_matrix,
    prepare_uses=("stains", "vectors"),
    complaint=_complaint,
    keywords=("colour deconvolution", "remove stain", "histology", "haematoxylin", "hematoxylin", "eosin", "DAB"),
    python=_show_script,
    toolbox=(stain_matrix, macenko_stains, stain_amounts, stain_picture),
)
def show(
    image: Image,
    context: Context,
    *,
    stains: Stains = "HED",
    stain: Annotated[
        Literal["first", "second", "third"], Title("Stain", ("First stain", "Second stain", "Third stain"))
    ] = "first",
    keep: Annotated[Literal["only", "without"], Title("Show", ("This stain alone", "All but this stain"))] = "only",
    vectors: Vectors = _OWN,
) -> Image:
    """Show tissue as if it had one stain only, or all but one, on a white ground.

    The pixel type and alpha stay. White is the largest number of a whole-number type (255, 65535) and 1 in floats;
    black counts as a millionth of white.

    Settings:
        stains: Which dyes the tissue has; an estimate finds two of them in the picture and puts that which absorbs
            more red (haematoxylin) first.
        stain: The one that is meant, in the order of their names.
        keep: Whether it is shown alone or taken away.
        vectors: Two or three stains apart by “;”, each as its optical densities in red, green and blue.

    Source:
        Ruifrok and Johnston, Anal. Quant. Cytol. Histol. 23 (2001) 291-299, as skimage.color.combine_stains of one
        stain; Macenko et al., A method for normalizing histology slides, ISBI 2009.
    """
    need_colour(tr("Show one stain"), image)
    kept = _wanted(stain, keep)

    def work(parts: Any, out: Array) -> None:
        amounts = stain_amounts(parts[0], context.prepared, kept)
        out[...] = stain_picture(amounts, context.prepared[kept], out.dtype)

    return combined((image,), view(image).dtype, 3, work, context)
