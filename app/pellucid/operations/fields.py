"""Read signature and docstring of an operation: parameters become a frozen model and fields of a form."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import pydantic

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.units import Begins, KernelGrid, Places, Range, Slider, Title, Unit, When

Kind = Literal["float", "int", "bool", "choice", "box", "text", "kernel", "places"]


@dataclass(frozen=True)
class Field:
    """What a form must know about one parameter.

    ``minimum`` and ``maximum`` bound the valid values, ``ui_minimum``, ``ui_maximum`` and ``step`` the
    slider; None means no limit, or a slider range that depends on the image. A unit ``"intensity"`` stands
    for the unit of the image. ``choice_titles`` are the words for ``choices``, in the same order.
    ``begins`` says what of an image a form takes instead of the default, ``when`` with which choices it counts at all.
    """

    name: str
    title: str
    kind: Kind
    default: Any
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    ui_minimum: float | None = None
    ui_maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    choice_titles: tuple[str, ...] = ()
    begins: Begins | None = None
    when: When | None = None

    @property
    def shown_choices(self) -> tuple[str, ...]:
        """Return the words for the choices: those declared, else the values in sentence case."""
        return self.choice_titles or tuple(_sentence_case(choice) for choice in self.choices)


@dataclass(frozen=True)
class Docstring:
    """The parts of an operation's docstring."""

    summary: str
    body: str
    arguments: Mapping[str, str]
    source: str


def parse_docstring(function: Callable[..., Any]) -> Docstring:
    """Split a docstring in Google style into first line, body, ``Settings:`` and ``Source:``."""
    parts = re.split(r"^(Settings|Source):\s*", inspect.getdoc(function) or "", flags=re.MULTILINE)
    summary, _, body = parts[0].strip().partition("\n")
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    entries = re.findall(r"^ *(\w+): (.*(?:\n(?! *\w+: ).*)*)", sections.get("Settings", ""), flags=re.MULTILINE)
    arguments = {name: " ".join(text.split()) for name, text in entries}
    return Docstring(summary.strip(), " ".join(body.split()), arguments, " ".join(sections.get("Source", "").split()))


def read_fields(function: Callable[..., Any], docstring: Docstring) -> tuple[Field, ...]:
    """Return one field for each keyword-only parameter; every parameter needs a default and a help text."""
    hints = get_type_hints(function, include_extras=True)
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY or name == "context":
            continue
        if parameter.default is parameter.empty or name not in docstring.arguments:
            raise TypeError(f"{function.__name__}: {name} needs a default and a line under Settings")
        found.append(_field(name, hints[name], parameter.default, docstring.arguments[name]))
    return tuple(found)


def _field(name: str, hint: Any, default: Any, help: str) -> Field:
    base, extras = (get_args(hint)[0], get_args(hint)[1:]) if get_origin(hint) is Annotated else (hint, ())
    marks: dict[type, Any] = {type(extra): extra for extra in extras}
    valid, slider = marks.get(Range, Range()), marks.get(Slider)
    title = marks.get(Title, Title(name.replace("_", " ").capitalize()))
    choices = tuple(get_args(base)) if get_origin(base) is Literal else ()
    return Field(
        name=name,
        title=title.text,
        kind="kernel" if KernelGrid in marks else "places" if Places in marks else _kind(base),
        default=default,
        help=help,
        unit=marks.get(Unit, Unit("")).text,
        minimum=valid.minimum,
        maximum=valid.maximum,
        ui_minimum=slider.minimum if slider else None,
        ui_maximum=slider.maximum if slider else None,
        step=slider.step if slider else None,
        choices=choices,
        choice_titles=title.choices or choices,
        begins=marks.get(Begins),
        when=marks.get(When),
    )


def _kind(base: Any) -> Kind:
    if get_origin(base) is Literal:
        return "choice"
    if get_origin(base) is tuple:
        return "box"
    kinds: dict[Any, Kind] = {float: "float", int: "int", bool: "bool", str: "text"}
    return kinds[base]


def make_model(name: str, function: Callable[..., Any], fields: tuple[Field, ...]) -> type[pydantic.BaseModel]:
    """Build the frozen model that validates the parameters and writes their JSON schema."""
    hints = get_type_hints(function, include_extras=True)
    definitions: dict[str, Any] = {}
    for field in fields:
        extra = {
            "unit": field.unit,
            "ui_minimum": field.ui_minimum,
            "ui_maximum": field.ui_maximum,
            "step": field.step,
        }
        info: Any = pydantic.Field(
            default=field.default,
            title=field.title,
            description=field.help,
            ge=field.minimum,
            le=field.maximum,
            json_schema_extra={key: value for key, value in extra.items() if value not in (None, "")},
        )
        definitions[field.name] = (hints[field.name], info)
    config = pydantic.ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)
    return pydantic.create_model(name, __config__=config, **definitions)


def explain(title: str, fields: tuple[Field, ...], error: pydantic.ValidationError) -> Refused:
    """Turn the first complaint of pydantic into a sentence that names the parameter and what is valid."""
    problem = error.errors(include_url=False)[0]
    name = str(problem["loc"][0]) if problem["loc"] else ""
    field = next((field for field in fields if field.name == name), None)
    if field is None:
        names = ", ".join(field.name for field in fields) or tr("none")
        return Refused(
            tr(
                "{title} has no parameter “{name}”; its parameters are: {names}.",
                title=tr(title),
                name=name,
                names=names,
            )
        )
    given = problem["input"]
    return Refused(
        tr(
            "{title} of {operation} must be {expected}; {given!r} is not.",
            title=tr(field.title),
            operation=tr(title),
            expected=_expected(field),
            given=given,
        )
    )


def _expected(field: Field) -> str:
    unit = f" {tr(field.unit)}" if field.unit and field.unit != "intensity" else ""
    if field.kind == "choice":
        return tr("one of {choices}", choices=", ".join(field.choices))
    if field.kind == "bool":
        return tr("true or false")
    if field.kind == "places":
        return tr("places, “x y z; x y z” in mm")
    if field.kind in ("text", "kernel"):
        return tr("a text")
    if field.kind == "box":
        return tr("six whole numbers: first voxel x, y, z, then the number of voxels along x, y, z")
    noun = tr("a whole number") if field.kind == "int" else tr("a number")
    if field.minimum is not None and field.maximum is not None:
        return tr(
            "{noun} from {minimum:g} to {maximum:g}{unit}",
            noun=noun,
            minimum=field.minimum,
            maximum=field.maximum,
            unit=unit,
        )
    if field.minimum is not None:
        return tr("{noun} of at least {minimum:g}{unit}", noun=noun, minimum=field.minimum, unit=unit)
    return tr("{noun} in {unit}", noun=noun, unit=unit.strip()) if unit else noun


def _sentence_case(choice: Any) -> str:
    text = str(choice).replace("_", " ")
    return text[:1].upper() + text[1:] if len(text) > 3 else text
