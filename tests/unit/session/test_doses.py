"""A dose in a session: over the image it was planned on it is seen in colours, all of it, in Gy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dicom_making import save, slice_dataset, stack
from pellucid.session import Session

DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def test_a_dose_over_a_ct_lets_it_be_seen_and_shows_the_hottest_voxel(session: Session, tmp_path: Path) -> None:
    save(tmp_path / "ct", stack(5)[1])
    cells = np.zeros((5, 12, 11), np.uint16)
    cells[2, 3:6, 4:6], cells[2, 4, 5] = 1000, 3000
    save(tmp_path / "dose", [slice_dataset(
        cells, slope=None, modality="RTDOSE", sop_class=DOSE, series="1.2.3.60", DoseGridScaling="0.02", DoseUnits="GY",
        DoseType="PHYSICAL", NumberOfFrames=5, GridFrameOffsetVector=[0, 3, 6, 9, 12], FrameIncrementPointer=0x3004000C,
    )])  # fmt: skip
    session.library.scan([tmp_path], lambda _found: None)
    session.jobs.drain()
    session.loading.load_key("series:1.2.3.1")
    session.jobs.drain()
    session.loading.load_key("series:1.2.3.60", replace=False)
    session.jobs.drain()
    ct, dose = session.document.images
    assert (dose.opacity, dose.display.colormap, ct.opacity, ct.display.colormap) == (0.5, "turbo", 1.0, "grey")
    assert dose.volume.unit == "Gy" and dose.display.limits == pytest.approx((0.0, 60.0))
    session.loading.load_key("series:1.2.3.60")
    session.jobs.drain()
    (alone,) = session.document.images
    assert (alone.opacity, alone.display.colormap) == (1.0, "grey")
