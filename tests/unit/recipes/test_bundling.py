"""Functions of modules that call different things by one name lie side by side in a script."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pellucid import operations
from pellucid.recipes.bundling import Bundle

ONE = '''
from pellucid.language import tr
from pellucid.operations import second_of_two
from pellucid.operations.second_of_two import shown

_LEAST, _MOST = 1, 10


def _kept(value):
    """Return a value within limits."""
    return min(max(value, _LEAST), _MOST)


def work(value):
    kept = second_of_two.work(value) if value > 5 else _kept(value)
    work_of = second_of_two.work
    return tr("{value}", value=shown(kept)), work_of(1)
'''
TWO = '''
_MOST = 1000


class _Box:
    work: int = 3


def _kept(value):
    return value * _MOST + _Box.work


def work(value):
    _kept_here = _kept(value)
    return _kept_here


def shown(value):
    return f"<{_kept(value)}>"
'''


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, text in (("first_of_two", ONE), ("second_of_two", TWO)):
        (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.setattr(operations, "__path__", [*operations.__path__, str(tmp_path)])
    from pellucid.operations import first_of_two  # type: ignore[attr-defined]

    yield first_of_two
    for name in ("first_of_two", "second_of_two"):
        del sys.modules[f"pellucid.operations.{name}"]
        delattr(operations, name)


def test_names_that_collide_are_kept_apart(first: Any) -> None:
    bundle = Bundle((first.work,))
    bundle.add(first.work)
    assert "pellucid" not in bundle.text and not bundle.imports
    made: dict[str, Any] = {}
    exec(bundle.text, made)
    for value in (-3, 4, 7):
        assert made["work"](value) == first.work(value)
    assert first.work(7) == ("<7003003>", 1003)
