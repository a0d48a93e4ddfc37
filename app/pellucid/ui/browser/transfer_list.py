"""What is being fetched and sent, and what came of it: a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from pellucid.language import tr
from pellucid.ui import theme
from pellucid.ui.docks.parts import Elided, ProgressBar, dim, flat_button, scrolling, section, tell
from pellucid.ui.forms.throttle import Throttle

if TYPE_CHECKING:
    from pellucid.session.servers import Servers
    from pellucid.session.transfers import Transfer

_HIGHEST = 148


def progress_text(transfer: Transfer) -> str:
    """Return how far a transfer is in few words."""
    so_far = transfer.progress
    total = f"{so_far.total:,}" if so_far.total is not None else "?"
    said = tr("{done:,} of {total}", done=so_far.done, total=total)
    return f"{said} · {so_far.nbytes / 1e6:,.1f} MB" if so_far.nbytes else said


class TransferLine(QWidget):
    """One transfer: what, how far, and what can be done about it."""

    opened = Signal()

    def __init__(self, transfer: Transfer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.transfer = transfer
        self.title = Elided()
        self.bar = ProgressBar()
        self.bar.setAccessibleName(tr("Progress"))
        self.bar.setFixedWidth(120)
        self.count = dim(wrap=False)
        self.count.setFont(theme.figures(self.count.font()))
        self.said = dim(wrap=True)
        self.stop = flat_button("close", tr("Stop"), self._stop, tip=tr("Stop; what came is kept"))
        self.again = flat_button("refresh", tr("Again"), transfer.again, tip=tr("Try again: only what is missing"))
        self.open = flat_button("open-in-app", tr("Open"), self.opened.emit, tip=tr("Open what was fetched"))
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.MARGIN)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(0, 1)
        for column, part in enumerate((self.title, self.bar, self.count, self.open, self.again)):
            grid.addWidget(part, 0, column)
        grid.addWidget(self.stop, 0, 4)  # what runs cannot be tried again, and what is over not stopped
        for column in (3, 4):
            grid.setColumnMinimumWidth(column, theme.CONTROL_HEIGHT)  # whatever a line offers, it is as wide as others
        grid.addWidget(self.said, 1, 0, 1, 5)
        self.refresh(hidden=False)

    def refresh(self, *, hidden: bool) -> None:
        """Show how it stands."""
        transfer, state = self.transfer, self.transfer.state
        sign = "↓" if transfer.fetching else "↑"
        what = tr("identity hidden") if hidden else transfer.title
        self.title.setText(f"{sign} {what} · {transfer.node.name}")
        self.count.setText(progress_text(transfer))
        total = transfer.progress.total or 0
        running = state == "running"
        self.bar.setVisible(running)
        self.bar.setRange(0, 1000 if total or not running else 0)
        self.bar.setValue(round(1000 * transfer.progress.done / total) if total else 0)
        self.stop.setVisible(running)
        self.again.setVisible(state in ("partial", "failed"))
        self.open.setVisible(not running and transfer.fetching and bool(transfer.paths))
        tell(self.said, transfer.sentence, "" if state == "done" else "warning")

    def _stop(self) -> None:
        if self.transfer.job is not None:
            self.transfer.job.cancel()


class TransferList(QWidget):
    """Hidden while nothing was moved."""

    opened = Signal(object)
    """Emitted with the transfer whose images the user wants to open."""

    def __init__(self, servers: Servers, parent: QWidget | None = None, *, hidden: bool = False) -> None:
        super().__init__(parent)
        self._servers = servers
        self.hidden = hidden
        self.lines: list[TransferLine] = []
        self._body = QWidget()
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(theme.MARGIN, theme.GRID, theme.MARGIN, theme.GRID)
        self._column.setSpacing(theme.GRID)
        self._column.addStretch(1)
        self._area = scrolling(self._body)
        self.clear = flat_button("broom", tr("Clear"), servers.transfers.clear,
                                 tip=tr("Take what is over off this list; files stay"))  # fmt: skip
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(section(tr("Transfers"), self.clear))
        column.addWidget(self._area)
        self._refresh = Throttle(self.refresh, 100, self)
        servers.transfers.moved.connect(self._refresh.request)
        self.refresh()

    def close_down(self) -> None:
        """Listen no longer."""
        self._servers.transfers.moved.disconnect(self._refresh.request)

    def refresh(self) -> None:
        """Show all transfers, the newest first."""
        known = {id(line.transfer): line for line in self.lines}
        wanted = self._servers.transfers.all
        if [id(line.transfer) for line in self.lines] != [id(one) for one in wanted]:
            self.lines = [known.pop(id(one)) if id(one) in known else self._line(one) for one in wanted]
            for line in known.values():
                line.deleteLater()
            before: QWidget = self.clear
            for place, line in enumerate(self.lines):
                self._column.insertWidget(place, line)
                for button in (line.open, line.again, line.stop):
                    QWidget.setTabOrder(before, button)
                    before = button
        for line in self.lines:
            line.refresh(hidden=self.hidden)
        self.setVisible(bool(wanted))
        self._area.setFixedHeight(min(self._body.sizeHint().height() + theme.GRID, _HIGHEST))

    def _line(self, transfer: Transfer) -> TransferLine:
        line = TransferLine(transfer)
        line.opened.connect(lambda: self.opened.emit(transfer))
        return line
