"""Run the command line in this process."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from command_line import Result, Run
from pellucid.__main__ import main


@pytest.fixture
def pellucid(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def ramp() -> NDArray[np.int16]:
    """Return an array (z, y, x) whose every voxel has a value of its own."""
    return (np.arange(4 * 6 * 5, dtype=np.int16) - 50).reshape(4, 6, 5)
