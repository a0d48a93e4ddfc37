"""Going back by a click, what each label measures, and what is running."""

from __future__ import annotations

import errno
import os
import threading

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog

from patience import PATIENCE
from pellucid.model.statistics import label_statistics, rows_to_csv
from pellucid.ui.docks.history import HistoryPanel, entries
from pellucid.ui.docks.jobs_bar import JobsBar
from pellucid.ui.docks.statistics import StatisticsPanel, cells, headings, volume_text


def test_entries_say_what_is_done_and_undone():
    assert entries(("A", "B"), 1) == [(0, "As opened", "done"), (1, "A", "current"), (2, "B", "undone")]


@pytest.fixture
def panel(session, show):
    session.rename(session.document.layers[0], "One")
    session.rename(session.document.layers[0], "Two")
    return show(HistoryPanel(session))


def click_row(panel, qtbot, row):
    where = panel.list.visualItemRect(panel.list.item(row)).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_a_click_jumps_back_and_forward(panel, session, ct, qtbot):
    count = panel.list.count()
    click_row(panel, qtbot, count - 2)
    assert ct.name == "One" and session.history.position == count - 2
    click_row(panel, qtbot, 1)
    assert len(session.document.layers) == 1
    click_row(panel, qtbot, count - 1)
    assert ct.name == "Two" and panel.list.currentRow() == count - 1


def test_buttons_name_the_step_and_memory_is_shown(panel, session, qtbot):
    assert panel.undo.toolTip() == "Undo Rename One (Ctrl+Z)"
    qtbot.mouseClick(panel.undo, Qt.MouseButton.LeftButton)
    assert panel.redo.isEnabled() and panel.redo.toolTip() == "Redo Rename One (Ctrl+Y)"
    assert "5 steps" in panel.used.text() and "of 1.0 GB" in panel.used.text()


def test_an_empty_history_says_so(empty_session, show):
    panel = show(HistoryPanel(empty_session))
    assert panel.list.count() == 1
    assert not panel.undo.isEnabled() and panel.undo.toolTip() == "There is nothing to undo."


# -------------------------------------------------------------------- statistics


@pytest.fixture
def statistics(session, show, qtbot):
    panel = show(StatisticsPanel(session), 900)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 2)
    return panel


def test_volumes_are_written_in_the_unit_that_reads_best():
    assert volume_text(12.5) == "12.5 mm³"
    assert volume_text(12960) == "12.96 ml"
    assert volume_text(None) == "–"
    assert headings("HU")[3] == "Mean, HU" and headings("")[3] == "Mean"


def test_the_table_shows_every_label(statistics, session, labels):
    row = statistics.model.rows[0]
    assert cells(row)[:4] == ("Lungs", "1,920", "12.96 ml", "−790")
    assert statistics.about.text() == "Labels on CT"


def test_it_counts_again_when_voxels_change(statistics, session, labels, qtbot):
    session.label_tables.delete(labels, {2})
    qtbot.waitUntil(lambda: statistics.model.rowCount() == 1)
    session.undo()
    qtbot.waitUntil(lambda: statistics.model.rowCount() == 2)


def test_copy_and_csv_have_full_precision(statistics, session, labels, ct, qtbot, tmp_path, monkeypatch):
    rows = label_statistics(ct.volume, labels.labels)
    qtbot.mouseClick(statistics.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == rows_to_csv(rows).replace(",", "\t").replace("\r\n", "\n")
    target = tmp_path / "s.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(target), ""))
    qtbot.mouseClick(statistics.csv, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(target.exists, timeout=10_000)
    assert target.read_bytes().decode() == rows_to_csv(rows)


def test_a_folder_that_cannot_be_written_gives_a_sentence(statistics, session, qtbot, monkeypatch, tmp_path):
    said = []
    session.notice.connect(lambda text, severity: said.append((text, severity)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(tmp_path / "no" / "s.csv"), ""))
    qtbot.mouseClick(statistics.csv, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert said == [("s.csv was not written: the folder is not there any more. Choose another one.", "error")]


def test_what_a_failed_write_began_is_gone_and_the_old_table_stays(
    statistics, session, qtbot, monkeypatch, tmp_path
):  # fmt: skip
    said, target = [], tmp_path / "s.csv"
    target.write_text("of last week")
    session.notice.connect(lambda text, severity: said.append((text, severity)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(target.with_suffix("")), ""))
    monkeypatch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    qtbot.mouseClick(statistics.csv, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    assert said[0][1] == "error" and "unchanged" in said[0][0]
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("s.csv", "of last week")]


def test_a_double_click_puts_the_crosshair_on_the_centroid(statistics, session, qtbot):
    where = statistics.table.visualRect(statistics.model.index(1, 0)).center()
    qtbot.mouseClick(statistics.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(statistics.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert session.view.crosshair == statistics.model.rows[1].centroid


def test_without_labels_one_sentence_helps(empty_session, show, qtbot):
    panel = show(StatisticsPanel(empty_session))
    assert panel.stack.currentWidget() is panel.empty
    qtbot.waitUntil(lambda: not panel.copy.isEnabled())


# -------------------------------------------------------------------- jobs


def test_a_running_job_is_shown_and_cancelled(empty_session, show, qtbot):
    host = show(JobsBar(empty_session))
    host.hide()
    go = threading.Event()

    def work(job):
        job.report(0.25)
        while not job.cancelled() and not go.is_set():
            go.wait(0.01)

    job = empty_session.jobs.load("Reading Thorax", work)
    qtbot.waitUntil(lambda: host.isVisible() and host.percent.text() == "25 %")
    assert host.name.text().startswith("Reading Thorax")
    qtbot.mouseClick(host.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: job.finished and not host.isVisible())
    assert job.state.value == "cancelled"


def test_quick_and_quiet_jobs_are_not_shown(empty_session, show, qtbot):
    host = show(JobsBar(empty_session))
    host.hide()
    go = threading.Event()
    quiet = empty_session.jobs.query("k", "Preview of Gaussian", lambda _job: go.wait(PATIENCE), quiet=True)
    empty_session.jobs.load("Reading Thorax", lambda _job: None)
    qtbot.waitUntil(lambda: empty_session.jobs.running == (quiet,) and not host._wait.isActive())
    qtbot.waitUntil(lambda: not host.isVisible())
    go.set()
    qtbot.waitUntil(lambda: not empty_session.jobs.running)
