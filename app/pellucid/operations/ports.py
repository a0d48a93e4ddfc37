"""The images an operation takes, read from the positional parameters of its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType
from typing import Any, get_args, get_type_hints

from pellucid.operations.units import Title

KINDS = ("image", "mask", "labels")
OUTPUTS = (*KINDS, "points", "table", "rows")


@dataclass(frozen=True)
class Port:
    """One image an operation takes.

    ``name`` is that of the parameter, ``kind`` ``"image"``, ``"mask"`` or ``"labels"``. An ``optional`` port may
    stay empty; of a ``many`` port (always the last one) there can be any number from one on.
    """

    name: str
    title: str
    kind: str
    optional: bool = False
    many: bool = False


def read_ports(function: Callable[..., Any]) -> tuple[tuple[Port, ...], str]:
    """Return what a function takes and the kind of what it makes."""
    hints = get_type_hints(function, include_extras=True)
    ports = tuple(
        _port(parameter, hints[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is not parameter.KEYWORD_ONLY and name != "context"
    )
    return ports, _kind(hints["return"], OUTPUTS)


def _port(parameter: inspect.Parameter, hint: Any) -> Port:
    title = next((mark.text for mark in _marks(hint) if isinstance(mark, Title)), "")
    return Port(
        parameter.name,
        title or parameter.name.replace("_", " ").capitalize(),
        _kind(hint, KINDS),
        optional=_may_be_none(hint),
        many=parameter.kind is parameter.VAR_POSITIONAL,
    )


def _kind(hint: Any, allowed: tuple[str, ...]) -> str:
    kinds = [mark for mark in _marks(hint) if mark in allowed]
    if not kinds:
        raise TypeError(f"{hint} is none of {', '.join(allowed)}")
    return str(kinds[0])


def _may_be_none(hint: Any) -> bool:
    """Return whether an annotation allows None, also below its marks."""
    parts = get_args(hint)
    return _may_be_none(parts[0]) if hasattr(hint, "__metadata__") else NoneType in parts


def _marks(hint: Any) -> list[Any]:
    """Return the marks of an annotation, also of one that may be None."""
    if hasattr(hint, "__metadata__"):
        return [*hint.__metadata__, *_marks(get_args(hint)[0])]
    return [mark for part in get_args(hint) if part is not NoneType for mark in _marks(part)]
