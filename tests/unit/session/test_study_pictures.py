"""A thumbnail of the study database that is being made when what it shows may have changed is made anew."""

from __future__ import annotations

import numpy as np
import pytest

from patience import PATIENCE
from pellucid.session import Session, study_pictures


@pytest.mark.hazard("H36")
def test_one_that_was_being_made_when_all_were_forgotten_is_not_shown(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = iter((np.zeros((2, 2), np.uint8), np.ones((2, 2), np.uint8)))
    monkeypatch.setattr(study_pictures, "_picture", lambda *_: next(made))
    pictures, told = session.studies.pictures, list[str]()
    pictures.ready.connect(told.append)
    assert pictures.picture("a") is None
    (job,) = session.jobs.running
    assert job.wait(PATIENCE)
    pictures.forget()
    assert pictures.picture("a") is None  # it is asked for again as the list is painted again
    assert session.jobs.drain(PATIENCE)
    again = pictures.picture("a")
    assert again is not None and again.all() and told == ["", "a"]
