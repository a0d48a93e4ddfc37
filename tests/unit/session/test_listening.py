"""The listener is started once and never left behind, however long it takes to start."""

from __future__ import annotations

from threading import Event, Semaphore

import pytest

from patience import PATIENCE
from pellucid.network import listener
from pellucid.session import Session


class Slow:
    """A listener that listens once it may."""

    made: list[Slow]
    may: Event

    def __init__(self, *_arguments: object, **_more: object) -> None:
        self.running = self.stopped = self.alone = False
        self.asked = Event()
        self.made.append(self)

    def start(self) -> None:
        self.asked.set()
        assert self.may.wait(PATIENCE)
        self.alone = not any(one.running for one in self.made)
        self.running = True

    def stop(self) -> None:
        assert self.running, "it was told to stop before it listened, and listens for ever"
        self.running, self.stopped = False, True


@pytest.fixture
def slow(session: Session, monkeypatch: pytest.MonkeyPatch) -> type[Slow]:
    monkeypatch.setattr(listener, "Listener", Slow)
    Slow.made, Slow.may = [], Event()
    return Slow


def test_it_is_started_once(session: Session, slow: type[Slow]) -> None:
    for _ in range(2):
        session.servers.listener.start(pytest.fail)
    slow.may.set()
    assert session.jobs.drain(PATIENCE)
    assert len(slow.made) == 1 and session.servers.listener.on
    session.servers.listener.stop()
    assert session.jobs.drain(PATIENCE)
    assert slow.made[0].stopped and not session.servers.listener.on


@pytest.mark.hazard("H40")
def test_one_that_is_switched_off_while_it_starts_does_not_listen(session: Session, slow: type[Slow]) -> None:
    session.servers.listener.start(pytest.fail)
    assert slow.made[0].asked.wait(PATIENCE)
    session.servers.listener.stop()
    slow.may.set()
    assert session.jobs.drain(PATIENCE)
    assert slow.made[0].stopped and not session.servers.listener.on


@pytest.mark.hazard("H40")
def test_one_that_started_unheard_ends_with_the_session(slow: type[Slow]) -> None:
    session = Session()
    slow.may.set()
    assert session.servers.listener.start(pytest.fail).wait(PATIENCE)
    session.close()
    assert slow.made[0].stopped


@pytest.mark.hazard("H40")
def test_one_that_was_switched_off_ends_with_the_session_though_its_turn_never_came(slow: type[Slow]) -> None:
    session, begun, busy = Session(), Semaphore(0), Event()
    slow.may.set()
    session.servers.listener.start(pytest.fail)
    assert session.jobs.drain(PATIENCE)
    loads = [session.jobs.load("Opening", lambda _job: (begun.release(), busy.wait(PATIENCE))) for _ in range(3)]
    assert all(begun.acquire(timeout=PATIENCE) for _ in loads)
    session.servers.listener.stop()
    session.jobs.cancel_all()
    busy.set()
    assert all(load.wait(PATIENCE) for load in loads) and not slow.made[0].stopped
    session.close()
    assert slow.made[0].stopped


def test_the_next_one_begins_when_the_last_has_left_its_port(session: Session, slow: type[Slow]) -> None:
    slow.may.set()
    listener, busy = session.servers.listener, Event()
    listener.start(pytest.fail)
    assert session.jobs.drain(PATIENCE)
    for _ in range(3):
        session.jobs.load("Opening", lambda _job: busy.wait(PATIENCE))
    listener.stop()
    listener.start(pytest.fail)
    assert slow.made[1].asked.wait(PATIENCE)  # though nobody had the time to end the first
    busy.set()
    assert session.jobs.drain(PATIENCE)
    assert listener.on and slow.made[0].stopped and slow.made[1].alone
