"""Style and types hold for the whole project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CHECKS = {
    "ruff check": ["ruff", "check", "--no-cache", "."],
    "mypy": ["mypy", "--no-error-summary"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_project_is_clean(check: str, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "app"), "MYPY_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", *CHECKS[check]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
