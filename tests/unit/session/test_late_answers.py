"""Answers that come when what they were asked for has changed: without ``drain`` none is handed over, so it is sure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from patience import PATIENCE
from pellucid.history.layers import AddLayer, RemoveLayer
from pellucid.model.geometry import Geometry
from pellucid.model.labels import Label, LabelMap
from pellucid.model.layer import ImageLayer, LabelLayer
from pellucid.model.volume import Volume, image_from_array
from pellucid.session import Session, aligning

GRID = Geometry((8, 6, 4), (1.0, 1.0, 2.0))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session()
    yield session
    session.close()


def image(session: Session, name: str, top: int, frames: int = 1) -> ImageLayer:
    """Add an image whose values go from 0 to ``top``."""
    values = np.linspace(0, top, 4 * 6 * 8).astype(np.int16).reshape(4, 6, 8)
    layer = ImageLayer(name, tuple(Volume(image_from_array(values + n, GRID), GRID, "HU") for n in range(frames)))
    layer.display.set_limits(-1, 1)
    session.history.do(AddLayer(layer))
    return layer


def labels(session: Session) -> LabelLayer:
    layer = LabelLayer("Labels", LabelMap(GRID, None, (Label(1, "One", "#ff0000"), Label(2, "Two", "#00ff00"))))
    layer.labels.array[:2] = 1
    session.history.do(AddLayer(layer))
    session.document.active = layer
    return layer


def test_a_window_asked_for_comes_though_a_panel_moved_on_to_another_image(session: Session) -> None:
    one, other = image(session, "One", 500), image(session, "Other", 900)
    session.looking.auto_window(one)
    session.looking.histogram(other, "volume", lambda _found: None, "panel")
    assert session.jobs.drain(PATIENCE) and one.display.limits[1] > 400


def test_a_window_set_meanwhile_stays(session: Session) -> None:
    layer = image(session, "One", 500)
    session.looking.auto_window(layer)
    layer.display.set_limits(10, 20)
    assert session.jobs.drain(PATIENCE) and layer.display.limits == (10, 20)


def test_who_asks_again_hears_the_latest_answer_only(session: Session) -> None:
    one, other, heard = image(session, "One", 500), image(session, "Other", 900), list[float]()
    session.looking.histogram(other, "volume", lambda _found: None)
    assert session.jobs.drain(PATIENCE)
    session.looking.histogram(one, "volume", lambda found: heard.append(found.maximum), "panel")
    session.looking.histogram(other, "volume", lambda found: heard.append(found.maximum), "panel")
    assert heard == [900] and session.jobs.drain(PATIENCE) and heard == [900]


def test_a_label_painted_while_empty_ones_are_looked_for_stays(session: Session) -> None:
    layer = labels(session)
    assert session.label_tables.delete_empty(layer).wait(PATIENCE)
    session.editing.apply((slice(3, 4), slice(0, 2), slice(0, 2)), np.ones((1, 2, 2), bool))
    layer.active_label = 2
    session.editing.apply((slice(3, 4), slice(2, 4), slice(0, 2)), np.ones((1, 2, 2), bool))
    assert session.jobs.drain(PATIENCE) and layer.labels.has(2)


def test_statistics_of_labels_that_are_gone_do_not_come_after_there_are_none(session: Session) -> None:
    layer, heard = labels(session), list[int]()
    session.labelling.statistics(lambda rows: heard.append(len(rows)))
    session.history.do(RemoveLayer(layer))
    session.labelling.statistics(lambda rows: heard.append(len(rows)))
    assert session.jobs.drain(PATIENCE) and heard == [0]


def test_channels_of_a_work_that_is_closed_meanwhile_are_dropped(session: Session) -> None:
    job = session.channels.merge([image(session, name, 500) for name in "rgb"])
    assert job.wait(PATIENCE)
    session.close_all()
    assert session.jobs.drain(PATIENCE) and not session.document.layers


def test_the_curve_of_a_cancelled_alignment_does_not_come_back(session: Session, monkeypatch) -> None:
    told, go = threading.Event(), threading.Event()

    def align(_parameters, _frames, _context, hear):
        hear(0, None)
        told.set()
        assert go.wait(PATIENCE)

    monkeypatch.setattr(aligning.together, "align", align)
    image(session, "Series", 500, frames=3)
    session.aligning.start({})
    assert told.wait(PATIENCE)
    session.aligning.cancel()
    session.jobs.drain(0)
    assert session.aligning.is_running and session.aligning.motion() is None
    go.set()
    assert session.jobs.drain(PATIENCE) and session.aligning.motion() is None


def test_a_saved_work_does_not_replace_what_was_done_while_it_was_read(session: Session, tmp_path: Path) -> None:
    image(session, "Saved", 500)
    session.saving.save(tmp_path / "work.pellucid")
    assert session.jobs.drain(PATIENCE)
    offered = list[tuple[str, Callable[[], object]]]()
    session.offer.connect(lambda sentence, _button, action: offered.append((sentence, action)))
    assert session.saving.open_workspace(tmp_path / "work.pellucid").wait(PATIENCE)
    image(session, "Worked on", 900)
    assert session.jobs.drain(PATIENCE)
    assert [layer.name for layer in session.document.layers] == ["Saved", "Worked on"]
    ((sentence, action),) = offered
    assert "“work.pellucid” is ready" in sentence
    action()
    assert session.jobs.drain(PATIENCE)
    assert [layer.name for layer in session.document.layers] == ["Saved"]


def test_of_two_series_of_the_index_the_one_asked_for_last_is_opened(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = list[str]()
    monkeypatch.setattr("pellucid.database.opening.series", lambda _store, key, cancelled: key)
    monkeypatch.setattr(session.library, "include", lambda _found: None)
    monkeypatch.setattr(session.library, "key", lambda series: series)
    monkeypatch.setattr(session.loading, "load_key", lambda key, replace: opened.append(key))
    first, second = (session.studies.open(key, replace=True) for key in ("first", "second"))
    assert first.wait(PATIENCE) and second.wait(PATIENCE) and session.jobs.drain(PATIENCE)
    session.studies.open("over it", replace=False)
    session.studies.open("over that", replace=False)
    assert session.jobs.drain(PATIENCE) and opened == ["second", "over it", "over that"]
