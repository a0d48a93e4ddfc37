"""A name for the result of each item: that of the input, and different where two inputs are called the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from pellucid.recipes.batch.items import Item, short_hash

RESERVED = frozenset({"answers", "journal", "report", "con", "prn", "aux", "nul"})
_LONGEST = 120


def names(items: Iterable[Item], known: Mapping[str, str]) -> dict[str, str]:
    """Return the name of the result of each item by its id; what an earlier run called it stays.

    A name depends on the inputs alone, not on their order: where two would be the same, both get a digest of where
    they come from.
    """
    listed = list(items)
    wanted = {item.id: _safe(item.stem) for item in listed}
    counted = Counter(name.casefold() for name in wanted.values())
    taken = {name.casefold() for name in known.values()}
    found = {}
    for item in listed:
        name = wanted[item.id]
        alone = counted[name.casefold()] == 1 and name.casefold() not in taken | RESERVED
        found[item.id] = known.get(item.id) or (name if alone else f"{name}-{short_hash(item.id)}")
    return found


def _safe(stem: str) -> str:
    """Return a name that is fine on every system: no path, no control characters, not too long, not hidden."""
    text = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", stem).strip(" .") or "image"
    return text.encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore").rstrip(" .")
