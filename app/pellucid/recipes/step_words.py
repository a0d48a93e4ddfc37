"""What steps are called where people read of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pellucid.language import tr, within
from pellucid.model.layer import HAND_EDIT, Provenance
from pellucid.recipes import own_steps, together

if TYPE_CHECKING:
    from pellucid.operations.fields import Field
    from pellucid.operations.operation import Operation

_LONGEST = 40


def _said(field: Field, value: Any, unit: str) -> str:
    """Return a parameter in words: a switch by its name or not at all, a choice by its words, places by their number.

    A dozen coordinates would drown what else is said.
    """
    if field.kind == "bool":
        return within(field.title) if value else ""
    if field.kind == "places":
        count = len([place for place in str(value).split(";") if place.strip()])
        return f"{within(field.title)} {count}" if count else ""
    if value in field.choices:
        words = dict(zip(field.choices, field.choice_titles or field.choices, strict=True))
        return within(words[value])
    number = f"{value:g}".replace("-", "\N{MINUS SIGN}") if isinstance(value, float) else _short(value)
    return f"{within(field.title)} {number} {unit if field.unit == 'intensity' else tr(field.unit)}".strip()


def _short(value: Any) -> str:
    """Return a value as text, of long ones (a kernel, a box) only the beginning."""
    if isinstance(value, tuple | list):
        text = "; ".join(map(_short, value))
    else:
        text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _counts(field: Field, fields: tuple[Field, ...], parameters: dict[str, Any]) -> bool:
    """Return whether a parameter means something beside the others: stages of one's own do not beside a preset."""
    if field.when is None:
        return True
    choice = next(other for other in fields if other.name == field.when.name)
    return parameters.get(choice.name, choice.default) in field.when.values


def describe(operation: Operation, parameters: dict[str, Any], unit: str = "") -> str:
    """Return the name of a step as the history shows it: ``Gaussian (sigma 2 mm)``.

    ``unit`` is that of the image's values.
    """
    counting = [field for field in operation.fields[:3] if _counts(field, operation.fields, parameters)]
    said = [text for field in counting if (text := _said(field, parameters.get(field.name), unit))]
    title = tr(operation.title)
    return f"{title} ({', '.join(said)})" if said else title


def said_of(step: Provenance, unit: str = "") -> tuple[str, str]:
    """Return the title of a step and the rest of what is said of it, in words; also of one that is not known here."""
    from pellucid.operations.operation import registry

    if step.operation == HAND_EDIT:
        return own_steps.hand_title(step.parameters.get("how"), step.parameters.get("strokes")), ""
    own = own_steps.find(step.operation)
    operation = together.declaration(step.operation) or registry().get(step.operation)
    if own is not None and operation is None:
        return tr(own.title), ""
    if operation is None:
        return step.operation, tr("not known to this Pellucid")
    parameters = {field.name: field.default for field in operation.fields} | step.parameters
    counting = [field for field in operation.fields if _counts(field, operation.fields, parameters)]
    said = ", ".join(text for field in counting if (text := _said(field, parameters.get(field.name), unit)))
    return tr(operation.title), said


def name_of(step: Provenance, unit: str = "") -> str:
    """Return the name of a step as the history shows it."""
    from pellucid.operations.operation import registry

    operation = together.declaration(step.operation) or registry().get(step.operation)
    return describe(operation, step.parameters, unit) if operation is not None else said_of(step)[0]
