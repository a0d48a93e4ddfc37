"""The study browser: a window of its own beside the panes, so that series can be dragged from it onto them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QTabWidget, QVBoxLayout

from pellucid.language import tr
from pellucid.ui.browser.page import IndexPage
from pellucid.ui.browser.server_page import ServerPage
from pellucid.ui.notice_bar import NoticeBar

if TYPE_CHECKING:
    from pellucid.model.view import PaneState
    from pellucid.ui.main_window import MainWindow


class BrowserWindow(QDialog):
    """Pages of studies: the study database, and the servers. Escape closes it.

    What is said while the user is here is said here too: the window it belongs to may be covered.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setWindowTitle(tr("Study browser"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.resize(1040, 640)
        self.setMinimumSize(880, 420)
        self.pages = QTabWidget(documentMode=True)
        self.pages.setAccessibleName(tr("Where to look"))
        self.index = IndexPage(window.session, lambda: _pane(window))
        self.index.tags_asked.connect(window.show_tags)
        self.pages.addTab(self.index, tr("Study database"))
        self.servers = ServerPage(window.session)
        self.pages.addTab(self.servers, tr("PACS and DICOMweb"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._window, session = window, window.session
        self.notices = NoticeBar(session.concealing.text)
        session.notice.connect(self._tell)
        session.asked_to_open.connect(self.notices.hush)
        session.view.events.hide_identity.connect(self._rewrite)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self.pages)
        self.index.search.field.setFocus()

    def _tell(self, sentence: str, severity: str = "info") -> None:
        if self.isVisible() and not self._window.isActiveWindow():
            self.notices.tell(sentence, severity)

    def _rewrite(self, *_hide: bool) -> None:
        self.notices.rewrite()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep the window: what was typed and unfolded is there when it is shown again."""
        self.notices.hush()
        self.hide()
        event.ignore()


def _pane(window: MainWindow) -> PaneState:
    """Return the pane of a window that was used last."""
    pane = window.canvas_in_use().pane_in_use()
    return pane.state if pane is not None else window.session.view.panes[0]


def show_browser(window: MainWindow, *, servers: bool = False) -> BrowserWindow:
    """Bring the study browser of a window to the front; it is made when it is first asked for.

    With ``servers`` it shows the page of PACS and DICOMweb servers.
    """
    browser = window.findChild(BrowserWindow)
    if browser is None:
        browser = BrowserWindow(window)
    browser.show()
    browser.raise_()
    browser.activateWindow()
    field = browser.servers.query.name if servers else browser.index.search.field
    browser.pages.setCurrentWidget(browser.servers if servers else browser.index)
    field.setFocus()
    field.selectAll()
    return browser
