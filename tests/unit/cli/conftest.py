"""Run the command line in this process."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from command_line import Result, Run, answer


@pytest.fixture
def pellucid(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> Result:
        return answer(capsys, arguments)

    return run


@pytest.fixture(scope="session")
def ramp() -> NDArray[np.int16]:
    """Return an array (z, y, x) whose every voxel has a value of its own."""
    return (np.arange(4 * 6 * 5, dtype=np.int16) - 50).reshape(4, 6, 5)
