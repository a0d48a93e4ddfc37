"""Exports of diffusion weighted layers: gradients beside the NIfTI file, unless the image was changed since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dicom_making import save
from diffusion_making import ALONG, B_VALUES, TILTED, in_patient, series, standard
from pellucid.session.placements import linear_placement
from pellucid.session.session import Session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Return a session with one weighted series open."""
    session = Session()
    save(tmp_path / "in", series(standard, TILTED))
    session.open([tmp_path / "in"])
    assert session.jobs.drain(60)
    yield session
    session.close()


def exported(session: Session, path: Path) -> str:
    (layer,) = session.document.images
    said: list[str] = []
    session.saving.export_layer(layer, path, done=lambda report: said.extend(report.sentences))
    assert session.jobs.drain(60) and path.exists()
    return " ".join(said)


def test_gradients_are_written_beside_and_said(session: Session, tmp_path: Path) -> None:
    said = exported(session, tmp_path / "a.nii.gz")
    assert "a.bval" in said and "a.bvec" in said
    b_values, along = in_patient(tmp_path / "a.nii.gz")
    assert b_values.tolist() == list(B_VALUES)
    np.testing.assert_allclose(along, ALONG, atol=1e-5)


def test_nothing_is_written_beside_a_changed_image_and_that_is_said(session: Session, tmp_path: Path) -> None:
    session.running.apply("smoothing.median", {})
    assert session.jobs.drain(60)
    assert "directions were not written" in exported(session, tmp_path / "b.nii")
    assert not [*tmp_path.glob("*.bv*")]


def test_other_formats_have_nothing_beside(session: Session, tmp_path: Path) -> None:
    (layer,) = session.document.images
    session.saving.export_layer(layer, tmp_path / "c.nrrd", accept_loss=True)
    assert session.jobs.drain(60) and not [*tmp_path.glob("*.bv*")]


def test_directions_turn_with_a_placed_image(session: Session, tmp_path: Path) -> None:
    (layer,) = session.document.images
    turn = np.eye(4)
    turn[:2, :2] = (0.8, -0.6), (0.6, 0.8)
    session.placing.put(layer, linear_placement(turn, layer.own_geometry, "Turned"))
    exported(session, tmp_path / "d.nii")
    _, along = in_patient(tmp_path / "d.nii")
    np.testing.assert_allclose(along, ALONG @ turn[:3, :3], atol=1e-5)  # the matrix leads from the world to the layer
