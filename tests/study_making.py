"""A few small studies of people who do not exist; what is in them is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dicom_making import save, slice_dataset

PEOPLE = (
    ("Doe^Jane", "P-1042", "20240301", "Thorax staging", "A07", (("CT", "Lung 1 mm", "CHEST"), ("PT", "PET AC", ""))),
    ("Doe^Jane", "P-1042", "20230114", "Thorax", "A17", (("CT", "Lung 2 mm", "CHEST"),)),
    ("Müller^Jörg", "77/3", "20240227", "Knee left", "B 99", (("MR", "t2_tse_sag", "KNEE"),)),
    ("Søren^Åge", "5", "", "", "", (("US", "Lever", "ABDOMEN"),)),
)


def make_people(folder: Path, slices: int = 3) -> None:
    """Write a few studies; what is in them is known."""
    for n, (name, number, date, about, accession, series) in enumerate(PEOPLE):
        for k, (modality, title, body) in enumerate(series):
            made = [
                slice_dataset(np.full((6, 5), 100 * z, np.int16), position=(0, 0, 2.0 * z), series=f"1.2.{n}.{k}.1",
                              number=z + 1, modality=modality, PatientName=name, PatientID=number, StudyDate=date,
                              StudyDescription=about, SeriesDescription=title, SeriesNumber=k + 1,
                              StudyInstanceUID=f"1.2.{n}", BodyPartExamined=body, AccessionNumber=accession,
                              SpecificCharacterSet="ISO_IR 192")
                for z in range(slices)
            ]  # fmt: skip
            save(folder / f"{n}" / f"{k}", made)
