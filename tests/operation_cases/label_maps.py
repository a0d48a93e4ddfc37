"""Cases of the operations on label maps."""

from __future__ import annotations

from operation_cases.case import Case

CASES = {
    "labels.split": Case(variants=({"connectivity": "corners"},), slow={}),
}
