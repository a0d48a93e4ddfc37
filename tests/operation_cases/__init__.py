"""One module per family of operations; ``CASES`` joins what they say. A test fails when an operation has no case."""

from __future__ import annotations

import importlib
import pkgutil

from operation_cases.case import Case

CASES: dict[str, Case] = {}
for _module in sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "case"):
    CASES |= importlib.import_module(f"operation_cases.{_module}").CASES

__all__ = ["CASES", "Case"]
