"""A series split differently: the list follows, open layers are replaced as one step, and saved works find it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dicom_making import stack, two_echoes
from pellucid.dicom.resplit import Splittable
from pellucid.dicom.splitting import AUTOMATIC, Splitting
from pellucid.dicom.stack import sequences
from pellucid.session import Session
from pellucid.settings import Settings

BY_ECHO = Splitting(("echo time",), apart=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return two_echoes(tmp_path / "series")


@pytest.fixture
def session(tmp_path: Path, folder: Path):
    session = Session(Settings.load(tmp_path))
    session.open([folder])
    session.jobs.drain()
    yield session
    session.close()


def split(session: Session, choice: Splitting) -> None:
    (series,) = session.library.series
    read: list[Splittable] = []
    session.resplitting.read(series, read.append, lambda text: pytest.fail(text))
    session.jobs.drain()
    session.resplitting.apply(read[0], choice)
    session.jobs.drain()


def expected(echo: int, time: int) -> np.ndarray:
    return stack(4, seed=10 * echo + time)[0]


@pytest.mark.hazard("H08")
def test_open_layers_follow_as_one_step_and_undo_restores_them(session: Session) -> None:
    (before,) = session.document.images
    assert len(before.frames) == 6
    split(session, BY_ECHO)
    layers = session.document.images
    assert [len(layer.frames) for layer in layers] == [3, 3] and [layer.visible for layer in layers] == [True, False]
    assert session.document.active is layers[0]
    assert [layer.name for layer in layers] == ["Two TE 5 ms, 3 frames", "Two TE 10 ms, 3 frames"]
    for echo, layer in enumerate(layers):
        for time, frame in enumerate(layer.frames):
            np.testing.assert_array_equal(frame.array, expected(echo, time))
    session.undo()
    assert list(session.document.images) == [before]


def test_the_choice_holds_for_the_sitting_until_it_is_merged_again(session: Session, folder: Path) -> None:
    split(session, BY_ECHO)
    session.open([folder])
    session.jobs.drain()
    (series,) = session.library.series
    assert series.splitting == BY_ECHO and len(sequences(series)) == 2
    session.resplitting.merge_again(series)
    session.jobs.drain()
    session.jobs.drain()
    (series,) = session.library.series
    assert series.splitting == AUTOMATIC and [len(layer.frames) for layer in session.document.images] == [6]


def test_a_saved_work_finds_the_voxels_again(session: Session, tmp_path: Path) -> None:
    split(session, BY_ECHO)
    details = [layer.source.detail for layer in session.document.images]
    assert details == ["1.2.3.1|0@apart=echo time", "1.2.3.1|1@apart=echo time"]
    path = tmp_path / "work.pellucid"
    session.saving.save(path)
    session.jobs.drain()
    other = Session(Settings.load(tmp_path))
    other.open([path])
    other.jobs.drain()
    for echo, layer in enumerate(other.document.images):
        assert layer.source.detail == details[echo]
        np.testing.assert_array_equal(layer.frames[2].array, expected(echo, 2))
    assert len(other.document.images) == 2
    other.close()


def test_a_layer_that_was_changed_stays(session: Session) -> None:
    said: list[str] = []
    session.notice.connect(lambda text, _severity: said.append(text))
    session.running.apply("intensity.invert", {})
    session.jobs.drain()
    (layer,) = session.document.images
    split(session, BY_ECHO)
    assert list(session.document.images) == [layer] and any("stay as they are" in text for text in said)
    assert len(sequences(session.library.series[0])) == 2


def test_only_series_of_several_pictures_are_split(session: Session) -> None:
    assert session.resplitting.why_not(session.library.series[0]) == ""
    assert "Open a DICOM series" in session.resplitting.why_not(None)
    assert session.resplitting.series_of(session.document.active_image) is session.library.series[0]
