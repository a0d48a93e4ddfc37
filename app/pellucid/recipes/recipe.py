"""A recipe: operations with their parameters, in order; plain JSON, checked when it is read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, NoReturn

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic_core import PydanticSerializationError, to_jsonable_python

from pellucid.language import tr
from pellucid.model.earlier_steps import complete
from pellucid.model.findings import Refused
from pellucid.model.hand_edits import HandPatch
from pellucid.model.layer import Provenance

VERSION = 2
MOST_STEPS = 1000
MOST_TITLE = 200


class Step(BaseModel):
    """One operation; ``inputs`` names what it works on, in order.

    The first input is the result of the step before (for the first one: the image the recipe runs on), unless
    its name is that of an image handed to ``replay.run`` or of an earlier result; all further inputs are found by
    name. A ``name`` keeps the result for later steps. A step that is not ``enabled`` is passed over. ``patch`` holds
    the voxels of a hand edit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    operation: str = Field(min_length=1, max_length=200)
    parameters: dict[str, JsonValue] = {}
    inputs: tuple[str, ...] = ()
    name: str = Field(default="", max_length=200)
    enabled: bool = True
    patch: tuple[HandPatch, ...] = Field(default=(), max_length=100_000)

    @model_serializer(mode="wrap")
    def _without_empty_patch(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave the patch out where there is none: nearly every recipe is read by people, too."""
        values: dict[str, Any] = write(self)
        return values if self.patch else {name: value for name, value in values.items() if name != "patch"}


class Recipe(BaseModel):
    """Steps to take one after the other; version 1 had neither names nor switches, and is read as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1, 2] = 2
    title: str = Field(default="", max_length=MOST_TITLE)
    notes: str = Field(default="", max_length=4000)
    steps: tuple[Step, ...] = Field(default=(), max_length=MOST_STEPS)

    @classmethod
    def of(cls, provenance: Iterable[Provenance]) -> Recipe:
        """Return the recipe of a layer; raise Refused when a step of it cannot be written down."""
        try:
            return cls(
                steps=tuple(
                    Step(
                        operation=step.operation,
                        parameters=to_jsonable_python(step.parameters),
                        inputs=step.inputs,
                        name=step.name,
                        enabled=step.enabled,
                        patch=step.patches,
                    )
                    for step in provenance
                )
            )
        except (ValidationError, PydanticSerializationError) as error:
            raise Refused(tr("The steps of this layer cannot be written down as a recipe.")) from error

    def to_json(self) -> str:
        """Return the recipe as readable JSON."""
        return self.model_dump_json(indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read a recipe; raise Refused with what is wrong and where."""
        try:
            values = json.loads(text, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise Refused(tr("This is not a recipe: it is not readable as JSON.")) from error
        version = values.get("version") if isinstance(values, dict) else None
        if isinstance(version, int) and version > VERSION:
            raise Refused(
                tr(
                    "This recipe was made by a newer Pellucid (version {version}, this one reads "
                    "{known}). Update Pellucid to use it.",
                    version=version,
                    known=VERSION,
                )
            )
        if version in (None, 1) and isinstance(values, dict) and isinstance(values.get("steps"), list):
            for step in values["steps"]:
                if isinstance(step, dict):
                    complete(step)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise Refused(tr("This recipe cannot be used: {reason}.", reason=_reason(error))) from error


def _reason(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"][:4]) or tr("the whole")
    return f"{where}: {problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
