"""The sides of the patient to look from; no VTK is needed to name them."""

from __future__ import annotations

SIDES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "A": ((0, -1, 0), (0, 0, 1)),
    "P": ((0, 1, 0), (0, 0, 1)),
    "L": ((1, 0, 0), (0, 0, 1)),
    "R": ((-1, 0, 0), (0, 0, 1)),
    "S": ((0, 0, 1), (0, -1, 0)),
    "I": ((0, 0, -1), (0, -1, 0)),
}
"""From where to look (LPS), and what is up."""
