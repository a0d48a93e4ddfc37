"""What all tests of the window share."""

from __future__ import annotations

from functools import partialmethod

import pytest
from pytestqt.qtbot import QtBot

PATIENCE = 20_000
"""ms; how quick the window is, is measured elsewhere: a test that waits does not fail because the machine is busy."""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer than the 5 s of pytest-qt, where a test does not say how long."""
    monkeypatch.setattr(QtBot, "waitUntil", partialmethod(QtBot.waitUntil, timeout=PATIENCE))
