"""One operation: what is read from its declaration, and how it is run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from string import Template
from typing import TYPE_CHECKING, Any

import pydantic

from pellucid.language import tr
from pellucid.operations.context import Context, Refused
from pellucid.operations.fields import Field, explain
from pellucid.operations.ports import Port

if TYPE_CHECKING:
    from SimpleITK import Image

    from pellucid.operations.evolution import Moment

Spacing = tuple[float, float, float]
Reach = tuple[int, int, int]
Python = str | Callable[[Any], str]
VOXELS = ("image", "mask", "labels")
"""The kinds of answers that are voxels; the others are points, a table or rows."""


@dataclass(frozen=True, eq=False)
class Operation:
    """One thing that can be computed on images.

    ``ports`` are the images taken, in order, and ``output`` the kind made: ``"image"``, ``"mask"`` (8-bit, 0 and 1,
    on the grid of the input), ``"labels"`` (16-bit, 0 is background), ``"points"``, ``"table"`` or ``"rows"``.
    ``same_grid`` is False where size or spacing change,
    ``keeps_unit`` where the result is no longer in the unit of the image (a slope, rescaled values), ``keeps_range``
    where it is, but as a difference: the window of the image says nothing of it.
    ``grids`` says where the further images lie: ``"same"`` on the grid of the first, ``"aligned"`` on it or
    brought there when the parameter ``resample`` is true, ``"any"`` anywhere. ``lies_on`` names the port on whose grid,
    and in whose frame of reference, the result lies where that is not the first. ``states`` holds what is known of the
    result's geometry and cannot be told from its pixels: ``{"known_spacing": (True, True, True)}``. ``takes_alpha``
    operations see all four channels of an RGBA image. ``pointwise`` operations give each voxel from that voxel alone
    (after ``prepare``, where there is one). ``prepare`` learns from the whole image what every voxel needs (a
    histogram, an Otsu threshold); the answer depends only on the images and on ``prepare_key(params)`` and may be kept
    for previews. ``counted_in`` names an optional mask port that says which voxels ``prepare`` counts: padding is left
    out of it.
    ``evolution`` is how an operation comes about that can be watched: called as the function is, it yields one
    ``Moment`` after another without end, the beginning first; the operation takes as many as ``iterations`` says.
    ``python`` and ``toolbox`` are how a script does the same without Pellucid (see ``lines``).
    """

    id: str
    title: str
    menu: str
    help: str
    source: str
    ports: tuple[Port, ...]
    output: str
    parameters: type[pydantic.BaseModel]
    fields: tuple[Field, ...]
    function: Callable[..., Any]
    pointwise: bool = False
    same_grid: bool = True
    keeps_unit: bool = True
    keeps_range: bool = True
    grids: str = "same"
    lies_on: str = ""
    states: Mapping[str, Any] = field(default_factory=dict)
    takes_alpha: bool = False
    keywords: tuple[str, ...] = ()
    reach_of: Callable[[Any, Spacing], Reach | None] | None = None
    preparation: Callable[..., Any] | None = None
    prepare_uses: tuple[str, ...] = ()
    counted_in: str = ""
    complaint: Callable[[Any], str | None] | None = None
    unit_stays: Callable[[Any], bool] | None = None
    evolution: Callable[..., Iterator[Moment]] | None = None
    python: Python = ""
    toolbox: tuple[Callable[..., Any], ...] = ()

    @property
    def family(self) -> str:
        """Return the last part of the menu."""
        return self.menu.rpartition("/")[2]

    def settled(self, values: Mapping[str, Any]) -> Operation:
        """Return the operation as it is with these settings: whether the unit stays may depend on them."""
        if self.unit_stays is None:
            return self
        stays = self.unit_stays(self.validate(**values))
        return replace(self, keeps_unit=stays, unit_stays=None)

    @property
    def keeps_window(self) -> bool:
        """Return whether the window of the image shows the result as well."""
        return self.keeps_unit and self.keeps_range

    @property
    def summary(self) -> str:
        """Return the first sentence of the help."""
        return self.help.partition("\n")[0]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the kinds of the images that cannot be left out."""
        return tuple(port.kind for port in self.ports if not port.optional)

    def ground(self, given: Sequence[Any]) -> Any:
        """Return what the result lies on of what was given for the ports."""
        return given[[port.name for port in self.ports].index(self.lies_on) if self.lies_on else 0]

    @property
    def takes_many(self) -> bool:
        """Return whether the last image may be followed by any number of its kind."""
        return self.ports[-1].many

    def kinds(self, count: int) -> tuple[str, ...]:
        """Return the kinds of ``count`` images; raise Refused when it is not so many that are taken."""
        declared = tuple(port.kind for port in self.ports)
        most = max(count, len(declared)) if self.takes_many else len(declared)
        if not len(self.inputs) <= count <= most:
            kinds = {"image": tr("image"), "mask": tr("mask"), "labels": tr("label map")}
            raise Refused(
                tr(
                    "{title} works on {wanted}; {count} were given.",
                    title=tr(self.title),
                    wanted=" + ".join(kinds[kind] for kind in self.inputs),
                    count=count,
                )
            )
        return (*declared, *(declared[-1:] * count))[:count]

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

    def lines(self, params: Any) -> str:
        """Return Python lines that compute the same with SimpleITK, NumPy and scikit-image alone.

        They find the images under the names of the ports (None for an optional one that is empty, a list for
        ``many``), the range of padding or None under ``padding``, and leave the answer in ``result``. They may call
        the functions of ``operations.plain`` and of ``toolbox``, whose source a script carries along.
        """
        template = self.python(params) if callable(self.python) else self.python
        values = {name: repr(value) for name, value in dict(params).items()}
        return Template(inspect.cleandoc(template)).substitute(values)

    def prepare(self, params: Any, *images: Image, context: Context | None = None) -> Any:
        """Return what the operation must know of the whole image, or None when it needs nothing."""
        if self.preparation is None:
            return None
        context = context or Context()
        used = {name: getattr(params, name) for name in self.prepare_uses}
        placed = self._placed(self._accepted(self.fit(images, params, context)))
        return self.preparation(*placed, context, **used)

    def prepare_key(self, params: Any) -> Hashable:
        """Return the part of the parameters that ``prepare`` depends on."""
        return tuple(getattr(params, name) for name in self.prepare_uses)

    def run(self, context: Context, *images: Image, **values: Any) -> Any:
        """Compute a new image, points or a table; the inputs are never modified.

        The alpha of an RGBA image stays on the same grid. Raises Refused when parameters or images do not fit,
        Cancelled when told to stop.
        """
        if self.unit_stays is not None:
            return self.settled(values).run(context, *images, **values)
        params = self.validate(**values)
        given = images
        images = self._accepted(self.fit(images, params, context))
        context.check()
        originals, images = images, self.without_padding(images, context)
        if self.preparation is not None and context.prepared is None:
            prepared = self.prepare(params, *images, context=context.part(0.0, 0.3))
            context = replace(context.part(0.3, 1.0), prepared=prepared)
        try:
            result = self.function(*self._placed(images), context=context, **dict(params))
        except MemoryError as error:
            raise Refused(tr("{title} needs more memory than this computer has free.", title=tr(self.title))) from error
        context.check()
        context.progress(1.0)
        if self.output not in VOXELS:
            return result
        if images is not originals and self.restores_padding and context.padding is not None:
            from pellucid.operations.padding import restore

            result = restore(result, originals[0], context.padding, context)
        if self.spares_alpha and originals[0] is not given[0] and result.GetNumberOfComponentsPerPixel() == 3:
            from pellucid.operations.alpha import with_alpha_of

            return with_alpha_of(result, given[0])
        return result

    def evolve(self, context: Context, *images: Image, **values: Any) -> Iterator[Moment]:
        """Yield how the result comes about, for as long as anybody asks; after n iterations it is what ``run`` makes.

        Raises what ``run`` raises.
        """
        assert self.evolution is not None
        params = self.validate(**values)
        fitted = self.without_padding(self._accepted(self.fit(images, params, context)), context)
        return self.evolution(*self._placed(fitted), context=context, **dict(params))

    @property
    def minds_padding(self) -> bool:
        """Return whether padding would bleed into the result: made from neighbours, or an image from a range.

        Masks by a threshold, classes of values and tables leave padding out by themselves.
        """
        by_itself = self.pointwise and (self.preparation is None or self.output in ("mask", "labels"))
        measures = self.output in ("table", "rows")
        return not measures and self.same_grid and not by_itself and self.inputs[0] == "image"

    @property
    def restores_padding(self) -> bool:
        """Return whether padding is put back in its places: the values mean what they did before."""
        return self.output == "image" and self.keeps_unit

    def without_padding(self, images: tuple[Image, ...], context: Context) -> tuple[Image, ...]:
        """Return the images with padding filled where it would bleed, else the very same tuple."""
        if context.padding is None or not self.minds_padding:
            return images
        from pellucid.operations.padding import filled, lowest_valid, outside

        fill = lowest_valid(images[0], context.padding, context) if context.fill is None else context.fill
        if fill is None:
            return images
        rest = list(images[1:])
        if self.counted_in:
            place = [port.name for port in self.ports].index(self.counted_in)
            mask = images[place] if place < len(images) else None
            rest[place - 1 : place] = [outside(images[0], mask, context.padding, context)]
        return (filled(images[0], context.padding, fill, context), *rest)

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
            "ports": [asdict(port) for port in self.ports],
            "output": self.output,
            "same_grid": self.same_grid,
            "parameters": self.parameters.model_json_schema(),
        }

    def check_inputs(self, images: tuple[Image, ...]) -> None:
        """Raise Refused with a sentence when number or pixels of the images do not fit."""
        from pellucid.operations.pixels import check_pixels

        for kind, image in zip(self.kinds(len(images)), images, strict=True):
            check_pixels(tr(self.title), kind, image)

    def fit(
        self, images: tuple[Image, ...], params: Any, context: Context, align: Any = None
    ) -> tuple[Image, ...]:
        """Return the images as the operation needs their grids; raise Refused when they do not fit.

        ``align`` brings an image onto the grid of another, as ``alignment.onto`` does.
        """
        from pellucid.operations import alignment
        from pellucid.operations.pixels import check_same_grid

        self.check_inputs(images)
        if self.grids == "any":
            return images
        if self.grids == "same":
            for other in images[1:]:
                check_same_grid(tr(self.title), images[0], other)
            return images
        kinds, resample = self.kinds(len(images)), bool(params.resample)
        title = tr(self.title)
        return alignment.fitted(title, images, kinds, context, resample=resample, align=align or alignment.onto)

    def _accepted(self, images: tuple[Image, ...]) -> tuple[Image, ...]:
        from pellucid.operations.alpha import without_alpha
        from pellucid.operations.pixels import as_labels, as_mask, pinned

        as_image = without_alpha if self.spares_alpha else lambda image: image
        take = {"image": as_image, "mask": as_mask, "labels": as_labels}
        return tuple(take[kind](pinned(image)) for kind, image in zip(self.kinds(len(images)), images, strict=True))

    def _placed(self, images: tuple[Image, ...]) -> tuple[Image | None, ...]:
        """Return the images as the function takes them: None for each optional port that stays empty."""
        empty = len(self.ports) - len(images) - self.takes_many
        return (*images, *((None,) * empty))

    @property
    def spares_alpha(self) -> bool:
        """Return whether the result has a place for the alpha of the input."""
        return self.output == "image" and self.same_grid and not self.takes_alpha
