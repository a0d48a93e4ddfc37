"""States of the page of the servers and its dialogs; ``pictures.py`` draws them. No server is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from browser_pictures import STUDIES

from pellucid.network.nodes import DimseNode, WebNode
from pellucid.network.queries import Answer, FoundPatient, FoundSeries, FoundStudy
from pellucid.network.transfers import Progress
from pellucid.session.transfers import Transfer
from pellucid.ui import theme
from pellucid.ui.browser.server_rows import series_row
from pellucid.ui.browser.window import show_browser
from pellucid.ui.dialogs.listening import ListeningDialog
from pellucid.ui.dialogs.send import SendDialog, show_send
from pellucid.ui.dialogs.server import WEB, ServerDialog

if TYPE_CHECKING:
    from pictures import Stage

    from pellucid.ui.browser.server_page import ServerPage

SERVER_STATES: dict[str, Callable[[Stage], None]] = {}
NODES = (
    DimseNode(name="Radiology archive", title="PACS_ARCHIVE", host="pacs.example.org", port=104),
    WebNode(name="Research", url="https://research.example.org/orthanc/dicom-web", auth="basic", user="reader"),
)


def state(function: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Register a state under the name of its function."""
    SERVER_STATES[function.__name__] = function
    return function


def _page(stage: Stage, *, known: bool = True) -> ServerPage:
    if known:
        for node in NODES:
            stage.session.servers.put(node)
    browser = show_browser(stage.window, servers=True)
    stage.popup = browser
    stage.settle()
    return browser.servers


def _filled(stage: Stage) -> ServerPage:
    """Show answers as a server would give them."""
    page = _page(stage)
    page._asked_node = NODES[0]
    found = [
        FoundStudy(f"1.2.{n}", FoundPatient(name, number, birth, sex), date, "", about, f"A{n}7",
                   tuple(dict.fromkeys(one[0] for one in series)), len(series), 40 * len(series))
        for n, (name, number, birth, sex, date, about, series) in enumerate(STUDIES)
    ]  # fmt: skip
    page._answered(Answer(tuple(found), more=True))
    page.tree.choose_first()
    page.tree.setExpanded(page.tree.currentIndex(), True)
    study = page.tree.chosen()[0]
    series = [FoundSeries(f"1.{n}", study.uid, str(n), "CT", f"Lung {n} mm", "CHEST", "", 40 * n) for n in (1, 2)]
    page.tree.studies.fill(study.key, [series_row(one) for one in series])
    stage.settle()
    return page


@state
def servers_empty(stage: Stage) -> None:
    """No server is known."""
    _page(stage, known=False)


@state
def servers_ready(stage: Stage) -> None:
    """Servers are known; nothing was asked."""
    _page(stage)


@state
def servers_found(stage: Stage) -> None:
    """Studies were found, one transfer runs and one is not whole."""
    page = _filled(stage)
    partial = Transfer(NODES[0], "Thorax staging", True, lambda: None, stage.session.jobs.load("x", lambda _job: None),
                       Progress(212, 480, 111_000_000), (Path("x"),),
                       "268 of 480 instances are missing. Radiology archive ended the connection. "
                       "What came can be opened; fetch again to get the rest.")  # fmt: skip
    running = Transfer(NODES[0], "Knee left", True, lambda: None, None, Progress(31, 80, 16_200_000))
    stage.settle()
    stage.session.servers.transfers.all = [running, partial]
    page.transfers.refresh()
    stage.settle()


@state
def servers_found_light(stage: Stage) -> None:
    """The same on light with the identity hidden."""
    theme.apply(stage.app, "light")
    servers_found(stage)
    stage.session.view.hide_identity = True
    stage.settle()


@state
def servers_long_names(stage: Stage) -> None:
    """Show long names of a server, a study and what went wrong, in the least size."""
    node = DimseNode(name="Picture archive of the third department of radiology, building seven",
                     title="ARCHIVE_THIRDDEP", host="archive.radiology.hospital.example.org", port=11112)  # fmt: skip
    stage.session.servers.put(node)
    page = _page(stage, known=False)
    page._asked_node = node
    title = "Follow-up of a very long description that a technician typed at the console in full sentences"
    study = FoundStudy("1.2", FoundPatient("von Hohenzollern-Sigmaringen^Maximiliane", "LONG-ID-00000017", "", ""),
                       "20240301", "", title, "ACCESSION-0000000017", ("CT", "MR", "PT", "SEG"))  # fmt: skip
    page._answered(Answer((study,)))
    broken = Transfer(node, title, True, lambda: None, stage.session.jobs.load("x", lambda _job: None),
                      Progress(212, 480, 111_000_000), (Path("x"),), "268 of 480 instances are missing. The "
                      "connection broke. What came can be opened; fetch again to get the rest.")  # fmt: skip
    stage.settle()
    stage.session.servers.transfers.all = [Transfer(node, title, False, lambda: None, None, Progress(31, 80)), broken]
    page.transfers.refresh()
    page.window().resize(page.window().minimumSize())
    stage.settle()


@state
def server_dialog(stage: Stage) -> None:
    """Enter a PACS."""
    dialog = ServerDialog(stage.session.servers, NODES[0], stage.window)
    dialog._answered("PACS_ARCHIVE at pacs.example.org:104 answered: it is there and lets “PELLUCID” in.", "good")
    dialog.open()
    stage.popup = dialog
    stage.settle()


@state
def server_dialog_web(stage: Stage) -> None:
    """Enter a DICOMweb server, with something wrong."""
    dialog = ServerDialog(stage.session.servers, NODES[1], stage.window)
    dialog.kind.set_value(WEB)
    dialog._answered("Research did not accept user name and password (401). Enter them again.", "warning")
    dialog.open()
    stage.popup = dialog
    stage.settle()


@state
def server_dialog_light(stage: Stage) -> None:
    """Enter a server that is not known yet, on light."""
    theme.apply(stage.app, "light")
    dialog = ServerDialog(stage.session.servers, None, stage.window)
    dialog.open()
    stage.popup = dialog
    stage.settle()


@state
def listening_dialog(stage: Stage) -> None:
    """How to receive."""
    dialog = ListeningDialog(stage.session.servers, stage.window)
    dialog.open()
    stage.popup = dialog
    stage.settle()


@state
def send_dialog(stage: Stage) -> None:
    """What to send where."""
    stage.open()
    stage.session.servers.put(NODES[0])
    dialog = SendDialog(stage.session, stage.window)
    dialog.open()
    stage.popup = dialog
    stage.settle()


@state
def send_dialog_empty(stage: Stage) -> None:
    """Nothing is open and no server is known."""
    stage.popup = show_send(stage.session, stage.window)
    stage.settle()


@state
def send_dialog_folder(stage: Stage) -> None:
    """A folder of copies is sent instead of series."""
    stage.open()
    stage.session.servers.put(NODES[0])
    folder = Path("/data/research/studies/2026/a folder whose name is long/de-identified copies of the first visit")
    stage.popup = show_send(stage.session, stage.window, folder, copies=True)
    stage.settle()
