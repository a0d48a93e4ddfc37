"""A folder that comes while something is open: it is said, and the largest of it is a click away."""

from __future__ import annotations

import pytest

from dicom_making import save, stack
from pellucid.session import Session

PATIENCE = 120.0


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


def test_what_came_to_the_list_is_said_and_offered(session, tmp_path):
    offers: list = []
    session.offer.connect(lambda *given: offers.append(given))
    long = "A description that is far too long for a button of a notice"
    save(tmp_path / "first", stack(2, SeriesDescription="First")[1])
    save(tmp_path / "more" / "a", stack(2, series="1.2.3.2", reference="1.9", SeriesDescription="Small")[1])
    save(tmp_path / "more" / "b", stack(4, series="1.2.3.3", reference="1.8", SeriesDescription=long)[1])
    session.open([tmp_path / "first"])
    session.jobs.drain(PATIENCE)
    assert not offers
    session.open([tmp_path / "more"])
    session.jobs.drain(PATIENCE)
    ((sentence, words, do),) = offers
    assert sentence == "2 images of “more” are in the list of studies. What is open stays open."
    assert words.startswith("Open A description that") and len(words) < 40
    assert [layer.name for layer in session.document.layers] == ["First"]
    do()
    session.jobs.drain(PATIENCE)
    assert [layer.name for layer in session.document.layers] == [long]
    session.undo()
    assert [layer.name for layer in session.document.layers] == ["First"]
