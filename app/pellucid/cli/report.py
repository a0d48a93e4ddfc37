"""What the commands print: data on stdout (JSON without NaN), sentences on stderr."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pellucid import paths
from pellucid.model.findings import Finding
from pellucid.model.geometry import Geometry


def show_json(value: Any) -> None:
    """Print a value as JSON; what is not a finite number is null."""
    show(json.dumps(plain(value), indent=2, allow_nan=False))


def show(text: str) -> None:
    """Print a line on stdout; characters the terminal cannot show are replaced."""
    _write(sys.stdout, text)


def complain(sentence: str) -> None:
    """Print a sentence on stderr."""
    _write(sys.stderr, f"pellucid: {sentence}")


def note(sentence: str) -> None:
    """Print on stderr what the user should know of a result that is otherwise fine."""
    _write(sys.stderr, f"Note: {sentence}")


@contextlib.contextmanager
def kept_log() -> Iterator[None]:
    """Keep in the log where unforeseen errors arise; without a place for a log nothing is kept."""
    log = logging.getLogger("pellucid")
    try:
        handler: logging.Handler = logging.FileHandler(paths.log_dir() / "pellucid.log", encoding="utf-8", delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setLevel(logging.ERROR)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


def _write(stream: Any, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def plain(value: Any) -> Any:
    """Return a value made of JSON types only: NumPy scalars become numbers, NaN and infinities null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def grid(geometry: Geometry) -> dict[str, Any]:
    """Describe a grid: always three numbers in x, y, z order; an image of two dimensions has size z = 1.

    Spacing is null when known along no axis, else it holds null for the axes without. Origin and direction
    (nine numbers, row by row; the columns are the axes) are LPS, in mm.
    """
    known = geometry.known_spacing
    spacing = [step if known[axis] else None for axis, step in enumerate(geometry.spacing)]
    return {
        "size": list(geometry.size),
        "spacing": spacing if any(known) else None,
        "origin": list(geometry.origin),
        "direction": list(geometry.direction),
    }


def findings(*groups: Iterable[Finding]) -> list[dict[str, str]]:
    """Describe findings, each once."""
    unique = dict.fromkeys((finding.code, finding.message) for group in groups for finding in group)
    return [{"code": code, "message": message} for code, message in unique]


def numbers(values: Sequence[float | None] | None, digits: int = 6) -> str:
    """Write numbers for people: ``0.977 × 0.977 × 3.27``."""
    if values is None:
        return "unknown"
    return " × ".join("?" if value is None else f"{value:.{digits}g}" for value in values)


def join_negative_values(argv: Sequence[str]) -> list[str]:
    """Attach values like ``-1e3`` or ``-1,2`` to the option before them: argparse takes them for options."""
    joined: list[str] = []
    for token in argv:
        option = joined and joined[-1].startswith("--") and "=" not in joined[-1] and len(joined[-1]) > 2
        if option and token.startswith("-") and _is_number(token.split(",")[0]):
            joined[-1] += f"={token}"
        else:
            joined.append(token)
    return joined


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
