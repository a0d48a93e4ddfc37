"""Recipes that come with the program, and how a recipe is found by name or file."""

from __future__ import annotations

import difflib
from pathlib import Path

from pellucid import paths
from pellucid.language import tr
from pellucid.model.findings import Refused
from pellucid.recipes.recipe import Recipe

ENDING = ".json"
_LARGEST = 64 << 20


def examples() -> dict[str, Path]:
    """Return the files of the example recipes by their names."""
    return {file.stem: file for file in sorted((paths.resources() / "recipes").glob(f"*{ENDING}"))}


def read_recipe(path: Path) -> Recipe:
    """Read the recipe of a file; raise Refused with a sentence."""
    try:
        if path.stat().st_size > _LARGEST:
            raise Refused(tr("“{name}” is far too large for a recipe.", name=path.name))
        return Recipe.from_json(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise Refused(tr("This is not a recipe: it is not readable as JSON.")) from error
    except OSError as error:
        raise Refused(
            tr("The recipe “{name}” cannot be read: {reason}.", name=path.name, reason=error.strerror or "?")
        ) from error


def find_recipe(name: str) -> Recipe:
    """Return the recipe of a file, or the example of that name; raise Refused with the names there are."""
    known, path = examples(), Path(name)
    if path.is_file() or (name not in known and (path.suffix or path.parent != Path())):
        return read_recipe(path)
    if name in known:
        return read_recipe(known[name])
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or list(known)
    raise Refused(
        tr("There is no recipe “{name}”: no file, and no example ({names}).", name=name, names=", ".join(near))
    )
