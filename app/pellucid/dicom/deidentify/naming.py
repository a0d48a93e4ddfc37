"""Names of our own for patients, studies, series and files: counters, in the order in which the files come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pellucid.dicom.deidentify.plan import Plan

if TYPE_CHECKING:
    from pellucid.dicom.deidentify.run import Source
    from pellucid.dicom.deidentify.survey import Seen

_DIGITS = 4


class Names:
    """Which code a patient has, and where the copy of a file goes: ``CODE/Study1/Series0001/0001.dcm``."""

    def __init__(self, sources: Sequence[Source], plan: Plan) -> None:
        self._codes: dict[str, str] = {}
        self._studies: dict[str, dict[str, int]] = {}
        self._series: dict[tuple[str, str], int] = {}
        self._files: dict[int, str] = {}
        self.codes: dict[str, str] = {}
        """Codes by patient ID."""
        counts: dict[int, int] = {}
        for source in sources:
            about = source.seen
            code = self._code_for(about, plan)
            studies = self._studies.setdefault(about.patient, {})
            study = studies.setdefault(about.study, len(studies) + 1)
            series = self._series.setdefault((about.patient, about.series), len(self._series) + 1)
            counts[series] = counts.get(series, 0) + 1
            name = f"{counts[series]:0{_DIGITS}d}.dcm"
            self._files[source.number] = f"{code}/Study{study}/Series{series:0{_DIGITS}d}/{name}"

    def code(self, about: Seen) -> str:
        """Return the code of the patient."""
        return self._codes[about.patient]

    def series(self, about: Seen) -> int:
        """Return the number of the series, counted over everything from 1."""
        return self._series[about.patient, about.series]

    def of(self, source: Source) -> str:
        """Return where the copy of a file goes, below the folder of the copies."""
        return self._files[source.number]

    def _code_for(self, about: Seen, plan: Plan) -> str:
        if about.patient not in self._codes:
            taken = {*self._codes.values(), *plan.codes.values()}
            code = plan.codes.get(about.patient_id, "") or ("" if self._codes else plan.patient_code)
            number = len(self._codes) + 1
            while not code or code in self._codes.values():
                stem = plan.patient_code or "P"
                code = f"{stem}-{number}" if plan.patient_code else f"{stem}{number:0{_DIGITS}d}"
                number += 1
                code = "" if code in taken else code
            self._codes[about.patient] = code
            self.codes[about.patient_id] = code
        return self._codes[about.patient]
