"""What to ask a server for: a line of fields; it is asked on Enter or “Find”, not while typing."""

from __future__ import annotations

from datetime import date, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from pellucid.language import mark, tr
from pellucid.network.queries import Query
from pellucid.ui import theme
from pellucid.ui.docks.parts import described, push_button
from pellucid.ui.forms.controls import Choice, TextLine

TIMES = (
    (mark("Any date"), -1), (mark("Today"), 0), (mark("Since yesterday"), 1), (mark("Last 7 days"), 7),
    (mark("Last 30 days"), 30), (mark("Last 12 months"), 365),
)  # fmt: skip
MODALITIES = ("CT", "MR", "PT", "NM", "US", "CR", "DX", "MG", "XA", "RF", "SEG", "RTSTRUCT", "RTDOSE", "SR")


class ServerQuery(QWidget):
    """Name, ID, accession number, modality, date."""

    asked = Signal(object)
    """Emitted with the Query."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = self._line(tr("Patient name"), tr("The beginning of the family name; * stands for anything"))
        self.patient_id = self._line(tr("Patient ID"), tr("The whole ID, or its beginning with *"), tr("ID"))
        self.accession = self._line(tr("Accession"), tr("The accession number of the request"))
        self.modality = Choice([(tr("All modalities"), ""), *((one, one) for one in MODALITIES)])
        described(self.modality, tr("Modality"), tr("Only studies with a series of this modality"))
        self.time = Choice([(tr(title), days) for title, days in TIMES])
        self.time.set_value(-1)
        described(self.time, tr("Time"), tr("Only studies made in this time"))
        self.go = push_button(tr("Find"), self.ask, kind="primary", tip=tr("Ask the chosen server (Enter)"))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.MARGIN)
        line.addWidget(self.name, 4)
        line.addWidget(self.patient_id, 2)
        line.addWidget(self.accession, 3)
        for choice in (self.modality, self.time):
            choice.setFixedWidth(140)
            line.addWidget(choice)
        line.addWidget(self.go)

    def _line(self, name: str, tip: str, short: str = "") -> TextLine:
        line = TextLine(placeholderText=short or name, clearButtonEnabled=True)
        described(line, name, f"{name}. {tip}" if short else tip)
        line.returnPressed.connect(self.ask)
        return line

    def query(self) -> Query:
        """Return what is asked for: studies, by what stands in the fields."""
        days = self.time.value()
        name = self.name.text().strip()
        return Query(
            patient_name=name if not name or "*" in name or "?" in name else f"{name}*",
            patient_id=self.patient_id.text().strip(),
            accession=self.accession.text().strip(),
            modalities=(self.modality.value(),) if self.modality.value() else (),
            date_from=None if days < 0 else date.today() - timedelta(days=days),
        )

    def ask(self) -> None:
        """Ask."""
        self.asked.emit(self.query())
