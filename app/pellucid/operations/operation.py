"""The one declaration of what can be computed: a decorated, typed function and what is read from it.

Form, menu, command palette, command line, recipe, help and the test over the whole registry read the same
``Operation``. The functions live in one module per family; ``registry()`` imports them when first asked.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

from pellucid.language import tr
from pellucid.operations.context import Cancelled, Context, Refused
from pellucid.operations.fields import Field, explain, make_model, parse_docstring, read_fields, read_inputs

__all__ = [
    "Cancelled",
    "Context",
    "Field",
    "Image",
    "Mask",
    "Operation",
    "Refused",
    "get",
    "operation",
    "registry",
]

if TYPE_CHECKING:
    from SimpleITK import Image

    Mask = Image
else:  # the markers the decorator reads; SimpleITK itself is imported by the families
    Image = Annotated[Any, "image"]
    Mask = Annotated[Any, "mask"]

Spacing = tuple[float, float, float]
Reach = tuple[int, int, int]
FAMILIES = ("smoothing", "edges", "intensity", "geometry", "threshold", "morphology", "islands", "masks")


@dataclass(frozen=True, eq=False)
class Operation:
    """One thing that can be computed on images.

    ``inputs`` are the kinds of the images taken, in order, and ``output`` the kind made: ``"image"``, or
    ``"mask"`` (8-bit, 0 and 1, on the grid of the input). ``same_grid`` is False where size or spacing change,
    ``keeps_unit`` where the result is no longer in the unit of the image (a slope, rescaled values).
    ``pointwise`` operations give each voxel from that voxel alone (after ``prepare``, where there is one).
    ``prepare`` learns from the whole image what every voxel needs (a histogram, an Otsu threshold); the answer
    depends only on the images and on ``prepare_key(params)`` and may be kept for previews.
    """

    id: str
    title: str
    menu: str
    help: str
    source: str
    inputs: tuple[str, ...]
    output: str
    parameters: type[pydantic.BaseModel]
    fields: tuple[Field, ...]
    function: Callable[..., Any]
    pointwise: bool = False
    same_grid: bool = True
    keeps_unit: bool = True
    keywords: tuple[str, ...] = ()
    reach_of: Callable[[Any, Spacing], Reach] | None = None
    preparation: Callable[..., Any] | None = None
    prepare_uses: tuple[str, ...] = ()
    complaint: Callable[[Any], str | None] | None = None

    @property
    def family(self) -> str:
        """Return the last part of the menu."""
        return self.menu.rpartition("/")[2]

    @property
    def summary(self) -> str:
        """Return the first sentence of the help."""
        return self.help.partition("\n")[0]

    def reach(self, params: Any, spacing: Spacing) -> Reach | None:
        """Return how far (voxels along x, y, z) an input voxel matters, or None when the whole image does."""
        if self.reach_of is None:
            return (0, 0, 0) if self.pointwise and self.preparation is None else None
        return self.reach_of(params, spacing)

    def validate(self, **values: Any) -> Any:
        """Return the frozen parameters, defaults filled in; raise Refused when one is invalid."""
        try:
            params = self.parameters(**values)
        except pydantic.ValidationError as error:
            raise explain(self.title, self.fields, error) from error
        sentence = self.complaint(params) if self.complaint else None
        if sentence:
            raise Refused(sentence)
        return params

    def prepare(self, params: Any, *images: Image, context: Context | None = None) -> Any:
        """Return what the operation must know of the whole image, or None when it needs nothing."""
        if self.preparation is None:
            return None
        context = context or Context()
        used = {name: getattr(params, name) for name in self.prepare_uses}
        return self.preparation(*self._accepted(images), context, **used)

    def prepare_key(self, params: Any) -> Hashable:
        """Return the part of the parameters that ``prepare`` depends on."""
        return tuple(getattr(params, name) for name in self.prepare_uses)

    def run(self, context: Context, *images: Image, **values: Any) -> Image:
        """Compute a new image; the inputs are never modified. The alpha of an RGBA image stays on the same grid.

        Raises Refused when parameters or images do not fit, Cancelled when told to stop.
        """
        params = self.validate(**values)
        given, images = images, self._accepted(images)
        context.check()
        originals, images = images, self.without_padding(images, context)
        if self.preparation is not None and context.prepared is None:
            prepared = self.prepare(params, *images, context=context.part(0.0, 0.3))
            context = replace(context.part(0.3, 1.0), prepared=prepared)
        try:
            result = self.function(*images, context, **dict(params))
        except MemoryError as error:
            raise Refused(tr("{title} needs more memory than this computer has free.", title=tr(self.title))) from error
        context.check()
        context.progress(1.0)
        if images is not originals and self.keeps_unit and context.padding is not None:
            from pellucid.operations.padding import restore

            result = restore(result, originals[0], context.padding, context)
        if self._spares_alpha and originals[0] is not given[0]:
            from pellucid.operations.alpha import with_alpha_of

            return with_alpha_of(result, given[0])
        return result

    @property
    def minds_padding(self) -> bool:
        """Return whether padding would bleed into the result: an image made from neighbours or from a range."""
        by_itself = self.pointwise and self.preparation is None
        return self.output == "image" and self.same_grid and not by_itself

    def without_padding(self, images: tuple[Image, ...], context: Context) -> tuple[Image, ...]:
        """Return the images with padding filled where it would bleed, else the very same tuple."""
        if context.padding is None or not self.minds_padding:
            return images
        from pellucid.operations.padding import filled, lowest_valid

        fill = lowest_valid(images[0], context.padding, context) if context.fill is None else context.fill
        return images if fill is None else (filled(images[0], context.padding, fill, context), *images[1:])

    def schema(self) -> dict[str, Any]:
        """Return everything a program must know to call the operation, ready for JSON."""
        return {
            "id": self.id,
            "title": self.title,
            "menu": self.menu,
            "help": self.help,
            "source": self.source,
            "keywords": list(self.keywords),
            "inputs": list(self.inputs),
            "output": self.output,
            "same_grid": self.same_grid,
            "parameters": self.parameters.model_json_schema(),
        }

    def check_inputs(self, images: tuple[Image, ...]) -> None:
        """Raise Refused with a sentence when number, pixels or grids of the images do not fit."""
        from pellucid.operations.pixels import check_inputs

        if len(images) != len(self.inputs):
            kinds = {"image": tr("image"), "mask": tr("mask")}
            raise Refused(
                tr(
                    "{title} works on {wanted}; {count} were given.",
                    title=tr(self.title),
                    wanted=" + ".join(kinds[kind] for kind in self.inputs),
                    count=len(images),
                )
            )
        check_inputs(tr(self.title), self.inputs, images)

    def _accepted(self, images: tuple[Image, ...]) -> tuple[Image, ...]:
        from pellucid.operations.alpha import without_alpha
        from pellucid.operations.pixels import as_mask

        self.check_inputs(images)
        pairs = zip(self.inputs, images, strict=True)
        take = without_alpha if self._spares_alpha else lambda image: image
        return tuple(as_mask(image) if kind == "mask" else take(image) for kind, image in pairs)

    @property
    def _spares_alpha(self) -> bool:
        """Return whether the result has a place for the alpha of the input."""
        return self.output == "image" and self.same_grid


_declared: dict[str, Operation] = {}


def operation(
    id: str,
    *,
    title: str,
    menu: str,
    reach: Callable[[Any, Spacing], Reach] | None = None,
    pointwise: bool = False,
    same_grid: bool = True,
    keeps_unit: bool = True,
    prepare: Callable[..., Any] | None = None,
    prepare_uses: tuple[str, ...] = (),
    complaint: Callable[[Any], str | None] | None = None,
    keywords: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a typed function as an operation.

    The function takes its images by position (annotated Image or Mask), then ``context``, then its
    parameters by keyword. ``complaint`` checks parameters against one another and returns a sentence or
    None.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if id in _declared:
            raise ValueError(f"the operation {id} is declared twice")
        doc = parse_docstring(function)
        fields = read_fields(function, doc)
        inputs, output = read_inputs(function)
        _declared[id] = Operation(
            id=id,
            title=title,
            menu=menu,
            help="\n".join(part for part in (doc.summary, doc.body) if part),
            source=doc.source,
            inputs=inputs,
            output=output,
            parameters=make_model(id, function, fields),
            fields=fields,
            function=function,
            pointwise=pointwise,
            same_grid=same_grid,
            keeps_unit=keeps_unit,
            keywords=keywords,
            reach_of=reach,
            preparation=prepare,
            prepare_uses=prepare_uses,
            complaint=complaint,
        )
        return function

    return register


@cache
def registry() -> Mapping[str, Operation]:
    """Return every operation by its id, in the order of the menus; imports the families when first called."""
    for family in FAMILIES:
        importlib.import_module(f"pellucid.operations.{family}")
    return MappingProxyType(_declared)


def get(id: str) -> Operation:
    """Return the operation of that id; raise Refused with the nearest ids when there is none."""
    known = registry()
    if id in known:
        return known[id]
    near = difflib.get_close_matches(id, known, n=3, cutoff=0.5) or [name for name in known if id in name][:3]
    if near:
        raise Refused(tr("There is no operation “{id}”; did you mean {names}?", id=id, names=", ".join(near)))
    raise Refused(tr("There is no operation “{id}”.", id=id))
