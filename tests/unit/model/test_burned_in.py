"""Whether pixels may name the patient."""

from __future__ import annotations

import pytest

from pellucid.model.volume import Acquisition


@pytest.mark.hazard("H36")
@pytest.mark.parametrize(
    ("modality", "stated", "suspected"),
    [
        ("CT", "", False),
        ("CT", "YES", True),
        ("US", "", True),
        ("US", "NO", False),
        *((screen, "", True) for screen in ("SC", "XA", "ES", "OT")),
        ("", "", False),
    ],
)
def test_what_the_file_says_goes_before_what_the_modality_suggests(modality, stated, suspected):
    assert Acquisition(modality, extra={"burned_in": stated}).may_be_burned_in is suspected
