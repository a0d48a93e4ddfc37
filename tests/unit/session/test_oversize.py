"""What does not fit into memory is offered in a smaller form, and stays so when the work is saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from pellucid.files import images
from pellucid.model.reduction import Reduction
from pellucid.session import Session

PATIENCE = 120.0


@pytest.fixture
def session():
    session = Session()
    yield session
    session.close()


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> images.ImageFile:
    """Return a file that needs more memory than there seems to be."""
    values = np.random.default_rng(1).integers(-1000, 1000, (20, 30, 40)).astype(np.int16)
    sitk.WriteImage(sitk.GetImageFromArray(values), tmp_path / "large.nii")
    monkeypatch.setattr("pellucid.dicom.memory.free_bytes", lambda: 20_000)
    return images.describe(tmp_path / "large.nii")


def test_without_anybody_to_ask_the_sizes_are_told(session, large) -> None:
    said = []
    session.notice.connect(lambda sentence, severity: said.append((sentence, severity)))
    session.loading.load(large)
    assert session.jobs.drain(PATIENCE)
    assert "40×30×20 16-bit and needs 48.0 kB" in said[0][0] and said[0][1] == "warning"


def test_the_offer_says_what_was_asked_and_can_be_taken(session, large) -> None:
    offers = []
    session.too_large.connect(offers.append)
    session.loading.load(large, replace=False)
    assert session.jobs.drain(PATIENCE)
    (offer,) = offers
    assert (offer.item, offer.part, offer.replace) == (large, 0, False)
    assert not session.document.layers and session.loading.job is None

    session.loading.load(offer.item, offer.part, replace=offer.replace, reduce=Reduction(2))
    assert session.jobs.drain(PATIENCE)
    (layer,) = session.document.layers
    assert layer.name == "large.nii (1/2)" and layer.geometry.size == (20, 15, 10)
    assert layer.source.reduction == Reduction(2)


def test_the_share_of_memory_is_the_users(session, large) -> None:
    offers = []
    session.too_large.connect(offers.append)
    session.settings.memory_share = 20
    session.loading.load(large, reduce=Reduction(2))
    assert session.jobs.drain(PATIENCE)
    assert offers[0].refusal.allowed == 4000


def test_files_behind_one_that_does_not_fit_still_come(session, large, tmp_path) -> None:
    small = tmp_path / "small.nii"
    sitk.WriteImage(sitk.GetImageFromArray(np.ones((2, 3, 4), np.uint8)), small)
    session.loading.load(large, replace=False)
    session.loading.load(images.describe(small), replace=False)
    assert session.jobs.drain(PATIENCE)
    assert [layer.name for layer in session.document.layers] == ["small.nii"]


def test_a_saved_work_reads_the_same_reduction_again(session, large, tmp_path) -> None:
    session.loading.load(large, reduce=Reduction(2, (2, 4, 6), (20, 20, 10)))
    assert session.jobs.drain(PATIENCE)
    before = session.document.layers[0].volume
    session.saving.save(tmp_path / "work.pellucid")
    assert session.jobs.drain(PATIENCE)
    session.close_all()
    session.saving.open_workspace(tmp_path / "work.pellucid")
    assert session.jobs.drain(PATIENCE)
    (layer,) = session.document.layers
    np.testing.assert_array_equal(layer.volume.array, before.array)
    assert layer.geometry.same_grid(before.geometry) and layer.name == "large.nii (part, 1/2)"
