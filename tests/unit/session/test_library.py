"""The thumbnail of a series whose files come one after the other stands for all of them in the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from patience import PATIENCE
from pellucid.dicom.stack import Series
from pellucid.files import discover
from pellucid.files.discover import Found
from pellucid.session import Session, library


def test_a_series_that_was_pictured_while_its_files_were_found_is_pictured_anew(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, whole = (Found(series=(Series("1", files=tuple(Path(f"{n}.dcm") for n in range(k))),)) for k in (1, 3))

    def found(_roots, on_found, **_kinds):  # type: ignore[no-untyped-def]
        on_found(part)
        return whole

    monkeypatch.setattr(discover, "discover", found)
    monkeypatch.setattr(library, "_draw", lambda series: np.full((1, 1), len(series.files), np.uint8))
    mine, told = session.library, list[str]()
    mine.changed.connect(lambda: [mine.thumbnail(series) for series in mine.series])  # as a list does that is painted
    mine.thumbnail_ready.connect(told.append)
    mine.scan([Path("folder")], lambda _found: None)
    assert session.jobs.drain(PATIENCE)
    shown = mine.thumbnail(mine.series[0])
    assert shown is not None and shown.item() == 3 and told[-1] == "series:1"
    told.clear()
    mine.scan([Path("folder")], lambda _found: None)
    assert session.jobs.drain(PATIENCE)
    assert not told  # the picture of all of it is not made a second time
