"""Versions of an image that contradict each other (H09): the user is asked, and nothing is opened before."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest

from dicom_making import save, stack
from pellucid.model.view import Layout
from pellucid.session import Session
from pellucid.session.loading import Place

PATIENCE = 120.0


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


@pytest.fixture
def asked(session):
    questions: list = []
    session.versions_asked.connect(questions.append)
    return questions


def spoil(ds) -> None:
    ds.PixelData = (np.frombuffer(ds.PixelData, np.int16) + 5).astype(np.int16).tobytes()


def relabel(ds) -> None:
    ds.StationName = "ELSEWHERE"


def rescale(ds) -> None:
    ds.RescaleIntercept = -1000


def move(ds) -> None:
    ds.ImagePositionPatient = [float(v) + d for v, d in zip(ds.ImagePositionPatient, (0, 0, 0.5), strict=True)]


def written(folder: Path, change, which=(1,), description: str = "Chest") -> Path:
    """Write a series of four slices, and other versions of some in a folder beside it."""
    slices = stack(4, SeriesDescription=description)[1]
    save(folder / "original", slices)
    for k in which:
        other = pydicom.dcmread(folder / "original" / f"s{k:04d}.dcm")
        change(other)
        (path,) = save(folder / "sent again", [other], lambda _n, k=k: f"t{k:04d}.dcm")
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


def opened(session, folder: Path) -> None:
    session.open([folder])
    assert session.jobs.drain(PATIENCE)
    assert session.jobs.drain(PATIENCE)


@pytest.mark.hazard("H09")
@pytest.mark.parametrize(
    ("change", "said"),
    [(spoil, "other values than copy 1"), (relabel, "the same pixels as copy 1, another header"),
     (rescale, "other values than copy 1"), (move, "another place or size than copy 1")],
)  # fmt: skip
def test_nothing_is_opened_until_a_version_is_chosen_by_what_differs(session, asked, tmp_path, change, said) -> None:
    opened(session, written(tmp_path, change))
    (question,) = asked
    assert not session.document.layers and question.title == "Chest"
    (first, none, about_first), (second, how, about_second) = question.rows()
    assert (first, second) == ("copy 1", "copy 2")
    assert about_first.startswith(f"{Path('original', 's0001.dcm')} · saved ")
    assert about_second.startswith(f"{Path('sent again', 't0001.dcm')} · saved 2023-11-1")
    assert (none, how) == ("", said)
    question.open([question.versions[1].part])
    assert session.jobs.drain(PATIENCE)
    (layer,) = session.document.images
    assert layer.source.detail.endswith("|1") and layer.name == "Chest copy 2"


@pytest.mark.hazard("H09")
def test_the_versions_that_are_chosen_have_their_own_values(session, asked, tmp_path) -> None:
    opened(session, written(tmp_path, spoil, which=(0, 1, 2, 3)))
    (question,) = asked
    assert question.rows()[1][2].startswith(f"{Path('sent again', 't0000.dcm')} and 3 more")
    question.open([one.part for one in question.versions])
    assert session.jobs.drain(PATIENCE)
    first, second = session.document.images
    assert np.array_equal(first.volume.array + 5, second.volume.array)


@pytest.mark.hazard("H09")
def test_every_way_to_open_it_asks(session, asked, tmp_path) -> None:
    """A row of the list, a pane, the next series, the study, and a session without a window."""
    session.library.scan([written(tmp_path, spoil)], lambda _found: None)
    session.jobs.drain(PATIENCE)
    (series,) = session.library.series
    key = session.library.key(series)
    session.view.layout = Layout.QUAD
    ways = [
        lambda: session.loading.step(1),
        lambda: session.loading.load_key(key),
        lambda: session.loading.load_key(key, replace=False),
        lambda: session.loading.load_into(key, Place(session.view.panes[1])),
        lambda: session.open_study("1.2.3"),
        lambda: session.open([tmp_path]),
    ]
    for n, way in enumerate(ways, start=1):
        way()
        session.jobs.drain(PATIENCE)
        session.jobs.drain(PATIENCE)
        assert len(asked) == n and not session.document.layers, f"way {n}"
    session.loading.load_key(f"{key}\n1")
    session.jobs.drain(PATIENCE)
    assert [layer.source.detail[-2:] for layer in session.document.images] == ["|1"] and len(asked) == len(ways)
    session.loading.load_into(key, Place(session.view.panes[1]))
    session.jobs.drain(PATIENCE)
    assert len(asked) == len(ways) + 1, "that a version is open does not say which one is meant"


@pytest.mark.hazard("H09")
def test_without_a_window_a_sentence_says_that_it_was_not_opened(session, tmp_path) -> None:
    said: list = []
    session.notice.connect(lambda sentence, severity: said.append((sentence, severity)))
    opened(session, written(tmp_path, spoil))
    assert not session.document.layers
    ((sentence, severity),) = said
    assert sentence.startswith("“Chest” exists in 2 versions that contradict each other.") and severity == "warning"


def test_exact_copies_ask_nothing(session, asked, tmp_path) -> None:
    opened(session, written(tmp_path, lambda _ds: None))
    assert not asked and [layer.name for layer in session.document.images] == ["Chest"]


def test_a_version_that_is_gone_meanwhile_is_an_error_in_words(session, asked, tmp_path) -> None:
    said: list = []
    session.notice.connect(lambda sentence, severity: said.append(severity))
    session.library.scan([written(tmp_path, spoil)], lambda _found: None)
    session.jobs.drain(PATIENCE)
    (tmp_path / "sent again" / "t0001.dcm").unlink()
    session.loading.load_key(session.library.key(session.library.series[0]))
    session.jobs.drain(PATIENCE)
    assert not session.document.layers and not asked and said == ["error"]
