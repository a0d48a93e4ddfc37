"""Recipes: the steps that made an image, as versioned JSON, and how to take them again on another image."""

from __future__ import annotations

from pellucid.recipes.recipe import Recipe, Step
from pellucid.recipes.replay import run

__all__ = ["Recipe", "Step", "run"]
