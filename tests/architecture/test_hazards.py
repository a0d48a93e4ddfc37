"""Every hazard of DICOM images has a test that is marked with its number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
DICOM = [f"H{n:02d}" for n in (*range(1, 26), *range(33, 42), *range(43, 46))]


def marked(text: str) -> set[str]:
    """Return the hazards whose tests a module holds."""
    return set(re.findall(r"""mark\.hazard\(["'](H\d\d)["']\)""", text))


@pytest.mark.parametrize("hazard", DICOM)
def test_a_hazard_has_a_test(hazard: str) -> None:
    others = [path for path in TESTS.rglob("test_*.py") if path != Path(__file__).resolve()]
    assert [path for path in others if hazard in marked(path.read_text(encoding="utf-8"))]


def test_an_unmarked_test_is_no_proof() -> None:
    assert marked('"""H01."""\n# hazard H02') == set()
    assert marked('@pytest.mark.hazard("H01")\n@pytest.mark.hazard(\'H12\')') == {"H01", "H12"}
