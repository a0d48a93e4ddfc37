"""A user before a new window, and the command line in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from command_line import Result, Run, answer
from hands import User


@pytest.fixture
def user(qtbot: QtBot) -> Iterator[User]:
    user = User(qtbot)
    yield user
    user.leave()


@pytest.fixture
def pellucid(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> Result:
        return answer(capsys, arguments)

    return run
