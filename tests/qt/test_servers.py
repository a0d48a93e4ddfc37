"""The page of the servers, against a real Orthanc: add, test, find, fetch, open, send, listen, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from dicom_making import save, stack
from hands import close_before_the_answer
from orthanc_server import PASSWORD, TITLE, USER, Orthanc, free_ports, orthanc  # noqa: F401 - a fixture
from orthanc_server import moving_port as moving_port
from patience import PATIENCE
from pellucid.jobs.runner import Runner
from pellucid.network import fetching
from pellucid.network.nodes import DimseNode, ListenerSettings, WebNode
from pellucid.network.queries import Answer, FoundSeries, FoundStudy
from pellucid.network.transfers import Fetched, Received, What
from pellucid.session import Session
from pellucid.settings import Settings
from pellucid.ui.bridge import Bridge
from pellucid.ui.browser.server_page import ServerPage
from pellucid.ui.dialogs.listening import EVERYWHERE, HERE, ListeningDialog
from pellucid.ui.dialogs.send import SendDialog
from pellucid.ui.dialogs.server import WEB, ServerDialog

pytestmark = pytest.mark.orthanc


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    session = Session(Settings.load(tmp_path / "settings"), Runner(Bridge().post))
    yield session
    session.close()


@pytest.fixture
def page(qtbot: QtBot, session: Session) -> ServerPage:
    page = ServerPage(session)
    qtbot.addWidget(page)
    page.resize(1040, 640)
    page.show()
    return page


@pytest.fixture
def filled(orthanc: Orthanc, tmp_path: Path) -> Orthanc:  # noqa: F811
    orthanc.clear()
    _, slices = stack(6, PatientID="PX-1", StudyDate="20260102", StudyTime="", AccessionNumber="A77",
                      StudyDescription="Thorax")  # fmt: skip
    orthanc.put(*save(tmp_path / "served", slices))
    return orthanc


def node_of(server: Orthanc, **more: object) -> DimseNode:
    values = {"name": "Ward", "title": TITLE, "host": "127.0.0.1", "port": server.dicom_port} | more
    return DimseNode.model_validate(values)


def wait_for(qtbot: QtBot, question: Callable[[], bool]) -> None:
    qtbot.waitUntil(question, timeout=30_000)


def found(page: ServerPage) -> list[str]:
    """Return the studies that came, once the server said that there are no more: that is told then."""
    rows = page.tree.studies.rows if page._job is None else ()
    return [study.texts[0] for patient in rows for study in patient.children or ()]


def test_a_server_is_entered_tested_and_kept(qtbot: QtBot, session: Session, page: ServerPage, filled: Orthanc) -> None:
    assert page.stack.currentWidget() is page.none and not page.query.isEnabled()
    dialog = ServerDialog(session.servers, None, page)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.keyClicks(dialog.name, "Ward")
    qtbot.keyClicks(dialog.title, "a title that is far too long")
    qtbot.keyClicks(dialog.host, "127.0.0.1")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert "1 to 16 characters" in dialog.said.text() and dialog.isVisible()
    dialog.title.clear()
    qtbot.keyClicks(dialog.title, "NOBODY")
    dialog.port.selectAll()
    qtbot.keyClicks(dialog.port, str(filled.dicom_port))
    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: dialog.test.isEnabled())
    assert "AE title" in dialog.said.text() and dialog.said.property("tone") == "warning"
    dialog.title.clear()
    qtbot.keyClicks(dialog.title, TITLE)
    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: dialog.said.property("tone") == "good")
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert session.servers.nodes == (node_of(filled),) and page.servers.node() == node_of(filled)
    assert page.stack.currentWidget() is page.ready and page.query.isEnabled()
    again = ServerDialog(session.servers, None, page)
    qtbot.addWidget(again)
    again.name.setText("ward")
    again.title.setText("X")
    again.host.setText("h")
    again.accept()
    assert "Another server is called" in again.said.text() and len(session.servers.nodes) == 1


def test_find_unfold_fetch_and_open(qtbot: QtBot, session: Session, page: ServerPage, filled: Orthanc) -> None:
    session.servers.put(node_of(filled))
    qtbot.keyClicks(page.query.name, "nobody")
    qtbot.keyClick(page.query.name, Qt.Key.Key_Return)
    wait_for(qtbot, lambda: "0 studies" in page.said.text())
    assert page.stack.currentWidget() is page.ready and not page.open_button.isEnabled()
    page.query.name.clear()
    qtbot.keyClicks(page.query.name, "doe")
    qtbot.mouseClick(page.query.go, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: found(page) == ["Thorax"])
    page.tree.choose_first()
    assert page.open_button.isEnabled()
    page.tree.setExpanded(page.tree.currentIndex(), True)
    study = page.tree.studies.rows[0].children[0]
    wait_for(qtbot, lambda: bool(study.children))
    assert study.children[0].texts[4] == "6"
    assert "fetch and open" in study.children[0].tip and "drag" not in study.children[0].tip
    qtbot.keyClick(page.tree, Qt.Key.Key_Return)
    wait_for(qtbot, lambda: len(session.document.images) == 1 and not session.jobs.running)
    assert session.document.active_image.volume.geometry.size == (5, 6, 6)
    transfer = session.servers.transfers.all[0]
    wait_for(qtbot, lambda: transfer.state == "done")
    wait_for(qtbot, page.transfers.lines[0].open.isVisible)
    assert transfer.progress.done == 6
    assert not any("Doe" in path.as_posix() or "PX-1" in path.as_posix() for path in transfer.paths[0].rglob("*"))


@pytest.mark.hazard("H34")
def test_identity_is_hidden_in_rows_and_transfers(
    qtbot: QtBot, session: Session, page: ServerPage, filled: Orthanc
) -> None:
    session.servers.put(node_of(filled))
    page.query.ask()
    wait_for(qtbot, lambda: found(page) == ["Thorax"])
    assert any("Doe" in row.texts[0] for row in page.tree.studies.rows)
    session.view.hide_identity = True
    said = [text for row in page.tree.studies.rows for text in (*row.texts, row.detail, row.tip)]
    assert not any(word in text for text in said for word in ("Doe", "PX-1", "A77"))
    page.tree.choose_first()
    qtbot.mouseClick(page.fetch_button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: session.servers.transfers.all[0].state == "done" and bool(page.transfers.lines))
    later = ServerPage(session)  # the browser is made when it is first asked for
    qtbot.addWidget(later)
    assert "Thorax" not in later.transfers.lines[0].title.text()


def test_series_that_could_not_be_listed_can_be_asked_for_again(
    qtbot: QtBot, session: Session, page: ServerPage, filled: Orthanc, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.servers.put(node_of(filled))
    page.query.ask()
    wait_for(qtbot, lambda: found(page) == ["Thorax"])
    page.tree.choose_first()
    (gone,) = free_ports(1)
    page._asked_node = node_of(filled, port=gone)
    page.tree.setExpanded(page.tree.currentIndex(), True)
    wait_for(qtbot, lambda: page.said.property("tone") == "warning")
    study = page.tree.studies.rows[0].children[0]
    assert not study.children and not page.tree.isExpanded(page.tree.currentIndex())
    page._asked_node = node_of(filled)
    page.tree.setExpanded(page.tree.currentIndex(), True)
    wait_for(qtbot, lambda: bool(study.children))
    assert "1 study" in page.said.text() and page.said.property("tone") == ""


def test_a_test_speaks_of_the_chosen_server_only_and_a_removed_one_comes_back(
    qtbot: QtBot, session: Session, page: ServerPage
) -> None:
    (port,) = free_ports(1)
    first, second = (DimseNode(name=name, title="X", host="127.0.0.1", port=port) for name in ("First", "Second"))
    web = WebNode(name="Web", url="https://host/dicom-web", auth="basic", user="me")
    for node in (first, second):
        session.servers.put(node)
    session.servers.put(web, secret="top-secret-5")
    qtbot.mouseClick(page.servers.test_button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: page.servers.said.property("tone") == "warning")
    page.servers.choose("Second")
    assert not page.servers.said.text()
    page.servers.choose("Web")
    offers: list[Callable[[], object]] = []
    session.offer.connect(lambda _sentence, _button, action: offers.append(action))
    qtbot.mouseClick(page.servers.remove_button, Qt.MouseButton.LeftButton)
    assert session.servers.nodes == (first, second) and session.servers.secrets.of(web) == ""
    offers[0]()
    assert session.servers.nodes == (first, second, web) and session.servers.secrets.of(web) == "top-secret-5"


def test_a_server_that_is_not_there_is_a_sentence(qtbot: QtBot, session: Session, page: ServerPage) -> None:
    (port,) = free_ports(1)
    session.servers.put(DimseNode(name="Gone", title="GONE", host="127.0.0.1", port=port))
    page.query.ask()
    wait_for(qtbot, lambda: page.said.property("tone") == "warning")
    assert "Gone" in page.said.text() or "127.0.0.1" in page.said.text()
    assert "refused the connection" in page.said.text() and not page.stop.isVisible()


def test_sending_what_is_open(
    qtbot: QtBot, session: Session, orthanc: Orthanc, tmp_path: Path  # noqa: F811
) -> None:
    orthanc.clear()
    _, slices = stack(4)
    save(tmp_path / "mine", slices)
    session.open([tmp_path / "mine"])
    wait_for(qtbot, lambda: len(session.document.images) == 1 and not session.jobs.running)
    dialog = SendDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.go.isEnabled() and "server" in dialog.go.toolTip()
    session.servers.put(node_of(orthanc))
    assert dialog.go.isEnabled() and len(dialog.paths()) == 4  # what is open is ticked
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    transfer = session.servers.transfers.all[0]
    wait_for(qtbot, lambda: transfer.state == "done")
    assert orthanc.instances() == {str(ds.SOPInstanceUID) for ds in slices}


@pytest.mark.hazard("H40")
def test_the_listener_is_off_until_switched_on(
    qtbot: QtBot, session: Session, page: ServerPage, filled: Orthanc, moving_port: int
) -> None:
    assert not session.servers.listener.on and "Off" in page.servers.hearing.text()
    qtbot.mouseClick(page.servers.listen, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: page.servers.hearing.property("tone") == "warning")
    assert not session.servers.listener.on and not page.servers.listen.isChecked()  # nobody may send yet
    dialog = ListeningDialog(session.servers, page)
    qtbot.addWidget(dialog)
    assert dialog.host.value() == HERE != EVERYWHERE
    dialog.port.set_value(moving_port)
    dialog.callers.setText(TITLE)
    dialog.accept()
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert session.servers.listener.settings == ListenerSettings(port=moving_port, callers=(TITLE,))
    qtbot.mouseClick(page.servers.listen, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: session.servers.listener.on)
    assert f"port {moving_port}" in page.servers.hearing.text()
    session.servers.put(node_of(filled, retrieve="move"))
    page.query.ask()
    wait_for(qtbot, lambda: found(page) == ["Thorax"])
    page.tree.choose_first()
    qtbot.mouseClick(page.open_button, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: len(session.document.images) == 1)
    assert session.servers.listener.on  # one that ran goes on
    qtbot.mouseClick(page.servers.listen, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: "Off" in page.servers.hearing.text() and not session.jobs.running)


def test_an_answer_of_a_server_that_comes_after_closing_is_dropped(qtbot: QtBot, session: Session, monkeypatch) -> None:
    asked, answered = Event(), Event()

    def echo(*_arguments: object, **_options: object) -> str:
        asked.set()
        answered.wait(PATIENCE)
        return "It is there."

    monkeypatch.setattr("pellucid.network.asking.echo", echo)
    dialog = ServerDialog(session.servers, DimseNode(name="Ward", title="X", host="127.0.0.1", port=104))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(asked.is_set)
    with qtbot.waitSignal(dialog.destroyed):
        dialog.reject()
    answered.set()
    qtbot.waitUntil(lambda: not session.jobs.running)


def test_a_web_server_keeps_its_password_out_of_the_settings(qtbot: QtBot, session: Session, tmp_path: Path) -> None:
    dialog = ServerDialog(session.servers)
    qtbot.addWidget(dialog)
    dialog.kind.set_value(WEB)
    dialog.kind.chosen.emit(WEB)
    dialog.name.setText("Web")
    dialog.url.setText("https://user:secret@host/dicom-web")
    dialog.accept()
    assert "holds no user name" in dialog.said.text()
    dialog.url.setText("https://host/dicom-web")
    dialog.auth.set_value("basic")
    dialog.user.setText("me")
    dialog.secret.setText("top-secret-5")
    dialog.accept()
    (node,) = session.servers.nodes
    assert session.servers.secrets.of(node) == "top-secret-5"
    QApplication.processEvents()
    kept = [path.read_text() for path in (tmp_path / "settings").rglob("*") if path.is_file()]
    assert kept and not any("top-secret-5" in text for text in kept)
    session.servers.remove(node)
    assert session.servers.secrets.of(node) == ""


def test_what_is_being_fetched_is_not_fetched_twice_and_another_try_happens_once(
    qtbot: QtBot, session: Session, page: ServerPage, filled: Orthanc
) -> None:
    (gone,) = free_ports(1)
    wanted = What("1.2.3")
    fetch = session.servers.transfers.fetch
    first = fetch(node_of(filled, port=gone), wanted, "Thorax", show=False)
    assert fetch(node_of(filled, port=gone), wanted, "Thorax", show=True) is first and first.show
    wait_for(qtbot, lambda: first.state == "failed")
    session.servers.transfers.clear()
    first.again()  # from the notice, which stands longer than the list
    first.again()
    assert len(session.servers.transfers.all) == 1 and session.servers.transfers.all[0] is not first
    wait_for(qtbot, lambda: session.servers.transfers.all[0].state == "failed")
    qtbot.mouseClick(page.transfers.lines[0].again, Qt.MouseButton.LeftButton)
    assert len(session.servers.transfers.all) == 1
    wait_for(qtbot, lambda: not session.jobs.running)


def test_every_study_that_is_sent_here_is_said_once(session: Session, tmp_path: Path) -> None:
    offers: list[tuple[str, str]] = []
    session.offer.connect(lambda sentence, button, _action: offers.append((sentence, button)))
    for study in ("a", "a", "b", "a"):
        session.servers.listener._take(Received(tmp_path / study / "1.dcm", "CT_ROOM_2", "1", "2", study, 10))
    assert offers == [("“CT_ROOM_2” sends images.", "Open")] * 2 and session.servers.listener.received == 4


def test_a_dicomweb_server_from_the_first_question_to_sending_back(
    qtbot: QtBot, session: Session, page: ServerPage, filled: Orthanc
) -> None:
    session.servers.put(WebNode(name="Web", url=filled.url, auth="basic", user=USER), secret="wrong")
    page.query.ask()
    wait_for(qtbot, lambda: page.said.property("tone") == "warning")
    assert "password" in page.said.text() and page.stack.currentWidget() is page.ready
    session.servers.secrets.put(session.servers.nodes[0], PASSWORD)
    page.query.ask()
    wait_for(qtbot, lambda: found(page) == ["Thorax"])
    page.tree.choose_first()
    page.tree.setExpanded(page.tree.currentIndex(), True)
    wait_for(qtbot, lambda: bool(page.tree.studies.rows[0].children[0].children))
    qtbot.keyClick(page.tree, Qt.Key.Key_Return)
    wait_for(qtbot, lambda: len(session.document.images) == 1 and not session.jobs.running)
    before = filled.instances()
    filled.clear()
    dialog = SendDialog(session)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    wait_for(qtbot, lambda: session.servers.transfers.all[0].state == "done")
    assert filled.instances() == before and len(before) == 6


def test_a_test_that_ends_after_its_dialog_was_closed_says_nothing(
    qtbot: QtBot, session: Session, page: ServerPage
) -> None:
    dialog = ServerDialog(session.servers, DimseNode(name="Gone", title="X", host="127.0.0.1", port=free_ports(1)[0]))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.show()
    qtbot.mouseClick(dialog.test, Qt.MouseButton.LeftButton)
    close_before_the_answer(dialog)
    wait_for(qtbot, lambda: not session.jobs.running)


def test_a_server_that_is_entered_is_tested_beside_a_known_one(
    qtbot: QtBot, session: Session, page: ServerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pellucid.network.asking.echo", lambda node, **_options: f"{node.name} is there.")
    known, entered = (DimseNode(name=name, title="X", host="127.0.0.1", port=1) for name in ("Known", "Entered"))
    session.servers.put(known)
    dialog = ServerDialog(session.servers, entered, page)
    qtbot.addWidget(dialog)
    page.servers.test()
    dialog.check()
    wait_for(qtbot, lambda: dialog.said.text() == "Entered is there.")
    wait_for(qtbot, lambda: page.servers.said.text() == "Known is there.")


def test_series_of_an_earlier_question_are_not_heard(
    session: Session, page: ServerPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Callable[[Answer], None], Callable[[str], None]]] = []
    monkeypatch.setattr(session.servers, "find", lambda _n, _q, _found, done, failed: asked.append((done, failed)))
    session.servers.put(DimseNode(name="Ward", title="X", host="127.0.0.1", port=1))
    page.query.ask()
    asked[0][0](Answer((FoundStudy("1.2", description="Thorax"),)))
    page.tree.setExpanded(page.tree.studies.index_of(page.tree.studies.find("1.2")), True)
    page.query.ask()
    done, failed = asked[1]
    failed("It was not there.")
    done(Answer((FoundSeries("1.2.3", "1.2"),)))
    assert page.said.text() == "Asking Ward…" and page.said.property("tone") == ""


def test_a_transfer_goes_on_until_it_was_heard_how_it_ended(
    qtbot: QtBot, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "fetch", lambda *_a, **_k: Fetched(tmp_path, sentence="Two images are missing."))
    node = DimseNode(name="Ward", title="X", host="127.0.0.1", port=1)
    transfer = session.servers.transfers.fetch(node, What("1.2.3"), "Thorax", show=False)
    assert transfer.job is not None and transfer.job.wait(PATIENCE)
    assert transfer.state == "running"  # nobody knows yet whether everything came
    session.servers.transfers.clear()
    wait_for(qtbot, lambda: transfer.state == "partial")
    assert session.servers.transfers.all == [transfer]
