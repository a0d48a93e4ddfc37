"""Conditions on rows, as people type them."""

from __future__ import annotations

import pytest

from pellucid.model.findings import Refused
from pellucid.operations.answers import Column, Rows
from pellucid.session.object_filter import matching

ROWS = Rows(
    (Column("label", "Label"), Column("name", "Name"), Column("volume_mm3", "Volume", "mm³"),
     Column("touches_border", "Touches border"), Column("skewness", "Skewness")),
    {"label": [1, 2, 3, 4], "name": ["Liver", "Kidney left", "Kidney right", "Spleen"],
     "volume_mm3": [1500.0, 160.5, 150.0, 2e5], "touches_border": [0, 1, 0, 0], "skewness": [0.5, None, -1.5, 2.0]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [1, 2, 3, 4]),
        ("volume > 160", [1, 2, 4]),
        ("Volume>=160.5 mm³", [1, 2, 4]),
        ("volume_mm3 < 1e5; touches border = 0", [1, 3]),
        ("vol <= 160,5 and kidney", [2, 3]),
        ("KIDNEY & skewness < 0", [3]),
        ("skew != 2", [1, 3]),
        ("label == 4", [4]),
        ("nothing of the kind", []),
    ],
)
def test_which_rows_pass(text: str, wanted: list[int]) -> None:
    assert [label for label, held in zip(ROWS.values["label"], matching(ROWS, text), strict=True) if held] == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [("colour > 3", "no column “colour”"), ("volume >", "Write a condition"), ("name = 3", "no column"),
     ("volume > 1.2.3", "is no number")],
)  # fmt: skip
def test_what_means_nothing_is_said(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        matching(ROWS, text)
