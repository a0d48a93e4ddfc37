"""Standardised uptake values of PET: which kinds there are and what they are called."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pellucid.language import mark

KINDS = ("bw", "lbm", "lbmj", "bsa")
NAMES = {"bw": "SUVbw", "lbm": "SUVlbm", "lbmj": "SUVlbm (Janmahasatian)", "bsa": "SUVbsa cm²/ml"}
"""As values are written with them: by weight and lean body mass in g/ml, by body surface in cm²/ml."""
TITLES = {
    "bw": mark("SUV by body weight (SUVbw)"),
    "lbm": mark("SUV by lean body mass, James (SUVlbm)"),
    "lbmj": mark("SUV by lean body mass, Janmahasatian (SUVlbm)"),
    "bsa": mark("SUV by body surface, Du Bois (SUVbsa)"),
    "": mark("As stored"),
}
CHOICE = "suv_kind"
"""The fact of an acquisition that says which kind the user chose; without it the first one known."""


def factors(facts: Mapping[str, str]) -> dict[str, float]:
    """Return what a stored value is multiplied with, for every kind that the header allows."""
    found = {}
    for kind in KINDS:
        try:
            factor = float(facts.get(f"suv_{kind}", ""))
        except ValueError:
            continue
        if math.isfinite(factor) and factor > 0:
            found[kind] = factor
    return found


def chosen(facts: Mapping[str, str]) -> str:
    """Return the kind that values are told in, nothing where they are told as they are stored."""
    known, choice = factors(facts), facts.get(CHOICE)
    if choice is not None and (choice in known or not choice):
        return choice
    return next(iter(known), "")
