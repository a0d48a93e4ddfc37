"""Steps written down by an earlier Pellucid: parameters that operations did not have yet, said as they worked then."""

from __future__ import annotations

from typing import Any

_WORKED = {"geometry.resample": {"anti_alias": False}}
"""What an operation did before it could be chosen."""


def complete(step: dict[str, Any]) -> None:
    """Add to a step (``operation``, ``parameters``) what is needed to get the result of that time again."""
    parameters = step.get("parameters", {})
    worked = _WORKED.get(step["operation"], {}) if isinstance(step.get("operation"), str) else {}
    if worked and isinstance(parameters, dict):
        step["parameters"] = {**worked, **parameters}
