"""The page of the servers in the study browser: ask a PACS or a DICOMweb server, fetch what it has."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QGridLayout, QMenu, QStackedWidget, QWidget

from pellucid.language import mark, tr, tr_count
from pellucid.network.queries import Answer, FoundSeries, FoundStudy, Query
from pellucid.network.transfers import What, what
from pellucid.ui import theme
from pellucid.ui.browser.server_list import ServerList
from pellucid.ui.browser.server_query import ServerQuery
from pellucid.ui.browser.server_rows import series_row, study_row
from pellucid.ui.browser.study_rows import Row
from pellucid.ui.browser.study_tree import StudyTree
from pellucid.ui.browser.transfer_list import TransferList
from pellucid.ui.docks.parts import EmptyState, allow, dim, push_button, row, tell
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.jobs.job import Job
    from pellucid.network.nodes import Node
    from pellucid.network.queries import Found
    from pellucid.session import Session
    from pellucid.session.transfers import Transfer

NONE = mark("No server is known yet. Add the PACS of your hospital or a DICOMweb server; ask its administrator for AE "
            "title, host and port.")  # fmt: skip
HINT = mark("Double click to fetch and open")
READY = mark("Choose a server, say what to look for, and press Enter. Nothing is asked before.")
NOTHING = mark("The server has no study that answers this. Try fewer fields, another date or a * in the name.")


class ServerPage(QWidget):
    """The studies of the chosen server that answer a question; a double click fetches and opens."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._servers = session, session.servers
        self._job: Job | None = None
        self._studies: dict[str, FoundStudy] = {}
        self._series: dict[str, FoundSeries] = {}
        self._asked_node: Node | None = None
        self._count = ""
        self._make_parts()
        self._lay_out()
        self._update = Throttle(self._show, 150, self)
        session.view.events.hide_identity.connect(self._show)
        self._node_chosen()

    def close_down(self) -> None:
        """Listen no longer."""
        self._session.view.events.hide_identity.disconnect(self._show)
        self.servers.close_down()
        self.transfers.close_down()

    def _make_parts(self) -> None:
        self.query = ServerQuery()
        self.query.asked.connect(self.ask)
        self.tree = StudyTree(lambda _key: None)
        self.tree.setAccessibleName(tr("Studies of the server"))
        self.tree.setDragEnabled(False)
        self.tree.studies.hint = tr(HINT)
        self.tree.studies.cover = self._session.concealing.of_study
        self.tree.opened.connect(self._opened)
        self.tree.menu_asked.connect(self._menu)
        self.tree.studies.wanted.connect(self._fill)
        self.tree.selectionModel().selectionChanged.connect(lambda *_: self._enable())
        self.servers = ServerList(self._servers)
        self.servers.chosen.connect(self._node_chosen)
        self.transfers = TransferList(self._servers, hidden=self._session.view.hide_identity)
        self.transfers.opened.connect(self._open_fetched)
        self.none = EmptyState("server-network-outline", tr(NONE),
                               push_button(tr("Add a server…"), self.servers.add, kind="primary"))  # fmt: skip
        self.ready = EmptyState("magnify", tr(READY))
        self.stack = QStackedWidget()
        for page in (self.tree, self.none, self.ready):
            self.stack.addWidget(page)
        self.said = dim(wrap=True)
        room = self.said.sizePolicy()
        room.setRetainSizeWhenHidden(True)  # or the buttons beside it would grow over the whole line
        self.said.setSizePolicy(room)
        self.stop = push_button(tr("Stop"), self._stop, tip=tr("Stop asking; what came stays"))
        self.fetch_button = push_button(tr("Fetch"), lambda: self.fetch_chosen(show=False),
                                        tip=tr("Fetch what is chosen, to be opened later"))  # fmt: skip
        self.open_button = push_button(tr("Fetch and open"), lambda: self.fetch_chosen(show=True), kind="primary",
                                       tip=tr("Fetch what is chosen and open it (Enter)"))  # fmt: skip

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 12, 12, 12)
        grid.setHorizontalSpacing(theme.SECTION_GAP)
        grid.setVerticalSpacing(theme.MARGIN)
        grid.setRowStretch(1, 1)
        grid.addWidget(self.query, 0, 0)
        grid.addWidget(self.stack, 1, 0)
        grid.addWidget(self.transfers, 2, 0)
        grid.addWidget(self.servers, 0, 1, 3, 1)
        buttons = row(self.said, self.stop, self.fetch_button, self.open_button, spacing=theme.MARGIN, stretch=0)
        grid.addWidget(buttons, 3, 0, 1, 2)

    # ---------------------------------------------------------------- asking

    def _node_chosen(self) -> None:
        node = self.servers.node()
        self.query.setEnabled(node is not None)
        if node is None:
            self._forget()
            self.stack.setCurrentWidget(self.none)
        elif self._asked_node is None or node.name != self._asked_node.name:
            self._forget()
            self.ready.say(tr(READY))
            self.stack.setCurrentWidget(self.ready)
        self._enable()

    def _forget(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._job = self._asked_node = None
        self._studies, self._series = {}, {}
        self.tree.show_studies(())
        self._count = ""
        tell(self.said, "")

    def ask(self, query: Query) -> None:
        """Ask the chosen server; rows appear as they come."""
        node = self.servers.node()
        if node is None:
            return
        self._forget()
        self._asked_node = node
        asking = tr("Asking {server}…", server=node.name)
        tell(self.said, asking)
        self.ready.say(asking)
        self.stack.setCurrentWidget(self.ready)
        self._job = self._servers.find(node, query, self._take, self._answered, self._refused)
        self._enable()

    def _take(self, rows: tuple[Found, ...]) -> None:
        self._studies |= {one.uid: one for one in rows if isinstance(one, FoundStudy)}
        self._update.request()

    def _answered(self, answer: Answer) -> None:
        self._job = None
        self._take(answer.results)
        self._update.flush()
        count = len(self._studies)
        said = tr_count("{count:,} study", "{count:,} studies", count)
        if answer.more:
            said = tr("The first {count:,} studies are shown. Say more to find others.", count=count)
        self._count = f"{said} {answer.note}".strip()
        tell(self.said, self._count)
        if not count:
            self.ready.say(tr(NOTHING))
        self.stack.setCurrentWidget(self.tree if count else self.ready)
        self._enable()

    def _refused(self, sentence: str) -> None:
        self._job = None
        tell(self.said, sentence, "warning")
        self.ready.say(tr(READY))
        self._enable()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None
            said = tr_count("{count:,} study", "{count:,} studies", len(self._studies))
            self._count = " · ".join((said, tr("stopped")))
            tell(self.said, self._count)
            self.ready.say(tr(READY))
        self._enable()

    def _show(self, *_args: object) -> None:
        hidden = self._session.view.hide_identity
        self.tree.show_studies([study_row(one) for one in self._studies.values()], hidden=hidden)
        self.transfers.hidden = hidden
        self.transfers.refresh()
        if self._studies:
            self.stack.setCurrentWidget(self.tree)

    def _fill(self, study: str) -> None:
        """Ask for the series of a study that is unfolded; nobody hears the answer once another question is asked."""
        node, asked = self._asked_node, self._studies
        if node is None:
            return

        def done(answer: Answer) -> None:
            if self._studies is not asked:
                return
            series = [one for one in answer.results if isinstance(one, FoundSeries)]
            self._series |= {one.uid: one for one in series}
            self.tree.studies.fill(study, [series_row(one) for one in series])
            tell(self.said, self._count)

        def failed(sentence: str) -> None:
            if self._studies is not asked:
                return
            self.tree.studies.forget(study)
            self.tree.collapse(self.tree.studies.index_of(self.tree.studies.find(study)))
            tell(self.said, sentence, "warning")

        self._servers.find(node, Query(level="series", study_uid=study), lambda _rows: None, done, failed)

    # ---------------------------------------------------------------- fetching

    def _enable(self) -> None:
        chosen = self.tree.chosen() if self.stack.currentWidget() is self.tree else []
        why_not = "" if self._wanted(chosen) else tr("Choose a study, or series of one study.")
        for button in (self.fetch_button, self.open_button):
            allow(button, why_not)
        self.stop.setVisible(self._job is not None)

    def _wanted(self, rows: list[Row]) -> list[tuple[What, str]]:
        """Return what to fetch for rows: each study, the series of one study together; with a title."""
        found = []
        studies = [one for one in rows if one.kind == "study"]
        studies += [study for one in rows if one.kind == "patient" for study in one.children or ()]
        for study in studies:
            found.append((what(self._studies[study.uid]), self._title(study.uid)))
        by_study: dict[str, list[FoundSeries]] = {}
        for one in rows:
            if one.kind == "series" and one.uid in self._series:
                series = self._series[one.uid]
                by_study.setdefault(series.study_uid, []).append(series)
        for study_uid, several in by_study.items():
            title = several[0].description or several[0].modality
            found.append((what(*several), title if len(several) == 1 else self._title(study_uid)))
        return found

    def _title(self, study_uid: str) -> str:
        return self._studies[study_uid].description or tr("Study without a description")

    def fetch_chosen(self, *, show: bool) -> None:
        """Fetch what is chosen; ``show`` opens it when it is there."""
        node = self._asked_node
        if node is not None:
            for wanted, title in self._wanted(self.tree.chosen()):
                self._servers.transfers.fetch(node, wanted, title, show=show)

    def _opened(self, one: Row) -> None:
        node = self._asked_node
        if node is not None:
            for wanted, title in self._wanted([one]):
                self._servers.transfers.fetch(node, wanted, title, show=True)

    def _open_fetched(self, transfer: Transfer) -> None:
        self._session.open(list(transfer.paths))

    def _menu(self, where: QPoint) -> None:
        if not self._wanted(self.tree.chosen()):
            return
        menu = QMenu(self)
        menu.addAction(theme.icon("open-in-app"), tr("Fetch and open"), partial(self.fetch_chosen, show=True))
        menu.addAction(theme.icon("download-outline"), tr("Fetch"), partial(self.fetch_chosen, show=False))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(where)
