"""Which labels a text means: ``"1, 3-5"``."""

from __future__ import annotations

from pellucid.language import tr
from pellucid.operations.context import Refused
from pellucid.operations.pixels import MOST_LABELS


def label_values(text: str) -> list[tuple[int, int]] | None:
    """Return the closed ranges of label values that a text names, None for all labels (an empty text, or ``all``).

    Raises Refused with a sentence for anything else.
    """
    if text.strip().lower() in ("", "all"):
        return None
    ranges = []
    for part in filter(None, (piece.strip() for piece in text.replace(";", ",").split(","))):
        low, dash, high = part.partition("-")
        try:
            first, last = int(low), int(high if dash else low)
        except ValueError:
            first, last = 0, -1
        if not 1 <= first <= last <= MOST_LABELS:
            raise Refused(tr("“{part}” names no label. Write values from 1 on, like “1, 3-5”, or nothing for all.",
                             part=part))  # fmt: skip
        ranges.append((first, last))
    return ranges
