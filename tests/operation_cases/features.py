"""Cases of the filters and finders of features."""

from __future__ import annotations

CASES: dict[str, object] = {}
