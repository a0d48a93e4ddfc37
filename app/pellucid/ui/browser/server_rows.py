"""What a server answers as rows of the study browser. No Qt here."""

from __future__ import annotations

from pellucid.database.rows import SeriesRow, StudyRow
from pellucid.network.queries import FoundSeries, FoundStudy


def study_row(study: FoundStudy) -> StudyRow:
    """Return the row of a study a server has; counts it does not tell are 0."""
    patient = study.patient
    return StudyRow(
        key=study.uid,
        uid=study.uid,
        patient_name=patient.name,
        patient_id=patient.id,
        birth_date=patient.birth_date,
        sex=patient.sex,
        date=study.date,
        description=study.description,
        accession=study.accession,
        modalities=study.modalities,
        series=study.series or 0,
        files=study.instances or 0,
    )


def series_row(series: FoundSeries) -> SeriesRow:
    """Return the row of a series a server has."""
    return SeriesRow(
        key=series.uid,
        uid=series.uid,
        modality=series.modality,
        number=series.number,
        description=series.description,
        body_part=series.body_part,
        date=series.date,
        files=series.instances or 0,
    )
