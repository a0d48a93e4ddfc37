"""Layers nobody changed, written as DICOM from the session: how they came about, read with pydicom."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from dicom_judges import complaints, set_complaints
from dicom_making import save, stack
from pellucid.dicom.scan import scan
from pellucid.dicom.writing.request import Request
from pellucid.model.reduction import Reduction
from pellucid.session import Session
from pellucid.session.dicom_writing import write_layer


@pytest.mark.parametrize(("part", "said", "codes"), [
    (None, "Values unchanged, encoded anew", []),
    (Reduction(2), "Down-sampled 1/2", ["Spatial resampling"]),
    (Reduction(1, (1, 1, 0), (3, 4, 2)), "Part of the image", ["Volume editing"]),
])  # fmt: skip
def test_a_layer_as_it_was_opened_says_what_opening_did(
    session: Session, tmp_path: Path, part: Reduction | None, said: str, codes: list[str]
) -> None:
    _, slices = stack(4)
    save(tmp_path / "in", slices)
    (series,) = scan([tmp_path / "in"]).series
    session.loading.load(series, reduce=part)
    assert session.jobs.drain(60)
    (layer,) = session.document.images
    write_layer(session, layer, (), tmp_path / "out", Request())
    assert session.jobs.drain(60)
    paths = sorted((tmp_path / "out").iterdir())
    old = {ds.SOPInstanceUID for ds in slices}
    for header in map(pydicom.dcmread, paths):
        assert header.DerivationDescription.split("; ")[0] == said and header.ImageType[0] == "DERIVED"
        assert [item.CodeMeaning for item in header.get("DerivationCodeSequence", [])] == codes
        assert header.SOPInstanceUID not in old and header.SeriesInstanceUID != slices[0].SeriesInstanceUID
        assert {item.ReferencedSOPInstanceUID for item in header.SourceImageSequence} <= old
    assert complaints(paths[0]) == [] and set_complaints(paths) == []
