"""An error nobody foresaw leaves the window alive, a sentence above the panes and a line in the log."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer

from pellucid import main, paths
from pellucid.model.findings import Refused
from pellucid.settings import Settings
from pellucid.ui import failures

PRIVATE = "Doe^Jane 1970-01-01"


@pytest.fixture
def window(qtbot):
    window = main.make_window(Settings())
    qtbot.addWidget(window)
    window.show()
    before = sys.excepthook, threading.excepthook
    until = main.catch_failures(window)
    assert sys.excepthook is not before[0]
    yield window
    until.close()
    window.close_without_asking()
    assert (sys.excepthook, threading.excepthook) == before and not logging.getLogger("pellucid").handlers


def broken() -> None:
    raise ZeroDivisionError(PRIVATE)


def log() -> str:
    file = paths.log_dir() / failures.LOG_NAME
    return file.read_text() if file.exists() else ""


@pytest.mark.hazard("H34")
def test_a_slot_that_fails_is_told_and_logged_without_its_text(window, qtbot):
    QTimer.singleShot(0, broken)
    qtbot.waitUntil(lambda: "ZeroDivisionError" in window.notices.text, timeout=10_000)
    assert window.isVisible()
    assert "in broken" in log() and "ZeroDivisionError" in log()
    assert PRIVATE not in log() + window.notices.text
    assert str(Path.home()) not in log()


def test_a_listener_of_the_model_that_fails_is_told_by_its_own_error(window, qtbot):
    def listen(_active: object) -> None:
        broken()

    window.session.document.active_changed.connect(listen)
    QTimer.singleShot(0, lambda: window.session.document.active_changed.emit(None))
    qtbot.waitUntil(lambda: "ZeroDivisionError" in window.notices.text, timeout=10_000)


def test_the_answer_of_a_job_that_cannot_be_taken_is_told(window, qtbot):
    window.session.jobs.load("work", lambda _job: 1, lambda _answer: broken())
    qtbot.waitUntil(lambda: "ZeroDivisionError" in window.notices.text, timeout=10_000)
    qtbot.waitUntil(lambda: not window.session.jobs.running, timeout=10_000)


def test_a_thread_that_fails_is_told_on_the_main_thread(window, qtbot):
    told = []
    window.session.notice.connect(lambda *_: told.append(threading.current_thread()))
    threading.Thread(target=broken).start()
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    assert told == [threading.main_thread()] and "in broken" in log()


def test_a_refusal_is_said_as_it_is_and_not_logged(window, qtbot):
    def refuse() -> None:
        raise Refused("There is no image. Open one first.")

    QTimer.singleShot(0, refuse)
    qtbot.waitUntil(lambda: window.notices.text == "There is no image. Open one first.", timeout=10_000)
    assert log() == ""


def test_an_error_at_every_repaint_is_told_once_and_logged_a_few_times(window, qtbot, monkeypatch):
    monkeypatch.setattr(failures, "SAME_PLACE_TOLD_SECONDS", 3600.0)
    told, rounds = [], []
    window.session.notice.connect(lambda sentence, _severity: told.append(sentence))
    timer = QTimer(window, interval=0)
    timer.timeout.connect(lambda: (rounds.append(1), broken()))
    timer.start()
    qtbot.waitUntil(lambda: len(rounds) > failures.SAME_PLACE_LOGGED + 5, timeout=30_000)
    timer.stop()
    assert len(told) == 1
    assert log().count("in broken") == failures.SAME_PLACE_LOGGED


def test_errors_logged_with_their_text_lose_it(window):
    try:
        broken()
    except ZeroDivisionError:
        logging.getLogger("pellucid.test").exception("it failed in %s/pictures", Path.home())
    assert "in broken" in log() and PRIVATE not in log() and "~/pictures" in log()


def test_nothing_is_installed_where_the_log_folder_cannot_be_made(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_HOME", str(tmp_path / "file"))
    assert failures.keep_log() is None


def test_the_window_opens_where_no_folder_can_be_made(monkeypatch, tmp_path, qtbot):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PELLUCID_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(main.QApplication, "exec", lambda _app: 0)
    monkeypatch.setattr(main, "has_display", lambda: True)
    said, make_window = [], main.make_window

    def made(settings: Settings) -> main.MainWindow:
        window = make_window(settings)
        qtbot.addWidget(window)
        window.session.notice.connect(lambda sentence, _severity: said.append(sentence))
        said.append(window)
        return window

    monkeypatch.setattr(main, "make_window", made)
    assert main.run_window([]) == 0
    assert "settings" in said[1]
    said[0].close_without_asking()
